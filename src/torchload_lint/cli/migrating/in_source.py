"""The lines of a project's source that load migrated files, as they are and as they should be."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import Target, Verdict, inspect_file
from torchload_lint.checkpoint.known.torch_range import behaviour
from torchload_lint.cli.migrating.writers import shown_from_here, what_becomes_of, writers_of
from torchload_lint.config import ConfigError
from torchload_lint.diagnostic import Applicability, Edit, Fix, Span
from torchload_lint.escaping import printable
from torchload_lint.migrate import TargetFormat
from torchload_lint.migrate.results import (
    arrays_as_tensors,
    classes_as_text,
    objects_as_dicts,
    other_types,
    state_dicts,
)
from torchload_lint.plurals import number_of
from torchload_lint.source.facts.calls import CallKind
from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from torchload_lint.checkpoint import TorchVersion
    from torchload_lint.checkpoint.known.torch_range import TorchRange
    from torchload_lint.cli.migrating.tasks import Task
    from torchload_lint.cli.migrating.writers import WritingSave
    from torchload_lint.config import Settings
    from torchload_lint.migrate import MigrationOptions, MigrationPlan, MigrationResult
    from torchload_lint.migrate.results import Note
    from torchload_lint.workspace.projects import Project, Projects
    from torchload_lint.workspace.survey import SurveyedLoad


_UNWRAPPED = 1_000_000
"""A call that is wrapped anew is one edit, which would overlap with the one of its path."""

_READS_TOLD = 8
"""So many reads of what a new file lacks are told at a load."""

_FEW = 3
"""So many kinds of changed values are told at a load."""


def source_changes(
    done: Sequence[tuple[Task, MigrationResult]], settings: Settings, options: MigrationOptions
) -> Iterator[str]:
    """Text to be printed after the migrations; nothing where no project loads these files."""
    from torchload_lint.workspace import Projects  # noqa: PLC0415 - takes as long as a gigabyte

    projects = Projects(settings)
    targets = {os.path.realpath(task.source): task.target for task, _ in done}
    writers: list[WritingSave] = []
    plans = {os.path.realpath(task.source): result.plan for task, result in done}
    try:
        found = [projects.project_of(path) for path in map(Path, targets)]
        known = {str(project.config.root): project for project in found if project.is_marked}
        shown: list[str] = []
        for load, moved in _loads_of(known.values(), projects, targets):
            shown += _change(load, moved, options, [plans[str(read)] for read, _ in moved])
            writers += writers_of(load, moved)
    except ConfigError:
        return
    if shown:
        yield "\nThe code that loads them:\n"
        yield from shown
        yield from what_becomes_of(writers, options)


def where_they_load(
    done: Sequence[tuple[Task, MigrationResult]], settings: Settings, options: MigrationOptions
) -> Iterator[str]:
    """On which torch the new files load, of those that the project may run on: that of the old
    files, or, where these lie in none, of the new ones.

    Nothing of safetensors files, which a library of their own reads.
    """
    from torchload_lint.workspace import Projects  # noqa: PLC0415 - as above

    if options.format is TargetFormat.SAFETENSORS:
        return
    projects = Projects(settings)
    files: dict[TorchRange, list[Path]] = {}
    try:
        for task, _ in done:
            in_project = projects.project_of(task.source).is_marked
            place = task.source if in_project else task.target
            torch = projects.project_of(place).torch_of(place)
            files.setdefault(torch, []).append(task.target)
    except ConfigError:
        return
    for torch, targets in files.items():
        fail_on = {line for target in targets for line in _failing(target, torch)}
        load_on = [line for line in torch.versions if line not in fail_on]
        where = f"load on torch {torch.words(load_on)}" if load_on else "load on no torch"
        yield printable(f"note: the new files {where} ({torch.origin})") + "\n"


def _failing(target: Path, torch: TorchRange) -> Iterator[TorchVersion]:
    """The releases that do not load a new file plainly. Older ones than 1.13 load any."""
    from torchload_lint.rules.on_torch import PARAMETER_SINCE  # noqa: PLC0415 - as above

    newest = inspect_file(target)
    names = frozenset(str(one.name) for one in newest.globals)
    verdicts: dict[object, Verdict] = {}
    for line in torch.where(lambda line: line >= PARAMETER_SINCE):
        alike = behaviour(line, names, str(target))
        if alike not in verdicts:
            verdicts[alike] = inspect_file(target, Target(line)).verdict
        if verdicts[alike] is not Verdict.LOADS:
            yield line


def _loads_of(
    known: Iterable[Project], projects: Projects, targets: Mapping[str, Path]
) -> Iterator[tuple[SurveyedLoad, list[tuple[Path, Path]]]]:
    """The loads of some projects that read migrated files, with these and what they have become."""
    from torchload_lint.workspace import discover  # noqa: PLC0415
    from torchload_lint.workspace.survey import survey  # noqa: PLC0415

    for project in known:
        files, _ = discover([Path(project.config.root)], projects.config_of)
        for load in survey(map(Path, files), projects):
            here = Path(load.project.config.root)
            found = [os.path.realpath(here / report.path) for report in load.situation.reports]
            moved = [(Path(read), targets[read]) for read in found if read in targets]
            if moved:
                yield load, moved


def _change(
    load: SurveyedLoad,
    moved: Sequence[tuple[Path, Path]],
    options: MigrationOptions,
    plans: Sequence[MigrationPlan],
) -> Iterator[str]:
    """One load: the lines that go and those that come, or what to do by hand."""
    from torchload_lint.fixes.apply import apply_edits  # noqa: PLC0415
    from torchload_lint.fixes.repair import NotRepaired, Repair  # noqa: PLC0415
    from torchload_lint.fixes.repairing import repair_load  # noqa: PLC0415

    module, call = load.situation.module, load.situation.load
    edits, notes = _path_edits(load, moved)
    top = "".join(f"[{key!r}]" for key in options.only)
    notes += _of_a_part(load, options.only, top)
    states = [
        (what, place.removeprefix(top)) for plan in plans for what, place in state_dicts(plan)
    ]
    edits += _without_state_dict(load, {place for _, place in states})
    notes += _state_dict_notes(states)
    if options.format is TargetFormat.SAFETENSORS:
        edits, more = _as_load_file(load, edits)
        notes += more
    else:
        outcome = repair_load(module, call, Repair(line_length=_UNWRAPPED))
        edits += [] if isinstance(outcome, NotRepaired) else outcome.edits
    fix = Fix(Applicability.DISPLAY, "", tuple(edits))
    old, new = module.text.splitlines(), apply_edits(module.text, [fix])[0].splitlines()
    first = next((i for i, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0)
    common = 0
    while common < min(len(old), len(new)) - first and old[-1 - common] == new[-1 - common]:
        common += 1
    if call.allowlists:
        notes.append("its allowlist is no longer needed")
    notes += _other_types(plans)
    said = ": " + "; ".join(notes) if notes else ""
    yield printable(f"  {shown_from_here(load.path)}:{load.cell_and_row}{said}") + "\n"
    if old != new:
        yield from (printable(f"    - {line}") + "\n" for line in old[first : len(old) - common])
        yield from (printable(f"    + {line}") + "\n" for line in new[first : len(new) - common])


def _of_a_part(load: SurveyedLoad, only: Sequence[str], top: str) -> Iterator[str]:
    """That the new file holds a part of what the old one held, and what reads the rest of it."""
    from torchload_lint.source.saving.pairs import reads_by_key  # noqa: PLC0415

    if not only:
        return
    yield f"it gives what was at {top}"
    module, shown = load.situation.module, shown_from_here(load.path)
    leading: list[str] = []
    beside: list[str] = []
    for node, key in reads_by_key(load.situation.load, module):
        place = f"{module.path}:{module.span(node).start.row}"
        if load.notebook is not None:
            place = load.notebook.by_cell(place, module.path)
        which = leading if only[0] in {key, repr(key)} else beside
        which.append(f"[{key!r}] at {shown}{place.removeprefix(module.path)}")
    if leading:
        yield f"what leads there is no longer to be read: {_listed(leading)}"
    if beside:
        yield f"what stood beside it is not in the new file: {_listed(beside)}"


def _listed(reads: Iterable[str]) -> str:
    found = list(dict.fromkeys(reads))
    more = len(found) - _READS_TOLD
    others = [number_of(more, "other read")] if more > 0 else []
    return ", ".join(found[:_READS_TOLD] + others)


def _other_types(plans: Sequence[MigrationPlan]) -> Iterator[str]:
    """What the program finds where it had an object that it may call, or ask for attributes."""
    if classes := _places(map(classes_as_text, plans)):
        yield (
            f"what was a class or function at {classes} is its name as text "
            "now: the program has to find the object by its name before it calls it"
        )
    if dicts := _places(map(objects_as_dicts, plans)):
        yield f'what was an object at {dicts} is a dict now: x["name"] takes the place of x.name'
    if arrays := _places(map(arrays_as_tensors, plans)):
        yield f"the numpy array at {arrays} is a tensor now: x.numpy() gives the array"
    yield from _said_of([note for plan in plans for note in other_types(plan)])


def _said_of(changed: Sequence[Note]) -> Iterator[str]:
    """Which other types the program finds: a sentence for each of the first kinds."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for note in changed:
        kinds.setdefault((note.what, note.outcome), []).append(note.place)
    for (what, outcome), places in list(kinds.items())[:_FEW]:
        yield f"{what} at {_places([places])} is {outcome} now"
    if len(kinds) > _FEW:
        yield f"{number_of(len(kinds) - _FEW, 'other kind')} of value changed, as listed above"


def _places(found: Iterable[Sequence[str]]) -> str:
    places = list(dict.fromkeys(place for one in found for place in one))
    if not places:
        return ""
    others = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return f"{places[0] or 'the top'}{others}"


def _state_dict_notes(states: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What the program finds where it had a model, which it may call at once."""
    if not states:
        return
    what, place = states[0]
    places = len({place for _, place in states})
    others = f" (as at {number_of(places - 1, 'other place')})" if places > 1 else ""
    where = f"at {place}" if place else "what it gives"
    yield (
        f"{where} is the state dict of a {what} now, for load_state_dict of one that the "
        f"program makes itself{others}"
    )


def _without_state_dict(load: SurveyedLoad, places: set[str]) -> list[Edit]:
    """``torch.load(…)["model"].state_dict()`` asks a model for what the new file gives at once."""
    module, call = load.situation.module, load.situation.load.node
    return [
        Edit(Span(module.span(node.func.value).end, module.span(node).end), "")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and not (node.args or node.keywords)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "state_dict"
        if _place_in(node.func.value, call) in places
    ]


def _place_in(node: ast.expr, call: ast.expr) -> str | None:
    """``['model']`` for what is looked up in what a load gives; None for anything else."""
    keys = ""
    while isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        keys = f"[{node.slice.value!r}]{keys}"
        node = node.value
    return keys if node is call else None


def _path_edits(
    load: SurveyedLoad, moved: Sequence[tuple[Path, Path]]
) -> tuple[list[Edit], list[str]]:
    """The new path in the call, or that it has to lead to the new files."""
    module, call = load.situation.module, load.situation.load
    source, target = moved[0]
    if os.path.realpath(target) == str(source):
        return [], []
    path = _new_path(call.file, source, target)
    if path is not None and call.file is not None:
        return [Edit(module.span(call.file), path)], []
    others = f" and {number_of(len(moved) - 1, 'other')}" if len(moved) > 1 else ""
    return [], [f"its path has to lead to {target}{others}"]


def _as_load_file(load: SurveyedLoad, edits: Sequence[Edit]) -> tuple[list[Edit], list[str]]:
    """The call as one of ``load_file``, and what that asks for besides."""
    call = load.situation.load
    notes = ["from safetensors.torch import load_file"]
    if call.file is None or call.kind is not CallKind.CALL:
        return [], [*notes, "load_file(path) takes the place of torch.load(path)"]
    path = edits[0].content if edits else _as_written(call.file, load)
    devices = [one.value for one in call.node.keywords if one.arg == "map_location"]
    named = [one for one in devices if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    device = f", device={_as_written(named[0], load)}" if named else ""
    if devices and not named:
        notes.append("device= takes the place of map_location=")
    return [Edit(call.span, f"load_file({path}{device})")], notes


def _as_written(node: ast.expr, load: SurveyedLoad) -> str:
    return ast.get_source_segment(load.situation.module.text, node) or code_of(node)


def _new_path(file: ast.expr | None, source: Path, target: Path) -> str | None:
    """The literal that leads to the new file from where the old one leads to the old file."""
    if not isinstance(file, ast.Constant) or not isinstance(file.value, str):
        return None
    parts = Path(file.value).parts
    if Path(file.value).is_absolute():
        return _quoted(str(target.resolve()))
    if source.parts[-len(parts) :] != parts:
        return None
    base = Path(*source.parts[: -len(parts)])
    return _quoted(Path(os.path.relpath(target.resolve(), base)).as_posix())


def _quoted(text: str) -> str:
    return repr(text) if '"' in text else f'"{text}"'
