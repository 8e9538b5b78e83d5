"""A whole module is saved.

## What it does
Reports `torch.save(model, ...)` where the object is seen to be an `nn.Module`, or a dictionary,
list or tuple that holds one (`{"model": model, "epoch": 3}`), unless it goes into a buffer in
memory.

## Why is this bad?
The file names the classes of the model and of everything in it. It loads only with an allowlist of
all of them, only while they keep their names and modules, and with `weights_only=False` only as an
act of trust. A state dict loads anywhere.

## Example
```python
model = Net()
torch.save(model, "model.pt")
```

## Use instead
```python
model = Net()
torch.save(model.state_dict(), "model.pt")

# and where it is loaded
model = Net()
model.load_state_dict(torch.load("model.pt", weights_only=True))
```

## Fix safety
The fix is only shown: whoever loads the file has to change at the same time.

## References
- [Saving and loading models](https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability, Edit, Fix, Severity, Span
from torchload_lint.rules.base import Rule, finding
from torchload_lint.source.saving.saved import saved_modules, stays_in_memory

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
    """Report each save of an object that is seen to be a module."""
    del situations
    reported: set[Span] = set()
    for save in module.saves:
        for part, name in saved_modules(save, module, context.project):
            span = save.span if part is save.obj else module.span(part)
            if span in reported or stays_in_memory(save, module):
                continue
            reported.add(span)
            short = name.rpartition(".")[2]
            message = f"this saves a whole `{short}`; its state dict would load anywhere"
            saved = "torch.load(path, weights_only=True)"
            saved = saved if part is save.obj else f"what {saved} gives for it"
            note = f"where it is loaded: model = {short}(...), then model.load_state_dict({saved})"
            yield finding(RULE, span, message, fix=_shown(part, module), notes=(note,))


def _shown(saved: ast.expr, module: Module) -> Fix:
    end = module.span(saved).end
    edit = Edit(Span(end, end), ".state_dict()")
    return Fix(Applicability.DISPLAY, "Save the state dict, and load it as one", (edit,))


RULE = Rule("TLL401", "whole-module-saved", Severity.INFO, __doc__, check_module=check)
