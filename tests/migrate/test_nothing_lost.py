"""What has no plain form of its own keeps what tells it apart, or is listed by its place."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import pathlib
import pickle
import re
import time
import zoneinfo
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytest
import torch

from migrate.helpers import load, notes, same
from torchload_lint.migrate import MigrationPlan, NoteKind, migrate_file

if TYPE_CHECKING:
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
    long = dt.timedelta(days=999_999_999, microseconds=1)
    found, _ = migrated({"a": dt.timedelta(seconds=1.5), "b": long}, tmp_path)
    assert found == {"a": 1.5, "b": (long.days, long.seconds, long.microseconds)}


PATTERNS = [
    re.compile("a"),
    re.compile("a", re.IGNORECASE | re.MULTILINE),
    re.compile(b"a", re.DOTALL),
    re.compile("(?x)a b"),
    re.compile("a", re.ASCII),
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_keep_their_flags(pattern: re.Pattern[Any], tmp_path: Path) -> None:
    found, plan = migrated({"p": pattern}, tmp_path)
    again = re.compile(found["p"])
    assert again.flags == pattern.flags
    assert notes(plan, NoteKind.LEFT_OUT) == []


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


def test_frozensets_as_keys(tmp_path: Path) -> None:
    value = {frozenset([frozenset([1])]): "a"}
    (tmp_path / "in.pkl").write_bytes(pickle.dumps(value))
    migrate_file(tmp_path / "in.pkl", tmp_path / "out.pt")
    assert load(tmp_path / "out.pt") == {((1,),): "a"}
