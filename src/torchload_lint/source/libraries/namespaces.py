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

    from torchload_lint.source.domain.values import Frame
    from torchload_lint.source.evaluator import Evaluator, Known

MAPPINGS: dict[str, GlobalName | None] = {
    **dict.fromkeys(
        (
            *("builtins.dict", "collections.OrderedDict", "addict.Dict", "box.Box", "munch.Munch"),
            *("yacs.config.CfgNode", "fvcore.common.config.CfgNode", "ml_collections.ConfigDict"),
            "ml_collections.config_dict.ConfigDict",
            *("detectron2.config.CfgNode", "attrdict.AttrDict", "attridict.AttriDict"),
            *("dotmap.DotMap", "collections.UserDict"),
        )
    ),
    "argparse.Namespace": GlobalName("argparse", "Namespace"),
    "types.SimpleNamespace": GlobalName("types", "SimpleNamespace"),
    "collections.defaultdict": GlobalName("collections", "defaultdict"),
    "easydict.EasyDict": GlobalName("easydict", "EasyDict"),
    "omegaconf.DictConfig": GlobalName("omegaconf.dictconfig", "DictConfig"),
}
"""Classes of mappings and namespaces, and what a pickle of one names, where torch does not allow
that by itself and it is known."""
LAST_NAMES = frozenset("AttributeDict AttrDict EasyDict Munch Box DotDict ConfigDict".split())
"""Classes that are dicts in whatever library or project they stand: they are copied a lot."""

_INITIAL = "initial_dictionary"
"""What ml_collections calls the mapping that a configuration is made of."""
_SAME_ENTRIES = (
    *("builtins.vars", "omegaconf.OmegaConf.create", "omegaconf.DictConfig", "munch.munchify"),
    *("munch.Munch.fromDict", "munch.DefaultMunch.fromDict"),
    *("omegaconf.OmegaConf.to_container", "omegaconf.OmegaConf.structured", "dataclasses.asdict"),
    *("ml_collections.FrozenConfigDict", "ml_collections.config_dict.FrozenConfigDict"),
)


def _variables(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``vars(args)``, ``edict(d)``, ``OmegaConf.create(d)``: the same entries, in another class."""
    given = arguments(evaluator, call, frame)
    if not given.positional:
        return (Record(dict(given.named), kind="dict"),)
    return tuple(
        value.changed(as_mapping=True)
        if isinstance(value, (ParsedOptions, Instance))
        else value.changed(kind="dict")
        if isinstance(value, Record)
        else value
        for value in handing.on(evaluator, call.args[0], given.positional[0], frame)
    )


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
    return (Record(entries, others, kind=dotted),)


CALLS: dict[str, Known] = {
    **dict.fromkeys(MAPPINGS, _mapping),
    **dict.fromkeys(_SAME_ENTRIES, _variables),
}
CERTAIN = frozenset(
    """
    collections.OrderedDict collections.defaultdict collections.deque argparse.Namespace
    types.SimpleNamespace dataclasses.asdict
    """.split()
)
