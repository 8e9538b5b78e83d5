"""Where questions about open documents are answered, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from torchload_lint.config import ConfigError
from torchload_lint.diagnostic import FileResult
from torchload_lint.editors.checkpoint_answer import checkpoint_answer
from torchload_lint.editors.lane import ASKED, BACKGROUND, Lane
from torchload_lint.editors.views import Analysis, analyse
from torchload_lint.workspace import Projects, Settings
from torchload_lint.workspace.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torchload_lint.editors.views import View
    from torchload_lint.workspace.world import Now

T = TypeVar("T")


class Desk:
    """A thread, the projects that it alone uses, and what it has found."""

    def __init__(self, name: str) -> None:
        self._lane = Lane(name)
        self._world = World()
        self._kept: dict[str, Analysis] = {}

    def drop(self, uri: str) -> None:
        """A document was closed."""
        self._kept.pop(uri, None)

    async def ask(
        self,
        view: View,
        versions: tuple[int, ...],
        now: Now,
        urgency: int,
        question: Callable[[Analysis, Projects], T],
    ) -> tuple[T, str]:
        """The answer to a question about the analysis of a view, and what is wrong with its
        configuration, or its baseline. ``versions``: those of the view's documents.
        """

        def answer() -> tuple[T, str]:
            is_waited_for = urgency != BACKGROUND
            try:
                projects = self._world.projects(now, view.path, is_waited_for=is_waited_for)
                analysis = self._analysis(view, (self._world.number, *versions), projects)
            except ConfigError as error:
                projects = Projects(Settings(isolated=True))
                stamp = (self._world.number, *versions)
                analysis = Analysis(view, FileResult(view.path), str(error), stamp=stamp)
            wrong = analysis.error or self._world.wrong_file or analysis.remark
            return question(analysis, projects), wrong

        return await self._lane.do(urgency, answer)

    async def inspect(self, path: Path, now: Now) -> dict[str, Any]:
        """A checkpoint as the disk has it; ``error`` alone, where the configuration is wrong."""

        def answer() -> dict[str, Any]:
            try:
                return checkpoint_answer(path, self._world.projects(now, path))
            except ConfigError as error:
                return {"error": str(error)}

        return await self._lane.do(ASKED, answer)

    def _analysis(self, view: View, stamp: tuple[int, ...], projects: Projects) -> Analysis:
        kept = self._kept.get(view.uri)
        if kept is None or kept.stamp != stamp:
            result, remark = analyse(view, projects)
            kept = Analysis(view, result, remark=remark, stamp=stamp)
            self._kept[view.uri] = kept
        return kept
