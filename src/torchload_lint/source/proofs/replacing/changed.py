"""Whether anybody may change what a proof rests on: the program, and the packages that it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.proofs.installed import imported_packages
from torchload_lint.source.proofs.replaced import why_replaced
from torchload_lint.source.proofs.replacing.filled_tables import why_filled

if TYPE_CHECKING:
    from collections.abc import Collection

    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.proofs.replaced import Used


def why_changed(used: Used, project: ProjectIndex) -> str:
    """Where the files of a project, or of one package, may change it; empty where they do not."""
    return why_replaced(used, project) or why_filled(used.nodes, used.files.values(), project)


def why_changed_elsewhere(
    used: Used, project: ProjectIndex, known: Collection[ProjectIndex]
) -> str:
    """Where other packages may: those that the proof rests on, and those that the program imports.

    ``known``: those that have been asked.
    """
    others = [*used.indexes, *imported_packages(project, but=project)]
    waiting = [one for one in dict.fromkeys(others) if one not in known]
    return next(filter(None, (why_changed(used, one) for one in waiting)), "")
