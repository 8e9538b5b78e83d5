"""The findings of one text, as the settings of its project want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Diagnostic, LoadAccount, Span

if TYPE_CHECKING:
    from pathlib import Path

    from torchload_lint.linter import Examined
    from torchload_lint.source.text.notebook import NotebookProblem
    from torchload_lint.source.text.parse import SyntaxProblem
    from torchload_lint.workspace.projects import Project

NO_LOADS = LoadAccount()


def findings_in(
    text: str,
    path: Path,
    project: Project,
    *,
    infers: bool,
    adds_modules: bool = False,
    noqa: bool = True,
) -> Examined:
    """The findings of one text that are neither off, nor suppressed, nor ignored here, and the
    account of its loads. ``adds_modules``: whether fixes may rest on a module that is written with
    them. ``noqa``: whether comments may suppress them.
    """
    from torchload_lint.linter import Examined, examine  # noqa: PLC0415 - a run without loads needs no rules
    from torchload_lint.source.text.parse import SyntaxProblem  # noqa: PLC0415
    from torchload_lint.suppressing import unsuppressed  # noqa: PLC0415

    name = project.name_of(path)
    read = project.context.project.read(text, name)
    if isinstance(read, SyntaxProblem):
        examined = Examined([unparsable(read)], NO_LOADS)
        found = examined.diagnostics
    else:
        context = project.context_of(path, infers=infers)._replace(adds_modules=adds_modules)
        examined = examine(read, context, project.enabled)
        found = examined.diagnostics
        if noqa:
            found, hidden = unsuppressed(found, text, project.enabled)
            loads = examined.loads._replace(hidden=len(_shown(hidden, project, name)))
            examined = examined._replace(loads=loads)
    return examined._replace(diagnostics=_shown(found, project, name))


def _shown(found: list[Diagnostic], project: Project, name: str) -> list[Diagnostic]:
    return [d for d in found if d.code in project.enabled and not project.is_ignored(d, name)]


def unparsable(problem: SyntaxProblem | NotebookProblem) -> Diagnostic:
    """The finding for what is not Python."""
    from torchload_lint.rules.files.unparsable_source import RULE  # noqa: PLC0415

    span = Span.of(problem.row, problem.column, problem.row, problem.column + 1)
    return Diagnostic(
        RULE.code, RULE.name, f"cannot be parsed: {problem.message}", RULE.severity, span
    )
