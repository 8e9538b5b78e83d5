"""How much more than its bytes a file may make of its arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue

_MOST_GROWN = 1_000_000
"""Elements, or bytes of them, that may come of no bytes of the file, all together."""
_TIMES = 4
"""How many times its bytes an array may become: fields may lie in one another."""


class ArrayGrowth:
    """Counts what arrays become beyond their bytes. Shapes with an axis of no elements, elements of
    no bytes, fields that lie in one another, and bytes that stand for many arrays, cost a file
    nothing; what they become would fill any memory.
    """

    def __init__(self) -> None:
        """No array has been met yet."""
        self._met: dict[int, PickledValue] = {}
        """The data of arrays, by identity; kept, so that nothing else gets theirs."""
        self._grown = 0

    def is_too_much(self, made: int, data: PickledValue) -> bool:
        """Whether an array of this data may not become so many elements, or bytes of them."""
        size = len(data) if isinstance(data, (bytes, str, list)) else 0
        backed = 0 if id(data) in self._met else _TIMES * size
        self._met[id(data)] = data
        grown = self._grown + max(0, made - backed)
        if grown > _MOST_GROWN:
            return True
        self._grown = grown
        return False
