"""Arrays under the project's own ``safe_globals``: real ones load, no file ends the interpreter.

numpy believes what a file says of an array and its dtype; torch's own list lets each of the hostile
files here through to it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("torch")

import numpy as np
import torch
from click.testing import CliRunner

from checkpoint.cases import forge
from torchload_lint.checkpoint import inspect_bytes
from torchload_lint.checkpoint.report import Verdict
from torchload_lint.cli.group import root
from torchload_lint.helper_module import helper_text
from torchload_lint.policy import judge
from torchload_lint.reports.checkpoints.allowlist_text import entry_text

pytestmark = pytest.mark.torch

GOOD = {
    "numbers": np.arange(6.0).reshape(2, 3),
    "the other byte order": np.arange(3, dtype=">f8"),
    "columns first": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "no dimension": np.array(3.5),
    "truths": np.array([True, False]),
    "complex numbers": np.array([1j]),
    "texts": np.array(["ab", "c"]),
    "texts in the other byte order": np.array(["ab", "c"], dtype=">U3"),
    "bytes": np.array([b"ab"]),
    "objects": np.array([1, "a", None], dtype=object),
    "dates": np.array(["2020-01-01"], dtype="M8[D]"),
    "dates in steps": np.array([3], dtype="M8[25us]"),
    "times without a unit": np.array(["NaT"], dtype="M8"),
    "durations": np.array([3], dtype="m8[s]"),
    "a number": np.float32(2.5),
    "a date": np.datetime64("2020-01-01"),
    "a text": np.str_("ab"),
    "records": np.array([(1.0, 2)], dtype=[("a", "f8"), ("b", "i4")]),
}
NDARRAY = forge.name("numpy", "ndarray")
DTYPE = forge.name("numpy", "dtype")
SET = forge.name("builtins", "set")
BYTES = forge.raw(b"A" * 32)


def module_of(text: str) -> ModuleType:
    module = ModuleType("restore_only")
    sys.modules[module.__name__] = module
    exec(compile(text, "restore_only.py", "exec"), vars(module))
    return module


def entries_of(content: bytes) -> list[str]:
    """The entries that the tool writes for a file."""
    report = inspect_bytes(content, "m.pt")
    return [entry_text(one, judge(one.name, None)) for one in report.safe_globals]


def saved(value: object, path: Path) -> bytes:
    torch.save({"value": value}, path)
    return path.read_bytes()


@pytest.mark.parametrize("kind", GOOD)
def test_what_numpy_writes_comes_back_as_it_was(kind, tmp_path):
    path = tmp_path / "m.pt"
    entries = [eval(one, {"numpy": np}) for one in entries_of(saved(GOOD[kind], path))]
    with module_of(helper_text()).safe_globals(entries):
        loaded = torch.load(path, weights_only=True)["value"]
    assert type(loaded) is type(GOOD[kind])
    assert loaded.dtype == GOOD[kind].dtype.newbyteorder("=")  # numpy turns the bytes around
    assert repr(loaded.tolist()) == repr(GOOD[kind].tolist())


def dtype(code: str, *states: bytes) -> bytes:
    made = forge.call(DTYPE, forge.text(code), b"\x89", b"\x88")
    return made + b"".join(state + b"b" for state in states)


def state(order="<", *, base=b"N", fields=(b"N", b"N"), size=-1, alignment=-1, flags=0, more=()):
    return forge.pair(
        forge.number(4 if more else 3), forge.text(order), base, *fields,
        forge.number(size), forge.number(alignment), forge.number(flags), *more,
    )  # fmt: skip


def empty() -> bytes:
    reconstruct = forge.name("numpy._core.multiarray", "_reconstruct")
    return forge.call(reconstruct, NDARRAY, forge.pair(forge.number(0)), forge.raw(b"b"))


def filled(of: bytes, data: bytes = BYTES, shape: int = 4) -> bytes:
    return forge.pair(forge.number(1), forge.pair(forge.number(shape)), of, b"\x89", data) + b"b"


def kept(program: bytes, place: int) -> bytes:
    return program + b"q" + bytes([place])


def again(place: int) -> bytes:
    return b"h" + bytes([place])


OBJECTS = dtype("O8", state("|", flags=63))
FLOATS = dtype("f8", state())
UNIT = forge.pair(b"N", forge.pair(forge.raw(b"s"), *[forge.number(1)] * 3))
RECORD = (
    forge.pair(forge.text("a")), forge.mapping({"a": forge.pair(OBJECTS, forge.number(0))}),
)  # fmt: skip
ATTACKS = {
    "an array of bytes that are objects": forge.call(
        NDARRAY, forge.pair(forge.number(1)), forge.text("O"),
        forge.call(NDARRAY, forge.pair(forge.number(1)), forge.text("i8"),
                   forge.call(forge.name("builtins", "bytearray"), forge.raw(b"A" * 8))),
    ),
    "an array before its buffer": forge.call(
        NDARRAY, forge.pair(forge.number(1)), forge.text("f8"),
        forge.call(forge.name("builtins", "bytearray"), BYTES), forge.number(-800000),
    ),
    "an array made by its class": forge.new(NDARRAY, forge.pair(forge.number(1)), forge.text("O")),
    "an array of objects, to be filled": forge.call(
        forge.name("numpy._core.multiarray", "_reconstruct"), NDARRAY,
        forge.pair(forge.number(5)), forge.raw(b"O"),
    ),
    "times without a unit": dtype("M8", state("<", more=(b"N",))),
    "times of a dtype that is not filled": empty() + filled(dtype("M8")),
    "a unit that is code": dtype(
        "M8", state(more=(forge.pair(b"N", forge.pair(
            forge.raw(b"s],O,M8[s"), *[forge.number(1)] * 3)),)),
    ),
    "numbers with a unit": empty() + filled(dtype("f8", state(more=(UNIT,)))),
    "texts for a dtype": dtype("f8,O"),
    "a dtype of fields": forge.call(
        DTYPE, forge.mapping({"names": forge.text("a")}), b"\x89", b"\x88"),
    "a dtype made by its class": forge.new(DTYPE, forge.text("O")),
    "a dtype without a copy": forge.call(DTYPE, forge.text("f8")) + state(flags=63) + b"b",
    "numbers with fields that are objects": empty()
    + filled(dtype("f8", state(fields=RECORD))),
    "numbers that are pairs of objects": empty()
    + filled(dtype("f8", state(base=forge.pair(OBJECTS, forge.pair(forge.number(2)))))),
    "records of objects": empty()
    + filled(dtype("V8", state("|", fields=RECORD, size=8, alignment=1, flags=27))),
    "a dtype that is filled twice": empty()
    + filled(dtype("f8", state(), state(flags=63))),
    "a dtype that is changed under an array": forge.array(
        kept(FLOATS, 1), kept(empty() + filled(again(1)), 2), kept(dtype("f8"), 3),
        again(1) + state(flags=63) + b"b", SET + again(2) + b"R",
    ),
    "an array whose memory a tensor has, filled again": forge.array(
        kept(FLOATS, 1), kept(empty(), 2) + filled(again(1)),
        forge.call(forge.name("torch._utils", "_rebuild_device_tensor_from_numpy"), again(2),
                   forge.name("torch", "float64"), forge.text("cpu"), b"\x89"),
        again(2) + filled(again(1)),
    ),
    "a number of a dtype that is not filled": forge.call(
        forge.name("numpy._core.multiarray", "scalar"), dtype("O8"), BYTES),
}  # fmt: skip
CODES = ("f8", "f2", "g", "i4", "b1", "c16", "O8", "S4", "U2", "M8", "m8")
CHANGES = (
    {"flags": 63}, {"flags": 1}, {"flags": 255}, {"size": 8}, {"size": 2**30}, {"size": 0},
    {"alignment": 0}, {"alignment": -8}, {"size": -5, "alignment": 8, "flags": 255},
    {"order": "x"}, {"fields": RECORD}, {"fields": (RECORD[0], b"}")},
    {"base": forge.pair(OBJECTS, forge.pair(forge.number(2)))}, {"more": (b"}",), "flags": 16},
    {"more": (UNIT,), "size": 4},
)  # fmt: skip


def test_no_file_ends_the_interpreter(tmp_path):
    good = [saved(one, tmp_path / "m.pt") for kind, one in GOOD.items() if kind != "records"]
    others = [saved(np.zeros(1, code), tmp_path / "m.pt") for code in ("f2", "g", "i4", "m8")]
    entries = sorted({entry for content in (*good, *others) for entry in entries_of(content)})
    assert "numpy.ndarray" in entries
    programs = dict(ATTACKS)
    for code in CODES:
        for number, change in enumerate(CHANGES):
            bad = dtype(code, state(**change))
            programs[f"{code}, change {number}"] = empty() + filled(bad)
            programs[f"{code}, change {number}, objects"] = empty() + filled(
                bad, forge.array(forge.number(1), forge.number(2)), 2
            )
    variants = []
    for number, (name, program) in enumerate(
        {"good": empty() + filled(FLOATS), **programs}.items()
    ):
        file = f"{number}.pt"
        (tmp_path / file).write_bytes(forge.archive(forge.program(program)))
        variants.append(
            {"name": name, "entries": entries, "file": file, "marker": "ran", "looks": True}
        )
    assert len(variants) > 300
    (tmp_path / "restore_only.py").write_text(helper_text())
    (tmp_path / "variants.json").write_text(json.dumps(variants))
    child = Path(__file__).with_name("attack_child.py")
    command = [sys.executable, str(child), "variants.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    said = done.stdout.splitlines()
    assert said[-1] == "done", said[-1]
    assert [line for line in said if line.startswith("loaded")] == ["loaded good"]


def test_a_file_that_fills_an_array_twice_is_refused_when_it_is_read():
    attack = ATTACKS["an array whose memory a tensor has, filled again"]
    report = inspect_bytes(forge.archive(forge.program(attack)), "m.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert "filled a second time" in report.problems[0].message


LOADS = 'import torch\n\nmean = torch.load("m.pt", weights_only=True)["value"]\nprint(mean.sum())\n'
GUARDED = "from restore_only import safe_globals"
ARRAYS = np.ones(3)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = 'target-torch = ">=2.6,<2.14"\nguard-arrays = true\n'
    Path("pyproject.toml").write_text(f"[tool.torchload-lint]\n{settings}")
    Path("run.py").write_text(LOADS)
    saved(ARRAYS, tmp_path / "m.pt")
    return tmp_path


def fix(*options, text=None):
    return CliRunner().invoke(root, ["check", "--fix", *options], input=text).output


@pytest.mark.usefixtures("project")
def test_a_safe_fix_guards_arrays():
    fix("run.py")
    text = Path("run.py").read_text()
    assert GUARDED in text
    assert 'with safe_globals([_reconstruct, ndarray, dtype, type(dtype("float64"))]):' in text
    assert Path("restore_only.py").read_text() == helper_text()
    done = subprocess.run([sys.executable, "run.py"], capture_output=True, text=True, check=False)
    assert done.stdout == "3.0\n", done.stderr
    fix(".")
    assert Path("run.py").read_text() == text


@pytest.mark.usefixtures("project")
def test_an_older_torch_gets_the_list_alone():
    fix("--target-torch", ">=2.5", "run.py")
    assert "from torch.serialization import safe_globals" in Path("run.py").read_text()
    assert not Path("restore_only.py").exists()


def test_records_get_the_list_alone(project):
    saved(GOOD["records"], project / "m.pt")
    fix("run.py")
    assert "from torch.serialization import safe_globals" in Path("run.py").read_text()


@pytest.mark.usefixtures("project")
def test_no_module_is_written_for_what_is_not_on_the_disk():
    shown = fix("--stdin-filename", "run.py", "-", text=LOADS)
    assert "from torch.serialization import safe_globals" in shown
    assert not Path("restore_only.py").exists()


@pytest.mark.usefixtures("project")
def test_a_block_that_is_there_stays_as_it_is():
    there = LOADS.replace("mean =", "with safe_globals([set]):\n    mean =")
    Path("run.py").write_text("from torch.serialization import safe_globals\n" + there)
    fix("run.py")
    assert "restore_only" not in Path("run.py").read_text()
    assert "ndarray" in Path("run.py").read_text()


@pytest.mark.usefixtures("project")
def test_another_file_of_that_name_stays():
    Path("restore_only.py").write_text("x = 1\n")
    fix("run.py")
    assert "from torch.serialization import safe_globals" in Path("run.py").read_text()
    assert Path("restore_only.py").read_text() == "x = 1\n"


@pytest.mark.usefixtures("project")
def test_torchs_own_list_is_written_unless_the_guard_is_asked_for():
    Path("pyproject.toml").write_text("[tool.torchload-lint]\n")
    fix("run.py")
    assert "from torch.serialization import safe_globals" in Path("run.py").read_text()
    assert not Path("restore_only.py").exists()
