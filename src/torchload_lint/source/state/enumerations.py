"""Enumerations and ``Literal``: parameters that can only be one of a few things."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.enum_members import EnumMember
from torchload_lint.source.domain.patterns import Rung, known
from torchload_lint.source.domain.values import Text, lift, union
from torchload_lint.source.names.members import member
from torchload_lint.source.project import classes
from torchload_lint.source.state.bound import BoundArguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Class, Frame, Instance, Value, Values
    from torchload_lint.source.evaluator import Evaluator

_KINDS = ("Enum", "Flag")
"""How the names of the bases end: those of ``enum``, and of libraries like it."""
_TEXT = "builtins.str"
_SPELLED = "StrEnum"
"""The base whose members are their texts, also for ``str()`` and ``format()``."""
_ODD_MEMBERS = (
    *("value", "name", "__str__", "__format__", "__fspath__", "__getattribute__", "__new__"),
    *("__init__", "_value_", "_name_", "__radd__", "__add__", "_missing_"),
)


def literals(annotation: ast.Subscript) -> Values:
    """The texts of ``Literal["a", "b"]``; empty for all other annotations."""
    if ast.unparse(annotation.value).rpartition(".")[2] != "Literal":
        return ()
    inside = annotation.slice
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    return union(Text(known(text), rung=Rung.DEFAULT) for text in texts if isinstance(text, str))


def member_of(evaluator: Evaluator, of: Class, name: str, value: Values) -> Values:
    """``Class.name`` where that is a member of an enumeration; empty for other attributes."""
    bases = _bases(evaluator, of)
    if not bases or name.startswith("__"):
        return ()
    is_spelled = any(base.endswith(_SPELLED) for base in bases)
    is_text = is_spelled or _TEXT in bases
    _leave_open_if_odd(evaluator, of)
    return (EnumMember(of, name, value, is_text=is_text, is_spelled=is_spelled),)


def of_member(evaluator: Evaluator, of: EnumMember, name: str) -> Values:
    """``member.value`` and ``member.name``; empty for what its class gives it."""
    _leave_open_if_odd(evaluator, of.of)
    if name in {"value", "_value_"}:
        return lift(of.value, of.rung)
    if name in {"name", "_name_"}:
        return (Text(known(_first_name(evaluator, of)), rung=of.rung),)
    return ()


def _first_name(evaluator: Evaluator, of: EnumMember) -> str:
    """The name of the first member with the same value: later ones are other names of it."""
    values = dict(_members(of.of.node))
    for name, value in values.items():
        if name == of.name:
            break
        if _perhaps_equal(value, values[of.name]):
            evaluator.leave_open(f"{of.of.node.name}.{of.name} may be another name of {name}")
            return name
    return of.name


def _perhaps_equal(first: ast.expr, second: ast.expr) -> bool:
    """Whether two members may have one value; each ``auto()`` gives another one."""
    if any(isinstance(each, ast.Call) for each in (first, second)):
        return False
    try:
        return bool(ast.literal_eval(first) == ast.literal_eval(second))
    except ValueError:
        return True


def _bases(evaluator: Evaluator, of: Class) -> frozenset[str]:
    """The bases of an enumeration; empty for other classes."""
    found = frozenset(classes.base_names(of.node, of.module, evaluator.project))
    return found if any(base.endswith(_KINDS) for base in found) else frozenset()


def _leave_open_if_odd(evaluator: Evaluator, of: Class) -> None:
    """Note where the class of a member says itself what the member is."""
    for level, _ in classes.ancestry(of.node, of.module, evaluator.project):
        for name in _ODD_MEMBERS:
            if member(level, name) is not None:
                evaluator.leave_open(f"class {level.name} has {name}")


def attribute(evaluator: Evaluator, instance: Instance, name: str, frame: Frame) -> Values:
    """``member.value`` and ``member.name`` of any member of an enumeration; empty for others."""
    of = instance.of
    if not _bases(evaluator, of):
        return ()
    _leave_open_if_odd(evaluator, of)
    members = list(_members(of.node))
    if name == "name":
        return union(Text(known(each), rung=Rung.DEFAULT) for each, _ in members)
    home = frame.elsewhere(of.module)
    asked = _asked_for(evaluator, instance)
    if asked and name == "value":
        return asked
    return lift(union(*(evaluator.values(value, home) for _, value in members)), Rung.DEFAULT)


def _asked_for(evaluator: Evaluator, instance: Instance) -> Values:
    """The value of ``Kind(x)``: ``x``, or that of the member ``x``; empty where that is not
    known.
    """
    call, bound = instance.call, instance.arguments
    if call is None or len(call.args) != 1 or not isinstance(bound, BoundArguments):
        return ()
    values = evaluator.values(call.args[0], bound.frame)
    if not all(isinstance(each, EnumMember) or _is_known_text(each) for each in values):
        return ()
    written = [getattr(value, "value", None) for _, value in _members(instance.of.node)]
    texts = {known(each) for each in written if isinstance(each, str)}
    if None not in written and any(isinstance(x, Text) and x.text not in texts for x in values):
        return ()  # no member: the class makes one of it, or none
    return union(*(each.value if isinstance(each, EnumMember) else (each,) for each in values))


def _is_known_text(value: Value) -> bool:
    return isinstance(value, Text) and not value.why


def _members(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """The members that a class lists, with their values."""
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        value = getattr(statement, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.expr):
                yield target.id, value
