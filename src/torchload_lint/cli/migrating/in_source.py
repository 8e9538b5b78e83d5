"""The lines of a project's source that load migrated files, as they are and as they should be."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import Target, Verdict, inspect_file
from torchload_lint.checkpoint.known.torch_range import behaviour
from torchload_lint.config import ConfigError
from torchload_lint.configuration_files import is_root
from torchload_lint.diagnostic import Applicability, Edit, Fix
from torchload_lint.escaping import printable
from torchload_lint.migrate import TargetFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.checkpoint import TorchVersion
    from torchload_lint.checkpoint.known.torch_range import TorchRange
    from torchload_lint.cli.migrating.tasks import Task
    from torchload_lint.config import Settings
    from torchload_lint.migrate import MigrationResult
    from torchload_lint.workspace.projects import Project, Projects
    from torchload_lint.workspace.survey import SurveyedLoad


def source_changes(
    done: Sequence[tuple[Task, MigrationResult]], settings: Settings, kind: TargetFormat
) -> Iterator[str]:
    """Text to be printed after the migrations; nothing where no project loads these files."""
    from torchload_lint.workspace import Projects  # noqa: PLC0415 - takes as long as a gigabyte

    projects = Projects(settings)
    targets = {os.path.realpath(task.source): task.target for task, _ in done}
    try:
        found = [projects.project_of(path) for path in map(Path, targets)]
        known = {str(project.config.root): project for project in found if _is_project(project)}
        shown = [
            text
            for project in known.values()
            for text in _in_project(project, projects, targets, kind)
        ]
    except ConfigError:
        return
    if shown:
        yield "\nThe code that loads them:\n"
        yield from shown


def where_they_load(
    done: Sequence[tuple[Task, MigrationResult]], settings: Settings, kind: TargetFormat
) -> Iterator[str]:
    """On which torch the new files load, of those that the project may run on.

    Nothing of safetensors files, which a library of their own reads.
    """
    from torchload_lint.workspace import Projects  # noqa: PLC0415 - as above

    if kind is TargetFormat.SAFETENSORS:
        return
    projects = Projects(settings)
    files: dict[TorchRange, list[Path]] = {}
    try:
        for task, _ in done:
            torch = projects.project_of(task.target).torch_of(task.target)
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


def _is_project(project: Project) -> bool:
    config = project.config
    return config.file is not None or is_root(config.root)


def _in_project(
    project: Project, projects: Projects, targets: dict[str, Path], kind: TargetFormat
) -> Iterator[str]:
    from torchload_lint.workspace import discover  # noqa: PLC0415
    from torchload_lint.workspace.survey import survey  # noqa: PLC0415

    root = Path(project.config.root)
    files, _ = discover([root], projects.config_of)
    for load in survey(map(Path, files), projects):
        for report in load.situation.reports:
            read = os.path.realpath(Path(load.project.config.root) / report.path)
            if read in targets:
                if kind is TargetFormat.SAFETENSORS:
                    how = f"safetensors.torch.load_file reads {targets[read]}"
                    yield printable(f"  {load.path}:{load.row}: {how}") + "\n"
                else:
                    yield from _change(load, Path(read), targets[read])
                break


def _change(load: SurveyedLoad, source: Path, target: Path) -> Iterator[str]:
    """One load: the lines that go and those that come, or what to do by hand."""
    module, call = load.situation.module, load.situation.load
    fixed, notes = _fixed(load, source, target)
    old, new = module.text.splitlines(), fixed.splitlines()
    first = next((i for i, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0)
    common = 0
    while common < min(len(old), len(new)) - first and old[-1 - common] == new[-1 - common]:
        common += 1
    if call.allowlists:
        notes.append("its allowlist is no longer needed")
    said = ": " + "; ".join(notes) if notes else ""
    yield printable(f"  {load.path}:{load.row}{said}") + "\n"
    if old != new:
        yield from (printable(f"    - {line}") + "\n" for line in old[first : len(old) - common])
        yield from (printable(f"    + {line}") + "\n" for line in new[first : len(new) - common])


def _fixed(load: SurveyedLoad, source: Path, target: Path) -> tuple[str, list[str]]:
    """The text of the file with the new path and ``weights_only=True``; and what is left to do."""
    from torchload_lint.fixes.apply import apply_edits  # noqa: PLC0415
    from torchload_lint.fixes.repair import NotRepaired, Repair  # noqa: PLC0415
    from torchload_lint.fixes.repairing import repair_load  # noqa: PLC0415

    module, call = load.situation.module, load.situation.load
    edits: list[Edit] = []
    notes: list[str] = []
    if os.path.realpath(target) != str(source):
        path = _new_path(call.file, source, target)
        if path is not None and call.file is not None:
            edits.append(Edit(module.span(call.file), path))
        else:
            notes.append(f"its path has to lead to {target}")
    outcome = repair_load(module, call, Repair())
    if not isinstance(outcome, NotRepaired):
        edits += outcome.edits
    fix = Fix(Applicability.DISPLAY, "", tuple(edits))
    return apply_edits(module.text, [fix])[0], notes


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
