"""An item that no allowlist can hold.

## What it does
Reports items of `safe_globals` and `add_safe_globals` that are strings, instances, or tuples that
are not `(object, "name")`.

## Why is this bad?
torch looks at the items only when a load meets a name that is not allowed by default. Then an item
without `__qualname__` breaks that load with an `AttributeError`, far from the line that is wrong.

## Example
```python
torch.serialization.add_safe_globals(["myapp.models.MyModel"])
```

## Use instead
```python
torch.serialization.add_safe_globals([MyModel])
```

## Fix safety
There is no fix: the tool does not guess which object a string meant.

## References
- [torch 2.13, `torch/_weights_only_unpickler.py`](https://github.com/pytorch/pytorch/blob/v2.13.0/torch/_weights_only_unpickler.py)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.source.allowlists import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.base import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.module import Module


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report every invalid item of every allowlist in the file."""
    del situations, context
    for allowlist in module.allowlists:
        for entry in allowlist.entries:
            if entry.kind is EntryKind.INVALID:
                yield finding(RULE, entry.span, f"this item breaks the allowlist: {entry.why}")


RULE = Rule("TLL205", "invalid-safe-global", Severity.ERROR, __doc__, check_module=check)
