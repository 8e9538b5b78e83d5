"""Whether torch would set attributes of what a class gives back, and that is not a new object.

``_rebuild_from_type_v2`` calls what a file names, and sets attributes of the result under names of
the file's choice. Where that is a class, they hold for the whole program.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.proofs.uses.own_self import is_of_class

if TYPE_CHECKING:
    from torchload_lint.source.facts.module import Module

ASKED_BY_TORCH = frozenset({"as_subclass", "detach", "requires_grad_", "__new__"})
"""Methods that torch asks of what a file gives it, to set attributes of what they return."""
_OF_MEMBERS = ASKED_BY_TORCH - {"__new__"} | {"__getattr__", "__getattribute__"}
"""Those, and what may stand for them, that a member of an enumeration may give itself by, which
belongs to the whole program."""
_OF_TENSORS = ASKED_BY_TORCH - {"__new__"}


def gives_what_is_set(
    node: ast.FunctionDef | ast.AsyncFunctionDef, home: Module, *, is_shared: bool
) -> str:
    """Why a method may give back what torch then sets attributes of; empty where it does not:
    any ``as_subclass``, a ``detach`` or ``requires_grad_`` that a class can be asked for (what they
    give must have the type of what is asked), and a ``__new__`` that does not make an object.
    """
    may_be_asked_of_class = is_of_class(node, home) or len(node.args.args) <= len(
        node.args.defaults
    )
    if is_shared and node.name in _OF_MEMBERS:
        return (
            f"{home.path}:{node.lineno} torch sets attributes of the member that {node.name} gives"
        )
    gives_back = node.name == "as_subclass" or (node.name in _OF_TENSORS and may_be_asked_of_class)
    if gives_back or (node.name == "__new__" and not _makes_an_object(node)):
        return f"{home.path}:{node.lineno} torch sets attributes of what {node.name} gives"
    return ""


def _makes_an_object(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether all that a ``__new__`` returns is what ``object.__new__(cls, …)`` has made."""
    first = next((one.arg for one in (*node.args.posonlyargs, *node.args.args)), "")
    inside = [one for one in ast.walk(node) if one is not node]
    if not first or any(isinstance(one, _NOT_READ) for one in inside):
        return False
    made = {
        target.id: one.value
        for one in inside
        if isinstance(one, ast.Assign) and len(one.targets) == 1
        for target in one.targets
        if isinstance(target, ast.Name)
    }
    stored = [one.id for one in inside if isinstance(one, ast.Name) and _is_stored(one)]
    own = [one.body[0] for one in inside if isinstance(one, ast.If) and _gives_own(one, first)]
    results = [one.value for one in inside if isinstance(one, ast.Return) and one not in own]
    values = [
        made.get(one.id) if isinstance(one, ast.Name) and stored.count(one.id) == 1 else one
        for one in results
    ]
    return first not in stored and all(_is_made(one, first) for one in values)


def _gives_own(node: ast.If, first: str) -> bool:
    """``if isinstance(x, cls): return x``: what comes back is an object of the class."""
    result, test = node.body[0], node.test
    if not isinstance(result, ast.Return) or not isinstance(result.value, ast.Name):
        return False
    return ast.unparse(test) == f"isinstance({result.value.id}, {first})"


_NOT_READ = (
    ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal, ast.FunctionDef,
    ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Match, ast.ExceptHandler, ast.Import,
    ast.ImportFrom,
)  # fmt: skip
"""What may give a name another value, or return something else, out of sight."""


def _is_stored(name: ast.Name) -> bool:
    return not isinstance(name.ctx, ast.Load)


def _is_made(value: ast.expr | None, first: str) -> bool:
    """``object.__new__(cls)``, ``super().__new__(cls, …)``: a base's, which is looked at."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return False
    given = value.args[0] if value.args else None
    is_own = isinstance(given, ast.Name) and given.id == first
    return value.func.attr == "__new__" and is_own and _is_a_base(value.func.value)


def _is_a_base(value: ast.expr) -> bool:
    """``object``, ``tuple``, or ``super()``: not what the file chooses."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "super"
    return isinstance(value, ast.Name) and value.id in _OBJECTS


_OBJECTS = frozenset({"object", "tuple", "list", "dict", "str", "int", "float", "bytes", "set"})
