"""Which of several saves that write a file of one name writes the one that a load reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain import patterns
from torchload_lint.source.saving.file_names import may_lie_anywhere, names_of
from torchload_lint.source.saving.handed_saves import saves_of
from torchload_lint.source.saving.written_files import written_by

if TYPE_CHECKING:
    from torchload_lint.source.domain.patterns import Resolution
    from torchload_lint.source.facts.calls import SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.paths import PathPattern
    from torchload_lint.source.project.index import ProjectIndex

_SEVERAL = 2


def told_apart(
    resolution: Resolution,
    found: list[tuple[SaveCall, Module]],
    matched: list[tuple[SaveCall, Module]],
    homes: list[Module],
    module: Module,
    project: ProjectIndex,
) -> list[tuple[SaveCall, Module]]:
    """The saves without those of other files that write just the name of the file, in folders that
    nobody knows, where several files do, or one that writes such a name into a folder that is
    known: which of them it is, is not known.
    """
    by_name = [
        (save, home)
        for save, home in found
        if home is not module
        and all(map(may_lie_anywhere, _for_this_load(resolution, written_by(save, home, project))))
    ]
    names = {name for each in by_name for name in names_of(written_by(*each, project))}
    told = {save.node for save, _ in matched}
    others = [(save, home) for home in homes if by_name for save in saves_of(home, project)]
    if len({home.path for _, home in by_name}) < _SEVERAL and not any(
        names & names_of(written_by(*each, project)) for each in others if each[0].node not in told
    ):
        return found
    return [each for each in found if each not in by_name]


def _for_this_load(
    resolution: Resolution, written: tuple[PathPattern, ...]
) -> tuple[PathPattern, ...]:
    """Of the paths that a save writes those that the load may read; all where none is known."""
    mine = tuple(
        each
        for each in written
        if any(patterns.overlap(each.text, read.text) for read in resolution.patterns)
    )
    return mine or written
