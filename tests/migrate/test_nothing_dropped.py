"""What a pickle does beside the object that it gives: said, never lost in silence."""

from __future__ import annotations

import pickle
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from migrate.helpers import load, notes
from torchload_lint.migrate import MigrationError, MigrationOptions, NoteKind, migrate_file

if TYPE_CHECKING:
    from pathlib import Path

    from torchload_lint.migrate import MigrationPlan

pytestmark = pytest.mark.torch


def migrated(file: Path, **options: Any) -> tuple[Any, MigrationPlan]:
    out = file.with_suffix(".out")
    result = migrate_file(file, out, MigrationOptions(**options))
    return load(out), result.plan


def archive(folder: Path, pickled: bytes, data: bytes | None = None) -> Path:
    with zipfile.ZipFile(folder / "in.pt", "w") as file:
        file.writestr("x/data.pkl", pickled)
        file.writestr("x/version", "3\n")
        file.writestr("x/byteorder", "little")
        if data is not None:
            file.writestr("x/data/0", data)
    return folder / "in.pt"


def set_state(target: Any, state: dict[str, Any]) -> None:
    vars(target).update(state)


class WithSetter:
    def __reduce__(self) -> tuple[Any, ...]:
        return WithSetter, (), {"a": torch.ones(2), "b": 5}, None, None, set_state


def test_a_state_that_a_function_sets_is_said_to_be_lost(tmp_path: Path) -> None:
    torch.save({"m": WithSetter()}, tmp_path / "in.pt")
    assert torch.load(tmp_path / "in.pt", weights_only=False)["m"].b == 5
    found, plan = migrated(tmp_path / "in.pt")
    assert found == {"m": {}}
    (what,) = [what for _, what in notes(plan, NoteKind.LEFT_OUT)]
    assert what.startswith("the call of")
    assert "set_state" in what
    assert "WithSetter" in what


DROPPED = {
    "before": (b"\x80\x02cos\ngetcwd\n)R0}.", "os.getcwd"),
    "under a mark": (b"\x80\x02(cos\ngetcwd\n)R1}.", "os.getcwd"),
    "inside a tuple": (b"\x80\x02cos\ngetcwd\n)R\x850}.", "os.getcwd"),
    "in the memo only": (b"\x80\x02cos\ngetcwd\n)Rq\x010}.", "os.getcwd"),
    "on what is kept": (
        b"\x80\x02}q\x00c_operator\nsetitem\nh\x00K\x01K\x05\x87R0h\x00.",
        "_operator.setitem with a builtins.dict",
    ),
}


@pytest.mark.parametrize("name", DROPPED)
def test_a_call_whose_result_is_dropped_is_said(name: str, tmp_path: Path) -> None:
    code, called = DROPPED[name]
    found, plan = migrated(archive(tmp_path, code))
    assert found == {}
    assert notes(plan, NoteKind.LEFT_OUT) == [("", f"the call of {called}")]


def test_what_a_dropped_call_is_given_is_not_said_too(tmp_path: Path) -> None:
    code = b"\x80\x02cbuiltins\nprint\ncos\ngetcwd\n)R\x85R0}."
    _, plan = migrated(archive(tmp_path, code))
    assert [what for _, what in notes(plan, NoteKind.LEFT_OUT)] == ["the call of builtins.print"]


def test_a_tuple_in_a_cycle(tmp_path: Path) -> None:
    value: tuple[list[Any]] = ([],)
    value[0].append(value)
    torch.save({"t": value, "u": ([1],)}, tmp_path / "in.pt")
    found, plan = migrated(tmp_path / "in.pt")
    inner = found["t"][0][0]
    assert inner[0] is found["t"][0]
    assert notes(plan, NoteKind.CHANGED) == [("['t'][0][0]", "a tuple that contains itself")]


class Both:
    __slots__ = ("__dict__", "a")


def test_a_slot_and_an_attribute_of_one_name(tmp_path: Path) -> None:
    both = Both()
    both.a = 1
    vars(both)["a"] = 3
    torch.save(both, tmp_path / "in.pt")
    found, _ = migrated(tmp_path / "in.pt")
    assert found == ({"a": 3}, {"a": 1})


@pytest.mark.parametrize("shape", [(0, 2), (2, 0, 3), (0,), (2, 3), (2, 1, 2)])
def test_arrays_without_elements(shape: tuple[int, ...], tmp_path: Path) -> None:
    arrays = [np.zeros(shape, dtype=object), np.zeros(shape, dtype="S2")]
    torch.save(arrays, tmp_path / "in.pt")
    found, plan = migrated(tmp_path / "in.pt")
    assert found == [array.tolist() for array in arrays]
    hidden = np.array(found[0]).shape != shape
    said = [note.outcome for note in plan.of_kind(NoteKind.CHANGED)]
    assert [str(shape) in outcome for outcome in said] == [hidden] * len(said)


TEXTS = [rb"'a\nb'", rb"'it\'s'", b'"it\'s"', rb"'\x00\x01'", rb"'C:\\dir'", rb"'\t\101'", b"''"]


@pytest.mark.parametrize("written", TEXTS)
def test_texts_of_protocol_0_are_unescaped(written: bytes, tmp_path: Path) -> None:
    code = b"(dp0\nS" + written + b"\np1\nS" + written + b"\np2\ns."
    (tmp_path / "in.pkl").write_bytes(code)
    assert migrated(tmp_path / "in.pkl")[0] == pickle.loads(code)


@pytest.mark.parametrize("written", [b"a", b"'a\"", b"'", rb"'\x0'"])
def test_texts_that_python_does_not_read(written: bytes, tmp_path: Path) -> None:
    code = b"S" + written + b"\np1\n."
    (tmp_path / "in.pkl").write_bytes(code)
    with pytest.raises(Exception, match=r"quoted|escape"):
        pickle.loads(code)
    with pytest.raises(MigrationError, match=r"quoted|escape"):
        migrated(tmp_path / "in.pkl")


def test_texts_of_python_2_in_another_encoding(tmp_path: Path) -> None:
    file = archive(tmp_path, b"\x80\x02U\x02\xe9\xe8.")
    found, plan = migrated(file)
    assert found == b"\xe9\xe8"
    assert [what for _, what in notes(plan, NoteKind.CHANGED)] == [
        "a text of Python 2 that is not utf-8"
    ]
    found, plan = migrated(file, encoding="latin1")
    assert found == "éè"
    assert not plan.notes


def tensor_on(location: bytes, kind: bytes = b"ctorch\nFloatStorage\n") -> bytes:
    storage = b"(X\x07\0\0\0storage" + kind + b"X\x01\0\0\x000"
    storage += b"X" + len(location).to_bytes(4, "little") + location + b"K\x06tQ"
    rest = b"K\x00K\x06\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + rest


def test_a_storages_class_wherever_its_name_is_cut(tmp_path: Path) -> None:
    numbers = torch.arange(6.0)
    code = b"\x80\x02" + tensor_on(b"cpu", b"ctorch\ncuda.FloatStorage\n") + b"."
    file = archive(tmp_path, code, numbers.numpy().tobytes())
    assert torch.equal(torch.load(file, weights_only=True), numbers)
    assert torch.equal(migrated(file)[0], numbers)


def test_a_storage_with_and_without_bytes_is_refused(tmp_path: Path) -> None:
    numbers = torch.arange(6.0)
    code = b"\x80\x02](" + tensor_on(b"meta") + tensor_on(b"cpu") + b"e."
    file = archive(tmp_path, code, numbers.numpy().tobytes())
    assert torch.equal(torch.load(file, weights_only=True)[1], numbers)
    with pytest.raises(MigrationError, match=r"its bytes in one place .* torch reads it"):
        migrated(file)
    code = b"\x80\x02](" + tensor_on(b"cpu") + tensor_on(b"cpu") + b"e."
    found, _ = migrated(archive(tmp_path, code, numbers.numpy().tobytes()))
    assert torch.equal(found[1], numbers)


def text(written: str) -> bytes:
    return b"X" + len(written).to_bytes(4, "little") + written.encode()


MADE_BY_CALLS = {
    "defaultdict": b"ccollections\ndefaultdict\nc__builtin__\nlist\n}K\x01K\x02s\x86R",
    "UserDict": b"ccollections\nUserDict\n}K\x01K\x02s\x85R",
    "UserDict and items": b"ccollections\nUserDict\n}K\x01K\x02s\x85RK\x05K\x06s",
    "deque": b"ccollections\ndeque\n](K\x01K\x02K\x03eK\x02\x86R",
    "deque of none": b"ccollections\ndeque\n](K\x01K\x02eK\x00\x86R",
    "octal": b"I010\n",
    "negative octal": b"I-010\n",
    "hexadecimal": b"I0x10\n",
    "long": b"L0x10L\n",
    "true": b"I01\n",
}


@pytest.mark.parametrize("name", MADE_BY_CALLS)
def test_values_that_are_made_by_calls(name: str, tmp_path: Path) -> None:
    """As no program of Python's writes them, but any may."""
    code = b"\x80\x02" + MADE_BY_CALLS[name] + b"."
    (tmp_path / "in.pkl").write_bytes(code)
    found, plan = migrated(tmp_path / "in.pkl")
    expected = pickle.loads(code)
    plain = expected if isinstance(expected, int) else type(found)(expected)
    assert found == plain
    assert not notes(plan, NoteKind.LEFT_OUT)


LEFT_OUT = {
    "ChainMap": b"ccollections\nChainMap\n}K\x01K\x02s\x85RK\x05K\x06s",
    "UserDict of pairs": b"ccollections\nUserDict\n]\x85R",
    "a dict's state and slots": b"ccollections\nOrderedDict\n)R}" + text("a") + b"K\x01s}\x86b",
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_only_a_call_could_tell(name: str, tmp_path: Path) -> None:
    (tmp_path / "in.pkl").write_bytes(b"\x80\x02](" + LEFT_OUT[name] + b"e.")
    _, plan = migrated(tmp_path / "in.pkl")
    assert [place for place, _ in notes(plan, NoteKind.LEFT_OUT)] == ["[0]"]


def test_bytes_of_the_old_format_are_the_one_way_round(tmp_path: Path) -> None:
    """Whatever such a file says of the machine that wrote it: torch does not ask."""
    numbers = torch.arange(6.0)
    torch.save(numbers, tmp_path / "in.pt", _use_new_zipfile_serialization=False)
    data = (tmp_path / "in.pt").read_bytes()
    place = data.index(b"\x88", data.index(b"little_endian"))
    (tmp_path / "in.pt").write_bytes(data[:place] + b"\x89" + data[place + 1 :])
    assert torch.equal(torch.load(tmp_path / "in.pt", weights_only=True), numbers)
    assert torch.equal(migrated(tmp_path / "in.pt")[0], numbers)


@pytest.mark.parametrize(("state", "lost"), [(b"}X\1\0\0\0aK\1s", 1), (b"}", 0)])
def test_attributes_of_a_counter_are_said_to_be_lost(
    state: bytes, lost: int, tmp_path: Path
) -> None:
    code = b"\x80\x02ccollections\nCounter\n)\x81" + state + b"b."
    original = torch.load(archive(tmp_path, code), weights_only=True)
    assert len(vars(original)) == lost
    _, plan = migrated(archive(tmp_path, code))
    assert notes(plan, NoteKind.LEFT_OUT) == [("", "a state of a dict")] * lost


def test_a_storage_is_not_named_in_two_ways(tmp_path: Path) -> None:
    """Torch looks up what it has read by the key as it is, and the bytes by the key's text."""
    numbers = torch.arange(6.0)
    by_number = tensor_on(b"cpu").replace(b"X\x01\0\0\x000", b"K\0")
    code = b"\x80\x02](" + tensor_on(b"cpu") + by_number + b"e."
    file = archive(tmp_path, code, numbers.numpy().tobytes())
    one, other = torch.load(file, weights_only=True)
    assert one.data_ptr() != other.data_ptr()
    with pytest.raises(MigrationError, match=r"named by a text .* torch reads it"):
        migrated(file)
    alone = archive(tmp_path, b"\x80\x02](" + 2 * by_number + b"e.", numbers.numpy().tobytes())
    assert torch.equal(migrated(alone)[0][1], numbers)
