"""What a new block may do to the loads beside it: torch has one list of what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.rules.blocks.threads import thread_that_loads, thread_that_runs
from torchload_lint.rules.blocks.unread_allowances import unread_allowance

if TYPE_CHECKING:
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation


def risk_of_block(situation: Situation, context: Context) -> str:
    """What may go wrong, in words; empty for nothing.

    Threads share one list, which the first of them that leaves its block takes from the others
    (torch 2.13, ``_weights_only_unpickler.py``).
    """
    if not situation.missing:
        return ""
    node, module, project = situation.load.node, situation.module, context.project
    if thread := thread_that_loads(node, module, project):
        return (
            f"{thread} hands a thread what may load: all threads share torch's allowlist, and the "
            "first block that ends takes its names from the loads of the others, which then fail"
        )
    if unread := unread_allowance(project):
        return (
            f"{unread} allows something in a way that is not read, and the block's end would take "
            "away what both allow"
        )
    return ""


def is_risky_while_restricted(situation: Situation, context: Context) -> bool:
    """Whether a load that fails today may still fail in its block, or its block may harm others."""
    if not situation.missing:
        return False
    node, module, project = situation.load.node, situation.module, context.project
    return bool(thread_that_runs(node, module, project) or unread_allowance(project))
