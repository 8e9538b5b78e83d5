"""What the tool says of programs, against what the programs do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from programs.claims import claims, safely_fixed
from programs.runner import run_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from programs.layouts import Program


class Verdict(NamedTuple):
    """One program, judged."""

    program: Program
    runs: bool
    """Whether it loads something, and ends well."""
    exact: bool
    """Whether a claim was made for every load in it."""
    false_claim: str
    """What a claim leaves out; empty where none does."""
    harm: str
    """How it ends after the safe fixes, where it ended well before; empty where it still does."""
    fixed: bool
    """Whether a safe fix changed it."""
    reasons: tuple[str, ...]
    """Why no claim is made."""


def judge(programs: Sequence[Program]) -> list[Verdict]:
    """Run programs before and after their safe fixes, and compare."""
    runs = run_all(program.files for program in programs)
    fixed = [safely_fixed(program.files) for program in programs]
    changed = [n for n, program in enumerate(programs) if fixed[n] != program.files]
    after = dict(zip(changed, run_all(fixed[n] for n in changed), strict=True))
    verdicts = []
    for number, (program, run) in enumerate(zip(programs, runs, strict=True)):
        said = claims(program.files)
        exact = bool(said) and all(claim.exact for claim in said)
        covered = frozenset().union(*(claim.paths for claim in said))
        left_out = sorted(set(run.loaded) - covered) if exact else []
        well = bool(run.loaded) and not run.error
        ending = after[number].error if number in after and well else ""
        verdicts.append(
            Verdict(
                program,
                well,
                exact,
                ", ".join(left_out),
                ending,
                number in after,
                tuple(reason for claim in said for reason in claim.reasons),
            )
        )
    return verdicts
