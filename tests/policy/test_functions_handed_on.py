"""Functions that code makes values of: torch calls them for a file, and sets attributes of what
they give back.
"""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_called_modules import REBUILD, TENSOR
from policy.test_proofs_attacked import NET, loaded, project, stands_as_itself

pytestmark = pytest.mark.torch

CHANGED = forge.mapping({"changed_by_a_file": b"\x88"})
AS_SUBCLASS = forge.text("as_subclass")
NAMED = "def __init__(self, name='x', other=None): "
SAME = "\n    def same(self, x): return x"
HANDED = {
    "a method for any name": ("", f"def __getattr__(self, name): return self.same{SAME}", ()),
    "a lambda for any name": ("", "def __getattr__(self, name): return lambda x: x", ()),
    "a builtin for any name": ("", "def __getattr__(self, name): return max", ()),
    "a function of the file": (
        "def same(x): return x",
        f"{NAMED}setattr(self, name, same)",
        (AS_SUBCLASS,),
    ),
    "in its attributes": ("", f"{NAMED}self.__dict__[name] = self.same{SAME}", (AS_SUBCLASS,)),
    "of the class": (
        "",
        f"act = lambda self, x: x\n    {NAMED}setattr(self, name, self.act)",
        (AS_SUBCLASS,),
    ),
    "an object that can be called": (
        "class Same:\n    def __call__(self, x): return x",
        f"{NAMED}setattr(self, name, Same())",
        (AS_SUBCLASS,),
    ),
    "a module of torch": (
        "from torch.nn import Identity\nclass Same(Identity): pass",
        f"{NAMED}setattr(self, name, Same())",
        (AS_SUBCLASS,),
    ),
    "of what holds things": (
        "",
        f"{NAMED}setattr(self, name, other.get)",
        (AS_SUBCLASS, forge.mapping({"x": TENSOR})),
    ),
}


@pytest.mark.parametrize(("head", "body", "given"), HANDED.values(), ids=HANDED)
def test_a_file_has_torch_call_it(head, body, given, tmp_path):
    project(tmp_path, head, body)
    assert not stands_as_itself(tmp_path)
    is_builtin, is_looked_up = "max" in body, "other.get" in body
    asked = forge.array(TENSOR) if is_builtin else forge.text("x") if is_looked_up else TENSOR
    made = forge.call(REBUILD, NET, asked, forge.pair(*given), CHANGED)
    done = loaded(tmp_path, made, shown="hasattr(torch.Tensor, 'changed_by_a_file')")
    assert "AttributeError" not in done.stderr
    assert done.stdout == "True\n"


def test_a_logger_of_the_program(tmp_path):
    project(tmp_path, "import logging", f"{NAMED}setattr(self, name, logging.getLogger)")
    assert not stands_as_itself(tmp_path)
    made = forge.call(REBUILD, NET, forge.text("app"), forge.pair(AS_SUBCLASS), CHANGED)
    shown = "hasattr(__import__('logging').getLogger('app'), 'changed_by_a_file')"
    assert loaded(tmp_path, made, shown=shown).stdout == "True\n"


OTHER = "class Other:\n    def __init__(self, x=None): self.x = self.same(x)" + SAME
OTHER += "\n    def get(self, name): return getattr(self, name)"


@pytest.mark.parametrize("how", ["other.same", "getattr(other, 'same', 0)", "other.get('same')"])
def test_a_method_of_another_class_on_the_list(how, tmp_path):
    other = forge.name("victim", "Other")
    both = forge.array(forge.new(NET) + b"}b", forge.new(other) + b"}b")
    project(tmp_path, OTHER, f"{NAMED}setattr(self, name, {how})", both)
    found = torchload_lint.inspect(tmp_path / "net.pt")
    names = [str(need.name) for need in found.report.safe_globals]
    judged = dict(zip(names, found.judgements, strict=True))
    said = "may give its get" if "other.get" in how else "may hand on its same"
    assert f"another class of the file {said}" in judged["victim.Other"].reason
    assert judged["victim.Other"].restores
    given = forge.pair(AS_SUBCLASS, forge.new(other))
    made = forge.call(REBUILD, NET, TENSOR, given, CHANGED)
    shown = "hasattr(torch.Tensor, 'changed_by_a_file')"
    assert loaded(tmp_path, made, "victim.Net, victim.Other", shown).stdout == "True\n"


USED = {
    "a value by its name": "def get(self, name, default=None): return getattr(self, name, default)",
    "called": f"{NAMED}self.x = self.same(name){SAME}",
    "to sort": f"{NAMED}self.x = sorted(name, key=self.same), max(name, key=lambda x: x){SAME}",
    "for each": f"{NAMED}self.x = list(map(self.same, name)){SAME}",
    "a constant": f"dtype = torch.float32\n    {NAMED}self.x = self.dtype, torch.float16, math.pi",
    "a type": f"kind = dict\n    {NAMED}self.x = self.kind, OrderedDict()",
    "an item by its name": "def __getattr__(self, name): return self.__dict__['x']",
    "data": f"{NAMED}self.x = other.rate",
}


@pytest.mark.parametrize("body", USED.values(), ids=USED)
def test_a_function_that_is_used_there(body, tmp_path):
    project(tmp_path, "import math, torch\nfrom collections import OrderedDict", body)
    assert stands_as_itself(tmp_path)


def test_a_default_that_is_made_for_each_object(tmp_path):
    head = "from dataclasses import dataclass, field\n@dataclass"
    project(tmp_path, "", "x: dict = field(default_factory=lambda: {'a': 1})")
    text = (tmp_path / "victim.py").read_text()
    (tmp_path / "victim.py").write_text(text.replace("class Net", f"{head}\nclass Net"))
    assert stands_as_itself(tmp_path)
