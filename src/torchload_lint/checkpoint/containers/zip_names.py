"""Which member of an archive torch takes for a name, where several are called alike.

miniz, which torch reads archives with, sorts the directory with heap sort and searches it by
halving, and looks at ASCII letters without regard to case. So the order of the *whole* directory
decides which of two equal names is met: neither the first nor the last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.limits import LimitExceededError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.checkpoint.limits import Limits


class RecordIndex:
    """The places of names in a directory."""

    def __init__(self, names: Sequence[str], limits: Limits) -> None:
        self._keys = [_key(name) for name in names]
        self._places = {key: at for at, key in enumerate(self._keys)}
        self._limits = limits
        self._sorted: list[int] = []

    def find(self, name: str) -> int | None:
        """The place of the member that torch takes.

        Raises LimitExceededError where an archive with equal names is too large to be sorted.
        """
        key = _key(name)
        if len(self._places) == len(self._keys) or key not in self._places:
            return self._places.get(key)
        if not self._sorted:
            self._sorted = self._in_order()
        low, high = 0, len(self._sorted) - 1
        while low <= high:
            middle = (low + high) // 2
            found = self._keys[self._sorted[middle]]
            if found == key:
                return self._sorted[middle]
            low, high = (middle + 1, high) if found < key else (low, middle - 1)
        return None

    def _in_order(self) -> list[int]:
        """The places sorted by name, equal ones where heap sort leaves them."""
        if len(self._keys) > self._limits.equal_members:
            message = "the archive is large and has several members of one name"
            raise LimitExceededError("equal_members", message)
        places = list(range(len(self._keys)))
        for root in range(len(places) // 2 - 1, -1, -1):
            self._sift_down(places, root, len(places))
        for end in range(len(places) - 1, 0, -1):
            places[0], places[end] = places[end], places[0]
            self._sift_down(places, 0, end)
        return places

    def _sift_down(self, places: list[int], root: int, end: int) -> None:
        keys = self._keys
        while (child := 2 * root + 1) < end:
            if child + 1 < end and keys[places[child]] < keys[places[child + 1]]:
                child += 1
            if keys[places[root]] >= keys[places[child]]:
                return
            places[root], places[child] = places[child], places[root]
            root = child


def _key(name: str) -> bytes:
    """What a name is compared by: only ASCII letters lose their case.

    A pickle may ask for a name with half a surrogate pair, which no member has.
    """
    try:
        return name.encode("utf-8", "surrogateescape").lower()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogatepass")
