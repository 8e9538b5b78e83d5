"""Which class it is whose method is called: ``trainer`` in ``trainer.fit(...)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.loaders.known import MAKERS
from torchload_lint.source.names import members
from torchload_lint.source.project.origins import origins
from torchload_lint.source.text.candidates import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import Definition

_DEPTH = 6
"""How many names and functions are followed from an object to its class."""
_BREADTH = 4
"""How many definitions of each name are followed."""
_MAKERS = frozenset(
    "load_from_checkpoint from_pretrained from_single_file restore_from from_cfg".split()
)
"""Methods of a class that return an object of it."""
_WRAPPERS = frozenset({"typing.Optional", "typing.Union", "typing.Type", "builtins.type"})


class Kind(NamedTuple):
    """A class: of the project, by its node, or of a library, by its name."""

    name: str = ""
    node: ast.ClassDef | None = None
    module: Module | None = None


def kinds(
    expression: ast.expr, module: Module, project: ProjectIndex, depth: int = _DEPTH
) -> frozenset[Kind]:
    """The classes that an expression may be, or be an object of; empty where it is not known.

    Remembered: many methods are called of what one expression has made.
    """
    if depth == 0:
        return frozenset()
    return project.remember(
        ("definitions", "kinds", expression, depth),
        lambda: frozenset(_kinds(expression, module, project, depth)),
    )


def _kinds(node: ast.expr, module: Module, project: ProjectIndex, depth: int) -> Iterator[Kind]:
    if isinstance(node, ast.Call):
        yield from _made(node, module, project, depth)
        return
    if isinstance(node, (ast.IfExp, ast.BoolOp, ast.NamedExpr, ast.Await)):
        for part in _parts(node):
            yield from kinds(part, module, project, depth - 1)
        return
    found = list(named(node, module, project))
    yield from found or _by_definition(node, module, project, depth)


def _by_definition(
    node: ast.expr, module: Module, project: ProjectIndex, depth: int
) -> Iterator[Kind]:
    """The classes of what a name or an attribute was given."""
    own = module.bindings.class_of_self(node)
    if own is not None:
        yield Kind(node=own, module=module)
    elif isinstance(node, ast.Name):
        for definition in module.bindings.definitions(node)[:_BREADTH]:
            yield from _defined(definition, module, project, depth)
            yield from _first_of_several(definition, node.id, module)
    elif isinstance(node, ast.Attribute):
        for value in module.bindings.member_values(node)[:_BREADTH]:
            yield from kinds(value, module, project, depth - 1)


def _parts(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp):
        return node.values
    return [node.value] if isinstance(node, (ast.NamedExpr, ast.Await)) else []


def named(node: ast.expr, module: Module, project: ProjectIndex) -> Iterator[Kind]:
    """The classes that an expression names."""
    for dotted in module.bindings.possible(node) - {""}:
        yield from of_name(dotted, module, project)


def of_name(dotted: str, module: Module, project: ProjectIndex) -> Iterator[Kind]:
    """The class of a dotted name: the project's, or one outside of it."""
    own = _own_class(dotted, module)
    if own is not None:
        yield Kind(node=own, module=module)
        return
    found = project.definitions(dotted, module.path)
    for one in found:
        if isinstance(one.node, ast.ClassDef):
            yield Kind(node=one.node, module=one.module)
    if not found:
        for name in origins(dotted, module.path, project):
            if name.rpartition(".")[2][:1].isupper():
                yield Kind(name)


def _own_class(dotted: str, module: Module) -> ast.ClassDef | None:
    """The class of this very file that a dotted name stands for."""
    home, _, name = dotted.rpartition(".")
    if home != (module.name or "__main__"):
        return None
    nodes = [one.node for one in module.bindings.module_definitions(name)]
    return nodes[0] if len(nodes) == 1 and isinstance(nodes[0], ast.ClassDef) else None


def _made(call: ast.Call, module: Module, project: ProjectIndex, depth: int) -> Iterator[Kind]:
    """What a call returns: an object of the class that is called, or what a function returns."""
    function = call.func
    if isinstance(function, ast.Call) and _is_super(function, module):
        return
    if _is_super(call, module):
        own = _class_around(call, module)
        if own is not None:
            yield from bases(own, module, project)
        return
    if isinstance(function, ast.Attribute) and function.attr in _MAKERS:
        yield from kinds(function.value, module, project, depth - 1)
        return
    own = module.bindings.class_of_self(function)
    if own is not None:  # cls()
        yield Kind(node=own, module=module)
    found = list(named(function, module, project))
    yield from found
    yield from _made_by_library(call, module)
    for dotted in module.bindings.possible(function) - {""} if not found else ():
        for one in project.definitions(dotted, module.path):
            if members.is_function(one.node):
                yield from _returned(one.node, one.module, project, depth - 1)


def _made_by_library(node: ast.expr, module: Module) -> Iterator[Kind]:
    """What a library's function returns, as far as it is data here."""
    names = module.bindings.possible(node.func) if isinstance(node, ast.Call) else frozenset()
    yield from (Kind(MAKERS[dotted]) for dotted in sorted(names & MAKERS.keys()))


def _first_of_several(definition: Definition, name: str, module: Module) -> Iterator[Kind]:
    """What the first target gets of several that a library's function returns."""
    node = definition.node
    if definition.value is None and isinstance(node, ast.Assign):
        for target in node.targets:
            first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else None
            if isinstance(first, ast.Name) and first.id == name:
                yield from _made_by_library(node.value, module)


def _returned(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    module: Module,
    project: ProjectIndex,
    depth: int,
) -> Iterator[Kind]:
    for node in walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield from kinds(node.value, module, project, depth)


def _defined(
    definition: Definition, module: Module, project: ProjectIndex, depth: int
) -> Iterator[Kind]:
    """The class of what a definition gives to a name."""
    if definition.kind == "parameter" and isinstance(definition.node, ast.arg):
        for annotation in _annotated(definition.node.annotation, module):
            yield from named(annotation, module, project)
    elif definition.kind in {"assign", "walrus", "with"} and definition.value is not None:
        yield from kinds(definition.value, module, project, depth - 1)


def _annotated(annotation: ast.expr | None, module: Module) -> Iterator[ast.expr]:
    """The classes in an annotation: ``Trainer``, ``"Trainer"``, ``Trainer | None``."""
    if isinstance(annotation, ast.BinOp):
        yield from _annotated(annotation.left, module)
        yield from _annotated(annotation.right, module)
    elif isinstance(annotation, ast.Subscript):
        if module.bindings.possible(annotation.value) & _WRAPPERS:
            inner = annotation.slice
            for part in inner.elts if isinstance(inner, ast.Tuple) else [inner]:
                yield from _annotated(part, module)
    elif annotation is not None and not isinstance(annotation, ast.Constant):
        yield annotation


def _is_super(call: ast.Call, module: Module) -> bool:
    return module.bindings.qualified(call.func) == "builtins.super"


def _class_around(node: ast.AST, module: Module) -> ast.ClassDef | None:
    parent = module.parents.get(node)
    while parent is not None and not isinstance(parent, ast.ClassDef):
        parent = module.parents.get(parent)
    return parent


def bases(node: ast.ClassDef, module: Module, project: ProjectIndex) -> Iterator[Kind]:
    """The direct bases of a class of the project."""
    for base in members.base_expressions(node):
        yield from named(base, module, project)


def library_bases(
    found: Iterable[Kind], method: str, project: ProjectIndex
) -> tuple[frozenset[str], bool]:
    """The names of library classes among some classes and their bases, and whether a class of the
    project defines ``method`` itself, so that the library's is not what is called.
    """
    names: set[str] = set()
    own = False
    waiting = list(found)
    seen: set[Kind] = set()
    while waiting and len(seen) < _DEPTH * _BREADTH:
        kind = waiting.pop()
        if kind in seen:
            continue
        seen.add(kind)
        if kind.node is None or kind.module is None:
            names.add(kind.name)
        elif members.member(kind.node, method) is not None:
            own = True
        else:
            waiting += bases(kind.node, kind.module, project)
    return frozenset(names), own
