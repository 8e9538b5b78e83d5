"""Tests of two files that cannot both hold.

What one file stores below ``if args.load == ".":`` is not what another one asks for below
``if args.load != ".":``, as long as both speak of the same option.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.branches import guards
from torchload_lint.source.domain.patterns import known
from torchload_lint.source.domain.values import Constant, Text

if TYPE_CHECKING:
    from torchload_lint.source.branches.guards import Tests
    from torchload_lint.source.domain.values import Value
    from torchload_lint.source.names.source_file import SourceFile

_ANOTHER = "\0"
"""A text that no test names."""


def gainsay(assumed: Tests, node: ast.AST, module: SourceFile) -> bool:
    """Whether a test around a place cannot hold with one that is assumed, of another file, about
    an attribute of that name.
    """
    there = [
        (test, about)
        for test in assumed
        if isinstance(about := guards.about_what(test[0]), ast.Attribute)
        and about not in module.parents
    ]
    return bool(there) and any(
        not _pass_together(part, subject, test, about, module)
        for part, subject in guards.tested_around(node, module)
        if isinstance(subject, ast.Attribute)
        for test, about in there
        if about.attr == subject.attr
    )


def _pass_together(
    one: tuple[ast.expr, bool],
    subject: ast.Attribute,
    other: tuple[ast.expr, bool],
    about: ast.Attribute,
    module: SourceFile,
) -> bool:
    """Whether some value passes both tests, of those that they name and a few others."""
    return any(
        guards.says(one, subject, value, module) is not False
        and guards.says(other, about, value, module) is not False
        for value in _candidates(one[0], other[0])
    )


def _candidates(*tests: ast.expr) -> list[Value]:
    written = [
        each.value for test in tests for each in ast.walk(test) if isinstance(each, ast.Constant)
    ]
    texts = [each for each in written if isinstance(each, str)]
    found: list[Value] = [Text(known(each)) for each in ("", _ANOTHER, *texts)]
    if not texts:
        found += map(Constant, (None, 0, 1, -1))
        found += [Constant(each) for each in written if isinstance(each, int | float)]
    return found
