"""The few nodes of a file that are worth a question: those that carry one of some words.

The words are looked for in the text first; only statements on whose rows a word stands are
entered. So the cost follows the findings, not the file.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.text import Lines


def carrying(tree: ast.Module, lines: Lines, words: Iterable[str]) -> dict[str, list[ast.AST]]:
    """Word → the nodes that carry it, in the order of the file.

    A name carries its identifier, an attribute its last part, an import its name and its alias, a
    keyword argument its name, a string constant its whole value.
    """
    found: dict[str, list[ast.AST]] = {word: [] for word in words}
    if not found:
        return found
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(found)))})(?!\w)")
    rows = sorted(
        {bisect_right(lines.starts, match.start()) for match in pattern.finditer(lines.text)}
    )
    for node in on_rows(tree, rows):
        for word in _words(node):
            if word in found:
                found[word].append(node)
    return found


def on_rows(tree: ast.AST, rows: list[int]) -> Iterator[ast.AST]:
    """Every node that shares a row with one of ``rows`` (sorted), parents first, in order."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        first = getattr(node, "lineno", None)
        if first is not None:
            decorators = getattr(node, "decorator_list", None)
            if decorators:
                first = min(first, decorators[0].lineno)
            place = bisect_left(rows, first)
            if place == len(rows) or rows[place] > (getattr(node, "end_lineno", None) or first):
                continue
        yield node
        todo.extend(reversed(list(ast.iter_child_nodes(node))))


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
