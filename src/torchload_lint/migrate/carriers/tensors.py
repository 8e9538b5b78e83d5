"""Tensors are carried as they are: a rebuilding function of torch's own, over the same storage."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.torch_versions import NEWEST, default_allowed
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    Opaque,
    PickledValue,
    StorageValue,
)
from torchload_lint.checkpoint.pickles.places import name_text
from torchload_lint.migrate.results import NoteKind
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from torchload_lint.migrate.carriers.pickled_instance import Entries, PickledInstance
    from torchload_lint.migrate.conversion import Conversion

ALLOWED = default_allowed(NEWEST.torch)
"""What torch loads without being asked."""

_NO_ROOM = "there is no room for it"
_STATE_PLACE = 3
"""Of ``_rebuild_parameter_with_state``: what a program gave it."""

LEFT_OUT: PickledValue = Opaque(None)
"""Stands where a value cannot be carried."""

PARAMETERS = frozenset({"torch._utils._rebuild_parameter",
                        "torch._utils._rebuild_parameter_with_state"})  # fmt: skip
TYPED = frozenset({"torch._tensor._rebuild_from_type_v2", "torch._tensor._rebuild_from_type"})
_BASES = frozenset({"torch.Tensor", "torch.nn.parameter.Parameter"})
_DENSE = "torch._utils._rebuild_tensor_v2"

_HOOKS = {
    "torch._utils._rebuild_tensor_v2": 5,
    "torch._utils._rebuild_tensor_v3": 5,
    "torch._utils._rebuild_qtensor": 6,
    "torch._utils._rebuild_parameter": 2,
    "torch._utils._rebuild_parameter_with_state": 2,
}
"""Function → the place of its argument ``backward_hooks``."""

_REQUIRES_GRAD = {
    "torch._utils._rebuild_tensor_v2": 4,
    "torch._utils._rebuild_tensor_v3": 4,
    "torch._utils._rebuild_qtensor": 5,
    "torch._utils._rebuild_meta_tensor_no_storage": 3,
}
"""Function → the place of its argument ``requires_grad``."""

_JAGGED_PARTS = {
    "values": "values",
    "offsets": "offsets",
    "lengths": "lengths",
    "_ragged_idx": "jagged_dim",
    "requires_grad": "requires_grad",
}
"""What makes a jagged tensor → the key of it, as ``nested_tensor_from_jagged`` calls it."""
_OF_JAGGED = ("_values", "_offsets", "_lengths", "_ragged_idx", "_metadata_cache", "_dynamo_")
"""How the attributes begin that a jagged tensor has beside what a program gives it."""

DTYPES_WITHOUT_STORAGE = frozenset({"uint16", "uint32", "uint64"})
"""Dtypes of numpy's that have no storage class: their tensors name the dtype themselves."""


def call(function: str, *args: PickledValue) -> ObjectValue:
    """A call of one of torch's rebuilding functions."""
    callee = GlobalRef(GlobalName.parse(function))
    made = "torch.Tensor" if "._rebuild_" in function else function
    return ObjectValue("REDUCE", callee, args, GlobalName.parse(made))


def dense(
    storage: StorageValue, shape: tuple[int, ...], stride: tuple[int, ...], dtype: str
) -> ObjectValue:
    """A tensor over a whole storage."""
    hooks = DictValue("collections.OrderedDict")
    if dtype not in DTYPES_WITHOUT_STORAGE:
        return call(_DENSE, storage, 0, shape, stride, False, hooks)
    of_type = GlobalRef(GlobalName("torch", dtype))
    return call("torch._utils._rebuild_tensor_v3", storage, 0, shape, stride, False, hooks, of_type)


def from_number(converter: Conversion, value: float) -> ObjectValue:
    """What ``torch.tensor(value)`` gives: float32, int64 or bool, without dimensions."""
    order = "<" if converter.pool.byteorder == "little" else ">"
    if isinstance(value, bool):
        return dense(converter.pool.add(pack("?", value), "bool"), (), (), "bool")
    if isinstance(value, int):
        return dense(converter.pool.add(pack(f"{order}q", value), "int64"), (), (), "int64")
    return dense(converter.pool.add(pack(f"{order}f", value), "float32"), (), (), "float32")


def carry(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """A call that torch allows by default, with its arguments made plain."""
    if made.name in TYPED:
        return _carry_typed(converter, made.args, place)
    if made.name == "torch._utils._rebuild_wrapper_subclass":
        return converter.leave_out(place, "a wrapper tensor", "only its class can put it together")
    args = list(made.args)
    hooks = _HOOKS.get(made.name)
    if hooks is not None and hooks < len(args):
        args[hooks] = _no_hooks(converter, args[hooks], place)
    plain = []
    for arg in args:
        one = argument(converter, arg, place)
        if one is LEFT_OUT:
            return LEFT_OUT
        plain.append(one)
    if made.name in PARAMETERS and _has_parts(made.args, plain):
        return _nested_parameter(converter, plain, place)
    return call(made.name, *plain)


def _has_parts(args: tuple[PickledValue, ...], plain: list[PickledValue]) -> bool:
    """Whether what is given first is a nested tensor, and has become a dict of its parts."""
    return bool(args) and isinstance(args[0], ObjectValue) and isinstance(plain[0], DictValue)


def _nested_parameter(converter: Conversion, args: list[PickledValue], place: str) -> PickledValue:
    """A parameter whose data is a nested tensor: the dict of its parts is none."""
    converter.leave_out(place, "that a nested tensor is a parameter", _NO_ROOM)
    if len(args) > _STATE_PLACE and (names := _names_in(args[_STATE_PLACE])):
        converter.leave_out(place, f"attributes of a nested tensor ({names})", _NO_ROOM)
    return args[0]


def argument(
    converter: Conversion,
    value: PickledValue,
    place: str,
    known: dict[int, PickledValue] | None = None,
) -> PickledValue:
    """An argument of a rebuilding function: it must stay exactly what it is.

    A tuple that stands in others many times over is looked at once.
    """
    known = {} if known is None else known
    if isinstance(value, GlobalRef):
        name = converter.names.of(value)
        if str(name) in ALLOWED or str(value.name) in ALLOWED:
            return value
        return converter.leave_out(place, str(value.name), "torch does not allow it in a tensor")
    if isinstance(value, tuple):
        if id(value) not in known:
            items = tuple(argument(converter, item, place, known) for item in value)
            known[id(value)] = LEFT_OUT if any(item is LEFT_OUT for item in items) else items
        return known[id(value)]
    return converter.plain(value, place)


def _no_hooks(converter: Conversion, hooks: PickledValue, place: str) -> PickledValue:
    if isinstance(hooks, DictValue) and hooks.entries:
        names = ", ".join(name_text(key) for key, _ in hooks.entries[:3])
        converter.leave_out(place, f"backward hooks ({names})", "they are functions")
    return DictValue("collections.OrderedDict")


def _carry_typed(converter: Conversion, args: tuple[PickledValue, ...], place: str) -> PickledValue:
    """``_rebuild_from_type_v2(function, type, args, state)``: a subclass, or attributes."""
    if len(args) < 4 or not isinstance(args[2], tuple):  # noqa: PLR2004 - the four arguments
        return converter.leave_out(place, "a tensor", "the call that makes it is damaged")
    function, kind, inner_args, state = args[:4]
    inner = converter.plain(ObjectValue("REDUCE", function, inner_args), place)
    if isinstance(inner, DictValue) and (names := _names_in(state, but=_OF_JAGGED)):
        converter.leave_out(place, f"attributes of a nested tensor ({names})", _NO_ROOM)
    if inner is LEFT_OUT or not isinstance(inner, ObjectValue):
        return inner
    if not is_tensor(inner):
        return converter.leave_out(place, "a tensor", "the call that makes it is damaged")
    name = str(converter.names.of(kind))
    if name not in _BASES:
        converter.note(NoteKind.CHANGED, place, name, "a plain tensor")
        if names := _names_in(state):
            converter.leave_out(place, f"attributes of {name} ({names})", "its class knows them")
        return inner
    plain_state = converter.plain(state, place)
    if plain_state is LEFT_OUT:
        return inner
    typed: GlobalRef = GlobalRef(GlobalName.parse(name))
    inner_call = (inner.callee, typed, inner.args, plain_state)
    return call("torch._tensor._rebuild_from_type_v2", *inner_call)


def _names_in(state: PickledValue, but: tuple[str, ...] = ()) -> str:
    """The attributes in a state: a dict, or a pair of those of ``__dict__`` and of slots.

    Names that begin like one of ``but`` do not count.
    """
    parts = [one for one in (state if isinstance(state, tuple) else (state,)) if one is not None]
    keys = [key for part in parts if isinstance(part, DictValue) for key, _ in part.entries]
    keys = [key for key in keys if not name_text(key).startswith(but)] if but else keys
    is_own = any(not isinstance(part, DictValue) for part in parts)
    return ", ".join(map(name_text, keys[:5])) or ("its own state" if is_own else "")


def detached(converter: Conversion, value: PickledValue, place: str) -> PickledValue:
    """What ``state_dict()`` gives for a parameter or buffer: the same storage, no gradient.

    LEFT_OUT where the value is not a tensor that can be carried.
    """
    while isinstance(value, ObjectValue):
        name = str(converter.names.of(value.callee))
        args = value.args if isinstance(value.args, tuple) else ()
        if name in PARAMETERS and args:
            value = args[0]
        elif name in TYPED and len(args) > 2 and str(converter.names.of(args[1])) in _BASES:  # noqa: PLR2004
            value = ObjectValue("REDUCE", args[0], args[2])
        else:
            break
    plain = converter.plain(value, place)
    if not isinstance(plain, ObjectValue) or not isinstance(plain.callee, GlobalRef):
        return plain
    name, given = str(plain.callee.name), plain.args
    if not isinstance(given, tuple):
        return plain
    if name in PARAMETERS and given:
        return detached(converter, given[0], place)
    flag = _REQUIRES_GRAD.get(name)
    if flag is not None and flag < len(given):
        given = (*given[:flag], False, *given[flag + 1 :])
    return ObjectValue("REDUCE", plain.callee, given, plain.type_name)


def is_tensor(value: PickledValue) -> bool:
    """Whether a plain value is a tensor."""
    if not isinstance(value, ObjectValue) or not isinstance(value.callee, GlobalRef):
        return False
    name = str(value.callee.name)
    return name.startswith(("torch._utils._rebuild", "torch._tensor._rebuild"))


def old_tensor(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """A tensor, parameter or variable of torch < 0.4, which BUILD fills.

    Source: ``Tensor.__setstate__`` in ``torch/_tensor.py``: four items are a storage, offset, size
    and stride; five are a tensor, and what a variable added to it; three are that alone.
    """
    state = made.states[-1] if made.states else None
    items = state if isinstance(state, tuple) else ()
    if len(items) == 4:  # noqa: PLR2004 - a tensor
        dense_args = argument(converter, items, place)
        if isinstance(dense_args, tuple):
            return call(_DENSE, *dense_args, False, DictValue("collections.OrderedDict"))
    if len(items) == 5:  # noqa: PLR2004 - a variable
        return _filled(converter, made, (items[0], items[3], items[2]), place)
    if made.args and len(items) == 3:  # noqa: PLR2004 - Parameter(data), (requires_grad, …, hooks)
        return _filled(converter, made, (made.args[0], items[0], items[2]), place)
    if made.args and state is None:
        needs_grad = made.args[1] if len(made.args) > 1 else made.short == "Parameter"
        return _filled(converter, made, (made.args[0], needs_grad, None), place)
    return converter.leave_out(place, made.name, "it has no data")


def _filled(
    converter: Conversion,
    made: PickledInstance,
    parts: tuple[PickledValue, PickledValue, PickledValue],
    place: str,
) -> PickledValue:
    """A parameter or variable of its data, whether it requires gradients, and its hooks."""
    data = converter.plain(parts[0], place)
    if data is LEFT_OUT:
        return data
    if not is_tensor(data):  # Tensor((1, 2)): torch makes one of it
        return converter.leave_out(place, made.name, "it is made of what is no tensor")
    hooks = _no_hooks(converter, parts[2], place)
    if made.short == "Parameter" and isinstance(parts[1], bool):
        return call("torch._utils._rebuild_parameter", data, parts[1], hooks)
    return _requiring(converter, data, parts[1], place)


def _requiring(
    converter: Conversion, data: PickledValue, needs_grad: PickledValue, place: str
) -> PickledValue:
    """A tensor that says itself whether it requires gradients."""
    if not isinstance(data, ObjectValue) or not isinstance(needs_grad, bool):
        return converter.leave_out(place, "a tensor", "the call that makes it is damaged")
    name, args = str(converter.names.of(data.callee)), data.args
    if name == "torch._utils._rebuild_tensor" and isinstance(args, tuple):
        name, args = _DENSE, (*args, False, DictValue("collections.OrderedDict"))
    flag = _REQUIRES_GRAD.get(name)
    if flag is not None and isinstance(args, tuple) and flag < len(args):
        return call(name, *args[:flag], needs_grad, *args[flag + 1 :])
    if needs_grad:
        converter.leave_out(place, "that it requires gradients", _NO_ROOM)
    return data


def device_tensor(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """``_rebuild_device_tensor_from_numpy(array, dtype, device, requires_grad)``, of XLA.

    The array of a tensor of bfloat16, which numpy does not have, is one of float32.
    """
    if len(made.args) != 4:  # noqa: PLR2004 - its arguments
        return converter.leave_out(place, "a tensor", "the call that makes it is damaged")
    array, dtype, device, needs_grad = made.args
    data = converter.plain(array, place)
    if not isinstance(data, ObjectValue) or not is_tensor(data):
        return data
    wanted, carried = str(converter.names.of(dtype)), f"torch.{_dtype(data)}"
    if wanted != carried:
        converter.leave_out(place, f"that it is a tensor of {wanted}", f"it is one of {carried}")
    converter.changed(place, f"a tensor on {name_text(device):.20}", "a tensor on the CPU")
    return _requiring(converter, data, needs_grad, place)


def _dtype(tensor: ObjectValue) -> str:
    """Of a tensor as :func:`dense` makes it."""
    args = tensor.args if isinstance(tensor.args, tuple) else ()
    named = args[6:7] or args[:1]
    found = named[0] if named else None
    if isinstance(found, GlobalRef):
        return found.name.qualname
    return found.dtype if isinstance(found, StorageValue) else "?"


def without_data(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """A parameter of a lazy module that has seen no input yet."""
    return converter.leave_out(place, made.short, "it has no data yet")


def jagged(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """A nested tensor of the jagged layout, which torch loads only after ``import torch._dynamo``.

    Its parts are what ``torch.nested.nested_tensor_from_jagged`` takes, beside ``requires_grad``.
    The shortest and longest length, which torch keeps for speed, follow from the others.
    """
    parts = made.args[0] if made.args else None
    if not isinstance(parts, DictValue):
        return converter.leave_out(place, "a jagged nested tensor", "it has no parts")
    given = {key: item for key, item in parts.entries if isinstance(key, str)}
    kept: Entries = [(_JAGGED_PARTS[key], given[key]) for key in _JAGGED_PARTS if key in given]
    converter.changed(place, "a jagged nested tensor", "a dict of its parts")
    return DictValue(entries=converter.entries(kept, place))


_NESTED_PARTS = ("buffer", "sizes", "strides", "storage_offsets")


def nested(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """A nested tensor of the strided layout, which torch 2.15 loads no more without being asked.

    Its parts are what ``torch._nested_view_from_buffer`` takes.
    """
    if len(made.args) != len(_NESTED_PARTS):
        return converter.leave_out(place, "a nested tensor", "the call that makes it is damaged")
    parts: list[tuple[PickledValue, PickledValue]] = [*zip(_NESTED_PARTS, made.args, strict=True)]
    converter.changed(place, "a nested tensor", "a dict of its buffer, sizes, strides and offsets")
    return DictValue(entries=converter.entries(parts, place))


def old_sparse(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """A CSR tensor of torch 1.9 to 1.12: ``_rebuild_sparse_tensor`` takes the same."""
    made.name = "torch._utils._rebuild_sparse_tensor"
    return carry(converter, made, place)
