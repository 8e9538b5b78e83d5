"""From a checkpoint's path to a new file that loads without any allowlist."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint.checkpoint.inspection import inspect_file
from torchload_lint.checkpoint.pickles.pickled_values import DictValue, ObjectValue, PickledValue
from torchload_lint.checkpoint.pickles.places import key_text
from torchload_lint.checkpoint.report import Verdict
from torchload_lint.migrate.carriers.tensors import LEFT_OUT
from torchload_lint.migrate.files.output import CHANGED, checked_target, written_as_whole
from torchload_lint.migrate.files.pickle_writer import write_pickle
from torchload_lint.migrate.files.recorder import is_encoding
from torchload_lint.migrate.files.source_checkpoint import read_checkpoint
from torchload_lint.migrate.files.storage_bytes import BytesContent
from torchload_lint.migrate.files.storage_pool import StoragePool, nbytes
from torchload_lint.migrate.files.zip_writer import ZipWriter
from torchload_lint.migrate.keys import Keys
from torchload_lint.migrate.plain import Converter
from torchload_lint.migrate.results import (
    MigrationError,
    MigrationOptions,
    MigrationPlan,
    MigrationResult,
    TargetFormat,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from torchload_lint.checkpoint.pickles.call_results import ClassLookup
    from torchload_lint.checkpoint.pickles.pickled_values import StorageValue

DEFAULT_OPTIONS = MigrationOptions()
_VERSION_RECORD = b"3\n"
"""The version of the archive's format that torch.save writes."""


_DAMAGE = (LookupError, ArithmeticError, ValueError, TypeError, AttributeError, struct.error)
"""What a file may raise that says of itself what no program writes."""
_TOO_DEEP = (
    "the object is nested too deep (of lists, about 160 may stand in one another; of dicts, 240): "
    "if you trust its origin, load it as the program does that wrote it, and save it flatter"
)
_LARGE = 64 * 2**20
_GROWTH = 10
"""A file that would be larger than _LARGE bytes, and than its checkpoint so many times over, is
written only when that is asked for."""


@dataclass(slots=True)
class _Prepared:
    """A plan, and what is needed to carry it out while the checkpoint is open."""

    plan: MigrationPlan
    pool: StoragePool
    pickle: bytes
    storages: list[StorageValue]


def plan(
    path: str | os.PathLike[str],
    options: MigrationOptions = DEFAULT_OPTIONS,
    lookup: ClassLookup | None = None,
) -> MigrationPlan:
    """What migrating a checkpoint would do; nothing is written. Raises MigrationError, OSError."""
    with _opened(Path(path)) as file:
        return _prepare(file, Path(path), options, lookup).plan


def migrate_file(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    options: MigrationOptions = DEFAULT_OPTIONS,
    lookup: ClassLookup | None = None,
) -> MigrationResult:
    """Write a checkpoint anew, as plain data. Nothing of it is run, and it is not changed.

    The new file appears as a whole or not at all. Raises MigrationError where the checkpoint cannot
    be migrated, OSError where a file cannot be read or written.
    """
    source = Path(path)
    target = checked_target(Path(out), source)
    with _opened(source) as file:
        before = _state(file)
        prepared = _prepare(file, source, options, lookup)
        try:
            size = _write_as_whole(target, prepared, options, lambda: _state(file) == before)
        except MemoryError:
            raise MigrationError("a tensor of it is too large for the memory") from None
    return MigrationResult(prepared.plan, Path(out), size)


def _opened(path: Path) -> BinaryIO:
    """The checkpoint; a pipe or a device would not end, and cannot be moved in."""
    if path.exists() and not path.is_file():
        raise MigrationError("this is not a regular file")
    return path.open("rb")


def _state(file: BinaryIO) -> tuple[int, int]:
    """What changes when an open file is written to."""
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def _prepare(
    file: BinaryIO, path: Path, options: MigrationOptions, lookup: ClassLookup | None
) -> _Prepared:
    try:
        return _prepared(file, path, options, lookup)
    except RecursionError:
        raise MigrationError(_TOO_DEEP) from None
    except MemoryError:
        raise MigrationError("the object is too large for the memory") from None
    except _DAMAGE as error:
        kind = type(error).__name__
        raise MigrationError(f"it is damaged in a way that is not understood ({kind})") from error


def _prepared(
    file: BinaryIO, path: Path, options: MigrationOptions, lookup: ClassLookup | None
) -> _Prepared:
    if not is_encoding(options.encoding):
        raise MigrationError(f"{options.encoding!r} is no encoding of texts that Python knows")
    checkpoint = read_checkpoint(file, path.name, lookup, options.encoding)
    pool = StoragePool(checkpoint)
    converter = Converter(checkpoint.names, pool, options, lookup)
    before, place = _chosen(checkpoint.value, options.only)
    after = converter.plain(before, place)
    if after is LEFT_OUT:
        reasons = "; ".join(f"{note.what}: {note.outcome}" for note in converter.notes)
        raise MigrationError(f"nothing of it can be carried: {reasons}")
    converter.notes.update(dict.fromkeys(checkpoint.notes))
    if options.format is TargetFormat.SAFETENSORS:
        from torchload_lint.migrate.files.safetensors_header import (  # noqa: PLC0415 - seldom
            notes_of,
        )
        from torchload_lint.migrate.files.safetensors_writer import (  # noqa: PLC0415 - seldom
            tensor_records,
        )

        entries = tensor_records(after)
        converter.notes.update(dict.fromkeys(notes_of(after, entries)))
        data, count = b"", len(entries)
        storages: list[StorageValue] = []
        total = sum(entry.nbytes for entry in entries)
    else:
        data, storages = write_pickle(after)
        count = len(storages)
        total = sum(map(nbytes, storages))
    _refuse_growth(total + len(data), file, options)
    made = MigrationPlan(
        path=path, container=checkpoint.kind, before=before, after=after,
        notes=tuple(converter.notes), storages=count, nbytes=total,
    )  # fmt: skip
    return _Prepared(made, pool, data, storages)


def _chosen(value: PickledValue, only: tuple[str, ...]) -> tuple[PickledValue, str]:
    """The part of the object that the keys lead to."""
    place = ""
    for key in only:
        entries = value.entries if isinstance(value, (DictValue, ObjectValue)) else []
        value = _entry(entries, key, place or "the top")
        place = f"{place}[{key!r}]"
    return value, place


def _entry(entries: list[tuple[Any, Any]], key: str, place: str) -> PickledValue:
    """What lies under a key: a text as it is, or anything as Python writes it (``1``, ``'1'``)."""
    named = [name for name, _ in entries if _is_written(name, key)]
    if not named:
        known = ", ".join(key_text(name) for name, _ in entries[:10]) or "none"
        raise MigrationError(f"there is no key {key!r} at {place}; keys: {known}")
    keys = Keys()
    meant = {keys.number(name): key_text(name) for name in named}
    if len(meant) > 1:
        which = ", ".join(meant.values())
        raise MigrationError(
            f"{key} stands for several keys at {place}: {which}; "
            "a text can be given in its quotes, and without --only all are taken"
        )
    found: PickledValue = next(
        item for name, item in reversed(entries) if keys.number(name) in meant
    )
    return found


def _is_written(name: PickledValue, key: str) -> bool:
    return key == key_text(name) or (isinstance(name, str) and key == name)


def _refuse_growth(size: int, file: BinaryIO, options: MigrationOptions) -> None:
    """A few bytes can say that they are terabytes: views of one element, compressed zeros."""
    before = os.fstat(file.fileno()).st_size if hasattr(file, "fileno") else 0
    if size > max(_LARGE, before * _GROWTH) and not options.large:
        raise MigrationError(
            f"the new file would have {size:,} bytes, and the checkpoint has {before:,}; "
            "--large writes it all the same"
        )


def _write_as_whole(
    target: Path, prepared: _Prepared, options: MigrationOptions, is_unchanged: Callable[[], bool]
) -> int:
    """Write beside the target, look at what was written, and give it the name."""
    size = prepared.plan.nbytes + len(prepared.pickle)
    with written_as_whole(target, size, replaces=options.replaces) as temporary:
        with temporary.open("w+b") as out:
            _write(out, prepared, options)
            out.seek(0, os.SEEK_END)
            written = out.tell()
        if not is_unchanged():  # by a training run that saves again, say
            raise MigrationError(CHANGED)
        if options.format is TargetFormat.TORCH:
            _check(str(temporary))
        temporary.chmod(_mode(prepared.plan.path))
    return written


def _write(out: BinaryIO, prepared: _Prepared, options: MigrationOptions) -> None:
    if options.format is TargetFormat.SAFETENSORS:
        from torchload_lint.migrate.files import safetensors_writer  # noqa: PLC0415 - seldom

        entries = safetensors_writer.tensor_records(prepared.plan.after)
        safetensors_writer.write_safetensors(prepared.plan.after, entries, prepared.pool, out)
        safetensors_writer.check_safetensors(entries, prepared.pool, out)
        return
    archive = ZipWriter(out)
    archive.add("data.pkl", BytesContent(prepared.pickle))
    archive.add("byteorder", BytesContent(prepared.pool.byteorder.encode()))
    for number, storage in enumerate(prepared.storages):
        archive.add(f"data/{number}", prepared.pool.content(storage))
    archive.add("version", BytesContent(_VERSION_RECORD))
    archive.finish()


def _check(path: str) -> None:
    """The promise of the migration, asked of the file itself."""
    report = inspect_file(path)
    if report.verdict is not Verdict.LOADS:
        problems = "; ".join(problem.message for problem in report.problems)
        needed = ", ".join(str(entry.name) for entry in report.safe_globals)
        if needed:
            raise MigrationError(f"{needed} was not made plain; please report this as a bug")
        raise MigrationError(f"the checkpoint holds what torch cannot load: {problems}")


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o666
