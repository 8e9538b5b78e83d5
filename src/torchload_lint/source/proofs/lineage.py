"""A class and its bases, in the project and in the installed packages that may be read."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.names.members import base_expressions, member
from torchload_lint.source.project.origins import origins
from torchload_lint.source.proofs.installed import in_packages
from torchload_lint.source.proofs.uses.fixed_values import is_plain_maker
from torchload_lint.source.proofs.uses.missing import answered_elsewhere, defined_anew

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import Found, ProjectIndex


class UnprovenError(Exception):
    """Something is not known to be harmless; the message says what, and where."""


class Holder(NamedTuple):
    """A class, its file, and the files that its names lead to."""

    node: ast.ClassDef
    module: Module
    project: ProjectIndex


def lineage(holder: Holder, is_plain: Callable[[str], bool]) -> Iterator[Holder]:
    """A class and its bases, nearest first.

    ``is_plain`` says which classes outside of all that can be read may be a base. Raises
    UnprovenError where a base is neither that nor known.
    """
    waiting, seen, subscripted = [holder], set(), False
    while waiting:
        current = waiting.pop(0)
        if current.node in seen:
            continue
        seen.add(current.node)
        yield current
        if subscripted and member(current.node, "__class_getitem__") is not None:
            where = f"{current.module.path}:{current.node.lineno}"
            raise UnprovenError(f"{where} says what stands for it as a base, as Base[int] asks")
        subscripted |= any(isinstance(base, ast.Subscript) for base in current.node.bases)
        for base in base_expressions(current.node):
            waiting += _base(base, current, is_plain)


def _base(base: ast.expr, holder: Holder, is_plain: Callable[[str], bool]) -> Iterator[Holder]:
    home, project = holder.module, holder.project
    if isinstance(base, ast.Call) and is_plain(home.bindings.qualified(base.func) or ""):
        if not is_plain_maker(base, home):
            raise UnprovenError(f"{home.path}:{base.lineno} its base has values that are not plain")
        return  # a namedtuple
    anew = defined_anew(base, home)
    for dotted in home.bindings.possible(base) or frozenset({""}):
        found = meanings(dotted, home, project, is_plain) if dotted and not anew else None
        classes = [(one.node, one.module, index) for index, one in found or ()]
        if found is None or not all(isinstance(node, ast.ClassDef) for node, *_ in classes):
            named = dotted or ast.unparse(base)
            raise UnprovenError(f"{home.path}:{base.lineno} its base {named} is not known")
        for node, module, index in classes:
            if isinstance(node, ast.ClassDef):
                yield Holder(node, module, index)


def meanings(
    dotted: str, home: Module, project: ProjectIndex, is_plain: Callable[[str], bool]
) -> list[tuple[ProjectIndex, Found]] | None:
    """All that a dotted name in a file may stand for that can be read, besides what is plain;
    None where it may stand for something else.
    """
    if answered_elsewhere(dotted, home.path, project):
        return None
    found = [(project, one) for one in project.definitions(dotted, home.path)]
    outside = origins(dotted, home.path, project)
    for name in sorted(outside):
        if is_plain(name):
            continue
        inside = in_packages(name, project)
        if not inside or any(answered_elsewhere(name, "", index) for index, _ in inside):
            return None
        found += inside
    return found if found or outside else None
