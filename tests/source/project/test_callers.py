"""Callers that do not spell the function's name, and what they spread by ``*`` and ``**``."""

from __future__ import annotations

import pytest

from project_files import project
from source.resolving import resolve, texts
from torchload_lint.source.paths import resolve_path

LOAD = "def load(path, name='last.pt'):\n    return torch.load(os.path.join(path, name))\n"
RANKED = "def work(rank, path):\n    return torch.load(path)\n"

CALLED = {
    "keywords from a dictionary": (
        LOAD + "where = {'path': 'runs', 'name': 'a.pt'}\nload(**where)",
        ["runs/a.pt"],
    ),
    "a dictionary that leaves a default": (
        LOAD + "where = {'path': 'runs'}\nload(**where)",
        ["runs/last.pt"],
    ),
    "either of two dictionaries": (
        LOAD + "where = {'path': 'a'} if os.name else {'path': 'b'}\nload(**where)",
        ["a/last.pt", "b/last.pt"],
    ),
    "an entry that is put there before the call": (
        LOAD + "def outer(**kwargs):\n    kwargs['path'] = 'runs'\n    load(**kwargs)\nouter()",
        ["runs/last.pt"],
    ),
    "keywords that are passed on": (
        LOAD + "def outer(**kwargs):\n    load(**kwargs)\nouter(path='runs', name='b.pt')",
        ["runs/b.pt"],
    ),
    "options as keywords": (
        LOAD
        + "parser = argparse.ArgumentParser()\nparser.add_argument('--path', default='runs')\n"
        + "parser.add_argument('--name', default='x.pt')\n"
        + "load(**vars(parser.parse_args()))",
        ["runs/x.pt"],
    ),
    "arguments from a list": (LOAD + "load(*['runs', 'c.pt'])", ["runs/c.pt"]),
    "a short list leaves a default": (LOAD + "load(*('runs',))", ["runs/last.pt"]),
    "a class method of the class itself": (
        (
            "class Cache:\n    @classmethod\n    def place(cls, name, folder):\n"
            "        return os.path.join(folder, name + '.pth')\n"
            "    @classmethod\n    def get(cls, name):\n        return cls.place(name, 'hub')\n"
            "torch.load(Cache.get('net'))"
        ),
        ["hub/net.pth"],
    ),
    "a method that a base calls": (
        (
            "class Base:\n    def start(self):\n        self.read('runs/base.pt')\n"
            "class Net(Base):\n    def read(self, path):\n        return torch.load(path)\n"
            "class Other(Base):\n    def read(self, path):\n        return path\n"
        ),
        ["runs/base.pt"],
    ),
    "an object that a class method makes": (
        (
            "class Net:\n    def read(self, path):\n        return torch.load(path)\n"
            "class Large(Net):\n    @classmethod\n    def make(cls, name):\n        return cls()\n"
            "class Other:\n    def read(self, path):\n        return path\n"
            "net = Large.make('large')\nnet.read('runs/large.pt')\n"
            "other = Other()\nother.read('runs/other.pt')"
        ),
        ["runs/large.pt"],
    ),
    "an alias": (LOAD + "read = load\nread('runs')", ["runs/last.pt"]),
    "a partial": (
        LOAD + "from functools import partial\nf = partial(load, 'runs', name='d.pt')\nf()",
        ["runs/d.pt"],
    ),
    "a thread": (
        LOAD + "import threading\nthreading.Thread(target=load, args=('runs',)).start()",
        ["runs/last.pt"],
    ),
    "a thread with keywords": (
        LOAD + "from threading import Thread\nThread(target=load, kwargs={'path': 'runs'}).start()",
        ["runs/last.pt"],
    ),
    "spawned processes": (
        RANKED + "import torch.multiprocessing as mp\nmp.spawn(work, args=('a.pt',), nprocs=2)",
        ["a.pt"],
    ),
    "a pool": (LOAD + "pool.map(load, ['runs', 'old'])", ["runs/last.pt", "old/last.pt"]),
    "a task": (LOAD + "executor.submit(load, 'runs', name='e.pt')", ["runs/e.pt"]),
}


@pytest.mark.parametrize(("source", "expected"), CALLED.values(), ids=CALLED)
def test_what_callers_give(source, expected):
    resolution = resolve(source + "\n")
    assert texts(resolution) == expected
    assert all(pattern.exact for pattern in resolution.patterns)


UNSEEN = {
    "a dictionary from elsewhere": (LOAD + "load(**fetch())", ["*/last.pt"]),
    "a partial that is called elsewhere": (
        LOAD + "import functools\nf = functools.partial(load, 'runs')\ng(f)",
        ["runs/*", "runs/last.pt"],
    ),
    "a call that does not fit": (
        "def load(config, path, half):\n    return torch.load(path)\nload('a.json', 'b.pt')",
        [],
    ),
    "a call with too many arguments": (
        "def load(path):\n    return torch.load(path)\nload('a.pt', 'b.pt')",
        [],
    ),
    "a method of something else": (LOAD + "frame.map(load)", ["*/last.pt"]),
    "a function of that name elsewhere": (
        LOAD + "import other\nmake(target=other.load, args=('runs',))",
        ["*/last.pt"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), UNSEEN.values(), ids=UNSEEN)
def test_what_is_not_seen_stays_unknown(source, expected):
    resolution = resolve(source + "\n")
    assert texts(resolution) == expected
    assert not resolution.complete


def test_a_class_that_another_file_renames():
    resolution = resolve(
        "class Expert:\n    def __init__(self, ckpt):\n        torch.load(ckpt)\n",
        {"use.py": "from pkg.expert import Expert as _Expert\n_Expert('a.pt')\n"},
        at="pkg/expert.py",
    )
    assert texts(resolution) == ["a.pt"]


def test_callers_of_which_nothing_is_known_leave_the_others_their_places():
    calls = "".join(f"load(unknown_{number}())\n" for number in range(18))
    assert texts(resolve(f"{LOAD}{calls}load('runs')\n")) == ["*/last.pt", "runs/last.pt"]


NOTEBOOK = {
    "a function": "def read(path):\n    torch.load(path)\nread('a.pt')\n",
    "a class": (
        "class Net:\n    def __init__(self, path):\n        torch.load(path)\nNet('a.pt')\n"
    ),
    "a method": (
        "class Net:\n    def read(self, path):\n        torch.load(path)\n"
        "net = make()\nnet.read('a.pt')\n"
    ),
    "a function that is handed on": (
        "def read(path):\n    torch.load(path)\npool.map(read, ['a.pt'])\n"
    ),
}


@pytest.mark.parametrize("source", NOTEBOOK.values(), ids=NOTEBOOK)
def test_callers_inside_a_notebook(source):
    """A notebook is not among the project's Python files."""
    others = {"lib.py": "def other():\n    pass\n"}
    assert texts(resolve(source, others, at="examples/demo.ipynb")) == ["a.pt"]


def test_a_file_of_the_project_is_not_called_by_a_notebook():
    resolution = resolve(
        "def read(path):\n    torch.load(path)\n",
        {"demo.ipynb": "from main import read\nread('a.pt')\n"},
    )
    assert texts(resolution) == []


INITIALIZED = "class Net:\n    def __init__(self, path):\n        torch.load(path)\n"
OWN_CLASS = {
    "by a class method": (
        INITIALIZED + "    @classmethod\n    def make(cls, name):\n        return cls(name)\n"
        "Net.make('a.pt')\n",
        ["a.pt"],
    ),
    "by the type of an object": (
        INITIALIZED + "    def again(self):\n        return type(self)('a.pt')\n",
        ["a.pt"],
    ),
    "by the class of an object": (
        INITIALIZED + "    def again(self):\n        return self.__class__('a.pt')\n",
        ["a.pt"],
    ),
    "by a class method of a base": (
        "class Base:\n    @classmethod\n    def make(cls):\n        return cls('a.pt')\n"
        + INITIALIZED.replace("Net:", "Net(Base):"),
        ["a.pt"],
    ),
    "by a class method of a subclass": (
        INITIALIZED
        + "class Sub(Net):\n    @classmethod\n    def make(cls):\n        return cls('a.pt')\n",
        ["a.pt"],
    ),
    "besides calls of its name": (
        INITIALIZED
        + "    @classmethod\n    def make(cls):\n        return cls('a.pt')\nNet('b.pt')\n",
        ["b.pt", "a.pt"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), OWN_CLASS.values(), ids=OWN_CLASS)
def test_a_class_that_makes_objects_of_itself(source, expected):
    resolution = resolve(source)
    assert texts(resolution) == expected
    assert resolution.complete


NOT_OF_ITS_OWN = {
    "an object that is called": INITIALIZED + "    def __call__(self, x):\n        self('a.pt')\n",
    "the class of another object": INITIALIZED
    + "    def like(self, other):\n        return type(other)('a.pt')\n",
    "arguments that do not fit": INITIALIZED
    + "    @classmethod\n    def make(cls):\n        return cls('a.pt', 'b.pt')\n",
    "a class method of an unrelated class": INITIALIZED
    + "class Other:\n    @classmethod\n    def make(cls):\n        return cls('a.pt')\n",
}


@pytest.mark.parametrize("source", NOT_OF_ITS_OWN.values(), ids=NOT_OF_ITS_OWN)
def test_calls_that_make_no_object_of_the_class(source):
    assert not texts(resolve(source))


HANDED_ON = {
    "another name": "    @classmethod\n    def make(cls):\n        made = cls\n"
    "        made('b.pt')\n",
    "a type with another name": "    def again(self):\n        kind = type(self)\n"
    "        kind('b.pt')\n",
    "a registry of subclasses": "    def __init_subclass__(cls):\n"
    "        KNOWN[cls.__name__] = cls\n",
    "the class of another object": "    def like(self, other):\n"
    "        return type(other)('b.pt')\n",
}


@pytest.mark.parametrize("inside", HANDED_ON.values(), ids=HANDED_ON)
def test_a_class_that_hands_itself_on_may_be_called_by_anybody(inside):
    resolution = resolve(f"{INITIALIZED}{inside}Net('a.pt')\n")
    assert texts(resolution) == ["a.pt"]
    assert not resolution.complete


ASKED = {
    "for its name": "    def __repr__(self):\n        return type(self).__name__\n",
    "in a message": "    def __repr__(self):\n        return f'{self.__class__}'\n",
    "whether it is a subclass": "    @classmethod\n    def ours(cls):\n"
    "        return issubclass(cls, Net)\n",
    "for one object alone": "    def __new__(cls, path):\n        return super().__new__(cls)\n",
}


@pytest.mark.parametrize("inside", ASKED.values(), ids=ASKED)
def test_a_class_that_is_asked_something_makes_no_object(inside):
    resolution = resolve(f"{INITIALIZED}{inside}Net('a.pt')\n")
    assert texts(resolution) == ["a.pt"]
    assert resolution.complete


def test_a_class_whose_name_begins_alike_is_no_other_class_of_that_name():
    others = {
        "data/sets.py": "class NetDataset:\n    pass\nprint((NetDataset))\n",
        "data/run.py": "from models.net import Net\nNet('a.pt')\n",
    }
    resolution = resolve(INITIALIZED, others, at="models/net.py")
    assert texts(resolution) == ["a.pt"]


BELOW = {
    "of another name": ("from net import Net\nclass Sub(Net):\n    pass\n", "Sub", ["b.pt"]),
    "of the same name": ("import net\nclass Net(net.Net):\n    pass\n", "Net", ["b.pt"]),
    "two below": (
        "from net import Net\nclass Half(Net):\n    pass\nclass Sub(Half):\n    pass\n",
        "Sub",
        ["b.pt"],
    ),
    "with a constructor of its own": (
        "from net import Net\nclass Sub(Net):\n    def __init__(self, path):\n        pass\n",
        "Sub",
        [],
    ),
}


@pytest.mark.parametrize(("defined", "name", "found"), BELOW.values(), ids=BELOW)
@pytest.mark.parametrize("first", [True, False])
def test_a_subclass_that_inherits_the_constructor_is_made_in_a_third_file(
    defined, name, found, first
):
    made = {"run.py": f"from sub import {name}\n{name}('b.pt')\n", "sub.py": defined}
    if first:
        made["main.py"] = "import net\nnet.Net('a.pt')\n"
    resolution = resolve(INITIALIZED, made, at="net.py")
    assert texts(resolution) == ["a.pt"] * first + found
    assert resolution.complete is bool(found)


NET_CLASS = """
import torch
class Net:
    @classmethod
    def load(cls, path):
        return torch.load(path)
"""
LOADS_ITSELF = {
    "nets/net.py": NET_CLASS,
    "nets/data.py": NET_CLASS.replace("Net", "Data").replace("torch.load(path)", "path"),
    **{f"nets/a{n}.py": "from nets.data import Data\nData.load('no.pt')\n" for n in range(9)},
}


def of_net(files):
    index = project(files)
    module = index.module_at("nets/net.py")
    (load,) = module.loads
    return texts(resolve_path(load.file, module, index))


def test_a_file_that_writes_the_class_before_the_method_is_looked_into_first():
    use = "from nets.net import Net\nNet.load('runs/a.pt')\n"
    assert of_net({**LOADS_ITSELF, "examples/use.py": use}) == ["runs/a.pt"]
    beside = {"examples/data.py": LOADS_ITSELF["nets/data.py"], "examples/use.py": use}
    assert of_net({**LOADS_ITSELF, **beside}) == ["runs/a.pt"]
    made = "from nets.net import Net\nnet = Net()\nnet.load('runs/b.pt')\n"
    assert of_net({**LOADS_ITSELF, "examples/use.py": made}) == ["runs/b.pt"]


def test_the_class_of_that_name_in_another_copy_is_another_one():
    copy = {path.replace("nets/", "old/"): text for path, text in LOADS_ITSELF.items()}
    use = {"old/use.py": "from old.net import Net\nNet.load('runs/old.pt')\n"}
    assert of_net({**LOADS_ITSELF, **copy, **use}) == []
