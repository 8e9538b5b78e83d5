"""`add_safe_globals` where one load needs it.

## What it does
Reports `torch.serialization.add_safe_globals` in a file where exactly one load comes after it.

## Why is this bad?
What is added is allowed for every later load of the process, in every library and thread, and
nothing takes it back. A `safe_globals` block allows it for the one load that needs it.

## Example
```python
torch.serialization.add_safe_globals([MyModel])
model = torch.load("model.pt", weights_only=True)
```

## Use instead
```python
with torch.serialization.safe_globals([MyModel]):
    model = torch.load("model.pt", weights_only=True)
```

## Fix safety
The fix moves the registration into a block around that load. It is unsafe: other files may rely on
the registration.

## References
- [`torch.serialization.add_safe_globals`](https://docs.pytorch.org/docs/stable/notes/serialization.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.fixes.removal import narrow_registration
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.on_torch import SAFE_GLOBALS_SINCE
from torchload_lint.rules.repairs import fix_from
from torchload_lint.rules.situation import by_allowlist
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.module import Module


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report a registration that one load of the file comes after."""
    if context.torch.oldest < SAFE_GLOBALS_SINCE:
        return  # there is no block to use instead
    inside = by_allowlist(situations)
    for allowlist in module.allowlists:
        if allowlist.kind is not AllowlistKind.PROCESS:
            continue
        served = [one.load for one in inside.get(allowlist.node, ())]
        if len(served) == 1:
            row = served[0].span.start.row
            outcome = narrow_registration(module, allowlist, served[0], context.config.line_length)
            plan = fix_from(
                outcome, "Allow it around that load instead", Applicability.UNSAFE, _RISK
            )
            message = (
                f"`add_safe_globals` allows this for the whole process; only line {row} needs it"
            )
            yield finding(RULE, allowlist.span, message, fix=plan.fix, notes=plan.notes)


_RISK = "another load of the process, in a package for example, may rely on the registration"

RULE = Rule(
    "TLL203",
    "process-wide-safe-globals",
    Severity.INFO,
    __doc__,
    check_module=check,
    security_severity="3.5",
    precision="medium",
)
