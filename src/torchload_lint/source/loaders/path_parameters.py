"""The parameters of a function, and what is made of them.

What a method reads of its object (``self.path``) is taken for a parameter too, ``self.path``: the
method that calls it may have stored a parameter of its own there.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.candidates import walk
from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import NamedFunction

OF_OBJECT = "self."
"""How the name of what is read of the object begins."""
_NAMES = 6
"""How many names are followed from the file of a load to a parameter."""
_OF_PATHS = frozenset({"parent", "name", "stem"})
"""Attributes of paths."""
_OBJECT = frozenset({"self", "cls"})


class Place(NamedTuple):
    """A function, and the index of the files that it stands in."""

    function: NamedFunction
    module: Module
    project: ProjectIndex


def parameters_of(place: Place) -> set[str]:
    """The names of a function's parameters."""
    arguments = place.function.args
    return {arg.arg for arg in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}


def positional(place: Place) -> tuple[str, ...]:
    """The positional ones, without ``self`` and ``cls``."""
    arguments = place.function.args
    names = [arg.arg for arg in (*arguments.posonlyargs, *arguments.args)]
    in_class = isinstance(place.module.parents.get(place.function), ast.ClassDef)
    marks = map(place.module.bindings.qualified, place.function.decorator_list)
    return tuple(names[1:] if in_class and "builtins.staticmethod" not in marks else names)


def made_of(node: ast.expr, place: Place, depth: int = _NAMES) -> tuple[str, ...]:
    """The parameters of a function that an expression is made of, in their order in it.

    Remembered: many arguments of a long function are made of the same names, and each of those of
    others.
    """
    key = ("made of", node, place.function, depth)
    return place.module.remember(
        key, lambda: tuple(dict.fromkeys(_parameters_behind(node, place, depth)))
    )


def _parameters_behind(node: ast.expr, place: Place, depth: int) -> Iterator[str]:
    for part in walk(node) if depth else ():
        if is_read_of_object(part):
            yield f"{OF_OBJECT}{part.attr}"
        if not isinstance(part, ast.Name) or not isinstance(part.ctx, ast.Load):
            continue
        for definition in place.module.bindings.definitions(part):
            if definition.kind == "parameter":
                holder = place.module.parents.get(definition.node)
                own = holder is place.function.args and part.id in parameters_of(place)
                if own and part.id not in _OBJECT:
                    yield part.id
                continue
            value = definition.value
            if value is None and isinstance(definition.node, (ast.For, ast.comprehension)):
                value = definition.node.iter
            if value is None and isinstance(definition.node, ast.Assign):
                value = definition.node.value
            if value is not None:
                yield from made_of(value, place, depth - 1)


def is_read_of_object(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """Whether a node is ``self.name``, read."""
    return isinstance(node, ast.Attribute) and _is_self(node.value) and _is_read(node)


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _is_read(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Load)


def is_of_object(name: str) -> bool:
    """Whether a parameter is one that a method reads of its object."""
    return name.startswith(OF_OBJECT)


def is_of_self(function: ast.expr) -> bool:
    """Whether a method of the same object is called: ``self.read``, ``super().read``."""
    if not isinstance(function, ast.Attribute):
        return False
    holder = function.value
    return _is_self(holder) or (isinstance(holder, ast.Call) and code_of(holder.func) == "super")


def stored_in(parameter: str, place: Place) -> Iterator[ast.expr]:
    """What a function stores under the name of a parameter that is read of its object."""
    name = parameter.removeprefix(OF_OBJECT) if is_of_object(parameter) else ""
    for node in walk(place.function) if name else ():
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        if any(
            getattr(one, "attr", "") == name and _is_self(one.value)
            for one in targets
            if isinstance(one, ast.Attribute)
        ):
            yield value


def is_parameter_itself(node: ast.expr, place: Place) -> bool:
    """Whether what an expression is made of is not only a field of a parameter (``args.path``)."""
    named = [part for part in walk(node) if _is_parameter(part, place)]
    return not named or any(not _is_field(place.module.parents.get(one), place) for one in named)


def _is_parameter(node: ast.AST, place: Place) -> bool:
    return isinstance(node, ast.Name) and node.id in parameters_of(place) - _OBJECT


def _is_field(node: ast.AST | None, place: Place) -> bool:
    """Whether a node reads a field, and calls no method (``path.expanduser()``)."""
    if not isinstance(node, ast.Attribute) or node.attr in _OF_PATHS:
        return False
    outer = place.module.parents.get(node)
    return not (isinstance(outer, ast.Call) and outer.func is node)


def is_asked_for(node: ast.AST, place: Place) -> bool:
    """Whether a place is only reached where a test finds something to be of a type."""
    parent = place.module.parents.get(node)
    while parent is not None and parent is not place.function:
        if isinstance(parent, (ast.If, ast.IfExp)):
            calls = (part for part in walk(parent.test) if isinstance(part, ast.Call))
            if any(code_of(one.func) == "isinstance" for one in calls):
                return True
        parent = place.module.parents.get(parent)
    return False
