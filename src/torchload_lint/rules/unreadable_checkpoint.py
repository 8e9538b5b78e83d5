"""A file that is named as a checkpoint and is none.

## What it does
Reports a load of a file that is missing, empty, cut short, a git-lfs pointer, an HTML page, or
anything else that is not a checkpoint. A missing file is only reported where the code (or the
configuration) names it exactly and nothing in the project writes it.

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

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.reading import may_be_written
from torchload_lint.rules.words import evidence_notes
from torchload_lint.source.values import Rung

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.base import Context
    from torchload_lint.rules.situation import Situation

LOOKED_UP = (
    "paths are looked up from the project's root, the `checkpoint-roots` and the file's own "
    "folder; [tool.torchload-lint.checkpoints] can say where it lies"
)
NAMED_OUTRIGHT = frozenset({Rung.LITERAL, Rung.CONFIGURATION})


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report the unreadable files of a load, and the exact paths at which there is none."""
    for report in situation.with_verdict(Verdict.UNREADABLE):
        problem = report.problems[0]
        message = f"{report.path} cannot be read: {problem.message}"
        notes = (*evidence_notes(situation), *filter(None, [problem.advice]))
        yield finding(RULE, situation.load.span, message, situation=situation, notes=notes)
    for path in _missing(situation, context):
        message = f"{path} is not there"
        notes = (
            *evidence_notes(situation),
            LOOKED_UP,
        )
        yield finding(RULE, situation.load.span, message, situation=situation, notes=notes)


def _missing(situation: Situation, context: Context) -> list[str]:
    if situation.reports or situation.needs or situation.written_by:
        return []
    patterns = situation.resolution.patterns
    named = [p.text for p in patterns if p.exact and p.rung in NAMED_OUTRIGHT]
    return [path for path in named if not may_be_written(path, situation.module, context)]


RULE = Rule("TLL502", "unreadable-checkpoint", Severity.WARNING, __doc__, check_load=check)
