"""Every load of a project with all that is known of it: for ``loads`` and ``--explain-load``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchload_lint.rules.assessing import assess_or_crash
from torchload_lint.rules.reading.sites import key_of
from torchload_lint.rules.repairs import what_would_settle_it
from torchload_lint.source.loaders.collect import every_load
from torchload_lint.source.paths import trace_path
from torchload_lint.source.text import parse
from torchload_lint.workspace.first_look import look_at
from torchload_lint.workspace.on_disk.document import Document, UnreadableError, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from torchload_lint.checkpoint.known.torch_range import TorchRange
    from torchload_lint.diagnostic import Crash
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.evaluation.tracing import Trace
    from torchload_lint.source.text.notebooks.notebook import Notebook
    from torchload_lint.workspace.projects import Project, Projects


@dataclass(frozen=True, slots=True)
class SurveyedLoad:
    """One load, seen whole, in a file of the run."""

    path: Path
    situation: Situation
    project: Project
    cell: int | None = None
    row: int = 0
    """In the file, or in the notebook's cell."""
    crash: Crash | None = None
    """Why nothing is known of it, where this tool failed."""
    notebook: Notebook | None = None
    """What holds it, where that is a notebook."""

    @property
    def cell_and_row(self) -> str:
        """``cell 3:2`` in a notebook, ``14`` in any other file."""
        return str(self.row) if self.cell is None else f"cell {self.cell}:{self.row}"

    def covers(self, row: int) -> bool:
        """Whether the call stands on a row (of the file, or of the cell)."""
        span = self.situation.load.span
        return self.row <= row <= self.row + span.end.row - span.start.row

    @property
    def torch(self) -> TorchRange:
        """The releases of torch that it may run on."""
        return self.project.torch_of(self.path)

    @property
    def site(self) -> str:
        """The key of this load in ``[tool.torchload-lint.loads]``."""
        project = self.project.context_that_infers.project
        return key_of(self.situation.load, self.situation.module, project)

    @property
    def is_known(self) -> bool:
        """Whether it is known what the load needs, in any way."""
        return self.situation.evidence.value != "none"

    @property
    def would_settle(self) -> tuple[str, ...]:
        """What is missing, where something is; not again why the path is unknown."""
        if self.is_known:
            return ()
        said = what_would_settle_it(self.situation, self.project.context_that_infers)
        return said if self.situation.resolution.patterns else said[1:]

    @property
    def trace(self) -> Trace | None:
        """How the path was followed, step by step; None where the load has no path."""
        situation = self.situation
        if situation.load.file is None:
            return None
        project = self.project.context_that_infers.project
        found = trace_path(situation.load.file, situation.module, project, each=situation.load.each)
        if self.notebook is None:
            return found
        by_cell, path = self.notebook.by_cell, situation.module.path
        hops = [each._replace(place=by_cell(each.place, path)) for each in found.hops]
        reasons = {by_cell(one, path): at for one, at in found.reasons.items()}
        return found._replace(hops=hops, reasons=reasons)

    @property
    def source(self) -> str:
        """The code of the call."""
        return self.situation.module.source(self.situation.load.node)


def survey(files: Iterable[Path], projects: Projects) -> Iterator[SurveyedLoad]:
    """The loads of ``files``, in order. Files that cannot be read or parsed have none.

    Values are followed through the whole project, and needs inferred from the saving side.
    Raises ConfigError.
    """
    for path in files:
        project = projects.project_of(path)
        try:
            data = read_bytes(path)
            if look_at(data, str(path), project).verdict is not True:
                continue
            document = Document.of(data, is_notebook=path.suffix == ".ipynb")
        except UnreadableError:
            continue
        name = project.name_of(path)
        context = project.context_of(path, infers=True)
        read = context.project.read(document.python, name)
        if isinstance(read, parse.SyntaxProblem):
            continue
        for load in every_load(read, context.project):
            row, cell = load.span.start.row, None
            situation, crash = assess_or_crash(load, read, context)
            if document.notebook is not None:
                cell, row = document.notebook.locate(row)
                situation = _by_cell(situation, document.notebook)
            yield SurveyedLoad(path, situation, project, cell, row, crash, document.notebook)


def _by_cell(situation: Situation, notebook: Notebook) -> Situation:
    """What is known of a load in a notebook, with words that name its rows by cell."""
    found, path = situation.resolution, situation.module.path
    unknown = tuple(notebook.by_cell(each, path) for each in found.unknown)
    written_by = tuple(notebook.by_cell(each, path) for each in situation.written_by)
    return situation._replace(written_by=written_by, resolution=found._replace(unknown=unknown))
