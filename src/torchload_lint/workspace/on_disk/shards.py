"""Models in several files: the shards that a ``*.index.json`` names."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath, PureWindowsPath

from torchload_lint.regular_files import open_regular

INDEX = ".index.json"
"""How the index files of transformers and diffusers end (``pytorch_model.bin.index.json``)."""
MAX_INDEX = 64_000_000
"""Bytes of an index that are read; 100,000 tensors take about 8 MB."""
MOST_SHARDS = 20_000
"""Files that an index may name; the largest models have a few hundred."""


def shards_of(index: Path) -> list[Path]:
    """The files that an index names, each once, in order.

    The form is ``{"weight_map": {tensor: file name}}`` (transformers 4.57, ``modeling_utils.py``).
    Raises OSError, and ValueError where it is no index or a name leads out of the index's folder.
    """
    with open_regular(index) as file:
        text = file.read(MAX_INDEX + 1)
    if len(text) > MAX_INDEX:
        raise ValueError(f"it is larger than {MAX_INDEX:,} bytes")
    try:
        names = list(dict.fromkeys(json.loads(text)["weight_map"].values()))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError('it is no index: it has no "weight_map" of file names') from error
    if len(names) > MOST_SHARDS:
        raise ValueError(f"it names {len(names):,} files, more than {MOST_SHARDS:,}")
    for name in names:
        if not isinstance(name, str) or _leaves(name):
            raise ValueError(f"it names a shard outside its folder: {name!r:.200}")
    return [index.parent / name for name in names]


def _leaves(name: str) -> bool:
    """Whether a name is absolute, climbs, or is none; in the form of any system."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    if not name or "\0" in name or posix.is_absolute() or windows.drive or windows.root:
        return True
    return ".." in windows.parts or ".." in posix.parts
