"""Command lines that are written in the code: ``parser.parse_args(["--out", "runs"])``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import is_exact
from torchload_lint.source.domain.values import Constant, Sequence, Text, union

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import ParsedOptions, Value, Values
    from torchload_lint.source.libraries.options.declaration import Declaration

_NUMBERS = {"int": int, "float": float}


def given(options: ParsedOptions, declarations: list[Declaration]) -> tuple[Values, bool]:
    """What the arguments of ``parse_args`` give to an option, and whether all of them do, so that
    its default does not count.
    """
    found: list[Values] = []
    settled = True
    for line in options.line:
        items = line.items if isinstance(line, Sequence) else ()
        values = union(*(_given(items, each) for each in declarations))
        found.append(values)
        settled = settled and bool(values)
    return union(*found), settled


def _given(items: tuple[Values, ...], declaration: Declaration) -> Values:
    """The argument after the option, or after its ``=``; the last one counts."""
    found: Values = ()
    for index, item in enumerate(items):
        name, equals, rest = _spelled(item).partition("=")
        if name not in declaration.names or not name.startswith("-"):
            continue
        if declaration.is_flag:
            found = (Constant(_keyword(declaration, "action") != "store_false"),)
        elif equals:
            found = (_converted(Text(rest), declaration),)
        elif _keyword(declaration, "nargs"):
            found = (Sequence(_up_to_next_option(items[index + 1 :])),)
        elif index + 1 < len(items):
            found = tuple(_converted(value, declaration) for value in items[index + 1])
    return found


def _spelled(item: Values) -> str:
    text = item[0] if len(item) == 1 else None
    return text.text if isinstance(text, Text) and is_exact(text.text) else ""


def _up_to_next_option(items: tuple[Values, ...]) -> tuple[Values, ...]:
    for index, item in enumerate(items):
        if _spelled(item).startswith("--"):
            return items[:index]
    return items


def _keyword(declaration: Declaration, name: str) -> object:
    """The literal that a keyword of ``add_argument`` is given, or the name."""
    value = next((each.value for each in declaration.call.keywords if each.arg == name), None)
    return value.id if isinstance(value, ast.Name) else getattr(value, "value", None)


def _converted(value: Value, declaration: Declaration) -> Value:
    """The argument as the option's ``type`` makes it."""
    convert = _NUMBERS.get(str(_keyword(declaration, "type")))
    if convert is None or not isinstance(value, Text) or value.why:
        return value
    try:
        return Constant(convert(value.text), rung=value.rung)
    except ValueError:
        return value
