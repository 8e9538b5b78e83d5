"""A call of another function that ends in an unsafe `torch.load`.

## What it does
Reports `torch.hub.load_state_dict_from_url` and `torch.utils.model_zoo.load_url` without
`weights_only=True`, ultralytics' `torch_load` without it, Lightning's `load_from_checkpoint` and
`Trainer` methods that are told or left to load unsafely, functions of other libraries that are
given `weights_only=False`, and functions of the same file that pass `weights_only` on to
`torch.load` and are called so that it is false.

## Why is this bad?
The file decides what code runs, as with `torch.load(..., weights_only=False)`, and the line does
not even look like a load. In torch 2.13, the two torch.hub functions still default to the unsafe
load.

## Example
```python
state = torch.hub.load_state_dict_from_url("https://example.org/resnet.pth")
```

## Use instead
```python
state = torch.hub.load_state_dict_from_url("https://example.org/resnet.pth", weights_only=True)
```

## Fix safety
The fix writes `weights_only=True` where the function is one of torch's. It is unsafe: the file may
hold more than tensors.

## References
- [`torch.hub.load_state_dict_from_url`](https://docs.pytorch.org/docs/stable/hub.html)
- [Lightning #20058](https://github.com/Lightning-AI/pytorch-lightning/issues/20058)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.repairs import plan_indirect
from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.indirect import IndirectKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.indirect import IndirectLoad
    from torchload_lint.source.facts.module import Module

UNSAID = frozenset({WeightsOnly.ABSENT, WeightsOnly.NONE})


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report the indirect loads that are unsafe, or left to an unsafe default."""
    del situations
    for load in module.indirect_loads:
        reason = _why_unsafe(load)
        if reason:
            fix = plan_indirect(load, module, context)
            notes = (load.weights_only_because,) if load.weights_only_because else ()
            yield finding(RULE, load.span, f"`{load.loader}` {reason}", fix=fix, notes=notes)


def _why_unsafe(load: IndirectLoad) -> str:
    if load.weights_only is WeightsOnly.FALSE:
        if load.kind is IndirectKind.WRAPPER and load.weights_only_node is None:
            return "loads with `weights_only=False` unless it is told otherwise"
        return "is told to load with `weights_only=False`: the file may run any code"
    if load.weights_only not in UNSAID:
        return ""
    if load.kind in {IndirectKind.HUB, IndirectKind.LIBRARY}:
        return "loads unsafely by default: the file may run any code"
    if load.kind is IndirectKind.LIGHTNING and load.certain:
        return "may load unsafely: it does not say `weights_only=True`"
    return ""


RULE = Rule(
    "TLL108",
    "indirect-unsafe-loader",
    Severity.WARNING,
    __doc__,
    check_module=check,
    security_severity="7.5",
    precision="medium",
)
