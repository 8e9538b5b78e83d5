"""REDUCE, NEWOBJ and BUILD of what torch allows by default, with values of every kind.

What is called loadable has to load with real torch. The other way round, what rests on numbers that
are not read may be refused, and what no program saves.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
import torch

from checkpoint.cases.forge import (
    archive,
    array,
    call,
    mapping,
    name,
    new,
    number,
    pair,
    program,
    raw,
    storage,
    text,
)
from torchload_lint.checkpoint import CheckpointReport, Verdict, inspect_bytes
from torchload_lint.checkpoint.known.torch_versions import Target
from torchload_lint.checkpoint.restricted.argument_kinds import TENSOR_PROPERTIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(autouse=True)
def _as_torch_registers_them() -> None:
    """torch allows jagged tensors when it is imported; a block of another test of this process that
    allows them as well takes them away with its end.
    """
    from torch.nested._internal.nested_tensor import (
        NestedTensor,
        _rebuild_njt,
    )

    torch.serialization.add_safe_globals([NestedTensor, _rebuild_njt])


NONE, TRUE, FALSE = b"N", b"\x88", b"\x89"
U = "torch._utils"
JAGGED = "torch.nested._internal.nested_tensor"
HOOKS = call(name("collections", "OrderedDict"))
FLOAT = name("torch", "float32")
STORED = storage()
LONGS = storage("1", "LongStorage", 2)
BYTES = pair(text("storage"), name("torch.storage", "UntypedStorage"), text("2"), text("cpu"))
BYTES = BYTES[:-1] + number(4) + b"tQ"


def dense(stored: bytes, *size: int) -> bytes:
    """A tensor whose numbers lie one after the other."""
    strides = [number(torch.empty(size).stride()[at]) for at in range(len(size))]
    sizes = pair(*map(number, size))
    function = name(U, "_rebuild_tensor_v2")
    return call(function, stored, number(0), sizes, pair(*strides), FALSE, HOOKS)


FLOATS, INDICES, MATRIX = dense(STORED, 4), dense(LONGS, 1, 2), dense(LONGS, 2, 1)
TWO, ROW, ONE = dense(STORED, 2), dense(LONGS, 2), dense(LONGS)
SIZE = call(name("torch", "Size"), pair(number(8)))
CPU = call(name("torch", "device"), text("cpu"))
LAYOUT = call(name("torch.serialization", "_get_layout"), text("torch.strided"))
COMPLEX = call(name("builtins", "complex"), number(1))
META = call(
    name(U, "_rebuild_meta_tensor_no_storage"), FLOAT, pair(number(2)), pair(number(1)), FALSE
)
SPARSE = name("torch.sparse", "FloatTensor")
QUANTIZED = call(
    name(U, "_rebuild_qtensor"), storage("3", "QInt8Storage", 2), number(0), pair(number(2)),
    pair(number(1)), pair(name("torch", "per_tensor_affine"), number(1), number(0)), FALSE, HOOKS,
)  # fmt: skip
PARAMETER = call(name("torch.nn.parameter", "Parameter"), TWO, FALSE)
MEMBERS = (
    ("data/0", bytes(16)), ("data/1", bytes(16)), ("data/2", bytes(4)), ("data/3", bytes(2)),
)  # fmt: skip

VALUES = {
    "None": NONE, "True": TRUE, "2": number(2), "-1": number(-1), "text": text("cpu"),
    "no text": text(""), "bytes": raw(b"ab"), "()": b")", "[]": b"]", "{}": b"}",
    "(1,)": pair(number(1)), "(2, 3)": pair(number(2), number(3)), "[2]": array(number(2)),
    "(text,)": pair(text("a")), "(None,)": pair(NONE), "dict": mapping({"a": number(1)}),
    "pairs": array(pair(text("a"), number(1))), "unhashable pairs": pair(pair(b"]", number(1))),
    "dtype": FLOAT, "qint8": name("torch", "qint8"), "layout": LAYOUT, "device": CPU, "Size": SIZE,
    "complex": COMPLEX, "bytearray": call(name("builtins", "bytearray"), raw(b"ab")),
    "set": call(name("builtins", "set"), array(number(1))), "hooks": HOOKS,
    "floats": FLOATS, "two": TWO, "row": ROW, "indices": INDICES, "one": ONE, "meta": META,
    "none at all": dense(STORED, 0), "parameter": PARAMETER, "quantized": QUANTIZED,
    "storage": STORED, "storage of longs": LONGS, "storage of bytes": BYTES,
    "(tensor,)": pair(TWO), "[one]": array(ONE), "new storage": pair(STORED),
    "the old state": pair(STORED, number(0), pair(number(2)), pair(number(1))),
    "too much": pair(STORED, number(0), pair(number(20)), pair(number(1))),
    "of longs": pair(LONGS, number(0), pair(number(2)), pair(number(1))),
    "of a variable": pair(TWO, NONE, HOOKS, TRUE, FALSE), "flag": pair(TRUE, NONE, HOOKS),
    "class": name("torch", "Tensor"), "another": name("torch", "FloatTensor"),
    "function": name(U, "_rebuild_tensor"), "nothing twice": pair(NONE, b"}"),
    "slots": pair(NONE, mapping({"a": number(1)})), "looked at": mapping({"dtype": number(1)}),
    "shape": mapping({"shape": number(1)}), "scheme": name("torch", "per_tensor_affine"),
}  # fmt: skip

CALLS = {
    "nested": (name(U, "_rebuild_nested_tensor"), TWO, MATRIX, MATRIX, ROW),
    "moved": (name(U, "_rebuild_device_tensor_from_cpu_tensor"), TWO, FLOAT, text("cpu"), TRUE),
    "of numpy": (name(U, "_rebuild_device_tensor_from_numpy"), TWO, FLOAT, text("cpu"), TRUE),
    "wrapper": (
        name(U, "_rebuild_wrapper_subclass"), name("torch", "Tensor"), FLOAT, pair(number(2)),
        pair(number(1)), number(0), LAYOUT, CPU, FALSE,
    ),
    "of a type": (
        name("torch._tensor", "_rebuild_from_type_v2"), name(U, "_rebuild_tensor"),
        name("torch", "Tensor"), VALUES["the old state"], mapping({"a": number(1)}),
    ),
    "meta": (META.partition(b"(")[0], FLOAT, pair(number(2)), pair(number(1)), FALSE),
    "old": (name(U, "_rebuild_tensor"), STORED, number(0), pair(number(2)), pair(number(1))),
    "with a dtype": (
        name(U, "_rebuild_tensor_v3"), STORED, number(0), pair(number(2)), pair(number(1)), FALSE,
        HOOKS, FLOAT,
    ),
    "parameter": (name("torch.nn.parameter", "Parameter"), TWO, TRUE),
    "with a state": (
        name(U, "_rebuild_parameter_with_state"), TWO, TRUE, HOOKS, mapping({"a": number(1)}),
    ),
    "sparse": (SPARSE, INDICES, TWO, SIZE),
    "of floats": (name("torch", "FloatTensor"), number(2)),
    "of any": (name("torch", "Tensor"), number(2)),
    "on a GPU": (name("torch.cuda", "FloatTensor"), number(2)),
    "bytes of a storage": (name("torch.storage", "UntypedStorage"), number(2)),
    "storage": (name("torch.storage", "TypedStorage"), number(2)),
    "size": (name("torch", "Size"), pair(number(2))),
    "device": (name("torch", "device"), text("cpu"), number(0)),
    "complex": (name("builtins", "complex"), number(1), number(2)),
    "bytearray": (name("builtins", "bytearray"), text("ab"), text("latin1")),
    "set": (name("builtins", "set"), array(number(1))),
    "Counter": (name("collections", "Counter"), mapping({"a": number(1)})),
    "OrderedDict": (name("collections", "OrderedDict"), array(pair(text("a"), number(1)))),
    "layout": (name("torch.serialization", "_get_layout"), text("torch.strided")),
    "text": (name("_codecs", "encode"), text("ab"), text("latin1")),
    "quantized": (QUANTIZED.partition(b"(")[0],),
    "jagged": (name(JAGGED, "_rebuild_njt"), mapping({"values": FLOATS, "offsets": ROW})),
    "jagged of more": (
        name(JAGGED, "_rebuild_njt"),
        mapping({"values": FLOATS, "offsets": ROW, "self": ROW}),
    ),
    "jagged of a table": (
        name(JAGGED, "_rebuild_njt"), mapping({"values": FLOATS, "offsets": MATRIX}),
    ),
    "jagged, its class": (name(JAGGED, "NestedTensor"), FLOATS, ROW),
}  # fmt: skip


def loads(data: bytes) -> bool:
    """What torch does."""
    try:
        torch.load(io.BytesIO(data), weights_only=True)
    except Exception:  # noqa: BLE001 - torch raises many
        return False
    return True


def read(data: bytes) -> CheckpointReport:
    """What the reader says for this torch."""
    return inspect_bytes(data, "a.pt", Target.of(torch.__version__.partition("+")[0]))


def forged(pickled: bytes) -> bytes:
    return archive(program(pickled), members=MEMBERS)


def variants(function: bytes, arguments: tuple[bytes, ...]) -> Iterator[tuple[str, bytes]]:
    """One value after another as an argument, as the only one, as all of them, as the state."""
    yield "as it is", call(function, *arguments)
    yield "NEWOBJ", new(function, *arguments)
    for title, value in VALUES.items():
        for at in range(len(arguments)):
            given = (*arguments[:at], value, *arguments[at + 1 :])
            yield f"{title} at {at}", call(function, *given)
        yield f"{title} more", call(function, *arguments, value)
        yield f"{title} alone", call(function, value)
        yield f"{title} alone, NEWOBJ", new(function, value)
        yield f"{title} for all", function + value + b"R"
        yield f"{title} for all, NEWOBJ", function + value + b"\x81"
        yield f"BUILD with {title}", call(function, *arguments) + value + b"b"
        yield f"NEWOBJ, BUILD with {title}", new(function, *arguments) + value + b"b"


@pytest.mark.parametrize("title", CALLS)
def test_nothing_loads_that_torch_refuses(title: str) -> None:
    function, *arguments = CALLS[title]
    for done, pickled in variants(function, tuple(arguments)):
        data = forged(pickled)
        if read(data).verdict is Verdict.LOADS:
            assert loads(data), done


@pytest.mark.parametrize("title", VALUES)
def test_nothing_that_a_state_was_given_loads_where_torch_refuses_it(title: str) -> None:
    for target in VALUES.values():
        data = forged(target + VALUES[title] + b"b")
        if read(data).verdict is Verdict.LOADS:
            assert loads(data), target


TAKEN = {
    "sparse": call(SPARSE, INDICES, TWO, SIZE),
    "sparse of a size": call(SPARSE, SIZE),
    "sparse, very long": call(SPARSE, number(2**31 - 1)),
    "size of a tensor": call(name("torch", "Size"), ROW),
    "size of a text": call(name("torch", "Size"), text("")),
    "size of a storage": call(name("torch", "Size"), LONGS),
    "size of truth values": call(name("torch", "Size"), array(TRUE)),
    "size of numbers in tensors": call(name("torch", "Size"), array(ONE)),
    "device of a device": call(name("torch", "device"), CPU),
    "device without an index": call(name("torch", "device"), text("cpu"), NONE),
    "no stride": call(*CALLS["old"][:4], b")"),
    "None as the stride": call(*CALLS["old"][:4], NONE),
    "no flag": call(*CALLS["with a dtype"][:5], NONE, HOOKS, FLOAT),
    "no dtype": call(*CALLS["with a dtype"][:7], NONE),
    "meta without a dtype": call(CALLS["meta"][0], NONE, *CALLS["meta"][2:4], NONE),
    "a class for True": call(name("torch.nn.parameter", "Parameter"), TWO, VALUES["class"]),
    "bytes of a storage": call(name("builtins", "bytearray"), BYTES),
    "a set of a storage": call(name("builtins", "set"), STORED),
    "a count of a storage": call(name("collections", "Counter"), STORED),
    "a dict of nothing": call(name("collections", "OrderedDict"), text("")),
    "a dict of a tensor": call(name("collections", "OrderedDict"), array(TWO)),
    "a complex of a complex": call(name("builtins", "complex"), COMPLEX),
    "a complex of a tensor": call(name("builtins", "complex"), dense(STORED, 1)),
    "moved": call(*CALLS["moved"]),
    "of the old state": new(name("torch", "FloatTensor")) + VALUES["the old state"] + b"b",
    "of an old variable": (
        call(name("torch.nn.parameter", "Parameter")) + VALUES["of a variable"] + b"b"
    ),
    "attributes of a count": HOOKS.replace(b"OrderedDict", b"Counter") + VALUES["dict"] + b"b",
}


@pytest.mark.parametrize("title", TAKEN)
def test_what_torch_takes_loads(title: str) -> None:
    data = forged(TAKEN[title])
    assert loads(data)
    assert read(data).verdict is Verdict.LOADS


CALLED_STORAGE = call(name("torch.storage", "UntypedStorage"), number(2))
SPARSE_OF_FOUR = call(SPARSE, number(4))
QUANTIZED_PART = dense(storage("3", "FloatStorage", 2), 2)
UNREAD = {
    "bytes of numbers": (call(name("builtins", "bytearray"), ROW), True),
    "a set of a storage": (call(name("builtins", "set"), CALLED_STORAGE), True),
    "pairs of a sparse tensor": (call(name("collections", "OrderedDict"), SPARSE_OF_FOUR), False),
    "a set of a sparse tensor": (call(name("builtins", "set"), SPARSE_OF_FOUR), True),
}


@pytest.mark.parametrize("title", UNREAD)
def test_a_call_that_may_work_is_not_called_dangerous(title: str) -> None:
    pickled, works = UNREAD[title]
    assert loads(forged(pickled)) is works
    assert read(forged(pickled)).verdict is Verdict.UNREADABLE


def test_numbers_of_a_quantized_storage_without_a_scale_are_not_moved() -> None:
    """Two storages of one key are one, of the kind that is named first."""
    function, _, *others = CALLS["moved"]
    data = forged(pair(storage("3", "QInt8Storage", 2), call(function, QUANTIZED_PART, *others)))
    assert not loads(data)
    assert read(data).verdict is Verdict.UNREADABLE


def test_a_nested_tensor_that_was_saved_loads() -> None:
    saved = io.BytesIO()
    torch.save(torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), saved)
    assert loads(saved.getvalue())
    assert read(saved.getvalue()).verdict is Verdict.LOADS


def test_the_properties_of_a_tensor_are_known() -> None:
    """No state of a parameter may hold them: most cannot be set."""
    found = {
        attribute
        for base in torch.nn.Parameter.__mro__
        for attribute, value in vars(base).items()
        if hasattr(type(value), "__set__")
    }
    assert found <= TENSOR_PROPERTIES


def jagged(**parts: torch.Tensor) -> torch.Tensor:
    """As torch makes one."""
    return torch.nested.nested_tensor_from_jagged(**parts)


OFFSETS = torch.tensor([0, 2, 6])
REAL_JAGGED = {
    "of numbers": lambda: jagged(values=torch.ones(6, 1), offsets=OFFSETS),
    "of a parameter": lambda: jagged(values=torch.nn.Parameter(torch.ones(6)), offsets=OFFSETS),
    "with lengths": lambda: jagged(
        values=torch.ones(6), offsets=OFFSETS, lengths=torch.tensor([1, 2])
    ),
    "without bytes": lambda: jagged(values=torch.ones(6), offsets=OFFSETS).to("meta"),
}


@pytest.mark.parametrize("make", REAL_JAGGED.values(), ids=REAL_JAGGED)
def test_jagged_tensors_that_torch_writes_are_known(make: Callable[[], torch.Tensor]) -> None:
    stream = io.BytesIO()
    torch.save(make(), stream)
    assert loads(stream.getvalue())
    assert read(stream.getvalue()).verdict in {Verdict.LOADS, Verdict.NEEDS_SAFE_GLOBALS}
