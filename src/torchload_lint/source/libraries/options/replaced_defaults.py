"""Defaults of options that command lines of the project give otherwise.

A default that every written start of its program replaces is one of several possibilities: the
program as it is documented reads another file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import HOLE, Rung, at_home
from torchload_lint.source.domain.values import Constant, Text, lift
from torchload_lint.source.libraries.options import written_commands
from torchload_lint.source.libraries.options.mentioned_options import mentioned
from torchload_lint.source.libraries.options.written_commands import (
    given_to,
    path_of,
    starts,
    word_of,
)

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping

    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.command_lines import Command

_MOST_SAID = 8
"""Values that command lines give to one option; of more, none is named."""
_ANYTHING = Text(HOLE, rung=Rung.COMMAND_LINE)
_NOTHING_SEEN = Text("", rung=Rung.COMMAND_LINE)
"""A path that is to be filled in."""


def beside(
    evaluator: Evaluator,
    defaults: Values,
    names: tuple[str, ...],
    module: SourceFile,
    place: ast.AST | None = None,
) -> Values:
    """The defaults of an option with what command lines give to it under one of its names."""
    default = next((each for each in defaults if _may_be_part_of_a_path(each)), None)
    spelled = tuple(
        dict.fromkeys(each for name in names if name.startswith("-") for each in _spellings(name))
    )
    if default is None or not spelled or not _is_written(evaluator, spelled):
        return defaults
    own = module.path.rpartition("/")[2]
    written = starts(evaluator, module, (*spelled, own), place, worth=len)
    found = [each for each in written if each.runs_it]
    usual = lift(defaults, Rung.COMMAND_LINE)
    said = [_made_of(each.command, spelled, default) for each in found]
    others = {
        value: start.row
        for value, start in zip(said, found, strict=True)
        if start.leads_there and value not in usual
    }
    for given, row in mentioned(evaluator.project, spelled, module.path):
        value = _as(default, given, {})
        if value not in usual:
            others.setdefault(value, row)
    for row in dict.fromkeys([*others.values()][:_MOST_SAID]):
        evaluator.leave_open(f"a command line in {row} is one of those that there can be")
    further: Values = tuple(others)
    if len(further) > _MOST_SAID:
        further = (_ANYTHING,)
    if not found:
        anywhere = written_commands.of_several_programs(evaluator, spelled)
        said = [_made_of(each, spelled, default) for each in anywhere]
    is_replaced = bool(said) and not any(value in usual for value in said)
    own_values = lift(defaults, Rung.ONE_OF_SEVERAL) if is_replaced else defaults
    return (*own_values, *(each for each in further if each != _NOTHING_SEEN))


def _spellings(name: str) -> tuple[str, ...]:
    """An option as documents spell it, whichever of ``--model-path`` and ``--model_path`` it is."""
    bare = name.lstrip("-")
    dashes = name[: len(name) - len(bare)]
    return name, dashes + bare.replace("-", "_"), dashes + bare.replace("_", "-")


def _may_be_part_of_a_path(value: Value) -> bool:
    """Whether a default is a text or a number, and no switch."""
    if isinstance(value, Text):
        return bool(value.text)
    return isinstance(value, Constant) and type(value.value) in (int, float)


def _is_written(evaluator: Evaluator, names: tuple[str, ...]) -> bool:
    files = evaluator.project.files
    return any(files.commands_holding(name) for name in names)


def _made_of(command: Command, names: tuple[str, ...], default: Value) -> Value:
    """What a command line makes of an option, as a value of the default's kind."""
    given = given_to(command, names)
    if not given:
        return default.changed(rung=Rung.COMMAND_LINE)
    return _as(default, given, command.variables)


def _as(default: Value, given: str, variables: Mapping[str, str]) -> Value:
    """A word of a command line as a value of the default's kind."""
    if isinstance(default, Constant):
        try:
            number = type(default.value)(given)  # type: ignore[misc]
        except ValueError:
            return _ANYTHING
        return Constant(number, rung=Rung.COMMAND_LINE)
    is_path = isinstance(default, Text) and bool({"/", "."} & set(default.text))
    word = (path_of if is_path else word_of)(given, variables)
    return Text(at_home(word), rung=Rung.COMMAND_LINE)
