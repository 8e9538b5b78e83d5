"""Tests about a name that is set anew between the test and the place that is asked about.

``if path is None: path = "a.pt"; torch.load(path)``: what is loaded there is not what was tested.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.names.source_file import SourceFile


def still_about(
    node: ast.expr, tests: Iterable[tuple[ast.expr, bool]], module: SourceFile
) -> Iterator[tuple[ast.expr, bool]]:
    """The tests without those of a name of which no value has come to its place."""
    if not isinstance(node, ast.Name):
        yield from tests
        return
    for test, holds in tests:
        if not _is_of_values_before(test, node, module):
            yield test, holds


def _is_of_values_before(test: ast.expr, name: ast.Name, module: SourceFile) -> bool:
    tested = [each for each in ast.walk(test) if isinstance(each, ast.Name) and each.id == name.id]
    if not tested:
        return False
    here = set(module.bindings.definitions(name))
    before = {one for each in tested for one in module.bindings.definitions(each)}
    return bool(here) and bool(before) and here.isdisjoint(before)


def rows_storing(name: str, module: SourceFile) -> list[int]:
    """The rows of a file at which an attribute of that name gets something, of whatever object."""

    def find() -> list[int]:
        stores = re.finditer(rf"\.{name}\s*=[^=]", module.text)
        return [module.text.count("\n", 0, each.start()) + 1 for each in stores]

    return module.remember(("rows that store", name), find)
