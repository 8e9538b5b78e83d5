"""Fix programs until nothing changes, and read the cases that are kept as text.

A case file holds ``### name`` headings; below each the program before, a row ``--->`` and the
program after. ``---x words`` in the place of the arrow means that the program stays as it is, for
a reason that holds these words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fixes.equivalence import same_but_for_safe_globals
from torchload_lint.diagnostic import Applicability, Fix
from torchload_lint.fixes.apply import apply_edits
from torchload_lint.fixes.repair import Allow, Form, NotRepaired, Repair, Repaired
from torchload_lint.fixes.repairing import repair_load
from torchload_lint.names import GlobalName, Spelling
from torchload_lint.source.facts.calls import LoadCall, WeightsOnly
from torchload_lint.source.facts.module import Module, read

CASES = Path(__file__).parent / "cases"
NAMESPACE = Allow(Spelling("argparse", "Namespace"))
NET = Allow(Spelling("myapp.models", "Net"), defined_in="myapp/models.py")
PATH, NAME = "myapp/train.py", "myapp.train"
MOST_PASSES = 30


@dataclass
class Fixed:
    """What became of a program."""

    text: str
    how: list[str]
    reasons: list[str]
    keeps_meaning: bool


def parsed(text: str, path: str = PATH, name: str = NAME) -> Module:
    module = read(text, path, name)
    assert isinstance(module, Module), f"does not parse: {module}\n{text}"
    return module


def _missing(load: LoadCall, allow: tuple[Allow, ...]) -> tuple[Allow, ...]:
    """What no allowlist around the load has yet, as a rule would find out."""
    there = {(entry.obj, entry.key) for one in load.allowlists for entry in one.entries}
    return tuple(
        one
        for one in allow
        if one.spelling.template != "{}"
        or (GlobalName(one.spelling.module, one.spelling.name), one.key) not in there
    )


def fix(text: str, *allow: Allow, path: str = PATH, name: str = NAME, **repair: object) -> Fixed:
    """Fix every load of a program, pass after pass, until nothing changes."""
    fixed = Fixed(text, [], [], True)
    for _ in range(MOST_PASSES):
        fixes: list[Fix] = []
        fixed.reasons = []
        for load in parsed(fixed.text, path, name).loads:
            missing = _missing(load, allow)
            restricts = repair.get("form", Form.RESTRICTED) is Form.RESTRICTED
            if not missing and (load.weights_only is WeightsOnly.TRUE or not restricts):
                continue
            module = parsed(fixed.text, path, name)
            same = next(one for one in module.loads if one.span == load.span)
            outcome = repair_load(module, same, Repair(allow=missing, **repair))
            if isinstance(outcome, NotRepaired):
                fixed.reasons.append(outcome.reason)
                continue
            assert isinstance(outcome, Repaired)
            fixes.append(Fix(Applicability.SAFE, outcome.how, outcome.edits))
            fixed.keeps_meaning &= outcome.keeps_meaning
        new, applied = apply_edits(fixed.text, fixes)
        if new == fixed.text:
            return fixed
        fixed.how += [fix.message for fix in applied]
        fixed.text = new
    raise AssertionError(f"not still after {MOST_PASSES} passes:\n{fixed.text}")


def check(before: str, after: str, *allow: Allow, **options: object) -> Fixed:
    """``before`` becomes ``after``, stays so, and is still the same program."""
    fixed = fix(before, *allow, **options)
    assert fixed.text == after
    assert same_but_for_safe_globals(before, after) is None
    assert fix(after, *allow, **options).text == after
    return fixed


@dataclass(frozen=True)
class Case:
    """One program before and after."""

    name: str
    before: str
    after: str
    refused: str


def cases(file: str) -> list[Case]:
    """The cases of one file."""
    text = (CASES / file).read_text(encoding="utf-8")
    found = []
    for block in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        name, _, rest = block.partition("\n")
        parts = re.split(r"^---(>|x .*)\n", rest, flags=re.MULTILINE)
        before = parts[0]
        arrow, after = (parts[1], parts[2]) if len(parts) > 1 else (">", "")
        refused = arrow[1:].strip()
        found.append(Case(name, before, before if refused else after, refused))
    return found
