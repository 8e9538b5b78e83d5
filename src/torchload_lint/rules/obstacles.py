"""Why a load gets no fix, in sentences: names that are refused, files, and the oldest torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.rules.on_torch import (
    ALLOWLIST_SINCE,
    PAIRS_SINCE,
    PARAMETER_SINCE,
    SAFE_GLOBALS_SINCE,
)
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.text.candidates import first_row

if TYPE_CHECKING:
    import ast

    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module

_FEW_BESIDE = 8
"""Loads that begin on one row, or stand in one statement, whatever that costs."""
_MOST_WRITTEN = 100_000
"""Characters that the fixes of a file's crowded rows write: each of their loads writes them all."""


def obstacles(situation: Situation) -> tuple[str, ...]:
    """Why no allowlist may be written, one sentence each."""
    return (*refused_names(situation), *obstacles_of_files(situation))


def refused_names(situation: Situation) -> tuple[str, ...]:
    """The names that the files need and that may not be allowed, and why not."""
    return tuple(
        f"{need.name} is not allowed: {need.judgement.reason}; {need.judgement.advice}"
        for need in situation.missing
        if not need.judgement.allowed
    )


def obstacles_of_files(situation: Situation) -> tuple[str, ...]:
    """What is wrong with the files on some torch of the range, and what the program registers."""
    notes: list[str] = []
    bad = (Verdict.CANNOT_LOAD, Verdict.NEEDS_STAND_IN, Verdict.DANGEROUS, Verdict.UNREADABLE)
    for report in situation.with_verdict(*bad):
        notes += [f"{report.path}: {problem.message}" for problem in report.problems]
    for report in situation.with_verdict(Verdict.NEEDS_SAFE_GLOBALS, Verdict.LOADS):
        notes += [f"{report.path}: {one.message}" for one in report.problems if one.is_open]
    if situation.registered:
        places = ", ".join(f"{name} ({place})" for name, place in situation.registered)
        notes.append(
            "left alone: leaving a safe_globals block would take away what add_safe_globals "
            f"registers (or may register): {places}"
        )
    return tuple(notes)


def target_obstacles(situation: Situation) -> tuple[str, ...]:
    """What the oldest torch lacks for this repair, and what is possible there instead."""
    target = situation.lines[0]
    wanted = f"the code must also run on torch {target}"
    raised = "or raise the oldest torch (--target-torch)"
    if target < PARAMETER_SINCE:
        return (f"{wanted}, which has no weights_only (1.13 or newer has; see --target-torch)",)
    if not situation.missing:
        blocks = [one for one in situation.load.allowlists if one.kind is not AllowlistKind.PROCESS]
        if target < SAFE_GLOBALS_SINCE and situation.needs and blocks:
            return (f"{wanted}, where the block around the call allows nothing (2.5 or newer)",)
        return ()
    migrate = "`torchload-lint migrate` makes a file that needs none"
    names = ", ".join(need.needed.spelling.expression() for need in situation.missing)
    if target < ALLOWLIST_SINCE:
        return (f"{wanted}, which has no allowlist at all (2.4 or newer has): {migrate}, {raised}",)
    if target < PAIRS_SINCE and any(need.needed.pair for need in situation.missing):
        return (f'{wanted}, which takes no (object, "name") pairs (2.6 does): {migrate}, {raised}',)
    if target < SAFE_GLOBALS_SINCE:
        instead = f"call torch.serialization.add_safe_globals([{names}]) before the load"
        return (
            f"{wanted}, which has no safe_globals block (2.5 or newer has): {instead}, {raised}",
        )
    return ()


def crowding(module: Module, load: LoadCall) -> str:
    """That too many loads stand beside this one for a block around each; empty where they do not.

    A block takes in the rows of the whole statement: that of each of a thousand loads in one list
    would write the list a thousand times.
    """
    crowded = module.remember("crowded rows", lambda: _crowded(module))
    is_crowded = first_row(load.statement) in crowded
    return "too many loads stand in these rows: a block goes around all of them" * is_crowded


def _crowded(module: Module) -> set[int]:
    """The rows that are too crowded; in the order of the file, so that the first get fixes."""
    beside: dict[int, list[ast.stmt]] = {}
    for one in module.loads:
        beside.setdefault(first_row(one.statement), []).append(one.statement)
    starts = (*module.lines.starts, len(module.text))
    written, found = 0, set()
    for row, statements in sorted(beside.items()):
        if len(statements) > _FEW_BESIDE:
            last = max(one.end_lineno or row for one in statements)
            written += len(statements) * (starts[last] - starts[row - 1])
            if written > _MOST_WRITTEN:
                found.add(row)
    return found
