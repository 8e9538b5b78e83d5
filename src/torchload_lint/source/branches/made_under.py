"""Objects that different branches make of different classes: ``if kind == "a": net = A()``.

Where ``net.load(f"{kind}.pt")`` runs the method of ``A``, ``kind`` is ``"a"``, and not the default
that makes another class.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.branches import guards
from torchload_lint.source.project.called_objects import called_object

if TYPE_CHECKING:
    from torchload_lint.source.branches.guards import Tests
    from torchload_lint.source.domain.values import Class
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.call_targets import Site
    from torchload_lint.source.project.index import ProjectIndex


def tests(project: ProjectIndex, site: Site, of: Class | None) -> Tests:
    """What the branch says in which the object of a method call was made. ``of``: its class."""
    method = site.written.func
    if of is None or not isinstance(method, ast.Attribute):
        return ()
    made = _values(method.value, site.module)
    here = [value for value in made if _is_of(value, of, site.module, project)]
    if len(here) != 1 or len(made) == 1:
        return ()
    return guards.comparing(here[0], site.module)


def _values(receiver: ast.expr, module: SourceFile) -> list[ast.expr]:
    """What the name or the attribute of an object is given, in the file."""
    if isinstance(receiver, ast.Name):
        definitions = module.bindings.definitions(receiver)
        return [one.value for one in definitions if one.value is not None]
    if isinstance(receiver, ast.Attribute):
        return list(module.bindings.member_values(receiver))
    return []


def _is_of(value: ast.expr, of: Class, module: SourceFile, project: ProjectIndex) -> bool:
    candidates = called_object(project, module, value).candidates
    return any(one.of is not None and one.of.node is of.node for one in candidates)
