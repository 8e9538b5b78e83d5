"""May this global be trusted? First-party, vetted or configured; otherwise no, and why."""

from torchload_lint.policy.judgement import (
    Judgement,
    Trust,
    judge,
    judge_calls,
    judge_members,
    judge_together,
)
from torchload_lint.vetted import vetted_definitions

__all__ = [
    "Judgement",
    "Trust",
    "judge",
    "judge_calls",
    "judge_members",
    "judge_together",
    "vetted_definitions",
]
