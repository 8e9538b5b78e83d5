"""An allowed global that no checkpoint read here needs.

## What it does
Reads the checkpoints of the loads inside a `safe_globals` block and reports the items that none of
them needs. It only speaks where every file of every load in the block was read. A block that
allows nothing at all is reported, too.

## Why is this bad?
Each item is one more thing that a hostile file may use. A list that has grown over time hides which
classes matter.

## Example
```python
with safe_globals([MyModel, Namespace]):   # the file holds no Namespace
    model = torch.load("model.pt", weights_only=True)
```

## Use instead
```python
with safe_globals([MyModel]):
    model = torch.load("model.pt", weights_only=True)
```

## Fix safety
Taking an item out is unsafe: other files of the same name may need it. Taking an empty block away
is safe. An import that nothing else uses goes with them.

## References
- [`torch.serialization.safe_globals`](https://docs.pytorch.org/docs/stable/notes/serialization.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.fixes.entries import remove_entry
from torchload_lint.fixes.removal import remove_block
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.installed import may_mean
from torchload_lint.rules.met_needs import entry_key, need_key
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.rules.repairs import fix_from
from torchload_lint.rules.situation import by_allowlist
from torchload_lint.rules.words import listed
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind, EntryKind
from torchload_lint.source.text.word_places import stands_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.checkpoint.report import NeededGlobal
    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report the unneeded items of each block whose loads are all understood."""
    within = by_allowlist(situations)
    for allowlist in module.allowlists:
        inside = within.get(allowlist.node, [])
        if _is_empty_block(allowlist) and not any(one.missing for one in inside):
            removed = remove_block(
                module, allowlist, keeps_import=_may_be_taken(module, context.project)
            )
            plan = fix_from(removed, "Remove the block", Applicability.SAFE)
            message = "this block allows nothing"
            yield finding(RULE, allowlist.span, message, fix=plan.fix, notes=plan.notes)
            continue
        if allowlist.kind is not AllowlistKind.BLOCK or not inside:
            continue
        if any(one.evidence is not Evidence.FILES or one.left_out for one in inside):
            continue
        needed = {
            need_key(entry, context, as_pair=as_pair)
            for one in inside
            for entry in _needed_anywhere(one)
            for as_pair in (True, False)
        }
        # An object that is needed under another name is mismatched (TLL204), not unneeded.
        needed |= {e.spelling.expression() for one in inside for e in _needed_anywhere(one)}
        needed |= {str(s.name) for one in inside for r in one.reports for s in r.stand_ins}
        files = listed([path for one in inside for path in one.checkpoints])
        for entry in allowlist.entries:
            key = entry_key(entry, module, context)
            if key is None or key in needed or entry.kind is EntryKind.INVALID:
                continue
            names = {e.name for one in inside for e in _needed_anywhere(one)}
            if any(may_mean(entry, name, module.path, context) for name in names):
                continue
            plan = fix_from(
                remove_entry(module, allowlist, entry), f"Remove {key}", Applicability.UNSAFE, _RISK
            )
            message = f"`{key}` is allowed, but {files} does not need it"
            yield finding(RULE, entry.span, message, fix=plan.fix, notes=plan.notes)


def _needed_anywhere(situation: Situation) -> Iterator[NeededGlobal]:
    """What the load needs on any torch that the code may run on."""
    yield from (need.needed for need in situation.needs)
    for reports in situation.reports_on.values():
        yield from (entry for report in reports for entry in report.safe_globals)


def _may_be_taken(module: Module, project: ProjectIndex) -> bool:
    """Whether another file may import ``safe_globals`` from this one: it names both."""
    stem = module.name.rpartition(".")[2]
    texts = (
        project.files.text(path) or ""
        for path in project.holding("safe_globals")
        if path != module.path
    )
    return any(stands_in(stem, text) for text in texts)


def _is_empty_block(allowlist: Allowlist) -> bool:
    written = allowlist.display is not None and not allowlist.display.elts
    return written and allowlist.kind is AllowlistKind.BLOCK


_RISK = "another file of this load may need it"

RULE = Rule(
    "TLL202",
    "unneeded-safe-global",
    Severity.WARNING,
    __doc__,
    check_module=check,
    needs_checkpoints=True,
)
