"""Whether a file is run as a program, where its classes are ``__main__``'s, and what it imports."""

from __future__ import annotations

import ast
import sys
from bisect import bisect_left
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.names import members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.names.source_file import SourceFile

_SETS_UP = late_pattern(
    r"\bsys\.path\b|\bsys\.modules\b|\baddsitedir\b|\bputenv\b"
    r"|\benviron(?:\[[^\]\n]+\]\s*=[^=]|\.(?:setdefault|update)\b)"
)
"""What decides, while a file runs, which modules it finds and what these do."""

_CHANGES_PATH = late_pattern(r"\bsys\.path\b|\baddsitedir\b")


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def may_be_a_program(module: SourceFile, node: ast.AST) -> bool:
    """Whether what stands at a place may run in a file that is started: the place is outside of all
    functions, or the file calls a function of its own when it runs, or asks for its ``__name__``.
    """
    return module.function(node) is None or _runs_something(module)


def is_reached_when_started(module: SourceFile, node: ast.AST) -> bool:
    """Whether what stands at a place may run when its file is started: outside of functions, or in
    one that the code outside of them names, itself or through others of the file.
    """
    around = [each for each in _around(module, node) if isinstance(each, _FUNCTIONS)]
    if not around:
        return True
    words = {word for statement in module.tree.body for word in _words_at_start(statement)}
    known: set[str] = set()
    while not words <= known:
        known |= words
        for function in ast.walk(module.tree):
            if isinstance(function, _FUNCTIONS) and _may_be_called(module, function, known):
                words |= {word for each in ast.walk(function) for word in _word(each)}
    return any(_may_be_called(module, function, known) for function in around)


def _around(module: SourceFile, node: ast.AST) -> Iterator[ast.AST]:
    while (outer := module.parents.get(node)) is not None:
        yield outer
        node = outer


def _may_be_called(module: SourceFile, function: ast.AST, words: set[str]) -> bool:
    """Whether a function goes by one of some names; a special method by that of its class."""
    name = str(getattr(function, "name", ""))
    if name.startswith("__"):
        name = str(getattr(module.parents.get(function), "name", ""))
    return name in words


def _words_at_start(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement outside of functions uses when it runs."""
    todo: list[ast.AST] = [statement]
    while todo:
        node = todo.pop()
        if not isinstance(node, _FUNCTIONS):
            yield from _word(node)
            todo += ast.iter_child_nodes(node)


def _word(node: ast.AST) -> tuple[str, ...]:
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    return (node.id,) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) else ()


def first_run(module: SourceFile) -> int:
    """The row of the first statement outside of functions that names a function or class of the
    file, and so may run it; the largest number where there is none.
    """
    return module.remember("first run", lambda: _found_run(module))


def _found_run(module: SourceFile) -> int:
    own = {node.name for node in module.tree.body if isinstance(node, (*_FUNCTIONS, ast.ClassDef))}
    for statement in module.tree.body:
        parts = statement.body if isinstance(statement, ast.ClassDef) else [statement]
        if any(not own.isdisjoint(_words_at_start(part)) for part in parts):
            return statement.lineno
    return sys.maxsize


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
    return inside or module.remember("sets up", lambda: bool(_SETS_UP.search(module.text)))


def path_change(module: SourceFile, before_row: int) -> ast.stmt | None:
    """The last statement above a row, outside of functions, that says where modules lie."""
    changes = module.remember("changes of the path", lambda: list(_path_changes(module)))
    above = bisect_left(changes, before_row, key=_last_row)
    return changes[above - 1] if above else None


def _path_changes(module: SourceFile) -> Iterator[ast.stmt]:
    for statement in module.tree.body if _CHANGES_PATH.search(module.text) else ():
        is_definition = isinstance(statement, (*_FUNCTIONS, ast.ClassDef))
        if not is_definition and _CHANGES_PATH.search(ast.unparse(statement)):
            yield statement


def _last_row(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def imports_at_top(module: SourceFile, name: str) -> bool:
    """Whether a file imports ``name``, or something inside it, at its top level."""
    return module.remember(("imports at top", name), lambda: _imports_at_top(module, name))


def _imports_at_top(module: SourceFile, name: str) -> bool:
    for statement in module.tree.body:
        if isinstance(statement, ast.Import):
            found = [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            found = [f"{statement.module}.{alias.name}" for alias in statement.names]
        else:
            continue
        if any(one == name or one.startswith(f"{name}.") for one in found):
            return True
    return False


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
