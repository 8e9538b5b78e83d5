"""A load whose `weights_only` cannot be determined.

## What it does
Reports a `torch.load` whose `weights_only` comes from a variable, a parameter or `**kwargs` whose
value cannot be read from the source, or differs between branches. Where it is a parameter that is
true by default, so that a caller has to ask for the unsafe load, this is informational; so it is
where only what is unpacked could bring it, every torch of the project restricts a load by default,
and no code of the project says that `weights_only` is false. It is a warning all the same where the
file that is read does not load with `weights_only=True`, and a caller leaves it to that. A load by
a library (`super().load_from_checkpoint(path, **kwargs)`) is reported in that last case alone.

## Why is this bad?
Somebody decides elsewhere whether the file may run code, and a reader of this line cannot see who.

## Example
```python
def load(path, trusted):
    return torch.load(path, weights_only=not trusted)
```

## Use instead
```python
def load(path):
    return torch.load(path, weights_only=True)
```

## Fix safety
`weights_only` is left as it is: the tool does not know which value is meant. Where the file that is
read needs more than torch allows, a load with `weights_only=True` fails, and the fix puts it into a
`safe_globals` block, which changes nothing for a load with `weights_only=False`. There is no fix
where no caller leaves it to that, or code of the project says that `weights_only` is false.

## References
- [`torch.load`](https://docs.pytorch.org/docs/stable/generated/torch.load.html)
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.diagnostic import Severity
from torchload_lint.late_patterns import late_pattern
from torchload_lint.rules.base import Rule, finding
from torchload_lint.rules.loads.indirect_unsafe_loader import named
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.rules.repairs import FixPlan, plan_undecided
from torchload_lint.rules.words import evidence_notes, listed, what_files_need
from torchload_lint.source.certainty.given_keywords import some_caller_leaves_out
from torchload_lint.source.facts.calls import WeightsOnly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module


def check(situation: Situation, context: Context) -> Iterator[Diagnostic]:
    """Report a value that is neither known to be true nor known to be false."""
    load = situation.load
    hidden = load.unpacks and load.weights_only in {WeightsOnly.ABSENT, WeightsOnly.NONE}
    is_undecided = load.weights_only is WeightsOnly.UNDECIDED
    if not (is_undecided if load.library else hidden or is_undecided):
        return
    reason = load.weights_only_because or (
        "it may be among the unpacked arguments" if hidden else ""
    )
    message = f"`weights_only` of this {named(load)} cannot be determined"
    message += f": {reason}" if reason else ""
    if load.passes_on_default in {WeightsOnly.NONE, WeightsOnly.FALSE}:
        message += "; let it be True by default, so that a caller has to ask for an unsafe load"
    is_default = _has_to_be_unpacked(load, context)
    is_asked_for = load.passes_on_default is WeightsOnly.TRUE
    is_left_out = load.passes_on and some_caller_leaves_out(
        context.project, situation.module, load.node, load.passes_on
    )
    fails = _why_it_fails(situation) if is_default or is_left_out or not is_asked_for else ""
    if not situation.is_torch_load and not fails:
        return  # who decides what a library does is told where it is decided
    message += f"; where it is true, {fails}" if fails else ""
    is_restricted = is_default or (is_left_out and not _says_false(context))
    plan = plan_undecided(situation, context) if fails and is_restricted else FixPlan()
    is_asked_for = (is_default or is_asked_for) and not fails
    yield finding(
        RULE,
        load.span,
        message,
        severity=Severity.INFO if is_asked_for else Severity.WARNING,
        fix=plan.fix,
        situation=situation,
        notes=(*evidence_notes(situation), *plan.notes),
    )


def _why_it_fails(situation: Situation) -> str:
    """Why no restricted load takes the files that are read, in words; empty where one does."""
    if situation.evidence not in {Evidence.FILES, Evidence.PATTERN, Evidence.CONFIGURED}:
        return ""
    hopeless = situation.with_verdict(Verdict.CANNOT_LOAD, Verdict.NEEDS_STAND_IN)
    if hopeless:
        return f"{listed([report.path for report in hopeless])} cannot be loaded"
    registered = {name for name, _ in situation.registered}
    missing = [one for one in situation.missing if str(one.name) not in registered]
    said = what_files_need(situation, missing) if missing else ""
    return f"{said}, which nothing at this call allows" if said else ""


def _has_to_be_unpacked(load: LoadCall, context: Context) -> bool:
    """Whether the load is a restricted one unless what is unpacked says False, which no code of the
    project does.
    """
    if not load.unpacks or load.pickle_module is not None:
        return False
    if any(one.arg == "weights_only" for one in load.node.keywords):
        return False
    return not context.torch.unsafe_by_default and not _says_false(context)


def _says_false(context: Context) -> bool:
    """Whether a file of the project gives ``weights_only`` the value False, by whatever way."""

    def found() -> bool:
        modules = map(context.project.module_at, context.project.holding("weights_only"))
        return any(_FALSE.search(_code_of(module)) for module in modules if module is not None)

    return context.project.remember(("weights_only is False",), found)


def _code_of(module: Module) -> str:
    """The text without comments and texts that stand by themselves, such as docstrings."""
    lines = [line.partition("#")[0] for line in module.text.splitlines()]
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
            continue
        if not lines[node.lineno - 1][: node.col_offset].strip():
            for row in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                lines[row - 1] = ""
    return "\n".join(lines)


_FALSE = late_pattern(r"weights_only[\"']?\]?\s*(?::[^=\n,]*)?[=:,]\s*\(?(?:False|0)\b")

RULE = Rule(
    "TLL105",
    "undecided-weights-only",
    Severity.WARNING,
    __doc__,
    check_load=check,
    security_severity="5.5",
    precision="medium",
    note_in_tests=True,
    about_call=True,
)
