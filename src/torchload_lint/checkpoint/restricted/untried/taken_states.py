"""Which states objects surely take, of those that an entry of the allowlist lets torch give them.

Source: BUILD in ``torch/_weights_only_unpickler.py``, and ``__setstate__`` of ``nn.Module`` and the
classes of ``torch.nn.modules``, of torch 2.13.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.numpy_dtypes import is_numpy_dtype
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
)
from torchload_lint.checkpoint.restricted.argument_kinds import (
    PLAIN,
    TENSOR_PROPERTIES,
    may_be_anything,
    value_kind,
)
from torchload_lint.checkpoint.restricted.arrays.array_states import makes_arrays
from torchload_lint.checkpoint.restricted.builds import is_state_of_uuid

if TYPE_CHECKING:
    from torchload_lint.names import ClassFacts

_RECURRENT = "torch.nn.modules.rnn."
_TABLES = ("_parameters", "_buffers", "_modules")
"""What a module looks its attributes up in."""


_OF_MASKED = 7
"""Parts of the state of a masked array."""


def _is_of_masked(*parts: PickledValue) -> bool:
    """Whether the mask has a byte for each number, and no value has to become one of them."""
    _, shape, _, _, _, mask, fill = parts
    sizes = shape if isinstance(shape, tuple) and all(type(one) is int for one in shape) else (-1,)
    return fill is None and isinstance(mask, bytes) and len(mask) == prod(sizes)


def name_of(value: PickledValue) -> str:
    """The name of a global, or of what made an object; empty where it has none."""
    callee = value.callee if isinstance(value, ObjectValue) else value
    return str(callee.name) if isinstance(callee, GlobalRef) else ""


def is_taken(
    target: ObjectValue, state: PickledValue, own: ClassFacts | None, *, plain: bool
) -> bool:
    """Whether an object surely takes a state; ``plain``: its class leaves that to Python."""
    if is_numpy_dtype(target):
        return True  # the guard of arrays has asked
    if makes_arrays(target):
        parts = state if isinstance(state, tuple) else ()
        if len(parts) == _OF_MASKED and not _is_of_masked(*parts):
            return False
        return all(is_numpy_dtype(one) or not may_be_anything(one) for one in parts)
    name = name_of(target)
    if name == "functools.partial":
        return _is_of_partial(target.args, state)
    if name == "uuid.UUID":
        return is_state_of_uuid(state)
    return plain and _are_attributes(state, name, own)


def are_attributes_of_tensor(state: PickledValue) -> bool:
    """Whether any tensor takes them, of a class that changes nothing of that."""
    if not isinstance(state, DictValue):
        return state is None
    names = [key for key, _ in state.entries]
    return all(isinstance(one, str) for one in names) and TENSOR_PROPERTIES.isdisjoint(names)


def _is_of_partial(args: PickledValue, state: PickledValue) -> bool:
    """``(function, arguments, keywords, attributes)``, as ``partial.__reduce__`` writes it."""
    if not isinstance(state, tuple) or len(state) != 4:  # noqa: PLR2004 - the four above
        return False
    function, given, *tables = state
    dicts = all(one is None or isinstance(one, DictValue) for one in tables)
    return args == (function,) and isinstance(given, tuple) and dicts


def _are_attributes(state: PickledValue, name: str, own: ClassFacts | None) -> bool:
    """A dict of attributes; or those of ``__slots__``, where the class has these alone."""
    pair = state if isinstance(state, tuple) and len(state) == 2 else (state, None)  # noqa: PLR2004
    attributes, in_slots = pair
    slots = None if own is None else own.slots
    if in_slots is None:
        return slots is None and _is_dict(attributes, name)
    names = [key for key, _ in in_slots.entries] if isinstance(in_slots, DictValue) else [None]
    return slots is not None and attributes is None and set(slots).issuperset(names)


def _is_dict(attributes: PickledValue, name: str) -> bool:
    """A dict, in which a module has what its ``__setstate__`` looks into."""
    if not isinstance(attributes, DictValue):
        return False
    set_names = {key for key, _ in attributes.entries if isinstance(key, str)}
    for table in (value for key, value in attributes.entries if key in _TABLES):
        if not isinstance(table, DictValue) or _hides_hooks(table, set_names):
            return False
    return not name.startswith(_RECURRENT) or _has_names_of_weights(attributes)


def _hides_hooks(table: DictValue, set_names: set[str]) -> bool:
    """Whether ``Module.__setstate__`` finds parameters where it adds hooks that are missing."""
    names = {key for key, _ in table.entries if isinstance(key, str) and "_hooks" in key}
    return not names <= set_names


def _has_names_of_weights(attributes: DictValue) -> bool:
    """``RNNBase.__setstate__`` looks at the first name, and keeps weak references to weights."""
    layers, weights = attributes.get("_all_weights"), attributes.get("_flat_weights")
    layer = layers[0] if isinstance(layers, list) and layers else None
    if not (isinstance(layer, list) and layer and isinstance(layer[0], str)):
        return False
    return isinstance(weights, list) and all(
        one is None or value_kind(one) not in PLAIN for one in weights
    )
