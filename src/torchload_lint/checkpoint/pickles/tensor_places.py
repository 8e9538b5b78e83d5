"""The tensors of an object, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.limits import DEFAULT_LIMITS
from torchload_lint.checkpoint.pickles.places import joined, parts
from torchload_lint.checkpoint.pickles.tensors import tensor_of

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue
    from torchload_lint.checkpoint.pickles.tensors import TensorInfo


def tensors_in(
    root: PickledValue, limit: int = DEFAULT_LIMITS.places
) -> list[tuple[str, TensorInfo]]:
    """Place and description of each tensor, once each; visits at most ``limit`` values."""
    found: list[tuple[str, TensorInfo]] = []
    waiting: list[tuple[str, PickledValue]] = [("", root)]
    seen = {id(root)}
    while waiting and limit > 0:
        place, value = waiting.pop()
        tensor = tensor_of(value)
        if tensor is not None:
            found.append((place, tensor))
            continue
        inside = []
        for step, child in parts(value):
            limit -= 1
            if limit < 0:
                break
            if id(child) not in seen and not isinstance(child, _PLAIN):
                seen.add(id(child))
                inside.append((joined(place, step), child))
        waiting += reversed(inside)
    return found


_PLAIN = (str, bytes, int, float, bool, type(None))
