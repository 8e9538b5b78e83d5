"""Whether a file is run as a program, where its classes are ``__main__``'s, or imported."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.source.names import members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.names.source_file import SourceFile

_SETS_UP = re.compile(
    r"\bsys\.path\b|\bsys\.modules\b|\baddsitedir\b|\bputenv\b"
    r"|\benviron(?:\[[^\]\n]+\]\s*=[^=]|\.(?:setdefault|update)\b)"
)
"""What decides, while a file runs, which modules it finds and what these do."""


def may_be_a_program(module: SourceFile, node: ast.AST) -> bool:
    """Whether what stands at a place may run in a file that is started: the place is outside of all
    functions, or the file calls a function of its own when it runs, or asks for its ``__name__``.
    """
    return module.function(node) is None or _runs_something(module)


def runs_as_program_alone(module: SourceFile, node: ast.AST) -> bool:
    """Whether a place stands below ``if __name__ == "__main__":``."""
    inner: ast.AST = node
    while (outer := module.parents.get(inner)) is not None:
        if isinstance(outer, ast.If) and inner in outer.body and is_main_guard(outer):
            return True
        inner = outer
    return False


def is_main_guard(node: ast.stmt) -> bool:
    """Whether a statement is ``if __name__ == "__main__":``."""
    test = node.test if isinstance(node, ast.If) else None
    return (
        isinstance(test, ast.Compare)
        and [type(one) for one in test.ops] == [ast.Eq]
        and {ast.unparse(test.left), *map(ast.unparse, test.comparators)}
        == {"__name__", "'__main__'"}
    )


def needs_more_first(imported: str, module: Module) -> bool:
    """Whether a module may not be there yet, or be another one, above a file's first statements:
    the file says later where modules lie, or in which environment; or the module is the package
    that the file is in, whose own file may still be running.
    """
    inside = (module.name or "").startswith(f"{imported}.")
    return inside or bool(_SETS_UP.search(module.text))


def _runs_something(module: SourceFile) -> bool:
    own = {node.name for node in module.tree.body if members.is_function(node)}
    return any(
        is_main_guard(statement) or not own.isdisjoint(_called_in(statement))
        for statement in module.tree.body
    )


def _called_in(statement: ast.stmt) -> Iterator[str]:
    """What is called, or handed to a call (``fire.Fire(main)``), outside of functions, by name."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call):
            yield from (one.id for one in (node.func, *node.args) if isinstance(one, ast.Name))
        if not members.is_function(node) and not isinstance(node, (ast.ClassDef, ast.Lambda)):
            todo += ast.iter_child_nodes(node)
