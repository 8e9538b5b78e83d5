"""Values of the standard library that files hold: vetted, and real torch loads them so."""

from __future__ import annotations

import array
import collections
import http
import io
import ipaddress
import signal
import statistics
import string
import subprocess
import sys
import time
import typing

import pytest

pytest.importorskip("torch")

import torch

from checkpoint.cases import forge
from torchload_lint.checkpoint import inspect_bytes
from torchload_lint.names import GlobalName
from torchload_lint.policy import Trust, judge

pytestmark = pytest.mark.torch

VALUES = {
    "bytes that are a file": io.BytesIO(b"abc"),
    "text that is a file": io.StringIO("abc"),
    "an array": array.array("d", [1.0, 2.0]),
    "a dict of the library": collections.UserDict(a=1),
    "a list of the library": collections.UserList([1]),
    "a status": http.HTTPStatus.OK,
    "a signal": signal.Signals.SIGINT,
    "an interface": ipaddress.ip_interface("10.0.0.1/8"),
    "a distribution": statistics.NormalDist(1, 2),
    "a template": string.Template("$a"),
    "a moment": time.gmtime(0),
    "any type": typing.Any,
    "a form of typing": typing.Optional,
    "a generic form": typing.List,  # noqa: UP006 - it is what the file holds
    "an error": KeyError("a"),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_it_is_vetted_and_loads(value):
    buffer = io.BytesIO()
    torch.save({"x": value}, buffer)
    report = inspect_bytes(buffer.getvalue(), "x.pt")
    assert report.safe_globals
    for needed in report.safe_globals:
        assert judge(needed.name, None, called=needed.called).trust is Trust.VETTED
    entries = [_entry(needed) for needed in report.safe_globals]
    buffer.seek(0)
    with torch.serialization.safe_globals(entries):
        loaded = torch.load(buffer, weights_only=True)["x"]
    assert type(loaded) is type(value)
    if not isinstance(value, io.IOBase | Exception | string.Template):
        assert loaded == value


def _entry(needed):
    module = __import__(needed.spelling.module, fromlist=["x"])
    found = getattr(module, needed.spelling.name)
    found = eval(needed.spelling.template.replace("{}", "found"))  # written by this package
    return (found, str(needed.name)) if needed.pair else found


HOSTILE = """
import torch
from torch.serialization import safe_globals

with safe_globals([({error}, "exceptions.{error}")]):
    print(torch.load("hostile.pt", weights_only=True))
"""


@pytest.mark.parametrize("error", ["UnicodeDecodeError", "UnicodeEncodeError"])
def test_an_error_that_believes_its_positions_is_refused(error, tmp_path):
    assert judge(GlobalName("builtins", error), None).trust is Trust.UNPROVEN
    assert judge(GlobalName("exceptions", error), None).trust is Trust.UNPROVEN
    text = forge.raw(b"abc") if "Decode" in error else forge.text("abc")
    arguments = (forge.text("u"), text, b"K\x00", b"K\x01", forge.text("x"))
    far = [b"\x8a\x09" + one.to_bytes(9, "little", signed=True) for one in (-(2**40), 1 - 2**40)]
    made = forge.call(forge.name("exceptions", error), *arguments)
    made += forge.mapping(dict(zip(("start", "end"), far, strict=True))) + b"b"
    (tmp_path / "hostile.pt").write_bytes(forge.archive(forge.program(made)))
    command = [sys.executable, "-W", "ignore", "-c", HOSTILE.format(error=error)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if sys.version_info[:2] == (3, 11):
        assert done.returncode != 0  # where this was seen


def test_generators_that_believe_a_position_are_refused():
    numpy = pytest.importorskip("numpy")
    for made in (numpy.random.default_rng(1), numpy.random.RandomState(1)):
        stream = io.BytesIO()
        torch.save({"made": made}, stream)
        judged = {
            str(one.name): judge(one.name, None, called=one.called)
            for one in inspect_bytes(stream.getvalue(), "made.pt").safe_globals
        }
        refused = [name for name, found in judged.items() if not found.allowed]
        assert "numpy.random._pickle.__bit_generator_ctor" in refused
        assert all(name.startswith("numpy.random.") for name in refused)


@pytest.mark.parametrize(
    "name", ["float32", "bytes_", "matrix", "record", "ma.MaskedArray", "ma.core.MaskedArray"]
)
def test_a_class_of_numpy_that_reads_an_address_is_refused(name, tmp_path):
    pytest.importorskip("numpy")
    module, _, last = f"numpy.{name}".rpartition(".")
    assert judge(GlobalName(module, last), None).trust is Trust.UNPROVEN
    assert judge(GlobalName("numpy", "str_"), None).trust is Trust.VETTED
    place = forge.pair(b"\x8a\x06" + (2**40).to_bytes(6, "little"), b"\x89")
    like = {"shape": forge.pair(b"K\x64"), "typestr": forge.text("<f8"), "data": place}
    attributes = forge.mapping(
        {"__array_interface__": forge.mapping({**like, "version": b"K\x03"})}
    )
    given = forge.call(forge.name("collections", "OrderedDict")) + attributes + b"b"
    made = forge.call(forge.name(module, last), forge.pair(given) if name == "bytes_" else given)
    (tmp_path / "hostile.pt").write_bytes(forge.archive(forge.program(made)))
    hostile = HOSTILE.replace("import torch\n", "import numpy.ma, torch\n")
    hostile = hostile.replace('"exceptions.{error}"', f'"numpy.{name}"')
    command = [sys.executable, "-W", "ignore", "-c", hostile.format(error=f"numpy.{name}")]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode < 0


@pytest.mark.parametrize("kind", ["matrix", "masked", "records"])
def test_arrays_that_take_such_a_class_are_refused_with_a_way_out(kind):
    numpy = pytest.importorskip("numpy")
    made = {
        "matrix": numpy.array([[1.0]]).view(numpy.matrix),
        "masked": numpy.ma.array([1, 2], mask=[False, True]),
        "records": numpy.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
    }[kind]
    stream = io.BytesIO()
    torch.save({"made": made}, stream)
    needed = inspect_bytes(stream.getvalue(), "made.pt").safe_globals
    refused = [one for one in (judge(need.name, None) for need in needed) if not one.allowed]
    assert [one.trust for one in refused] == [Trust.UNPROVEN]
    assert "migrate" in refused[0].advice
