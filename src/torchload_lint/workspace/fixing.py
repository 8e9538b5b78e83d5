"""Fixes applied to a document; none is, after which it would not be Python any more."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.diagnostic import Diagnostic, Fix
    from torchload_lint.workspace.on_disk.document import Document


def apply(
    document: Document, chosen: Sequence[Diagnostic]
) -> tuple[Document, list[Diagnostic], set[Fix]]:
    """The document with what does not collide applied, the findings that this fixes, and the fixes
    after which it would not be Python any more. None of those is ever applied.
    """
    fixes = [d.fix for d in chosen if d.fix is not None]
    changed, applied = _with_fixes(document, fixes)
    spoiling: set[Fix] = set()
    if not _stays_python(document, changed):
        from torchload_lint.workspace.fix_check import FixCheck  # noqa: PLC0415 - it seldom is not

        check = FixCheck(document)
        spoiling = {fix for fix in fixes if not check.leaves_python(fix)}
        sound = [fix for fix in fixes if fix not in spoiling]
        changed, applied = _with_fixes(document, sound)
        if not _stays_python(document, changed):
            changed, applied = _with_fixes(document, sound[:1])
    return changed, [d for d in chosen if d.fix in applied], spoiling


def without_effect(
    before: Sequence[Diagnostic], applied: Sequence[Diagnostic], after: Sequence[Diagnostic]
) -> list[Diagnostic]:
    """The findings to which fixes were applied, and of which as many are there as before: applied
    again and again, they would only make the file longer.
    """
    there, left = Counter(map(_says, before)), Counter(map(_says, after))
    settled = Counter(map(_says, applied))
    return [one for one in applied if left[_says(one)] > there[_says(one)] - settled[_says(one)]]


def _says(diagnostic: Diagnostic) -> tuple[str, str]:
    return diagnostic.code, diagnostic.message


def _with_fixes(document: Document, fixes: Sequence[Fix]) -> tuple[Document, tuple[Fix, ...]]:
    """Apply what does not collide; in a notebook only what stays inside its cells."""
    from torchload_lint.fixes.apply import apply_edits  # noqa: PLC0415 - only where there is a fix

    if document.notebook is not None:
        fixes = [fix for fix in fixes if document.notebook.accepts(fix.edits)]
    python, applied = apply_edits(document.python, fixes)
    if not applied or python == document.python:
        return document, ()
    edits = list(dict.fromkeys(edit for fix in applied for edit in fix.edits))
    return document.edited(edits, python), applied


def _stays_python(document: Document, changed: Document) -> bool:
    """Whether a changed document can be parsed, and each cell of it that could be before."""
    from torchload_lint.source.text.parse import SyntaxProblem, parse  # noqa: PLC0415

    if changed.notebook is not None and document.notebook is not None:
        return len(changed.notebook.problems) <= len(document.notebook.problems)
    return changed is document or not isinstance(parse(changed.python), SyntaxProblem)
