"""What a name stands for in the source of installed packages, which is read and never imported."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from torchload_lint.source.project.changes.of_the_program import names_in_imports, program_files
from torchload_lint.source.project.packages import any_package_index

if TYPE_CHECKING:
    from torchload_lint.source.facts.library_load import Distribution
    from torchload_lint.source.project.index import Found, ProjectIndex

_NOT_READ = frozenset({"builtins", "numpy", "torch"})
"""Packages that are compiled for the most part; tables say what is known of them."""


def in_packages(dotted: str, project: ProjectIndex) -> list[tuple[ProjectIndex, Found]]:
    """The definitions of a name in an installed package that may be trusted."""
    root = dotted.partition(".")[0]
    if root in _NOT_READ or project.layout.files_named(root):
        return []
    index = any_package_index(root, project)
    if index is None:
        return []
    found = index.definitions(dotted)
    return [(index, one) for one in found if _may_be_trusted(one, index)]


def _may_be_trusted(found: Found, index: ProjectIndex) -> bool:
    distribution = index.environment.distribution(found.module.path)
    return distribution is not None and index.environment.trusts(distribution)


def read_from(found: Found, index: ProjectIndex, project: ProjectIndex) -> Distribution | None:
    """The distribution that a definition was read from, where the project depends on it."""
    environment = index.environment
    distribution = environment.distribution(found.module.path)
    if distribution is None or not environment.trusts(distribution):
        return None
    depends = environment.depends_on(distribution, lambda root: _is_imported(root, project))
    return distribution if depends else None


def imported_packages(project: ProjectIndex, but: ProjectIndex) -> list[ProjectIndex]:
    """The other installed packages that files of the project import, and that can be read."""
    roots = project.remember(("definitions", "imported roots"), lambda: _imported_roots(project))
    wanted = roots - _NOT_READ - sys.stdlib_module_names
    found = (any_package_index(root, project) for root in sorted(wanted))
    return [one for one in found if one is not None and one is not but]


def _imported_roots(project: ProjectIndex) -> frozenset[str]:
    names = (names_in_imports(path, project) for path in program_files(project))
    return frozenset(name.partition(".")[0] for one in names for name in one)


def _is_imported(root: str, project: ProjectIndex) -> bool:
    """Whether a file of the project imports a package."""
    imports = re.compile(
        rf"^\s*(?:from|import)\s+(?:[\w., ]+,\s*)?{re.escape(root)}\b", re.MULTILINE
    )
    return project.remember(
        ("imports", root),
        lambda: any(
            imports.search(project.files.text(path) or "") for path in project.holding(root)
        ),
    )
