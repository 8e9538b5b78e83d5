"""Tar files, as torch.save wrote them before 0.2: storages, tensors and the object beside them.

Source: ``legacy_load`` in ``torch/serialization.py`` of torch 2.13. The members are read where they
lie; nothing is unpacked.
"""

from __future__ import annotations

import struct
import tarfile
from struct import unpack
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.containers.bytesource import FileSource
from torchload_lint.checkpoint.enclosed.left_over import shown_names
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    Opaque,
    PickledValue,
    StorageValue,
)
from torchload_lint.checkpoint.pickles.places import name_text
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES, STORAGE_DTYPES
from torchload_lint.checkpoint.pickles.unpickler import unpickle
from torchload_lint.migrate.files.recorder import NOT_READ, Checkpoint, PickleRecorder, checked
from torchload_lint.migrate.files.storage_bytes import Content, FileRange
from torchload_lint.migrate.results import MigrationError
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from typing import BinaryIO

_WINDOW = 64 * 1024
"""Bytes in which each of the small pickles between the storages must end."""
_MOST_DIGITS = 18
"""Of a number that is written as a text."""
_REBUILD = GlobalRef(GlobalName("torch._utils", "_rebuild_tensor_v2"))
_FOREIGN = "this is a tar file, but not one that torch.save wrote; unpack it"


def read_tar(file: BinaryIO, recorder: PickleRecorder) -> Checkpoint:
    """Read the object and the places of its storages. Raises MigrationError."""
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            every = archive.getmembers()
            end = archive.offset
        members = {member.name: member for member in every if member.isreg()}
        places = [members[name] for name in ("storages", "tensors", "pickle")]
    except (tarfile.TarError, KeyError, OSError):
        raise MigrationError(_FOREIGN) from None
    reader = _TarReader(file, recorder)
    storages, tensors, main = places
    try:
        left = reader.read_storages(storages) + reader.read_tensors(tensors)
    except (struct.error, KeyError, TypeError, ValueError):
        raise MigrationError("the tar file is damaged; get it again") from None
    if main.size > DEFAULT_LIMITS.pickle_bytes:
        raise MigrationError("the pickle in the tar file is implausibly large")
    data = reader.source.read_at(main.offset_data, main.size)
    objects = _Objects(recorder, reader.tensors)
    stream = unpickle(data, objects)
    value = checked(stream, objects)
    left += main.size - stream.end + _behind(file, end)
    if others := [one.name for one in every if one not in places and one.name != "sys_info"]:
        objects.leave_out(f"members beside the object ({shown_names(others)})", NOT_READ)
    if left:
        objects.leave_out(f"{left:,} bytes beside the object", NOT_READ)
    return Checkpoint("tar", value, objects.names, reader.contents, notes=objects.notes)


def _behind(file: BinaryIO, begin: int) -> int:
    """How far something reaches that is not the zeros with which a tar file ends."""
    file.seek(begin)
    found = at = 0
    while piece := file.read(_WINDOW):
        if used := len(piece.rstrip(b"\0")):
            found = at + used
        at += len(piece)
    return found


class _Objects(PickleRecorder):
    """The object's pickle names tensors by numbers."""

    def __init__(self, like: PickleRecorder, tensors: dict[int, PickledValue]) -> None:
        super().__init__(like.storages, like.lookup, like.encoding)
        self._tensors = tensors

    def persistent_load(self, pid: PickledValue) -> PickledValue:
        """A tensor; or a class together with its source."""
        if isinstance(pid, tuple) and pid:
            first: PickledValue = pid[0]
            return first
        if isinstance(pid, str) and len(pid) <= _MOST_DIGITS and pid.isdecimal():
            pid = int(pid)
        return self._tensors.get(pid if isinstance(pid, int) else -1, Opaque(None))


class _TarReader:
    """Goes through the two members that describe storages and tensors."""

    def __init__(self, file: BinaryIO, recorder: PickleRecorder) -> None:
        self.source = FileSource(file)
        self.contents: dict[str, Content] = {}
        self.tensors: dict[int, PickledValue] = {}
        self._file = file
        self._recorder = recorder
        self._storages: dict[int, tuple[StorageValue, int]] = {}
        """Number → storage, and the element of it where a view begins."""
        self._position = 0

    def read_storages(self, member: tarfile.TarInfo) -> int:
        """Each: a pickle of (number, device, class), eight bytes that count, the elements.

        Gives the number of bytes that are left.
        """
        self._position = member.offset_data
        for _ in range(self._number()):
            key, location, kind = self._triple()
            name = kind.name.qualname if isinstance(kind, GlobalRef) else ""
            dtype = STORAGE_DTYPES[name.removesuffix("Storage")]
            (count,) = unpack("<q", self._bytes(8))
            size = count * ITEM_SIZES[dtype]
            if not 0 <= size <= self.source.size - self._position:
                raise ValueError("the storage is larger than the file")
            self.contents[str(key)] = FileRange(self._file, self._position, size)
            self._storages[key] = (StorageValue(str(key), dtype, count, name_text(location)), 0)
            self._position += size
        views = self._pickle()
        for target, root, offset, _count in views if isinstance(views, list) else ():
            if not isinstance(target, int) or not isinstance(root, int):
                raise TypeError("the number of a storage is not a number")
            storage, begin = self._storages[root]
            self._storages[target] = (storage, begin + offset)
        return self._left_of(member)

    def read_tensors(self, member: tarfile.TarInfo) -> int:
        """Each: a pickle of (number, storage, class), the number of dimensions, sizes, strides.

        Gives the number of bytes that are left.
        """
        self._position = member.offset_data
        for _ in range(self._number()):
            key, storage_key, _ = self._triple()
            if not isinstance(storage_key, int):
                raise TypeError("the number of a storage is not a number")
            storage, begin = self._storages[storage_key]
            (ndim,) = unpack("<i4x", self._bytes(8))
            size = unpack(f"<{ndim}q", self._bytes(8 * ndim))
            stride = unpack(f"<{ndim}q", self._bytes(8 * ndim))
            (offset,) = unpack("<q", self._bytes(8))
            hooks = DictValue("collections.OrderedDict")
            args = (storage, begin + offset, size, stride, False, hooks)
            self.tensors[key] = ObjectValue("REDUCE", _REBUILD, args, GlobalName("torch", "Tensor"))
        return self._left_of(member)

    def _left_of(self, member: tarfile.TarInfo) -> int:
        return max(member.offset_data + member.size - self._position, 0)

    def _pickle(self) -> PickledValue:
        data = self.source.read_at(self._position, _WINDOW)
        stream = unpickle(data, self._recorder)
        value = checked(stream, self._recorder)
        self._position += stream.end
        return value

    def _number(self) -> int:
        value = self._pickle()
        if not isinstance(value, int):
            raise TypeError("a count is not a number")
        return value

    def _triple(self) -> tuple[int, PickledValue, PickledValue]:
        value = self._pickle()
        if not isinstance(value, tuple) or len(value) != 3 or not isinstance(value[0], int):  # noqa: PLR2004 - a triple
            raise TypeError("a description is not a triple")
        return value

    def _bytes(self, count: int) -> bytes:
        data = self.source.read_at(self._position, count)
        self._position += count
        return data
