"""A load whose `weights_only` cannot be determined.

## What it does
Reports a `torch.load` whose `weights_only` comes from a variable, a parameter or `**kwargs` whose
value cannot be read from the source, or differs between branches. Where it is a parameter that is
true by default, so that a caller has to ask for the unsafe load, this is informational.

## Why is this bad?
Somebody decides elsewhere whether the file may run code, and a reader of this line cannot see who.

## Example
```python
def load(path, trusted):
    return torch.load(path, weights_only=not trusted)
```

## Use instead
```python
def load(path):
    return torch.load(path, weights_only=True)
```

## Fix safety
There is no fix: the tool does not know which value is meant.

## References
- [`torch.load`](https://docs.pytorch.org/docs/stable/generated/torch.load.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.loads.indirect_unsafe_loader import named
from torchload_lint.rules.words import evidence_notes
from torchload_lint.source.facts.calls import WeightsOnly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report a value that is neither known to be true nor known to be false."""
    del context
    load = situation.load
    hidden = load.unpacks and load.weights_only in {WeightsOnly.ABSENT, WeightsOnly.NONE}
    if not situation.is_torch_load or not (hidden or load.weights_only is WeightsOnly.UNDECIDED):
        return
    reason = load.weights_only_because or (
        "it may be among the unpacked arguments" if hidden else ""
    )
    message = f"`weights_only` of this {named(load)} cannot be determined"
    message += f": {reason}" if reason else ""
    is_asked_for = load.passes_on_default is WeightsOnly.TRUE
    yield finding(
        RULE,
        load.span,
        message,
        severity=Severity.INFO if is_asked_for else Severity.WARNING,
        situation=situation,
        notes=evidence_notes(situation),
    )


RULE = Rule(
    "TLL105",
    "undecided-weights-only",
    Severity.WARNING,
    __doc__,
    check_load=check,
    security_severity="5.5",
    precision="medium",
    about_call=True,
)
