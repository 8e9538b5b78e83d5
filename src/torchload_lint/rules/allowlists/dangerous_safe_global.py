"""An allowlist that names a callable which runs code.

## What it does
Reports an item of `safe_globals` or `add_safe_globals` that runs code or hands out what does:
`eval`, `exec`, `getattr`, `os.system`, `subprocess.Popen`, `torch.load`, the import machinery …

## Why is this bad?
The weights-only unpickler calls what is allowed, with arguments from the file. Allowing `eval` is
the same as `weights_only=False`; allowing `getattr` lets a file reach from one allowed object to
others.

## Example
```python
torch.serialization.add_safe_globals([getattr, MyModel])
```

## Use instead
```python
with torch.serialization.safe_globals([MyModel]):
    model = torch.load("model.pt", weights_only=True)
```

## Fix safety
There is no fix: a checkpoint that needs such a global has to be saved again without it.

## Options
- `trusted`: the exact name silences this finding

## References
- [CWE-502](https://cwe.mitre.org/data/definitions/502.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.dangerous import why_dangerous, why_gateway
from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.allowed.allowlists import AllowlistEntry
    from torchload_lint.source.facts.module import Module


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report every dangerous item of every allowlist in the file."""
    del situations
    for allowlist in module.allowlists:
        for entry in allowlist.entries:
            name = str(entry.obj or "")
            reason = why_dangerous(name) or why_gateway(name)
            if reason and not _is_held(entry, name) and name not in context.config.trusted:
                yield finding(RULE, entry.span, f"`{name}` must not be allowed: it {reason}")


def _is_held(entry: AllowlistEntry, name: str) -> bool:
    """Whether a configuration holds the callable to arguments that are harmless."""
    if entry.calls is None:
        return False
    from torchload_lint.checkpoint.pickles.held_calls import can_be_held  # noqa: PLC0415 - rare

    return can_be_held(name)


RULE = Rule(
    "TLL201",
    "dangerous-safe-global",
    Severity.ERROR,
    __doc__,
    check_module=check,
    security_severity="8.8",
)
