"""A checkpoint as a value, and the places of its storages' bytes. Nothing is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.containers.bytesource import FileSource
from torchload_lint.checkpoint.containers.container import open_container
from torchload_lint.checkpoint.containers.formats import is_plain_text
from torchload_lint.checkpoint.containers.zip_archive import ZipFaultError
from torchload_lint.checkpoint.enclosed.left_over import members_unread, shown_names
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS, LimitExceededError
from torchload_lint.checkpoint.pickles.legacy import read_pickles
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES, StorageReader
from torchload_lint.checkpoint.pickles.unpickler import unpickle
from torchload_lint.migrate.files.recorder import (
    NOT_READ,
    Checkpoint,
    PickleRecorder,
    checked,
    refused,
)
from torchload_lint.migrate.files.storage_bytes import Content, DeflatedRange, FileRange
from torchload_lint.migrate.results import MigrationError

if TYPE_CHECKING:
    from typing import BinaryIO

    from torchload_lint.checkpoint.containers.zip_archive import ZipArchive
    from torchload_lint.checkpoint.pickles.call_results import ClassLookup
    from torchload_lint.checkpoint.pickles.legacy import PickleFile
    from torchload_lint.checkpoint.pickles.pickled_values import StorageValue

_STORED = 0


def read_checkpoint(
    file: BinaryIO, name: str, lookup: ClassLookup | None = None, encoding: str = "utf-8"
) -> Checkpoint:
    """Read a file that torch.save, of any age, or pickle wrote. ``file`` must stay open.

    Raises MigrationError, with what else can be done.
    """
    source = FileSource(file)
    container = open_container(source, Path(name).name, DEFAULT_LIMITS)
    if container.kind == "tar":
        from torchload_lint.migrate.files.tar_reader import read_tar  # noqa: PLC0415 - seldom

        return read_tar(file, PickleRecorder(StorageReader("none"), lookup, encoding))
    if container.problem is not None:
        raise refused(container.problem)
    if container.loads:
        raise MigrationError("this is a safetensors file already: it holds nothing but tensors")
    if container.archive is not None:
        return _read_zip(file, container.archive, lookup, encoding)
    return _read_legacy(file, source, lookup, encoding)


def _read_zip(
    file: BinaryIO, archive: ZipArchive, lookup: ClassLookup | None, encoding: str
) -> Checkpoint:
    recorder = PickleRecorder(StorageReader("zip", archive.record_size), lookup, encoding)
    try:
        data = archive.read("data.pkl")
        value = checked(unpickle(data, recorder), recorder)
        order = archive.read("byteorder") if archive.find("byteorder") else b"little"
        storages = {
            key: _record(file, archive, f"data/{key}") for key in recorder.storages.storages
        }
        beside = archive.rest.size + archive.bytes_between()
    except (ZipFaultError, LimitExceededError) as error:
        raise MigrationError(f"{error}; get the file again") from None
    byteorder = order.decode("ascii", "replace")
    if beside:
        recorder.leave_out(f"{beside:,} bytes beside the records", NOT_READ)
    if others := members_unread(archive, storages):
        recorder.leave_out(
            f"records beside the object ({shown_names([one.name for one in others])})", NOT_READ
        )
    return Checkpoint("zip", value, recorder.names, storages, byteorder, recorder.notes)


def _record(file: BinaryIO, archive: ZipArchive, record: str) -> Content:
    member = archive.find(record)
    if member is None:
        raise ZipFaultError("damaged", f"the record {record:.80} of a tensor is missing")
    offset = archive.content_offset(member)
    if member.method == _STORED:
        return FileRange(file, offset, member.size, member.crc)
    return DeflatedRange(FileRange(file, offset, member.packed), member.size, member.crc)


def _read_legacy(
    file: BinaryIO, source: FileSource, lookup: ClassLookup | None, encoding: str
) -> Checkpoint:
    recorders: list[PickleRecorder] = []

    def make() -> PickleRecorder:
        recorders.append(PickleRecorder(StorageReader("legacy"), lookup, encoding))
        return recorders[-1]

    found = read_pickles(source, make, DEFAULT_LIMITS)
    recorder = recorders[-1]
    if not found.is_legacy:
        return _plain_pickle(found, recorder, source)
    if found.object_stream is None:
        raise refused(found.streams[-1].fault or advice.plain_pickle(found.problem))
    for stream in found.streams:
        checked(stream, recorder)
    if found.problem is not None:
        raise refused(found.problem)
    storages: dict[str, Content] = {}
    position = found.streams[-1].end
    keys = found.streams[-1].value
    for storage in map(recorder.storages.listed, keys if isinstance(keys, (list, tuple)) else ()):
        if storage is None:
            continue  # found.problem says so
        size = storage_bytes(storage)
        storages[storage.key] = FileRange(file, position + 8, size)
        position += 8 + size
    if position < source.size:
        recorder.leave_out(
            f"{source.size - position:,} bytes behind the object, perhaps another one", NOT_READ
        )
    value = found.object_stream.value
    # Whatever the file says of its machine, torch writes and reads these bytes the one way round
    # (``THPStorage_readFileRaw`` in torch/csrc/serialization.cpp).
    return Checkpoint("legacy", value, recorder.names, storages, notes=recorder.notes)


def _plain_pickle(
    found: PickleFile[PickleRecorder], recorder: PickleRecorder, source: FileSource
) -> Checkpoint:
    """What ``pickle.dump`` wrote: everything is in the one pickle, storages too."""
    stream = found.streams[0]
    if stream.fault is not None and stream.fault.code == "malformed":
        ends_like_one = source.read_at(max(source.size - 2, 0), 2) == b"\n."
        if is_plain_text(source) and not ends_like_one:
            raise refused(advice.TEXT)
        raise refused(advice.no_pickle(stream.fault))
    value = checked(stream, recorder)
    if stream.end != source.size:
        raise MigrationError(
            "this is a plain pickle with something behind it, perhaps another pickle; if you trust "
            "its origin, read it as the program does that wrote it, and save each part by itself"
        )
    return Checkpoint("pickle", value, recorder.names, notes=recorder.notes)


def storage_bytes(storage: StorageValue) -> int:
    """The size of a storage."""
    return storage.numel * ITEM_SIZES.get(storage.dtype, 1)
