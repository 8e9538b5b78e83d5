"""An allowed object whose own name is not the name in the file.

## What it does
Reports an item of an allowlist that is the right object, but carries another
`__module__.__qualname__` than the checkpoint names: a class that has moved, a class saved from
`__main__`, numpy 1 against numpy 2, a Python 2 name.

## Why is this bad?
torch compares names. The item allows a name that the file does not use, and the load fails as if
nothing had been allowed.

## Example
```python
with safe_globals([Net]):                    # the file was saved by a script: it says __main__.Net
    net = torch.load("net.pt", weights_only=True)
```

## Use instead
```python
with safe_globals([(Net, "__main__.Net")]):
    net = torch.load("net.pt", weights_only=True)
```

## Fix safety
The fix writes the pair. It is safe where the checkpoint was read, and unsafe where the need was
inferred.

## References
- [torch 2.6, `torch/serialization.py`](https://docs.pytorch.org/docs/stable/notes/serialization.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.fixes.entries import pair_entry
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.rules.repairs import FixPlan, fix_from
from torchload_lint.rules.words import files_needing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Need, Situation
    from torchload_lint.source.facts.allowed.allowlists import AllowlistEntry


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report the plain items that would have to be pairs."""
    del context
    for need, entry in situation.mismatched:
        paths = ", ".join(files_needing(situation, (need,)))
        message = (
            f"`{entry.obj}` is not called that in {paths}: "
            f'({need.needed.spelling.expression()}, "{need.name}") is needed'
        )
        plan = _pair(need, entry, situation)
        yield finding(
            RULE, entry.span, message, fix=plan.fix, situation=situation, notes=plan.notes
        )


def _pair(need: Need, entry: AllowlistEntry, situation: Situation) -> FixPlan:
    """The entry as a pair, where the global may be trusted."""
    if not need.judgement.allowed:
        return FixPlan(notes=(f"{need.judgement.reason}; {need.judgement.advice}",))
    outcome = pair_entry(situation.module, entry, str(need.name))
    certain = situation.evidence in {Evidence.FILES, Evidence.CONFIGURED}
    safety = Applicability.SAFE if certain else Applicability.UNSAFE
    return fix_from(outcome, f"Write the pair for {need.name}", safety, _RISK)


_RISK = "another file of this load may name the object as the code does"

RULE = Rule(
    "TLL204",
    "mismatched-safe-global",
    Severity.ERROR,
    __doc__,
    check_load=check,
    needs_checkpoints=True,
)
