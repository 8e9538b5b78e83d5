"""The facts of one file, collected when they are asked for."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

from torchload_lint.source.facts import fallbacks, force_variable, patches, self_chosen
from torchload_lint.source.facts.allowed import contexts
from torchload_lint.source.facts.loading import loads
from torchload_lint.source.facts.loading import wrappers as own_wrappers
from torchload_lint.source.names.source_file import SourceFile
from torchload_lint.source.text.candidates import statements
from torchload_lint.source.text.parse import SyntaxProblem, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.calls import LoadCall, SaveCall


class Module(SourceFile):
    """One Python file, parsed, with the facts that rules and fixes need.

    The facts are collected when they are first asked for, so that a file that is only read for
    the names it defines costs no more than its parse.
    """

    def __init__(
        self,
        path: str,
        name: str,
        text: str,
        tree: ast.Module,
        aliases: Mapping[str, frozenset[str]],
    ) -> None:
        super().__init__(path, name, text, tree)
        self.aliases = aliases
        """Names under which other files of the project offer ``torch.load``
        (``loaders/own_names.py``)."""

    @cached_property
    def loads(self) -> tuple[LoadCall, ...]:
        """Every place where ``torch.load`` is called or handed on, in the order of the file."""
        found = loads.loads(self, self.aliases)
        return tuple(
            load._replace(allowlists=self.allowlists_at(load.node)) if self.allowlists else load
            for load in found
        )

    @cached_property
    def load_nodes(self) -> frozenset[ast.AST]:
        """Where these places are."""
        return frozenset(load.node for load in self.loads)

    @cached_property
    def saves(self) -> tuple[SaveCall, ...]:
        """Every ``torch.save`` call, in the order of the file."""
        return loads.saves(self)

    @cached_property
    def allowlists(self) -> tuple[Allowlist, ...]:
        """Every ``safe_globals`` and ``add_safe_globals`` call of the file."""
        return contexts.collect(self)

    def allowlists_at(self, place: ast.AST) -> tuple[Allowlist, ...]:
        """The allowlists that hold when ``place`` runs, outermost first."""
        return contexts.in_force(self, self.allowlists, place)

    @cached_property
    def assigned(self) -> dict[str, list[ast.expr]]:
        """Name → all that is assigned to it anywhere in the file, in any order."""
        found: dict[str, list[ast.expr]] = {}
        for statement in statements(self.tree.body):
            if not isinstance(statement, ast.Assign):
                continue
            for target in statement.targets:
                for name in target.elts if isinstance(target, ast.Tuple) else (target,):
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, []).append(statement.value)
        return found

    @cached_property
    def wrappers(self) -> tuple[own_wrappers.Wrapper, ...]:
        """The functions of the file that pass a parameter on as ``weights_only``."""
        return own_wrappers.wrappers(self, self.loads)

    @cached_property
    def wrapper_calls(self) -> tuple[own_wrappers.WrapperCall, ...]:
        """Every call of one of them in the file, in its order."""
        return own_wrappers.calls(self, self.wrappers)

    @cached_property
    def environment(self) -> tuple[force_variable.EnvironmentSwitch, ...]:
        """Every place that sets the variable by which torch drops its restricted loader."""
        return force_variable.collect(self)

    @cached_property
    def patches(self) -> tuple[patches.Patch, ...]:
        """Every place that puts something else in the place of ``torch.load``."""
        return patches.collect(self, self.loads)

    @cached_property
    def fallbacks(self) -> tuple[fallbacks.UnsafeFallback, ...]:
        """Every safe load that is tried again unsafely when it fails."""
        return fallbacks.collect(self, self.loads)

    @cached_property
    def self_chosen(self) -> tuple[self_chosen.SelfChosen, ...]:
        """Every allowlist of the file that holds what a checkpoint asks for."""
        return self_chosen.collect(self, self.loads, self.allowlists)

    @cached_property
    def functions_that_tell(self) -> frozenset[str]:
        """The names of the functions that return what a checkpoint asks for."""
        return self_chosen.functions_that_tell(self, self.loads)


def read(
    text: str, path: str, name: str = "", aliases: Mapping[str, frozenset[str]] | None = None
) -> Module | SyntaxProblem:
    """Parse ``text``; the facts are collected when asked for. Never raises, never looks at the
    disk. ``aliases``: what ``loaders/own_names.py`` says of the project.
    """
    text = text.removeprefix("\ufeff")
    tree = parse(text)
    return (
        tree if isinstance(tree, SyntaxProblem) else Module(path, name, text, tree, aliases or {})
    )


def reread(text: str, path: str, name: str) -> Module | SyntaxProblem:
    """The same for a file that may have been read before with another text: one that is long has
    the nodes of then, but for the statements that have changed.
    """
    text = text.removeprefix("\ufeff")
    tree = parse(text, path)
    return tree if isinstance(tree, SyntaxProblem) else Module(path, name, text, tree, {})
