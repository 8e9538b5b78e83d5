"""Whether the names of a file still mean what its text says once it is imported.

A proof reads definitions. Code that runs at import may put others in their place: a star import, a
stored attribute, ``setattr``, ``globals()``, ``exec``, or a call that is handed the class. Where a
file does so, nothing in it is proven.
"""

from __future__ import annotations

import ast
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.source.facts.scripts import is_main_guard
from torchload_lint.source.names.members import base_expressions
from torchload_lint.source.project.layout import CHANGING_SEARCH, is_above
from torchload_lint.source.proofs.known.harmless import DECORATORS, is_harmless_base
from torchload_lint.source.proofs.lineage import UnprovenError
from torchload_lint.source.proofs.uses.at_import import is_for_types
from torchload_lint.source.proofs.uses.missing import always_runs
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import is_type_checking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_REACHING = frozenset(
    """
    __class__ __code__ __dict__ __globals__ __import__ __setattr__ __subclasses__ _convert_ delattr
    eval exec global_enum globals locals modules patch setattr vars
    """.split()
)
"""Names with which code gets at what it does not name."""
_COMPILED = (
    *(".so", ".abi3.so", ".pyd"),
    *(
        f".cpython-3{minor}-{where}.so"
        for minor in range(8, 16)
        for where in ("aarch64-linux-gnu", "darwin", "x86_64-linux-gnu")
    ),
    *(f".cp3{minor}-win_amd64.pyd" for minor in range(8, 16)),
)
"""Endings of compiled modules, which Python imports sooner than the file with the text."""
_SETTINGS = ("torch.backends.", "torch.manual_seed", "warnings.", "matplotlib.")
"""Whose attributes may be set at import: no class or function of a project stands there."""


def check_own_name(node: ast.ClassDef, module: Module) -> None:
    """Raise UnprovenError where the name of a class may stand for something else in its file."""
    for one in module.bindings.module_definitions(node.name):
        is_class = isinstance(one.node, ast.ClassDef)
        if not is_class and module.parents.get(node) is module.tree:
            row = getattr(one.node, "lineno", node.lineno)
            raise UnprovenError(f"{module.path}:{row} gives {node.name} another meaning")
    for outer, name in _outer(node, module):
        inside = module.bindings.flow(outer).exit.definitions(name) or ()
        if _is_odd(outer, module) or {one.kind for one in inside} != {"class"} or len(inside) > 1:
            raise UnprovenError(f"{module.path}:{outer.lineno} may have another {name}")
    defined = module.bindings.flow(module.tree).all
    taken_back = any(one.kind in {"except", "delete"} for one in defined.get(node.name, ()))
    if "__getattr__" in defined and (taken_back or not always_runs(node, module)):
        raise UnprovenError(f"{module.path} has a __getattr__ that may answer for {node.name}")


def _outer(node: ast.ClassDef, module: Module) -> Iterator[tuple[ast.ClassDef, str]]:
    """The classes around a class, and the name of what each of them has of it."""
    name, current = node.name, module.parents.get(node)
    while isinstance(current, ast.ClassDef):
        yield current, name
        name, current = current.name, module.parents.get(current)


def _is_odd(node: ast.ClassDef, module: Module) -> bool:
    """Whether a class may give something else than what stands in it."""
    bases = [module.bindings.qualified(base) or "" for base in base_expressions(node)]
    marks = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    plain = all(is_harmless_base(one) and not one.startswith("enum.") for one in bases)
    known = all(module.bindings.qualified(one) in DECORATORS for one in marks)
    return bool(node.keywords) or not (plain and known)


def check_place(module: Module, project: ProjectIndex, *, by_attribute: bool) -> None:
    """Raise UnprovenError where Python may import another file under a module's name.

    A package and a module of one name, a compiled module, a package that changes where its modules
    lie, and, for what code takes from a package (``by_attribute``), a name of the package that
    hides the module.
    """
    path = module.path.removesuffix(".py")
    if path != module.path and project.files.exists(f"{path}/__init__.py"):
        raise UnprovenError(f"{module.path} has a package of its name beside it")
    compiled = project.remember(("compiled", path), lambda: _compiled(path, project))
    if compiled:
        raise UnprovenError(f"Python may import {compiled} in the place of {module.path}")
    package, _, last = module.name.rpartition(".")
    while package:
        above = project.module(package)
        if above is not None and above is not module:
            if "__path__" in above.text:
                raise UnprovenError(f"{above.path} changes where its modules lie")
            named = above.bindings.module_definitions(last) if by_attribute else ()
            hidden = (one for one in named if one.kind not in {"star-import", "typing-import"})
            if any(one.qualified != f"{package}.{last}" for one in hidden):
                raise UnprovenError(f"{above.path} has a {last} of its own beside {module.path}")
        package, _, last = package.rpartition(".")


def check_namesakes(module: Module, near: str, project: ProjectIndex) -> None:
    """Raise UnprovenError where another file of a module's name may be imported in its place: one
    beside a script above ``near``, or any where the program changes where Python looks.
    """
    for folder in project.layout.namesakes(module.path):
        if is_above(folder, dirname(near)) or any(map(project.holding, CHANGING_SEARCH)):
            where = f"the folder {folder}" if folder else "the project's folder"
            raise UnprovenError(f"{module.path}: one of its name may be imported, from {where}")


def _compiled(path: str, project: ProjectIndex) -> str:
    """A compiled module, or package, of the name of a file; empty where there is none."""
    inside = (f"{path}/__init__{ending}" for ending in (*_COMPILED, ".pyc"))
    beside = (f"{path}{ending}" for ending in _COMPILED)
    return next(filter(project.files.exists, (*beside, *inside)), "")


def check_steady(module: Module) -> None:
    """Raise UnprovenError where importing a file may change what its names mean."""
    change = module.remember("first change at import", lambda: next(_changes_of(module), ""))
    if change:
        raise UnprovenError(change)


def _changes_of(module: Module) -> Iterator[str]:
    for node in _at_import(module.tree):
        if reason := _changes(node, module):
            yield f"{module.path}:{getattr(node, 'lineno', 1)} {reason} when it is imported"


def _changes(node: ast.AST, module: Module) -> str:
    if isinstance(node, ast.If) and is_type_checking(node.test):
        return "" if is_for_types(node.test, module) else "may run what is for types alone"
    if _takes_all(node):
        return "takes whatever names another file has"
    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        target = module.bindings.qualified(node) or ""
        return "" if target.startswith(_SETTINGS) else f"sets {ast.unparse(node)}"
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    if isinstance(node, ast.Name | ast.Attribute) and name in _REACHING:
        return f"uses {name}"
    return ""


def _takes_all(node: ast.AST) -> bool:
    """``from x import *``, which counts in a main program, too: its classes are found there."""
    return isinstance(node, ast.ImportFrom) and node.names[0].name == "*"


def _at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes that run when a file is imported: no bodies of functions, no main program."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, FUNCTIONS):
            waiting += (*node.decorator_list, *node.args.defaults)
        elif isinstance(node, ast.If) and is_main_guard(node):
            waiting += (*filter(_takes_all, ast.walk(node)), *node.orelse)
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
