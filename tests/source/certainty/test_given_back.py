"""A table that a function gives back under another name is changed by whoever calls it."""

from __future__ import annotations

import pytest

from source.resolving import resolve

TABLE = "D = {'p': 'a.pt'}\n"
CHANGED = {
    "a default": "def f(c={'p': 'a.pt'}):\n    d = c\n    return d\nf()['p'] = 'b.pt'\n",
    "a default or a new one": (
        "def f(c={'p': 'a.pt'}):\n    d = c if c else {}\n    return d\nf()['p'] = 'b.pt'\n"
    ),
    "a table of the module": TABLE + "def f():\n    d = D\n    return d\nf()['p'] = 'b.pt'\n",
    "what it was given": TABLE + "def f(x):\n    d = x\n    return d\nf(D)['p'] = 'b.pt'\n",
    "what it was given, in two steps": (
        TABLE + "def f(x):\n    d = x or {}\n    e = d\n    return e\nf(D)['p'] = 'b.pt'\n"
    ),
    "what it was given, under a name that a test gives": (
        TABLE + "def f(x):\n    if (d := x):\n        return d\nf(D)['p'] = 'b.pt'\n"
    ),
}
UNCHANGED = {
    "a new table": "def f():\n    c = {'p': 'a.pt'}\n    d = c\n    return d\nf()['p'] = 'b.pt'\n",
    "a copy of what it was given": (
        TABLE + "def f(x):\n    d = dict(x)\n    return d\nf(D)['p'] = 'b.pt'\n"
    ),
}


def _read(source: str) -> str:
    return source + ("torch.load(D['p'])\n" if TABLE in source else "torch.load(f()['p'])\n")


@pytest.mark.parametrize("source", CHANGED.values(), ids=CHANGED)
def test_a_table_that_is_given_back_may_have_been_changed(source):
    found = resolve(_read(source), {})
    assert not found.complete
    assert found.unknown


def test_a_new_table_is_not_changed_by_other_callers():
    assert resolve(_read(UNCHANGED["a new table"]), {}).complete


HELD = {"settings.py": "D = {'p': 'a.pt'}\n"}
REACHED = {
    "by its name as a text": "getattr(settings, 'D')['p'] = 'b.pt'\n",
    "by a name that is not known": "getattr(settings, name)['p'] = 'b.pt'\n",
    "in the names of a module": "vars(settings)['D']['p'] = 'b.pt'\n",
    "in the dictionary of a module": "settings.__dict__.get('D').update(p='b.pt')\n",
    "among all that a module has": "for v in list(vars(settings).values()):\n    v['p'] = 'b.pt'\n",
    "in a module that is asked for by text": (
        "import sys\ngetattr(sys.modules['settings'], 'D')['p'] = 'b.pt'\n"
    ),
    "through the names of a function": "settings.f.__globals__['D']['p'] = 'b.pt'\n",
}


@pytest.mark.parametrize("change", REACHED.values(), ids=REACHED)
def test_a_table_of_a_module_that_is_had_without_its_name_may_be_changed(change):
    found = resolve(f"import settings\n{change}torch.load(settings.D['p'])\n", HELD)
    assert not found.complete
    assert found.unknown


OWN = {
    "globals": TABLE + "globals()['D']['p'] = 'b.pt'\ntorch.load(D['p'])\n",
    "globals under a name": TABLE + "x = globals()['D']\nx['p'] = 'b.pt'\ntorch.load(D['p'])\n",
    "all of them": (
        TABLE + "for k, v in list(globals().items()):\n    v['p'] = 'b.pt'\ntorch.load(D['p'])\n"
    ),
    "locals": (
        "def f():\n    d = {'p': 'a.pt'}\n    locals()['d']['p'] = 'b.pt'\n"
        "    return torch.load(d['p'])\n"
    ),
    "a walrus": "(D := {'p': 'a.pt'})['p'] = 'b.pt'\ntorch.load(D['p'])\n",
    "the defaults of a function": (
        "def f(d={'p': 'a.pt'}):\n    return torch.load(d['p'])\n"
        "f.__defaults__[0]['p'] = 'b.pt'\nf()\n"
    ),
}


@pytest.mark.parametrize("source", OWN.values(), ids=OWN)
def test_a_table_that_is_had_without_its_name_in_its_own_file_may_be_changed(source):
    found = resolve(source, {})
    assert not found.complete
    assert found.unknown


HARMLESS = {
    "another entry": "vars(settings)['E'] = {}\n",
    "something that is called": "getattr(settings, name)('b.pt')\n",
    "a value that is printed": "print(getattr(settings, 'D')['p'])\n",
}


@pytest.mark.parametrize("use", HARMLESS.values(), ids=HARMLESS)
def test_what_does_not_change_a_table_leaves_it(use):
    assert resolve(f"import settings\n{use}torch.load(settings.D['p'])\n", HELD).complete


def test_a_table_that_is_imported_under_two_names_in_a_row_is_followed():
    others = {
        **HELD,
        "middle.py": "from settings import D as E\n",
        "other.py": "from middle import E\nE['p'] = 'b.pt'\n",
    }
    assert not resolve(
        "from settings import D\nimport other\ntorch.load(D['p'])\n", others
    ).complete


def test_a_star_import_below_an_import_may_bring_another_value():
    others = {
        "kit/__init__.py": "from .a import P\nfrom .b import *\n",
        "kit/a.py": "P = 'a.pt'\n",
        "kit/b.py": "P = 'b.pt'\n",
    }
    found = resolve("from kit import P\ntorch.load(P)\n", others)
    assert {each.text for each in found.patterns} == {"a.pt", "b.pt"}
