"""What hangs on the members of an enumeration: the whole program has the same ones.

A file that names a member gets the very object that the program uses. So nothing may be set on it
after it is made, and a list that its ``__init__`` gives it may only be read.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import base_expressions, body, is_function
from torchload_lint.source.proofs.uses.shared import ENDLESS, READING, depth_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.source.facts.module import Module

    Level = tuple[ast.ClassDef, Module]
    _Method = ast.FunctionDef | ast.AsyncFunctionDef

_VALUE = ("value", "_value_")
_BY_TEXT = frozenset("__dict__ __setattr__ __delattr__ setattr delattr vars".split())
_FILLING = frozenset({"__init__", "__setstate__", "__post_init__"})
_CHANGING_BASES = frozenset(
    """
    builtins.bytearray builtins.dict builtins.list builtins.set collections.Counter
    collections.OrderedDict collections.UserDict collections.UserList collections.defaultdict
    collections.deque argparse.Namespace types.SimpleNamespace
    """.split()
)


def is_enumeration(levels: Sequence[Level]) -> bool:
    """Whether one of a class and its bases derives from an enumeration of Python's."""
    return any(base.startswith("enum.") for level in levels for base in _bases(level))


def may_change_member(levels: Sequence[Level]) -> str:
    """What makes a member a list or the like, or gives it attributes by names that do not stand
    there; empty where nothing does.
    """
    bases = (base for level in levels for base in _bases(level))
    setting = (
        f"line {one.lineno}"
        for node, _ in levels
        for one in body(node.body)
        if is_function(one) and one.name == "__init__" and _words(one) & _BY_TEXT
    )
    return next((base for base in bases if base in _CHANGING_BASES), "") or next(setting, "")


def sets_on_member(node: _Method) -> bool:
    """Whether a method may set an attribute of a member that has been made already."""
    if node.name == "__init__":
        return False
    stores = (
        isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store | ast.Del)
        for one in ast.walk(node)
    )
    return any(stores) or bool(_words(node) & (_BY_TEXT | _FILLING))


def _words(node: _Method) -> set[str]:
    inside = list(ast.walk(node))
    attributes = {one.attr for one in inside if isinstance(one, ast.Attribute)}
    return attributes | {one.id for one in inside if isinstance(one, ast.Name)}


def held_by_members(levels: Sequence[Level]) -> Iterator[tuple[str, int]]:
    """Attributes of the members, and how many levels of what they hold may be changed."""
    given = max((depth for level in levels for depth in _values(level)), default=0)
    for name in _VALUE:
        yield name, given
    for node, home in levels:
        for statement in body(node.body):
            if is_function(statement):
                yield from _stored(statement, home, given)
            elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                made = isinstance(statement.value, ast.Call)  # a field, with a default of its own
                yield statement.target.id, ENDLESS if made else given


def _bases(level: Level) -> Iterator[str]:
    node, home = level
    for base in base_expressions(node):
        yield home.bindings.qualified(base) or ""


def _values(level: Level) -> Iterator[int]:
    node, home = level
    for statement in body(node.body):
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            yield depth_of(statement.value, home)
        elif is_function(statement) and statement.name == "_generate_next_value_":
            results = (one for one in ast.walk(statement) if isinstance(one, ast.Return))
            yield max((_depth_of_text(one.value, home) for one in results), default=0)


def _depth_of_text(value: ast.expr | None, home: Module) -> int:
    """Of ``name.lower()``, too, which is a text."""
    func = value.func if isinstance(value, ast.Call) else None
    is_text = isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name)
    return 0 if is_text and func.attr in READING else depth_of(value, home)  # type: ignore[union-attr]


def _stored(node: _Method, home: Module, given: int) -> Iterator[tuple[str, int]]:
    """What a method sets: what it is given is what stands in the class as the member's value."""
    if any(home.bindings.qualified(one) == "functools.cached_property"
           for one in node.decorator_list):  # fmt: skip
        yield node.name, ENDLESS
    parameters = {one.arg for one in (*node.args.posonlyargs, *node.args.args)}
    plain: dict[ast.expr, ast.expr] = {}
    for one in ast.walk(node):
        if isinstance(one, ast.Assign):
            plain |= dict.fromkeys(one.targets, one.value)
        elif isinstance(one, ast.AnnAssign) and one.value is not None:
            plain[one.target] = one.value
        elif isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store):
            yield one.attr, _depth_of_stored(plain.get(one), home, parameters, given)


def _depth_of_stored(value: ast.expr | None, home: Module, parameters: set[str], given: int) -> int:
    if value is None:
        return ENDLESS
    inside = list(ast.walk(value))
    names = {one.id for one in inside if isinstance(one, ast.Name)}
    if names - parameters or any(isinstance(one, ast.Attribute) for one in inside):
        return ENDLESS
    return max(depth_of(value, home), given if names else 0)
