"""The baseline of a project and a run: which findings are known, which new, which no more."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from torchload_lint.escaping import printable
from torchload_lint.plurals import number_of
from torchload_lint.workspace.adoption.baseline import Baseline, names_beside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from torchload_lint.diagnostic import FileResult
    from torchload_lint.workspace.projects import Projects

_CHANGE_NO_FINDING = frozenset({"baseline", "error_on", "output_format", "unsafe_fixes"})
"""The settings that a command line may give without asking for fewer findings, or others."""


class KnownFindings:
    """The findings that the baseline at a path names."""

    def __init__(self, path: Path, projects: Projects) -> None:
        """Raises ConfigError where the file cannot be read or is no baseline."""
        self.path = path
        self._root = projects.config_of(path.absolute().parent).root
        self._name_of = names_beside(path, projects)
        self._asks_for_all = projects.settings.overrides.keys() <= _CHANGE_NO_FINDING
        self._baseline = Baseline.read(path)

    def new(self, results: Iterable[FileResult]) -> tuple[FileResult, ...]:
        """The results without what is known."""
        left = self._baseline.new(results, self._name_of)
        return tuple(result for result in left if result.diagnostics or result.fixed)

    def split(self, results: Sequence[FileResult]) -> tuple[tuple[FileResult, ...], int]:
        """The results without what is known, and how many findings are."""
        new = self.new(results)
        return new, _count(results) - _count(new)

    def updated(self, results: Iterable[FileResult], files: Iterable[Path]) -> Baseline:
        """The baseline after a check of some files: what is known of others that exist stays."""
        return self._baseline.updated(results, self._looked_at(files), self._name_of)

    def remarks(
        self, found: Sequence[FileResult], shown: Iterable[FileResult], files: Iterable[Path]
    ) -> Iterator[str]:
        """What a reader of a report has to know. ``found``: everything that a check of ``files``
        found; ``shown``: what is left of it without what is known.
        """
        name = printable(os.path.relpath(self.path))
        before, after = _count(found), _count(shown)
        if before > after:
            yield f"{number_of(before - after, 'known finding')} not shown: {name} names them"
        elif before and not os.path.lexists(self.path):
            yield f"no baseline is at {name}: --update-baseline writes it"
        gone = self._baseline.gone(found, self._looked_at(files), self._name_of)
        if gone and self._asks_for_all:
            some = number_of(gone, "finding")
            yield f"{name} names {some} that are no more: --update-baseline takes them out"

    def _looked_at(self, files: Iterable[Path]) -> set[str]:
        """The names of the files, and of those that the baseline names and that are not there."""
        known = {name for name, _, _ in self._baseline.known}
        lost = {name for name in known if not os.path.lexists(self._root / name)}
        return lost.union(map(self._name_of, files))


def _count(results: Iterable[FileResult]) -> int:
    return sum(len(one.diagnostics) for one in results)
