"""Functions that are named and not called: followed to the calls that this leads to, or shown."""

from __future__ import annotations

import pytest

from project_files import project
from source.resolving import HEADER, resolve, texts
from torchload_lint.source.paths import resolve_path, trace_path

LOAD = "def load(path, name='last.pt'):\n    return torch.load(os.path.join(path, name))\n"
NET = "class Net:\n    def __init__(self, path):\n        torch.load(path)\n"
PARTIAL = "from functools import partial\n"
LAUNCHED = "def work(fabric, path):\n    return torch.load(path)\n"

ALL_CALLS = {
    "a partial whose call gives a keyword": (
        LOAD + PARTIAL + "f = partial(load, 'runs')\nf(name='a.pt')\n",
        ["runs/a.pt"],
    ),
    "a partial whose keyword is given again": (
        LOAD + PARTIAL + "f = partial(load, 'runs', name='a.pt')\nf(name='b.pt')\n",
        ["runs/b.pt"],
    ),
    "a partial without arguments": (
        LOAD + PARTIAL + "f = partial(load)\nf('runs', 'a.pt')\n",
        ["runs/a.pt"],
    ),
    "a partial of a partial": (
        LOAD + PARTIAL + "f = partial(partial(load, 'runs'), name='a.pt')\nf()\n",
        ["runs/a.pt"],
    ),
    "a partial that is called at once": (
        LOAD + PARTIAL + "partial(load, 'runs')('a.pt')\n",
        ["runs/a.pt"],
    ),
    "a partial in a function": (
        LOAD + PARTIAL + "def main():\n    f = partial(load, 'runs')\n    f()\n    f('a.pt')\n",
        ["runs/last.pt", "runs/a.pt"],
    ),
    "another name": (LOAD + "read = load\nread('runs')\n", ["runs/last.pt"]),
    "another name beside its own": (
        LOAD + "load('runs')\nread = load\nread('old')\n",
        ["runs/last.pt", "old/last.pt"],
    ),
    "a partial beside its own name": (
        LOAD + PARTIAL + "load('runs')\nf = partial(load, 'old')\nf('a.pt')\n",
        ["runs/last.pt", "old/a.pt"],
    ),
    "either of two": (
        LOAD + "def no(path):\n    pass\nread = load if os.name else no\nread('runs')\n",
        ["runs/last.pt"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), ALL_CALLS.values(), ids=ALL_CALLS)
def test_calls_under_another_name_are_all_there_are(source, expected):
    resolution = resolve(source)
    assert texts(resolution) == expected
    assert resolution.complete


SOME_CALLS = {
    "a dictionary of functions": (
        LOAD + "READERS = {'a': load, 'b': print}\nREADERS['a']('runs')\n",
        ["runs/last.pt"],
    ),
    "a dictionary that is asked": (
        LOAD + "READERS = {'a': load, 'b': print}\nREADERS.get('a')('runs')\n",
        ["runs/last.pt"],
    ),
    "a dictionary of one function": (
        LOAD + "READERS = {'a': load}\nread = READERS[sys.argv[1]]\nread('runs')\n",
        ["runs/last.pt"],
    ),
    "a function that another returns": (
        LOAD + "def reader():\n    return load\nreader()('runs')\n",
        ["runs/last.pt"],
    ),
    "a class that a method returns": (
        NET
        + "class Maker:\n    def kind(self):\n        return Net\n"
        + "Maker().kind()('a.pt')\n",
        ["a.pt"],
    ),
    "an attribute of the object": (
        LOAD + "class Run:\n    def __init__(self):\n        self.read = load\n"
        "    def go(self):\n        return self.read('runs')\n",
        ["runs/last.pt"],
    ),
    "processes of detectron2": (
        LOAD + "launch(load, 2, args=('runs',))\n",
        ["runs/last.pt"],
    ),
    "processes of Lightning": (LAUNCHED + "fabric.launch(work, 'a.pt')\n", ["a.pt"]),
    "processes of ignite": (LAUNCHED + "parallel.run(work, 'a.pt')\n", ["a.pt"]),
    "a function of the project that calls it": (
        LOAD + "def use(function, path):\n    return function(path)\nuse(load, 'runs')\n",
        ["runs/last.pt"],
    ),
    "a function that gives it what it got": (
        LOAD + "def use(function, *args, **named):\n    return function(*args, **named)\n"
        "use(load, 'runs', name='a.pt')\nuse(print, 'x')\n",
        ["runs/a.pt"],
    ),
    "a function that gives it a default": (
        LOAD + "def use(path, function, name='b.pt'):\n    function(path, name=name)\n"
        "use('runs', function=load)\n",
        ["runs/b.pt"],
    ),
    "a function that gets more than is seen": (
        LOAD + "def use(function, path, name='b.pt'):\n    function(path, name=name)\n"
        "def main(**named):\n    use(load, 'runs', **named)\nmain()\n",
        ["runs/*"],
    ),
    "a function that is called like a method of pools": (
        LOAD + "def apply(function, *args):\n    return function(*args)\napply(load, 'runs')\n",
        ["runs/last.pt"],
    ),
    "a partial that somebody else may call": (
        LOAD + PARTIAL + "f = partial(load, 'runs')\nf('a.pt')\nregister(f)\n",
        ["runs/a.pt", "runs/*", "runs/last.pt"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), SOME_CALLS.values(), ids=SOME_CALLS)
def test_calls_of_what_is_handed_on(source, expected):
    assert texts(resolve(source)) == expected


@pytest.mark.parametrize(
    "source",
    [
        LOAD + "READERS = {'a': load, 'b': print}\nREADERS['a']('runs')\n",
        LOAD + "def reader():\n    return load\nreader()('runs')\n",
        LOAD + PARTIAL + "f = partial(load, 'runs')\nf('a.pt')\nregister(f)\n",
        LOAD + PARTIAL + "def main():\n    f = partial(load, 'runs')\n    f()\n    return f\n",
    ],
    ids=["a dictionary", "a function that returns it", "one who keeps it", "a function's result"],
)
def test_what_others_may_get_is_never_called_complete(source):
    assert not resolve(source).complete


OTHERS = {
    "an entry of another key": LOAD + "R = {'a': load, 'b': print}\nR['b']('runs')\n",
    "an entry of any key": LOAD + "R = {'a': load, 'b': print}\nR[sys.argv[1]]('runs')\n",
    "one of several results": LOAD
    + "def reader(a):\n    if a:\n        return load\n    return print\nreader(1)('runs')\n",
    "a name that is given something else": LOAD + "read = load\nread = print\nread('runs')\n",
    "a fabric of nobody's": LAUNCHED + "rocket.launch(work, 'a.pt')\n",
}


@pytest.mark.parametrize("source", OTHERS.values(), ids=OTHERS)
def test_calls_that_may_mean_another_function_give_no_path(source):
    assert not {"runs/last.pt", "a.pt"} & set(texts(resolve(source)))


PACKAGE = {
    "nets/__init__.py": "from .net import load\n__all__ = {'load': load}\n",
    "nets/net.py": "import torch\ndef load(path):\n    torch.load(path)\n",
    "train.py": "import nets\nnets.__all__['load']('runs/a.pt')\n",
}


def test_files_that_cannot_mean_the_name_take_no_place():
    same_name = {f"a{number}.py": "__all__ = ['x']\n" for number in range(20)}
    index = project({**same_name, **PACKAGE})
    module = index.module_at("nets/net.py")
    assert texts(resolve_path(module.loads[0].file, module, index)) == ["runs/a.pt"]


def test_files_beyond_the_bound_are_named():
    same_name = {f"a{number}.py": "import nets\nprint(nets.__all__)\n" for number in range(20)}
    index = project({**same_name, **PACKAGE})
    module = index.module_at("nets/net.py")
    hops = trace_path(module.loads[0].file, module, index).hops
    told = "is put into a dictionary, which more than 8 files may name"
    assert told in [hop.does for hop in hops]


def test_another_file_calls_it_by_its_other_name():
    others = {
        "lib.py": "import torch\ndef main(path):\n    torch.load(path)\nrun = main\n",
        "a.py": "from lib import main as single\nfrom functools import partial\n"
        "f = partial(single, 'a.pt')\nf()\n",
        "b.py": "import lib\nlib.run('b.pt')\n",
    }
    index = project(others)
    module = index.module_at("lib.py")
    hops = trace_path(module.loads[0].file, module, index).hops
    assert [(hop.place, hop.code) for hop in hops if hop.does == "calls main()"] == [
        ("b.py:2", "lib.run('b.pt')"),
        ("a.py:4", "f()"),
    ]


def shown(source):
    """What the trace says of the places that name the function, and its first reason."""
    index = project({"main.py": HEADER + source})
    module = index.module_at("main.py")
    trace = trace_path(module.loads[0].file, module, index)
    return [(hop.code, hop.does) for hop in trace.hops if hop.does], next(iter(trace.reasons))


NAMED = {
    "handed to somebody": (
        LOAD + "use(load)\n",
        ("load", "is handed to use()"),
    ),
    "handed to a function that calls another then": (
        LOAD + "def use(function):\n    function = print\n    function('a')\nuse(load)\n",
        ("load", "is handed to use()"),
    ),
    "handed to a function that is decorated": (
        LOAD + "@cached\ndef use(function):\n    function('a')\nuse(load)\n",
        ("load", "is handed to use()"),
    ),
    "handed to a function of the project that has a pool's name": (
        LOAD + "@cached\ndef apply(function, path):\n    function(path)\napply(load, 'a')\n",
        ("load", "is handed to apply()"),
    ),
    "in a list": (LOAD + "ALL = [load]\n", ("load", "is named, not called")),
    "in a dictionary": (LOAD + "R = {'a': load}\n", ("'a'", "is put into a dictionary")),
    "taken from a dictionary": (
        LOAD + "R = {'a': load, 'b': print}\nR[sys.argv[1]]('runs')\n",
        ("R[sys.argv[1]]", "is taken from a dictionary, or another is"),
    ),
    "returned to nobody": (
        LOAD + "def reader():\n    return load\n",
        (
            "load",
            "is returned by reader(), which has no caller in the project that is known",
        ),
    ),
    "one of several results": (
        LOAD + "def reader(a):\n    if a:\n        return load\n    return print\n",
        ("load", "is one of those that reader() returns"),
    ),
    "a decorator that may keep it": (
        "@register('a')\n" + LOAD,
        ("register('a')", "is handed to the decorator register()"),
    ),
}


@pytest.mark.parametrize(("source", "step"), NAMED.values(), ids=NAMED)
def test_the_trace_names_the_place_where_a_function_goes(source, step):
    steps, reason = shown(source)
    assert step in steps
    assert step[1] in reason
    assert "has no caller that is found: at main.py:" in reason


@pytest.mark.parametrize(
    "source",
    [
        "",
        "print(load)\n",
        "if load:\n    pass\n",
        "load.__doc__\n",
        "load: object\n",
        "# use(load)\n",
        "import other\nother.use(other.load)\n",
        "def f(load):\n    use(load)\n",
    ],
)
def test_what_only_asks_for_it_is_no_such_place(source):
    _, reason = shown(LOAD + source)
    assert reason == "parameter 'path' of load() has no caller in the project that is known"


def test_a_function_that_is_a_default_in_the_row_of_a_def_is_named():
    resolution = resolve(
        "def load(path):\n    return torch.load(path)\n"
        "def run(path, by=load):\n    return by(path)\nrun('a.pt')\n"
    )
    assert any("it is named, not called" in reason for reason in resolution.unknown)


KINDS = NET + NET.replace("Net", "Other") + "NETS = {'a': Net, 'b': Other}\n"

OF_OBJECTS = """
class Use:
    def __init__(self, kind, path):
        self.kind, self.path = kind, path
    def go(self):
        NETS[self.kind](self.path)
"""

BY_KEY = {
    "a parameter": ("def make(kind):\n    NETS[kind]('x.pt')\n", ["x.pt"]),
    "a parameter that callers write": (
        "def make(kind, path):\n    NETS[kind](path)\nmake('a', 'a.pt')\nmake('b', 'b.pt')\n",
        ["a.pt"],
    ),
    "a text made of it": ("def make(kind):\n    NETS.get(kind)(f'{kind}.pt')\n", ["a.pt"]),
    "a name in between": ("def make(kind):\n    net = NETS[kind]\n    net('x.pt')\n", ["x.pt"]),
    "a loop's name": ("for kind in NETS:\n    NETS[kind](f'{kind}.pt')\n", ["a.pt"]),
    "a display in place": ("def make(c):\n    {'a': Net, 'b': Other}[c.kind]('x.pt')\n", ["x.pt"]),
    "a constant of another": ("KIND = 'b'\nNETS[KIND]('x.pt')\n", []),
    "handed on": (
        "def get(kind):\n    return NETS[kind]\nget('b')('x.pt')\nget('a')('y.pt')\n",
        [],
    ),
    "an object's own": (
        OF_OBJECTS + "Use('a', 'a.pt').go()\nUse('b', 'b.pt').go()\n",
        [],
    ),
}


@pytest.mark.parametrize(("source", "expected"), BY_KEY.values(), ids=BY_KEY)
def test_a_class_by_a_key_that_is_computed_is_given_what_goes_with_it(source, expected):
    index = project({"main.py": HEADER + KINDS + source})
    module = index.module_at("main.py")
    resolution = resolve_path(module.loads[0].file, module, index)
    assert texts(resolution) == expected
    assert not (resolution.complete and any(each.exact for each in resolution.patterns))


def test_a_file_that_renames_it_is_followed_beside_one_that_does_not():
    others = {
        "lib.py": "import torch\ndef main(path):\n    torch.load(path)\n",
        "a.py": "from lib import main\nmain('a.pt')\n",
        "b.py": "from lib import main\nrun = main\nrun('b.pt')\n",
        "c.py": "from lib import main as single\nsingle('c.pt')\n",
    }
    index = project(others)
    module = index.module_at("lib.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert sorted(texts(found)) == ["a.pt", "b.pt", "c.pt"]
    assert found.complete
