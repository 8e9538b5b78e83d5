"""A load of which nothing says what it needs.

Off unless it is selected: `extend-select = ["TLL109"]`.

## What it does
Reports each load that is matched to no file, by the path that the code names, the configuration, a
recorded run, the `torch.save` that writes the file, or the use of its value as a state dict.

## Why is this bad?
Such a load is not checked: it may fail with `Weights only load failed`, and nobody notices. A team
that wants every load accounted for makes this rule its gate.

## Example
```python
def resume(path):  # nothing in the project calls it
    return torch.load(path, weights_only=True)
```

## Use instead
```toml
[tool.torchload-lint.loads]
"app.train:resume" = { checkpoints = ["runs/**/last.ckpt"] }
```

## Fix safety
There is no fix. `torchload-lint loads --write-config` writes an entry for each such load, to be
completed by hand, and `torchload-lint record -- COMMAND` notes the files that a run opens.

## References
- [which file a load reads](https://torchload-lint.readthedocs.io/loads/)

## Options
- `loads`: what a call site reads or needs
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.accounting import is_unknown
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.repairs import what_would_settle_it

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report a load whose needs are not known."""
    if is_unknown(situation):
        message = f"nothing says what this `{situation.load.loader}` needs: {_why(situation)}"
        notes = what_would_settle_it(situation, context)
        yield finding(RULE, situation.load.span, message, notes=notes)


def _why(situation: Situation) -> str:
    library = situation.load.library
    if library is not None and library.unpickles_by_itself:
        return "it unpickles the file without torch.load, and what that would run is not looked at"
    paths = ", ".join(pattern.text for pattern in situation.resolution.patterns)
    if paths:
        return f"no file is matched to {paths}"
    return "; ".join(situation.resolution.unknown) or "the path is unknown"


RULE = Rule(
    "TLL109",
    "unknown-needs",
    Severity.WARNING,
    __doc__,
    check_load=check,
    opt_in=True,
    needs_checkpoints=True,
)
