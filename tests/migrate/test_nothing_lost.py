"""What has no plain form of its own keeps what tells it apart, or is listed by its place."""

from __future__ import annotations

import collections
import datetime as dt
import enum
import functools
import pathlib
import pickle
import re
import sys
import time
import types
import uuid
import zipfile
import zoneinfo
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import torch

from migrate.helpers import load, migrated_with_plan, notes, same
from torchload_lint.migrate import (
    MigrationError,
    MigrationOptions,
    MigrationPlan,
    NoteKind,
    migrate_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

pytestmark = pytest.mark.torch


class Color(enum.Enum):
    RED = 1


def migrated(value: object, folder: Path) -> tuple[Any, MigrationPlan]:
    torch.save(value, folder / "in.pt")
    result = migrate_file(folder / "in.pt", folder / "out.pt")
    return load(folder / "out.pt"), result.plan


KEYS: dict[str, tuple[dict[Any, int], list[Any]]] = {
    "enum": ({Color.RED: 1, 1: 2}, ["test_nothing_lost.Color(1)", 1]),
    "path": ({"a": 1, pathlib.PurePosixPath("a"): 2}, ["a", "pathlib.PurePosixPath('a')"]),
    "tuples": ({(Color.RED,): 1, (1,): 2}, ["tuple((1,))", (1,)]),
    "unchanged": ({1: 1, "1": 2, (1, 2): 3, None: 4, b"1": 5}, [1, "1", (1, 2), None, b"1"]),
    "alone": ({Color.RED: 1, 2: 2}, [1, 2]),
}


@pytest.mark.parametrize("name", KEYS)
def test_keys_that_become_equal_are_told_apart(name: str, tmp_path: Path) -> None:
    value, keys = KEYS[name]
    found, plan = migrated({"d": value}, tmp_path)
    shown = [key.replace("migrate.", "") if isinstance(key, str) else key for key in found["d"]]
    assert shown == keys
    assert list(found["d"].values()) == list(value.values())
    told = [what for _, what in notes(plan, NoteKind.CHANGED)]
    assert ("what would be equal to another" in told) == (name not in {"unchanged", "alone"})


class OfTorch(enum.Enum):
    """Members whose values are equal to others of Python's and torch's."""

    IMAGINARY = 1j
    REAL = complex(2, 0)
    SIZE = torch.Size([1, 2])
    CPU = torch.device("cpu")
    GPU = torch.device("cuda:0")
    TYPE = torch.float32
    LAYOUT = torch.sparse_coo


class Pair(NamedTuple):
    a: int
    b: int


EQUAL: dict[str, dict[Any, Any]] = {
    "complex": {OfTorch.IMAGINARY: 1, 1j: 2, OfTorch.REAL: 3, 2: 4},
    "complex in a tuple": {(OfTorch.IMAGINARY, 1): 1, (1j, 1): 2, frozenset([5j]): 3, (5j,): 4},
    "size": {OfTorch.SIZE: 1, Pair(1, 2): 2},
    "size and tuple": {OfTorch.SIZE: 1, (1, 2): 2},
    "frozenset and size": {frozenset([1]): 1, torch.Size([1]): 2},
    "device": {OfTorch.CPU: 1, torch.device("cpu"): 2, OfTorch.GPU: 3, torch.device("cuda", 0): 4},
    "dtype": {OfTorch.TYPE: 1, torch.float32: 2, (OfTorch.TYPE,): 3, (torch.float32,): 4},
    "layout": {OfTorch.LAYOUT: 1, torch.sparse_coo: 2},
    "classes": {int: 1, "builtins.int": 2, len: 3, "builtins.len": 4},
    "a numpy scalar": {np.int64(1): 1, Color.RED: 2},
    "a long text": {pathlib.PurePosixPath("a" * 500): 1, "a" * 500: 2},
}


@pytest.mark.parametrize("name", EQUAL)
def test_keys_that_torch_finds_equal_are_told_apart(name: str, tmp_path: Path) -> None:
    """And the texts are what a reader understands."""
    value = EQUAL[name]
    found, plan = migrated({"d": value, "s": set(value)}, tmp_path)
    assert list(found["d"].values()) == list(value.values())
    assert set(found["s"]) == set(found["d"])
    assert not re.search(r"ObjectValue|GlobalRef", repr(found))
    assert notes(plan, NoteKind.LEFT_OUT) == []
    if name == "a long text":
        assert f"pathlib.PurePosixPath({'a' * 500!r})" in found["d"]


def test_one_scalar_as_a_value_and_as_a_key(tmp_path: Path) -> None:
    """With tensors for scalars: whichever comes first, a key is a number."""
    number = np.float32(0.5)
    pair, tensor = (number, 1), torch.ones(1)
    options = MigrationOptions(scalars_as_tensors=True)
    for value in (
        {"a": number, "k": {number: 1}, "s": {number}},
        {"k": {number: 1}, "s": {number}, "a": number},
        {"a": pair, "k": {pair: 1}, "s": {pair}},
        {"k": {pair: 1}, "s": {pair}, "a": pair},
    ):
        found = migrated_with_plan(value, tmp_path, options)[0]
        key = pair if value["a"] is pair else number
        assert (found["k"], found["s"]) == ({key: 1}, {key})
        one = found["a"][0] if key is pair else found["a"]
        assert isinstance(one, torch.Tensor)
    found = migrated_with_plan({"k": {tensor: 1}, "a": tensor}, tmp_path, options)[0]
    assert next(iter(found["k"])) is found["a"]


def test_elements_of_a_set_too(tmp_path: Path) -> None:
    found, _ = migrated({"s": {Color.RED, 1, "1"}}, tmp_path)
    assert len(found["s"]) == 3
    assert {1, "1"} < found["s"]


def test_a_value_left_out_is_listed_wherever_it_is_met(tmp_path: Path) -> None:
    function = functools.partial(int, 3)
    found, plan = migrated({"a": function, "b": [function], "c": 1}, tmp_path)
    assert found == {"b": [None], "c": 1}
    assert [place for place, _ in notes(plan, NoteKind.LEFT_OUT)] == ["['a']", "['b'][0]"]


def test_order_and_what_is_one_object(tmp_path: Path) -> None:
    inner = [1]
    value = OrderedDict(z=inner, a=inner, m=(inner, Color.RED), t=torch.ones(1))
    value["u"] = value["t"]
    found, _ = migrated(value, tmp_path)
    assert list(found) == list(value)
    assert found["z"] is found["a"] is found["m"][0]
    assert found["t"] is found["u"]


BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
TIMES = {
    "2020-01-01T00:00:00[Europe/Berlin]": dt.datetime(2020, 1, 1, tzinfo=BERLIN),
    "2020-10-25T02:30:00[Europe/Berlin;fold=1]": dt.datetime(
        2020, 10, 25, 2, 30, tzinfo=BERLIN, fold=1
    ),
    "2020-01-01T00:00:00+01:00[CET]": dt.datetime(
        2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1), "CET")
    ),
    "2020-01-01T00:00:00+00:00": dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc),
    "2020-01-01T00:00:00": dt.datetime(2020, 1, 1),  # noqa: DTZ001 - that is the case
    "2020-01-01": dt.date(2020, 1, 1),
}


@pytest.mark.parametrize("text", TIMES)
def test_times_keep_their_zone(text: str, tmp_path: Path) -> None:
    (tmp_path / "in.pkl").write_bytes(pickle.dumps({"t": TIMES[text]}, 4))  # torch's 2 has no fold
    plan = migrate_file(tmp_path / "in.pkl", tmp_path / "out.pt").plan
    assert load(tmp_path / "out.pt") == {"t": text}
    assert notes(plan, NoteKind.LEFT_OUT) == []


class HalfHour(dt.tzinfo):
    def utcoffset(self, _moment):
        return dt.timedelta(minutes=30)


def test_a_zone_that_is_not_known_is_listed(tmp_path: Path) -> None:
    found, plan = migrated({"t": dt.datetime(2020, 1, 1, tzinfo=HalfHour())}, tmp_path)
    assert found == {"t": "2020-01-01T00:00:00"}
    assert notes(plan, NoteKind.LEFT_OUT) == [("['t']", "the time zone of a datetime")]


def test_durations_are_exact(tmp_path: Path) -> None:
    short, *long = (
        dt.timedelta(seconds=1.5),
        dt.timedelta(days=999_999_999, microseconds=1),
        dt.timedelta.max,
    )
    found, _ = migrated([short, *long, dt.timedelta.min], tmp_path)
    assert found[0] == 1.5
    assert [dt.timedelta(*parts) for parts in found[1:3]] == long
    assert dt.timedelta(seconds=found[3]) == dt.timedelta.min


PATTERNS = [
    re.compile("a"),
    re.compile("a", re.IGNORECASE | re.MULTILINE),
    re.compile(b"a", re.DOTALL),
    re.compile("(?x)a b"),
    re.compile("a", re.ASCII),
    re.compile("(?ix) a # b"),
    re.compile(b"(?i)a", re.DOTALL),
    re.compile("(?i:a)b", re.MULTILINE),
    re.compile(" (?i) a", re.VERBOSE),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_keep_their_flags(pattern: re.Pattern[Any], tmp_path: Path) -> None:
    found, plan = migrated({"p": pattern}, tmp_path)
    again = re.compile(found["p"])
    assert again.flags == pattern.flags
    assert notes(plan, NoteKind.LEFT_OUT) == []


def test_flags_stand_in_a_pattern_once(tmp_path: Path) -> None:
    found, _ = migrated([re.compile("(?i)a"), re.compile("(?i)a", re.MULTILINE)], tmp_path)
    assert found == ["(?i)a", "(?im)a"]


class Warmup:
    def __init__(self) -> None:
        self.steps = 5

    def __call__(self, epoch: int) -> float:
        return epoch / self.steps


def halved(_epoch: int) -> float:
    return 0.5


def test_the_functions_of_schedules(tmp_path: Path) -> None:
    """An object that is called has a state, as in torch's state dict; a function is listed."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    schedule = torch.optim.lr_scheduler
    for made, lost in (
        (schedule.LambdaLR(optimizer, Warmup()), []),
        (schedule.LambdaLR(optimizer, halved), ["['s'].lr_lambdas[0]"]),
        (schedule.CyclicLR(optimizer, 0.1, 0.2, cycle_momentum=False), []),
        (torch.optim.swa_utils.SWALR(optimizer, 0.1), []),
    ):
        found, plan = migrated({"s": made}, tmp_path)
        assert found["s"] == made.state_dict()
        assert [place for place, _ in notes(plan, NoteKind.LEFT_OUT)] == lost


@pytest.mark.filterwarnings("ignore")  # torch's own
def test_a_compiled_module_is_its_state_dict(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.compile(torch.nn.Linear(1, 1)), torch.nn.ReLU())
    for value in (model, model[0]):
        found, plan = migrated(value, tmp_path)
        assert same(found, value.state_dict())
        assert list(found) == list(value.state_dict())
        assert notes(plan, NoteKind.LEFT_OUT) == []


def test_a_key_of_nested_tuples_ends_soon(tmp_path: Path) -> None:
    """Forty levels, each holding the next twice: Python would hash 2**40 parts."""
    levels = b"".join(b"2\x86" for _ in range(40))  # DUP, TUPLE2
    (tmp_path / "in.pt").write_bytes(
        b"\x80\x02}(K\x01" + levels + b"K\x02X\x01\x00\x00\x00aK\x03u."
    )
    start = time.monotonic()
    result = migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    assert time.monotonic() - start < 20
    assert load(tmp_path / "out.pt") == {"a": 3}
    assert len(notes(result.plan, NoteKind.LEFT_OUT)) == 1


def test_two_such_keys_that_become_equal_end_soon(tmp_path: Path) -> None:
    """Their text is bounded, too: one has a class at the bottom, the other its name."""
    levels = b"".join(b"2\x86" for _ in range(40))  # DUP, TUPLE2
    name = b"X\x0c\x00\x00\x00builtins.int"
    content = b"\x80\x02}(" + b"cbuiltins\nint\n" + levels + b"K\x01" + name + levels + b"K\x02u."
    (tmp_path / "in.pt").write_bytes(content)
    start = time.monotonic()
    result = migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    assert time.monotonic() - start < 20
    assert list(load(tmp_path / "out.pt").values()) == [1]
    assert len(notes(result.plan, NoteKind.LEFT_OUT)) == 1


def test_a_tensor_made_of_numbers_is_not_called_these_numbers(tmp_path: Path) -> None:
    """``torch.Tensor((1, 2))``, which torch lets a file call."""
    made = b"ctorch\nTensor\nK\x01K\x02\x86\x85R"
    with zipfile.ZipFile(tmp_path / "in.pt", "w") as archive:
        archive.writestr("in/data.pkl", b"\x80\x02}(K\x00" + made + b"K\x01K\x05u.")
        archive.writestr("in/version", "3\n")
    assert torch.equal(load(tmp_path / "in.pt")[0], torch.tensor([1.0, 2.0]))
    plan = migrate_file(tmp_path / "in.pt", tmp_path / "out.pt").plan
    assert load(tmp_path / "out.pt") == {1: 5}
    assert notes(plan, NoteKind.LEFT_OUT) == [("[0]", "torch.Tensor")]


def test_frozensets_as_keys(tmp_path: Path) -> None:
    value = {frozenset([frozenset([1])]): "a"}
    (tmp_path / "in.pkl").write_bytes(pickle.dumps(value))
    migrate_file(tmp_path / "in.pkl", tmp_path / "out.pt")
    assert load(tmp_path / "out.pt") == {((1,),): "a"}


class Number(int):
    pass


class Group(set[int]):
    pass


class Counts(collections.defaultdict[str, int]):
    pass


class Named(dict[str, Any]):
    pass


class AsAttributes(dict[str, Any]):
    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        self[name] = value


def having(value: Any, **attributes: object) -> Any:
    for name, item in attributes.items():
        setattr(value, name, item)
    return value


def lost(plan: MigrationPlan) -> list[tuple[str, str]]:
    return notes(plan, NoteKind.LEFT_OUT)


def test_what_an_object_is_made_of_beside_its_attributes(tmp_path: Path) -> None:
    value = [having(Number(3), unit="m"), having(Group([1]), name="g"), having(OSError(2), tries=1)]
    found, plan = migrated(value, tmp_path)
    assert found == [
        {"unit": "m", "__args__": (3,)},
        {"name": "g", "__args__": ([1],)},
        {"tries": 1, "__args__": (2,)},
    ]
    assert lost(plan) == []


def test_what_an_object_is_made_of_beside_its_own_state(tmp_path: Path) -> None:
    numbers = iter([1, 2, 3])
    next(numbers)
    found, plan = migrated({"i": numbers}, tmp_path)
    assert found == {"i": (([1, 2, 3],), 1)}
    assert lost(plan) == []


def test_attributes_of_mappings(tmp_path: Path) -> None:
    """Those that are entries too are there; others, of the same name too, are listed."""
    value = {
        "as": having(AsAttributes(), lr=float("nan"), layers=[1]),
        "other": having(Named(name="entry"), name="attribute"),
        "counts": Counts(int, {"a": 1}),
        "user": having(collections.UserDict(a=1), tag="x"),
    }
    found, plan = migrated(value, tmp_path)
    assert list(found["as"]) == ["lr", "layers"]
    assert (found["other"], found["counts"], found["user"]) == (
        {"name": "entry"},
        {"a": 1},
        {"a": 1},
    )
    assert [place for place, _ in lost(plan)] == ["['other']", "['counts']", "['user']"]


def test_what_numpy_keeps_beside_numbers(tmp_path: Path) -> None:
    titled = np.zeros(1, dtype=[(("a title", "a"), "i4")])
    value = {
        "dtype": [np.dtype("M8[25s]"), np.dtype(">f4"), np.dtype("U3")],
        "text": np.array(["\ud800"]),
        "meta": np.zeros(1, np.dtype("f4", metadata={"enum": 1})),
        "titled": titled,
        "units": np.ones(1).view(WithUnit),
    }
    found, plan = migrated(value, tmp_path)
    assert list(map(np.dtype, found["dtype"])) == value["dtype"]
    assert found["text"] == ["\ud800"]
    assert [place for place, _ in lost(plan)] == ["['meta']", "['titled']", "['units']"]


class WithUnit(np.ndarray):
    def __reduce__(self) -> Any:
        function, args, state = super().__reduce__()
        return function, args, (state, {"unit": "m"})


def test_small_facts_of_the_standard_library(tmp_path: Path) -> None:
    safe = uuid.UUID(int=7, is_safe=uuid.SafeUUID.safe)
    value = {"time": time.gmtime(0), "none": type(None), "dots": type(...), "uuid": safe}
    found, plan = migrated(value, tmp_path)
    assert found["time"] == (tuple(time.gmtime(0)), {"tm_zone": "UTC", "tm_gmtoff": 0}) or (
        found["time"][1]["tm_zone"] == time.gmtime(0).tm_zone
    )
    assert (found["none"], found["dots"]) == ("types.NoneType", "types.EllipsisType")
    assert lost(plan) == [("['uuid']", "attributes of UUID (is_safe)")]


@pytest.mark.filterwarnings("ignore")  # torch's own
def test_a_strided_nested_tensor_by_its_parts(tmp_path: Path) -> None:
    """Torch 2.15 does not load one without being asked."""
    nested = torch.nested.nested_tensor([torch.ones(2), torch.arange(3.0)])
    found, plan = migrated({"n": nested}, tmp_path)
    again = torch._nested_view_from_buffer(*found["n"].values())
    assert [part.tolist() for part in again.unbind()] == [[1, 1], [0, 1, 2]]
    assert notes(plan, NoteKind.CHANGED) == [("['n']", "a nested tensor")]


class Both(dict[str, Any]):
    """Its ``__reduce__`` gives items of a list and of a dict: pickle appends and sets them."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Both, (), None, iter([1, 2]), iter(self.items())

    def append(self, item: object) -> None:
        self.__dict__.setdefault("items", []).append(item)

    def extend(self, items: Iterable[object]) -> None:
        for item in items:
            self.append(item)


def test_items_of_what_is_a_dict_as_well(tmp_path: Path) -> None:
    found, plan = migrated({"b": Both(a=1)}, tmp_path)
    assert found == {"b": {"a": 1}}
    assert lost(plan) == [("['b']", f"items of {Both.__module__}.Both")]


class Patterns(dict[str, Any]):
    """What a program may look up by a pattern of files."""


STARS: dict[str, Any] = {
    "dict": {"**": {"a": 1}},
    "subclass": Patterns({"**": {"a": 1}, "b": 2}),
    "defaultdict": collections.defaultdict(list, {"**": [1]}),
    "OrderedDict": OrderedDict({"**": 1}),
}


@pytest.mark.parametrize("name", STARS)
def test_a_key_of_two_stars(name: str, tmp_path: Path) -> None:
    """It is a text as others: keyword arguments of protocol 4 stand there too, in a description."""
    found, plan = migrated({"d": STARS[name]}, tmp_path)
    assert found["d"] == dict(STARS[name])
    assert lost(plan) == []


TENSOR = (b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
          b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x03tQK\x00K\x03\x85K\x01\x85\x89"
          b"ccollections\nOrderedDict\n)RtR")  # fmt: skip
ARRAY = (b"cnumpy._core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR(K\x01K\x01"
         b"\x85cnumpy\ndtype\n(X\x02\x00\x00\x00u1\x89\x88tR(K\x03X\x01\x00\x00\x00|NNNJ\xff"
         b"\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89C\x01\x05tb")  # fmt: skip
SET_FIRST = b"K\x00K\x09s"  # value[0] = 9
CHANGED = {
    "tensor": (TENSOR + SET_FIRST, [9, 1, 2]),
    "tensor in a dict": (b"}X\x01\x00\x00\x00a" + TENSOR + SET_FIRST + b"s", {"a": [9, 1, 2]}),
    "several items": (TENSOR + b"(K\x00K\x09K\x01K\x08u", [9, 8, 2]),
    "list": (b"]K\x07a" + SET_FIRST, [9]),
    "bytearray": (b"cbuiltins\nbytearray\nK\x02\x85R" + SET_FIRST, [9, 0]),
    "more of a bytearray": (b"cbuiltins\nbytearray\nK\x02\x85RK\x09a", [0, 0, 9]),
    "array": (ARRAY + SET_FIRST, [9]),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_file_that_changes_what_is_complete_is_refused(name: str, tmp_path: Path) -> None:
    """Opcodes that no pickling writes: Python's loader sets an element, so a number is another."""
    code, value = CHANGED[name]
    torch.save(torch.arange(3.0), tmp_path / "tensor.pt")
    with (
        zipfile.ZipFile(tmp_path / "tensor.pt") as old,
        zipfile.ZipFile(tmp_path / "in.pt", "w") as new,
    ):
        for entry in old.namelist():
            is_pickle = entry.endswith("data.pkl")
            new.writestr(entry, b"\x80\x03" + code + b"." if is_pickle else old.read(entry))
    assert as_lists(torch.load(tmp_path / "in.pt", weights_only=False)) == value
    with pytest.raises(MigrationError, match="it puts items into what is complete"):
        migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")


CALLS = {
    "set": (b"cbuiltins\nset\n]]X\x02\x00\x00\x00k9aaR", {"k9"}),
    "bytearray": (b"cbuiltins\nbytearray\n]K\x02aR", bytearray(2)),
    "a text": (b"cbuiltins\ncomplex\nX\x01\x00\x00\x009R", 9),
}


@pytest.mark.parametrize("name", CALLS)
def test_arguments_that_are_no_tuple_are_refused(name: str, tmp_path: Path) -> None:
    """Torch's loader takes them, where Python's does not; nothing saves them."""
    code, value = CALLS[name]
    torch.save(1, tmp_path / "one.pt")
    with (
        zipfile.ZipFile(tmp_path / "one.pt") as old,
        zipfile.ZipFile(tmp_path / "in.pt", "w") as new,
    ):
        for entry in old.namelist():
            is_pickle = entry.endswith("data.pkl")
            new.writestr(entry, b"\x80\x03" + code + b"." if is_pickle else old.read(entry))
    assert load(tmp_path / "in.pt") == value
    with pytest.raises(MigrationError, match="arguments that are no tuple"):
        migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")


@pytest.mark.parametrize("code", [b"}%sK\x01s", b"cbuiltins\nset\n]%sa\x85R"])
def test_a_bytearray_is_no_key(code: bytes, tmp_path: Path) -> None:
    """No program has made such a dict; written as it stands, torch refused the new file."""
    made = code % b"cbuiltins\nbytearray\nC\x01a\x85R"
    (tmp_path / "in.pt").write_bytes(b"\x80\x03" + made + b".")
    result = migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    assert load(tmp_path / "out.pt") in ({}, [bytearray(b"a")])
    assert result.plan.notes


def as_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_lists(item) for key, item in value.items()}
    return value.tolist() if hasattr(value, "tolist") else list(value)


class OfPytz(dt.tzinfo):
    """A zone of pytz: each of its offsets is an object of its own."""

    def utcoffset(self, _moment: object) -> dt.timedelta:
        return dt.timedelta(hours=2)

    def __reduce__(self) -> tuple[Any, ...]:
        return sys.modules["pytz"]._p, ("Europe/Berlin", 7200, 3600, "CEST")  # type: ignore[attr-defined]


def test_zones_of_pytz_keep_their_offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("pytz")
    exec("def _p(*args): pass", module.__dict__)
    monkeypatch.setitem(sys.modules, "pytz", module)
    found, plan = migrated([dt.datetime(2020, 10, 25, 2, 30, tzinfo=OfPytz())], tmp_path)
    assert found == ["2020-10-25T02:30:00+02:00[Europe/Berlin]"]
    assert lost(plan) == []


def test_places_name_their_keys(tmp_path: Path) -> None:
    value = {
        Color.RED: types.SimpleNamespace(),
        (1, Color.RED): types.SimpleNamespace(),
        pathlib.PurePosixPath("a/b"): types.SimpleNamespace(),
        uuid.UUID(int=3): types.SimpleNamespace(),
        frozenset([1]): types.SimpleNamespace(),
        2**3000: types.SimpleNamespace(),
    }
    _, plan = migrated(value, tmp_path)
    places = [note.place.replace("migrate.", "") for note in plan.notes]
    named = [place for place in places if not place.endswith("(key)")]
    assert named[:5] == [
        "[test_nothing_lost.Color(1)]",
        "[(1, test_nothing_lost.Color(1))]",
        "[pathlib.PurePosixPath('a', 'b')]",
        "[uuid.UUID(int=3)]",
        "[frozenset({1})]",
    ]
    assert max(map(len, places)) < 200


def test_what_makes_missing_entries_is_said(tmp_path: Path) -> None:
    """A function is named; what is more than its name is listed as left out."""
    for factory, is_lost in ((list, False), (None, False), (functools.partial(dict, a=5), True)):
        made, plan = migrated(collections.defaultdict(factory, {"k": 1}), tmp_path)
        assert made == {"k": 1}
        assert (NoteKind.LEFT_OUT in {note.kind for note in plan.notes}) is is_lost, factory


class Fitted(torch.nn.Module):
    """As programs write them: of all that it keeps, ``state_dict()`` has ``layer`` alone."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)
        self.register_buffer("made_anew", torch.ones(1), persistent=False)
        self.names = ["cat", "dog"]
        self.same = {"again": [self.layer.weight, self.layer.bias.data, self.layer]}
        self.mean = torch.ones(2)
        self.heads = [torch.nn.Linear(2, 1)]
        self.table = {"scale": np.ones(2)}


def test_what_no_state_dict_has_is_listed(tmp_path: Path) -> None:
    model = torch.nn.Sequential(Fitted(), torch.nn.LSTM(2, 2), torch.nn.ReLU())
    model[2].bias = torch.ones(1)
    found, plan = migrated({"model": model}, tmp_path)
    assert list(found["model"]) == list(model.state_dict())
    told = {place for place, what in notes(plan, NoteKind.LEFT_OUT) if what == "tensors or arrays"}
    inside = {f"['model'].0.{name}" for name in ("mean", "heads", "table")}
    assert told == inside | {"['model'].2.bias"}


def test_tensors_that_are_worked_out_are_not_missed(tmp_path: Path) -> None:
    from torch.nn.utils import prune, spectral_norm

    model = torch.nn.Sequential(spectral_norm(torch.nn.Linear(2, 2)), torch.nn.Linear(2, 2))
    prune.l1_unstructured(model[1], "weight", 1)
    _, plan = migrated(model, tmp_path)
    assert "tensors or arrays" not in {what for _, what in notes(plan, NoteKind.LEFT_OUT)}
