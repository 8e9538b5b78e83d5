"""A block whose end takes away what an outer block or a registration allows.

## What it does
Reports a `with safe_globals(...)` that names something which an enclosing block, or an
`add_safe_globals` of the same project, allows already.

## Why is this bad?
Leaving the inner block removes its names from the one list that torch keeps for the process, also
where they had been there before. The next load that relies on the outer block or on the
registration fails.

## Example
```python
torch.serialization.add_safe_globals([MyModel])

with safe_globals([MyModel]):
    first = torch.load("first.pt", weights_only=True)
second = torch.load("second.pt", weights_only=True)   # fails
```

## Use instead
Allow each class in one place: in the block, or by the registration.

## Fix safety
There is no fix: either of the two may be the one to keep.

## References
- [pytorch #197380](https://github.com/pytorch/pytorch/pull/197380)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.met_needs import entry_key, registering_modules
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.module import Module


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report each block item that is allowed by something that outlives the block."""
    del situations
    blocks = [one for one in module.allowlists if one.kind is not AllowlistKind.PROCESS]
    registered = _registered(module, context) if blocks else {}
    for block in blocks:
        outer = _outer(block, module, context)
        for entry in block.entries:
            key = entry_key(entry, module, context)
            place = outer.get(key or "") or registered.get(key or "")
            if place:
                message = f"leaving this block takes `{key}` away from {place}"
                yield finding(RULE, entry.span, message)


def _outer(block: Allowlist, module: Module, context: Context) -> dict[str, str]:
    around = [
        one
        for one in module.allowlists_at(block.node)
        if one is not block and one.kind is not AllowlistKind.PROCESS
    ]
    return _keys(around, module, context, "the enclosing block on line {row}")


def _registered(module: Module, context: Context) -> dict[str, str]:
    keys: dict[str, str] = {}
    for other in registering_modules(module, context):
        added = [one for one in other.allowlists if one.kind is AllowlistKind.PROCESS]
        keys |= _keys(added, other, context, f"`add_safe_globals` in {other.path}, line {{row}}")
    return keys


def _keys(
    allowlists: Sequence[Allowlist], module: Module, context: Context, place: str
) -> dict[str, str]:
    return {
        key: place.format(row=entry.span.start.row)
        for allowlist in allowlists
        for entry in allowlist.entries
        if (key := entry_key(entry, module, context))
    }


RULE = Rule("TLL206", "overlapping-safe-globals", Severity.WARNING, __doc__, check_module=check)
