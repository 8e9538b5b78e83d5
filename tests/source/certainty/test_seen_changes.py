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


FOLLOWED = {
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
    "text that is computed elsewhere": "n = eval('1')\ntorch.load('b.pt')",
}


@pytest.mark.parametrize("source", FOLLOWED.values(), ids=list(FOLLOWED))
def test_what_is_followed_stays_exact(source):
    found = resolve(textwrap.dedent(source) + "\n")
    assert "b.pt" in [pattern.text for pattern in found.patterns if pattern.exact]


@pytest.mark.parametrize(("default", "exact"), [("'train'", False), ("'runs/a'", True)])
def test_a_word_that_others_may_give_is_one_of_several(default, exact):
    source = f"def load(split={default}):\n    torch.load(f'data/{{split}}.pt')\n"
    (pattern,) = resolve(source).patterns
    assert pattern.exact is exact
