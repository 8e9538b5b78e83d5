"""Programs that a library makes of a function: ``fire.Fire(main)``, ``typer.run(main)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.libraries import registry
from torchload_lint.source.libraries.options import replaced_defaults, written_commands
from torchload_lint.source.libraries.options.argument_words import WordPlace
from torchload_lint.source.project import call_search

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, FromOutside
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import NamedFunction

RUNNERS = frozenset({"defopt.run", "fire.Fire"})
_LAST_NAMES = ("Fire", "CLI", "auto_cli", "cli", "run")
"""How what makes a program of a function is called, in any library."""
_ALL_BY_PLACE = ("fire.Fire",)
"""Those that take every parameter without its name, too."""


def _given(
    evaluator: Evaluator, parameter: ast.arg, function: NamedFunction, default: Values, frame: Frame
) -> tuple[Values, ...]:
    """What a parameter is where nobody gives it, and what written command lines give to it; empty
    where the function is no program, or nothing is given.
    """
    runner = _runner(evaluator, frame.module, function)
    if not runner:
        return ()
    dashed = parameter.arg.replace("_", "-")
    names = (f"--{parameter.arg}", f"--{dashed}")
    given = written_commands.given(evaluator, names, frame.module)
    place = _place(parameter, function, all_by_place=runner in _ALL_BY_PLACE)
    if place is not None:
        given += written_commands.given_at(evaluator, WordPlace(place, {}), frame.module)
    usual = replaced_defaults.beside(evaluator, default, names, frame.module)
    return (usual, given) if given or usual != default else ()


def _runner(evaluator: Evaluator, module: SourceFile, function: NamedFunction) -> str:
    """What makes a program of a function of this file; empty where nothing does."""
    for name in _LAST_NAMES:
        for call in call_search.calls_named(evaluator.project, module, name):
            handed = call.args[0] if call.args else None
            if isinstance(handed, ast.Name) and handed.id == function.name:
                dotted = module.bindings.qualified(call.func) or ""
                if registry.runs_functions(dotted):
                    return dotted
    return ""


def _place(parameter: ast.arg, function: NamedFunction, *, all_by_place: bool) -> int | None:
    """How many words come before that of a parameter; None for one that needs its name."""
    positional = [*function.args.posonlyargs, *function.args.args]
    if not all_by_place:
        positional = positional[: len(positional) - len(function.args.defaults)]
    return positional.index(parameter) if parameter in positional else None


PARAMETERS: FromOutside = _given
