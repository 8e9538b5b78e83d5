"""What keeps a file from changing an array or a dtype behind numpy's back.

numpy gives each array and each dtype its state at once, and only once. A dtype that is changed
after something uses it turns numbers into addresses that the file chose, and an array that is
filled again leaves tensors with memory that is gone. (numpy 2.4, ``descriptor.c``, ``methods.c``.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.pickles.numpy_dtypes import dtype_fault, is_numpy_dtype
from torchload_lint.checkpoint.pickles.pickled_values import DictValue, ObjectValue, SetValue
from torchload_lint.checkpoint.restricted.arrays.array_states import (
    array_fault,
    array_state_fault,
    makes_arrays,
)

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue
    from torchload_lint.checkpoint.report import Problem
    from torchload_lint.names import GlobalName

_MOST_LOOKED_AT = 64
_ARRAY_CLASSES = frozenset("ndarray matrix recarray chararray memmap MaskedArray".split())

FIELDS_CHANGED = advice.hostile_state("a numpy.dtype", "its fields are changed after it has them")


class ArrayGuard:
    """Follows the dtypes that have no state yet."""

    def __init__(self) -> None:
        self._fresh: dict[int, ObjectValue] = {}
        """By identity: made, not given a state yet, and seen by nothing else."""

    def made(self, value: ObjectValue) -> ObjectValue:
        """Note a new object."""
        if is_numpy_dtype(value):
            self._fresh[id(value)] = value
        return value

    def met(self, values: PickledValue) -> None:
        """Something is made from values, or filled with them: from now on it holds their dtypes."""
        waiting, looked_at = [values], 0
        while waiting and self._fresh:
            value = waiting.pop()
            looked_at += 1
            if looked_at + len(waiting) > _MOST_LOOKED_AT:
                self._fresh.clear()
            else:
                self._fresh.pop(id(value), None)
                waiting.extend(_held_by(value))

    def state_problem(
        self, target: PickledValue, kind: GlobalName | None, state: PickledValue
    ) -> Problem | None:
        """Why a state does not fit the array or dtype that it is given to."""
        fresh = self._fresh.pop(id(target), None) is not None
        self.met(state)
        if not isinstance(target, ObjectValue):
            return None
        if is_numpy_dtype(target):
            late = "" if fresh else "it is given after something has used it, or a second time"
            fault = dtype_fault(target, state) or late
            return advice.hostile_state("a numpy.dtype", fault) if fault else None
        if makes_arrays(target):
            fault = array_fault(target) or array_state_fault(target, state)
            return advice.hostile_state("a numpy array", fault) if fault else None
        if kind is not None and _is_of_numpy(kind):
            fault = "it was not made as numpy makes it"
            return advice.hostile_state("a numpy array or dtype", fault)
        return None


def _held_by(value: PickledValue) -> list[PickledValue]:
    """What a container holds, not much more than is looked at."""
    few = _MOST_LOOKED_AT + 1
    if isinstance(value, (tuple, list)):
        return list(value[:few])
    if isinstance(value, SetValue):
        return value.items[:few]
    if isinstance(value, DictValue):
        return [part for pair in value.entries[:few] for part in pair]
    if isinstance(value, ObjectValue):
        return [*value.items[:few], *(part for pair in value.entries[:few] for part in pair)]
    return []


def _is_of_numpy(kind: GlobalName) -> bool:
    """Whether it is an array class, or the class of a dtype."""
    is_array = kind.qualname in _ARRAY_CLASSES and kind.module.partition(".")[0] == "numpy"
    return is_array or kind.module == "numpy.dtypes"
