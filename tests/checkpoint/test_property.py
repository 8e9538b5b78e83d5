"""Hypothesis makes objects and pickles, and breaks them: our verdict and torch's agree.

A broken pickle is only ever loaded with ``weights_only=True`` and nothing allowed but the harmless
classes below. ``TORCHLOAD_LINT_EXAMPLES=5000`` runs longer, with other examples every time.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import io
import os
import pickle
import warnings

import pytest

pytest.importorskip("torch")
pytest.importorskip("numpy")

import numpy as np
import torch
from hypothesis import HealthCheck, given, note, reject, settings
from hypothesis import strategies as st

from checkpoint import sample_classes as own
from checkpoint.agreement import disagreements, report_on
from checkpoint.cases import forge
from checkpoint.cases.registry import saved_bytes
from checkpoint.oracle import Oracle, entry
from torchload_lint.checkpoint.report import Verdict

pytestmark = pytest.mark.torch

EXAMPLES = os.environ.get("TORCHLOAD_LINT_EXAMPLES", "")
LIMITS = settings(
    max_examples=int(EXAMPLES or 200),
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

HARMLESS = {
    "argparse.Namespace",
    "collections.deque",
    "collections.defaultdict",
    "datetime.date",
    "builtins.bytes",
    "builtins.frozenset",
    "builtins.list",
    "builtins.range",
}
"""What a broken pickle may be given."""

CONSTRUCTORS_REFUSE = ("TypeError: ", "ValueError: ", "OverflowError: ", "AttributeError: ")
"""Beginnings of the errors by which an allowed class refuses broken arguments.

Whether a class takes them only its code can say; the allowlist is right all the same.
"""


@pytest.fixture(scope="module")
def oracle():
    worker = Oracle()
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def version(oracle):
    return oracle.version()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("property") / "checkpoint.pt"


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(2**2100), max_value=2**2100),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.complex_numbers(allow_nan=False),
)

TENSORS = st.sampled_from(
    [
        torch.ones(2),
        torch.zeros(0),
        torch.ones(2, 2, dtype=torch.bfloat16),
        torch.eye(2).to_sparse(),
        torch.nn.Parameter(torch.ones(1)),
        torch.ones(1, dtype=torch.complex64).conj(),
        torch.Size([1]),
        torch.float16,
        torch.device("cpu"),
    ]
)

ARRAYS = st.builds(
    np.zeros,
    st.sampled_from([0, 1, (2, 2), ()]),
    st.sampled_from(["f4", "f8", ">i4", "?", "U2", "M8[s]", "O", "c8", "S3", "u1"]),
)

NUMPY = st.one_of(
    ARRAYS,
    st.builds(np.float64, st.floats(allow_nan=False)),
    st.builds(np.int64, st.integers(-9, 9)),
    st.sampled_from([np.dtype("f4"), np.bool_(1), np.str_("a"), np.float32]),
)

OBJECTS = st.sampled_from(
    [
        own.Cfg(),
        own.FrozenCfg(),
        own.Colour.RED,
        own.Outer.Inner(),
        own.Point(1, 2),
        own.SlotsDict(),
        own.ListSub(),
        own.WithSetstate(),
        own.plain_function,
        dt.date(2024, 1, 1),
        own.ByFactory(),
    ]
)


def containers(children):
    """Values around values."""
    keys = st.one_of(st.text(max_size=3), st.integers(), st.none(), st.just(own.FrozenCfg()))
    mappings = st.dictionaries(keys, children, max_size=3)
    lists = st.lists(children, max_size=7)
    return st.one_of(
        lists,
        lists.map(tuple),
        mappings,
        mappings.map(collections.OrderedDict),
        mappings.map(lambda items: collections.defaultdict(list, items)),
        lists.map(collections.deque),
        mappings.map(own.DictSub),
        lists.map(own.ListSub),
        children.map(lambda value: own.PlainObject(value=value)),
        children.map(own.Box),
        st.frozensets(st.integers(0, 9), max_size=3),
        st.sets(st.text(max_size=2), max_size=3),
    )


VALUES = st.recursive(st.one_of(SCALARS, TENSORS, NUMPY, OBJECTS), containers, max_leaves=6)


def save(value, protocol=2, *, legacy=False):
    """torch.save, which warns of one thing and another."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stream = io.BytesIO()
        torch.save(
            value, stream, pickle_protocol=protocol, _use_new_zipfile_serialization=not legacy
        )
        return stream.getvalue()


@LIMITS
@given(VALUES, st.sampled_from([2, 2, 2, 2, 0, 1, 3, 4, 5]), st.booleans())
def test_saved_objects(oracle, version, path, value, protocol, legacy):
    try:
        path.write_bytes(save(value, protocol, legacy=legacy))
    except (TypeError, pickle.PicklingError):
        reject()  # protocols 0 and 1 cannot save every object
    report = report_on(path, version)
    problems = list(disagreements(path, report, oracle.truth(path), oracle))
    assert not problems, (problems, value)


SEEDS = [
    save({"w": torch.ones(2), "n": 1, "s": "text", "t": (1, 2), "l": [1, 2.5, None]}),
    save(torch.nn.Linear(1, 1).state_dict()),
    save([b"bytes", {1, 2}, 2**70, collections.OrderedDict(a=1)]),
    save(argparse.Namespace(a=[1], b={"c": 2})),
    save([collections.deque(), frozenset({1}), dt.date(2024, 1, 2), b""]),
]
PICKLES = [dict(forge.entries_of(data))[forge.entries_of(data)[0][0]] for data in SEEDS]
MEMBERS = [(f"data/{index}", forge.STORAGE) for index in range(2)]

SNIPPETS = [
    b"N", b"\x88", b"\x89", b"]", b"}", b")", b"(", b"\x8f", b"a", b"e", b"s", b"u", b"t",
    b"\x85", b"\x86", b"\x87", b"R", b"b", b"\x81", b"Q", b"q\x00", b"q\x01", b"h\x00", b"h\x01",
    b"r\x02\x00\x00\x00", b"j\x02\x00\x00\x00", b"0", b"1", b"2", b".", b"K\x01", b"K\x00",
    b"M\x01\x02", b"\x8a\x01\xff", b"U\x01a", b"G?\xf0\x00\x00\x00\x00\x00\x00", b"\x80\x02",
    b"\x80\x04", b"\x8c\x01a", b"\x94", b"C\x01a", b"I1\n", b"X\x01\x00\x00\x00a",
    forge.name("collections", "OrderedDict"), forge.name("argparse", "Namespace"),
    forge.name("__builtin__", "set"), forge.name("__builtin__", "list"),
    forge.name("collections", "Counter"), forge.name("collections", "deque"),
    forge.name("torch", "FloatStorage"), forge.name("torch", "float32"),
    forge.name("_codecs", "encode"), forge.name("torch.nn.parameter", "Parameter"),
    forge.storage(), forge.tensor(), forge.text("storage"), forge.raw(b"ab"),
    forge.mapping({"a": b"N"}), forge.array(b"N"), forge.pair(), forge.pair(b"N"),
]  # fmt: skip
"""Pieces of pickles, of which random ones are put together."""


@st.composite
def broken_pickles(draw):
    """A pickle of torch.save with bytes changed, cut out, doubled or put in."""
    data = bytearray(draw(st.sampled_from(PICKLES)))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, max(0, len(data) - 1)))
        end = min(len(data), start + draw(st.integers(1, 12)))
        match draw(st.sampled_from(["byte", "cut", "double", "put", "truncate"])):
            case "byte":
                data[start : start + 1] = bytes([draw(st.integers(0, 255))])
            case "cut":
                del data[start:end]
            case "double":
                data[start:start] = data[start:end]
            case "put":
                data[start:start] = draw(st.sampled_from(SNIPPETS))
            case _:
                del data[start + 1 :]
    return bytes(data)


RANDOM_PROGRAMS = st.lists(st.sampled_from(SNIPPETS), max_size=14).map(
    lambda parts: forge.program(*parts)
)


@LIMITS
@given(st.one_of(broken_pickles(), RANDOM_PROGRAMS))
def test_broken_pickles(oracle, version, path, data):
    path.write_bytes(forge.archive(data, members=MEMBERS))
    check_without_objects(oracle, version, path, data)


@LIMITS
@given(st.sampled_from([*SEEDS, save({"w": torch.ones(2), "n": 1}, legacy=True)]), st.data())
def test_broken_files(oracle, version, path, data, choices):
    broken = bytearray(data)
    for _ in range(choices.draw(st.integers(1, 4))):
        position = choices.draw(st.integers(0, len(broken) - 1))
        if choices.draw(st.integers(0, 5)) == 0:
            del broken[position:]
            broken += b"\x00"
        else:
            broken[position] = choices.draw(st.integers(0, 255))
    path.write_bytes(broken)
    check_without_objects(oracle, version, path, bytes(broken))


@LIMITS
@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"\x80\x02", b"\x80\x04"]))
def test_any_bytes(oracle, version, path, data, start):
    path.write_bytes(start + data)
    check_without_objects(oracle, version, path, start + data)


def check_without_objects(oracle, version, path, data):
    """Our verdict beside torch's, which gets nothing that is not in ``HARMLESS``."""
    report = report_on(path, version)
    outcome = oracle.load(path)
    note(f"{data!r}: {report.verdict.value} {report.problems}; torch: {outcome.error[:300]}")
    assert (report.verdict is Verdict.LOADS) == outcome.loads
    needed = {str(one.name) for one in report.safe_globals}
    if report.verdict is Verdict.NEEDS_SAFE_GLOBALS and needed <= HARMLESS:
        allowed = oracle.load(path, [entry(one) for one in report.safe_globals])
        assert allowed.loads or allowed.error.startswith(CONSTRUCTORS_REFUSE), allowed.error


def test_the_oracle_answers_for_a_sound_file(oracle, path):
    """The comparison above means something: torch does load what is not broken."""
    path.write_bytes(saved_bytes({"a": 1}))
    assert oracle.load(path).loads
