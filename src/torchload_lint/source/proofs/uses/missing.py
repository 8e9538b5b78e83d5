"""Names that a module may lack although its text defines them: something else answers then."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import Definition


def may_be_missing(definitions: Iterable[Definition], home: Module) -> bool:
    """Whether each of some definitions stands in a branch, or is taken back: Python then looks
    among its builtins, or asks the module's ``__getattr__``.
    """
    found = list(definitions)
    if any(one.kind in {"except", "delete"} for one in found):
        return True
    return not any(always_runs(one.node, home) for one in found)


def always_runs(node: ast.AST, home: Module) -> bool:
    """Whether a definition stands at the top of its file, or of a class there: in no branch."""
    current = node
    while current is not home.tree:
        if isinstance(current, ast.stmt | ast.ExceptHandler) and not isinstance(current, _PLAIN):
            return False
        current = home.parents[current]
    return True


_PLAIN = (
    ast.AnnAssign, ast.Assign, ast.AsyncFunctionDef, ast.ClassDef, ast.FunctionDef, ast.Import,
    ast.ImportFrom,
)  # fmt: skip


def answered_elsewhere(dotted: str, near: str, project: ProjectIndex) -> bool:
    """Whether something else may answer for a dotted name, on the way to what that stands for: the
    ``__getattr__`` of a module, or a module of a package.
    """
    waiting, seen = [dotted], set[str]()
    while waiting:
        current = waiting.pop()
        home, name = _module_of(current, near, project)
        if home is None or current in seen:
            continue
        seen.add(current)
        if home.path != near and _asked_of_package(current, near, project):
            return True
        found = home.bindings.module_definitions(name)
        defined = home.bindings.flow(home.tree).all
        if found and "__getattr__" in defined and may_be_missing(defined[name], home):
            return True
        if hidden_by_module(name, found, home, project) or not all(map(_is_read, found)):
            return True
        if any(one.qualified for one in found) and _BY_TEXT.search(home.text):
            return True
        last = max((getattr(one.node, "lineno", 0) for one in found), default=0)
        if any(_may_bring(one, name, last, home, project) for one in defined.get("*", ())):
            return True
        waiting += (one.qualified for one in found if one.qualified)
    return False


_BY_TEXT = late_pattern(
    r"\bsys\.modules\[__name__\]|\b(?:globals|locals|vars)\(\)\s*(?:\[[^\n]*\]\s*=(?!=)|\.\s*update\b)"
    r"|^(?:exec|setattr)\(",
    re.MULTILINE,
)
"""Where a file gives its names other meanings by a text or a mapping: what it hands on may be
another."""


def _asked_of_package(dotted: str, near: str, project: ProjectIndex) -> bool:
    """Whether the ``__getattr__`` of a package is asked for a module of it that a file does not
    import by its own name: ``import a`` and ``a.c.f``, ``from a import c``.
    """
    parts = dotted.split(".")
    text = project.files.text(near) or ""
    for size in range(1, len(parts) - 1):
        package, last = ".".join(parts[:size]), parts[size]
        path = project.layout.locate(package, near)
        if path is None or project.layout.locate(f"{package}.{last}", near) is None:
            continue
        home = project.module_at(path)
        if home is None or "__getattr__" not in home.bindings.flow(home.tree).all:
            continue
        by_name = rf"\b(?:import|from)\s+(?:{re.escape(package)}|\.+(?:\w+\.)*)\.?{last}\b"
        if re.search(by_name, text) is None:
            return True
    return False


def _is_read(one: Definition) -> bool:
    """Whether a definition is one that is followed, not a loop or the like."""
    is_value = one.kind == "assign" and one.value is not None
    return is_value or bool(one.qualified) or one.kind in {"class", "delete", "function"}


def _may_bring(star: Definition, name: str, last: int, home: Module, project: ProjectIndex) -> bool:
    """Whether a star import gives a name another meaning than the definitions above it."""
    if getattr(star.node, "lineno", 0) <= last or not last:
        return False
    waiting, seen = [star.qualified], set[str]()
    while waiting:
        path = project.layout.locate(waiting.pop(), home.path)
        if path in seen:
            continue
        module = project.module_at(path) if path is not None else None
        if module is None or path is None or name in module.bindings.flow(module.tree).all:
            return True
        seen.add(path)
        waiting += (one.qualified for one in module.bindings.flow(module.tree).all.get("*", ()))
    return False


def defined_anew(expression: ast.expr, home: Module) -> bool:
    """Whether the class or function that an expression names there gets another meaning later in
    its file, which is the one that a dotted name leads to.
    """
    while isinstance(expression, ast.Attribute):
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return False
    meant = [one for one in home.bindings.definitions(expression) if one.kind in _DEFINED]
    last = [one.node for one in home.bindings.module_definitions(expression.id)]
    return any(home.parents.get(one.node) is home.tree and one.node not in last for one in meant)


_DEFINED = frozenset({"class", "function"})


def hidden_by_module(
    name: str, definitions: Iterable[Definition], home: Module, project: ProjectIndex
) -> bool:
    """Whether a package defines a name that a module of it has, too, which takes its place as soon
    as that is imported.
    """
    whole = f"{home.name}.{name}"
    if not home.path.endswith("__init__.py") or project.layout.locate(whole, home.path) is None:
        return False
    return not any(f"{one.qualified}.".startswith(f"{whole}.") for one in definitions)


def _module_of(dotted: str, near: str, project: ProjectIndex) -> tuple[Module | None, str]:
    """The file of the project whose name a dotted name asks for, and that name."""
    parts = dotted.split(".")
    for size in range(len(parts) - 1, 0, -1):
        path = project.layout.locate(".".join(parts[:size]), near)
        if path is not None:
            return project.module_at(path), parts[size]
    return None, ""
