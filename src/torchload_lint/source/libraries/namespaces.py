"""Mappings and namespaces: dict, EasyDict, Namespace, OmegaConf, and copies of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.names import GlobalName
from torchload_lint.source.domain import mappings
from torchload_lint.source.domain.values import (
    Instance,
    ParsedOptions,
    Record,
    Values,
    union,
)
from torchload_lint.source.state import handing, spreading
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Value
    from torchload_lint.source.evaluator import Evaluator, Known

MAPPINGS: dict[str, GlobalName | None] = {
    **dict.fromkeys(
        (
            *("builtins.dict", "collections.OrderedDict", "attrdict.AttrDict"),
            "collections.UserDict",
        )
    ),
    "argparse.Namespace": GlobalName("argparse", "Namespace"),
    "types.SimpleNamespace": GlobalName("types", "SimpleNamespace"),
    "collections.defaultdict": GlobalName("collections", "defaultdict"),
    "easydict.EasyDict": GlobalName("easydict", "EasyDict"),
    "munch.Munch": GlobalName("munch", "Munch"),
    "attridict.AttriDict": GlobalName("attridict", "AttriDict"),
    "dotmap.DotMap": GlobalName("dotmap", "DotMap"),
    "addict.Dict": GlobalName("addict.addict", "Dict"),
    "box.Box": GlobalName("box.box", "Box"),
    "yacs.config.CfgNode": GlobalName("yacs.config", "CfgNode"),
    "fvcore.common.config.CfgNode": GlobalName("fvcore.common.config", "CfgNode"),
    "detectron2.config.CfgNode": GlobalName("detectron2.config.config", "CfgNode"),
    **dict.fromkeys(
        ("ml_collections.ConfigDict", "ml_collections.config_dict.ConfigDict"),
        GlobalName("ml_collections.config_dict.config_dict", "ConfigDict"),
    ),
    "omegaconf.DictConfig": GlobalName("omegaconf.dictconfig", "DictConfig"),
}
"""Classes of mappings and namespaces, and what a pickle of one names, where torch does not allow
that by itself and it is known. (As pickled by munch 4.0, attridict 0.0.9, dotmap 1.3, addict 2.4,
python-box 8.0, yacs 0.1, fvcore 0.1, ml_collections 1.1 and omegaconf 2.4.)"""
PICKLES_MORE = frozenset(MAPPINGS) - frozenset(
    """
    builtins.dict collections.OrderedDict argparse.Namespace types.SimpleNamespace
    collections.defaultdict easydict.EasyDict
    """.split()
)
"""Those whose pickle may name more than that and what they hold: a class of lists, a set."""
LAST_NAMES = frozenset("AttributeDict AttrDict EasyDict Munch Box DotDict ConfigDict".split())
"""Classes that are dicts in whatever library or project they stand: they are copied a lot."""

_INITIAL = "initial_dictionary"
"""What ml_collections calls the mapping that a configuration is made of."""
_SHALLOW = frozenset(
    """
    builtins.dict collections.OrderedDict collections.defaultdict collections.UserDict
    argparse.Namespace types.SimpleNamespace munch.Munch
    """.split()
)
"""Those that leave the mappings inside of them as they are; others make them like themselves."""
_CONVERTED = {
    **dict.fromkeys(("builtins.vars", "dataclasses.asdict"), ("dict", "")),
    "omegaconf.OmegaConf.to_container": ("dict", "list"),
    **dict.fromkeys(
        (
            *("omegaconf.OmegaConf.create", "omegaconf.OmegaConf.structured"),
            "omegaconf.DictConfig",
        ),
        ("omegaconf.DictConfig", "omegaconf.ListConfig"),
    ),
    **dict.fromkeys(
        ("munch.munchify", "munch.Munch.fromDict"),
        ("munch.Munch", "list"),
    ),
    "munch.DefaultMunch.fromDict": ("munch.DefaultMunch", "list"),
    **dict.fromkeys(
        ("ml_collections.FrozenConfigDict", "ml_collections.config_dict.FrozenConfigDict"),
        ("ml_collections.FrozenConfigDict", "tuple"),
    ),
}
"""Functions that give the same entries in another class, that class, and what lists in them become;
an empty text where what is inside stays as it is.
"""


def _converted(kind: str, lists: str) -> Known:
    """``vars(args)``, ``OmegaConf.create(d)``: the same entries, in another class. What is called
    may go by any name in the program.
    """

    def convert(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
        given = arguments(evaluator, call, frame)
        if not given.positional:
            return (Record(dict(given.named), kind=kind),)
        values = handing.on(evaluator, call.args[0], given.positional[0], frame)
        if kind == "dict":
            plain = tuple(map(_as_dict, values))
            return mappings.as_kind(plain, kind, lists) if lists else plain
        wholes = (spreading.entries(evaluator, value, frame) or value for value in values)
        return mappings.as_kind(tuple(wholes), kind, lists)

    return convert


def _as_dict(value: Value) -> Value:
    if isinstance(value, ParsedOptions | Instance):
        return value.changed(as_mapping=True)
    return value.changed(kind="dict") if isinstance(value, Record) else value


def _mapping(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``dict(…)``, ``Namespace(…)``, ``AttrDict(…)``."""
    given = arguments(evaluator, call, frame)
    dotted = frame.module.bindings.qualified(call.func) or "dict"
    base = spreading.spread(evaluator, given.at(0) or given.named.get(_INITIAL, ()), frame)
    named = {key: values for key, values in given.named.items() if key != _INITIAL}
    entries, others = mappings.over(named, base.entries), base.others
    for keyword in call.keywords:
        if keyword.arg is None:
            values = evaluator.values(keyword.value, frame)
            values = handing.on(evaluator, keyword.value, values, frame)
            spread = spreading.spread(evaluator, values, frame)
            entries = mappings.over(entries, spread.entries)
            others = union(others, spread.others)
    made: Values = (Record(entries, others, kind=dotted),)
    return made if dotted in _SHALLOW or dotted == "dict" else mappings.as_kind(made, dotted)


CALLS: dict[str, Known] = {
    **dict.fromkeys(MAPPINGS, _mapping),
    **{name: _converted(kind, lists) for name, (kind, lists) in _CONVERTED.items()},
}
CERTAIN = frozenset(
    """
    collections.OrderedDict collections.defaultdict collections.deque argparse.Namespace
    types.SimpleNamespace dataclasses.asdict
    """.split()
)
