"""Turns of a loop that do not come to a place: below ``if epoch > 0:`` no ``0.pth`` is read, also
where ``path`` is computed from ``epoch``.

What a turn has left behind is not what the next one computes: so a turn counts as left out only
where the path, and what the test asks for, are made anew in each turn from what the loop sets.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.branches import endings, guards, settled
from torchload_lint.source.branches.tests_apart import all_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.branches.guards import Tests
    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import Definition

_MOST_NAMES = 6
"""How many names in turn are followed to what the loop sets."""
_OF_TEXTS = frozenset(
    {"as_posix", "format", "join", "joinpath", "lower", "replace", "rstrip", "strip", "upper"}
    | {"with_name", "with_suffix", "zfill"}
)
_UNSEEN = ("exec(", "globals(", "locals(", "vars(")
"""With these a file may set names that are not spelled where they are set."""
_PARTS = (ast.Attribute, ast.Subscript)


def may_skip(loop: ast.AST, node: ast.expr, module: SourceFile) -> bool:
    """Whether a test on the way to a place is about what a loop sets."""
    return any(
        each.node is loop
        for test, _ in _tests(node, module)
        for name in ast.walk(test)
        if isinstance(name, ast.Name)
        for each in module.bindings.definitions(name)
    ) and _Turn(loop, module).makes(node)


def is_skipped(
    values: Callable[[ast.expr, SourceFile], Values],
    loop: ast.AST,
    node: ast.expr,
    module: SourceFile,
) -> bool:
    """Whether a test on the way to a place fails in the turn that is looked at, by what the code
    itself says: no caller and no command line has a say in it. ``values``: what an expression can
    be in this turn.
    """
    turn = _Turn(loop, module)
    if any(map(module.holds, _UNSEEN)) or not turn.makes(node):
        return False
    return any(
        isinstance(subject := guards.about_what(test), ast.Name)
        and turn.makes(subject)
        and settled.fails((test, holds), subject, values(subject, module), module)
        for test, holds in _tests(node, module)
    )


def _tests(node: ast.AST, module: SourceFile) -> Tests:
    """The parts of the tests around a place, and of those that end what comes before it."""

    def find() -> Tests:
        around = (part for part, _ in guards.asked_around(node, module))
        return (*around, *all_parts(endings.left_before(node, module)))

    return module.remember(("tests on the way", node), find)


class _Turn:
    """What one turn of a loop makes, whatever the turns before have left behind."""

    def __init__(self, loop: ast.AST, module: SourceFile) -> None:
        self._loop = loop
        self._module = module

    def makes(self, node: ast.expr, depth: int = _MOST_NAMES) -> bool:
        """Whether an expression in the loop is computed from what this turn has made, and from what
        no turn changes.
        """
        return self._loop in self._around(node) and all(
            self._is_made(part, depth) for part in ast.walk(node)
        )

    def _is_made(self, part: ast.AST, depth: int) -> bool:
        module = self._module
        if isinstance(part, ast.Call):
            dotted = module.bindings.qualified(part.func)
            named = isinstance(part.func, ast.Attribute) and part.func.attr in _OF_TEXTS
            return named or (dotted or "").startswith(("builtins.", "os.path.", "pathlib."))
        if isinstance(part, _PARTS):
            if getattr(part, "attr", "") in _OF_TEXTS or module.bindings.qualified(part):
                return True
            return not any(_may_change(each, _root(part)) for each in ast.walk(self._loop))
        if not isinstance(part, ast.Name):
            return not isinstance(part, ast.Lambda | ast.NamedExpr | ast.Await | ast.Yield)
        return all(
            self._is_made_by(each, part, depth) for each in module.bindings.definitions(part)
        )

    def _is_made_by(self, definition: Definition, name: ast.Name, depth: int) -> bool:
        """Whether what a name is given stands outside of the loop, or runs before in each turn."""
        made = definition.node
        if made is self._loop or self._loop not in self._around(made):
            return True
        if depth and isinstance(made, ast.For) and made in self._around(name):
            return self.makes(made.iter, depth - 1)
        value = definition.value
        return (
            depth > 0
            and isinstance(made, ast.Assign | ast.AnnAssign)
            and value is not None
            and self._runs_before(made, name)
            and self.makes(value, depth - 1)
        )

    def _runs_before(self, statement: ast.stmt, name: ast.Name) -> bool:
        """Whether a statement runs before a place whenever that does, in one turn."""
        for inner in (name, *self._around(name)):
            outer = self._module.parents.get(inner)
            block = getattr(outer, "body", None), getattr(outer, "orelse", None)
            for each in block:
                if isinstance(each, list) and inner in each and statement in each:
                    return each.index(statement) < each.index(inner)
        return False

    def _around(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, and the loops of the comprehensions among that."""
        outer = self._module.parents.get(node)
        while outer is not None:
            yield outer
            yield from getattr(outer, "generators", ())
            outer = self._module.parents.get(outer)


def _root(part: ast.expr) -> str:
    """The name at the beginning of ``a.b[c]``; empty for the part of something else."""
    while isinstance(part, _PARTS):
        part = part.value
    return part.id if isinstance(part, ast.Name) else ""


def _may_change(node: ast.AST, name: str) -> bool:
    """Whether a node may change what an object holds: it stores a part of one, calls a method of
    the object of that name, or hands that on.
    """
    if isinstance(node, _PARTS):
        return isinstance(node.ctx, ast.Store)
    if not isinstance(node, ast.Call):
        return False
    given = (*node.args, *(each.value for each in node.keywords))
    return (isinstance(node.func, ast.Attribute) and _root(node.func) == name) or any(
        isinstance(each, ast.Name) and each.id == name for each in given
    )
