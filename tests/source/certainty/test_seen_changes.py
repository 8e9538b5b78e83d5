"""Programs that change what a path rests on: what they do not open is not exact.

Each is run by Python, with a load that notes what it is given.
"""

from __future__ import annotations

import posixpath
import sys
import textwrap
from types import ModuleType

import pytest

from source.resolving import resolve

HOLDER = """
    class Holder:
        def __init__(self):
            self.path = "a.pt"
    holder = Holder()
    """
CHANGES = {
    "an entry under another name": "d = {'p': 'a.pt'}\ne = d\ne['p'] = 'b.pt'\ntorch.load(d['p'])",
    "a part under another name": (
        "d = {'x': {'p': 'a.pt'}}\ne = d['x']\ne['p'] = 'b.pt'\ntorch.load(d['x']['p'])"
    ),
    "defaults from outside": (
        "def f(path='a.pt'):\n    torch.load(path)\nf.__defaults__ = ('b.pt',)\nf()"
    ),
    "defaults of keywords from outside": (
        "def f(*, path='a.pt'):\n    torch.load(path)\nf.__kwdefaults__ = {'path': 'b.pt'}\nf()"
    ),
    "a function that dispatches": (
        "from functools import singledispatch\n@singledispatch\ndef f(x):\n    return 'a.pt'\n"
        "@f.register\ndef _(x: int):\n    return 'b.pt'\ntorch.load(f(1))"
    ),
    "a list behind map": ("l = ['a.pt']\nm = map(str, l)\nl[0] = 'b.pt'\ntorch.load(next(m))"),
    "a list behind a chain": (
        "import itertools\nl = ['a.pt']\nm = itertools.chain(l, [])\nl[0] = 'b.pt'\n"
        "torch.load(next(m))"
    ),
    "update": "d = {'p': 'a.pt'}\nd.update(p='b.pt')\ntorch.load(d['p'])",
    "clear": "d = {'p': 'a.pt'}\nd.clear()\ntorch.load(d.get('p', 'b.pt'))",
    "reverse": "l = ['a.pt', 'b.pt']\nl.reverse()\ntorch.load(l[0])",
    "sort": "l = ['b.pt', 'a.pt']\nl.sort()\ntorch.load(l[0])",
    "insert": "l = ['a.pt']\nl.insert(0, 'b.pt')\ntorch.load(l[0])",
    "pop": "l = ['a.pt', 'b.pt']\nl.pop(0)\ntorch.load(l[0])",
    "del": "l = ['a.pt', 'b.pt']\ndel l[0]\ntorch.load(l[0])",
    "a slice": "l = ['a.pt', 'b.pt']\nl[:1] = ['c.pt', 'd.pt']\ntorch.load(l[0])",
    "added to under another name": "l = ['a.pt']\nm = l\nm += ['b.pt']\ntorch.load(l[-1])",
    "a function that changes its argument": (
        "def change(d):\n    d['p'] = 'b.pt'\nd = {'p': 'a.pt'}\nchange(d)\ntorch.load(d['p'])"
    ),
    "an attribute from outside": HOLDER + "holder.path = 'b.pt'\n    torch.load(holder.path)",
    "an attribute by a method of another class": HOLDER
    + """
    class Other:
        def set(self, it):
            it.path = "b.pt"
    Other().set(holder)
    torch.load(holder.path)
    """,
    "an attribute by its name": HOLDER
    + "setattr(holder, 'path', 'b.pt')\n    torch.load(holder.path)",
    "an attribute of the class of an object": """
    class A:
        p = "a.pt"
        def f(self):
            type(self).p = "b.pt"
    A().f()
    torch.load(A.p)
    """,
    "an attribute that a class computes": """
    class A:
        p = "a.pt"
        def __getattribute__(self, name):
            return "b.pt"
    torch.load(A().p)
    """,
    "an entry that a class computes": """
    class A(dict):
        def __getitem__(self, name):
            return "b.pt"
    torch.load(A(p="a.pt")["p"])
    """,
    "a field that comes by *": """
    from dataclasses import dataclass
    @dataclass
    class A:
        n: int = 1
        p: str = "a.pt"
    torch.load(A(*[1, "b.pt"]).p)
    """,
    "a name by globals()": "P = 'a.pt'\nglobals()['P'] = 'b.pt'\ntorch.load(P)",
    "a name by exec": "P = 'a.pt'\nexec(\"P = 'b.pt'\")\ntorch.load(P)",
    "a function of a library": (
        "os.path.join = lambda *a: 'b.pt'\ntorch.load(os.path.join('x', 'a.pt'))"
    ),
    "partial of a library's function": (
        "import functools\nj = functools.partial(os.path.join, 'x')\ntorch.load(j('a.pt'))"
    ),
    "a type that makes something else": """
    p = argparse.ArgumentParser()
    p.add_argument("--c", type=lambda s: "runs/" + s, default="a.pt")
    torch.load(p.parse_args([]).c)
    """,
    "variables of the environment": (
        "os.environ['RUNS'] = 'b'\ntorch.load(os.path.expandvars('$RUNS/a.pt'))"
    ),
    "options by names that are not written, to values of which one was known": """
    p = argparse.ArgumentParser()
    p.add_argument("--folder", default="x")
    p.add_argument("--name", default="a.pt")
    options = p.parse_args([])
    d = options.__dict__
    for key, value in {"folder": "y", "name": "a.pt"}.items():
        d[key] = value
    torch.load(f"{options.folder}/{options.name}")
    """,
    "an attribute by a name that is not written": HOLDER
    + "name = 'path'\n    setattr(holder, name, 'b.pt')\n    torch.load(holder.path)",
    "a method of one object": HOLDER
    + """
    Holder.name = lambda self: "a.pt"
    class Named:
        def name(self):
            return "a.pt"
    import types
    named = Named()
    named.name = types.MethodType(lambda self: "b.pt", named)
    torch.load(named.name())
    """,
    "a property": """
    class Holder:
        @property
        def path(self):
            return self._path
        @path.setter
        def path(self, value):
            self._path = "runs/" + value
    holder = Holder()
    holder.path = "a.pt"
    torch.load(holder.path)
    """,
    "attributes that are made up": """
    class Holder:
        def __getattr__(self, name):
            return name + ".pt"
    torch.load(getattr(Holder(), "best", "a.pt"))
    """,
    "a method that another base has too": """
    class Root:
        def name(self):
            return "r"
    class One(Root):
        def name(self):
            return "a" + super().name()
    class Two(Root):
        def name(self):
            return "b" + super().name()
    class Both(One, Two):
        pass
    torch.load(Both().name() + ".pt")
    """,
    "a decorator that changes the result": """
    def upper(function):
        def inner():
            result = function()
            return result.upper()
        return inner
    @upper
    def name():
        return "a.pt"
    torch.load(name())
    """,
    "a decorator that changes the argument": """
    def below(folder):
        def decorator(function):
            return lambda name: function(folder + name)
        return decorator
    @below("runs/")
    def load(name):
        torch.load(name)
    load("a.pt")
    """,
    "a decorator that replaces the argument": """
    def other(function):
        def inner(*args, **kwargs):
            kwargs["name"] = "b.pt"
            return function(*args, **kwargs)
        return inner
    @other
    def load(name):
        torch.load(name)
    load(name="a.pt")
    """,
    "a decorator that yields the argument": """
    def given(function):
        def inner(name):
            return name
        return inner
    @given
    def find(name):
        return "a.pt"
    torch.load(find("b.pt"))
    """,
    "a decorator that is a class": """
    class Always:
        def __init__(self, function):
            self.function = function
        def __call__(self):
            return "runs/" + self.function()
    @Always
    def name():
        return "a.pt"
    torch.load(name())
    """,
    "a part of what is matched": (
        "p = 'a.pt'\nmatch ['x', 'b.pt']:\n    case [_, p]:\n        pass\ntorch.load(p)"
    ),
    "another name from the beginning": "l = m = ['a.pt']\nm[0] = 'b.pt'\ntorch.load(l[0])",
    "an attribute and a name from the beginning": """
    class Holder:
        def __init__(self):
            self.paths = paths = {"p": "a.pt"}
            paths["p"] = "b.pt"
    torch.load(Holder().paths["p"])
    """,
    "a comprehension that leaves out a key": (
        "d = {'p': 'a.pt', 'q': 'c.pt'}\nd = {k: v for k, v in d.items() if k != 'p'}\n"
        "torch.load(d.get('p', 'b.pt'))"
    ),
    "a metaclass": """
    class Made(type):
        def __new__(kind, name, bases, names):
            names["p"] = "b.pt"
            return super().__new__(kind, name, bases, names)
    class Holder(metaclass=Made):
        p = "a.pt"
    torch.load(Holder.p)
    """,
    "a number that is set anew in a loop": """
    i = 0
    while True:
        p = f"m{i}.pt"
        if i == 2:
            break
        i = i + 1
    torch.load(p)
    """,
    "a number in a loop": ("i = 0\nwhile i < 3:\n    i += 1\ntorch.load(f'm{i}.pt')"),
    "setitem": (
        "import operator\nd = {'p': 'a.pt'}\noperator.setitem(d, 'p', 'b.pt')\ntorch.load(d['p'])"
    ),
    "variables that are updated": (
        "os.environ.update(RUNS='b.pt')\ntorch.load(os.getenv('RUNS', 'a.pt'))"
    ),
    "variables that are set": (
        "os.environ['RUNS'] = 'b.pt'\ntorch.load(os.environ.get('RUNS', 'a.pt'))"
    ),
    "options that stand in an object": """
    p = argparse.ArgumentParser()
    p.add_argument("--c", default="a.pt")
    torch.load(p.parse_args([], namespace=argparse.Namespace(c="b.pt")).c)
    """,
    "an argument that is shortened": """
    p = argparse.ArgumentParser()
    p.add_argument("--ckpt", default="a.pt")
    torch.load(p.parse_args(["--ck", "b.pt"]).ckpt)
    """,
    "arguments that a program gives to itself": """
    import sys
    kept, sys.argv = sys.argv, sys.argv[:1]
    sys.argv += ["--ckpt", "b.pt"]
    p = argparse.ArgumentParser()
    p.add_argument("--ckpt", default="a.pt")
    try:
        torch.load(p.parse_args().ckpt)
    finally:
        sys.argv = kept
    """,
    "a default that becomes a number": """
    p = argparse.ArgumentParser()
    p.add_argument("--end", type=float, default="5e-1")
    p.add_argument("--n", type=int, default="02")
    a = p.parse_args([])
    torch.load(f"{a.end}-{a.n}.pt")
    """,
    "an update behind an entry": """
    d = {}
    d["p"] = "a.pt"
    d.update(p="b.pt")
    torch.load(d["p"])
    """,
    "an update of a part": """
    from collections import OrderedDict
    d = OrderedDict()
    d["a"] = {"p": "a.pt"}
    d["a"].update(p="b.pt")
    torch.load(d["a"]["p"])
    """,
    "an entry of an argument under another name": """
    def run(d):
        d["p"] = "a.pt"
        e = d
        e["p"] = "b.pt"
        torch.load(d["p"])
    run(eval("{}"))
    """,
    "an argument that is emptied": """
    def run(d):
        d["p"] = "a.pt"
        d.clear()
        d.setdefault("p", "b.pt")
        torch.load(d["p"])
    run(eval("{}"))
    """,
    "later defaults": """
    p = argparse.ArgumentParser()
    p.add_argument("--c", default="a.pt")
    p.set_defaults(**{"c": "b.pt"})
    torch.load(p.parse_args([]).c)
    """,
}


@pytest.mark.parametrize("source", CHANGES.values(), ids=list(CHANGES))
def test_what_is_changed_and_not_followed_is_not_exact(source, monkeypatch):
    program = textwrap.dedent(source)
    opened = []
    fake = ModuleType("torch")
    fake.load = opened.append
    monkeypatch.setattr(posixpath, "join", posixpath.join)  # put back what a program sets
    monkeypatch.setenv("RUNS", "")
    names = {"torch": fake}
    exec("import os, argparse\n" + program, names)
    found = resolve(program + "\n")
    exact = {pattern.text for pattern in found.patterns if pattern.exact}
    assert exact <= set(opened)
    assert sys.modules.get("torch") is not fake


def test_an_object_of_a_library_may_keep_something_else():
    program = """
    import configparser, torch
    c = configparser.ConfigParser()
    c["a"] = {"p": "a.pt"}
    c.set("a", "p", "b.pt")
    torch.load(c["a"]["p"])
    """
    found = resolve(textwrap.dedent(program))
    assert not found.complete
    assert "c may keep something else than it is given" in found.unknown


FOLLOWED = {
    "an entry of an argument": """
    def run(d, q="b.pt"):
        d["p"] = q
        torch.load(d["p"])
    run(eval("{}"))
    """,
    "entries side by side": """
    d = {}
    d["p"] = "b.pt"
    d["q"] = "a.pt"
    torch.load(d["p"])
    """,
    "an entry of its own name": "d = {'p': 'a.pt'}\nd['p'] = 'b.pt'\ntorch.load(d['p'])",
    "an attribute before the call": """
    class Options:
        path = "a.pt"
    def run(options):
        torch.load(options.path)
    options = Options()
    options.path = "b.pt"
    run(options)
    """,
    "a field that comes by **": """
    from dataclasses import dataclass
    @dataclass
    class Options:
        path: str = "a.pt"
        rate: int = 2
    config = {"path": "b.pt", "rate": 1}
    torch.load(Options(**config).path)
    """,
    "a field that ** does not have": """
    from dataclasses import dataclass
    @dataclass
    class Options:
        rate: int = 2
        path: str = "b.pt"
    torch.load(Options(**{"rate": 1}).path)
    """,
    "a field that a base has first": """
    from dataclasses import dataclass
    @dataclass
    class Base:
        name: str = "a"
        path: str = "a.pt"
    @dataclass
    class Options(Base):
        name: str = "c"
        other: str = "c.pt"
    torch.load(Options("a", "b.pt").path)
    """,
    "a decorator that passes all on": """
    import functools
    def timed(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            result = function(*args, **kwargs)
            return result
        return inner
    @timed
    def name():
        return "b.pt"
    torch.load(name())
    """,
    "an option behind one dash": """
    p = argparse.ArgumentParser()
    p.add_argument("-c", "--ckpt", default="a.pt")
    torch.load(p.parse_args(["-cb.pt"]).ckpt)
    """,
    "an option that stores a constant": """
    p = argparse.ArgumentParser()
    p.add_argument("--best", action="store_const", const="b.pt", default="a.pt")
    torch.load(p.parse_args(["--best"]).best)
    """,
    "an option that needs no value": """
    p = argparse.ArgumentParser()
    p.add_argument("--best", nargs="?", const="b.pt", default="a.pt")
    torch.load(p.parse_args(["--best"]).best)
    """,
    "text that is computed elsewhere": "n = eval('1')\ntorch.load('b.pt')",
}


@pytest.mark.parametrize("source", FOLLOWED.values(), ids=list(FOLLOWED))
def test_what_is_followed_stays_exact(source, monkeypatch):
    found = resolve(textwrap.dedent(source) + "\n")
    opened = []
    fake = ModuleType("torch")
    fake.load = opened.append
    names = {"torch": fake, "__name__": "program"}
    monkeypatch.setitem(sys.modules, "program", ModuleType("program"))
    exec("import os, argparse\n" + textwrap.dedent(source), names)
    assert opened == ["b.pt"]
    assert "b.pt" in [pattern.text for pattern in found.patterns if pattern.exact]


@pytest.mark.parametrize(("default", "exact"), [("'train'", False), ("'runs/a'", True)])
def test_a_word_that_others_may_give_is_one_of_several(default, exact):
    source = f"def load(split={default}):\n    torch.load(f'data/{{split}}.pt')\n"
    (pattern,) = resolve(source).patterns
    assert pattern.exact is exact


def test_a_change_in_the_same_file_counts_where_too_many_others_have_the_name():
    source = "import types\nn = types.SimpleNamespace(p='a.pt')\nn.__dict__.update(json())\n"
    others = {f"other{number}.py": "from main import n\nprint(n.p)\n" for number in range(80)}
    found = resolve(f"{source}torch.load(n.p)\n", others)
    assert [pattern.exact for pattern in found.patterns] == [False]
