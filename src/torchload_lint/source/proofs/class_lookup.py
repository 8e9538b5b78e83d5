"""The class or function of the project that a checkpoint names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.proofs import class_facts
from torchload_lint.source.proofs.installed import imported_packages, in_packages, read_from
from torchload_lint.source.proofs.proof import prove_class
from torchload_lint.source.proofs.replaced import why_replaced

if TYPE_CHECKING:
    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.source.project.index import Found, ProjectIndex


def find(project: ProjectIndex, name: GlobalName, near: str = "") -> ClassFacts | None:
    """The class or function that a checkpoint names: first-party, or of an installed library that
    the project depends on.

    Follows re-exports to the defining module. A name that leads straight to the file is how the
    class is called where it is imported by that name, whatever other names the file has (a package
    may be imported from several folders); after a re-export it is the file's own.

    ``__main__.X`` is searched for in the file ``near`` first, then in the whole project, and is
    only answered where exactly one definition exists.
    """
    in_main = name.module == "__main__"
    found = _in_main(project, name, near) if in_main else _named(project, name, near)
    if found is not None:
        facts = class_facts.facts(found, project)
        is_straight = not in_main and _leads_straight(project, name, near, found)
        return facts._replace(defined_as=name) if is_straight else facts
    return None if in_main else _installed(project, name)


def _leads_straight(project: ProjectIndex, name: GlobalName, near: str, found: Found) -> bool:
    same = name.module != found.module.name and name.qualname == found.qualname
    return same and project.layout.locate(name.module, near) == found.module.path


def _installed(project: ProjectIndex, name: GlobalName) -> ClassFacts | None:
    found = in_packages(str(name), project)
    if len({id(one.node) for _, one in found}) != 1:
        return None
    index, one = found[0]
    distribution = read_from(one, index, project)
    if distribution is None:
        return None
    facts = class_facts.facts(one, index)._replace(read_from=str(distribution))
    if facts.unproven or not isinstance(one.node, ast.ClassDef):
        return facts
    used = prove_class(one.node, one.module, index).used
    if used is None:
        return facts
    others = imported_packages(project, but=index)
    reasons = (why_replaced(used, one) for one in (project, *others))
    return facts._replace(unproven=next(filter(None, reasons), ""))


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
