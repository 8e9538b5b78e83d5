"""Command lines that are written in the code: ``parser.parse_args(["--out", "runs"])``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import is_exact
from torchload_lint.source.domain.values import Constant, Sequence, Text, Unknown, union
from torchload_lint.source.libraries.options.declaration import converted

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import ParsedOptions, Value, Values
    from torchload_lint.source.libraries.options.declaration import Declaration


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
        if not name.startswith("-"):
            continue
        if name not in declaration.names:
            name, equals, rest = name[:2], name[2:], name[2:]  # ``-clast.pt``
            if not rest or name not in declaration.names:
                continue
        following = _up_to_next_option(items[index + 1 :])
        action = str(_keyword(declaration, "action") or "")
        if action.startswith("store_"):
            found = (_set_by_flag(action, declaration),)
        elif equals:
            found = (converted(Text(rest), declaration),)
        elif _keyword(declaration, "nargs") == "?" and not following:
            found = (_set_by_flag("store_const", declaration),)
        elif _keyword(declaration, "nargs") not in {None, "?"}:
            found = (Sequence(following),)
        elif index + 1 < len(items):
            found = tuple(converted(value, declaration) for value in items[index + 1])
    return found


def may_be_shortened(options: ParsedOptions, declarations: list[Declaration]) -> bool:
    """Whether one of the arguments is the beginning of an option's name."""
    names = [name for each in declarations for name in each.names if name.startswith("--")]
    spelled = [
        _spelled(item).partition("=")[0]
        for line in options.line
        if isinstance(line, Sequence)
        for item in line.items
    ]
    return any(
        word.startswith("--") and name.startswith(word) and name != word
        for word in spelled
        for name in names
    )


def _set_by_flag(action: str, declaration: Declaration) -> Value:
    """What an option is that is given without a value."""
    if action in {"store_true", "store_false"}:
        return Constant(action == "store_true")
    value = _keyword(declaration, "const")
    return Text(value) if isinstance(value, str) else Unknown("the constant of an option")


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
