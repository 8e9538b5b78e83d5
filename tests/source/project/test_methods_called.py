"""Calls of methods: through a base class, ``super()``, an annotation; and why a call is none."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

LOAD = "    def load(self, path):\n        return torch.load(path)\n"
BASE = (
    "class Base:\n    def run(self, path):\n        return self.load(path)\n"
    "    def load(self, path):\n        raise NotImplementedError\n"
)
OTHER = "class Other(Base):\n    def load(self, path):\n        return path\n"
OURS = BASE + "class Ours(Base):\n" + LOAD
TWO = BASE + OTHER + "class Ours(Base):\n" + LOAD

CALLED = {
    "by the base, on an object of the subclass": (OURS + "Ours().run('a.pt')", ["a.pt"]),
    "by a base that does not define it": (
        "class Base:\n    def run(self):\n        return self.load('a.pt')\n"
        "class Ours(Base):\n" + LOAD + "class Other:\n" + LOAD.replace("torch.load(path)", "path"),
        ["a.pt"],
    ),
    "what one subclass is given is not what another is": (
        TWO + "Other().run('b.pt')\nOurs().run('a.pt')",
        ["a.pt"],
    ),
    "with what the subclass has": (
        BASE.replace("self.load(path)", "self.load(self.place)")
        + "class Ours(Base):\n    place = 'a.pt'\n"
        + LOAD,
        ["a.pt"],
    ),
    "on what is declared as the base": (
        TWO + "def use(one: Base):\n    one.load('a.pt')",
        ["a.pt"],
    ),
    "on what is declared by a text": (
        TWO + "def use(one: 'Base'):\n    one.load('a.pt')",
        ["a.pt"],
    ),
    "on what may be left out": (
        TWO + "def use(one: Base | None):\n    one.load('a.pt')",
        ["a.pt"],
    ),
    "on what a function says that it returns": (
        TWO + "def make() -> Base:\n    return registry['ours']()\nmake().load('a.pt')",
        ["a.pt"],
    ),
    "on an attribute that is given as the base": (
        TWO + "class User:\n    def __init__(self, one: Base):\n        self.one = one\n"
        "    def use(self):\n        self.one.load('a.pt')",
        ["a.pt"],
    ),
    "by another base of a common subclass": (
        "class Runs:\n    def run(self):\n        self.load('a.pt')\n"
        "class Loads:\n" + LOAD + "class Both(Runs, Loads):\n    pass\n"
        "class Else:\n    def load(self, path):\n        return path",
        ["a.pt"],
    ),
    "by super()": (
        "class Base:\n" + LOAD + "class Ours(Base):\n    def load(self, path):\n"
        "        return super().load(path + '.pt')\nOurs().load('a')",
        ["a.pt"],
    ),
    "by an alias of the bound method": (
        "class Ours:\n"
        + LOAD
        + "    def run(self):\n        read = self.load\n        read('a.pt')",
        ["a.pt"],
    ),
    "on a module that was moved and made over": (
        "from torch import nn\nclass Ours(nn.Module):\n"
        + LOAD
        + "class Other:\n"
        + LOAD.replace("torch.load(path)", "path")
        + "one = Ours()\none = one.cuda()\n"
        "one = nn.SyncBatchNorm.convert_sync_batchnorm(one)\none.load('a.pt')",
        ["a.pt"],
    ),
    "by a pool": (
        "class Ours:\n" + LOAD + "    def run(self):\n        pool.submit(self.load, 'a.pt')",
        ["a.pt"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), CALLED.values(), ids=CALLED)
def test_a_method_is_called(source, expected):
    resolution = resolve(source + "\n")
    assert texts(resolution) == expected
    assert all(pattern.exact for pattern in resolution.patterns)


def test_a_base_near_its_own_definition_calls_what_is_overridden():
    resolution = resolve(
        "from lib.base.core import Base\nclass Ours(Base):\n" + LOAD + "Ours().run('a.pt')\n",
        {"lib/base/core.py": BASE, "lib/__init__.py": "", "lib/base/__init__.py": ""},
        at="apps/ours/main.py",
    )
    assert texts(resolution) == ["a.pt"]


PAIR = (
    "class Base:\n    pass\nclass Other(Base):\n    def load(self, path):\n        return path\n"
    "class Ours(Base):\n" + LOAD
)
NOT_CALLED = {
    "nobody": (PAIR, "no caller in the project that is known"),
    "on an object of another subclass": (
        PAIR + "Other().load('b.pt')",
        "no caller in the project that is known",
    ),
    "on what is declared as another subclass": (
        PAIR + "def use(one: Other):\n    one.load('b.pt')",
        "no caller in the project that is known",
    ),
    "by an unrelated class on itself": (
        PAIR + "class Alone:\n    def load(self, path):\n        return path\n"
        "    def run(self):\n        self.load('b.pt')",
        "no caller in the project that is known",
    ),
    "on an object of the standard library": (
        PAIR + "import zipfile\nzipfile.ZipFile('a.zip').load('b.pt')",
        "no caller in the project that is known",
    ),
    "with arguments that do not fit": (
        PAIR + "Ours().load('a.pt', 'b.pt')",
        "no caller in the project that is known",
    ),
    "on an object that anybody may give": (
        PAIR + "def use(one):\n    one.load('b.pt')",
        "no caller that is known: what main.py:12 calls is not certain",
    ),
    "on an object that a library's function makes": (
        PAIR + "import hydra\nhydra.utils.instantiate(config).load('b.pt')",
        "no caller that is known: what main.py:12 calls is not certain",
    ),
    "on an object of which only the shape is declared": (
        "from typing import Protocol\n"
        + PAIR
        + "class Loads(Protocol):\n    def load(self, path): ...\n"
        "def use(one: Loads):\n    one.load('b.pt')",
        "no caller that is known: what main.py:15 calls is not certain",
    ),
    "without being named": (
        "class Ours:\n" + LOAD.replace("load(self", "__call__(self") + "Ours()('a.pt')",
        "callers that do not name it, and are not looked for",
    ),
}


@pytest.mark.parametrize(("source", "why"), NOT_CALLED.values(), ids=NOT_CALLED)
def test_why_nobody_calls_a_method(source, why):
    resolution = resolve(source + "\n")
    assert texts(resolution) == []
    name = "Ours.__call__" if "__call__" in source else "load"
    assert resolution.unknown == (f"parameter 'path' of {name}() has {why}",)


def test_a_file_near_another_definition_may_call_it():
    """Repositories hold several copies of one package; that is likely, and not certain."""
    copy = "def load(path):\n    return path\n"
    resolution = resolve(
        "def load(path):\n    return torch.load(path)\n",
        {"b/copy.py": copy, "b/use.py": "from a.main import load\nload('b.pt')\n"},
        at="a/main.py",
    )
    assert resolution.unknown == (
        "parameter 'path' of load() has no caller near it: b/use.py is nearer to another load()",
    )


def test_a_file_of_the_project_may_have_a_librarys_name():
    resolution = resolve(
        "import torch\nclass Keeper:\n    def load(self, path):\n        torch.load(path)\n",
        {"use.py": "import torch\ntorch.load('a.pt')\n"},
        at="common/torch.py",
    )
    assert texts(resolution) == []


def test_one_of_several_star_imports_brings_the_function():
    resolution = resolve(
        "def load(path='a.pt'):\n    torch.load(path)\n",
        {"b.py": "from main import *\nfrom c import *\nload('b.pt')\n", "c.py": "x = 1\n"},
    )
    assert texts(resolution) == ["b.pt"]


def test_only_objects_of_another_class_are_given():
    """``run`` is called, but never for an object whose ``load`` this is."""
    resolution = resolve(TWO + "Other().run('b.pt')\n")
    assert resolution.unknown == (
        "parameter 'path' of run() has no caller that has an object of this class",
    )


def test_a_class_near_another_of_its_name():
    resolution = resolve(
        "class Net:\n    def __init__(self, path):\n        torch.load(path)\n",
        {
            "b/copy.py": "class Net:\n    pass\n",
            "b/use.py": "from a.main import Net\nNet('b.pt')\n",
        },
        at="a/main.py",
    )
    assert resolution.unknown == (
        (
            "parameter 'path' of Net.__init__() has no caller near it:"
            " b/use.py is nearer to another Net()"
        ),
    )
