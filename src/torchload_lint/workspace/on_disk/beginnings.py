"""What a file may be by its first bytes, whatever it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.limits import LimitExceededError
from torchload_lint.checkpoint.opcodes import PickleFaultError, read_steps
from torchload_lint.regular_files import read_head
from torchload_lint.workspace.on_disk.checkpoint_names import begins_like_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 65536
"""Bytes that are read."""
_NAMING = frozenset({"GLOBAL", "INST", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4"})
"""Opcodes that name what is not in the file; a pickle without them calls nothing."""
_FROM_STACK = "STACK_GLOBAL"
"""Takes two texts from the stack, and so fails where a file begins with it, as an array does."""
_HARMLESS = (b"\x93NUMPY", b"GGUF", b"lmgg", b"ggml", b"tjgg", b"fmgg", b"%PDF", b"\x89PNG")
"""How formats begin that hold no pickle: arrays (but of objects), models of llama.cpp, pictures."""
_ONNX = tuple(bytes((8, version, 18)) for version in range(3, 16))
_OBJECTS = b"O"
_NUMPY_HEADER = 4096


def begins_like_one(path: Path | str) -> bool:
    """Whether a file begins like a checkpoint, or like a pickle that names something."""
    try:
        head = read_head(path, _HEAD)
    except OSError:
        return False
    return begins_like_checkpoint(head) or may_be_pickle(head)


def may_be_pickle(head: bytes) -> bool:
    """Whether the first bytes of a file (64 KiB, or all of it) are those of pickles, one behind
    another, that name something, or that go on without having named anything yet. A list of words
    may look so: then it is read, and is none.
    """
    start = 0
    try:
        while start < len(head):
            for position, name, _ in read_steps(head, start):
                if name in _NAMING:
                    return position > 0 or name != _FROM_STACK
                start = position + 1
    except PickleFaultError as error:
        goes_on = error.code == "truncated" and len(head) == _HEAD
        return goes_on or error.code == "hostile"
    except LimitExceededError:
        return True
    return False


def holds_no_pickle(head: bytes) -> bool:
    """Whether a file is of a format without pickles: by how it begins, and because a reader of
    pickles would stop there before it has called anything.
    """
    if may_be_pickle(head) or not head.startswith((*_HARMLESS, *_ONNX)):
        return False
    return not head.startswith(b"\x93NUMPY") or _OBJECTS not in _dtype_of(head)


def _dtype_of(head: bytes) -> bytes:
    """The text of an array's dtype (the format of ``numpy.save``: ``numpy/lib/format.py``)."""
    _, _, after = head[:_NUMPY_HEADER].partition(b"'descr':")
    return after.partition(b"'fortran_order'")[0] or _OBJECTS
