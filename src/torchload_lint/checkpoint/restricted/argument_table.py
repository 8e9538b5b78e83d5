"""Which kinds of arguments torch's rarer rebuild functions take, place by place.

Source: ``torch/_utils.py`` of torch 2.13, and what it calls. What is not listed is not taken:
where nothing is known of a value, an entry of the allowlist is needed for it anyway.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - in an annotation of module level
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import GlobalRef
from torchload_lint.checkpoint.restricted.argument_kinds import (
    ANYTHING,
    integers,
    is_int64,
    seen_tensor,
    value_kind,
)
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue

DEVICES = frozenset(
    """
    cpu cuda ipu xpu mkldnn opengl opencl ideep hip ve fpga maia xla lazy vulkan mps meta hpu mtia
    privateuseone
    """.split()
)


class ArgumentPlace(NamedTuple):
    """What one argument has to be."""

    words: str
    takes: Callable[[PickledValue], bool]


def is_device_name(value: PickledValue) -> bool:
    """``cuda`` or ``cuda:1``."""
    if not isinstance(value, str):
        return False
    kind, colon, index = value.partition(":")
    return kind in DEVICES and (index.isdigit() if colon else True)


def is_copied(value: PickledValue) -> bool:
    """Whether a value is a tensor in memory that another one can be made of."""
    found = seen_tensor(value)
    return found is not None and found.kind in {"tensor", "Parameter"}


def _is_integer_tensor(dimensions: int) -> Callable[[PickledValue], bool]:
    """Some integers, of 64 bits: torch 2.13 ends with the process where there are none."""

    def takes(value: PickledValue) -> bool:
        found = seen_tensor(value)
        if found is None or found.kind != "tensor" or found.dtype != "int64":
            return False
        return len(found.shape) == dimensions and all(found.shape)

    return takes


def _is_buffer(value: PickledValue) -> bool:
    found = seen_tensor(value)
    return is_copied(value) and found is not None and len(found.shape) == 1


def _is_own_class(value: PickledValue) -> bool:
    return isinstance(value, GlobalRef) and value_kind(value) == "other name"


def _kinds(words: str, *kinds: str) -> ArgumentPlace:
    return ArgumentPlace(words, lambda value: value_kind(value) in kinds)


_DTYPE = _kinds("dtype", "dtype", "NoneType")
_DEVICE = ArgumentPlace(
    "device", lambda value: value_kind(value) in {"device", "NoneType"} or is_device_name(value)
)
_FLAG = _kinds("bool", "bool")
_SIZE = ArgumentPlace("tuple of sizes", lambda value: integers(value) is not None)
_STRIDE = ArgumentPlace(
    "tuple of strides", lambda value: value is None or integers(value) is not None
)
_OFFSET = ArgumentPlace("offset", lambda value: value is None or is_int64(value))

PLACES: dict[str, tuple[ArgumentPlace, ...]] = {
    "torch._utils._rebuild_nested_tensor": (
        ArgumentPlace("tensor of one dimension", _is_buffer),
        ArgumentPlace("matrix of integers", _is_integer_tensor(2)),
        ArgumentPlace("matrix of integers", _is_integer_tensor(2)),
        ArgumentPlace("row of integers", _is_integer_tensor(1)),
    ),
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": (
        ArgumentPlace("tensor in memory", is_copied), _DTYPE, _DEVICE, _FLAG,
    ),
    "torch._utils._rebuild_device_tensor_from_numpy": (
        _kinds("array of numpy"), _DTYPE, _DEVICE, _FLAG,
    ),
    "torch._utils._rebuild_wrapper_subclass": (
        ArgumentPlace("class that defines __torch_dispatch__", _is_own_class),
        _DTYPE, _SIZE, _STRIDE, _OFFSET,
        _kinds("layout", "layout", "NoneType"), _DEVICE, _kinds("bool", "bool", "NoneType"),
    ),
}  # fmt: skip
"""Function → what each of its arguments has to be."""


def place_fault(name: str, args: tuple[PickledValue, ...]) -> str:
    """Which argument is not what its place takes; empty where all are."""
    for at, (place, value) in enumerate(zip(PLACES.get(name, ()), args, strict=False), 1):
        if value_kind(value) != ANYTHING and not place.takes(value):
            return f"its argument {at} is no {place.words}"
    return ""
