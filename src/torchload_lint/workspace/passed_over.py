"""What a report on folders of checkpoints does not speak for: files that nobody looked into."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import Verdict, inspect_file
from torchload_lint.checkpoint.containers.npy import ONLY_NUMBERS
from torchload_lint.escaping import printable
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.plurals import number_of
from torchload_lint.regular_files import read_head
from torchload_lint.workspace.on_disk.beginnings import holds_no_pickle
from torchload_lint.workspace.on_disk.checkpoint_names import OTHER_SUFFIXES
from torchload_lint.workspace.on_disk.checkpoints import NEVER
from torchload_lint.workspace.on_disk.git_objects import is_of_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_HEAD = 65536
_KINDS = 6
"""How many endings are named."""
FEW_NAMES = 5
MANY_NAMES = 1000
"""How many files are named where people read, and where programs do."""
_OF_CODE = frozenset(NEVER) - OTHER_SUFFIXES
_WHITE = b"\t\n\r\f\x1b"
"""What text holds beside letters; the last one begins colours in logs."""


class LeftFile(NamedTuple):
    """A file, or a linked folder, that may hold pickles and that nobody looked into."""

    path: str
    kind: str
    """How its name ends, or that it is a link."""


def not_looked_at(paths: Iterable[Path], shown: Iterable[Path]) -> tuple[LeftFile, ...]:
    """What lies in the folders among ``paths``, was not shown, and may hold pickles: by its name,
    or because it is no text.
    """
    seen = {os.path.abspath(one) for one in shown}
    return tuple(one for path in paths if path.is_dir() for one in _left(path, seen))


def in_words(left: Sequence[LeftFile], names: int = FEW_NAMES) -> tuple[str, ...]:
    """The same in a sentence, with so many names. Empty where there is nothing."""
    if not left:
        return ()
    kinds = Counter(one.kind for one in left)
    ends = [kind for kind, _ in kinds.most_common(_KINDS)]
    more = f" and {len(kinds) - _KINDS} more" if len(kinds) > _KINDS else ""
    named = ", ".join(printable(one.path) for one in left[:names])
    others = f" and {len(left) - names:,} more" if len(left) > names else ""
    files = number_of(len(left), "file")
    said = f"{files} not looked at that may hold pickles ({', '.join(ends)}{more})"
    return (f"{said}: {named}{others}",)


def _left(top: Path, seen: set[str]) -> Iterator[LeftFile]:
    """Each such file; a folder that is shown is one checkpoint."""
    inside = os.path.join(os.path.realpath(top), "")
    for folder, folders, files in os.walk(top):
        if os.path.abspath(folder) in seen:
            folders.clear()
            continue
        folders.sort()
        for name in folders:
            path = os.path.join(folder, name)
            if os.path.islink(path) and not os.path.realpath(path).startswith(inside):
                yield LeftFile(path, "linked folder")
        for name in sorted(files):
            path = os.path.join(folder, name)
            if os.path.abspath(path) not in seen and may_hold_pickles(path):
                yield LeftFile(path, "link" if os.path.islink(path) else _ending(name))


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower() or "no ending"


def may_hold_pickles(path: str) -> bool:
    """Whether a file may be read as a pickle that is no checkpoint by its name and beginning; one
    that cannot be looked into may.
    """
    ending = os.path.splitext(path)[1].lower()
    if ending in _OF_CODE or is_of_git(path):
        return False
    try:
        head = read_head(path, _HEAD)
    except OSError:
        return True
    if holds_no_pickle(head) or (ending == ".npz" and _is_of_numbers(path)):
        return False
    return ending in OTHER_SUFFIXES or _is_binary(head)  # a text that names anything was read


def _is_of_numbers(path: str) -> bool:
    """Whether an archive of arrays was read to its end, and nothing in it is pickled."""
    report = inspect_file(path)
    told = [problem.code for problem in report.problems]
    return report.verdict is Verdict.UNREADABLE and told == [ONLY_NUMBERS]


def _is_binary(head: bytes) -> bool:
    try:
        head[: head.rfind(b"\n") + 1 or None].decode()
    except UnicodeDecodeError:
        return True
    return any(byte < ord(" ") and byte not in _WHITE for byte in head)
