"""Where in this package the reasons of an answer are given: where to look when one is wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.source.domain import values

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from typing_extensions import Self

_PACKAGE = Path(__file__).parents[2]
_MAKERS = frozenset({values.Unknown.__init__.__code__, values.Text.__init__.__code__})
_DOUBTS = str(_PACKAGE / "source" / "certainty")


class ReasonPlaces:
    """Notes, while it is entered, the file and row of this package that give each reason.

    It watches calls (``sys.setprofile``), which makes them slow: for one load that somebody asks
    about. So the code that gives a reason needs to know nothing of it.
    """

    def __init__(self) -> None:
        self._found: dict[str, str] = {}
        self._before = sys.getprofile()

    def __enter__(self) -> Self:
        self._before = sys.getprofile()
        sys.setprofile(self._watch)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)

    def at(self, reason: str) -> str:
        """``source/evaluation/named.py:42``; empty where it was not seen."""
        return self._found.get(reason, "")

    def note(self, reason: str, frame: FrameType) -> None:
        """A reason that is given where a frame stands now."""
        if reason not in self._found:
            path = Path(frame.f_code.co_filename)
            self._found[reason] = f"{path.relative_to(_PACKAGE).as_posix()}:{frame.f_lineno}"

    def _watch(self, frame: FrameType, event: str, value: object) -> None:
        if event != "return":
            return
        code = frame.f_code
        if code in _MAKERS:
            made = frame.f_locals["self"]
            for reason in (made.why,) if isinstance(made.why, str) else made.why:
                self.note(reason, _outside(frame, code))
        elif isinstance(value, str) and value and code.co_filename.startswith(_DOUBTS):
            self.note(value, frame)


def _outside(frame: FrameType, code: CodeType) -> FrameType:
    """The nearest frame that does not stand in the file that makes values."""
    outer = frame
    while outer.f_code.co_filename == code.co_filename and outer.f_back is not None:
        outer = outer.f_back
    return outer
