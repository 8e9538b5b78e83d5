"""What came of a recorded run, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.record.run import MOST_FILES, MOST_LOADS
from torchload_lint.record.store import STORE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torchload_lint.record.run import Recording

_NOT_SEEN = "unseen: a Python with -I, -E or -S, without PYTHONPATH, or that can write no file"


_NOTHING = "nothing noted"
_NEXT = ", which torchload-lint now reads there (commit it, and others and CI read it too)"


def what_came_of_it(
    recording: Recording,
    kept: int,
    paths: list[Path],
    left_out: Mapping[str, int],
    examples: Mapping[str, list[str]],
) -> str:
    """What came of a run, in a line. ``kept``: loads; ``paths``: where they are kept; ``left_out``
    and ``examples``: why others are not, how many, and some of the calls.
    """
    if recording.why_nothing:
        return f"nothing noted: {recording.why_nothing}"
    if not recording.loads and not recording.unusable:
        if not recording.saw_python:
            return f"no Python was seen; nothing noted ({_NOT_SEEN})"
        what = "torch.load" if recording.saw_torch else "import of torch"
        return f"no {what} was seen; nothing noted ({_NOT_SEEN})"
    is_read = all(path.parts[-2:] == STORE.parts for path in paths)
    where = ", ".join(map(str, paths)) + (_NEXT if is_read else "")
    noted = f"{_counted(kept)} noted in {where}" if kept else _NOTHING
    rest = [
        f"{_counted(number)} {why} ({_some(examples[why], number)})"
        for why, number in sorted(left_out.items())
    ]
    if recording.unusable:
        rest.append(f"{_counted(recording.unusable)} of what cannot be a path")
    if recording.beyond:
        limits = f"{MOST_FILES} files of one call, or {MOST_LOADS:,} of a run"
        rest.append(f"{_counted(recording.beyond)} beyond {limits}")
    return f"{noted}; not noted: {', '.join(rest)}" if rest else noted


def _some(places: list[str], number: int) -> str:
    more = number - len(places)
    return ", ".join(places) + (f" and {more} more" if more else "")


def _counted(number: int) -> str:
    return f"{number} load" if number == 1 else f"{number} loads"
