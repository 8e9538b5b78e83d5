"""Attacks on all that gets allowed: nothing runs, and nothing ends the interpreter.

The allowlist is the one that the tool writes for a good file; a hostile file then uses the same
names in every way that a weights-only load offers. Real torch loads it, in another process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from torchload_lint.checkpoint import inspect_bytes
from torchload_lint.checkpoint.report import Verdict
from torchload_lint.helper_module import helper_text
from torchload_lint.names import GlobalName
from torchload_lint.policy import judge
from torchload_lint.reports.checkpoints.allowlist_text import entry_text
from torchload_lint.vetted import _table

pytestmark = pytest.mark.torch

SPECIAL = {
    "__init__": "self, path",
    "__call__": "self, *a, **k",
    "__iter__": "self",
    "__next__": "self",
    "__getitem__": "self, key",
    "__len__": "self",
    "__length_hint__": "self",
    "__bool__": "self",
    "__hash__": "self",
    "__eq__": "self, other",
    "__del__": "self",
    "__setstate__": "self, state",
    "__setattr__": "self, name, value",
    "__getattr__": "self, name",
    "__index__": "self",
    "__int__": "self",
    "__float__": "self",
    "__complex__": "self",
    "__bytes__": "self",
    "__contains__": "self, one",
    "__repr__": "self",
    "__deepcopy__": "self, memo",
    "__array__": "self, *a",
    "__instancecheck__": "self, one",
    "__torch_function__": "self, *a",
    "__get__": "self, *a",
    "__set__": "self, *a",
    "keys": "self",
    "items": "self",
    "forward": "self, *a",
    "as_subclass": "self, kind",
    "requires_grad_": "self, value",
}
"""Methods that a load may reach, each in a class of its own."""
OTHERS = """
class Made(metaclass=Meta):
    pass


class ByTable:
    TABLE = {"mkdir": os.mkdir}

    def __call__(self):
        self.TABLE[self.key](self.path)


class ByName:
    def __call__(self):
        getattr(os, self.key)(self.path)


class ByAttribute:
    def __call__(self):
        self.function(self.path)


class ByText:
    def __init__(self, path):
        self.layer = eval(path)


class BySetter:
    @property
    def path(self):
        return ""

    @path.setter
    def path(self, path):
        os.mkdir(path)


class ByDescriptor:
    path = Stored()


@changed
class Decorated:
    def __init__(self, path):
        self.path = path


class ByFactory(collections.defaultdict):
    def __init__(self, path):
        super().__init__(lambda: os.mkdir(path))


class Inherits(Base):
    pass


class Deep(Inherits):
    def __call__(self):
        self.first()


@dataclasses.dataclass
class Record:
    path: str

    def __post_init__(self):
        os.mkdir(self.path)


class Kind(enum.Enum):
    RED = 1

    @classmethod
    def _missing_(cls, path):
        os.mkdir(path)


class Module(torch.nn.Module):
    def forward(self, *a):
        os.mkdir(self.path)


class Hooked(torch.nn.Module):
    def forward(self, *a):
        self.register_forward_hook(lambda *b: os.mkdir(self.path))
        return None


class Listing(list):
    def append(self, path):
        os.mkdir(path)

    extend = append


class Mapped(dict):
    def __setitem__(self, key, path):
        os.mkdir(path)


class Partial:
    run = functools.partial(os.mkdir)

    def __call__(self):
        self.run(self.path)


class Good:
    def __init__(self, path=None):
        self.path = path
"""
HEAD = """
import collections, dataclasses, enum, functools, os
import torch


class Meta(type):
    def __call__(cls, path=None):
        os.mkdir(path)


class Stored:
    def __set__(self, owner, path):
        os.mkdir(path)


class Base:
    def first(self):
        return self.second()

    def second(self):
        os.mkdir(self.path)


def changed(cls):
    cls.__setstate__ = lambda self, state: os.mkdir(state["path"])
    return cls

"""


def library() -> str:
    """The project's classes: one for each special method, and others."""
    written = [HEAD]
    for number, (method, given) in enumerate(SPECIAL.items()):
        body = "os.mkdir(path)" if method == "__init__" else "os.mkdir(self.__dict__['path'])"
        if method in {"__setstate__", "__set__"}:
            body = "os.mkdir(state['path'])" if method == "__setstate__" else "os.mkdir(a[1])"
        written.append(f"class Special{number}:\n    def {method}({given}):\n        {body}\n\n\n")
    return "".join(written) + OTHERS


CLASSES = [f"Special{number}" for number in range(len(SPECIAL))] + [
    line.split()[1].partition("(")[0].rstrip(":")
    for line in OTHERS.splitlines()
    if line.startswith("class ")
]


def uses(cls: bytes, marker: str) -> dict[str, bytes]:
    """Pickles that use a class in every way that torch offers."""
    path = forge.text(marker)
    state = forge.mapping({"path": path, "key": forge.text("mkdir"), "function": cls})
    made = forge.new(cls) + state + b"b"
    call = forge.name("torch._tensor", "_rebuild_from_type_v2")
    tensor = forge.name("torch", "Tensor")
    rebuilt = forge.name("torch._utils", "_rebuild_parameter_with_state")
    return {
        "called": forge.call(cls, path),
        "called with nothing": forge.call(cls),
        "built with arguments": forge.new(cls, path),
        "filled": made,
        "filled by slots": forge.new(cls) + forge.pair(b"N", state) + b"b",
        "filled by items": forge.new(cls) + b"(" + path + path + b"u",
        "appended to": forge.new(cls) + path + b"a",
        "instance called": forge.call(call, made, tensor, forge.pair(), b"N"),
        "instance called with it": forge.call(call, made, tensor, forge.pair(path), b"N"),
        "class called by torch": forge.call(call, cls, tensor, forge.pair(path), b"N"),
        "given attributes": forge.call(
            call, cls, cls, forge.pair(), forge.mapping({"path": path})
        ),
        "state of a parameter": forge.call(
            rebuilt, forge.tensor(), b"\x88", forge.call(forge.name("collections", "OrderedDict")),
            forge.mapping({"path": made}),
        ),
        "gone through": forge.call(forge.name("builtins", "set"), made),
        "made a mapping": forge.call(forge.name("collections", "OrderedDict"), made),
        "counted": forge.call(forge.name("collections", "Counter"), made),
        "a key": b"}" + made + b"Ns",
        "two keys": b"}" + made + b"N" + b"s" + made + b"Ns",
        "a state": forge.call(forge.name("collections", "OrderedDict")) + made + b"b",
        "arguments": cls + made + b"R",
        "a size": forge.call(forge.name("torch", "Size"), made),
        "a number": forge.call(forge.name("builtins", "complex"), made),
        "bytes": forge.call(forge.name("builtins", "bytearray"), made),
        "an index": forge.call(
            forge.name("torch._utils", "_rebuild_tensor_v2"), forge.storage(), made,
            forge.pair(made), forge.pair(made), made, made,
        ),
        "shown and gone": forge.array(made, made),
    }  # fmt: skip


def run(folder: Path, variants: list[dict[str, object]]) -> list[str]:
    """What the other process says of them; fails where it ended before its end."""
    (folder / "restore_only.py").write_text(helper_text())
    (folder / "variants.json").write_text(json.dumps(variants))
    child = Path(__file__).with_name("attack_child.py")
    done = subprocess.run(
        [sys.executable, str(child), "variants.json"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout.splitlines()
    assert said, done.stderr
    assert said[-1] == "done", f"{said[-1]}: it ended the interpreter\n{done.stderr[-2000:]}"
    return said


def written(report, judgements) -> list[str]:
    """The entries that the tool writes."""
    pairs = zip(report.safe_globals, judgements, strict=True)
    return [entry_text(*one) for one in pairs if one[1].allowed]


def test_classes_of_the_project(tmp_path):
    (tmp_path / "victims.py").write_text(library())
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    good = [forge.new(forge.name("victims", name)) + b"}b" for name in CLASSES]
    (tmp_path / "good.pt").write_bytes(forge.archive(forge.program(forge.array(*good))))
    found = torchload_lint.inspect(tmp_path / "good.pt")
    entries = written(found.report, found.judgements)
    trust = {
        str(needed.name): judgement.trust.value
        for needed, judgement in zip(found.report.safe_globals, found.judgements, strict=True)
    }
    # A function of the file sets methods of whatever class it is given, so that none is proven.
    assert "first-party" not in trust.values()
    assert trust["victims.Good"] == "restore-only"
    assert sum(one == "restore-only" for one in trust.values()) > 10
    variants = []
    for name in CLASSES:
        marker = f"ran-{name}"
        for how, program in uses(forge.name("victims", name), marker).items():
            file = f"{name} {how}.pt"
            (tmp_path / file).write_bytes(forge.archive(forge.program(program)))
            variant = {"name": f"{name}, {how}", "entries": entries, "file": file, "marker": marker}
            variants.append(variant)
    assert len(variants) > 1000
    said = run(tmp_path, variants)
    assert [line for line in said if line.startswith("RAN")] == []
    assert any(line.startswith("loaded Good") for line in said)


def test_without_that_function_what_is_harmless_is_proven(tmp_path):
    setting = 'cls.__setstate__ = lambda self, state: os.mkdir(state["path"])'
    assert setting in library()
    (tmp_path / "victims.py").write_text(library().replace(setting, "print(cls)"))
    good = [forge.new(forge.name("victims", name)) + b"}b" for name in CLASSES]
    (tmp_path / "good.pt").write_bytes(forge.archive(forge.program(forge.array(*good))))
    found = torchload_lint.inspect(tmp_path / "good.pt")
    pairs = zip(found.report.safe_globals, found.judgements, strict=True)
    proven = {str(one.name) for one, judged in pairs if judged.trust.value == "first-party"}
    # What ByAttribute calls, the file must have built.
    assert proven == {"victims.Good", "victims.ByAttribute"}


PAYLOADS = (
    "__import__('os').mkdir('ran')",
    "import os\nos.mkdir('ran')",
    "os.mkdir",
)
"""Texts that would make the marker, were they evaluated, executed or imported."""


def test_vetted_names(tmp_path):
    """Vetted names, called and filled with texts that something might evaluate."""
    entries = sorted({name for name in _table() if judge(GlobalName.parse(name), None).allowed})
    assert len(entries) > 1000
    entries = entries[::4]
    texts = [forge.text(one) for one in PAYLOADS]
    variants = []
    for name in entries:
        cls = forge.name(*name.rpartition(".")[::2])
        made = forge.mapping({"forward": cls, "path": texts[0], "_target": texts[0]})
        programs = {
            "called": forge.call(cls, texts[0]),
            "called with three": forge.call(cls, *texts),
            "called with itself": forge.call(cls, cls, texts[1]),
            "filled": forge.new(cls) + made + b"b",
            "built with arguments": forge.new(cls, texts[0]),
        }
        for how, program in programs.items():
            file = f"{name} {how}.pt"
            (tmp_path / file).write_bytes(forge.archive(forge.program(program)))
            own = [f"({name}, '{name}')"]
            variants.append(
                {"name": f"{name}, {how}", "entries": own, "file": file, "marker": "ran"}
            )
    assert len(variants) > 1500
    said = run(tmp_path, variants)
    assert [line for line in said if line.startswith("RAN")] == []
    assert sum(line.startswith("loaded") for line in said) > 300


def test_a_generator_of_torch_is_not_vetted():
    """torch 2.13 ends with a segmentation fault where a file fills one that nobody has made."""
    assert not judge(GlobalName("torch._C", "Generator"), None).allowed
    assert not judge(GlobalName("torch", "Generator"), None).allowed


CODES = (
    *("f8", "O", "O8", "V8", "V16", "S4", "U2", "M8", "i4", "b1"),
    *("f4", "f2", "u1", "i8", "c8", "S1", "U4"),
)
STATES = {
    "as numpy writes it": "Nnn--0",
    "objects": "Nnn--63",
    "some flags": "Nnn--1",
    "a size": "Nnn8-0",
    "a large size": "Nnn9-0",
    "all flags": "Nnn--255",
    "an alignment": "Nnn-80",
    "negative": "Nnn98255",
}


def _number(letter: str) -> bytes:
    return {"-": forge.number(-1), "9": forge.number(2**30), "8": forge.number(8)}[letter]


def test_numpy_values(tmp_path):
    """States of dtypes that contradict themselves: what is not called dangerous does no harm."""
    variants = []
    refused = 0
    for code in CODES:
        dtype = forge.call(forge.name("numpy", "dtype"), forge.text(code), b"\x89", b"\x88")
        for how, written_as in STATES.items():
            size, alignment, flags = written_as[3], written_as[4], int(written_as[5:])
            state = forge.pair(
                forge.number(3), forge.text("<"), b"N", b"N", b"N", _number(size),
                _number(alignment), forge.number(flags),
            )  # fmt: skip
            filled = dtype + state + b"b"
            array = forge.call(
                forge.name("numpy.core.multiarray", "_reconstruct"), forge.name("numpy", "ndarray"),
                forge.pair(forge.number(0)), forge.raw(b"b"),
            )  # fmt: skip
            data = forge.raw(bytes(range(65, 97)))
            array += forge.pair(
                forge.number(1), forge.pair(forge.number(4)), filled, b"\x89", data
            ) + b"b"  # fmt: skip
            scalar = forge.call(forge.name("numpy.core.multiarray", "scalar"), filled, data)
            for kind, program in (("array", array), ("scalar", scalar), ("dtype", filled)):
                content = forge.archive(forge.program(program))
                report = inspect_bytes(content, "m.pt")
                if report.verdict is Verdict.DANGEROUS:
                    refused += 1
                    continue
                file = f"{code} {how} {kind}.pt"
                (tmp_path / file).write_bytes(content)
                own = [
                    entry_text(needed, judge(needed.name, None)) for needed in report.safe_globals
                ]
                variants.append(
                    {"name": file, "entries": own, "file": file, "marker": "ran", "looks": True}
                )
    assert refused > 100
    assert len(variants) > 15
    said = run(tmp_path, variants)
    assert any(line.startswith("loaded") for line in said)


def test_the_suite_can_fail(tmp_path):
    """Under a list that names the class itself, the same file does run."""
    (tmp_path / "victims.py").write_text(dedent(library()))
    program = forge.call(forge.name("victims", "Special0"), forge.text("ran"))
    (tmp_path / "bad.pt").write_bytes(forge.archive(forge.program(program)))
    variant = {"name": "x", "entries": ["victims.Special0"], "file": "bad.pt", "marker": "ran"}
    assert "RAN x" in run(tmp_path, [variant])
