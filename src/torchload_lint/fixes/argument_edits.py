"""Write ``weights_only=True`` into a call, and take arguments out: text edits, no parser.

The text between the last argument and the closing parenthesis holds only white space, comments,
line continuations, parentheses around the argument, and at most one comma; that is what makes
edits at this place safe.
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from torchload_lint.fixes.edits import Change, Source
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeGuard

    Argument = ast.expr | ast.keyword

_TOKEN = late_pattern(r"[ \t\f]+|\\(?:\r\n|\r|\n)|\r\n|\r|\n|#[^\r\n]*|.", re.DOTALL)


class Gap:
    """What stands between the last argument and the closing parenthesis of a call."""

    def __init__(self, source: Source, call: ast.Call) -> None:
        self.close = source.end(call) - 1
        items = _arguments(call)
        self.last = max(items, key=source.end) if items else None
        self.end = source.end(self.last) if self.last is not None else source.end(call.func)
        self.comma: int | None = None
        self.comments: list[int] = []
        """Where each comment ends."""
        for match in _TOKEN.finditer(source.text, self.end, self.close):
            if match.group() == ")":
                self.end = match.end()
            elif match.group() == ",":
                self.comma = match.start()
            elif match.group() == "(":  # the call's own, where there is no argument
                self.end = match.end()
            elif match.group().startswith("#"):
                self.comments.append(match.end())


def _arguments(call: ast.Call) -> list[ast.expr | ast.keyword]:
    return [*call.args, *call.keywords]


def add_argument(source: Source, call: ast.Call, written: str) -> list[Change]:
    """Add a keyword argument (``name=value``) behind all others, in the layout that is there."""
    gap = Gap(source, call)
    if gap.last is None:
        return [Change(gap.end, gap.end, written)]
    if isinstance(gap.last, ast.GeneratorExp) and gap.last.end_col_offset == call.end_col_offset:
        # f(x for x in y): beside another argument the generator needs its own parentheses.
        start = source.start(gap.last)
        return [Change(start, start, "("), Change(gap.close, gap.close, f"), {written}")]
    own_row = _own_row(source, call, gap)
    if own_row is None:
        if gap.comments:
            return _behind_comment(source, gap, written, _below_arguments(source, call, gap.last))
        if gap.comma is not None:
            return [Change(gap.comma + 1, gap.comma + 1, f" {written}" + ",")]
        return [Change(gap.end, gap.end, f", {written}")]
    if gap.comments:
        return _behind_comment(source, gap, written, own_row)
    if gap.comma is not None:
        return [Change(gap.comma + 1, gap.comma + 1, f"{source.newline}{own_row}{written},")]
    # A formatter may have put a lone argument on its row, without the comma that two would have.
    comma = "," if len(call.args) + len(call.keywords) == 1 else ""
    return [Change(gap.end, gap.end, f",{source.newline}{own_row}{written}{comma}")]


def add_before_unpacked(source: Source, call: ast.Call, written: str) -> list[Change]:
    """Add a keyword argument in front of ``**kwargs``, or behind all others where there is none."""
    unpacked = [keyword for keyword in call.keywords if keyword.arg is None]
    if not unpacked:
        return add_argument(source, call, written)
    start = source.start(unpacked[0])
    indentation = source.indentation(start)
    at_row_start = source.row_start(source.row_of(start)) + len(indentation) == start
    between = f",{source.newline}{indentation}" if at_row_start else ", "
    return [Change(start, start, f"{written}{between}")]


def _own_row(source: Source, call: ast.Call, gap: Gap) -> str | None:
    """The indentation of the last argument where arguments stand one to a row."""
    assert gap.last is not None
    start = source.start(gap.last)
    if source.row_of(start) == source.row_of(source.end(call.func)):
        return None
    if source.row_of(gap.close) == source.row_of(gap.end):
        return None
    indentation = source.indentation(start)
    at_row_start = source.row_start(source.row_of(start)) + len(indentation) == start
    return indentation if at_row_start else None


def _below_arguments(source: Source, call: ast.Call, last: ast.expr | ast.keyword) -> str:
    """The indentation of a row below the last argument's: that of its row, or, where this is the
    row of the call's name, what puts it below the first argument.
    """
    start = source.start(last)
    if source.row_of(start) != source.row_of(source.end(call.func)):
        return source.indentation(start)
    first = min(map(source.start, _arguments(call)))
    return " " * (source.position(first).column - 1)


def _behind_comment(source: Source, gap: Gap, written: str, indentation: str) -> list[Change]:
    """A comment follows the last argument: it stays with it, ours goes on the next row."""
    place = gap.comments[-1]
    if gap.comma is not None:
        return [Change(place, place, f"{source.newline}{indentation}{written},")]
    return [
        Change(gap.end, gap.end, ","),
        Change(place, place, f"{source.newline}{indentation}{written}"),
    ]


def remove_arguments(
    source: Source, call: ast.Call, nodes: Sequence[ast.expr]
) -> list[Change] | None:
    """Take the arguments with these values out, with the commas and white space they need.

    None where one is a positional argument that other positional ones follow.
    """
    items = sorted(_arguments(call), key=source.start)
    removed = [one for one in items if (one.value if _is_keyword(one) else one) in nodes]
    if any(_is_followed(items, one) for one in removed):
        return None
    changes = []
    tail = len(items)
    while tail and items[tail - 1] in removed:
        tail -= 1
    if tail < len(items):
        changes += _without_tail(source, call, items, tail)
    for item, following in pairwise(items[:tail]):
        if item in removed:
            # Up to the next argument, so that no empty row is left.
            end = _opening(source, item, following)
            if "#" in source.text[source.end(item) : end]:
                end = _closing(source, item, end, comma=True)
            changes.append(Change(source.start(item), end, ""))
    return changes


def _is_keyword(item: Argument) -> TypeGuard[ast.keyword]:
    return isinstance(item, ast.keyword)


def _is_followed(items: Sequence[Argument], item: Argument) -> bool:
    """Whether other positional arguments follow a positional one."""
    following = items[items.index(item) + 1 :]
    return not _is_keyword(item) and not all(map(_is_keyword, following))


def _without_tail(
    source: Source, call: ast.Call, items: Sequence[Argument], tail: int
) -> list[Change]:
    """Take out every argument from ``tail`` on."""
    gap = Gap(source, call)
    start = source.start(items[tail])
    before = _closing(source, items[tail - 1], start) if tail else start
    if tail and "#" not in source.text[before : gap.end]:
        return [Change(before, gap.end, "")]
    # Comments stay, and so does the comma before.
    end = gap.end if gap.comma is None else gap.comma + 1
    starts = [source.start(item) for item in items[tail:]]
    ends = [
        _closing(source, item, following, comma=True)
        for item, following in zip(items[tail:], starts[1:], strict=False)
    ]
    pairs = zip(starts, [*ends, end], strict=True)
    return [Change(first, last, "") for first, last in pairs]


def replace_argument(source: Source, call: ast.Call, node: ast.expr, written: str) -> Change | None:
    """Write a keyword argument in the place of the argument with this value.

    None where it is a positional argument that other positional ones follow.
    """
    for keyword in call.keywords:
        if keyword.value is node and keyword.arg is not None:
            return Change(source.start(keyword), source.end(keyword), written)
    if not call.args or call.args[-1] is not node:
        return None
    return Change(source.start(node), source.end(node), written)


def _opening(source: Source, item: Argument, following: Argument) -> int:
    """Where the argument behind ``item`` starts, its own parentheses included."""
    place = source.start(following)
    comma = place
    for match in _TOKEN.finditer(source.text, source.end(item), place):
        if match.group() == ",":
            comma = match.end()
    opened = source.text.find("(", comma, place)
    return place if opened < 0 or "#" in source.text[comma:place] else opened


def _closing(source: Source, item: Argument, limit: int, comma: bool = False) -> int:
    """Where an argument ends, its closing parentheses (and comma) included, before ``limit``."""
    end = source.end(item)
    for match in _TOKEN.finditer(source.text, end, limit):
        if match.group() == ",":
            return match.end() if comma else end
        if match.group() == ")":
            end = match.end()
    return end


def is_constant(node: ast.expr) -> bool:
    """Whether an expression holds literals only (``False``, ``0``, ``not True``)."""
    return not any(
        isinstance(part, (ast.Name, ast.Call, ast.Await, ast.NamedExpr)) for part in ast.walk(node)
    )


def replace_value(source: Source, node: ast.expr) -> Change:
    """Write ``True`` in the place of a value."""
    return Change(source.start(node), source.end(node), "True")
