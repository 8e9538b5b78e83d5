"""May this global be trusted? First-party, vetted or configured; otherwise no, and why."""

from torchload_lint.policy.judgement import Judgement, Trust, judge
from torchload_lint.policy.vetted import vetted_definitions

__all__ = ["Judgement", "Trust", "judge", "vetted_definitions"]
