"""What each kind of value becomes, what stays shared, and what is said of the rest."""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import decimal
import enum
import fractions
import io
import pathlib
import pickle
import re
import struct
import sys
import time
import types
import uuid
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import torch

from migrate.helpers import bits, migrated, migrated_with_plan, notes, same
from torchload_lint.migrate import (
    Arrays,
    MigrationError,
    MigrationOptions,
    NoteKind,
    migrate_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.torch


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Point(NamedTuple):
    x: int
    y: float


@dataclass
class Config:
    lr: float = 0.1
    layers: list[int] = field(default_factory=lambda: [1, 2])
    colour: Colour = Colour.RED


@dataclass(frozen=True)
class Key:
    name: str = "a"


@dataclass(slots=True)
class Slotted:
    lr: float = 0.1


class AttributeDict(dict[str, Any]):
    pass


class Text(str):
    __slots__ = ()


class Series(list[int]):
    pass


class Custom:
    def __getstate__(self) -> tuple[int, str]:
        return (1, "a")

    def __setstate__(self, state: object) -> None:
        raise AssertionError("nothing of a checkpoint is run")


class Exploding:
    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise AssertionError('nothing of a checkpoint is run')",)


UNCHANGED = [
    None, True, 0, -1, 255, 256, 65536, -(2**31), 2**31, 2**64, -(2**2000), 1.5, float("inf"), -0.0,
    "", "text", "ä\N{SNOWMAN}\ud800", b"", b"\x00\xff", (), (1,), (1, 2), (1, 2, 3),
    (1, 2, 3, 4), [], [1, [2]],
    {}, {"a": 1, 2: "b", (1, "x"): None, None: 0, 1.5: 1}, {1, 2}, set(), 1 + 2j,
    collections.OrderedDict(b=1, a=2), collections.Counter("aab"), bytearray(b"ab"), torch.float16,
    torch.device("cuda", 1), torch.Size([1, 2]), torch.per_tensor_affine,
]  # fmt: skip


@pytest.mark.parametrize("value", UNCHANGED, ids=lambda value: repr(value)[:30])
def test_plain_values_stay(value: Any, tmp_path: Path) -> None:
    found, plan = migrated_with_plan({"v": value}, tmp_path)
    assert same(found["v"], value)
    assert repr(found["v"]) == repr(value)
    assert plan.notes == ()


CHANGED = [
    (argparse.Namespace(lr=0.1, path=pathlib.PurePosixPath("a/b")), {"lr": 0.1, "path": "a/b"}),
    (types.SimpleNamespace(a=types.SimpleNamespace(b=1)), {"a": {"b": 1}}),
    (Config(), {"lr": 0.1, "layers": [1, 2], "colour": "red"}),
    (Slotted(), {"lr": 0.1}),
    (Colour.RED, "red"),
    (Level.HIGH, 3),
    (Point(1, 2.5), (1, 2.5)),
    (Text("abc"), "abc"),
    (Series([1, 2]), [1, 2]),
    (AttributeDict(a=AttributeDict(b=1)), {"a": {"b": 1}}),
    (AttributeDict(), {}),
    (collections.defaultdict(list, {"a": [1]}), {"a": [1]}),
    (collections.deque([1, 2], maxlen=5), [1, 2]),
    (collections.UserDict(a=1), {"a": 1}),
    (collections.ChainMap({"a": 1}), [{"a": 1}]),
    (frozenset([1]), {1}),
    ({frozenset([1]): 2}, {(1,): 2}),
    (pathlib.PurePosixPath("/a/b.pt"), "/a/b.pt"),
    (pathlib.PureWindowsPath("C:\\a\\b"), "C:\\a\\b"),
    (dt.datetime(2024, 1, 2, 3, 4, 5, 6), "2024-01-02T03:04:05.000006"),  # noqa: DTZ001 - a naive one
    (dt.datetime(2024, 1, 2, tzinfo=dt.timezone.utc), "2024-01-02T00:00:00+00:00"),
    (
        dt.datetime(2024, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=-3))),
        "2024-01-02T00:00:00-03:00",
    ),
    (dt.date(2024, 1, 2), "2024-01-02"),
    (dt.time(1, 2, 3), "01:02:03"),
    (dt.timedelta(days=1, microseconds=5), 86400.000005),
    (decimal.Decimal("1.50"), "1.50"),
    (fractions.Fraction(1, 3), "1/3"),
    (fractions.Fraction(2**20_000, 3), f"{hex(2**20_000)}/3"),
    (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    (range(1, 9, 2), (1, 9, 2)),
    (slice(1, None), (1, None, None)),
    (re.compile("a+"), "a+"),
    (2**3000, hex(2**3000)),
    (torch.nn.functional.relu, "torch.nn.functional.relu"),
    (Config, f"{__name__}.Config"),
    (torch.__version__, str(torch.__version__)),
    (Custom(), (1, "a")),
    (np.float32(0.5), 0.5),
    (np.float16(0.5), 0.5),
    (np.int64(-3), -3),
    (np.bool_(True), True),
    (np.complex64(1 + 2j), 1 + 2j),
    (np.str_("ab"), "ab"),
    (np.bytes_(b"ab"), b"ab"),
    (np.dtype(">f4"), ">f4"),
    (np.array(["a", "bc"]), ["a", "bc"]),
    (np.array([b"a"]), [b"a"]),
    (np.array([[1, None], ["x", 2.5]], dtype=object), [[1, None], ["x", 2.5]]),
]


@pytest.mark.parametrize(("value", "wanted"), CHANGED, ids=lambda value: type(value).__name__)
def test_objects_become_plain(value: Any, wanted: Any, tmp_path: Path) -> None:
    found, plan = migrated_with_plan({"v": value}, tmp_path)
    assert same(found["v"], wanted)
    assert plan.of_kind(NoteKind.CHANGED)
    assert plan.of_kind(NoteKind.LEFT_OUT) == ()


def quietly(make: Callable[[], torch.Tensor]) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make()


TENSORS = {
    "scalar": torch.tensor(1.5),
    "empty": torch.zeros(0, 3),
    "transposed": torch.randn(3, 4).t(),
    "slice": torch.arange(20)[3:17:4],
    "expanded": torch.ones(1, 3).expand(4, 3),
    "needs grad": torch.ones(2, requires_grad=True),
    "parameter": torch.nn.Parameter(torch.ones(2), requires_grad=False),
    "conjugate": torch.randn(3, dtype=torch.complex128).conj(),
    "sparse": torch.eye(3).to_sparse(),
    "csr": quietly(torch.eye(3).to_sparse_csr),
    "quantized": quietly(lambda: torch.quantize_per_tensor(torch.ones(4), 0.1, 3, torch.quint8)),
    "quantized per channel": quietly(
        lambda: torch.quantize_per_channel(
            torch.randn(2, 3), torch.tensor([0.1, 0.2]), torch.tensor([0, 1]), 0, torch.qint8
        )
    ),
    "meta": torch.empty(2, 3, device="meta"),
    **{
        str(dtype): torch.arange(3).to(dtype)
        for dtype in (
            torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
            torch.uint16, torch.uint32, torch.uint64, torch.float16, torch.bfloat16, torch.float32,
            torch.float64, torch.complex64, torch.complex128, torch.float8_e4m3fn,
            torch.float8_e5m2,
        )
    },
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("legacy", [False, True])
def test_tensors_stay_bit_for_bit(name: str, legacy: bool, tmp_path: Path) -> None:
    tensor = TENSORS[name]
    saving = {"_use_new_zipfile_serialization": not legacy}
    found = migrated([tensor, argparse.Namespace()], tmp_path, **saving)[0]
    assert type(found) is type(tensor)
    assert bits(found) == bits(tensor)


ARRAYS = [
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(24, dtype="i2").reshape(2, 3, 4)),
    np.array(2.5),
    np.zeros((0, 3), dtype="f4"),
    np.array([True, False]),
    np.array([1 + 2j, 3], dtype="c8"),
    np.arange(4, dtype=">i4"),
    np.array([1 + 2j, 3], dtype=">c16"),
    *(np.arange(3).astype(code) for code in "i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8".split()),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype.str}{array.shape}")
@pytest.mark.parametrize("protocol", [2, 5])
def test_arrays_become_equal_tensors(array: np.ndarray, protocol: int, tmp_path: Path) -> None:
    found = migrated({"a": array}, tmp_path, pickle_protocol=protocol)["a"]
    native = array.astype(array.dtype.newbyteorder("="))
    wanted = torch.from_numpy(native.copy(order="A"))
    assert bits(found) == bits(wanted) or not wanted.numel()
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype.str}{array.shape}")
def test_arrays_become_equal_lists(array: np.ndarray, tmp_path: Path) -> None:
    found = migrated({"a": array}, tmp_path, MigrationOptions(arrays=Arrays.LIST))["a"]
    assert same(found, array.tolist())


def test_scalars_as_tensors(tmp_path: Path) -> None:
    found = migrated(
        [np.float32(0.1), np.int8(3)], tmp_path, MigrationOptions(scalars_as_tensors=True)
    )
    assert bits(found[0]) == bits(torch.tensor(np.float32(0.1)))
    assert bits(found[1]) == bits(torch.tensor(3, dtype=torch.int8))


def test_scalars_are_numbers_where_they_are_looked_up(tmp_path: Path) -> None:
    """A tensor as a key equals itself alone."""
    value = {np.int64(3): 1, (np.float32(0.5), 2): 2, "set": {np.int8(4)}, "value": np.int8(5)}
    found = migrated(value, tmp_path, MigrationOptions(scalars_as_tensors=True))
    assert (found[3], found[0.5, 2], found["set"]) == (1, 2, {4})
    assert bits(found["value"]) == bits(torch.tensor(5, dtype=torch.int8))


def test_structured_and_masked_arrays_and_times(tmp_path: Path) -> None:
    table = np.array([(1.5, -2), (2.5, 300)], dtype=[("a", "<f4"), ("b", ">i2")])
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    times = np.array(["2020-01-01", "2020-01-03"], dtype="M8[D]")
    found, plan = migrated_with_plan([table, table.view(np.recarray), masked, times], tmp_path)
    for one in found[:2]:
        assert torch.equal(one["a"], torch.tensor([1.5, 2.5]))
        assert torch.equal(one["b"], torch.tensor([-2, 300], dtype=torch.int16))
    assert torch.equal(found[2]["data"], torch.tensor([1.0, 2.0], dtype=torch.float64))
    assert found[2]["mask"].tolist() == [False, True]
    assert found[3].tolist() == [18262, 18264]
    assert ("[3]", "numpy.ndarray of M8[D]") in notes(plan, NoteKind.CHANGED)


INDEXES: dict[str, tuple[Any, Any]] = {
    "Index": ({"data": np.arange(3), "name": ("a", 1)}, {"data": [0, 1, 2], "name": ("a", 1)}),
    "Int64Index": ({"data": np.arange(2), "name": None}, {"data": [0, 1], "name": None}),
    "RangeIndex": ({"name": "n", "start": 1, "stop": 9, "step": 2},) * 2,
    "MultiIndex": ({"levels": [[1]], "codes": [[0]], "sortorder": None, "names": ["n"]}, None),
    "UInt64Index": ({"data": np.arange(2), "freq": "D"}, None),
    "Float64Index": ([1.0], None),
}
"""Class of pandas → what its pickle says of it, and the plain data; None where it is left out."""


@pytest.mark.parametrize("name", INDEXES)
def test_indexes_of_pandas(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pandas 1 to 3 pickle them, which is not installed here."""
    parts, wanted = INDEXES[name]
    modules = {one: types.ModuleType(one) for one in ("pandas", "pandas.core.indexes.base")}
    for one, module in modules.items():
        monkeypatch.setitem(sys.modules, one, module)

    def _new_Index(*given: Any) -> object:  # noqa: ARG001, N802 - as pandas has it
        return object()

    _new_Index.__module__, _new_Index.__qualname__ = "pandas.core.indexes.base", "_new_Index"
    modules["pandas.core.indexes.base"]._new_Index = _new_Index  # type: ignore[attr-defined]
    kind = type(name, (), {"__module__": "pandas", "__reduce__": lambda _: (_new_Index, given)})
    setattr(modules["pandas"], name, kind)
    given = (kind, parts)
    found, plan = migrated_with_plan(
        {"i": kind(), "k": {kind(): 1}}, tmp_path, MigrationOptions(arrays=Arrays.LIST)
    )
    assert found.get("i") == wanted
    left = [place for place, _ in notes(plan, NoteKind.LEFT_OUT)]
    assert any("k" in place for place in left)
    assert ("['i']" in left) == (wanted is None)


def test_random_states_keep_their_numbers(tmp_path: Path) -> None:
    state, generator = np.random.RandomState(3), np.random.default_rng(3)
    found = migrated({"state": state, "generator": generator}, tmp_path)
    wanted = state.get_state(legacy=False)
    assert found["state"]["state"]["key"].tolist() == wanted["state"]["key"].tolist()
    assert repr(generator.bit_generator.state["state"]["state"]) in repr(found["generator"])


def test_objects_that_are_shared_stay_shared(tmp_path: Path) -> None:
    inner, tensor, config = [1], torch.ones(3), Config()
    found = migrated([inner, inner, tensor, tensor, tensor[1:], config, config], tmp_path)
    assert found[0] is found[1]
    assert found[2] is found[3]
    assert found[4].untyped_storage().data_ptr() == found[2].untyped_storage().data_ptr()
    assert found[5] is found[6]


def test_cycles(tmp_path: Path) -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    table: dict[str, Any] = {}
    table["self"] = table
    node = argparse.Namespace()
    node.parent = node
    found = migrated([loop, table, node], tmp_path)
    assert found[0][1] is found[0]
    assert found[1]["self"] is found[1]
    assert found[2]["parent"] is found[2]


def test_what_is_left_out_is_listed_by_place(tmp_path: Path) -> None:
    value = {"w": torch.ones(2), "bad": Exploding(), "list": [1, Exploding(), 2]}
    found, plan = migrated_with_plan(value, tmp_path)
    assert list(found) == ["w", "list"]
    assert found["list"] == [1, None, 2]
    left_out = [
        ("['bad']", "what builtins.exec returns"),
        ("['list'][1]", "what builtins.exec returns"),
    ]
    assert notes(plan, NoteKind.LEFT_OUT) == left_out


def test_nothing_to_carry(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match=r"nothing of it can be carried: .*builtins\.exec"):
        migrated(Exploding(), tmp_path)


def test_equal_keys_after_the_change(tmp_path: Path) -> None:
    found = migrated({Colour.RED: 1, "red": 2, Key(): 3}, tmp_path)
    assert found == {"test_plain_values.Colour('red')": 1, "red": 2}


def test_omegaconf(tmp_path: Path) -> None:
    omegaconf = pytest.importorskip("omegaconf")
    config = omegaconf.OmegaConf.create({"lr": 0.1, "net": {"sizes": [1, 2], "name": "${lr}"}})
    found = migrated({"cfg": config}, tmp_path)["cfg"]
    assert found == {"lr": 0.1, "net": {"sizes": [1, 2], "name": "${lr}"}}


def test_lightning_checkpoint(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 1)
    value = {
        "epoch": 3, "global_step": 100, "pytorch-lightning_version": "2.4.0",
        "state_dict": model.state_dict(), "lr_schedulers": [{"last_epoch": 3}],
        "hparams_name": "kwargs", "hyper_parameters": AttributeDict(lr=0.1, net=AttributeDict(n=2)),
        "optimizer_states": [torch.optim.Adam(model.parameters()).state_dict()],
        "callbacks": {"ModelCheckpoint": {"dir": pathlib.PurePosixPath("a"), "k": 3}},
        "loops": {"fit_loop": collections.defaultdict(int, {"batches": 4})},
    }  # fmt: skip
    found, plan = migrated_with_plan(value, tmp_path)
    assert same(found["state_dict"], value["state_dict"])
    assert found["state_dict"]._metadata == model.state_dict()._metadata
    assert same(found["optimizer_states"], value["optimizer_states"])
    assert found["hyper_parameters"] == {"lr": 0.1, "net": {"n": 2}}
    assert found["loops"] == {"fit_loop": {"batches": 4}}
    assert plan.of_kind(NoteKind.LEFT_OUT) == ()


def test_only_a_part(tmp_path: Path) -> None:
    value = {"state": {"w": torch.ones(2)}, "args": argparse.Namespace()}
    found, plan = migrated_with_plan(value, tmp_path, MigrationOptions(only=("state",)))
    assert same(found, value["state"])
    assert plan.notes == ()
    with pytest.raises(MigrationError, match=r"no key 'other' .* keys: 'state', 'args'"):
        migrated(value, tmp_path, MigrationOptions(only=("other",)))


@pytest.mark.parametrize("value", [{"1": "text", 1: "number"}, {1: "number", "1": "text"}])
def test_only_tells_keys_apart_that_are_written_alike(
    value: dict[Any, str], tmp_path: Path
) -> None:
    """Of a text and a number neither is taken for the other; in quotes the text is meant."""
    with pytest.raises(MigrationError, match=r"1 stands for several keys at the top: .*'1'"):
        migrated(value, tmp_path, MigrationOptions(only=("1",)))
    assert migrated(value, tmp_path, MigrationOptions(only=("'1'",))) == "text"
    assert migrated({1: "number"}, tmp_path, MigrationOptions(only=("1",))) == "number"
    assert migrated({"1": "text"}, tmp_path, MigrationOptions(only=("1",))) == "text"


def test_only_takes_what_python_finds_under_the_key(tmp_path: Path) -> None:
    """A pickle may set equal keys (``1``, ``True``): the dict holds what was set last."""
    (tmp_path / "a.pkl").write_bytes(b"\x80\x02}(K\x01K\x07\x88K\x08u.")
    options = MigrationOptions(only=("1",))
    migrate_file(tmp_path / "a.pkl", tmp_path / "b.pt", options)
    assert pickle.loads((tmp_path / "a.pkl").read_bytes()) == {1: 8}
    assert torch.load(tmp_path / "b.pt", weights_only=True) == 8


@pytest.mark.parametrize("key", [b"\x8b" + struct.pack("<i", 3000) + b"\x01" * 3000,
                                 b")" + b"2\x86" * 45])  # fmt: skip
def test_no_key_keeps_only_from_another(key: bytes, tmp_path: Path) -> None:
    """A number that Python does not write out ended it; tuples of tuples took for ever."""
    (tmp_path / "a.pkl").write_bytes(b"\x80\x02}(" + key + b"K\x01X\x01\0\0\0aK\x02u.")
    start = time.process_time()
    migrate_file(tmp_path / "a.pkl", tmp_path / "b.pt", MigrationOptions(only=("a",)))
    assert torch.load(tmp_path / "b.pt", weights_only=True) == 2
    with pytest.raises(MigrationError, match="no key 'b'"):
        migrate_file(tmp_path / "a.pkl", tmp_path / "c.pt", MigrationOptions(only=("b",)))
    assert time.process_time() - start < 10


def test_state_of_a_buffered_stream(tmp_path: Path) -> None:
    found = migrated({"s": io.BytesIO(b"abc")}, tmp_path)["s"]
    assert found == (b"abc", 0, None)


def jagged(**options: bool) -> torch.Tensor:
    parts = [torch.arange(4.0).reshape(2, 2), torch.zeros(3, 2)]
    return torch.nested.nested_tensor(parts, layout=torch.jagged, **options)


JAGGED: dict[str, Callable[[], torch.Tensor]] = {
    "plain": jagged,
    "transposed": lambda: jagged().transpose(1, 2),
    "with gradients": lambda: jagged(requires_grad=True),
    "with holes": lambda: torch.nested.narrow(
        torch.arange(20.0).reshape(2, 5, 2), 1, torch.tensor([0, 1]), torch.tensor([2, 3]),
        layout=torch.jagged,
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # torch's own
@pytest.mark.parametrize("name", JAGGED)
def test_jagged_nested_tensor(name: str, tmp_path: Path) -> None:
    """torch loads one only after an import, but its parts always."""
    value = JAGGED[name]()
    found, plan = migrated_with_plan({"n": value}, tmp_path)
    parts = found["n"]
    assert parts.pop("requires_grad") == value.requires_grad
    made = torch.nested.nested_tensor_from_jagged(**parts)
    assert [part.tolist() for part in made.unbind()] == [part.tolist() for part in value.unbind()]
    assert made.dim() == value.dim()
    assert [size for size in made.shape if isinstance(size, int)] == [
        size for size in value.shape if isinstance(size, int)
    ]
    assert not plan.of_kind(NoteKind.LEFT_OUT)


@pytest.mark.filterwarnings("ignore")  # torch's own
@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
def test_what_the_parts_of_a_nested_tensor_do_not_say(layout: torch.layout, tmp_path: Path) -> None:
    """What the program gave it, and that it is a parameter, are listed."""
    data = torch.nested.nested_tensor([torch.ones(2, 2), torch.zeros(3, 2)], layout=layout)
    data.note = 1  # type: ignore[attr-defined]
    value = {"n": data, "p": torch.nn.Parameter(data)}
    found, plan = migrated_with_plan(value, tmp_path)
    assert set(found["p"]) == set(found["n"])
    left = [(note.place, note.what) for note in plan.of_kind(NoteKind.LEFT_OUT)]
    assert left[0] == ("['n']", "attributes of a nested tensor (note)")
    assert left[1][0] == "['p']"
    assert "parameter" in left[1][1] or "_is_param" in left[1][1]
