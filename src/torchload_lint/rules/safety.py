"""How safe a repair is: whether anything that works today can stop working.

A call that is restricted already, and is only allowed more, cannot break: then a default or a
pattern whose files were read is good enough. A call that unpickles freely, and becomes restricted,
can: then every file that it can read must be known for certain, must have been read, and must load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability
from torchload_lint.rules.blocks.block_risks import is_risky_while_restricted, risk_of_block
from torchload_lint.rules.on_torch import PAIRS_SINCE, Mode
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.rules.weakening import weakened
from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.scripts import may_be_a_program

if TYPE_CHECKING:
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Need, Situation

_VOUCHED = frozenset({Evidence.FILES, Evidence.CONFIGURED})
_READ = _VOUCHED | {Evidence.RECORDED, Evidence.PATTERN}


def applicability(situation: Situation, context: Context) -> Applicability:
    """How safe it is to write what a load needs, and ``weights_only=True``."""
    only_added = is_restricted_today(situation, context)
    certain = situation.evidence in (_READ if only_added else _VOUCHED)
    unread = situation.left_out or situation.not_read or situation.unsure
    known = certain and (only_added or not unread)
    if known and only_added and is_risky_while_restricted(situation, context):
        return Applicability.UNSAFE
    if (
        known
        and not only_added
        and (_risk_of_entries(situation, context) or _writer(situation, context))
    ):
        return Applicability.UNSAFE
    return Applicability.SAFE if known else Applicability.UNSAFE


def _writer(situation: Situation, context: Context) -> str:
    from torchload_lint.rules.blocks.written_anew import written_anew  # noqa: PLC0415 - costs time

    return written_anew(situation, context)


def may_be_mains(need: Need, situation: Situation) -> bool:
    """Whether a class that a checkpoint names by its module may be ``__main__``'s where the load
    runs, because it is defined in the same file. Under its plain entry torch finds another name.
    """
    own = need.facts.path if need.facts is not None and not need.facts.read_from else None
    return (
        own == situation.module.path
        and need.name.module != "__main__"
        and may_be_a_program(situation.module, situation.load.node)
        and not _is_written_here(situation)
    )


def _is_written_here(situation: Situation) -> bool:
    """Whether only the load's own file is known to write what it reads: then a class is named
    there as it is here, whichever of the two names that is.
    """
    writers = {place.rpartition(":")[0] for place in situation.written_by}
    return situation.evidence is Evidence.INFERRED and writers == {situation.module.path}


def is_paired(need: Need, situation: Situation) -> bool:
    """Whether an entry says the name in the file, which may not be that of the object here."""
    new = bool(situation.lines) and situation.lines[0] >= PAIRS_SINCE
    return need.needed.pair or (new and may_be_mains(need, situation))


def _risk_of_entries(situation: Situation, context: Context) -> str:
    """What a block with the missing entries may do to a program; empty for nothing."""
    if shared := risk_of_block(situation, context):
        return shared
    if situation.lines and situation.lines[0] < PAIRS_SINCE:
        own = [str(need.name) for need in situation.missing if may_be_mains(need, situation)]
        return f"where the file itself is run, {own[0]} is a class of __main__" if own else ""
    return ""


def risk(situation: Situation, context: Context) -> str:
    """What may go wrong where it is not safe to write what a load needs."""
    if shared := _risk_of_entries(situation, context):
        return shared
    if writer := _writer(situation, context):
        return f"{writer} may write the file, and put more into it than it holds today"
    if situation.evidence is Evidence.INFERRED:
        writers = ", ".join(situation.written_by)
        return f"the file was not read; what it needs is inferred from what {writers} saves"
    if situation.evidence is Evidence.RECORDED:
        return "a recorded run opened the file, and another run may open another"
    if situation.evidence is Evidence.NONE:
        return "it is not known what the file holds"
    if situation.left_out:
        return f"{situation.left_out} more files match, which were not read"
    if situation.not_read:
        return situation.not_read[0]
    if situation.unsure:
        names = ", ".join(str(need.name) for need in situation.unsure)
        return f"it is not certain that the program allows {names} there"
    if situation.resolution.unknown:
        return f"it may read another file, which may need more: {situation.resolution.unknown[0]}"
    return "it may read another file than those that were read, and that may need more"


def is_restricted_today(situation: Situation, context: Context) -> bool:
    """Whether the call unpickles freely on no torch, whatever the project does to that."""
    if situation.mode is not Mode.RESTRICTED or situation.unsafe_on:
        return False
    return situation.load.weights_only is WeightsOnly.TRUE or not weakened(
        situation.module, context
    )
