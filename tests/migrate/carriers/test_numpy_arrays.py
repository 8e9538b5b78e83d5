"""numpy's arrays keep their values, whatever their layout; what they lose is said; and a few bytes
do not become lists or fields that fill the memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from migrate.helpers import migrated_with_plan, notes
from torchload_lint.migrate import Arrays, MigrationOptions, NoteKind

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

_CUBE = np.arange(24).reshape(2, 3, 4)
_DTYPES = ("i1", "i8", ">i4", "f4", "c8", "u2", "M8[s]", "?", "S2", "U3", [("a", "i4")], "O")


class _Call:
    """What a pickle calls, with which arguments."""

    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call


def _array(dtype: Any, shape: tuple[int, ...], data: Any) -> _Call:
    made = (np.ndarray, (0,), b"b")
    return _Call(np._core.multiarray._reconstruct, made, (1, shape, dtype, False, data))


def _structured(size: int, **fields: tuple[Any, int]) -> _Call:
    state = (3, "|", None, tuple(fields), fields, size, 1, 16)
    return _Call(np.dtype, (f"V{size}", False, True), state)


@pytest.mark.parametrize("arrays", Arrays)
@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (0, 2, 1), (2, 1, 0)])
def test_moved_axes(
    axes: tuple[int, int, int], protocol: int, arrays: Arrays, tmp_path: Path
) -> None:
    """numpy 2.3 and newer write such an array with the order of its axes under protocol 5."""
    given = {str(dtype): _CUBE.astype(dtype).transpose(axes) for dtype in _DTYPES}
    options = MigrationOptions(arrays=arrays)
    found, plan = migrated_with_plan(given, tmp_path, options, pickle_protocol=protocol)
    assert notes(plan, NoteKind.LEFT_OUT) == []
    for name, array in given.items():
        part = (found[name]["a"], array["a"]) if array.dtype.names else (found[name], array)
        expected = part[1].astype("i8") if array.dtype.kind == "M" else part[1]
        assert (
            isinstance(part[0], torch.Tensor) or name in {"S2", "U3", "O"} or arrays is Arrays.LIST
        )
        assert np.asarray(part[0]).tolist() == expected.tolist(), name


@pytest.mark.parametrize(
    ("order", "more"),
    [("K", ()), ("K", (None,)), ("K", ((1, 1),)), ("K", ((0,),)), ("K", ((-1, 0),)), ("A", ())],
)
def test_an_order_that_numpy_does_not_write(order: str, more: Any, tmp_path: Path) -> None:
    call = _Call(np._core.numeric._frombuffer, (b"1234", np.dtype("i1"), (2, 2), order, *more))
    found, plan = migrated_with_plan({"a": call, "b": 1}, tmp_path)
    assert found == {"b": 1}
    assert notes(plan, NoteKind.LEFT_OUT) == [("['a']", "numpy.ndarray")]


def test_an_array_of_rows_with_objects_keeps_the_names_of_its_fields(tmp_path: Path) -> None:
    rows = [[(1, {"k": 2}), (3, None)]]
    array = np.array(rows, dtype=[("count", "i4"), ("what", "O")])
    found, plan = migrated_with_plan({"a": array, "none": array[:, :0]}, tmp_path)
    assert found["a"] == {"count": [[1, 3]], "what": [[{"k": 2}, None]]}
    assert found["none"] == {"count": [[]], "what": [[]]}
    assert ("['a']", "a structured numpy.ndarray with objects") in notes(plan, NoteKind.CHANGED)


_TITLED = np.dtype({"names": ["a"], "formats": ["i4"], "titles": ["The A"]})
_WITH_METADATA = np.dtype("i4", metadata={"unit": "m"})
UNSAID: dict[str, tuple[Any, str]] = {
    "titles": (np.zeros(1, _TITLED), "titles of fields"),
    "titles of a scalar": (np.zeros(1, _TITLED)[0], "titles of fields"),
    "titles further in": (np.zeros(1, np.dtype([("o", _TITLED)])), "titles of fields"),
    "metadata": (np.zeros(1, _WITH_METADATA), "metadata"),
    "metadata of a field": (np.zeros(1, np.dtype([("o", _WITH_METADATA)])), "metadata"),
    "metadata of objects": (
        np.array(["x"], dtype=np.dtype("O", metadata={"vlen": str})),  # as h5py has texts
        "metadata",
    ),
}


@pytest.mark.parametrize("name", UNSAID)
def test_what_a_dtype_says_beside_its_numbers_is_listed(name: str, tmp_path: Path) -> None:
    array, what = UNSAID[name]
    _, plan = migrated_with_plan({"a": array}, tmp_path)
    assert notes(plan, NoteKind.LEFT_OUT) == [("['a']", f"{what} of a numpy dtype")]


@pytest.mark.parametrize("offset", [1, 100, -4, 2**70])
def test_a_field_outside_of_its_dtype(offset: int, tmp_path: Path) -> None:
    dtype = _structured(4, x=(np.dtype("i4"), offset))
    found, plan = migrated_with_plan({"a": _array(dtype, (1,), b"1234"), "b": 1}, tmp_path)
    assert found == {"b": 1}
    assert notes(plan, NoteKind.LEFT_OUT) == [("['a']", "numpy.ndarray")]


def _in_one_another(depth: int) -> Any:
    dtype: Any = np.dtype("i4")
    for _ in range(depth):
        dtype = _structured(4, a=(dtype, 0), b=(dtype, 0))
    return dtype


_BYTES = b"x" * 1000
_NOTHING = _Call(np.dtype, ("V0", False, True), (3, "|", None, None, None, 0, 1, 0))
BOMBS: dict[str, Any] = {
    "fields in one another": _array(_in_one_another(60), (1,), b"1234"),
    "an axis of none": _array(np.dtype("S1"), (10**9, 0), b""),
    "objects on an axis of none": _array(np.dtype("O"), (10**9, 0), []),
    "fields on an axis of none": _array(_structured(4, a=(np.dtype("S4"), 0)), (10**9, 0), b""),
    "elements of no bytes": [_array(_NOTHING, (10**6,), b"") for _ in range(300)],
    "the same bytes": [_array(np.dtype("S1"), (1000,), _BYTES) for _ in range(9000)],
    "the same bytes turned around": [_array(np.dtype(">u2"), (500,), _BYTES) for _ in range(9000)],
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_few_bytes_do_not_become_many(name: str, tmp_path: Path) -> None:
    found, plan = migrated_with_plan({"a": BOMBS[name], "b": 1}, tmp_path)
    assert found["b"] == 1
    (why,) = {note.outcome for note in plan.of_kind(NoteKind.LEFT_OUT)}
    assert why == "it would become many times its bytes"
    assert (tmp_path / "after.pt").stat().st_size < 10_000_000


def test_what_programs_have_is_not_many_times_its_bytes(tmp_path: Path) -> None:
    """Many arrays without elements, a union of fields, many columns, empty tables."""
    union = np.dtype({"names": ["a", "b"], "formats": ["i8", "f8"], "offsets": [0, 0]})
    columns = np.dtype([(f"c{number}", "f4") for number in range(200)])
    given = {
        "none": [np.zeros((number, 0)) for number in range(2000)],
        "union": np.zeros(1000, union),
        "columns": np.zeros(3, columns),
        "empty": [np.zeros(0, columns) for _ in range(100)],
        "texts": np.array(["a"] * 1000),
        "wide": np.zeros((10**9, 0)),
        "objects": np.empty((5, 0), object),
    }
    found, plan = migrated_with_plan(given, tmp_path)
    assert notes(plan, NoteKind.LEFT_OUT) == []
    assert len(found["columns"]) == len(found["empty"][0]) == 200
    assert found["wide"].shape == (10**9, 0)


def _of_six(is_fortran: Any, copied: Any = True, aligned: Any = False) -> _Call:
    dtype = _Call(np.dtype, ("i4", aligned, copied), (3, ">", None, None, None, -1, -1, 0))
    numbers = np.arange(6, dtype=">i4").tobytes()
    made = (np.ndarray, (0,), b"b")
    state = (1, (2, 3), dtype, is_fortran, numbers)
    return _Call(np._core.multiarray._reconstruct, made, state)


@pytest.mark.parametrize("is_fortran", [False, True, 0, 1, 7])
def test_a_number_says_as_well_how_an_array_lies(is_fortran: Any, tmp_path: Path) -> None:
    after, _ = migrated_with_plan([_of_six(is_fortran)], tmp_path)
    before = torch.load(tmp_path / "before.pt", weights_only=False)
    assert after[0].tolist() == before[0].tolist()


@pytest.mark.parametrize("copied", [0, False, 1, True])
def test_numpy_ignores_the_state_of_a_shared_dtype(copied: Any, tmp_path: Path) -> None:
    """Its bytes lie then as the machine has them, whatever the state says."""
    after, plan = migrated_with_plan([_of_six(False, copied)], tmp_path)
    before = torch.load(tmp_path / "before.pt", weights_only=False)
    if after[0] is None:
        assert not copied
        assert plan.of_kind(NoteKind.LEFT_OUT)
    else:
        assert after[0].tolist() == before[0].tolist()


@pytest.mark.parametrize("size", [8, 0, False, 4, -1])
def test_numpy_takes_the_size_of_a_text_from_the_state(size: Any, tmp_path: Path) -> None:
    dtype = _Call(np.dtype, ("U2", False, True), (3, "<", None, None, None, size, 4, 8))
    value = _Call(np._core.multiarray.scalar, (dtype, "ab".encode("utf-32-le")))
    after, plan = migrated_with_plan([value], tmp_path)
    if size == 8:
        assert after == ["ab"]
    else:
        assert after == [None]
        assert plan.of_kind(NoteKind.LEFT_OUT)
