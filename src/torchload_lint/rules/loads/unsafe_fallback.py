"""A safe load whose exception handler loads the same file unsafely.

## What it does
Reports a `try` that loads with `weights_only=True` (or its default) and, when that fails, loads
again with `weights_only=False` or with `pickle`.

## Why is this bad?
A hostile file only has to make the first load fail. "Try the safe load, fall back to the unsafe
one" has been published as a vulnerability (Stanza 1.12).

## Example
```python
try:
    state = torch.load(path, weights_only=True)
except Exception:
    state = torch.load(path, weights_only=False)
```

## Use instead
```python
with safe_globals([Namespace]):
    state = torch.load(path, weights_only=True)
```

## Fix safety
The fix removes the handler. It is unsafe: which error the handler was written for is not known, and
a file that needed it will fail.

## References
- [CWE-502](https://cwe.mitre.org/data/definitions/502.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.fixes.removal import remove_handler
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.repairs import FixPlan, fix_from

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.module import Module


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report the unsafe call in the handler."""
    del situations, context
    fixed: set[ast.Try] = set()
    for fallback in module.fallbacks:
        row = fallback.safe.span.start.row
        message = (
            f"`{fallback.loader}` loads unsafely what the safe load on line {row} refused: "
            "a hostile file only has to make that one fail"
        )
        plan = FixPlan()
        if fallback.statement not in fixed:  # without two handlers at once, a try may be left bare
            outcome = remove_handler(module, fallback.statement, fallback.handler)
            plan = fix_from(outcome, "Remove the fallback", Applicability.UNSAFE, _RISK)
            fixed.add(fallback.statement)
        yield finding(RULE, fallback.span, message, fix=plan.fix, notes=plan.notes)


_RISK = "a file that the safe load refuses is loaded today, and raises then"

RULE = Rule(
    "TLL107",
    "unsafe-fallback",
    Severity.ERROR,
    __doc__,
    check_module=check,
    security_severity="8.8",
    about_outcome=True,
)
