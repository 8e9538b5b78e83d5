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
The fix writes the object in the place of a string that is the dotted name of a class of the project
or of the vetted table. It is unsafe: the string allowed nothing so far.

## References
- [torch 2.13, `torch/_weights_only_unpickler.py`](https://github.com/pytorch/pytorch/blob/v2.13.0/torch/_weights_only_unpickler.py)
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.known_globals import spelling_of
from torchload_lint.checkpoint.report import NeededGlobal
from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.fixes.entries import replace_entry
from torchload_lint.fixes.repair import Allow
from torchload_lint.names import GlobalName
from torchload_lint.rules.assessing import find_class, judge_in
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.installed import is_hidden_module
from torchload_lint.rules.repairs import FixPlan, fix_from
from torchload_lint.source.facts.allowed.allowlists import EntryKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.allowed.allowlists import Allowlist, AllowlistEntry
    from torchload_lint.source.facts.module import Module


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report every invalid item of every allowlist in the file."""
    del situations
    for allowlist in module.allowlists:
        for entry in allowlist.entries:
            if entry.kind is EntryKind.INVALID:
                plan = _object_meant(entry, allowlist, module, context)
                message = f"this item breaks the allowlist: {entry.why}"
                yield finding(RULE, entry.span, message, fix=plan.fix, notes=plan.notes)


def _object_meant(
    entry: AllowlistEntry, allowlist: Allowlist, module: Module, context: Context
) -> FixPlan:
    """The object whose dotted name a string is, where it is known and may be trusted."""
    node = entry.node
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return FixPlan()
    name = GlobalName.parse(node.value)
    facts = find_class(name, module, context)
    spelling = spelling_of(facts.defined_as if facts else name)
    needed = NeededGlobal(name, spelling, pair=False, called=True)
    if not judge_in(context, needed, facts, module.path).allowed:
        return FixPlan()
    defined_in = facts.path if facts and not facts.read_from else ""
    hidden = is_hidden_module(spelling.module, module.path, context)
    allow = Allow(spelling, defined_in=defined_in, hidden=hidden)
    outcome = replace_entry(module, allowlist, entry, allow, context.config.line_length)
    return fix_from(outcome, f"Write the object for {node.value!r}", Applicability.UNSAFE, _RISK)


_RISK = "what the text names is allowed from then on, which it is not today"

RULE = Rule("TLL205", "invalid-safe-global", Severity.ERROR, __doc__, check_module=check)
