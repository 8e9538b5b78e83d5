"""Classes that a call makes, or that a base is only asked for, and storages that import a module:
torch shows what a file does with them, and the class does not stand in a list as itself.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torch

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import NET, SETS, loaded, project, stands_as_itself

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

TEXT = "__import__('os').mkdir('ran')"
EVAL = "def ev(x): return eval(x)\n"
TUPLE = "from collections import namedtuple\n"
ITEMS = "lambda self: eval(tuple.__getitem__(self, 0))"
SOURCES = {
    "a default of a base": (
        f"{TUPLE}{EVAL}class Net(namedtuple('B', 'x y', defaults=[ev])):\n"
        "    def __iter__(self): return self.y(self.x)\n"
    ),
    "defaults in a mapping": (
        f"{TUPLE}{EVAL}MORE = dict(defaults=[ev])\nclass Net(namedtuple('B', 'x y', **MORE)):\n"
        "    def __iter__(self): return self.y(self.x)\n"
    ),
    "a base that is asked": (
        "class Base:\n    def __class_getitem__(cls, item): return item\n"
        "class Other:\n    def __init__(self, x): eval(x)\nclass Net(Base[Other]): pass\n"
    ),
    "changed where it stands": f"{TUPLE}Net = namedtuple('Net', 'x')\nNet.__iter__ = {ITEMS}\n",
    "changed in a function": (
        f"{TUPLE}Net = namedtuple('Net', 'x')\ndef go(): Net.__iter__ = {ITEMS}\ngo()\n"
    ),
    "changed by another name": (
        f"{TUPLE}Net = namedtuple('Net', 'x')\nX = Net\ndef go(): X.__iter__ = {ITEMS}\ngo()\n"
    ),
}


def written(folder, source):
    project(folder, "", "pass", forge.call(NET, forge.text("1")))
    (folder / "victim.py").write_text(source)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_class_that_is_more_than_its_text(source, tmp_path):
    written(tmp_path, source)
    assert not stands_as_itself(tmp_path)
    made = forge.call(NET, forge.text(TEXT))
    loaded(tmp_path, forge.call(forge.name("builtins", "set"), made))
    assert (tmp_path / "ran").is_dir()


PLAIN = {
    "a tuple": f"{TUPLE}Net = namedtuple('Net', 'x y', defaults=[None])\n",
    "a base": f"{TUPLE}class Net(namedtuple('B', ['x', 'y'], defaults=(1,))): pass\n",
    "typed": "from typing import NamedTuple\nNet = NamedTuple('Net', [('x', str)])\n",
    "generic": (
        "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass Base(Generic[T]): pass\n"
        "class Net(Base[int]):\n    def __init__(self, x): self.x = x\n"
    ),
}


@pytest.mark.parametrize("source", PLAIN.values(), ids=PLAIN)
def test_plain_ones_stand(source, tmp_path):
    written(tmp_path, source)
    assert stands_as_itself(tmp_path)


@pytest.mark.parametrize("values", ["'A B'", "'A B', module='victim'"])
def test_members_of_a_made_enumeration_are_held_to_their_values(values, tmp_path):
    project(tmp_path, "", "pass", forge.call(NET, b"K\x01"))
    (tmp_path / "victim.py").write_text(f"import enum\nNet = enum.Enum('Net', {values})\n")
    (found,) = torchload_lint.inspect(tmp_path / "net.pt").judgements
    assert found.trust.value == "only-with"
    change = forge.call(NET, b"K\x01") + forge.mapping({"_value_": b"K\x07"}) + b"b"
    done = loaded(tmp_path, change, shown="victim.Net.A.value")
    assert done.stdout == "7\n"
    done = loaded(tmp_path, change, "only_with(victim.Net, (1,))", shown="victim.Net.A.value")
    assert "Can only build" in done.stderr


TYPES = {
    "called": "s['x'].type(s['y'])",
    "by keyword": "s['x'].type(dtype=s['y'])",
    "of its own": "self.type = s['x'].type; self.type(s['y'])",
    "getattr": "getattr(s['x'], 'type')(s['y'])",
    "handed on": "list(map(s['x'].type, [s['y']]))",
}


@pytest.mark.parametrize("body", TYPES.values(), ids=TYPES)
def test_a_storage_imports_what_a_text_names(body, tmp_path):
    project(tmp_path, "", SETS + body, module_of_mine="import os\nos.mkdir('ran')\n")
    assert not stands_as_itself(tmp_path)
    state = {"x": forge.storage(count=2), "y": forge.text("module_of_mine.Type")}
    loaded(tmp_path, forge.new(NET) + forge.mapping(state) + b"b")
    assert (tmp_path / "ran").is_dir()


@pytest.mark.parametrize(
    "body",
    [
        "self.x = s['x'].type('torch.FloatTensor')",
        "self.x = s['x'].type(torch.float32)",
        "self.x = s['x'].type == 'a'",
        "self.type = s['x']",
    ],
)
def test_types_of_tensors_that_stand_there(body, tmp_path):
    project(tmp_path, "import torch", SETS + body)
    assert stands_as_itself(tmp_path)


ENDING = """
import torch
from torch.nn.modules._functions import BackwardHookFunction

BackwardHookFunction()._register_hook_dict(torch.ones(2))
"""


@pytest.mark.parametrize("name", ["_register_hook_dict", "_resize_", "prune"])
def test_methods_of_torch_that_end_the_interpreter(name, tmp_path):
    project(tmp_path, "", f"{SETS}s['x'].{name}(s['y'])")
    assert not stands_as_itself(tmp_path)
    if name == "_register_hook_dict":
        command = [sys.executable, "-W", "ignore", "-c", ENDING]
        assert subprocess.run(command, capture_output=True, check=False).returncode < 0


def test_a_storage_is_made_shorter_than_its_tensor(tmp_path):
    """Whoever reads the tensor then reads beyond its memory; torch's old files allow it."""
    state = {"x": torch.ones(8).storage()}
    torch.save(state, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    storage = torch.load(tmp_path / "old.pt", weights_only=True)["x"]
    tensor = torch.tensor([]).set_(storage)
    storage._resize_(1)
    assert tensor.numel() * tensor.element_size() > storage.nbytes()
