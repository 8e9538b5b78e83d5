"""The saves of a project that write migrated files: the next run undoes what was migrated."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from torchload_lint.escaping import printable
from torchload_lint.migrate import TargetFormat
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.plurals import number_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.migrate import MigrationOptions
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.saving.producers import Producer
    from torchload_lint.workspace.survey import SurveyedLoad

_FEW = 3
"""So many names of what a save needs allowed are told."""


class WritingSave(NamedTuple):
    """A save that writes, or may write, what a migrated file was made from."""

    where: Path
    """The file of source that it stands in."""
    row: str
    source: Path
    """The checkpoint that was migrated; of several that the load reads, the first."""
    target: Path
    others: int
    """How many others the load reads."""
    is_sure: bool
    """Whether the save spells out that very path."""
    saved: Producer | None
    """What is known of what it saves."""


def writers_of(load: SurveyedLoad, moved: Sequence[tuple[Path, Path]]) -> Iterator[WritingSave]:
    """The saves that write what a load reads; ``moved``: the files that it reads and that were
    migrated, with what they have become.
    """
    from torchload_lint.source.saving.hidden_saves import hidden_save  # noqa: PLC0415 - costs time
    from torchload_lint.source.saving.producers import producers_for  # noqa: PLC0415 - as above

    situation, project = load.situation, load.project.context_that_infers.project
    found = producers_for(
        situation.load, situation.module, situation.resolution, project, later=True
    )
    for one in found:
        spelled = _spelled_out(one, project)
        here = [pair for pair in moved if spelled and _leads_to(pair[0], spelled)]
        if here:
            yield from (_writer(load, one, [pair], is_sure=True) for pair in here)
        elif not (spelled and one.suggested):  # else it is known to write another file
            yield _writer(load, one, moved, is_sure=False)
    paths = [pattern.text for pattern in situation.resolution.patterns]
    if not found and (place := hidden_save(paths, project)):
        yield _writer(load, place, moved, is_sure=False)


def _spelled_out(one: Producer, project: ProjectIndex) -> list[str]:
    """The paths that a save writes, where every one of them is known."""
    from torchload_lint.source.saving.written_files import written_by  # noqa: PLC0415 - as above

    home = project.module_at(one.path)
    written = written_by(one.call, home, project) if one.call and home else ()
    return [each.shown for each in written] if all(each.exact for each in written) else []


def _leads_to(source: Path, spelled: Sequence[str]) -> bool:
    """Whether one of the paths, from some folder on, is that of the checkpoint."""
    paths = (PurePosixPath(os.path.normpath(each)).parts for each in spelled)
    return any(source.parts[-len(parts) :] == parts for parts in paths)


def _writer(
    load: SurveyedLoad, one: Producer | str, moved: Sequence[tuple[Path, Path]], *, is_sure: bool
) -> WritingSave:
    path, _, row = (one if isinstance(one, str) else f"{one.path}:{one.row}").rpartition(":")
    if load.notebook is not None:
        row = load.notebook.by_cell(f"{path}:{row}", load.situation.module.path)[len(path) + 1 :]
    where = Path(load.project.config.root) / path
    saved = None if isinstance(one, str) else one
    return WritingSave(where, row, *moved[0], len(moved) - 1, is_sure, saved)


def what_becomes_of(writers: Sequence[WritingSave], options: MigrationOptions) -> Iterator[str]:
    """A line for each save and file: what it writes with the next run, and what it has to write."""
    found: dict[tuple[Path, str, Path], WritingSave] = {}
    for writer in sorted(writers, key=lambda one: not one.is_sure):
        found.setdefault((writer.where, writer.row, writer.source), writer)
    if found:
        yield "\nThe code that writes them:\n"
    for writer in sorted(found.values(), key=lambda one: not one.is_sure):
        said = "; ".join((_what_is_written(writer), *_what_to_save(writer, options)))
        yield printable(f"  {shown_from_here(writer.where)}:{writer.row}: {said}") + "\n"


def _what_is_written(writer: WritingSave) -> str:
    others = f" or {number_of(writer.others, 'other file')}" if writer.others else ""
    verb = "writes" if writer.is_sure else "may write"
    written = f"{verb} {shown_from_here(writer.source)}{others}"
    if os.path.realpath(writer.target) == str(writer.source):
        return f"{written} anew with the next run, in the place of the migrated file"
    return (
        f"{written} as before, and {writer.target} stays as it is now: give this save the new path"
    )


def _what_to_save(writer: WritingSave, options: MigrationOptions) -> Iterator[str]:
    """What the changed line does not load of it."""
    if options.only:
        top = "".join(f"[{key!r}]" for key in options.only)
        yield f"the new file holds only what was at {top}"
    if options.format is TargetFormat.SAFETENSORS:
        yield "load_file does not read what torch.save writes: save_file takes its place"
        return
    saved = writer.saved
    if saved is not None and saved.refused:
        yield f"no weights-only load takes what it saves: {saved.refused}"
    elif saved is not None and saved.needs:
        names = [str(name) for name in saved.needs[:_FEW]]
        more = len(saved.needs) - len(names)
        others = [number_of(more, "other name")] if more else []
        needs = " and ".join(filter(None, (", ".join((names + others)[:-1]), (names + others)[-1])))
        yield f"what it saves needs {needs} allowed again: it has to save plain data"
    elif saved is None or not saved.complete:
        yield "what it saves is not known in full: it has to be plain data"
    else:
        yield "what it is seen to save needs no allowlist"


def shown_from_here(path: Path) -> Path:
    """A path as it is called from here, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
