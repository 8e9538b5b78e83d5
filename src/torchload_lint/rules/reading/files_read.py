"""Which files a load reads, and how it is known: the ladder from a call to its checkpoints."""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Verdict
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.names import GlobalName
from torchload_lint.path_globs import names_path
from torchload_lint.rules.on_torch import Mode, mode_on
from torchload_lint.rules.reading.entries import (
    configured_paths,
    entries_for,
    is_stated,
    written_besides,
)
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.rules.reading.within_reach import resolve_within_reach
from torchload_lint.source.domain.patterns import is_url
from torchload_lint.source.facts.calls import CallKind
from torchload_lint.source.facts.loading.usage import may_be_object
from torchload_lint.source.paths import PathPattern, Resolution, Rung
from torchload_lint.source.recorded import matching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from torchload_lint.checkpoint.known.torch_versions import TorchVersion
    from torchload_lint.checkpoint.report import CheckpointReport, NeededGlobal
    from torchload_lint.config import LoadEntry
    from torchload_lint.names import ClassFacts
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.on_torch import Reports
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.recorded import RecordedLoad
    from torchload_lint.source.saving.producers import Producer

LOADABLE = frozenset({"loads", "needs-safe-globals"})

MAX_FILES = 32
"""How many files one load's patterns may match before the rest is left out (and said)."""


class Reading(NamedTuple):
    """What is known of the files that one load reads."""

    resolution: Resolution
    reports_on: dict[TorchVersion, Reports]
    """The reports on the files, by release of torch."""
    left_out: int
    """How many matching files were not read because of ``MAX_FILES``."""
    not_read: tuple[str, ...]
    """What else the known paths may mean, and was not read, in words."""
    evidence: Evidence
    configured: tuple[str, ...]
    """Needs that the configuration names."""
    gone: tuple[RecordedLoad, ...]
    """Files that a recorded run opened here and that are not there any more."""
    producers: tuple[Producer, ...]
    """The saves of the project that write the file, where no file is there to be read."""

    def saved_besides(self, module: Module) -> tuple[GlobalName, ...]:
        """What a save is known to put into the file, where that is not all. Of a save that only
        looks as if it wrote it, that counts where both lie in one folder.
        """
        folder = dirname(module.path)
        writing = [p for p in self.producers if not p.suggested or dirname(p.path) == folder]
        known = dict.fromkeys(name for producer in writing for name in producer.needs)
        return tuple(known) if self.evidence is Evidence.NONE else ()

    @property
    def lines(self) -> tuple[TorchVersion, ...]:
        """The releases of torch that were asked about."""
        return tuple(self.reports_on)

    @property
    def unverified(self) -> tuple[GlobalName, ...]:
        """What the saving side, or a recorded run, says is needed; nobody vouches for it."""
        if self.evidence is Evidence.INFERRED:
            return tuple(dict.fromkeys(name for one in self.producers for name in one.needs))
        if self.evidence is Evidence.RECORDED:
            names = dict.fromkeys(name for one in self.gone for name in one.safe_globals)
            return tuple(map(GlobalName.parse, names))
        return ()


def read_files(
    load: LoadCall,
    module: Module,
    context: Context,
    lookup: Callable[[GlobalName], ClassFacts | None],
    lines: Sequence[TorchVersion],
) -> Reading:
    """Find the files of one load, and what each of some releases of torch does with them."""
    if not context.infers and load.kind is CallKind.CALL and may_be_object(module, load.node):
        context = context._replace(infers=True)  # it fails, most likely: what it needs is asked for
    seen = _recorded(load, module, context)
    entries = entries_for(load, module, context)
    stated = bool(entries) and is_stated(load, module, context)
    resolution = _resolution(load, module, context, entries, seen, stated=stated)
    paths, without_file = _files(resolution, load, module, context)
    kept = paths[:MAX_FILES]
    reports_on = {
        line: tuple(context.checkpoints.inspect(path, lookup, line) for path in kept)
        for line in lines
    }
    reports = reports_on[lines[-1]] if lines else ()
    needs = () if stated and paths else (name for one in entries for name in one.safe_globals)
    configured = tuple(dict.fromkeys((*needs, *_configured_files(without_file, context))))
    gone = [one for one in seen if one.checkpoint in {p.text for p in without_file}]
    evidence = _evidence(resolution, reports, configured, context)
    if evidence is Evidence.NONE and gone and all(one.verdict in LOADABLE for one in gone):
        evidence = Evidence.RECORDED
    producers: tuple[Producer, ...] = ()
    if evidence is Evidence.NONE:
        producers, evidence = _inferred(load, module, resolution, context, lines)
    not_read: tuple[str, ...] = ()
    if evidence is Evidence.FILES:
        not_read = (
            *_not_there(without_file, context),
            *_not_alike(resolution, reports_on, module, context, lookup),
        )
    return Reading(
        resolution,
        reports_on,
        len(paths) - len(kept),
        not_read,
        evidence,
        configured,
        tuple(gone),
        producers,
    )


def _resolution(
    load: LoadCall,
    module: Module,
    context: Context,
    entries: Sequence[LoadEntry],
    seen: tuple[RecordedLoad, ...],
    *,
    stated: bool,
) -> Resolution:
    """The paths of a load: those of its entries in the configuration, or else what the code and
    recorded runs say. ``stated``: the code itself names all its files.
    """
    besides = () if stated or not entries else written_besides(load, module, context)
    configured = None if stated else configured_paths(entries, besides)
    if configured is not None:
        return configured
    vouched = bool(seen or entries)
    resolution = resolve_within_reach(
        load, module, context, _matters(load, module, context, vouched=vouched)
    )
    resolution = _with_seen(resolution, seen, load, module, context)
    return _with_addresses(resolution, context)


def _inferred(
    load: LoadCall,
    module: Module,
    resolution: Resolution,
    context: Context,
    lines: Sequence[TorchVersion],
) -> tuple[tuple[Producer, ...], Evidence]:
    """The saves that write what a load reads, where no file tells; and whether they say all.

    A plain check asks those of the load's own source file alone, and only for what the load lacks.
    """
    whole = context.infers or _may_be_refused(context)
    if not whole and not _may_lack_what_is_saved_here(load, module, lines):
        return (), Evidence.NONE
    from torchload_lint.source.saving import producers as saving  # noqa: PLC0415 - costs time

    if not whole and not saving.saves_objects(module, context.project):
        return (), Evidence.NONE
    producers = saving.producers_for(load, module, resolution, context.project, beside=not whole)
    if not context.infers:
        return tuple(one for one in producers if one.refused or one.needs), Evidence.NONE
    is_all = producers and all(one.complete and not one.suggested for one in producers)
    return producers, Evidence.INFERRED if is_all else Evidence.NONE


def _may_lack_what_is_saved_here(
    load: LoadCall, module: Module, lines: Sequence[TorchVersion]
) -> bool:
    """Whether a load allows nothing, is restricted, and stands in a file that may save something,
    by itself or through a function (``utils.save_on_master``).
    """
    if "save" not in module.text or load.allowlists or load.library is not None or not lines:
        return False
    return load.kind is CallKind.CALL and mode_on(load, lines[-1]) is Mode.RESTRICTED


def _not_there(without_file: list[PathPattern], context: Context) -> Iterator[str]:
    """The paths for which no file is there, and of which the configuration says nothing."""
    for pattern in without_file:
        if not any(_configured_files([pattern], context)):
            yield f"{pattern.text} is not there to be read"


def _not_alike(
    resolution: Resolution,
    reports_on: dict[TorchVersion, Reports],
    module: Module,
    context: Context,
    lookup: Callable[[GlobalName], ClassFacts | None],
) -> Iterator[str]:
    """The files that the paths mean in another folder, and that ask for more than those read."""
    asked = {line: _asked(reports) for line, reports in reports_on.items()}

    def is_alike(path: str, line: TorchVersion) -> bool:
        report = context.checkpoints.inspect(path, lookup, line)
        return report.verdict.value in LOADABLE and _asked([report]) <= asked[line]

    for pattern in resolution.patterns:
        for number, path in enumerate(context.checkpoints.others(pattern, module.path)):
            if number >= MAX_FILES or not all(is_alike(path, line) for line in asked):
                yield f"{path} is meant where the program runs in another folder"


def _asked(reports: Iterable[CheckpointReport]) -> set[NeededGlobal | str]:
    """What files ask for, wherever in them it stands, and the modules that they need imported."""
    needed = {one._replace(where=()) for report in reports for one in report.safe_globals}
    return {*needed, *(name for report in reports for name in report.imports)}


def _may_be_refused(context: Context) -> bool:
    """Whether the project saves somewhere with a pickle protocol that the loader refuses."""
    if not context.project.holding("pickle_protocol"):
        return False
    from torchload_lint.source.saving.refused_saves import saves_are_refused  # noqa: PLC0415 - costs time

    return saves_are_refused(context.project)


def may_be_written(path: str, module: Module, context: Context) -> bool:
    """Whether this module (it may be a notebook), or a Python file of the project that names the
    file, saves something.
    """
    if module.holds("save("):
        return True
    saving = context.project.holding("save(")
    return any(name in saving for name in context.project.holding(path.rpartition("/")[2]))


def _recorded(load: LoadCall, module: Module, context: Context) -> tuple[RecordedLoad, ...]:
    if not context.recorded:
        return ()
    return matching(context.recorded, module.path, load.function, load.span.start.row)


def _with_seen(
    found: Resolution,
    seen: tuple[RecordedLoad, ...],
    load: LoadCall,
    module: Module,
    context: Context,
) -> Resolution:
    """What the code says, where it says all, and no recorded run opened another file; else the
    files that runs opened here, and those of the code that are there: a run shows some of those
    that there can be, and another one may open another.
    """
    if not seen:
        return found
    opened = dict.fromkeys(one.checkpoint for one in seen)
    certain = found.complete and all(pattern.exact for pattern in found.patterns)
    if certain and not set(opened) - set(_files(found, load, module, context)[0]):
        return found
    patterns = [PathPattern(path, True, Rung.RECORDED) for path in opened]
    for pattern in found.patterns:
        named = _files(Resolution((pattern,)), load, module, context)[0]
        if named and not set(named) <= set(opened):
            patterns.append(pattern)
    return Resolution(
        tuple(patterns), unknown=("a run opened it, and another may open another file",)
    )


def _matters(
    load: LoadCall, module: Module, context: Context, *, vouched: bool
) -> Callable[[Resolution], bool]:
    """Whether it matters that a path is all there can be: where a file is there, or where needs
    are inferred, configured or recorded (``vouched``) for one that is not.
    """
    always = vouched or context.infers or bool(context.config.checkpoints)
    return lambda found: always or bool(_files(found, load, module, context)[0])


def _with_addresses(resolution: Resolution, context: Context) -> Resolution:
    """With the addresses of which the configuration says where they lie, or what they need; with
    all of them where the network may be used.
    """
    entries = context.config.checkpoints
    known = [
        one._replace(exact=True, rung=Rung.CONFIGURATION)
        if any(names_path(entry.pattern, one.text) for entry in entries)
        else one
        for one in resolution.addresses
    ]
    known = [one for one in known if context.reads_addresses or one.rung is Rung.CONFIGURATION]
    return resolution._replace(patterns=(*resolution.patterns, *known))


def _files(
    resolution: Resolution, load: LoadCall, module: Module, context: Context
) -> tuple[list[str], list[PathPattern]]:
    """The files that the patterns match, and the patterns that match none."""
    found: dict[str, None] = {}
    without: list[PathPattern] = []
    for pattern in resolution.patterns:
        inside = _inside(pattern, load, module, context)
        matches = inside or context.checkpoints.matching(pattern, module.path)
        found |= dict.fromkeys(matches)
        if not matches:
            without.append(pattern)
    return list(found), without


def _inside(pattern: PathPattern, load: LoadCall, module: Module, context: Context) -> list[str]:
    """Where a library is given a folder: the files in it that it loads."""
    names = load.library.loader.inside if load.library is not None else ()
    text = pattern.text.rstrip("/")
    within = (
        pattern._replace(text=f"{text}/{name}", exact="*" not in name, origin="") for name in names
    )
    return [path for one in within for path in context.checkpoints.matching(one, module.path)]


def _configured_files(patterns: Iterable[PathPattern], context: Context) -> Iterator[str]:
    """What ``[tool.torchload-lint.checkpoints]`` says of files that are not here."""
    for pattern in patterns:
        for entry in context.config.checkpoints:
            if names_path(entry.pattern, pattern.text, pattern.origin):
                yield from entry.safe_globals


def _may_change(path: str, resolution: Resolution, context: Context) -> bool:
    """Whether a file is an object far away, which others may write, and for which no entry of the
    configuration vouches.
    """
    if not is_url(path) or any(entry.path == path for entry in context.config.checkpoints):
        return False
    return not all(pattern.rung is Rung.CONFIGURATION for pattern in resolution.patterns)


def _evidence(
    resolution: Resolution,
    reports: tuple[CheckpointReport, ...],
    configured: tuple[str, ...],
    context: Context,
) -> Evidence:
    read = [report for report in reports if report.verdict is not Verdict.UNREADABLE]
    exact = all(pattern.exact for pattern in resolution.patterns)
    exact = exact and not any(_may_change(one.path, resolution, context) for one in reports)
    if read and len(read) == len(reports) and exact and resolution.complete:
        return Evidence.FILES
    if configured:
        return Evidence.CONFIGURED
    return Evidence.PATTERN if read else Evidence.NONE
