"""Texts and numbers, and displays that hold nothing else: the same for whoever asks about them.

A table of five hundred downloads is read once, not once for each load that takes one of them.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import known
from torchload_lint.source.domain.values import (
    Constant,
    Record,
    Sequence,
    Text,
    Values,
    union,
    unknown,
)

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile


def of_constant(node: ast.Constant) -> Values:
    """A text, a number or None."""
    if isinstance(node.value, str):
        return (Text(known(node.value)),)
    if isinstance(node.value, bytes):
        return (Text(known(node.value.decode("utf-8", "replace"))),)
    if node.value is None or isinstance(node.value, int | float):
        return (Constant(node.value),)
    if node.value is ...:  # stands for what this package adds to a call
        return unknown("an argument that is not written there")
    return unknown("neither a text nor a number")


def written_out(node: ast.expr, module: SourceFile) -> Values:
    """What a display can be; nothing where a part of it has to be followed."""
    return module.remember(("written out", node), lambda: _of_constants(node) or ())


def _of_constants(node: ast.expr) -> Values | None:
    if isinstance(node, ast.Constant):
        return of_constant(node)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        items = _each(node.elts)
        kind = type(node).__name__.lower()
        return None if items is None else (Sequence(tuple(items), kind=kind),)
    if isinstance(node, ast.Dict) and None not in node.keys:
        keys, contents = _each(node.keys), _each(node.values)
        return None if keys is None or contents is None else (_mapping(keys, contents),)
    return None


def _each(nodes: list[ast.expr] | list[ast.expr | None]) -> list[Values] | None:
    """The values of each; None where one is not written out."""
    found: list[Values] = []
    for node in nodes:
        values = None if node is None else _of_constants(node)
        if values is None:
            return None
        found.append(values)
    return found


def _mapping(keys: list[Values], contents: list[Values]) -> Record:
    entries: dict[str, Values] = {}
    others: list[Values] = []
    for (name,), content in zip(keys, contents, strict=True):
        if isinstance(name, Text) and not name.why:
            entries[name.text] = content
        else:
            others.append(content)
    return Record(entries, union(*others))
