"""What a report on folders of checkpoints does not speak for: files that nobody looked into."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from torchload_lint.plurals import number_of
from torchload_lint.regular_files import read_head
from torchload_lint.workspace.on_disk.checkpoint_names import OTHER_SUFFIXES
from torchload_lint.workspace.on_disk.checkpoints import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_HEAD = 4096
_KINDS = 6
"""How many endings are named."""
_OF_CODE = frozenset(NEVER) - OTHER_SUFFIXES
_WHITE = b"\t\n\r\f\x1b"
"""What text holds beside letters; the last one begins colours in logs."""


def not_looked_at(paths: Iterable[Path], shown: Iterable[Path]) -> tuple[str, ...]:
    """In a sentence, what lies in the folders among ``paths``, was not shown, and may hold pickles:
    by its name, or because it is no text. Empty where there is nothing.
    """
    seen = {os.path.abspath(one) for one in shown}
    kinds = Counter(kind for path in paths if path.is_dir() for kind in _left(path, seen))
    if not kinds:
        return ()
    named = [kind for kind, _ in kinds.most_common(_KINDS)]
    more = f" and {len(kinds) - _KINDS} more" if len(kinds) > _KINDS else ""
    files = number_of(kinds.total(), "file")
    return (f"{files} not looked at that may hold pickles ({', '.join(named)}{more})",)


def _left(top: Path, seen: set[str]) -> Iterator[str]:
    """The kind of each such file; a folder that is shown is one checkpoint."""
    inside = os.path.join(os.path.realpath(top), "")
    for folder, folders, files in os.walk(os.path.abspath(top)):
        if folder in seen:
            folders.clear()
            continue
        for name in folders:
            path = os.path.join(folder, name)
            if os.path.islink(path) and not os.path.realpath(path).startswith(inside):
                yield "linked folder"
        for name in files:
            path = os.path.join(folder, name)
            if path not in seen and may_hold_pickles(path):
                yield "link" if os.path.islink(path) else _ending(name)


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower() or "no ending"


def may_hold_pickles(path: str) -> bool:
    """Whether a file may be read as a pickle that is no checkpoint by its name and beginning; one
    that cannot be looked into may.
    """
    ending = os.path.splitext(path)[1].lower()
    if ending in OTHER_SUFFIXES:
        return True
    if ending in _OF_CODE:
        return False
    try:
        head = read_head(path, _HEAD)
    except OSError:
        return True
    return _is_binary(head)  # a text that names what it calls was read, and is no pickle


def _is_binary(head: bytes) -> bool:
    try:
        head[: head.rfind(b"\n") + 1 or None].decode()
    except UnicodeDecodeError:
        return True
    return any(byte < ord(" ") and byte not in _WHITE for byte in head)
