"""Reading small files in tests."""

from __future__ import annotations

import ast
from textwrap import dedent

from torchload_lint.source.facts.module import Module, read


def module_of(code: str, path: str = "pkg/mod.py", name: str = "pkg.mod") -> Module:
    module = read(dedent(code).lstrip("\n"), path, name)
    assert isinstance(module, Module), module
    return module


def name_at(module: Module, name: str, row: int) -> ast.Name:
    """The one read of ``name`` on a row."""
    found = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name)
        and node.id == name
        and node.lineno == row
        and isinstance(node.ctx, ast.Load)
    ]
    assert len(found) == 1, found
    return found[0]


def rows_of(facts: object) -> list[int]:
    """The rows of facts that have a span."""
    return [fact.span.start.row for fact in facts]
