"""The few nodes of a file that are worth a question: those that carry one of some words.

The words are looked for in the text first; only statements on whose rows a word stands are
entered. So the cost follows the findings, not the file.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from torchload_lint.source.text.word_places import WORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.text.text import Lines


_PLAIN = frozenset(
    """
    ctx op ops id attr arg name asname module level kind type_comment type_ignores simple is_async
    conversion rest kwd_attrs str
    """.split()
)
"""Fields that hold text, a number or an operator; of all other fields, what is there is a node."""
_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")
"""Fields of statements, handlers and cases that hold statements, handlers and cases."""
_WITH_GAPS = frozenset({"keys", "kw_defaults"})
_MANY = 16
"""Statements of a body that are looked at one by one."""
_HOLDING: dict[type[ast.AST], tuple[str, ...]] = {}


def carrying(tree: ast.Module, lines: Lines, words: Iterable[str]) -> dict[str, list[ast.AST]]:
    """Word → the nodes that carry it, in the order of the file.

    A name carries its identifier, an attribute its last part, an import its name and its alias, a
    keyword argument its name, a string constant its whole value.
    """
    found: dict[str, list[ast.AST]] = {word: [] for word in words}
    if not found:
        return found
    rows = rows_with(lines, found)
    for node in on_rows(tree, rows):
        for word in _words(node):
            if word in found:
                found[word].append(node)
    return found


def rows_with(lines: Lines, words: Iterable[str], within: ast.AST | None = None) -> list[int]:
    """The rows on which one of some words stands, as a word of its own; sorted.

    ``within``: a statement to whose rows the search is limited.
    """
    starts = lines.starts
    first, last = _stretch(lines, within)
    places = lines.words.of(set(words), first, last)
    return sorted({bisect_right(starts, place) for place in places})


def words_of(lines: Lines, within: ast.AST) -> set[str]:
    """The words that stand somewhere in a statement."""
    first, last = _stretch(lines, within)
    return set(WORD.findall(lines.text, first, last))


def _stretch(lines: Lines, within: ast.AST | None) -> tuple[int, int]:
    """Where the rows of a statement begin and end in the text; of anything else, the whole."""
    starts = lines.starts
    last_row = getattr(within, "end_lineno", None) or len(starts)
    last = starts[last_row] if last_row < len(starts) else len(lines.text)
    return starts[getattr(within, "lineno", 1) - 1], last


def on_rows(
    tree: ast.AST, rows: list[int], closed: tuple[type[ast.AST], ...] = ()
) -> Iterator[ast.AST]:
    """Every node that shares a row with one of ``rows`` (sorted), parents first, in order.

    Nodes of ``closed`` types are not looked into (the tree itself may be one).
    """
    todo: list[Any] = [tree]
    ended = len(rows)
    while todo:
        node = todo.pop()
        first = getattr(node, "lineno", None)  # what has no place of its own may be anywhere
        if first is not None:
            place = bisect_left(rows, first)
            if place == ended or rows[place] > (node.end_lineno or first):
                decorators = getattr(node, "decorator_list", None)
                if not decorators or bisect_left(rows, decorators[0].lineno) == place:
                    continue
        yield node
        if not closed or node is tree or not isinstance(node, closed):
            below = children(node, rows)
            below.reverse()
            todo += below


def walk(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree as ``ast.walk`` gives them, in a third of the time (``ctx`` and operators
    aside).
    """
    waiting = [tree]
    for node in waiting:
        waiting += children(node)
        yield node


def has_row(node: ast.stmt, rows: list[int]) -> bool:
    """Whether one of some rows (sorted) is a statement's, its decorators' aside."""
    place = bisect_left(rows, node.lineno)
    return place < len(rows) and rows[place] <= (node.end_lineno or node.lineno)


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body and all those below them, in any order."""
    todo: list[Any] = [*body]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.stmt):
            yield node
        for name in _BODIES:
            todo += getattr(node, name, ())


def children(node: ast.AST, rows: list[int] | None = None) -> list[ast.AST]:
    """The nodes directly below a node, in the order of the file (``ctx`` and operators aside).

    The same as ``ast.iter_child_nodes``, in a fifth of the time. ``rows``: of many statements only
    those that share a row with one of these (sorted) are wanted.
    """
    kind = node.__class__
    if kind not in _HOLDING:
        _HOLDING[kind] = _holding(kind)
    found: list[ast.AST] = []
    for name in _HOLDING[kind]:
        value = getattr(node, name, None)
        if value.__class__ is list:
            if rows is not None and len(value) > _MANY and isinstance(value[0], ast.stmt):
                found += _sharing(value, rows)
            else:
                found += value if name not in _WITH_GAPS else filter(None, value)
        elif value is not None:
            found.append(value)
    return found


def _sharing(body: list[ast.stmt], rows: list[int]) -> Iterator[ast.stmt]:
    """The statements of a body that share a row with one of some rows (sorted), found by halving:
    a question about one row of a long body must not look at all of it.
    """
    place = at = 0
    while at < len(rows):
        place = bisect_left(body, rows[at], place, key=_last_row)
        if place == len(body):
            return
        statement = body[place]
        at = bisect_left(rows, first_row(statement), at)
        if at < len(rows) and rows[at] <= _last_row(statement):
            yield statement
            place += 1


def first_row(statement: ast.stmt) -> int:
    """The first row of a statement, its decorators counted."""
    decorators = getattr(statement, "decorator_list", None)
    return min(statement.lineno, decorators[0].lineno) if decorators else statement.lineno


def _last_row(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _holding(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a kind of node that hold nodes."""
    if kind in {ast.Constant, ast.MatchSingleton, ast.Global, ast.Nonlocal}:
        return ()
    plain = _PLAIN - {"name"} if kind.__name__ == "TypeAlias" else _PLAIN
    return tuple(name for name in kind._fields if name not in plain)


def _words(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    if isinstance(node, ast.Constant):
        return (node.value,) if isinstance(node.value, str) else ()
    if isinstance(node, ast.keyword):
        return (node.arg,) if node.arg else ()
    if isinstance(node, ast.alias):
        return (node.asname or "", node.name.rpartition(".")[2])
    return ()
