"""The class or function of the project that a checkpoint names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.project.outlines import outline_of
from torchload_lint.source.project.packages import any_package_index
from torchload_lint.source.proofs.installed import in_packages, read_from

if TYPE_CHECKING:
    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.source.facts.library_load import Distribution
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import Found, ProjectIndex
    from torchload_lint.source.project.outlines import Outline


def find(project: ProjectIndex, name: GlobalName, near: str = "") -> ClassFacts | None:
    """The class or function that a checkpoint names: first-party, or of an installed library that
    the project depends on.

    Follows re-exports to the defining module. A name that leads straight to the file is how the
    class is called where it is imported by that name, whatever other names the file has (a package
    may be imported from several folders); after a re-export it is the file's own.

    ``__main__.X`` is searched for in the file ``near`` first, then in the whole project, and is
    only answered where exactly one definition exists.
    """
    found = _own(project, name, near)
    if found is not None:
        facts = _facts(found, project)
        facts = facts._replace(unproven=facts.unproven or _why_another_copy(found, project))
        is_straight = _leads_straight(project, name, near, found)
        return facts._replace(defined_as=name) if is_straight else facts
    return _installed(project, name)


def _why_another_copy(found: Found, project: ProjectIndex) -> str:
    """Why Python may import an installed copy, of another state, of what a proof has read: the one
    that a build has left, where a script outside of the source folder runs. Empty where not.
    """
    if not isinstance(found.node, ast.ClassDef):
        return ""
    from torchload_lint.source.proofs.proof import prove_class  # noqa: PLC0415 - as for _facts

    used = prove_class(found.node, found.module, project).used
    for module in used.files.values() if used is not None else ():
        package = any_package_index(module.name.partition(".")[0], project)
        copy = package.module(module.name) if package is not None else None
        if copy is not None and copy.text != module.text:
            return f"another {module.name} than {module.path} is installed, and may be imported"
    return ""


def find_outline(project: ProjectIndex, name: GlobalName, near: str = "") -> Outline | None:
    """The same without what is proven of it, which takes much longer."""
    found = _own(project, name, near)
    if found is not None:
        seen = outline_of(found)
        is_straight = _leads_straight(project, name, near, found)
        return seen._replace(defined_as=name) if is_straight else seen
    installed = _in_package(project, name)
    return None if installed is None else outline_of(installed.found)


def find_beside(project: ProjectIndex, name: GlobalName, home: Module) -> ClassFacts | None:
    """The same for a load in one file, which may replace what a proof rests on although no other
    file imports it: a notebook, a script of another name.
    """
    facts = find(project, name, home.path)
    if facts is None or facts.unproven or home.path in project.files.python_files():
        return facts
    from torchload_lint.source.proofs.proof import prove_class  # noqa: PLC0415 - as for _facts
    from torchload_lint.source.proofs.replaced import why_replaced_at  # noqa: PLC0415

    own = _own(project, name, home.path)
    installed = None if own else _in_package(project, name)
    found = installed.found if installed else own
    index = installed.package if installed else project
    if found is None or not isinstance(found.node, ast.ClassDef):
        return facts
    used = prove_class(found.node, found.module, index).used
    return facts._replace(unproven=why_replaced_at(used, home, project)) if used else facts


def _own(project: ProjectIndex, name: GlobalName, near: str) -> Found | None:
    """What the project itself defines by that name."""
    if name.module == "__main__":
        return _in_main(project, name, near)
    return _named(project, name, near)


def _leads_straight(project: ProjectIndex, name: GlobalName, near: str, found: Found) -> bool:
    if name.module in {"__main__", found.module.name} or name.qualname != found.qualname:
        return False
    return project.layout.locate(name.module, near) == found.module.path


class _Installed(NamedTuple):
    """What an installed package defines."""

    found: Found
    package: ProjectIndex
    distribution: Distribution


def _in_package(project: ProjectIndex, name: GlobalName) -> _Installed | None:
    found = in_packages(str(name), project) if name.module != "__main__" else []
    if len({id(one.node) for _, one in found}) != 1:
        return None
    index, one = found[0]
    distribution = read_from(one, index, project)
    return None if distribution is None else _Installed(one, index, distribution)


def _installed(project: ProjectIndex, name: GlobalName) -> ClassFacts | None:
    installed = _in_package(project, name)
    if installed is None:
        return None
    one, index, distribution = installed
    facts = _facts(one, index)._replace(read_from=str(distribution))
    if facts.unproven or not isinstance(one.node, ast.ClassDef):
        return facts
    from torchload_lint.source.proofs.proof import prove_class  # noqa: PLC0415 - as for _facts
    from torchload_lint.source.proofs.replacing.changed import (  # noqa: PLC0415
        why_changed,
        why_changed_elsewhere,
    )

    used = prove_class(one.node, one.module, index).used
    if used is None:
        return facts
    by_program = why_changed(used, project)
    unproven = by_program or why_changed_elsewhere(used, project, [index, *used.indexes])
    return facts._replace(unproven=unproven)


def _facts(found: Found, project: ProjectIndex) -> ClassFacts:
    from torchload_lint.source.proofs.class_facts import facts  # noqa: PLC0415 - most need none

    return facts(found, project)


def _named(project: ProjectIndex, name: GlobalName, near: str) -> Found | None:
    definitions = project.definitions(str(name), near)
    return definitions[0] if len({id(found.node) for found in definitions}) == 1 else None


def _in_main(project: ProjectIndex, name: GlobalName, near: str) -> Found | None:
    outer = name.qualname.partition(".")[0]
    holders = project.holding(outer)
    for paths in ([near] if near else [], holders):
        found = [
            definition
            for path in paths
            if (module := project.module_at(path)) is not None
            for definition in project.in_module(module, name.qualname.split("."))
            if definition.module.path == path and definition.kind in {"class", "function"}
        ]
        if found:
            return found[0] if len(found) == 1 else None
    return None
