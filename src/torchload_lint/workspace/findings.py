"""The findings of one text, as the settings of its project want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Diagnostic, LoadAccount, Span

if TYPE_CHECKING:
    from pathlib import Path

    from torchload_lint.linter import Examined
    from torchload_lint.source.text.notebooks.notebook import NotebookProblem
    from torchload_lint.source.text.parse import SyntaxProblem
    from torchload_lint.workspace.projects import Project

NO_LOADS = LoadAccount()
FEW_FILES = 3
"""Of so many files of one load is told what is wrong with them; the rest is counted."""


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
    from torchload_lint.notes import not_told  # noqa: PLC0415
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
            found, here, hidden = unsuppressed(found, text, project.enabled)
            loads = examined.loads._replace(
                hidden=len(_shown(hidden, project, name)), silenced=len(_shown(here, project, name))
            )
            examined = examined._replace(loads=loads)
    found = [d for d in found if d.code in project.enabled]
    untold = tuple(d for d in found if project.is_ignored(d, name))
    found = [d for d in found if not project.is_left_out(d, name)]
    told = list(filter(project.asked.wants, found))
    milder = [d for d in one_for_each_cause(found) if project.asked.leaves_out(d)]
    loads = examined.loads._replace(notes=not_told(found, told, project.asked), milder=len(milder))
    return examined._replace(diagnostics=told, loads=loads, untold=untold)


def one_for_each_cause(found: list[Diagnostic]) -> list[Diagnostic]:
    """A load has one finding for one cause: the gravest, which stands for the others, and one for
    all of its files. Last of all, so that nobody who turns the gravest off loses the others.
    """
    if len(found) < 2:  # noqa: PLR2004 - nothing to be put together
        return found
    from torchload_lint.rules import RULES  # noqa: PLC0415 - something was found: it is there

    rules = {rule.code: rule for rule in RULES}
    at: dict[tuple[int | None, Span], dict[str, list[Diagnostic]]] = {}
    for one in found:
        at.setdefault((one.cell, one.span), {}).setdefault(one.code, []).append(one)
    kept: list[Diagnostic] = []
    for by_code in at.values():
        spared: tuple[str, ...] = ()
        if any(rules[code].about_outcome for code in by_code):
            spared = tuple(code for code in by_code if rules[code].about_call)
        for code in by_code:
            if code not in spared:
                about_files = rules[code].needs_checkpoints and rules[code].check_load
                told = _about_all_files(by_code[code]) if about_files else by_code[code]
                stands_for = spared if rules[code].about_outcome else ()
                kept += [one._replace(stands_for=stands_for) for one in told]
    return kept


def _about_all_files(alike: list[Diagnostic]) -> list[Diagnostic]:
    """What one rule says of several files of one load, together; what has a fix stays apart."""
    plain = [one for one in alike if one.fix is None]
    if len(plain) < 2:  # noqa: PLR2004 - as above
        return alike
    messages = [one.message for one in plain[:FEW_FILES]]
    rest = len(plain) - FEW_FILES
    messages += [f"and {rest} more such file{'s' if rest > 1 else ''}"] if rest > 0 else []
    together = plain[0]._replace(
        message="; ".join(messages),
        checkpoints=tuple(dict.fromkeys(path for one in plain for path in one.checkpoints)),
        notes=tuple(dict.fromkeys(note for one in plain for note in one.notes)),
    )
    return [together, *(one for one in alike if one.fix is not None)]


def _shown(found: list[Diagnostic], project: Project, name: str) -> list[Diagnostic]:
    shown = [d for d in found if d.code in project.enabled and not project.is_ignored(d, name)]
    return one_for_each_cause(shown)


def unparsable(problem: SyntaxProblem | NotebookProblem) -> Diagnostic:
    """The finding for what is not Python."""
    from torchload_lint.rules.files.unparsable_source import RULE  # noqa: PLC0415

    span = Span.of(problem.row, problem.column, problem.row, problem.column + 1)
    return Diagnostic(
        RULE.code, RULE.name, f"cannot be parsed: {problem.message}", RULE.severity, span
    )
