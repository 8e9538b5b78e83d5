"""Attributes of what every file may hold that lead to a module, or to a table of the whole program:
real torch shows what a class does that follows them.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import NET

pytestmark = pytest.mark.torch

LOAD = """
import logging, pathlib, sys, torch, victim
with torch.serialization.safe_globals([victim.Net, pathlib.PosixPath]):
    torch.load(sys.argv[1], weights_only=True)
print(torch.serialization._get_layout.cache, logging.getLogger("a").handlers)
"""
PATH = forge.call(forge.name("pathlib", "PosixPath"), forge.text("x"))
LAYOUTS = forge.name("torch.serialization", "_get_layout")
MODULE = "_flavour.pathmod" if sys.version_info < (3, 12) else "_flavour"
if sys.version_info >= (3, 13):
    MODULE = "parser"


def judged(folder, body):
    """What is said of the classes where a file has both."""
    (folder / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    (folder / "victim.py").write_text(
        f"import logging\n\nclass Net:\n    def __init__(self, a, b, c):\n{lines}"
    )
    good = forge.call(NET, PATH, forge.text("b"), forge.text("c"))
    (folder / "net.pt").write_bytes(forge.archive(forge.program(good)))
    found = torchload_lint.inspect(folder / "net.pt").judgements
    return [one for one in found if not one.allowed or one.trust.value == "restore-only"]


def load(folder, *given):
    (folder / "hostile.pt").write_bytes(forge.archive(forge.program(forge.call(NET, *given))))
    command = [sys.executable, "-c", LOAD, "hostile.pt"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


LOGGER = 'logging.getLogger("a")'
LEADING = (
    f"a.{MODULE}.os.system(b)",
    "a._flavour.pathmod.os.system(b)", "a.parser.os.system(b)", "a._accessor.rename(b, c)",
    "a.func_globals['os'].system(b)", "getattr(a, 'parser').os.system(b)",
    "p = a.parser\np.os.system(b)",
)  # fmt: skip
SHARED = (
    "a.cache[b] = c", "getattr(a, 'cache')[b] = c", "t = a.cache\nt[b] = c",
    "match a:\n    case object(cache=t):\n        t[b] = c",
    f"getattr({LOGGER}, 'handlers').append(b)", f"{LOGGER}.handlers.append(b)",
    f"match {LOGGER}:\n    case object(handlers=t):\n        t.append(b)",
    "a._netmask_cache[b] = c", "a.func_dict[b] = c",
)  # fmt: skip
LOOKING = ("a.group()", "a._scandir()", "f = a.group\nf()", "getattr(a, 'group')()")
READ = (
    "self.group = a\nself.b = self.group", "if a.group == b: self.a = c",
    "self.cache = {}\nself.cache[b] = c", "self.a = a.cache['b']", "self.a = a.cache.get(b)",
    "self.parser = a\nself.b = self.parser", "self.a = getattr(self, 'cache', None)",
    "self.handlers = [a]\nself.handlers.append(b)", "if a.parser is None: self.a = b",
)  # fmt: skip


def test_a_path_leads_to_a_module(tmp_path):
    for body in LEADING:
        assert judged(tmp_path, body), body
    judged(tmp_path, LEADING[0])
    load(tmp_path, PATH, forge.text("touch made"), forge.text("c"))
    assert (tmp_path / "made").exists()


def test_a_function_of_torch_has_a_table_and_so_has_a_logger(tmp_path):
    for body in SHARED:
        assert judged(tmp_path, body), body
    judged(tmp_path, SHARED[0])
    assert "'torch.strided': 'c'" in load(
        tmp_path, LAYOUTS, forge.text("torch.strided"), forge.text("c")
    )
    judged(tmp_path, SHARED[4])
    assert load(tmp_path, PATH, forge.text("b"), forge.text("c")) == "{} ['b']\n"


def test_what_is_read_and_what_is_the_object_s_own_counts_not(tmp_path):
    for body in READ:
        assert not judged(tmp_path, body), body


def test_a_path_is_not_asked_for_its_group(tmp_path):
    """Which looks at the disk, as ``stat`` does: a path may name another machine."""
    for body in LOOKING:
        assert judged(tmp_path, body), body
    if hasattr(os, "getgid"):
        judged(tmp_path, "print(a.group())")
        here = forge.call(forge.name("pathlib", "PosixPath"), forge.text("."))
        assert load(tmp_path, here, b"N", b"N").startswith(tmp_path.group())


CLASSES = """
import torch, victim
from torch.nn.parameter import UninitializedParameter
data = torch.Tensor.data
with torch.serialization.safe_globals([victim.Net, UninitializedParameter]):
    torch.load("hostile.pt", weights_only=True)
"""


def test_no_method_of_torch_is_given_a_class_to_change(tmp_path):
    """``UninitializedParameter.materialize`` sets ``data`` of what it is given for ``self``."""
    for body in ("a.materialize(*b)", "getattr(a, 'materialize')(*b)", "a.setstate(b, c)",
                 "a._infer_parameters(b, c)", "a.del_tensor(b)"):  # fmt: skip
        assert judged(tmp_path, body), body
    judged(tmp_path, "self.a = a.materialize(*b)")
    lazy = forge.name("torch.nn.parameter", "UninitializedParameter")
    device = forge.call(forge.name("torch", "device"), forge.text("cpu"))
    given = (forge.name("torch", "Tensor"), forge.pair(forge.number(1)), device)
    load(tmp_path, lazy, forge.pair(*given, forge.name("torch", "float32")), b"N")
    script = (
        f"{CLASSES.replace('torch.load(', 'try: torch.load(')}"
        "    except AttributeError: print(torch.Tensor.data is data)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
