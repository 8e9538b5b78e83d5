"""Checkpoints given by name: read each, and judge what it needs by the project it lies in."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import (
    DEFAULT_LIMITS,
    Verdict,
    advice,
    inspect_byte_source,
    inspect_tree,
    shallow,
)
from torchload_lint.checkpoint.report import UNKNOWN_CODE, CheckpointReport, Problem
from torchload_lint.names import GlobalName
from torchload_lint.policy import judge_together
from torchload_lint.regular_files import LINK
from torchload_lint.remote.kept_bytes import KeptBytes, cache_folder
from torchload_lint.remote.listing import objects_at
from torchload_lint.rules.assessing import judge_in, judged_needs, members_of
from torchload_lint.rules.checkpoints.dangerous_checkpoint import INSTALL
from torchload_lint.rules.on_torch import PARAMETER_SINCE, judged, merged
from torchload_lint.rules.situation import is_unknown_call
from torchload_lint.source.proofs import class_lookup
from torchload_lint.workspace.on_disk.beginnings import begins_like_one
from torchload_lint.workspace.on_disk.checkpoint_names import is_checkpoint_name
from torchload_lint.workspace.on_disk.git_objects import is_of_git
from torchload_lint.workspace.on_disk.own_places import OwnPlaces, left_alone
from torchload_lint.workspace.on_disk.shards import INDEX, shards_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torchload_lint.checkpoint import Limits
    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.checkpoint.known.torch_range import TorchRange
    from torchload_lint.checkpoint.known.torch_versions import TorchVersion
    from torchload_lint.checkpoint.pickles.call_results import ClassLookup
    from torchload_lint.checkpoint.report import NeededGlobal
    from torchload_lint.names import ClassFacts
    from torchload_lint.policy import Judgement
    from torchload_lint.rules.situation import Need
    from torchload_lint.workspace.projects import Project, Projects


FEW_READS = shallow(DEFAULT_LIMITS)
NAME_IT = "name the file itself to have it read"


@dataclass(frozen=True, slots=True)
class Inspection:
    """One checkpoint: its report, and the judgement on each global that it needs."""

    path: Path
    report: CheckpointReport
    judgements: tuple[Judgement, ...]
    """One for each of ``report.safe_globals``, in the same order."""
    tree: str = ""
    """The object as lines of text, where these were asked for."""

    @property
    def is_fine(self) -> bool:
        """Whether the file loads with nothing but globals that may be allowed, or is a sound
        safetensors file, which may not be for ``torch.load``, and holds tensors alone.
        """
        loadable = self.report.verdict.value in {"loads", "needs-safe-globals"}
        if self.report.is_safetensors:
            return True
        return loadable and all(judgement.allowed for judgement in self.judgements)

    def called(self, name: str) -> Inspection:
        """The same under another name in the report."""
        return replace(self, report=self.report._replace(path=name))

    def with_tree(self) -> Inspection:
        """The same with its object as text; a link that leads out has none."""
        if self.report.container == LINK:
            return self
        return replace(self, tree=inspect_tree(self.path))


def inspect_paths(
    paths: Iterable[Path],
    projects: Projects,
    *,
    trees: bool = False,
    share_out: Callable[..., Iterator[Inspection]] | None = None,
) -> Iterator[Inspection]:
    """Inspect files, the shards of index files, and the checkpoints in folders: each once.

    ``share_out(items, work)`` gives the ``work`` of every item in order, as several processes do
    it. Raises ConfigError.
    """

    def inspected(found: Path | Inspection) -> Inspection:
        if isinstance(found, Inspection):
            return found
        place = projects.place_of(found)
        one = inspect_path(found, projects.project_of(place), place)
        return one.with_tree() if trees else one

    once: dict[str, tuple[Path | Inspection, Path]] = {}
    for path in paths:
        for found in _meant_by(path, projects):
            once.setdefault(os.path.abspath(_path_of(found)), (found, path))
    pairs = [*once.values()]
    every = [found for found, _ in pairs]
    answers = share_out(every, inspected) if share_out is not None else map(inspected, every)
    for (_, path), one in zip(pairs, answers, strict=True):
        if not _is_none(one.report) or _is_named(one.path, path):
            yield one


def _path_of(found: Path | Inspection) -> Path:
    return found.path if isinstance(found, Inspection) else found


def _meant_by(path: Path, projects: Projects) -> Iterator[Path | Inspection]:
    """The checkpoints that a path stands for; of a broken index file, and of a link that leads out
    of what was named, what is told of it.
    """
    try:
        named = shards_of(path) if path.name.endswith(INDEX) and path.is_file() else [path]
    except (OSError, ValueError) as error:
        yield _unreadable_index(path, error)
        return
    own = _own_places(path, projects)
    folders: dict[Path, None] = {}
    for name in named:
        for found in checkpoints_in(name, partial(_begins_like_one, own)):
            folders[found.parent] = None
            is_named = found == path and not path.is_dir()
            if not is_named and own.checkpoint_leads_out(found):
                yield Inspection(found, left_alone(str(found), str(path), NAME_IT), ())
            else:
                yield found
    if path.is_dir():
        yield from _missing_shards(folders, own)


def _begins_like_one(own: OwnPlaces, found: Path) -> bool:
    """Whether a file begins like a checkpoint; no link that leads out of the places is opened."""
    return not own.leads_out(found) and begins_like_one(found)


def _missing_shards(folders: Iterable[Path], own: OwnPlaces) -> Iterator[Path]:
    """The shards that are not there of a model of which others are: a clone without its weights,
    which has none, is no broken download.
    """
    for index in (one for folder in folders for one in sorted(folder.glob(f"*{INDEX}"))):
        with suppress(OSError, ValueError):
            shards = [] if own.leads_out(index) or not index.is_file() else shards_of(index)
            missing = [one for one in shards if not one.exists()]
            yield from missing if len(missing) < len(shards) else ()


def _own_places(given: Path, projects: Projects) -> OwnPlaces:
    """What belongs to a path that was named: the folder, and the project around it.

    Of an index file that is a link itself, the folder that it leads to (the shards lie there, too);
    of a snapshot in the hub's cache, all that the cache keeps of the model.
    """
    places: list[Path | str] = [given, *_models_in_hub_cache(given)]
    if not given.is_dir():
        places[0] = given.parent
        places.append(os.path.dirname(os.path.realpath(given)))
    project = projects.project_of(os.path.join(places[0], "checkpoint"))
    return OwnPlaces([*places, project.config.root] if project.is_marked else places)


def _models_in_hub_cache(given: Path) -> Iterator[Path]:
    """``models--A--B`` of ``models--A--B/snapshots/REVISION``, whose links lead to its ``blobs``
    (huggingface_hub 1.2, ``file_download.py``).
    """
    whole = Path(os.path.abspath(given))
    for folder in (whole, *whole.parents):
        if folder.parent.name == "snapshots" and folder.parent.parent.name.startswith("models--"):
            yield folder.parent.parent


def _is_none(report: CheckpointReport) -> bool:
    """Whether a file that begins like a checkpoint is none; not if it was not read to its end."""
    cut_short = any(problem.code == "limit" for problem in report.problems)
    return report.verdict is Verdict.UNREADABLE and not cut_short


def _is_named(found: Path, given: Path) -> bool:
    """Whether a file is called like a checkpoint, or was named itself: it is shown in any case."""
    return is_checkpoint_name(found.name) or found == given or not given.is_dir()


def _unreadable_index(path: Path, error: OSError | ValueError) -> Inspection:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    problem = Problem("index", f"the shards cannot be found: {why}", "inspect them by name")
    report = CheckpointReport(str(path), "index", Verdict.UNREADABLE, problems=(problem,))
    return Inspection(path, report, ())


def inspect_copy(copy: Path, name: str, projects: Projects, *, trees: bool = False) -> Inspection:
    """Inspect a copy of something that has no path, as if it lay in the current folder."""
    one = inspect_path(copy, projects.project_of(Path(name)), Path(name)).called(name)
    return one.with_tree() if trees else one


def needs_together(inspections: Iterable[Inspection], project: Project) -> tuple[Need, ...]:
    """What all the files need, each name once, as the project judges them side by side."""
    needed = [entry for one in inspections for entry in one.report.safe_globals]
    return judged_needs(needed, set(), _lookup(project), "", project.context)


def _lookup(project: Project) -> ClassLookup:
    renames = dict(project.config.renames)

    def lookup(name: GlobalName) -> ClassFacts | None:
        renamed = renames.get(str(name))
        return class_lookup.find(
            project.context.project, GlobalName.parse(renamed) if renamed else name
        )

    return lookup


def inspect_path(path: Path, project: Project, judged_as: Path | None = None) -> Inspection:
    """Inspect one checkpoint, as the project sees it; ``judged_as`` is where it would lie."""
    lookup, name = _lookup(project), os.path.abspath(path)
    torch = project.torch_of(judged_as or path)

    def read(line: TorchVersion) -> CheckpointReport:
        return project.context.checkpoints.inspect(name, lookup, line)

    report = _on_every_torch(read, torch)._replace(path=os.fspath(path))
    return judge_report(report, path, project, judged_as or path)


def inspect_address(uri: str, projects: Projects) -> Iterator[Inspection]:
    """Inspect what an address stands for. Raises ConfigError, and RemoteError."""
    project, kept = projects.project_of(Path("checkpoint")), KeptBytes(cache_folder())
    for place, item in objects_at(uri, is_checkpoint_name):
        if item.problem:
            problem = Problem("unreachable", item.problem, "name it by itself")
            report = CheckpointReport(
                item.uri, "unreachable", Verdict.UNREADABLE, problems=(problem,)
            )
            yield Inspection(Path(item.uri), report, ())
            continue
        source = kept.source(item, partial(place.fetch, item))
        yield inspect_remote(source, item.uri, project)
        kept.keep(item, source)


def inspect_remote(
    source: ByteSource, uri: str, project: Project, limits: Limits = FEW_READS
) -> Inspection:
    """Inspect what lies at an address as if it lay in the current folder; few bytes are read."""
    lookup, place = _lookup(project), Path("checkpoint")

    def read(line: TorchVersion) -> CheckpointReport:
        target = project.target._replace(torch=line)
        return inspect_byte_source(source, uri, target, lookup, limits)

    report = _on_every_torch(read, project.torch_of(place))
    return judge_report(report, Path(uri), project, place)


def judge_report(report: CheckpointReport, path: Path, project: Project, place: Path) -> Inspection:
    """What a project makes of what was read; ``place``: where in it the file would lie."""
    lookup = _lookup(project)
    judgements = []
    for needed in report.safe_globals:
        facts = lookup(needed.name)
        aliases = {needed.spelling.expression()} | ({str(facts.defined_as)} if facts else set())
        judgement = judge_in(project.context_of(place), needed, facts, aliases=aliases)
        judgements.append((judgement, facts, needed.called))
    together = [
        members_of(needed, judgement, facts)
        for needed, judgement, (_, facts, _) in zip(
            report.safe_globals, judge_together(judgements), judgements, strict=True
        )
    ]
    unknown = [
        (needed, judgement)
        for needed, judgement, (_, facts, _) in zip(
            report.safe_globals, together, judgements, strict=True
        )
        if is_unknown_call(needed, judgement, facts)
    ]
    if unknown and report.verdict is Verdict.NEEDS_SAFE_GLOBALS:
        return Inspection(path, _that_calls(unknown, report), ())
    needs = judged_needs(report.called, set(), lookup, "", project.context_of(place))
    unknown = [(need.needed, need.judgement) for need in needs if need.calls_unknown]
    if unknown:
        return Inspection(path, _that_calls(unknown, report), ())
    return Inspection(path, report, tuple(together))


def _that_calls(
    unknown: list[tuple[NeededGlobal, Judgement]], report: CheckpointReport
) -> CheckpointReport:
    """The report of a file that calls what nothing shows to be harmless; it lists no needs."""
    problems = [
        Problem(
            UNKNOWN_CODE,
            f"loaded unsafely, this file would call {needed.calls}: unknown code, {needed.name} is "
            f"not known to be harmless when it is called ({judgement.reason})",
            f"do not load it unless you know what that code does; {INSTALL}; {judgement.advice}",
        )
        for needed, judgement in unknown
    ]
    calls = {needed.name: needed.calls for needed, _ in unknown}
    found = [
        one._replace(status="dangerous", calls=calls[one.name]) if one.name in calls else one
        for one in report.globals
    ]
    return report._replace(
        verdict=Verdict.DANGEROUS,
        safe_globals=(),
        globals=tuple(found),
        problems=(*problems, *report.problems),
    )


def _on_every_torch(
    read: Callable[[TorchVersion], CheckpointReport], torch: TorchRange
) -> CheckpointReport:
    """What holds on every torch that the project may run on and that has a whole allowlist.

    Where older ones fail, a problem says so. ``read``: the report for one release.
    """
    reports_on = {
        line: (read(line),)
        for line in torch.where(lambda line: line >= PARAMETER_SINCE) or torch.versions
    }
    lines = judged(tuple(reports_on), ())
    report = merged(reports_on, lines)[0]
    loadable = {Verdict.LOADS, Verdict.NEEDS_SAFE_GLOBALS}
    older = [
        line
        for line, (one,) in reports_on.items()
        if line not in lines and one.verdict is not Verdict.LOADS
    ]
    if not older or report.verdict not in loadable:
        return report
    first = reports_on[older[0]][0]
    why = first.problems[0].message if first.problems else f"it needs {first.safe_globals[0].name}"
    problem = advice.older_torch(torch.words(older), why)
    return report._replace(problems=(*report.problems, problem))


def checkpoints_in(path: Path, begins: Callable[[Path], bool] | None = None) -> Iterator[Path]:
    """The path itself, or the files in it that are called like checkpoints; also those that begin
    like one, whatever they are called, where ``begins`` tells that of a path.

    A folder that is one checkpoint (a distributed one, with a ``.metadata``) counts as a file.
    """
    if not path.is_dir() or (path / ".metadata").is_file():
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders.sort()
        if ".metadata" in files:
            folders.clear()
            yield Path(folder)
            continue
        for found in (Path(folder, name) for name in sorted(files)):
            is_looked_at = is_checkpoint_name(found.name) or (begins is not None and begins(found))
            if is_looked_at and not is_of_git(os.fspath(found)):
                yield found
