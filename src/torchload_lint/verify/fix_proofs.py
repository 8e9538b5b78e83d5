"""Real torch, asked before a fix is offered (``--verify``), and what a run has to say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.config import ConfigError
from torchload_lint.verify.parent import NoTorchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import FileResult
    from torchload_lint.fixes.repair import Repair
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.verify.proofs import Prover

_NOT_APPLIED = "the fix is not applied: "
"""How rules begin the note of a fix that has been objected to."""


class FixProofs:
    """Objects to fixes that are not proven, and remembers what the proofs of the others left out.

    Of one load several fixes may be asked for, in several rounds: what is told of an objection is
    what the findings say that are left in the end.
    """

    def __init__(self, prover: Prover) -> None:
        """Nothing has been asked yet."""
        self._prover = prover
        self._objections: set[str] = set()
        self._left_out: dict[str, None] = {}

    def veto(self, situation: Situation, repair: Repair, context: Context) -> str:
        """Why a fix must not be applied; empty where it may be. Raises ConfigError."""
        try:
            objection, left_out = self._prover.veto(situation, repair, context)
        except NoTorchError as error:
            raise ConfigError(
                f"--verify: {error}; name an interpreter that has it with --python"
            ) from error
        if objection:
            self._objections.add(f"{_NOT_APPLIED}{objection}")
        elif left_out:
            self._left_out[f"{situation.module.path}: the fix is proven {left_out}"] = None
        return objection

    def remarks(self, results: Sequence[FileResult]) -> Iterator[str]:
        """What is to be told of a run: fixes of findings that are left, and what was left out."""
        told = dict.fromkeys(
            f"{result.path}:{f'cell {one.cell}:' if one.cell else ''}{one.span.start.row}: {note}"
            for result in results
            for one in result.diagnostics
            for note in one.notes
            if note in self._objections
        )
        yield from told
        yield from self._left_out
