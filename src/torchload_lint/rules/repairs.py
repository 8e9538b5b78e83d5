"""From a situation to a fix: what to allow around the call, and how safe that is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability, Fix
from torchload_lint.fixes.repair import Allow, Form, NotRepaired, Repair, Repaired
from torchload_lint.fixes.restoring import helper_of
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.names import Spelling
from torchload_lint.rules import safety
from torchload_lint.rules.blocks.helped_entries import (
    LIMITED,
    helper_obstacle,
    holds_plain_arrays,
    may_restore,
    risk_of_kept_classes,
    risk_of_limits,
)
from torchload_lint.rules.blocks.helper_places import helper_found
from torchload_lint.rules.blocks.new_entries import entry_for, is_meant_to_fail, risk_of_import
from torchload_lint.rules.blocks.overlaps import (
    block_that_calls,
    callback_that_loads,
    names_that_load,
)
from torchload_lint.rules.blocks.star_imports import name_given_away
from torchload_lint.rules.met_needs import entry_key
from torchload_lint.rules.obstacles import (
    crowding,
    obstacles,
    obstacles_of_files,
    refused_names,
    target_obstacles,
)
from torchload_lint.rules.on_torch import PAIRS_SINCE, PARAMETER_SINCE, SAFE_GLOBALS_SINCE, Mode
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.rules.reading.sites import key_of
from torchload_lint.rules.restored_state import restored_state
from torchload_lint.rules.weakening import weakened
from torchload_lint.source.facts.allowed.allowlists import EntryKind
from torchload_lint.source.facts.calls import CallKind, Use, WeightsOnly
from torchload_lint.source.facts.loader import Does
from torchload_lint.source.facts.loading.usage import may_be_object
from torchload_lint.source.facts.shims import shim_of
from torchload_lint.source.project.imports import closes_circle
from torchload_lint.source.saving.kept_settings import kept_beside

if TYPE_CHECKING:
    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Need, Situation


class FixPlan(NamedTuple):
    """A fix, or the reasons why there is none and what would settle it."""

    fix: Fix | None = None
    notes: tuple[str, ...] = ()
    met: bool = False
    """Whether there is nothing to plan: what is needed is allowed already."""


def plan_repair(situation: Situation, context: Context) -> FixPlan:
    """The whole repair of one load: weights_only=True, and everything it needs allowed."""
    for fallback in situation.module.fallbacks:
        if fallback.load is situation.load:
            row = fallback.safe.span.start.row
            return FixPlan(notes=(f"it is the fallback of the safe load on line {row}",))
    situation = situation.everywhere or situation
    if not situation.lines:
        return FixPlan(notes=("left alone: no torch that the project may run on reaches it",))
    if situation.guarded and situation.load.weights_only is not WeightsOnly.FALSE:
        return FixPlan(notes=(_guarded(situation, context),))
    if situation.refused_when_saved:
        return FixPlan(notes=situation.refused_when_saved)
    if situation.evidence is Evidence.NONE:
        return _plan_without_checkpoint(situation, context)
    of_files = obstacles_of_files(situation)  # told last: many hold on the oldest torch alone
    found = (*refused_names(situation), *target_obstacles(situation), *of_files)
    if found:
        return FixPlan(notes=found)
    return _written(
        situation, context, situation.to_allow, safety.applicability(situation, context)
    )


def plan_missing(situation: Situation, context: Context) -> FixPlan:
    """The repair of a load that fails: on every torch restricted, or else in the compatible form.

    The compatible form leaves ``weights_only`` as it is and allows what newer releases ask for; an
    older torch, which has no ``safe_globals``, does what it did.
    """
    plan = plan_repair(situation, context)
    if plan.fix is not None or situation.mode is not Mode.RESTRICTED:
        return plan
    load = situation.load
    if situation.everywhere is None and not target_obstacles(situation):
        left_to_default = load.weights_only in {WeightsOnly.ABSENT, WeightsOnly.NONE}
        is_elsewhere = left_to_default and (load.weights_only_node is not None or load.unpacks)
        block = plan_undecided(situation, context) if is_elsewhere else plan
        return plan if block.fix is None else block
    compatible = _plan_compatible(situation, context)
    if compatible.fix is None:
        return plan
    fails_still = any(line < SAFE_GLOBALS_SINCE for line in situation.restricted_on)
    return compatible._replace(notes=(*compatible.notes, *(plan.notes if fails_still else ())))


def plan_undecided(situation: Situation, context: Context) -> FixPlan:
    """A block alone, around a load that may be restricted or not: where it is not, torch asks no
    list, and the block changes nothing.
    """
    is_fallback = any(one.load is situation.load for one in situation.module.fallbacks)
    left_alone = is_fallback or situation.guarded or situation.refused_when_saved
    return FixPlan() if left_alone else _plan_compatible(situation, context)


def _plan_compatible(situation: Situation, context: Context) -> FixPlan:
    if situation.evidence is Evidence.NONE or obstacles(situation) or not situation.to_allow:
        return FixPlan()
    imports = [need.needed.import_only for need in situation.to_allow if need.needed.import_only]
    if imports:
        return FixPlan(
            notes=(f"an older torch may not have {imports[0]}, which has to be imported",)
        )
    oldest = situation.lines[0]
    kept = f"weights_only is left as it is, so that torch {oldest} does what it did"
    notes, applicability, risk = (kept,), safety.applicability(situation, context), ""
    moved = [need.needed.spelling.expression() for need in situation.to_allow if _has_moved(need)]
    if moved:
        risk = f"an older release may lack {moved[0]}, which the fix names"
        notes, applicability = (risk,), Applicability.UNSAFE
    form = Form.WITH_SHIM if oldest < SAFE_GLOBALS_SINCE else Form.AS_IT_IS
    plan = _written(situation, context, situation.to_allow, applicability, form=form, risk=risk)
    return plan._replace(notes=(*notes, *plan.notes)) if plan.fix else plan


def _has_moved(need: Need) -> bool:
    """Whether a package has the object under this name only in its newer releases, perhaps.

    Those that run beside an old torch may be old too: numpy has ``numpy._core`` since 1.26.
    """
    spelling = need.needed.spelling
    if need.facts is not None or spelling.module.partition(".")[0] in sys.stdlib_module_names:
        return False
    return need.needed.pair or spelling.module.startswith("numpy._core")


def _guarded(situation: Situation, context: Context) -> str:
    lines = context.torch.words(situation.lines)
    return f"left alone: what may be a test of torch's version lets it run on torch {lines} only"


def plan_keyword(situation: Situation, context: Context) -> FixPlan:
    """Only ``weights_only=True``, where the call already means it: nothing changes."""
    if situation.mode is not Mode.RESTRICTED or situation.lines[0] < PARAMETER_SINCE:
        return FixPlan()
    if situation.guarded:
        return FixPlan(notes=(_guarded(situation, context),))
    if safety.is_restricted_today(situation, context):
        return _written(situation, context, (), Applicability.SAFE)
    where = weakened(situation.module, context) or "an older torch"
    if situation.evidence is Evidence.NONE and situation.load.use is Use.OBJECT:
        return FixPlan(notes=(f"{where} loads it unsafely today, and its value is an object",))
    risk = f"{where} lets it load any object today, and the file may hold more than is allowed"
    plan = _written(situation, context, (), Applicability.UNSAFE, risk=risk)
    return FixPlan(plan.fix, (f"{where} loads it unsafely today", *plan.notes))


def _plan_without_checkpoint(situation: Situation, context: Context) -> FixPlan:
    """It is not known what the file holds, only how its value is used."""
    if situation.mode is Mode.RESTRICTED:
        return plan_keyword(situation, context)
    if situation.lines[0] < PARAMETER_SINCE:
        return FixPlan(notes=target_obstacles(situation))
    if situation.mode is Mode.REFUSED:  # it only fails today
        return _written(situation, context, (), Applicability.SAFE)
    use = situation.load.use
    if situation.saved_besides and use is not Use.STATE_DICT:
        names = ", ".join(map(str, situation.saved_besides))
        saved = f"{names} is saved at {', '.join(situation.written_by)}, which may write the file"
        return FixPlan(notes=(saved, *what_would_settle_it(situation, context)))
    if use is Use.STATE_DICT:
        how, evidence = restored_state(situation, context)
        if how is None:
            return FixPlan(notes=(evidence, *what_would_settle_it(situation, context)))
        plan = _written(situation, context, (), how, risk=evidence)
        return FixPlan(plan.fix, (evidence, *plan.notes))
    advice = what_would_settle_it(situation, context)
    if use is Use.STATE_DICT_ITEM:
        if beside := kept_beside(situation.load, situation.module, context.project):
            return FixPlan(notes=(beside, *advice))
        evidence = "only items of the value are used, as a state dict; the file may hold more"
        plan = _written(situation, context, (), Applicability.UNSAFE, risk=evidence)
        return FixPlan(plan.fix, (evidence, *advice, *plan.notes))
    return FixPlan(notes=advice)


def plan_stand_ins(situation: Situation, report: CheckpointReport, context: Context) -> FixPlan:
    """The unsafe repair that lets stand-ins take the place of the real objects."""
    if not report.stand_ins:
        return FixPlan()
    stands_in, itself = allowed_names(situation, context)
    lacking = [one for one in report.stand_ins if str(one.name) not in stands_in]
    if any(str(one.name) in itself for one in lacking):
        return FixPlan()  # which of two entries for one name counts is not said
    refused = tuple(need for need in situation.missing if not need.judgement.allowed)
    if not lacking and not situation.missing:
        return FixPlan(met=True)
    too_old = not situation.lines or situation.lines[0] < PAIRS_SINCE
    if refused or too_old or len(situation.reports) > 1:
        return FixPlan()
    pairs = tuple(Allow(one.spelling, str(one.name)) for one in lacking)
    risk = "other objects take the place of the real ones, without their code"
    return _written(situation, context, situation.missing, Applicability.UNSAFE, pairs, risk=risk)


def fix_from(
    outcome: Repaired | NotRepaired, message: str, applicability: Applicability, risk: str = ""
) -> FixPlan:
    """A fix of one of the other fixers, or the reason why it has none."""
    if isinstance(outcome, NotRepaired):
        return FixPlan(notes=tuple(filter(None, (outcome.reason, outcome.advice))))
    if not outcome.edits:
        return FixPlan()
    told = risk if applicability is Applicability.UNSAFE else ""
    return FixPlan(Fix(applicability, message, outcome.edits, told))


_OBJECT = "the value is used as an object, which no restricted load yields without an allowlist"


def plan_library(situation: Situation, context: Context) -> FixPlan:
    """The repair of a load that a library does: its keyword, and a block around the call."""
    library = situation.load.library
    assert library is not None
    if situation.load.kind is not CallKind.CALL:
        note = f"{library.loader.shown} is handed on: call it in a function of your own"
        return FixPlan(notes=(f"{note}, inside a `with safe_globals` block",))
    can_be_told = bool(library.keyword) or bool(library.does - {Does.FALSE, Does.UNPICKLES})
    if not can_be_told:
        return FixPlan(notes=(f"nothing at this call makes {library.loader.shown} load safely",))
    if situation.evidence is not Evidence.NONE or situation.load.use is Use.STATE_DICT:
        return plan_repair(situation, context)
    if may_be_object(situation.module, situation.load.node):
        # What another library gives is an object that it has made, whatever the file holds.
        about = (_OBJECT,) if library.distribution == "torch" else ()
        return FixPlan(notes=(*about, *what_would_settle_it(situation, context)))
    plan = _written(situation, context, (), Applicability.UNSAFE)
    return FixPlan(plan.fix, (*what_would_settle_it(situation, context), *plan.notes))


def allowed_names(situation: Situation, context: Context) -> tuple[frozenset[str], frozenset[str]]:
    """The names for which another object is allowed around a load, and those allowed themselves."""
    stands_in: set[str] = set()
    itself: set[str] = set()
    for entry in (one for allowlist in situation.load.allowlists for one in allowlist.entries):
        key = entry_key(entry, situation.module, context)
        if key is not None:
            other = entry.kind is EntryKind.PAIR and str(entry.obj) != key
            (stands_in if other else itself).add(key)
    return frozenset(stands_in), frozenset(itself)


UNKNOWN_NEEDS = "it is not known what the checkpoint needs"
"""How a note begins that says why a load could not be settled."""


def what_would_settle_it(situation: Situation, context: Context) -> tuple[str, ...]:
    """How the user can say which file, or which classes, a call reads."""
    site = key_of(situation.load, situation.module, context.project)
    paths = ", ".join(pattern.text for pattern in situation.resolution.patterns)
    known = f"no file is matched to {paths}" if paths else "; ".join(situation.resolution.unknown)
    entry = f'"{site}" = {{ checkpoints = ["path/to/file.pt"] }}'
    return (
        f"{UNKNOWN_NEEDS}: {known or 'the path is unknown'}",
        f"to settle it, add to [tool.torchload-lint.loads]: {entry}",
    )


_TAKES_AWAY = (
    "the safe_globals block in {} may come to this load and allows the same names; a block here "
    "would take them away from it: extend that block, or load inside it"
)


def _written(
    situation: Situation,
    context: Context,
    missing: tuple[Need, ...],
    applicability: Applicability,
    stand_ins: tuple[Allow, ...] = (),
    form: Form = Form.RESTRICTED,
    risk: str = "",
) -> FixPlan:
    listed = [need for need in missing if not need.needed.import_only]
    if listed and (obstacle := crowding(situation.module, situation.load)):
        return FixPlan(notes=(obstacle,))
    repair = _repair(situation, context, missing, listed, stand_ins, form)
    if obstacle := _obstacle(situation, repair, context):
        return FixPlan(notes=(obstacle,))
    if _limits_calls(listed):
        obstacle = helper_obstacle(repair.helper, situation, context)
        if obstacle:
            return FixPlan(notes=(obstacle,))
        applicability = Applicability.UNSAFE
        risk = risk or risk_of_limits(listed)
    of_list = _risk_of_list(listed, repair.allow, situation, context)
    if of_list:
        applicability = Applicability.UNSAFE
        risk = risk or of_list
    from torchload_lint.fixes.repairing import repair_load  # noqa: PLC0415 - only to fix

    outcome = repair_load(situation.module, situation.load, repair)
    if isinstance(outcome, NotRepaired):
        return FixPlan(notes=tuple(filter(None, (outcome.reason, outcome.advice))))
    if not outcome.edits:
        return FixPlan()
    if objection := _objection(situation, repair, context, applicability):
        return FixPlan(notes=(f"the fix is not applied: {objection}",))
    # Something else that may be called here too need not take the keyword.
    keeps_meaning = outcome.keeps_meaning and situation.load.certain
    if not keeps_meaning and applicability is Applicability.SAFE:
        applicability = Applicability.UNSAFE
        risk = "something else may be called here, which need not take weights_only"
    told = risk or safety.risk(situation, context) if applicability is Applicability.UNSAFE else ""
    message = _fix_message(situation, missing, form)
    return FixPlan(Fix(applicability, message, outcome.edits, told))


def _objection(
    situation: Situation, repair: Repair, context: Context, applicability: Applicability
) -> str:
    """Why a fix must not be applied that has to be proven (``--verify``); empty for no reason."""
    if context.veto is None:
        return ""
    if applicability is Applicability.UNSAFE and not (situation.reports or repair.allow):
        return "it rests on no file that was read, so that nothing proves it"
    return context.veto(situation, repair, context)


def _repair(
    situation: Situation,
    context: Context,
    missing: tuple[Need, ...],
    listed: list[Need],
    stand_ins: tuple[Allow, ...],
    form: Form,
) -> Repair:
    """What is to be written; ``listed``: what is missing from a list."""
    limited = any(need.judgement.is_better_limited for need in listed)
    restores = _limits_calls(listed) or (limited and may_restore(situation, context, form))
    allow = (entry_for(need, situation, context, limited=restores) for need in listed)
    may_guard = context.config.guard_arrays and context.adds_modules
    guards = may_guard and form is not Form.WITH_SHIM and holds_plain_arrays(missing)
    found = helper_found(situation.module, context.project) if restores or guards else ""
    helper = found or helper_of(situation.module)
    imported = (need.needed.import_only for need in missing if need.needed.import_only)
    return Repair(
        allow=(*allow, *stand_ins),
        import_modules=tuple(dict.fromkeys(imported)),
        form=form,
        shim=_shim_of_project(situation, context) if form is Form.WITH_SHIM else None,
        helper=helper,
        guards_arrays=guards and bool(found) and not helper_obstacle(helper, situation, context),
        line_length=context.config.line_length,
        loading=names_that_load(situation, context.project) if listed else frozenset(),
    )


def _risk_of_list(
    listed: list[Need], allow: tuple[Allow, ...], situation: Situation, context: Context
) -> str:
    imports = (risk_of_import(one, situation, context) for one in listed)
    taker = name_given_away(allow, situation.module, context.project) if allow else ""
    given = taker and f"{taker} takes every name of this file, also those that the fix imports"
    return next(filter(None, (risk_of_kept_classes(listed), *imports, given)), "")


def _limits_calls(listed: list[Need]) -> bool:
    return any(need.judgement.trust in LIMITED for need in listed)


def _obstacle(situation: Situation, repair: Repair, context: Context) -> str:
    """Why a block is not written although it could be; empty where nothing speaks against it."""
    if is_meant_to_fail(situation):
        return "the load is written to fail: an error is expected around it"
    callback = callback_that_loads(situation, context.project) if repair.allow else ""
    if callback:
        return f"{callback}, which the load calls while it runs, may load something itself"
    outer = block_that_calls(situation, repair.allow, context.project)
    return outer and _TAKES_AWAY.format(outer)


def _shim_of_project(situation: Situation, context: Context) -> Allow | None:
    """A ``safe_globals`` for every torch that another file of the project offers by that name."""
    path = situation.module.path
    if shim_of(situation.module)[0]:
        return None
    for holder in context.project.files.holding("torch.serialization"):
        text = context.project.files.text(holder) or ""
        other = context.project.module_at(holder) if "safe_globals" in text else None
        name = shim_of(other)[0] if other is not None and holder != path else ""
        if other is not None and name == "safe_globals" and other.name:
            circular = closes_circle(context.project, path, other.name)
            spelling = Spelling(other.name, name)
            return Allow(spelling, defined_in=holder, not_at_top=circular)
    return None


def _fix_message(situation: Situation, missing: tuple[Need, ...], form: Form) -> str:
    library = situation.load.library
    keyword = "weights_only" if library is None else library.written
    if not missing:
        return f"Write {keyword or 'weights_only'}=True"
    if situation.load.weights_only is WeightsOnly.TRUE or form is not Form.RESTRICTED:
        keyword = ""
    names = ", ".join(need.name.qualname for need in missing)
    return f"Allow {names} for this load" + (f" and write {keyword}=True" if keyword else "")
