"""What hangs on the members of an enumeration is the whole program's: no file changes it."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import NET, SETS, filled, loaded, project

pytestmark = pytest.mark.torch

MEMBER = forge.call(forge.name("victim", "Kind"), forge.number(1))
KIND = """
import enum, functools
from dataclasses import dataclass, field

{}class Kind({}enum.Enum):
    A = 1
    B = 2
    {}
"""
GIVEN = "def __init__(self, n): self.names = "
MIX = "class Mix:\n    def __init__(self, n): self.names = [n]\n"
FIELDS = "@dataclass\nclass Mix:\n    n: int\n    names: list = field(default_factory=list)\n"
PUTS = f"{SETS}s['k'].names.append(9)"
KEPT = """@property
    def names(self):
        self._x = getattr(self, "_x", [])
        return self._x"""
HOLDING = {
    "a list": KIND.format("", "", f"{GIVEN}[n]"),
    "a list by a name": KIND.format("", "", "def __init__(self, n): x = [n]; self.names = x"),
    "made by a base": KIND.format(MIX, "Mix, ", ""),
    "a field of a base": KIND.format(FIELDS, "Mix, ", ""),
    "given by a property": KIND.format(
        "", "", f"{GIVEN}[n]\n    @property\n    def all(self): return self.names"
    ),
    "cached": KIND.format("", "", "@functools.cached_property\n    def names(self): return []"),
    "kept": KIND.format("", "", KEPT),
    "set by a text": KIND.format("", "", "def __init__(self, n): setattr(self, 'names', [n])"),
    "put into __dict__": KIND.format("", "", "def __init__(self, n): self.__dict__['names'] = [n]"),
}  # fmt: skip
SET = "def __hash__(self): self.seen = 9; return 1"
PLAIN = {
    "a text": KIND.format("", "", f"{GIVEN}n\n    def __str__(self): return f'{{self.names}}'"),
    "a number": KIND.format("", "", f"{GIVEN}n * 2\n    def __len__(self): return self.names"),
    "nothing": KIND.format("", "", "def __str__(self): return self.__class__.__name__"),
}


def stand(folder, head, body):
    """Whether the enumeration and a class that meets its members may be allowed as they are."""
    project(folder, head, body, forge.pair(MEMBER, forge.new(NET) + b"}b"))
    found = torchload_lint.inspect(folder / "net.pt").judgements
    return all(one.allowed and not one.restores for one in found)


@pytest.mark.parametrize("head", HOLDING.values(), ids=HOLDING)
def test_a_list_of_a_member_is_not_changed(head, tmp_path):
    puts = PUTS.replace("names", "all") if "def all" in head else PUTS
    assert not stand(tmp_path, head, puts)
    entries = "only_with(victim.Kind, (1,)), victim.Net"
    shown = "victim.Kind(1).names"
    hostile = filled(k=MEMBER)
    if "Mix:\n    n: int" in head:  # such members are looked up by their name
        kind = forge.name("victim", "Kind")
        by_name = forge.call(forge.name("builtins", "getattr"), kind, forge.text("A"))
        hostile, shown = filled(k=by_name), "victim.Kind.A.names"
        entries = "only_with(getattr, (victim.Kind, 'A')), victim.Kind, victim.Net"
    assert "9" in loaded(tmp_path, hostile, entries, shown).stdout


def test_nothing_is_set_on_a_member(tmp_path):
    assert not stand(tmp_path, KIND.format("", "", SET), "pass")
    hostile = b"}" + MEMBER + b"Ns"
    loaded_as = loaded(tmp_path, hostile, "only_with(victim.Kind, (1,))", "victim.Kind.A.seen")
    assert loaded_as.stdout == "9\n"


def test_members_that_are_lists_are_refused(tmp_path):
    head = "import enum\nclass Kind(list, enum.Enum):\n    A = (1,)\n    B = 2\n"
    assert not stand(tmp_path, head, "pass")


@pytest.mark.parametrize("head", PLAIN.values(), ids=PLAIN)
def test_members_that_hold_plain_values_stand(head, tmp_path):
    assert stand(tmp_path, head, f"{SETS}self.x = s['k'].names")
