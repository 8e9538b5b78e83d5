"""A file that is named as a checkpoint and is not one.

## What it does
Reports a load of a file that is missing, empty, cut short, a git-lfs pointer, an HTML page, or
anything else that is not a checkpoint.

A clone rarely holds the weights, so a missing file is only reported where it should be there: the
configuration names it, or a literal does in a Python file (not in a notebook, which fetches and
writes its files as it goes), nothing in the project writes it, no URL in that file ends in its name
(`…/resnet101-63fe2227.pth` counts for `resnet101.pth`), and the folder that it names, if it names
one, holds other checkpoints.

## Why is this bad?
The load fails with a message about something else: a git-lfs pointer is "Unsupported operand 118",
an HTML page "Unsupported operand 60".

## Example
```python
model = torch.load("weights/model.pt")   # `git lfs pull` was never run
```

## Use instead
Fetch the file (`git lfs pull`), or download it again.

## Fix safety
There is no fix.

## References
- [git-lfs](https://git-lfs.com)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.reading.files_read import may_be_written
from torchload_lint.rules.words import evidence_notes, next_step
from torchload_lint.source.paths import Rung

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.paths import PathPattern

LOOKED_UP = (
    "paths are looked up from the project's root, the `checkpoint-roots` and the file's own "
    "folder; [tool.torchload-lint.checkpoints] can say where it lies"
)


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report the unreadable files of a load, and the exact paths at which there is none."""
    for report in situation.with_verdict(Verdict.UNREADABLE):
        if report.container == "directory" and not situation.is_torch_load:
            continue  # many libraries are given a folder, and choose the files in it
        problem = report.problems[0]
        if problem.traceback:
            continue  # told as what it is, a fault of this tool
        advice = tuple(filter(None, [problem.advice]))
        message = f"{report.path} cannot be read: {problem.message}{next_step(advice)}"
        yield finding(
            RULE,
            situation.load.span,
            message,
            severity=Severity.ERROR if problem.code == "limit" else RULE.severity,
            situation=situation,
            notes=(*evidence_notes(situation), *advice),
        )
    for pattern in _missing(situation, context):
        message = f"{pattern.shown} is not there"
        notes = (
            *evidence_notes(situation),
            LOOKED_UP,
        )
        yield finding(RULE, situation.load.span, message, situation=situation, notes=notes)


def _missing(situation: Situation, context: Context) -> list[PathPattern]:
    if situation.reports or situation.needs or situation.written_by:
        return []
    if not situation.is_torch_load:
        return []  # many libraries download what is not there
    exact = (one for one in situation.resolution.patterns if one.exact)
    return [one for one in exact if _should_be_there(one, situation.module, context)]


def _should_be_there(pattern: PathPattern, module: Module, context: Context) -> bool:
    if pattern.rung is Rung.CONFIGURATION:
        return not may_be_written(pattern.text, module, context)
    return (
        pattern.rung is Rung.LITERAL
        and not module.path.endswith(".ipynb")
        and not _may_be_downloaded(pattern.shown, module)
        and context.checkpoints.keeps(pattern, module.path)
        and not may_be_written(pattern.text, module, context)
    )


def _may_be_downloaded(path: str, module: Module) -> bool:
    """Whether a URL in the module ends in the name of the file, also with the digest before the
    ending by which torch.hub tells releases apart (``resnet101-63fe2227.pth``).
    """
    if not module.holds("://"):
        return False
    stem, dot, ending = path.rpartition("/")[2].rpartition(".")
    digest = r"(?:-[0-9a-f]{8,64})?" if stem else ""
    name = rf"{re.escape(stem)}{digest}{re.escape(dot + ending)}"
    return re.search(rf"://[^\s'\"]*/{name}\b", module.text) is not None


RULE = Rule(
    "TLL502",
    "unreadable-checkpoint",
    Severity.WARNING,
    __doc__,
    check_load=check,
    needs_checkpoints=True,
)
