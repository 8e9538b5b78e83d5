"""Entries that hold a function to the arguments of a file: written, loaded, and attacked."""

from __future__ import annotations

import io
import subprocess
import sys
from functools import partial
from operator import getitem
from pickle import UnpicklingError
from textwrap import dedent
from typing import Optional

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

import torch
from torch import nn

from checkpoint.cases import forge
from torchload_lint.checkpoint import inspect_bytes
from torchload_lint.cli.group import root

pytestmark = pytest.mark.torch

LIB = """
    import enum
    import functools

    from torch import nn


    class Color(enum.Flag):
        RED = 1
        BLUE = 2


    class Outer:
        class Inner:
            def __init__(self):
                self.x = 1

        def method(self):
            return self.x


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.act = functools.partial(nn.GELU, approximate="tanh")

        def forward(self, x):
            return self.act()(x)
"""
LOAD = """
    import torch

    value = torch.load("d.pt", weights_only=False)["x"]
    print(value)
"""
VALUES = {
    "partial in a module": "Net()",
    "nested class": "Outer.Inner()",
    "members": "[Color.RED, Color.RED | Color.BLUE]",
    "optional": "typing.Optional[int]",
    "form in a form": "typing.Dict[str, typing.List[typing.Tuple[int, ...]]]",
    "literal": "typing.Literal['a', 1]",
    "generic": "dict[str, int]",
    "type of None": "type(None)",
    "pattern": "{'x': re.compile('a+', re.IGNORECASE)}",
    "logger": "logging.getLogger('app')",
}


def python(folder, *arguments):
    command = [sys.executable, "-W", "ignore", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def fix(*options):
    return CliRunner().invoke(root, ["check", *options, "."])


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / "lib.py").write_text(dedent(LIB))
    (tmp_path / "run.py").write_text(dedent(LOAD))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_the_program_loads_with_the_entry_that_is_written(project, value):
    imports = "import functools, logging, operator, re, typing, torch; from lib import *; "
    made = python(project, "-c", f"{imports}torch.save(dict(x={value}), 'd.pt')")
    assert made.returncode == 0, made.stderr
    before = python(project, "run.py").stdout
    result = fix("--fix", "--unsafe-fixes")
    assert result.exit_code == 0, result.output
    assert "weights_only=True" in (project / "run.py").read_text()
    after = python(project, "run.py")
    assert after.stdout.partition(" at 0x")[0] == before.partition(" at 0x")[0], after.stderr
    once = (project / "run.py").read_text()
    assert fix("--fix", "--unsafe-fixes").exit_code == 0
    assert (project / "run.py").read_text() == once


def test_other_arguments_than_those_of_the_entry_are_missing(project):
    (project / "d.pt").write_bytes(archive(call("_operator", "getitem", OPTIONAL, INT)))
    assert fix("--fix", "--unsafe-fixes").exit_code == 0
    (project / "d.pt").write_bytes(archive(call("_operator", "getitem", OPTIONAL, STR)))
    result = fix("--fix", "--unsafe-fixes", "--output-format", "full")
    assert result.exit_code == 1
    assert "add these to it" in result.output


def archive(program):
    return forge.archive(forge.program(b"}" + forge.text("x") + program + b"s"))


def call(module, name, *arguments):
    return forge.call(forge.name(module, name), *arguments)


OPTIONAL, INT, STR = (
    forge.name(*one) for one in (("typing", "Optional"), ("builtins", "int"), ("builtins", "str"))
)
REFUSED = {
    "a partial with a state of another function": call(
        "functools", "partial", forge.name("torch.nn.modules.activation", "GELU")
    )
    + forge.pair(forge.name("builtins", "int"), b")", b"}", b"N")
    + b"b",
    "a partial of a partial": call(
        "functools", "partial", call("functools", "partial", forge.name("builtins", "int"))
    ),
    "a special attribute": call(
        "builtins", "getattr", forge.name("builtins", "int"), forge.text("__class__")
    ),
    "a method": call("builtins", "getattr", forge.name("builtins", "dict"), forge.text("get")),
    "an attribute of an object": call(
        "builtins", "getattr", call("argparse", "Namespace"), forge.text("x")
    ),
    "a class that is made": call(
        "builtins", "type", forge.text("A"), forge.pair(forge.name("builtins", "object")), b"}"
    ),
    "an item of a dictionary": call("_operator", "getitem", b"}", forge.text("a")),
    "a text that typing would compile": call("_operator", "getitem", OPTIONAL, forge.text("a" * 9)),
    "a type that makes functions": call("dill._dill", "_load_type", forge.text("FunctionType")),
    "a method to be called": call("operator", "methodcaller", forge.text("a")),
    "what gives back any object": call("operator", "itemgetter", forge.text("x")),
    "slice, which nests without end": call("dill._dill", "_load_type", forge.text("slice")),
    "a long text": call("re", "_compile", forge.text("a" * 300), forge.number(0)),
}


@pytest.mark.parametrize("program", REFUSED.values(), ids=REFUSED)
def test_what_is_not_reviewed_gets_no_entry(project, program):
    (project / "d.pt").write_bytes(archive(program))
    before = (project / "run.py").read_text()
    assert fix("--fix", "--unsafe-fixes").exit_code == 1
    assert (project / "run.py").read_text() == before


def test_a_type_of_dill_is_the_type():
    program = call("dill._dill", "_load_type", forge.text("set"))
    report = inspect_bytes(archive(program + forge.pair(b"]") + b"R"), "d.pt")
    needed = {str(one.name): one.held for one in report.safe_globals}
    assert [held.text() for held in needed["dill._dill._load_type"]] == ["('set',)"]


# --- attacks on the entries themselves


GELU = forge.name("torch.nn.modules.activation", "GELU")
RELU = forge.name("torch.nn.modules.activation", "ReLU")
PARTIAL = forge.call(forge.name("functools", "partial"), GELU)


def state(function=GELU, given=b")", named=b"}", attributes=b"N"):
    return PARTIAL + forge.pair(function, given, named, attributes) + b"b"


HOSTILE = {
    "another function": forge.call(forge.name("functools", "partial"), RELU),
    "another function by its state": state(RELU),
    "itself": PARTIAL + b"q\x01" + forge.pair(b"h\x01", b")", b"}", b"N") + b"b",
    "a list for its arguments": state(given=b"]"),
    "keywords that are no texts": state(named=b"}" + forge.number(1) + forge.number(2) + b"s"),
    "keywords that are a list": state(named=b"]"),
    "attributes that are a number": state(attributes=forge.number(1)),
    "attributes that are a dict": state(attributes=b"}"),
    "a short state": PARTIAL + forge.pair(GELU) + b"b",
    "a state that is no tuple": PARTIAL + b"}b",
    "no argument": forge.call(forge.name("functools", "partial")),
    "more arguments": forge.call(forge.name("functools", "partial"), GELU, b"N"),
    "another attribute": call("builtins", "getattr", GELU, forge.text("forward")),
    "of another object": call("builtins", "getattr", RELU, forge.text("training")),
    "a default": call("builtins", "getattr", GELU, forge.text("nothing"), RELU),
    "an item of a list": call("_operator", "getitem", forge.array(RELU), forge.number(0)),
    "a type of another": call("builtins", "type", GELU),
    "equal and not the same": call("builtins", "getattr", GELU, b"]"),
    "called by torch": forge.call(
        forge.name("torch._tensor", "_rebuild_from_type_v2"),
        forge.name("builtins", "getattr"), GELU, forge.pair(GELU, forge.text("forward")), b"N",
    ),
}  # fmt: skip


@pytest.mark.parametrize("program", HOSTILE.values(), ids=HOSTILE)
def test_other_calls_are_refused(helper, program):
    entries = [
        nn.GELU,
        nn.ReLU,
        helper.only_with(partial, (nn.GELU,)),
        helper.only_with(getattr, (nn.GELU, "training")),
        helper.only_with(type, (None,)),
        helper.only_with(getitem, (Optional, int)),
    ]
    with torch.serialization.safe_globals(entries), pytest.raises(UnpicklingError):
        torch.load(io.BytesIO(archive(program)), weights_only=True)


def result_changed(function, argument):
    """torch calls the function as a method of the file's object, and sets what it gives."""
    ordered = forge.name("collections", "OrderedDict")
    again = forge.name("torch._tensor", "_rebuild_from_type_v2")
    holder = forge.pair(ordered, ordered, b")", forge.mapping({"as_subclass": function}))
    return forge.call(again, again, argument, holder, forge.mapping({"changed": b"\x88"}))


SHARED = {
    "a member": (
        "Color.RED", "hasattr(Color.RED, 'changed')",
        result_changed(forge.name("lib", "Color"), forge.number(1)),
    ),
    "a logger": (
        "logging.getLogger('app')", "hasattr(logging.getLogger('app'), 'changed')",
        result_changed(forge.name("logging", "getLogger"), forge.text("app")),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("value", "is_changed", "program"), SHARED.values(), ids=SHARED)
def test_what_a_call_gives_is_not_changed_for_the_whole_program(
    project, value, is_changed, program
):
    imports = "import logging, torch; from lib import *; "
    assert python(project, "-c", f"{imports}torch.save(dict(x={value}), 'd.pt')").returncode == 0
    fix("--fix", "--unsafe-fixes")
    assert "only_with" in (project / "run.py").read_text()
    (project / "d.pt").write_bytes(archive(program))
    ask = f"{imports}import contextlib\nwith contextlib.suppress(Exception): import run\n"
    code = f"import sys; sys.path.insert(0, '.'); {ask}print({is_changed})"
    assert python(project, "-c", code).stdout.splitlines()[-1:] == ["False"]
    helper = (project / "restore_only.py").read_text()
    (project / "restore_only.py").write_text(helper.replace("_READER:", "_READER and False:"))
    assert python(project, "-c", code).stdout.splitlines()[-1:] == ["True"]


def test_keywords_that_change_afterwards_change_nothing(helper):
    """The file still holds the dictionary that it gave; it cannot add what is no text."""
    named = b"}q\x05"
    filled = PARTIAL + forge.pair(GELU, b")", named, b"N") + b"b"
    program = forge.pair(filled, b"h\x05" + forge.number(1) + forge.number(1) + b"s")
    with torch.serialization.safe_globals([nn.GELU, helper.only_with(partial, (nn.GELU,))]):
        loaded = torch.load(io.BytesIO(archive(program)), weights_only=True)["x"][0]
    assert loaded.keywords == {}
    assert isinstance(loaded(), nn.GELU)


def test_a_partial_can_be_saved_again(helper):
    buffer = io.BytesIO()
    torch.save(partial(nn.GELU, approximate="tanh"), buffer)
    with torch.serialization.safe_globals([nn.GELU, helper.only_with(partial, (nn.GELU,))]):
        loaded = torch.load(io.BytesIO(buffer.getvalue()), weights_only=True)
    again = io.BytesIO()
    torch.save(loaded, again)
    assert again.getvalue() == buffer.getvalue()
