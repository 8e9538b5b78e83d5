"""Values that a class, a module or a default shares: what stands inside of them counts, too."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import NET, SETS, filled, loaded, project, stands_as_itself

pytestmark = pytest.mark.torch

STATE = {"y": forge.number(9)}
HOLDING = (
    "tuple([[1], [2]])", "tuple(map(list, 'ab'))", "tuple(x for x in [[1]])", "[[1]] * 2",
    "[[1]] + [[2]]", "[[1]] if True else []", "[[1]] or []", "(1, [])[1:] or [[1]]",
    "tuple([list('a')])", "(tuple([[1]]) + (2,))",
)  # fmt: skip
PLAIN = (
    "tuple([1, 2])", "tuple(range(3))", "tuple(map(int, '12'))", "tuple(int(x) for x in '12')",
    "tuple('a b'.split())", "frozenset({1, 2})", "[1] * 2", "(1, 2) + (3,)", "[1] or [2]",
)  # fmt: skip


@pytest.mark.parametrize("place", ["of a module", "of a class"])
@pytest.mark.parametrize("value", HOLDING)
def test_a_file_puts_something_into_a_part(value, place, tmp_path):
    if place == "of a module":
        head, body = f"ROWS = {value}", f"{SETS}ROWS[0].append(s['y'])"
        shown = "victim.ROWS"
    else:
        head, body = "", f"ROWS = {value}\n    {SETS}self.ROWS[0].append(s['y'])"
        shown = "victim.Net.ROWS"
    project(tmp_path, head, body)
    assert not stands_as_itself(tmp_path)
    assert "9" in loaded(tmp_path, filled(**STATE), shown=shown).stdout


@pytest.mark.parametrize("value", PLAIN)
def test_values_without_parts_that_change_may_be_used(value, tmp_path):
    project(tmp_path, f"ROWS = {value}", f"{SETS}self.x = len(ROWS); self.y = list(ROWS)")
    assert stands_as_itself(tmp_path)


KEEPS = "def put(self, y, kept=[[]] * 2): self.k = kept[0]"
DEFAULTS = {
    "of a lambda": (
        "",
        f"put = lambda self, y, kept=[]: kept.append(y)\n    {SETS}self.put(s['y'])",
    ),
    "in a tuple": (
        "",
        f"def put(self, y, kept=tuple([[]])): kept[0].append(y)\n    {SETS}self.put(s['y'])",
    ),
    "kept": ("", f"{KEEPS}\n    {SETS}self.put(1); self.k.append(s['y'])"),
}


@pytest.mark.parametrize(("head", "body"), DEFAULTS.values(), ids=DEFAULTS)
def test_a_file_changes_a_default(head, body, tmp_path):
    project(tmp_path, head, body)
    assert not stands_as_itself(tmp_path)
    shown = "victim.Net.put.__defaults__"
    assert "9" in loaded(tmp_path, filled(**STATE), shown=shown).stdout


FIELD = """
from dataclasses import dataclass, field
@dataclass
class P:
    x: int = 1
    y: tuple = field(default={})
"""
FIELDS = {
    "a tuple": (FIELD.format("(1, [])"), "s['p'].y[1].append(s['y'])"),
    "an object": (
        "class Info:\n    def __init__(self): self.items = []\n" + FIELD.format("Info()"),
        "s['p'].y.items.append(s['y'])",
    ),
    "of a NamedTuple": (
        "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int = 1\n    y: list = []",
        "s['p'][1].append(s['y'])",
    ),
    "gone through": (
        "from collections import namedtuple\nP = namedtuple('P', 'x y', defaults=[1, []])",
        "[o.append(s['y']) for o in s['p'] if o != 1]",
    ),
}


@pytest.mark.parametrize(("head", "puts"), FIELDS.values(), ids=FIELDS)
def test_a_file_changes_the_default_of_a_field(head, puts, tmp_path):
    made = forge.call(forge.name("victim", "P"), forge.number(1))
    project(tmp_path, head, f"{SETS}{puts}", forge.pair(made, forge.new(NET) + b"}b"))
    found = torchload_lint.inspect(tmp_path / "net.pt").judgements
    assert not all(one.allowed and not one.restores for one in found)
    shown = "getattr(victim.P().y, 'items', victim.P().y)"
    entries = "victim.P, victim.Net"
    assert "9" in loaded(tmp_path, filled(p=made, **STATE), entries, shown).stdout


GIVEN_TO = "class O:\n    def {}(self, o):\n        o.append(9)\n        return True\nROWS = [1]\n"
OPERATING = {
    "asked for its class": ("__instancecheck__", "isinstance(ROWS, s['o'])"),
    "one of several classes": ("__instancecheck__", "isinstance(ROWS, (int, s['o']))"),
    "looked for in a list": ("__eq__", "ROWS in [s['o']]"),
    "looked for in a copy": ("__eq__", "ROWS in list(s['l'])"),
}


@pytest.mark.parametrize(("method", "meets"), OPERATING.values(), ids=OPERATING)
def test_an_object_of_the_file_is_given_a_shared_list(method, meets, tmp_path):
    made = forge.call(forge.name("victim", "O"))
    good = forge.pair(made, forge.new(NET) + b"}b")
    project(tmp_path, GIVEN_TO.format(method), f"{SETS}self.x = {meets}", good)
    found = torchload_lint.inspect(tmp_path / "net.pt").judgements
    assert not all(one.allowed and not one.restores for one in found)
    state = filled(o=made, l=forge.array(made))
    assert "9" in loaded(tmp_path, state, "victim.O, victim.Net", "victim.ROWS").stdout


@pytest.mark.parametrize(
    "asked", ["isinstance(ROWS, list)", "isinstance(ROWS, (list, O))", "1 in ROWS"]
)
def test_a_shared_list_may_be_asked_for_its_class(asked, tmp_path):
    project(tmp_path, "class O: pass\nROWS = [1]", f"{SETS}self.x = {asked}")
    assert stands_as_itself(tmp_path)


def test_attributes_that_a_class_unpacks_are_shared(tmp_path):
    project(tmp_path, "", f"ROWS, ONE = [], 1\n    {SETS}self.ROWS.append(s['y'])")
    assert not stands_as_itself(tmp_path)
    assert loaded(tmp_path, filled(**STATE), shown="victim.Net.ROWS").stdout == "[9]\n"
