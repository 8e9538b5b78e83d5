"""Entries, and blocks, that rest on the module ``restore_only``: whether they can be written."""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.fixes.blocks.shape import Shape, is_put_away, shape_of
from torchload_lint.fixes.repair import Form
from torchload_lint.helper_module import NAME, is_helper, is_older_helper
from torchload_lint.policy import Trust
from torchload_lint.rules.blocks.helper_places import helper_found, importer_of_all
from torchload_lint.rules.on_torch import PAIRS_SINCE
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.facts.allowed.contexts import is_from_helper

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Need, Situation
    from torchload_lint.source.facts.allowed.allowlists import AllowlistEntry
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module

LIMITED = frozenset({Trust.RESTORE_ONLY, Trust.ONLY_WITH})
"""What no list of torch's own can say."""


def risk_of_limits(needs: Sequence[Need]) -> str:
    """What entries risk, some of which only ``LIMITED`` trust allows."""
    if any(need.judgement.trust is Trust.RESTORE_ONLY for need in needs):
        return (
            "objects get their attributes as they stand in the file, and no code of their class "
            "runs then, which may have checked or completed them"
        )
    return "a file that is written later, and calls the same with other arguments, is refused"


def risk_of_kept_classes(needs: Sequence[Need]) -> str:
    """What a list with a class risks whose objects a file may call; empty where it has none."""
    kept = next((str(need.name) for need in needs if need.judgement.kept_and_called), "")
    if not kept:
        return ""
    return (
        f"the file keeps {kept} itself, so that another file may make its objects and call them: "
        "one that gives back what it is given lets that file set attributes of classes for the "
        "whole program"
    )


def may_restore(situation: Situation, context: Context, form: Form) -> bool:
    """Whether entries may restore what torch's own list would let a file call, too: wherever the
    module that this takes can be written where the file finds it, and no block of torch's own is to
    be added to.
    """
    blocks = [one for one in situation.load.allowlists if one.kind is not AllowlistKind.PROCESS]
    own = all(is_from_helper(situation.module, one.node) for one in blocks)
    can_be = context.adds_modules and form is not Form.WITH_SHIM and own
    if not can_be or not _can_stay_apart(situation.load, situation.module, bool(blocks)):
        return False
    helper = helper_found(situation.module, context.project)
    return bool(helper) and not helper_obstacle(helper, situation, context)


def _can_stay_apart(load: LoadCall, module: Module, is_in_block: bool) -> bool:
    """Whether what is loaded can be used below the block only, at no cost: it becomes what it was
    only there, and a function around it is not offered as a safe fix.
    """
    if is_put_away(load.node, load.statement):
        return True
    shape = shape_of(load.node, load.statement, module.parents, apart=True)
    return not is_in_block and shape is not Shape.FUNCTION


def holds_plain_arrays(missing: tuple[Need, ...]) -> bool:
    """Whether it needs arrays, and of no kind that cannot be held to what numpy writes."""
    names = {need.name.qualname for need in missing if need.name.module.startswith("numpy")}
    return "ndarray" in names and names.isdisjoint(_UNGUARDED_ARRAYS)


_UNGUARDED_ARRAYS = frozenset("MaskedArray VoidDType chararray matrix memmap recarray".split())
"""Subclasses of arrays, and structured ones, which share what the file says of their fields."""


def helper_obstacle(helper: str, situation: Situation, context: Context) -> str:
    """Why no entry may be written that only restores a class."""
    oldest = situation.lines[0]
    if oldest < PAIRS_SINCE:
        return (
            f"the entry limits what a file may do, which takes torch {PAIRS_SINCE}, and the code "
            f"must also run on torch {oldest}"
        )
    if any(entry.calls is not None for entry in _entries(situation) if _is_short(entry, situation)):
        return "an only_with entry is there already, for other arguments; add these to it"
    there = context.project.module(helper)
    if there is not None and not is_helper(there.path, there.text):
        if is_older_helper(there.path, there.text):
            return (
                f"{there.path} is an older version of the module that fixes write; delete it, and "
                "the fix writes today's"
            )
        return f"{there.path} is another file than the one that restores classes; rename it"
    of_script = helper == NAME  # which looks beside itself, whatever lies beside another script
    near = there is not None and not (of_script and _lie_apart(there, situation.module))
    importer = "" if near else importer_of_all(helper, situation.module, context.project)
    if importer:
        return (
            f"{importer} imports what it finds in a folder, and may find {helper}, the module that "
            "the entry takes"
        )
    return ""


def _lie_apart(one: Module, other: Module) -> bool:
    return dirname(one.path) != dirname(other.path)


def _entries(situation: Situation) -> Iterator[AllowlistEntry]:
    return (one for allowlist in situation.load.allowlists for one in allowlist.entries)


def _is_short(entry: AllowlistEntry, situation: Situation) -> bool:
    """Whether an entry is for a function that the load still needs, with other arguments."""
    missing = {need.needed.spelling.expression() for need in situation.missing if need.needed.held}
    return entry.obj is not None and str(entry.obj).removeprefix("builtins.") in missing
