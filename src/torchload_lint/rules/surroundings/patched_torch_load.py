"""`torch.load` is replaced.

## What it does
Reports `torch.load = …`, `setattr(torch, "load", …)` and the like, with anything but the real
function, and changes of what decides how it loads: `torch.load.__kwdefaults__`,
`torch.serialization._default_to_weights_only`, `torch._weights_only_unpickler.Unpickler`.

## Why is this bad?
Every load of the process changes its meaning, in every library, and no reader of those lines can
see it. The usual reason, `partial(torch.load, weights_only=False)`, makes all of them unsafe.

## Example
```python
torch.load = functools.partial(torch.load, weights_only=False)
```

## Use instead
Allow what each checkpoint needs, at the load that needs it:

```python
with safe_globals([MyModel]):
    model = torch.load("model.pt", weights_only=True)
```

## Fix safety
The fix removes the statement. It is unsafe: loads elsewhere may depend on the replacement. Where
one certainly does, since its value is used as an object and no file says what it needs, there is
no fix.

## References
- [`torch.load`](https://docs.pytorch.org/docs/stable/generated/torch.load.html)
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.fixes.removal import remove_statement
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.rules.repairs import FixPlan, fix_from
from torchload_lint.source.facts.calls import Use, WeightsOnly
from torchload_lint.source.facts.only_unsafe import only_says_false

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.facts.patches import Patch


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report each replacement; in test tools only those that are known to be unsafe."""
    for patch in module.patches:
        if patch.how == "mock" and not patch.unsafe:
            continue
        effect = "makes every load of the process unsafe" if patch.unsafe else "changes every load"
        notes = (patch.because,) if patch.because else ()
        plan = _removal(patch, module, situations, context)
        what = f"changing `{patch.part}`" if patch.part else "replacing `torch.load`"
        message = f"{what} {effect}"
        yield finding(RULE, patch.span, message, fix=plan.fix, notes=(*notes, *plan.notes))


def _removal(
    patch: Patch, module: Module, situations: Sequence[Situation], context: Context
) -> FixPlan:
    """Without the statement, where it does nothing but replace the function."""
    if patch.how == "mock" or module.statement(patch.node) is not patch.statement:
        return FixPlan()
    if not patch.unsafe or not only_says_false(module, patch.replacement):
        return FixPlan(notes=("what it does besides loading is not known, so that it stays",))
    if not isinstance(patch.node, ast.stmt) and not isinstance(patch.statement, ast.Expr):
        return FixPlan()
    needed = next(_relying(module, situations, context), "")
    if needed:
        return FixPlan(notes=(f"it stays, since {needed}",))
    outcome = remove_statement(module, patch.statement)
    return fix_from(outcome, "Remove the replacement", Applicability.UNSAFE, _RISK)


def _relying(module: Module, situations: Sequence[Situation], context: Context) -> Iterator[str]:
    """The loads that are known to fail without the replacement: their value is used as an object,
    and nothing says what it needs.
    """
    for situation in situations:
        if situation.evidence is Evidence.NONE and _needs_more(situation.load):
            yield f"the value of {module.path}:{situation.load.span.start.row} is used as an object"
    for path in context.project.holding("torch"):
        other = context.project.module_at(path) if path != module.path else None
        for load in other.loads if other is not None else ():
            if _needs_more(load):
                yield f"the value of {path}:{load.span.start.row} is used as an object"


def _needs_more(load: LoadCall) -> bool:
    return load.weights_only is WeightsOnly.ABSENT and load.use is Use.OBJECT


_RISK = "every load of the program that says nothing of weights_only is restricted from then on"

RULE = Rule(
    "TLL302",
    "patched-torch-load",
    Severity.ERROR,
    __doc__,
    check_module=check,
    security_severity="8.8",
)
