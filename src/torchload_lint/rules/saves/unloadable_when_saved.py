"""What is saved here will not load weights-only.

## What it does
Reports a `torch.save` that is seen to write what the weights-only loader refuses whatever is
allowed: a pickle protocol other than 2 or 3, a filled `defaultdict` or `deque`; or what cannot be
pickled at all, a lambda or a generator.

## Why is this bad?
The file can only be loaded with `weights_only=False`. It is easier to save it differently than to
convert it later. In tests, which mostly load what they have saved themselves, it is a note.

## Example
```python
torch.save({"history": deque([1, 2])}, "run.pt", pickle_protocol=4)
```

## Use instead
```python
torch.save({"history": list(history)}, "run.pt")
```

## Fix safety
There is no fix: what is loaded would be of another type.

## References
- [torch 2.13, `torch/_weights_only_unpickler.py`](https://github.com/pytorch/pytorch/blob/v2.13.0/torch/_weights_only_unpickler.py)
- [pytorch #170085](https://github.com/pytorch/pytorch/pull/170085)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.source.saving.saved import why_unloadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.module import Module


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report each save of something that is seen to be unloadable."""
    del situations, context
    for save in module.saves:
        reason = why_unloadable(save, module)
        if reason:
            message = f"what is saved here will not load with `weights_only=True`: {reason}"
            yield finding(RULE, save.span, message)


RULE = Rule(
    "TLL402",
    "unloadable-when-saved",
    Severity.WARNING,
    __doc__,
    check_module=check,
    note_in_tests=True,
)
