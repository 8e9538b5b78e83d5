"""A call of another function that ends in an unsafe `torch.load`.

## What it does
Reports calls of libraries' loaders that load unsafely: those that ask for it, or that say
`weights_only=False` themselves in the version that is installed or required
(`torch.hub.load_state_dict_from_url`, ultralytics' `torch_load`, Lightning 2.4 and 2.5, …), and
functions of the same file that pass `weights_only` on to `torch.load` and are called so that it is
false. What is known of each library is listed in [Loaders](../loaders.md). Where nothing at the
call can make the load a restricted one, it is informational; so it is in tests, and only shown to
those who ask.

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
The fix writes `weights_only=True` where the function takes it, and a `safe_globals` block around
the call where the file needs one. It is safe where the file was read, and unsafe otherwise: the
file may hold more than tensors.

## References
- [`torch.hub.load_state_dict_from_url`](https://docs.pytorch.org/docs/stable/hub.html)
- [Lightning #20058](https://github.com/Lightning-AI/pytorch-lightning/issues/20058)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.repairs import plan_library
from torchload_lint.rules.words import evidence_notes, what_it_needs
from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.loader import Does
from torchload_lint.source.loaders.follow import unsafe_wrapper_calls
from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.library_load import LibraryLoad
    from torchload_lint.source.facts.module import Module

_WHY = {
    Does.FALLS_BACK: "loads unsafely what a restricted load refuses: the file may run any code",
    Does.DEFAULT: "leaves `weights_only` to torch, and torch {torch} loads unsafely",
    Does.FALSE: "loads unsafely by default: the file may run any code",
}
"""What a loader does → why that is unsafe, the best reason last."""


SHORT = 60
"""Characters of a called expression that a message shows."""


def check_load(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report a load by a library that is unsafe."""
    load = situation.load
    if load.library is None or not situation.unsafe_on:
        return
    if load.library.unpickles_by_itself:
        return  # another format: ``loads`` lists it, and no run says that it is checked
    if Does.FALSE not in load.library.does and _is_met(situation):
        return  # the restricted load succeeds, and nothing is tried after it
    by_argument = load.weights_only is WeightsOnly.FALSE
    reason = (
        _BY_ARGUMENT
        if by_argument
        else _why(load.library, context.torch.words(situation.unsafe_on))
    )
    plan = plan_library(situation, context)
    because = (load.weights_only_because,) if load.weights_only_because else ()
    way_out = f"; {load.library.way_out}" if load.library.way_out else ""
    yield finding(
        RULE,
        load.span,
        f"{named(load)} {reason}{what_it_needs(situation)}{way_out}",
        severity=Severity.WARNING if by_argument or load.library.keyword else Severity.INFO,
        fix=plan.fix,
        situation=situation,
        notes=(*because, *evidence_notes(situation), *plan.notes),
    )


def named(load: LoadCall) -> str:
    """The function that a load calls, as the code has it, and whose it is."""
    library, of, shown = load.loader.partition(": ")
    code = code_of(load.node.func) if of else ""
    called = code if code and len(code) <= SHORT and "\n" not in code else shown
    if not of or called.partition(".")[0] == library:
        return f"`{called or load.loader}`"
    return f"`{called}` of {library}"


def _is_met(situation: Situation) -> bool:
    """Whether every file was read and all that it needs is allowed."""
    loadable = {Verdict.LOADS, Verdict.NEEDS_SAFE_GLOBALS}
    read = bool(situation.reports) and all(one.verdict in loadable for one in situation.reports)
    falls_back = (
        situation.load.library is not None and Does.FALLS_BACK in situation.load.library.does
    )
    return falls_back and read and not situation.missing


_BY_ARGUMENT = "loads with `weights_only=False`: the file may run any code"


def _why(library: LibraryLoad, torch: str) -> str:
    does = library.does - {Does.TRUE, Does.UNPICKLES}
    reason = [text for one, text in _WHY.items() if one in does][-1]
    return reason.format(torch=torch)


def check_module(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report calls of the project's own wrappers with which they load unsafely."""
    del situations
    for call in module.wrapper_calls:
        if call.weights_only is WeightsOnly.FALSE:
            by_default = call.weights_only_node is None
            reason = "loads with `weights_only=False` by default"
            notes = (call.weights_only_because,) if call.weights_only_because else ()
            message = f"`{call.wrapper.qualname}` {reason if by_default else _BY_ARGUMENT}"
            yield finding(RULE, call.span, message, notes=notes)
    for node, _, reach in unsafe_wrapper_calls(module, context.project):
        message = f"`{code_of(node.func)}` {_BY_ARGUMENT}"
        yield finding(RULE, module.span(node), message, notes=(f"it loads in {reach.place}",))


RULE = Rule(
    "TLL108",
    "indirect-unsafe-loader",
    Severity.WARNING,
    __doc__,
    check_load=check_load,
    check_module=check_module,
    note_in_tests=True,
    about_call=True,
)
