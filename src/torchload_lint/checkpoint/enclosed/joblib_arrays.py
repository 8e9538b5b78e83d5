"""The numbers of arrays that joblib writes between the opcodes of a pickle.

Source: ``NumpyUnpickler.load_build`` and ``NumpyArrayWrapper.read_array`` of joblib 1.5
(``numpy_pickle.py``): once a wrapper has its state, its numbers are read from the file, from joblib
1.2 on behind a byte that says how much padding stands before them. An array of objects is a pickle
of its own there. Who wrote the file chooses who misreads it, so that all these readings count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.known_calls import NUMBERS_FOLLOW
from torchload_lint.checkpoint.opcodes import PickleFaultError
from torchload_lint.checkpoint.pickles.numpy_dtypes import (
    element_size,
    holds_objects,
    is_numpy_dtype,
)
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    Opaque,
    PickledValue,
    SetValue,
    held_in,
)
from torchload_lint.checkpoint.pickles.unpickler import Unpickled, unpickle
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.checkpoint.limits import Limits
    from torchload_lint.checkpoint.restricted.weights_only import WeightsOnlyGuard

_ARRAY = GlobalName("numpy", "ndarray")
_PADDED = "numpy_array_alignment_bytes"
_MOST_DIMENSIONS = 64
_LARGEST = 2**62
_MISREAD = frozenset({"malformed", "truncated"})
"""How a reading ends that takes numbers for opcodes."""


@dataclass(slots=True)
class JoblibReadings:
    """What the releases of joblib read of a file of which pickle reads something else."""

    streams: list[Unpickled] = field(default_factory=list)
    is_whole: bool = False
    """Whether that is all that any of them can read: the object to the end of the file."""

    @property
    def understood(self) -> frozenset[str]:
        """What the file calls and is harmless, now that all is read that stands behind it."""
        return NUMBERS_FOLLOW if self.is_whole else frozenset()


def joblib_readings(
    source: ByteSource,
    plain: Unpickled,
    make_guard: Callable[[], WeightsOnlyGuard],
    limits: Limits,
) -> JoblibReadings:
    """Read the file as joblib does, where it holds arrays of joblib; ``plain``: as pickle does."""
    result = JoblibReadings()
    if not any(map(_names_wrapper, plain.globals)):
        return result
    if source.size > limits.pickle_bytes or not limits.whole:
        return result
    data = source.read_at(0, source.size)
    readings = [_Reading(data, make_guard(), limits, padded=padded) for padded in (True, False)]
    first = readings[0].run()
    if not readings[0].met_padding:
        readings.pop()
    for reading in readings[1:]:
        reading.run()
    result.streams = [stream for one in readings for stream in one.streams]
    is_read = first.fault is None and first.end == len(data)
    result.is_whole = is_read and not any(one.is_odd() for one in readings)
    return result


class _Reading:
    """What one release of joblib reads."""

    def __init__(
        self, data: bytes, guard: WeightsOnlyGuard, limits: Limits, *, padded: bool
    ) -> None:
        self.streams: list[Unpickled] = []
        """The file's own pickle at first; behind it, those of arrays of objects."""
        self.met_padding = False
        self._data, self._guard, self._limits, self._padded = data, guard, limits, padded
        self._read_arrays: set[int] = set()
        self._inner: list[Unpickled] = []
        self._is_odd = False

    def run(self) -> Unpickled:
        """Read the file; the stream of its own pickle."""
        own = unpickle(self._data, self._guard, 0, self._limits, self._behind)
        self.streams = [own, *self._inner]
        return own

    def is_odd(self) -> bool:
        """Whether joblib may have read other bytes than these: a wrapper is not as joblib makes it,
        or nobody knows what is behind a limit.
        """
        faults = {stream.fault.code for stream in self.streams if stream.fault is not None}
        failure = self._guard.failure
        if self._is_odd or faults - _MISREAD or (failure and failure.code == "hostile"):
            return True
        calls = [call for stream in self.streams for call in stream.calls]
        if any(_is_wrapper(call) and id(call) not in self._read_arrays for call in calls):
            return True
        return _hands_on_wrapper(calls, self._limits.places)

    def _behind(self, target: PickledValue, position: int) -> tuple[PickledValue, int]:
        """What is on the stack once something has its state, and where the next opcode is."""
        if not (isinstance(target, ObjectValue) and _is_wrapper(target)):
            return target, position
        wrapper = _wrapper_of(target)
        if wrapper is None:
            self._is_odd = True
            return target, position
        self._read_arrays.add(id(target))
        if holds_objects(wrapper.dtype):
            inner = unpickle(self._data, self._guard, position, self._limits)
            self._inner.append(inner)
            if inner.fault is not None:
                raise PickleFaultError("malformed", "an array of objects is no pickle", position)
            return inner.value, inner.end
        self.met_padding |= wrapper.is_padded
        if wrapper.is_padded and self._padded:
            position += 1 + (self._data[position] if position < len(self._data) else 0)
        end = position + wrapper.size
        if end > len(self._data):
            raise PickleFaultError("truncated", "the file ends inside of an array", position)
        return Opaque(_ARRAY), end


class _Wrapper(NamedTuple):
    """What a wrapper says of its array."""

    dtype: PickledValue
    size: int
    """Bytes of its numbers."""
    is_padded: bool


def _is_wrapper(value: ObjectValue) -> bool:
    return _names_wrapper(value.callee)


def _names_wrapper(value: PickledValue) -> bool:
    return isinstance(value, GlobalRef) and str(value.name) in NUMBERS_FOLLOW


def _wrapper_of(value: ObjectValue) -> _Wrapper | None:
    """What it says; None where it was not made as joblib makes it."""
    state = value.states[0] if value.how == "NEWOBJ" and len(value.states) == 1 else None
    if not isinstance(state, DictValue) or state.state or value.entries or value.items:
        return None
    dtype, shape, subclass = state.get("dtype"), state.get("shape"), state.get("subclass")
    is_array = isinstance(subclass, GlobalRef) and subclass.name == _ARRAY
    if not is_array or not is_numpy_dtype(dtype) or state.get("order") not in ("C", "F"):
        return None
    width = element_size(dtype)
    if not width or not isinstance(shape, tuple) or len(shape) > _MOST_DIMENSIONS:
        return None
    if not all(type(one) is int and 0 <= one < _LARGEST for one in shape):
        return None
    return _Wrapper(dtype, prod(shape) * width, state.get(_PADDED) is not None)


def _hands_on_wrapper(calls: Iterable[ObjectValue], most: int) -> bool:
    """Whether a call is given the class of the wrappers, and may make one that nobody sees here."""
    waiting: list[PickledValue] = list(calls)
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if _names_wrapper(value) or len(seen) > most:
            return True
        if id(value) in seen or not isinstance(value, _CONTAINERS):
            continue
        seen.add(id(value))
        waiting += held_in(value)
        if isinstance(value, ObjectValue) and not isinstance(value.callee, GlobalRef):
            waiting.append(value.callee)
    return False


_CONTAINERS = (tuple, list, DictValue, SetValue, ObjectValue)
