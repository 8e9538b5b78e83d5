"""What statements and calls put into which objects, told apart by how they are spelled."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.state import class_fields
from torchload_lint.source.text.expressions import code_of, last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

SELF = frozenset({"self", "cls"})
_SETTING = frozenset({"setattr", "__setattr__"})
_OBJECT_NAME_VALUE = 3
FILLING = frozenset(
    """
    __setitem__ __ior__ __iadd__ add add_module append appendleft extend extendleft insert
    register_module setdefault update
    """.split()
)

_REGISTERING = frozenset(
    """
    add_module register_module register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_backward_hook
    """.split()
)


class Put(NamedTuple):
    """A statement or call that puts values into an object."""

    home: SourceFile
    receivers: tuple[ast.expr, ...]
    """The object, and those that it is a part of: ``a.b[0]``, ``a.b``, ``a``."""
    values: tuple[ast.expr, ...]


class Puts(NamedTuple):
    """All of one file that may put something into something."""

    puts: tuple[Put, ...]
    aliases: tuple[tuple[ast.expr, ast.expr], ...]
    """Names and attributes, and what they are given: another name for an object, or a part."""
    calls: tuple[ast.Call, ...]
    """Calls that hand a name or an attribute on."""


def puts_of(within: ast.AST, home: SourceFile, project: ProjectIndex) -> Puts:
    """All of a file, or of one of its functions; collected once."""
    return project.remember(("puts", within), lambda: _puts(within, home))


class Objects:
    """Objects of one file, told apart by how they are spelled and by where their names come from;
    attributes of ``self`` by their own name, whatever the method.
    """

    def __init__(self, home: SourceFile) -> None:
        self.home = home
        self._roots: dict[str, set[ast.AST]] = {}
        self._first_names: set[str] = set()
        self._nodes: list[ast.expr] = []
        self._attributes: dict[str, bool] = {}
        """Their own names, and whether they are attributes of ``self``."""

    def add(self, node: ast.AST) -> bool:
        """Whether a node is a name or an attribute that was not among them."""
        if not isinstance(node, ast.Name | ast.Attribute):
            return False
        code, roots = self._spelled(node)
        if code in SELF or (code in self._roots and roots <= self._roots[code]):
            return False
        self._nodes.append(node)
        self._roots.setdefault(code, set()).update(roots)
        self._first_names.update(_first_name(node))
        if isinstance(node, ast.Attribute):
            self._attributes[node.attr] = _is_own(node) or self._attributes.get(node.attr, False)
        return True

    def add_parameter(self, parameter: ast.arg) -> None:
        """The object that a function is given under that name."""
        self._roots[parameter.arg] = {parameter}
        self._first_names.add(parameter.arg)

    def attributes(self) -> list[str]:
        """The attributes of ``self`` among them, by their own names."""
        return [name for name, is_own in self._attributes.items() if is_own]

    def shared(self) -> list[str]:
        """Those that other files may name: what a module defines, by its dotted name."""
        home = self.home
        own = [
            f"{home.name}.{code}"
            for code, roots in self._roots.items()
            if code.isidentifier() and any(home.parents.get(each) is home.tree for each in roots)
        ]
        imported = filter(None, map(home.bindings.qualified, self._nodes))
        return [*dict.fromkeys((*own, *imported))]

    def holds(self, node: ast.expr) -> bool:
        """Whether it may be one of them."""
        if isinstance(node, ast.Attribute) and node.attr in self._attributes:
            return _is_own(node) or self._attributes[node.attr] or self._is_spelled(node)
        return self._is_spelled(node)

    def _is_spelled(self, node: ast.expr) -> bool:
        if not self._first_names.issuperset(_first_name(node)):
            return False  # most are of other names: nothing is written out for them
        code, roots = self._spelled(node)
        known = self._roots.get(code)
        return known is not None and (not known or not roots or bool(known & roots))

    def _spelled(self, node: ast.expr) -> tuple[str, set[ast.AST]]:
        root = root_of(node)
        if not isinstance(root, ast.Name) or root.id in SELF:
            return code_of(node), set()
        definitions = self.home.bindings.definitions(root)
        return code_of(node), {each.node for each in definitions}


def root_of(node: ast.expr) -> ast.expr:
    """``a`` of ``a.b[0]``."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node


def _first_name(node: ast.expr) -> tuple[str, ...]:
    root = root_of(node)
    return (root.id,) if isinstance(root, ast.Name) else ()


def _is_own(node: ast.expr) -> bool:
    """Whether it is an attribute of ``self``."""
    root = root_of(node)
    return isinstance(root, ast.Name) and root.id in SELF


def _puts(within: ast.AST, home: SourceFile) -> Puts:
    puts: list[Put] = []
    aliases: list[tuple[ast.expr, ast.expr]] = []
    calls: list[ast.Call] = []
    for node in ast.walk(within):
        puts.extend(Put(home, *each) for each in _put(node))
        aliases.extend(_given(node))
        if isinstance(node, ast.Call) and any(_is_object(each) for _, each in each_argument(node)):
            calls.append(node)
    return Puts(tuple(puts), tuple(aliases), tuple(calls))


_PutInto: TypeAlias = "tuple[tuple[ast.expr, ...], tuple[ast.expr, ...]]"


def _put(node: ast.AST) -> Iterator[_PutInto]:
    """The receivers and the values of a statement or a call."""
    if isinstance(node, ast.Call):
        yield from _put_by_call(node)
    elif isinstance(node, ast.AugAssign):
        yield tuple(inner(node.target)), (node.value,)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        for target in _targets(node):
            if isinstance(target, ast.Subscript):
                yield tuple(inner(target.value)), (node.value,)
            elif isinstance(target, ast.Attribute):
                yield (target.value,), (node.value,)


def _put_by_call(node: ast.Call) -> Iterator[_PutInto]:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name in _SETTING and len(node.args) == _OBJECT_NAME_VALUE:
        yield (node.args[0],), (node.args[2],)
    elif name in FILLING and isinstance(node.func, ast.Attribute):
        values = (*node.args, *(each.value for each in node.keywords))
        yield tuple(inner(node.func.value)), values


def _given(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        if _is_object(node.value):
            yield from ((each, node.value) for each in _targets(node) if _is_object(each))
    elif isinstance(node, ast.For) and _is_object(node.iter):
        yield node.target, node.iter


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _is_object(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


def inner(node: ast.expr) -> Iterator[ast.expr]:
    """An expression, and the objects that it is a part of: ``a.b[0]``, ``a.b``, ``a``."""
    yield node
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
        yield node


def each_argument(call: ast.Call) -> Iterator[tuple[int | str, ast.expr]]:
    """What a call gives, with its place or its name."""
    yield from enumerate(call.args)
    yield from ((each.arg, each.value) for each in call.keywords if each.arg is not None)


def held_besides(
    node: ast.ClassDef, module: SourceFile, project: ProjectIndex
) -> Iterator[tuple[ast.arg | None, ast.expr]]:
    """What the objects of a class hold besides ``self.name = value``, with the method's ``self``:
    defaults of fields, what is put into an attribute (``self.layers.append(layer)``), registered by
    a call (``self.add_module("act", nn.Tanh())``) and kept by a ``cached_property``.
    """
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and item.value is not None:
            default = _default(item.value)
            if default is not None:
                yield None, default
        if isinstance(item, ast.FunctionDef) and item.args.args:
            receiver = item.args.args[0]
            yield from ((receiver, each) for each in _held_by_method(item, module, project))


def _default(value: ast.expr) -> ast.expr | None:
    """What a field holds where nobody gives it: of ``field(default_factory=list)`` a call of it."""
    keywords = value.keywords if isinstance(value, ast.Call) else []
    for keyword in keywords:
        made = keyword.value
        if keyword.arg in {"default_factory", "factory"} and not isinstance(made, ast.Lambda):
            return ast.copy_location(ast.Call(made, [], []), made)
    return class_fields.default_of(value)


def _held_by_method(
    method: ast.FunctionDef, module: SourceFile, project: ProjectIndex
) -> Iterator[ast.expr]:
    receiver = method.args.args[0].arg
    for put in puts_of(method, module, project).puts:
        holder, root = put.receivers[0], root_of(put.receivers[0])
        if holder is not root and isinstance(root, ast.Name) and root.id == receiver:
            yield from put.values
    is_kept = any(last_name(each) == "cached_property" for each in method.decorator_list)
    for node in ast.walk(method):
        if isinstance(node, ast.Call) and _registers(node, receiver) and node.args:
            yield node.args[-1]
        elif is_kept and isinstance(node, ast.Return) and node.value is not None:
            yield node.value


def _registers(call: ast.Call, receiver: str) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in _SETTING and len(call.args) == _OBJECT_NAME_VALUE:
        return isinstance(call.args[0], ast.Name) and call.args[0].id == receiver
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return name in _REGISTERING and isinstance(owner, ast.Name) and owner.id == receiver
