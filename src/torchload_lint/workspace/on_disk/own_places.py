"""Links that lead out of what was named: a stranger's link must not show files elsewhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import CheckpointReport, Problem, Verdict
from torchload_lint.regular_files import LINK

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class OwnPlaces:
    """Folders that somebody named. What lies in them is read, but no link that leads out of all.

    A path that lies elsewhere by its own name (``/data/model.pt``) was named as such, and is not
    asked about here.
    """

    def __init__(self, folders: Iterable[Path | str]) -> None:
        each = tuple(folders)
        self._spelled = tuple(os.path.join(os.path.abspath(one), "") for one in each)
        self._real = tuple(os.path.join(os.path.realpath(one), "") for one in each)
        self._leading_out: dict[str, bool] = {}
        """Folder → whether links have led out of the places where it lies."""

    def leads_out(self, path: Path | str) -> bool:
        """Whether a path in one of the folders is a link, or lies below one, that leads out."""
        spelled = os.path.join(os.path.abspath(path), "")
        if spelled in self._spelled or not spelled.startswith(self._spelled):
            return False
        if os.path.islink(path):
            return not self.holds(path)
        folder = os.path.dirname(path)
        if folder not in self._leading_out:
            self._leading_out[folder] = not self.holds(folder)
        return self._leading_out[folder]

    def checkpoint_leads_out(self, path: Path | str) -> bool:
        """The same for a checkpoint, which may be a folder whose ``.metadata`` is read."""
        return self.leads_out(path) or self.leads_out(os.path.join(path, ".metadata"))

    def holds(self, path: Path | str) -> bool:
        """Whether what a path leads to lies in one of the folders."""
        return os.path.join(os.path.realpath(path), "").startswith(self._real)


def left_alone(path: str, place: str, advice: str) -> CheckpointReport:
    """The report of a link that leads out of ``place``: that it was not followed."""
    problem = Problem(LINK, f"a link leads out of {place} here, and is not followed", advice)
    return CheckpointReport(path, LINK, Verdict.UNREADABLE, problems=(problem,))
