"""Any bytes give a migration or a MigrationError; what is written always loads."""

from __future__ import annotations

import _codecs
import argparse
import io
import pickle
import time
import zipfile
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from torchload_lint.checkpoint import Verdict, inspect_file
from torchload_lint.migrate import MigrationError, migrate_file

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch


def saved(*, legacy: bool) -> bytes:
    stream = io.BytesIO()
    value = {
        "model": torch.nn.Sequential(torch.nn.Linear(2, 2)), "args": argparse.Namespace(a=[1, "x"]),
        "state": OrderedDict(w=torch.ones(3)),
    }  # fmt: skip
    torch.save(value, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def with_pickle(pickled: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(ZIP)) as old, zipfile.ZipFile(stream, "w") as new:
        for info in old.infolist():
            data = pickled if info.filename.endswith("data.pkl") else old.read(info)
            new.writestr(info.filename, data)
    return stream.getvalue()


ZIP, LEGACY = saved(legacy=False), saved(legacy=True)
with zipfile.ZipFile(io.BytesIO(ZIP)) as _archive:
    PICKLE = next(_archive.read(n) for n in _archive.namelist() if n.endswith("data.pkl"))

PLAIN = pickle.dumps({"w": torch.ones(3), "args": argparse.Namespace(a=[1, "x"])})

CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4)


@pytest.mark.parametrize("kind", ["zip", "legacy", "pickle", "plain"])
@given(changes=CHANGES)
@settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_changed_bytes(kind: str, changes: list[tuple[int, int]], tmp_path: Path) -> None:
    data = bytearray({"zip": ZIP, "legacy": LEGACY, "pickle": PICKLE, "plain": PLAIN}[kind])
    for at, byte in changes:
        data[at % len(data)] = byte
    path, out = tmp_path / "in.pt", tmp_path / "out.pt"
    path.write_bytes(with_pickle(bytes(data)) if kind == "pickle" else bytes(data))
    out.unlink(missing_ok=True)
    try:
        migrate_file(path, out)
    except (MigrationError, OSError):
        assert not out.exists()
    else:
        assert inspect_file(out).verdict is Verdict.LOADS


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    depth = 100_000
    (tmp_path / "in.pt").write_bytes(
        with_pickle(b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b".")
    )
    with pytest.raises(
        MigrationError, match=r"too deep.*if you trust its origin, .* save it flatter"
    ):
        migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")


def protocol_0() -> bytes:
    stream = io.BytesIO()
    options = {"pickle_protocol": 0, "_use_new_zipfile_serialization": False}
    torch.save({"w": torch.ones(1)}, stream, **options)
    return stream.getvalue()


NO_WAY = {
    "text": (lambda: b"hello world\n", "this is a text file, not a checkpoint; get the right file"),
    "bytes": (lambda: b"h\xff\xfe\x00", "this is not a checkpoint that torch can read.*right file"),
    "protocol 0": (protocol_0, "migrate does not read it either: if you trust its origin, load it"),
}


@pytest.mark.parametrize("name", NO_WAY)
def test_what_is_refused_is_not_sent_back_to_migrate(name: str, tmp_path: Path) -> None:
    made, said = NO_WAY[name]
    (tmp_path / "in.pt").write_bytes(made())
    with pytest.raises(MigrationError, match=said) as refusal:
        migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    assert "torchload-lint migrate" not in str(refusal.value)


class Call:
    """Pickled as a call of one of torch's functions."""

    def __init__(self, function: object, *args: object) -> None:
        self.call = function, args

    def __reduce__(self):
        return self.call


def refused_calls() -> dict[str, Call]:
    storage = torch.zeros(4, dtype=torch.int8).untyped_storage()
    typed = torch.storage.TypedStorage(wrap_storage=storage, dtype=torch.qint8, _internal=True)
    q, s = torch._utils._rebuild_qtensor, torch._utils._rebuild_sparse_tensor
    per_tensor, per_channel = torch.per_tensor_affine, torch.per_channel_affine
    ones, hooks = torch.ones(2), OrderedDict()
    floats, indices = torch.zeros(4)._typed_storage(), torch.zeros(1, 2, dtype=torch.int64)
    dense, size = (floats, 0, (2,), (1,), False, hooks), torch.Size((4,))
    with_state = torch._utils._rebuild_parameter_with_state
    return {
        "flag": Call(q, typed, 0, (4,), (1,), (per_tensor, 0.1, 0), None, hooks),
        "scheme": Call(q, typed, 0, (4,), (1,), ("affine", 0.1, 0), False, hooks),
        "no zero point": Call(q, typed, 0, (4,), (1,), (per_tensor, 0.1), False, hooks),
        "axis": Call(q, typed, 0, (2, 2), (2, 1), (per_channel, ones, ones, 2), False, hooks),
        "count": Call(q, typed, 0, (4,), (1,), (per_channel, ones, ones, 0), False, hooks),
        "truth values": Call(torch._utils._rebuild_tensor, typed, 0, (2,), (True,)),
        "no tensors": Call(s, torch.sparse_coo, ((1, 2), (3, 4), torch.Size((2,)))),
        "layout": Call(s, torch.strided, (indices, ones, size, None)),
        "text as layout": Call(s, "sparse_coo", (indices, ones, size, None)),
        "indices": Call(s, torch.sparse_coo, (indices[0], ones, size, None)),
        "values": Call(s, torch.sparse_coo, (indices, torch.ones(3), size, None)),
        "sparse size": Call(s, torch.sparse_coo, (indices, ones, torch.Size((4, 4)), None)),
        "coalesced": Call(s, torch.sparse_coo, (indices, ones, size, 1)),
        "sparse in sparse": Call(s, torch.sparse_coo, (indices, ones.to_sparse(), size, None)),
        "three parts": Call(s, torch.sparse_csr, (indices[0], ones, size)),
        "flags": Call(torch._utils._rebuild_tensor_v2, *dense, [1]),
        "flag of a text": Call(torch._utils._rebuild_tensor_v2, *dense, {"neg": "x"}),
        "a flag that is no text": Call(torch._utils._rebuild_tensor_v2, *dense, {1: True}),
        "conjugate of floats": Call(torch._utils._rebuild_tensor_v2, *dense, {"conj": True}),
        "encoding of a tuple": Call(_codecs.encode, (1, 2), "utf-8"),
        "bytes of a text": Call(_codecs.encode, "aa", "hex"),
        "a way with errors of bytes": Call(_codecs.encode, b"aa", "hex", "ignore"),
        "a way with errors": Call(_codecs.encode, "\u20ac", "latin1", "nowhere"),
        "half a character": Call(_codecs.encode, "\ud800", "utf-8"),
        "bytes of texts": Call(bytearray, [1, "a"]),
        "bytes of a list": Call(bytearray, ([],)),
        "large bytes": Call(bytearray, {256}),
        "bytes of nothing": Call(bytearray, None),
        "bytes of a function": Call(bytearray, torch._utils._rebuild_tensor),
        "negative bytes": Call(bytearray, -1),
        "a text as a number": Call(complex, "zork"),
        "a text and a number": Call(complex, "1", 2),
        "a number too large": Call(complex, 10**400),
        "state": Call(with_state, ones, False, hooks, 5),
        "state of three": Call(with_state, ones, False, hooks, ({}, {}, {})),
        "too many elements": Call(
            torch._utils._rebuild_tensor_v2, floats, 0, (2**40, 2**40), (0, 0), False, hooks
        ),
    }


@pytest.mark.filterwarnings("ignore")  # torch's own, about quantisation
@pytest.mark.parametrize("name", refused_calls())
def test_what_torch_refuses_is_not_written(name: str, tmp_path: Path) -> None:
    torch.save({"t": refused_calls()[name]}, tmp_path / "in.pt")
    with pytest.raises(Exception, match=r".*"):
        torch.load(tmp_path / "in.pt", weights_only=True)
    with pytest.raises(MigrationError, match=" call of "):
        migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    assert not (tmp_path / "out.pt").exists()


WORKING = {
    "a count": (Call(Counter, [1, 1, "a"]), Counter({1: 2, "a": 1})),
    "a count of letters": (Call(Counter, "aab"), Counter("aab")),
    "pairs": (Call(OrderedDict, [("z", 1), ["a", 2]]), OrderedDict(z=1, a=2)),
    "bytes of numbers": (Call(bytearray, [1, True, 255]), bytearray([1, 1, 255])),
    "bytes of a dict": (Call(bytearray, {7: 0}), bytearray([7])),
    "bytes of bytes": (Call(bytearray, bytearray(b"ab")), bytearray(b"ab")),
    "no bytes": (Call(bytearray, 0), bytearray()),
    "a number of text": (Call(complex, "1+2j"), 1 + 2j),
    "a number of a number": (Call(complex, 1j, 2), 3j),
}


@pytest.mark.parametrize("name", WORKING)
def test_what_torch_takes_is_written(name: str, tmp_path: Path) -> None:
    call, wanted = WORKING[name]
    torch.save({"t": call}, tmp_path / "in.pt")
    migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    for path in (tmp_path / "in.pt", tmp_path / "out.pt"):
        assert torch.load(path, weights_only=True) == {"t": wanted}


@pytest.mark.parametrize("callee", ["__builtin__\nset", "__builtin__\nbytearray",
                                    "collections\nCounter"])  # fmt: skip
def test_a_list_that_grows_when_it_was_used(callee: str, tmp_path: Path) -> None:
    """What was made of it by then does not grow with it."""
    made = f"X\x01\0\0\0bc{callee}\nh\x01\x85Rs".encode("latin-1")
    head = b"\x80\x02}X\x01\0\0\0a]q\x01K\x07as"
    (tmp_path / "in.pt").write_bytes(with_pickle(head + made + b"X\x01\0\0\0ch\x01K\x08as."))
    migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    wanted = torch.load(tmp_path / "in.pt", weights_only=True)
    assert wanted["a"] == [7, 8]
    assert len(wanted["b"]) == 1
    assert torch.load(tmp_path / "out.pt", weights_only=True) == wanted


@pytest.mark.parametrize("kind", [OrderedDict, Counter])
def test_a_dict_of_what_is_not_known_is_not_called_empty(kind: type, tmp_path: Path) -> None:
    value = {"d": Call(kind, argparse.Namespace(a=1)), "w": torch.ones(1)}
    torch.save(value, tmp_path / "in.pt")
    plan = migrate_file(tmp_path / "in.pt", tmp_path / "out.pt").plan
    assert "['d']" in {note.place for note in plan.notes}
    assert "'a'" in str(torch.load(tmp_path / "out.pt", weights_only=True)["d"])


def test_a_number_that_stands_for_terabytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.pt").write_bytes(
        b"\x80\x02}X\x01\x00\x00\x00ac__builtin__\nbytearray\n\x8a\x06" + b"\0" * 5 + b"\x01\x85Rs."
    )
    with pytest.raises(MigrationError, match="zero bytes"):
        migrate_file(tmp_path / "in.pt", tmp_path / "out.pt")
    assert not (tmp_path / "out.pt").exists()


def test_what_is_left_out_costs_what_there_is_of_it(tmp_path: Path) -> None:
    """Each was looked up among all that was said before: 80,000 calls took 16 s."""
    calls = b"cfunctools\npartial\ncm\nf\n\x85R" * 80_000
    (tmp_path / "a.pkl").write_bytes(b"\x80\x02](" + calls + b"e.")
    start = time.process_time()
    plan = migrate_file(tmp_path / "a.pkl", tmp_path / "b.pt").plan
    assert time.process_time() - start < 9
    assert len(plan.notes) == 80_000
