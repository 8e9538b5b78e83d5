"""Whether bytes begin like something that a loader runs or unpacks, told by few of them."""

from __future__ import annotations

from torchload_lint.checkpoint.containers.bytesource import MemorySource
from torchload_lint.checkpoint.containers.container import open_container
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS
from torchload_lint.checkpoint.opcodes import PickleFaultError, read_steps

BEGINNING = 4096
"""Bytes by which it is told: a pickle that goes wrong within them calls nothing behind them."""
_NAMING = frozenset("GLOBAL STACK_GLOBAL INST EXT1 EXT2 EXT4".split())
_HARMLESS_KINDS = frozenset("html png pdf script text empty zeros git-lfs-pointer hdf5".split())


def begins_like_a_file(head: bytes) -> bool:
    """Whether what begins so may be a pickle, or hold one."""
    if head.startswith(b"PK\x03\x04"):
        return True
    kind = open_container(MemorySource(head), "", DEFAULT_LIMITS).kind
    if kind != "legacy or pickle" and kind not in _HARMLESS_KINDS:
        return True
    try:
        return any(name in _NAMING for _, name, _ in read_steps(head)) or bool(head)
    except PickleFaultError as error:
        return error.code != "malformed"
