"""An allowlist whose items the checkpoint chooses for itself.

## What it does
Reports `safe_globals` and `add_safe_globals` that are given what
`torch.serialization.get_unsafe_globals_in_checkpoint` says, or what the error of a failed load
names, directly or imported by name.

## Why is this bad?
An allowlist says what the program trusts. One that is made of the file's own list allows whatever
the file asks for, so that the load is as unsafe as `weights_only=False`, and looks safe.

## Example
```python
names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
torch.serialization.add_safe_globals([locate(name) for name in names])
state = torch.load(path, weights_only=True)
```

## Use instead
```python
with torch.serialization.safe_globals([MyModel]):
    state = torch.load(path, weights_only=True)
```

Names that are looked up in a table of the program, or compared with one, are not reported.

## Fix safety
There is no fix: `torchload-lint inspect` shows what the file needs, and which of it may be trusted.

## References
- [`get_unsafe_globals_in_checkpoint`](https://docs.pytorch.org/docs/stable/notes/serialization.html)
- [CWE-502](https://cwe.mitre.org/data/definitions/502.html)
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding

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
    """Report the allowlists that a checkpoint fills."""
    del situations
    found = {one.allowlist: one.source for one in module.self_chosen}
    for allowlist in module.allowlists:
        source = found.get(allowlist) or _told_by(allowlist, module, context)
        if source:
            message = f"this allowlist holds what the file asks for: its names come from {source}"
            yield finding(RULE, allowlist.span, message, notes=_NOTES)


_NOTES = ("name the classes in the code; `torchload-lint inspect` shows which are needed",)


def _told_by(allowlist: Allowlist, module: Module, context: Context) -> str:
    """The function of another file that an allowlist is filled from, and that says what the
    checkpoint asks for; empty where there is none.
    """
    for call in ast.walk(allowlist.node):
        if not isinstance(call, ast.Call) or call is allowlist.node:
            continue
        dotted = module.bindings.qualified(call.func) or ""
        root, _, name = dotted.rpartition(".")
        for one in context.project.definitions(dotted, module.path) if root else ():
            if one.module is not module and name in one.module.functions_that_tell:
                return f"{name}()"
    return ""


RULE = Rule(
    "TLL207",
    "self-chosen-safe-globals",
    Severity.ERROR,
    __doc__,
    check_module=check,
    security_severity="8.0",
)
