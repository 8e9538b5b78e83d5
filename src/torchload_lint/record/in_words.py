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
_REFUSED = "UnpicklingError: Weights only load failed"
"""How the error of a restricted load begins."""
_MOST_PLACES = 3
_BEHIND = (
    "what would have come behind is not noted; torchload-lint --fix sees to it, then record again"
)
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
    said = f"{noted}; not noted: {', '.join(rest)}" if rest else noted
    return said + _next_step(recording)


def _next_step(recording: Recording) -> str:
    """What to do where a load that torch refused may have ended the command."""
    refused = [one for one in recording.loads if one.outcome.startswith(_REFUSED)]
    if not refused or recording.status <= 0:
        return ""
    own = [one for one in refused if one.source is None]  # a cell's row is not a file's
    places = list(dict.fromkeys(f"{one.file.name}:{one.row}" for one in own))
    some = f" ({_some(places[:_MOST_PLACES], len(places))})" if places else ""
    return f"; torch refused {_counted(len(refused))}{some}, and {_BEHIND}"


def _some(places: list[str], number: int) -> str:
    more = number - len(places)
    return ", ".join(places) + (f" and {more} more" if more else "")


def _counted(number: int) -> str:
    return f"{number} load" if number == 1 else f"{number} loads"
