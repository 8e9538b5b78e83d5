"""Command lines made from classes: tyro, draccus, HfArgumentParser and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    Class,
    Instance,
    Made,
    Sequence,
    union,
    unknown,
)
from torchload_lint.source.libraries.options import replaced_defaults, written_commands
from torchload_lint.source.project import call_search
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known, OfAnything
    from torchload_lint.source.names.source_file import SourceFile


_FROM_CLASS = (
    *("tyro.cli", "draccus.wrap", "draccus.parse", "pyrallis.parse", "simple_parsing.parse"),
    *("chz.entrypoint", "jsonargparse.CLI", "jsonargparse.auto_cli"),
)


_MAKERS = ("HfArgumentParser", "tyro", "draccus", "pyrallis", "simple_parsing", "chz")


def _from_class(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``tyro.cli(Config)``: an object of the class, its fields at their defaults."""
    given = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "config_class")]
    values = evaluator.values(given[0], frame) if given else ()
    made = tuple(Instance(each, rung=Rung.DEFAULT) for each in values if isinstance(each, Class))
    return made or unknown("what the command line gives")


def _into_dataclasses(evaluator: Evaluator, _: ast.Call, receivers: Values, __: Frame) -> Values:
    """``HfArgumentParser((A, B)).parse_args_into_dataclasses()``."""
    for receiver in receivers:
        if isinstance(receiver, Made) and receiver.call is not None and receiver.module is not None:
            given = (
                evaluator.anywhere(receiver.call.args[0], receiver.module)
                if receiver.call.args
                else ()
            )
            for value in given:
                kinds = value.items if isinstance(value, Sequence) else ((value,),)
                made = tuple(
                    tuple(
                        Instance(each, rung=Rung.DEFAULT)
                        for each in kind
                        if isinstance(each, Class)
                    )
                    for kind in kinds
                )
                return (Sequence(made, kind="tuple"),)
    return unknown("what the command line gives")


def added(evaluator: Evaluator, modules: Iterable[SourceFile], name: str) -> Values:
    """What ``parser.add_arguments(Config, dest=name)`` of simple_parsing adds: an object of the
    class, its fields at their defaults. Empty where no class is added under that name.
    """
    found: list[Values] = []
    for module in modules:
        for call in call_search.calls_named(evaluator.project, module, "add_arguments"):
            dest = [each.value for each in call.keywords if each.arg == "dest"] + call.args[1:2]
            if call.args and dest and text_of(dest[0]) == name:
                values = evaluator.anywhere(call.args[0], module)
                place = f"{module.path}:{call.lineno}"
                evaluator.leave_open(f"the fields of {name} ({place}) may be given other values")
                kinds = (each for each in values if isinstance(each, Class))
                made = tuple(Instance(each, rung=Rung.DEFAULT) for each in kinds)
                found.append(made or unknown(f"of which class {name} is, which {place} adds"))
    return union(*found)


def field_given(
    evaluator: Evaluator, name: str, module: SourceFile, default: Values = ()
) -> Values:
    """What written command lines give to a field of a class in ``module``, where the project
    makes command lines from classes; with its default, if it has one.
    """
    project = evaluator.project
    if not any(project.holding(word) for word in _MAKERS):
        return default
    names = (f"--{name}", f"--{name.replace('_', '-')}")
    if default:
        return replaced_defaults.beside(evaluator, default, names, module)
    return written_commands.given(evaluator, names, module)


CALLS: dict[str, Known] = dict.fromkeys(_FROM_CLASS, _from_class)
METHODS_OF_ANYTHING: dict[str, OfAnything] = dict.fromkeys(
    ("parse_args_into_dataclasses", "parse_dict", "parse_json_file"), _into_dataclasses
)
RUNNERS = frozenset({"jsonargparse.CLI", "jsonargparse.auto_cli", "tyro.cli"})
