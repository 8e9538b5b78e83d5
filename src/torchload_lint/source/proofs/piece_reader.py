"""What is written down of a piece of code as it is read, and whether a name is ``self``."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.names.reaching import BUILTINS
from torchload_lint.source.proofs.known.harmless import is_harmless
from torchload_lint.source.proofs.lineage import Holder, UnprovenError
from torchload_lint.source.proofs.uses.fixed_values import shows_own_error
from torchload_lint.source.proofs.uses.missing import hidden_by_module, may_be_missing
from torchload_lint.source.proofs.uses.own_self import is_instance
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import Definition

_COUNTED = frozenset({"getattr", "super", "type"})
"""Builtins whose arguments are told apart by their places."""


class Piece(NamedTuple):
    """A piece of code to be looked at: a function, a class, or the expression of a value."""

    node: ast.AST
    module: Module
    project: ProjectIndex
    """The files that its names lead to: the project's, or those of an installed package."""
    holder: Holder | None = None
    """For a method, the class whose instance ``self`` is."""
    unbound: bool = False
    """Whether what it asks of ``self`` may be asked of anything: ``Base.method(something)``."""
    any_self: bool = False
    """Whether ``self`` may even be a class, whose attributes others share."""


@dataclass(slots=True)
class PieceReader:
    """What one piece of code uses, as far as it is read."""

    module: Module
    project: ProjectIndex
    any_self: bool = False
    """Whether ``self`` may be anything."""
    uses: list[Piece] = field(default_factory=list)
    """What it uses of the project."""
    of_class: set[str] = field(default_factory=set)
    """Attributes that it asks of its class, so that what they hold is given a ``self``."""
    own: set[str] = field(default_factory=set)
    """Attributes that it asks of ``self`` or of ``super()``."""
    others: set[str] = field(default_factory=set)
    """Attributes that it asks of any other object."""
    hands: set[str] = field(default_factory=set)
    """Attributes of other objects that it calls with something, or hands on: of a class they may be
    methods that take what they are given first for ``self``."""
    leads: set[str] = field(default_factory=set)
    """The same of ``self``."""
    outside: set[str] = field(default_factory=set)
    """Dotted names of Python and of libraries that it uses."""
    kept: set[str] = field(default_factory=set)
    """Attributes that it does more with than to read what they hold."""
    opened: set[str] = field(default_factory=set)
    """Attributes of which it takes out what they hold."""
    operands: set[str] = field(default_factory=set)
    """Attributes that it uses beside something with operators of its own."""
    asks_any: bool = False
    """Whether it asks ``self`` for attributes by names that the file may choose."""

    def _check_private(self, node: ast.Name | ast.Attribute) -> None:
        """Python reads ``__name`` in a class as another name, which something else may define."""
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name.startswith("__") and not name.endswith("__"):
            raise self._unproven(node, f"{name}, which Python calls otherwise in a class")

    def _check_spread(self, node: ast.Call, builtin: str) -> None:
        """``getattr(*pair, "size")`` asks for the name that stands in ``pair``."""
        if builtin in _COUNTED and any(isinstance(one, ast.Starred) for one in node.args):
            raise self._unproven(node, f"{builtin} of what a list is spread into")
        if not all(shows_own_error(one, node.func, self.module) for one in node.keywords):
            raise self._unproven(node, "exc_info of what the file may choose")

    def _check_defined(self, definitions: Sequence[Definition], node: ast.Name) -> None:
        """Where a module lacks a name after all, a builtin is meant (``eval``); and a module of a
        package takes the place of what the package calls so.
        """
        if any(self._is_local(one.node, node) for one in definitions):
            return
        is_risk = node.id in BUILTINS and not is_harmless(f"builtins.{node.id}")
        if is_risk and may_be_missing(definitions, self.module):
            raise self._unproven(node, f"{node.id}, which may be Python's own")
        if hidden_by_module(node.id, definitions, self.module, self.project):
            raise self._unproven(node, f"{node.id}, which may be a module of the package")

    def _is_local(self, node: ast.AST, use: ast.AST) -> bool:
        """Whether a definition belongs to a function around its use, whose values are all harmless.
        What ``:=`` names in a default, or in a comprehension, belongs to what is around that;
        what a function says is ``global`` belongs to the file.
        """
        if isinstance(node, ast.arg | ast.comprehension):
            return True
        child, current = node, self.module.parents.get(node)
        while current is not None:
            in_function = isinstance(current, FUNCTIONS) and isinstance(child, ast.stmt)
            if in_function or (isinstance(current, ast.Lambda) and child is current.body):
                return self._is_around(current, use)
            child, current = current, self.module.parents.get(current)
        return False

    def _is_around(self, function: ast.AST, use: ast.AST) -> bool:
        current: ast.AST | None = use
        while current is not None and current is not function:
            current = self.module.parents.get(current)
        return current is function

    def _is_self(self, node: ast.expr) -> bool:
        """Whether it is ``self`` or ``cls``, their class, or ``super()``."""
        if isinstance(node, ast.Call):
            builtin = self._builtin(node.func)
            if builtin == "super":
                return not node.args or self._is_self(node.args[-1])
            return builtin == "type" and len(node.args) == 1 and self._is_self(node.args[0])
        if isinstance(node, ast.Attribute):
            return node.attr == "__class__" and self._is_self(node.value)
        return self.module.bindings.class_of_self(node) is not None

    def _is_instance(self, node: ast.expr) -> bool:
        """Whether it is ``self``, and not a class, which others share."""
        if self.any_self or not isinstance(node, ast.Name):
            return False
        return self.module.bindings.class_of_self(node) is not None and is_instance(
            node, self.module
        )

    def _is_given_self(self, function: ast.AST) -> bool:
        """``Base.method(self, …)``, in a method."""
        call = self.module.parents.get(function)
        is_called = isinstance(call, ast.Call) and call.func is function and bool(call.args)
        return is_called and self._is_instance(call.args[0])

    def _is_filled_base(self, node: ast.Attribute) -> bool:
        """``dict.__init__(self, items)``: a class of Python's own fills the object itself."""
        return self._builtin(node.value) in BUILTINS and self._is_given_self(node)

    def _builtin(self, func: ast.expr) -> str:
        """The name of a builtin function that is called."""
        if isinstance(func, ast.Name) and not self.module.bindings.definitions(func):
            return func.id
        return ""

    def _unproven(self, node: ast.AST, what: str) -> UnprovenError:
        row = getattr(node, "lineno", 1)
        return UnprovenError(
            f"{self.module.path}:{row} uses {what}, which is not known to be harmless"
        )


def in_a_sentence(node: ast.AST) -> str:
    """A node in a sentence."""
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004 - a part of a sentence
