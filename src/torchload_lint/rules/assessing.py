"""From a load to its situation: which files it reads, what they need, what is allowed already.

Done once for each load, before the rules are asked, so that no rule works anything out twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.known_globals import PATHS, runtime_name, spelling_of
from torchload_lint.checkpoint.report import NeededGlobal
from torchload_lint.config import ConfigError
from torchload_lint.diagnostic import Crash
from torchload_lint.names import GlobalName
from torchload_lint.policy import (
    Judgement,
    Trust,
    judge,
    judge_calls,
    judge_members,
    judge_together,
)
from torchload_lint.rules.absent_packages import advice_for_absent
from torchload_lint.rules.blocks.listed_classes import (
    classes_elsewhere,
    listed_beside,
)
from torchload_lint.rules.installed import may_mean
from torchload_lint.rules.met_needs import entry_key, need_key, registered_needs
from torchload_lint.rules.moved_classes import advice_for_moved
from torchload_lint.rules.on_torch import Mode, judged, merged, mode_on
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.rules.reading.files_read import read_files
from torchload_lint.rules.situation import Need, Situation
from torchload_lint.source.certainty.given_keywords import (
    is_left_out,
    keywords_without_weights_only,
)
from torchload_lint.source.certainty.set_elsewhere import set_elsewhere
from torchload_lint.source.facts.allowed.allowlists import EntryKind, as_written
from torchload_lint.source.facts.calls import CallKind, WeightsOnly
from torchload_lint.source.facts.loading.call_facts import as_by_default, without_keywords
from torchload_lint.source.facts.scripts import imports_at_top
from torchload_lint.source.facts.torch_tests import bounds_at
from torchload_lint.source.paths import Resolution
from torchload_lint.source.project.origins import origins
from torchload_lint.source.proofs import class_lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from torchload_lint.checkpoint.known.torch_versions import TorchVersion
    from torchload_lint.names import ClassFacts, HeldCall
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.reading.files_read import Reading
    from torchload_lint.source.facts.allowed.allowlists import Allowlist, AllowlistEntry
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module


def assess(load: LoadCall, module: Module, context: Context) -> Situation:
    """Find out all that is known about one load, on every torch on which it is reached."""
    load = _unless_set_elsewhere(_with_known_keywords(load, module, context), module, context)
    bounds = bounds_at(load.node, module)
    lines = context.torch.where(lambda line: all(bound.admits(line) for bound in bounds))
    asked = lines or context.torch.versions[-1:]
    reading = read_files(load, module, context, _lookup(module, context), asked)
    guarded = bool(bounds)
    situation = _assessed(load, module, context, reading, lines, only=Mode.RESTRICTED)
    situation = situation._replace(guarded=guarded)
    if not (situation.unsafe_on and situation.restricted_on):
        return situation
    everywhere = _assessed(load, module, context, reading, lines, only=None)
    everywhere = everywhere._replace(mode=Mode.UNSAFE, guarded=guarded)
    return situation._replace(everywhere=everywhere)


def assess_or_crash(
    load: LoadCall, module: Module, context: Context
) -> tuple[Situation, Crash | None]:
    """The same; where finding out or reading a checkpoint fails, how; and an unknown load where
    nothing is found out. Raises ConfigError.
    """
    row = load.span.start.row
    try:
        situation = assess(load, module, context)
    except ConfigError:
        raise
    except RecursionError:  # as that of an expression with a thousand dots
        return _unknown(load, module, context, "following it leads too deep"), None
    except Exception as error:  # noqa: BLE001 - whatever it is, the other loads are worked out
        why = f"following it failed ({type(error).__name__})"
        crash = Crash.of(error, "this load counts as unknown: following it failed", row)
        return _unknown(load, module, context, why), crash
    failed = (
        Crash(row, f"{report.path}: {problem.message}", problem.traceback)
        for report in situation.reports
        for problem in report.problems
        if problem.traceback
    )
    return situation, next(failed, None)


def _unknown(load: LoadCall, module: Module, context: Context, why: str) -> Situation:
    """The situation of a load of which nothing could be found out, and why."""
    lines = context.torch.versions
    return Situation(
        module=module,
        load=load,
        lines=tuple(lines),
        mode=mode_on(load, lines[-1]),
        unsafe_on=tuple(line for line in lines if mode_on(load, line) is Mode.UNSAFE),
        restricted_on=tuple(line for line in lines if mode_on(load, line) is Mode.RESTRICTED),
        resolution=Resolution(unknown=(why,)),
        reports=(),
        reports_on=dict.fromkeys(lines, ()),
        left_out=0,
        not_read=(),
        evidence=Evidence.NONE,
        needs=(),
        missing=(),
        unsure=(),
        mismatched=(),
        registered=(),
    )


def _with_known_keywords(load: LoadCall, module: Module, context: Context) -> LoadCall:
    """The load, where its ``weights_only`` is left to callers of whom none ever gives it."""
    if not load.passes_on or load.through or load.kind is not CallKind.CALL:
        return load
    if not load.passes_on.startswith("**"):
        left = is_left_out(context.project, module, load.node, load.passes_on)
        return as_by_default(load) if left else load
    empty = keywords_without_weights_only(context.project, module, load.node)
    return without_keywords(module, load, empty) if empty else load


def _unless_set_elsewhere(load: LoadCall, module: Module, context: Context) -> LoadCall:
    """The load, which is not known to be a restricted one where another file sets the constant."""
    node = load.weights_only_node
    if load.weights_only is not WeightsOnly.TRUE or node is None:
        return load
    who = set_elsewhere(context.project, module, node)
    if not who:
        return load
    return load._replace(weights_only=WeightsOnly.UNDECIDED, weights_only_because=who)


def _lookup(module: Module, context: Context) -> Callable[[GlobalName], ClassFacts | None]:
    return lambda name: find_class(name, module, context)


def _assessed(
    load: LoadCall,
    module: Module,
    context: Context,
    reading: Reading,
    lines: tuple[TorchVersion, ...],
    *,
    only: Mode | None,
) -> Situation:
    """The situation on the releases where the call is restricted, or as if it were on all."""
    lookup = _lookup(module, context)
    restricted = [line for line in lines if mode_on(load, line) is Mode.RESTRICTED]
    reports = merged(reading.reports_on, judged(restricted if only else (), lines or reading.lines))
    needed = [entry for report in reports for entry in report.safe_globals]
    by_name = (*map(GlobalName.parse, reading.configured), *reading.unverified)
    needed += [needed_by_name(name, lookup, context) for name in by_name]
    beside = listed_beside(load, module, context.project, lookup)
    needs = judged_needs(needed, set(reading.configured), lookup, module.path, context, beside)
    missing = tuple(need for need in needs if not allowed_here(need.needed, load, context, module))
    unsure = tuple(
        need
        for need in needs
        if need not in missing
        and not allowed_here(need.needed, load, context, module, for_certain=True)
    )
    mode = mode_on(load, lines[-1]) if lines else Mode.REFUSED
    return Situation(
        module=module,
        load=load,
        lines=lines,
        mode=mode,
        unsafe_on=tuple(line for line in lines if mode_on(load, line) is Mode.UNSAFE),
        restricted_on=tuple(restricted),
        resolution=reading.resolution,
        reports=reports,
        reports_on=reading.reports_on,
        left_out=reading.left_out,
        not_read=reading.not_read,
        evidence=reading.evidence,
        needs=needs,
        missing=missing,
        unsure=unsure,
        mismatched=tuple(_mismatched(needs, missing, load, module, context))
        if mode is Mode.RESTRICTED
        else (),
        registered=tuple(registered_needs(missing, module, context)),
        saved_besides=reading.saved_besides(module),
        written_by=tuple(f"{producer.path}:{producer.row}" for producer in reading.producers),
        perhaps_written=any(producer.suggested for producer in reading.producers),
        refused_when_saved=tuple(
            f"what {one.path}:{one.row} saves there cannot be loaded weights-only: {one.refused}"
            for one in reading.producers
            if one.refused and not one.suggested
        ),
    )


def find_class(name: GlobalName, module: Module, context: Context) -> ClassFacts | None:
    """The first-party definition of a global, after the configured renames."""
    renamed = dict(context.config.renames).get(str(name))
    meant = GlobalName.parse(renamed) if renamed else name
    return class_lookup.find_beside(context.project, meant, module)


def needed_by_name(
    name: GlobalName, lookup: Callable[[GlobalName], ClassFacts | None], context: Context
) -> NeededGlobal:
    """A need known by name alone: from the configuration, or from the saving side."""
    facts = lookup(name)
    if facts is None:
        real = runtime_name(name, context.target)
        return NeededGlobal(real, spelling_of(real), pair=False)
    return NeededGlobal(name, spelling_of(facts.defined_as), pair=facts.defined_as != name)


def judged_needs(
    needed: Iterable[NeededGlobal],
    configured: set[str],
    lookup: Callable[[GlobalName], ClassFacts | None],
    near: str,
    context: Context,
    beside: Collection[ClassFacts] = (),
) -> tuple[Need, ...]:
    """What several files need, each name once, judged side by side for the source file ``near``;
    ``beside``: what a list around the load allows already.
    """
    judged = tuple(_judged(needed, configured, lookup, near, context))
    if not judged:
        return ()
    key = ("classes that other lists allow",)
    registered = context.project.remember(
        key, lambda: tuple(classes_elsewhere(context.project, lambda home: _lookup(home, context)))
    )
    return _together(judged, (*registered, *beside))


def _judged(
    needed: Iterable[NeededGlobal],
    configured: set[str],
    lookup: Callable[[GlobalName], ClassFacts | None],
    near: str,
    context: Context,
) -> Iterator[Need]:
    merged: dict[GlobalName, NeededGlobal] = {}
    for entry in needed:
        known = merged.get(entry.name)
        where = tuple(dict.fromkeys((*(known.where if known else ()), *entry.where)))
        merged[entry.name] = entry._replace(
            where=where,
            pair=entry.pair or bool(known and known.pair),
            called=entry.called or bool(known and known.called),
            held=_all_calls(known, entry),
        )
    for entry in merged.values():
        facts = lookup(entry.name)
        aliases = {entry.spelling.expression()} | ({str(facts.defined_as)} if facts else set())
        judgement = judge_in(context, entry, facts, near, aliases, tuple(configured))
        yield Need(entry, judgement, facts)


def _all_calls(known: NeededGlobal | None, entry: NeededGlobal) -> tuple[HeldCall, ...]:
    """The calls of several files, where all of them can be held to their arguments."""
    if known is None:
        return entry.held
    return tuple(dict.fromkeys((*known.held, *entry.held))) if known.held and entry.held else ()


def _together(needs: tuple[Need, ...], registered: Collection[ClassFacts]) -> tuple[Need, ...]:
    """Needs that are allowed side by side: no class may call what is not proven in another."""
    judgements = judge_together(
        [(one.judgement, one.facts, one.needed.called) for one in needs], registered
    )
    return tuple(
        need._replace(judgement=members_of(need.needed, judgement, need.facts))
        for need, judgement in zip(needs, judgements, strict=True)
    )


def members_of(needed: NeededGlobal, judgement: Judgement, facts: ClassFacts | None) -> Judgement:
    """The judgement on an enumeration counts for the members that the file asks it for."""
    held = () if needed.pair and str(needed.name) not in PATHS else needed.held
    return judge_members(judgement, needed.name, facts, held)


def _is_imported(facts: ClassFacts, near: str, context: Context) -> bool:
    """Whether the file at ``near`` defines it, or imports the file that does, as it is."""
    if not near or near == facts.path:
        return bool(near)
    module = context.project.module_at(near)
    return module is not None and module.bindings.imports_module(facts.defined_as.module)


def judge_in(
    context: Context,
    needed: NeededGlobal,
    facts: ClassFacts | None,
    near: str = "",
    aliases: Collection[str] = (),
    configured: tuple[str, ...] = (),
) -> Judgement:
    """``policy.judge``, with what the project says of a name that the file at ``near`` uses.

    ``configured``: the needs that the configuration names for this load.
    """
    if facts is not None and facts.import_runs and _is_imported(facts, near, context):
        facts = facts._replace(import_runs=())
    name = needed.name
    renamed = dict(context.config.renames).get(str(name), str(name))
    leads_to = origins(renamed, near, context.project)
    trusted = (*context.config.trusted, *configured)
    judgement = judge(name, facts, trusted, aliases, leads_to, called=needed.called)
    is_foreign = facts is None or (facts.read_from and not facts.is_enumeration)
    held = needed.held and not needed.pair and is_foreign and not judgement.allowed
    if held and all(_leads_to_what_is_allowed(call, near, context) for call in needed.held):
        return judge_calls(needed.held)
    if facts or judgement.allowed:
        return judgement
    advice = advice_for_moved(name, context.project)
    if not advice and context.config.trust_installed is True:
        absent = advice_for_absent(name, near, context.project)
        advice = f"{absent}; {judgement.advice}" if absent and judgement.advice else absent
    return judgement._replace(advice=advice) if advice else judgement


def _leads_to_what_is_allowed(call: HeldCall, near: str, context: Context) -> bool:
    """Whether what ``getattr`` finds is a proven class, or a member of a proven enumeration."""
    if call.leads_to is None:
        return True
    facts = class_lookup.find(context.project, call.leads_to, near)
    if facts is not None and facts.kind == "value":
        outer, _, _ = str(call.leads_to).rpartition(".")
        facts = class_lookup.find(context.project, GlobalName.parse(outer), near)
        if facts is None or not facts.is_enumeration:
            return False
    if facts is None:
        return False
    judgement = judge(facts.defined_as, facts, context.config.trusted)
    return judgement.trust in {Trust.FIRST_PARTY, Trust.INSTALLED, Trust.CONFIGURED}


def allowed_here(
    needed: NeededGlobal,
    load: LoadCall,
    context: Context,
    module: Module,
    *,
    for_certain: bool = False,
) -> bool:
    """Whether an allowlist around the call, or an import, already allows it; perhaps, where an item
    comes from a package that is not here, unless ``for_certain``.
    """
    if needed.import_only and imports_at_top(module, needed.import_only):
        return True
    if load.library is not None and str(needed.name) in load.library.allows:
        return True
    return any(
        _allows(allowlist, needed, module, context)
        or (not for_certain and _may_allow(allowlist, needed, module, context))
        for allowlist in load.allowlists
    )


def _allows(allowlist: Allowlist, needed: NeededGlobal, module: Module, context: Context) -> bool:
    for entry in allowlist.entries:
        as_pair = entry.kind is EntryKind.PAIR
        if needed.pair and not as_pair:
            continue
        if entry.calls is not None and not _holds_to(entry.calls, needed):
            continue
        if entry_key(entry, module, context) == need_key(needed, context, as_pair=as_pair):
            return True
    return False


def _may_allow(
    allowlist: Allowlist, needed: NeededGlobal, module: Module, context: Context
) -> bool:
    return any(may_mean(one, needed.name, module.path, context) for one in allowlist.entries)


def _holds_to(calls: Collection[str], needed: NeededGlobal) -> bool:
    """Whether an ``only_with`` entry lets a file make all its calls."""
    return bool(needed.held) and {as_written(call.text()) for call in needed.held} <= set(calls)


def _mismatched(
    needs: Sequence[Need], missing: Sequence[Need], load: LoadCall, module: Module, context: Context
) -> Iterator[tuple[Need, AllowlistEntry]]:
    """The plain items around a load that stand for a missing need, but not by the file's name; one
    that another file needs as it is stays, and the pair is added beside it.
    """
    pairs = [need for need in missing if need.needed.pair]
    if not pairs:  # long lists are not looked through for nothing
        return
    as_it_is = {need.needed.spelling.expression() for need in needs if not need.needed.pair}
    for entry in (one for allowlist in load.allowlists for one in allowlist.entries):
        key = entry_key(entry, module, context) if entry.kind is EntryKind.OBJECT else None
        for need in pairs if key not in as_it_is else ():
            if key == need.needed.spelling.expression():
                yield need, entry
