"""Whether a project saves with a pickle protocol that no weights-only load takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.saving.handed_saves import files_with_saves, saves_of
from torchload_lint.source.saving.saved import refused_protocol

if TYPE_CHECKING:
    from torchload_lint.source.project.index import ProjectIndex


def saves_are_refused(project: ProjectIndex) -> bool:
    """Whether some save is known to choose such a protocol: else no load need look for the save
    that writes its file only to learn of that.
    """
    return project.remember(("refused saves",), lambda: _find(project))


def _find(project: ProjectIndex) -> bool:
    choosing = project.holding("pickle_protocol")
    homes = (project.module_at(path) for path in files_with_saves(project) if path in choosing)
    return any(
        refused_protocol(save, home)
        for home in homes
        if home is not None
        for save in saves_of(home, project)
    )
