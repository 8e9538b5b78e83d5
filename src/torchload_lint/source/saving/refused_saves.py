"""Whether a project saves with a pickle protocol that no weights-only load takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.saving.handed_saves import files_with_saves, saves_of
from torchload_lint.source.saving.saved import refused_protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.project.index import ProjectIndex


def saves_are_refused(project: ProjectIndex) -> bool:
    """Whether some save is known to choose such a protocol: else no load need look for the save
    that writes its file only to learn of that.
    """
    return bool(refused_places(project))


def refused_places(project: ProjectIndex) -> tuple[str, ...]:
    """The saves that choose such a protocol, as ``file:row``."""
    return project.remember(("refused saves",), lambda: tuple(_find(project)))


def _find(project: ProjectIndex) -> Iterator[str]:
    choosing = project.holding("pickle_protocol")
    homes = (project.module_at(path) for path in files_with_saves(project) if path in choosing)
    for home in filter(None, homes):
        for save in saves_of(home, project):
            if refused_protocol(save, home):
                yield f"{home.path}:{save.node.lineno}"
