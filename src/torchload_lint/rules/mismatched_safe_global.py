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
The fix adds the pair; it is as safe as that of missing-safe-globals (TLL103), which reports the
same load.

## References
- [torch 2.6, `torch/serialization.py`](https://docs.pytorch.org/docs/stable/notes/serialization.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.situation import Mode, entry_key
from torchload_lint.source.allowlists import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.base import Context
    from torchload_lint.rules.situation import Need, Situation
    from torchload_lint.source.allowlists import AllowlistEntry


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report the plain items that would have to be pairs."""
    if situation.mode is not Mode.RESTRICTED:
        return
    for need in situation.missing:
        if not need.needed.pair:
            continue
        for entry in _plain_entries(situation):
            if _is_object_of(need, entry, situation, context):
                message = (
                    f"`{entry.obj}` is not called that in {', '.join(situation.checkpoints)}: "
                    f'({need.needed.spelling.expression()}, "{need.name}") is needed'
                )
                yield finding(RULE, entry.span, message, situation=situation)


def _plain_entries(situation: Situation) -> Iterator[AllowlistEntry]:
    for allowlist in situation.load.allowlists:
        yield from (entry for entry in allowlist.entries if entry.kind is EntryKind.OBJECT)


def _is_object_of(
    need: Need, entry: AllowlistEntry, situation: Situation, context: Context
) -> bool:
    key = entry_key(entry, situation.module, context)
    return key is not None and key == need.needed.spelling.expression()


RULE = Rule("TLL204", "mismatched-safe-global", Severity.ERROR, __doc__, check_load=check)
