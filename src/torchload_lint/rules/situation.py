"""Everything that is known about one load: which files it reads, what they need, what is allowed.

Made once for each load, before the rules are asked, so that no rule works anything out twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known_globals import runtime_name, spelling_of
from torchload_lint.checkpoint.report import NeededGlobal, Verdict
from torchload_lint.checkpoint.torch_versions import TorchVersion
from torchload_lint.names import GlobalName
from torchload_lint.policy import Judgement, judge
from torchload_lint.source.allowlists import AllowlistKind, EntryKind
from torchload_lint.source.calls import CallKind, WeightsOnly
from torchload_lint.source.imports import imports_at_top
from torchload_lint.source.producers import producers_for
from torchload_lint.source.values import PathPattern, Resolution, Rung, resolve_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.names import ClassFacts
    from torchload_lint.rules.base import Context
    from torchload_lint.source.allowlists import Allowlist, AllowlistEntry
    from torchload_lint.source.calls import LoadCall
    from torchload_lint.source.module import Module
    from torchload_lint.source.producers import Producer

MAX_FILES = 32
"""How many files one load's patterns may match before the rest is left out (and said)."""

SAFE_GLOBALS_SINCE = TorchVersion(2, 5)
RESTRICTED_BY_DEFAULT_SINCE = TorchVersion(2, 6)


class Mode(str, Enum):
    """What the call does on the target torch."""

    RESTRICTED = "restricted"
    UNSAFE = "unsafe"
    UNDECIDED = "undecided"
    REFUSED = "refused"
    """torch raises: weights_only=True together with a pickle_module."""


class Evidence(str, Enum):
    """How it is known what the load needs, from strong to weak."""

    FILES = "files"
    """Every path is exact and was read."""
    CONFIGURED = "configured"
    PATTERN = "pattern"
    """Files that match a path with unknown parts."""
    INFERRED = "inferred"
    """From the torch.save that writes the file."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Need:
    """One global that the load needs, judged."""

    needed: NeededGlobal
    judgement: Judgement
    facts: ClassFacts | None

    @property
    def name(self) -> GlobalName:
        """The name that an allowlist must carry."""
        return self.needed.name


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """One load, seen whole."""

    module: Module
    load: LoadCall
    mode: Mode
    resolution: Resolution
    reports: tuple[CheckpointReport, ...]
    left_out: int
    """How many matching files were not read because of ``MAX_FILES``."""
    evidence: Evidence
    needs: tuple[Need, ...]
    missing: tuple[Need, ...]
    """The needs that no allowlist in force meets."""
    registered: tuple[tuple[str, str], ...]
    """Missing needs that an ``add_safe_globals`` somewhere registers: name, and ``file:row``."""
    written_by: tuple[str, ...] = ()
    """The saving sites of the project that write this file, as ``file:row``."""

    @property
    def is_torch_load(self) -> bool:
        """Whether it is ``torch.load`` itself, and not one of the loaders that end in it."""
        return self.load.loader == "torch.load"

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """The files that were read, or else the exact paths that the code names."""
        if self.reports:
            return tuple(report.path for report in self.reports)
        return tuple(p.text for p in self.resolution.patterns if p.exact)

    def with_verdict(self, *verdicts: Verdict) -> tuple[CheckpointReport, ...]:
        """The reports with one of these verdicts."""
        return tuple(report for report in self.reports if report.verdict in verdicts)


def assess(load: LoadCall, module: Module, context: Context) -> Situation:
    """Find out all that is known about one load."""
    resolution, configured = _configured(load, module, context)
    if resolution is None:
        resolution = _resolve(load, module, context)

    def lookup(name: GlobalName) -> ClassFacts | None:
        return find_class(name, module, context)

    paths, without_file = _files(resolution, module, context)
    kept = paths[:MAX_FILES]
    reports = tuple(context.checkpoints.inspect(path, lookup) for path in kept)
    configured = (*configured, *_configured_files(without_file, context))
    evidence = _evidence(resolution, reports, configured)
    needed = [entry for report in reports for entry in report.safe_globals]
    needed += [_named(GlobalName.parse(name), lookup, context) for name in configured]
    producers: tuple[Producer, ...] = ()
    if evidence is Evidence.NONE:
        producers = producers_for(load, module, resolution, context.project)
        if producers and all(producer.complete for producer in producers):
            evidence = Evidence.INFERRED
            inferred = dict.fromkeys(name for producer in producers for name in producer.needs)
            needed += [_named(name, lookup, context) for name in inferred]
    needs = tuple(_judged(needed, set(configured), lookup, context))
    missing = tuple(need for need in needs if not _allowed_here(need, load, context, module))
    return Situation(
        module=module,
        load=load,
        mode=_mode(load, context.target.torch),
        resolution=resolution,
        reports=reports,
        left_out=len(paths) - len(kept),
        evidence=evidence,
        needs=needs,
        missing=missing,
        registered=tuple(_registered(missing, module, context)),
        written_by=tuple(f"{producer.path}:{producer.row}" for producer in producers),
    )


def find_class(name: GlobalName, module: Module, context: Context) -> ClassFacts | None:
    """The first-party definition of a global, after the configured renames."""
    renamed = dict(context.config.renames).get(str(name))
    return context.project.find(GlobalName.parse(renamed) if renamed else name, module.path)


def entry_key(entry: AllowlistEntry, module: Module, context: Context) -> str | None:
    """What an entry of an allowlist stands for at run time, to be compared with ``need_key``.

    For a pair its second half; for an object its public spelling, whichever way it was imported.
    None where it cannot be told.
    """
    if entry.kind is EntryKind.PAIR:
        return entry.key
    if entry.obj is None or entry.kind is EntryKind.INVALID:
        return None
    facts = context.project.find(entry.obj, module.path)
    return _public(facts.defined_as if facts else entry.obj, context)


def need_key(need: Need, context: Context, *, as_pair: bool) -> str:
    """The key that an entry must have to meet a need, as a pair or as a plain object."""
    return str(need.name) if as_pair else _public(need.name, context)


def _public(name: GlobalName, context: Context) -> str:
    return spelling_of(runtime_name(name, context.target)).expression()


def _mode(load: LoadCall, target: TorchVersion) -> Mode:
    given = load.weights_only
    if load.pickle_module is not None:
        if given is WeightsOnly.TRUE:
            return Mode.REFUSED
        return Mode.UNDECIDED if given is WeightsOnly.UNDECIDED else Mode.UNSAFE
    if given is WeightsOnly.UNDECIDED:
        return Mode.UNDECIDED
    if given in {WeightsOnly.ABSENT, WeightsOnly.NONE}:
        restricted = target >= RESTRICTED_BY_DEFAULT_SINCE
        return Mode.RESTRICTED if restricted else Mode.UNSAFE
    return Mode.RESTRICTED if given is WeightsOnly.TRUE else Mode.UNSAFE


def _resolve(load: LoadCall, module: Module, context: Context) -> Resolution:
    if load.file is None or load.kind is not CallKind.CALL:
        return Resolution(unknown=("the call does not say which file",))
    return resolve_path(load.file, module, context.project)


def _configured(
    load: LoadCall, module: Module, context: Context
) -> tuple[Resolution | None, tuple[str, ...]]:
    """What ``[tool.torchload-lint.loads]`` says of this call site: files, and globals."""
    site = f"{module.name or module.path}:{load.function or '<module>'}"
    entries = [e for e in context.config.loads if _site_matches(site, e.site)]
    names = tuple(dict.fromkeys(name for entry in entries for name in entry.safe_globals))
    files = dict.fromkeys(text for entry in entries for text in entry.checkpoints)
    if not files:
        return None, names
    patterns = tuple(PathPattern(text, "*" not in text, Rung.CONFIGURATION) for text in files)
    return Resolution(patterns, complete=True), names


def _site_matches(site: str, pattern: str) -> bool:
    return pattern == "*" or fnmatchcase(site, pattern)


def _files(
    resolution: Resolution, module: Module, context: Context
) -> tuple[list[str], list[PathPattern]]:
    """The files that the patterns match, and the patterns that match none."""
    found: dict[str, None] = {}
    without: list[PathPattern] = []
    for pattern in resolution.patterns:
        matches = context.checkpoints.matching(pattern, module.path)
        found |= dict.fromkeys(matches)
        if not matches:
            without.append(pattern)
    return list(found), without


def _configured_files(patterns: Iterable[PathPattern], context: Context) -> Iterator[str]:
    """What ``[tool.torchload-lint.checkpoints]`` says of files that are not here."""
    for pattern in patterns:
        for entry in context.config.checkpoints:
            if entry.pattern == pattern.text or fnmatchcase(pattern.text, entry.pattern):
                yield from entry.safe_globals


def _evidence(
    resolution: Resolution, reports: tuple[CheckpointReport, ...], configured: tuple[str, ...]
) -> Evidence:
    read = [report for report in reports if report.verdict is not Verdict.UNREADABLE]
    exact = all(pattern.exact for pattern in resolution.patterns)
    if read and len(read) == len(reports) and exact and resolution.complete:
        return Evidence.FILES
    if configured:
        return Evidence.CONFIGURED
    return Evidence.PATTERN if read else Evidence.NONE


def _named(
    name: GlobalName, lookup: Callable[[GlobalName], ClassFacts | None], context: Context
) -> NeededGlobal:
    """A need known by name alone: from the configuration, or from the saving side."""
    facts = lookup(name)
    if facts is None:
        real = runtime_name(name, context.target)
        return NeededGlobal(real, spelling_of(real), pair=False)
    return NeededGlobal(name, spelling_of(facts.defined_as), pair=facts.defined_as != name)


def _judged(
    needed: Iterable[NeededGlobal],
    configured: set[str],
    lookup: Callable[[GlobalName], ClassFacts | None],
    context: Context,
) -> Iterator[Need]:
    trusted = (*context.config.trusted, *configured)
    merged: dict[GlobalName, NeededGlobal] = {}
    for entry in needed:
        known = merged.get(entry.name)
        where = tuple(dict.fromkeys((*(known.where if known else ()), *entry.where)))
        merged[entry.name] = replace(
            entry, where=where, pair=entry.pair or bool(known and known.pair)
        )
    for entry in merged.values():
        facts = lookup(entry.name)
        aliases = {entry.spelling.expression()} | ({str(facts.defined_as)} if facts else set())
        yield Need(entry, judge(entry.name, facts, trusted, aliases), facts)


def _allowed_here(need: Need, load: LoadCall, context: Context, module: Module) -> bool:
    """Whether an allowlist around the call, or an import, already allows it."""
    if need.needed.import_only and imports_at_top(module, need.needed.import_only):
        return True
    return any(_allows(allowlist, need, module, context) for allowlist in load.allowlists)


def _allows(allowlist: Allowlist, need: Need, module: Module, context: Context) -> bool:
    for entry in allowlist.entries:
        as_pair = entry.kind is EntryKind.PAIR
        if need.needed.pair and not as_pair:
            continue
        if entry_key(entry, module, context) == need_key(need, context, as_pair=as_pair):
            return True
    return False


def _registered(
    missing: tuple[Need, ...], module: Module, context: Context
) -> Iterator[tuple[str, str]]:
    """Missing needs that some ``add_safe_globals`` of the project registers for the process."""
    wanted = {
        need_key(need, context, as_pair=as_pair): str(need.name)
        for need in missing
        for as_pair in (True, False)
    }
    for other in registering_modules(module, context) if wanted else ():
        for allowlist in other.allowlists:
            if allowlist.kind is not AllowlistKind.PROCESS:
                continue
            for entry in allowlist.entries:
                name = wanted.get(entry_key(entry, other, context) or "")
                if name:
                    yield name, f"{other.path}:{entry.span.start.row}"


def registering_modules(module: Module, context: Context) -> Iterator[Module]:
    """This file, and the files of the project that speak of add_safe_globals."""
    yield module
    for path in context.project.files.holding("add_safe_globals"):
        other = context.project.module_at(path) if path != module.path else None
        if other is not None:
            yield other
