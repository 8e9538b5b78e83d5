"""The loads of an open document, each with its place in the text (or the cell) that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Span
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.rules.assessing import assess
from torchload_lint.source.loaders.collect import every_load
from torchload_lint.source.text.parse import SyntaxProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.editors.views import Analysis
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.workspace.projects import Projects


class ShownLoad(NamedTuple):
    """A load, and where it is shown."""

    load: LoadCall
    cell: int | None
    span: Span
    """The call; rows are counted in its cell."""
    moved: int
    """How many rows further up it is shown than it stands in the text of all cells."""
    module: Module
    context: Context

    def assessed(self) -> Situation:
        """All that is known of it."""
        return assess(self.load, self.module, self.context)

    @property
    def end_of_file(self) -> Span:
        """The end of the expression for what is loaded, or of the call where it has none: empty."""
        end = self.load.span.end
        if self.load.file is not None:
            given = self.module.span(self.load.file).end
            end = given if self.load.span.start <= given <= end else end
        return _shifted(Span(end, end), -self.moved)


def loads_in(analysis: Analysis, projects: Projects) -> Iterator[ShownLoad]:
    """Every load of a document; none where it is not Python, or its configuration is wrong."""
    view, document = analysis.view, analysis.document
    project = projects.project_of(view.path)
    module = project.context.project.read(document.python, project.name_of(view.path))
    if analysis.error or isinstance(module, SyntaxProblem):
        return
    context = project.context_of(view.path)
    for load in every_load(module, project.context.project):
        cell, moved = None, 0
        if document.notebook is not None:
            cell, row = document.notebook.locate(load.span.start.row)
            moved = load.span.start.row - row
        span = _shifted(load.span, -moved)
        yield ShownLoad(load, cell, span, moved, module, context)


def _shifted(span: Span, rows: int) -> Span:
    start, end = span.start, span.end
    return Span.of(start.row + rows, start.column, end.row + rows, end.column)
