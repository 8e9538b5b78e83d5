"""An evaluator for small questions: it looks into the file that is asked in, and not far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.evaluation.engine import Engine

if TYPE_CHECKING:
    from torchload_lint.source.project.index import ProjectIndex

_MOST_NEAR = 400
"""Expressions looked at for a question that its own file alone answers."""


class NearEngine(Engine):
    """Answers with some of the possibilities, never all: it asks no callers in other files, and
    looks for no subclasses, both of which cost a search of the project.
    """

    is_near = True

    def __init__(self, project: ProjectIndex) -> None:
        super().__init__(project, _MOST_NEAR)
