"""What the parts of a repair hand to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.fixes.edits import Change


class Rewritten(NamedTuple):
    """The changes, and how the statement was changed."""

    changes: list[Change]
    how: str
    keeps_meaning: bool = True


class Refusal(Exception):  # noqa: N818 - a refusal, not an error
    """No rewrite is right; why, and what a person would do."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice
