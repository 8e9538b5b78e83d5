"""The files that a save writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import TEMPORARY
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.paths import resolution as resolution_of
from torchload_lint.source.saving.copies import copied_to
from torchload_lint.source.saving.file_names import may_lie_anywhere

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.patterns import Resolution
    from torchload_lint.source.facts.calls import SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.paths import PathPattern
    from torchload_lint.source.project.index import ProjectIndex


def written_by(save: SaveCall, home: Module, project: ProjectIndex) -> tuple[PathPattern, ...]:
    """The files that a save writes, and those that they are copied or moved to."""

    def find() -> tuple[PathPattern, ...]:
        places = [place for place in (save.file, *copied_to(save, home)) if place is not None]
        return tuple(pattern for place in places for pattern in _patterns(place, home, project))

    return project.remember(("written", save.node), find)


def written_where_found(
    resolution: Resolution, module: Module, save: SaveCall, home: Module, project: ProjectIndex
) -> tuple[PathPattern, ...]:
    """The files that a save writes and that a load may read: what is in a temporary folder
    (``*/test.pt``) is gone before anybody looks but the same file, in such a folder, too; and
    what is read there was written there.
    """
    written = written_by(save, home, project)
    if save.file is None or not any(may_lie_anywhere(each) for each in written):
        return written
    is_gone = _is_temporary(_resolved(save.file, home, project))
    if is_gone is _is_temporary(resolution) and (home is module or not is_gone):
        return written
    return tuple(each for each in written if not may_lie_anywhere(each))


def _is_temporary(resolution: Resolution) -> bool:
    return not TEMPORARY.isdisjoint(resolution.unknown)


def _patterns(file: ast.expr, home: Module, project: ProjectIndex) -> tuple[PathPattern, ...]:
    return _resolved(file, home, project).patterns


def _resolved(file: ast.expr, home: Module, project: ProjectIndex) -> Resolution:
    def resolve() -> Resolution:
        engine = Engine(project)
        return resolution_of(engine.top(file, home), engine)

    return project.remember(("saved as", file), resolve)
