"""The object of the pickle that was read last, for whoever asks for it next.

A report on a file and the tree of its object come from the same pickle, one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.checkpoint.limits import Limits
    from torchload_lint.checkpoint.pickles.unpickler import Unpickled

_last: tuple[bytes, Limits, Unpickled] | None = None


def keep_last(data: bytes, limits: Limits, found: Unpickled) -> Unpickled:
    """Keep what was read of these bytes until something else is."""
    global _last  # noqa: PLW0603 - one place for one object
    _last = (data, limits, found)
    return found


def read_last(data: bytes, limits: Limits) -> Unpickled | None:
    """What was read of the same bytes within the same limits, if that was the last; it is given up
    then, so that nothing keeps a large object alive.
    """
    global _last
    last, _last = _last, None
    return last[2] if last is not None and last[:2] == (data, limits) else None
