"""Which states BUILD can give to what torch allows by default to make.

Source: BUILD in ``torch/_weights_only_unpickler.py`` and ``Tensor.__setstate__`` in
``torch/_tensor.py`` of torch 2.13. A tensor's state is another one to take the place of it
(``Tensor.set_``); most of the other types take none at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    ObjectValue,
    PickledValue,
    StorageValue,
)
from torchload_lint.checkpoint.pickles.states import truthy
from torchload_lint.checkpoint.restricted.argument_kinds import (
    is_pair,
    looped,
    may_be_anything,
    seen_tensor,
    value_kind,
)
from torchload_lint.checkpoint.restricted.signatures import call_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.checkpoint.pickles.tensors import TensorInfo

WITHOUT_DICT = frozenset({"bytearray", "bytes", "complex", "device", "set", "Size"})
"""Kinds of made objects that take no attributes."""

TAKING_ATTRIBUTES = frozenset(
    "collections.Counter torch.storage.TypedStorage torch.storage.UntypedStorage".split()
)
"""Types that torch allows by default and that take attributes."""

_LOOKED_AT = frozenset({"dtype", "_untyped_storage"})
"""Attributes of a storage that torch makes a tensor with."""


def updates_dict(state: PickledValue) -> bool:
    """Whether ``{}.update(state)`` can work: a mapping, or pairs."""
    if isinstance(state, DictValue) or may_be_anything(state):
        return True
    items = looped(state)
    return items is not None and all(map(is_pair, items))


def is_default_state(state: PickledValue) -> bool:
    """What an object without ``__setstate__`` can be given: a dict, or (dict, slots)."""
    attributes, slots = _divided(state)
    slots_fine = not truthy(slots) or isinstance(slots, DictValue) or may_be_anything(slots)
    if value_kind(attributes) == "tensor":
        return False  # torch asks whether it is true
    return slots_fine and (not truthy(attributes) or updates_dict(attributes))


def is_no_state(state: PickledValue) -> bool:
    """Whether there is nothing to set."""
    return not any(map(truthy, _divided(state)))


def is_attribute_state(state: PickledValue) -> bool:
    """What :data:`TAKING_ATTRIBUTES` can be given and stay what they are."""
    attributes, slots = _divided(state)
    if truthy(slots) or not is_default_state(state):
        return False
    names = looped(attributes) if isinstance(attributes, DictValue) else ()
    return not any(isinstance(name, str) and name in _LOOKED_AT for name in names or ())


def is_state_of_uuid(state: PickledValue) -> bool:
    """What ``UUID.__setstate__`` takes: a dict with the number."""
    names = [key for key, _ in state.entries] if isinstance(state, DictValue) else []
    return may_be_anything(state) or any(isinstance(one, str) and one == "int" for one in names)


def _divided(state: PickledValue) -> tuple[PickledValue, PickledValue]:
    if isinstance(state, tuple) and len(state) == 2:  # noqa: PLR2004 - dict and slots
        return state
    return state, None


def is_tensor_state(target: PickledValue, state: PickledValue, *, parameter: bool) -> bool:
    """What ``Tensor.set_`` takes, or ``Tensor.__setstate__`` of a parameter."""
    given, tensor = looped(state), seen_tensor(target)
    if may_be_anything(state):
        return True
    if given is None or tensor is None:
        return False
    needs = _needs_gradients(target) if parameter else tensor.requires_grad
    if not parameter:
        return _sets(tensor, given) and not needs
    if len(given) == 4:  # noqa: PLR2004 - of old tensors
        return _sets(tensor._replace(kind="tensor"), given) and not needs
    if len(given) == 5:  # noqa: PLR2004 - of old variables: data, …, hooks, requires_grad, volatile
        data = seen_tensor(given[0])
        is_same = data is not None and (data.dtype, data.kind) == (tensor.dtype, "tensor")
        given = (given[3], given[4], given[2]) if is_same else ()
    may_need = tensor.dtype.startswith(("float", "bfloat", "complex"))
    flag = given[0] if len(given) == 3 else None  # noqa: PLR2004 - requires_grad, …, hooks
    return isinstance(flag, bool) and (may_need or not flag)


def _needs_gradients(parameter: PickledValue) -> bool:
    """Whether a parameter's second argument, which is True without one, is not False."""
    args = parameter.args if isinstance(parameter, ObjectValue) else ()
    return not (isinstance(args, tuple) and len(args) > 1 and args[1] is False)


def _sets(tensor: TensorInfo, given: tuple[PickledValue, ...]) -> bool:
    """``set_()``, or with another tensor, a storage, or a storage with offset, size and stride."""
    if not given:
        return tensor.kind in {"tensor", "meta tensor"}
    source = given[0]
    if tensor.kind != "tensor" or tensor.conjugate or tensor.negative or tensor.metadata:
        return False
    if isinstance(source, StorageValue):
        is_typed = source.dtype == tensor.dtype
        taken = call_problem("torch._utils._rebuild_tensor", given) is None
        return is_typed and (len(given) == 1 or taken)
    other = seen_tensor(source) if value_kind(source) == "tensor" and len(given) == 1 else None
    is_same = other is not None and (other.dtype, other.kind) == (tensor.dtype, "tensor")
    return is_same and other is not None and not (other.conjugate or other.negative)


def _no_state(_: PickledValue) -> bool:
    return False


STATES_TAKEN: dict[str, Callable[[PickledValue], bool]] = {
    **dict.fromkeys(TAKING_ATTRIBUTES, is_attribute_state),
    "uuid.UUID": is_state_of_uuid,
    "torch.nested._internal.nested_tensor.NestedTensor": _no_state,
}
"""Type → whether it takes a state. Torch gives a jagged tensor none that way."""
