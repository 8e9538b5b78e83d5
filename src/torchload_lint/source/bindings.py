"""What each local name stands for: imports, aliases, shadowing, partials, reaching definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """One place that gives a name its meaning."""

    kind: str
    """``import`` (qualified holds the dotted target), ``assign``, ``augassign``, ``for``,
    ``with``, ``parameter``, ``function``, ``class``, ``except``, ``comprehension``, ``walrus``,
    ``delete``, ``match``, ``star-import`` (qualified is the module), ``global`` …"""
    node: ast.AST
    """The defining node (ast.Assign, ast.arg, ast.FunctionDef, ast.alias, …)."""
    value: ast.expr | None = None
    """The assigned expression, where the whole target is assigned from it; for a tuple target the
    matching element where the value is a tuple display, else None."""
    qualified: str = ""
    """For an import: what is bound, absolute (``torch.load``, ``myapp.models.Net``)."""


class Bindings:
    """Answers about names in one file. Built lazily: asking for one name costs one function."""

    def definitions(self, name: ast.Name) -> tuple[Definition, ...]:
        """The definitions that may reach this use of a name, by flow (all branches; a loop's body
        may reach its own start). Empty for a builtin or an unbound name."""
        raise NotImplementedError(name)

    def module_definitions(self, name: str) -> tuple[Definition, ...]:
        """The definitions of ``name`` at module level (as another file would import it)."""
        raise NotImplementedError(name)

    def qualified(self, expression: ast.expr) -> str | None:
        """The dotted name that an expression stands for when imports and aliases are undone.

        ``torch.load`` for ``t.load`` after ``import torch as t``; for an alias assigned once
        (``tl = torch.load``) what it was assigned; ``builtins.open`` for a builtin; a class or
        function of the file itself as ``<module name>.<qualname>``. None where it cannot be said,
        or where different branches disagree.
        """
        raise NotImplementedError(expression)
