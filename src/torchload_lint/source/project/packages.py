"""Names that lead out of the project, into the source of installed packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.project.index import ProjectIndex
from torchload_lint.source.project.layout import PackageLayout
from torchload_lint.source.project.not_followed import NOT_FOLLOWED
from torchload_lint.source.project.origins import origins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.project.index import Found


def package_index(root: str, index: ProjectIndex) -> ProjectIndex | None:
    """The index of an installed package; None where it is not there, or not worth the time."""
    return None if root in NOT_FOLLOWED else any_package_index(root, index)


def any_package_index(root: str, index: ProjectIndex) -> ProjectIndex | None:
    """The index of an installed package; None where it is not there."""
    if root not in index.packages:
        index.packages[root] = _made(root, index) if root.isidentifier() else None
    return index.packages[root]


def _made(root: str, index: ProjectIndex) -> ProjectIndex | None:
    files = index.environment.package(root)
    if files is None:
        return None
    made = ProjectIndex(files, (".",), index.environment, PackageLayout(files, (".",)))
    made.packages = index.packages
    return made


def definitions_anywhere(
    dotted: str, near: str, index: ProjectIndex
) -> Iterator[tuple[ProjectIndex, Found]]:
    """What a dotted name stands for, in the files of an index or in an installed package."""
    found = index.definitions(dotted, near)
    for one in found:
        yield index, one
    if found:
        return
    for name in sorted(origins(dotted, near, index)):
        package = package_index(name.partition(".")[0], index)
        if package is not None and package is not index:
            for one in package.definitions(name):
                yield package, one
