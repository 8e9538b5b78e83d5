"""What checkpoints are usually called, and how they begin."""

from __future__ import annotations

import os

from torchload_lint.regular_files import read_head

SUFFIXES = frozenset(
    """
    .bin .checkpoint .chkpt .ckpt .model .p .pickle .pkl .pt .pth .ptl .safetensors .tar .th
    """.split()
)
"""What a file in a folder must end in to be taken for a checkpoint; a file named outright may be
called anything."""
OTHER_SUFFIXES = frozenset(
    ".7z .bz2 .dill .gz .h5 .joblib .keras .npy .npz .rar .xz .zip .zst".split()
)
"""What else may hold pickles, and torch does not read: such files are only counted."""


def is_checkpoint_name(path: str) -> bool:
    """Whether a file is called like a checkpoint; upper and lower case are the same."""
    return os.path.splitext(path)[1].lower() in SUFFIXES


def begins_like_checkpoint(data: bytes) -> bool:
    """Whether bytes begin like a pickle of protocol 2 or newer, or like an archive."""
    return data.startswith(b"PK\x03\x04") or (data[:1] == b"\x80" and data[1:2] in _PROTOCOLS)


def part_checkpoints(files: list[str]) -> tuple[list[str], list[str]]:
    """Files to check, without the checkpoints among them; and what is said of each of those."""
    given = [file for file in files if is_checkpoint_name(file) or _is_no_source(file)]
    words = [
        f"{path}: a checkpoint, not Python source; `torchload-lint inspect {path}` reads it"
        for path in given
    ]
    return [file for file in files if file not in set(given)] if given else files, words


def _is_no_source(file: str) -> bool:
    """Whether a file without an ending begins like a checkpoint."""
    try:
        return not os.path.splitext(file)[1] and begins_like_checkpoint(read_head(file, 4))
    except OSError:
        return False


_PROTOCOLS = frozenset({b"\x02", b"\x03", b"\x04", b"\x05"})
