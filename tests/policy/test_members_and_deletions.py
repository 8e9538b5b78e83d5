"""Members of enumerations have the code of their class, and a deleted item may be a storage's."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from checkpoint.cases import forge
from policy.test_proofs_attacked import (
    CALLED,
    NET,
    SETS,
    filled,
    loaded,
    project,
    stands_as_itself,
)

pytestmark = pytest.mark.torch

KIND = """
import enum
class Kind(enum.{base}):
    A = 1
    def {method}(self, x=""): return eval(x or "__import__('os').mkdir('ran')")
{more}
"""
MEMBERS = {
    "compared": ("__eq__", "Kind.A == s", ""),
    "beside": ("__eq__", "s == Kind.A", ""),
    "of a default": ("__eq__", "self.kind == s", "kind = Kind.A\n    "),
    "found in a tuple": ("__eq__", "s in (Kind.A,)", ""),
    "of all objects": ("__eq__", "s == KIND", ""),
    "asked for an item": ("__contains__", "s in Kind.A", ""),
    "added": ("__add__", "Kind.A + s", ""),
    "printed": ("__format__", "f'{Kind.A:s}'", ""),
    "hashed": ("__hash__", "{Kind.A: 1}", ""),
}
TEXT = forge.text("__import__('os').mkdir('ran')")


def kinds(method, base="Enum", more="KIND = Kind.A"):
    hashed = "" if method == "__hash__" else "    __hash__ = enum.Enum.__hash__\n"
    return KIND.format(base=base, method=method, more=hashed + more).replace('x or "', '"')


@pytest.mark.parametrize(("method", "use", "body"), MEMBERS.values(), ids=MEMBERS)
def test_a_member_runs_the_code_of_its_enumeration(method, use, body, tmp_path):
    project(tmp_path, kinds(method), f"{body}{CALLED}self.x = {use}", forge.call(NET))
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, forge.call(NET, TEXT))
    assert (tmp_path / "ran").is_dir()


PLAIN = "import enum\nclass Kind(str, enum.Enum):\n    A = 'a'\n    def __str__(self): {}\n"


@pytest.mark.parametrize("use", ["Kind.A == s", "f'{Kind.A}'", "s in (Kind.A, 'b')"])
def test_a_member_whose_code_is_proven(use, tmp_path):
    project(tmp_path, PLAIN.format("return self.value"), f"{CALLED}self.x = {use}")
    assert stands_as_itself(tmp_path)


DELETING = (
    "del s['x'][s['y']]", "del s['x'][0]", "del s['x'][1:2]", "self.x = s['x']; del self.x['a']",
    "s['x'].__delitem__('a')",
)  # fmt: skip
STORAGE = forge.call(forge.name("torch.storage", "UntypedStorage"), forge.number(8))


@pytest.mark.parametrize("deleted", DELETING)
def test_a_storage_whose_item_is_deleted_ends_the_interpreter(deleted, tmp_path):
    project(tmp_path, "", SETS + deleted)
    assert not stands_as_itself(tmp_path)
    assert loaded(tmp_path, filled(x=STORAGE, y=forge.number(0))).returncode < 0


@pytest.mark.parametrize("taken", ["s['x'].pop(s['y'], 0)", "s['x'].popitem(s['y'])"])
def test_a_class_that_is_a_mapping_deletes_it_too(taken, tmp_path):
    project(tmp_path, "", SETS + taken)
    assert not stands_as_itself(tmp_path)
    if "pop(" in taken:
        program = filled(x=forge.name("collections", "UserDict"), y=STORAGE)
        done = loaded(tmp_path, program, "victim.Net, collections.UserDict", more="collections")
        assert done.returncode < 0


@pytest.mark.parametrize(
    "body",
    [
        f"{SETS}s = dict(s); del s['x']; s.pop('y', None); self.__dict__.update(s)",
        f"{SETS}self.__dict__.update(s); del self.__dict__['x']",
        "def __init__(self, **more): del more['x']",
        f"{SETS}self.x = s['x'].pop('a', None)",
        "def __getstate__(self):\n        s = self.__dict__.copy()\n        del s['x']",
    ],
)
def test_what_is_no_storage_may_lose_items(body, tmp_path):
    project(tmp_path, "", body)
    assert stands_as_itself(tmp_path)


@pytest.mark.parametrize("method", ["harden_mask", "soften_mask"])
def test_a_method_of_numpy_sets_what_it_is_given(method, tmp_path):
    project(tmp_path, "", f"{SETS}s['x'].{method}(s['y'])")
    assert not stands_as_itself(tmp_path)
    program = filled(x=forge.name("numpy.ma", "MaskedArray"), y=forge.name("torch", "Tensor"))
    shown = "'_hardmask' in vars(torch.Tensor)"
    done = loaded(tmp_path, program, "victim.Net, numpy.ma.MaskedArray", shown, "numpy.ma")
    assert done.stdout == "True\n"


@pytest.mark.parametrize(
    "method", ["exponential_", "random_", "generate_state", "set_growth_factor"]
)
def test_methods_that_reach_further(method, tmp_path):
    project(tmp_path, "", f"{SETS}s['x'].{method}(s['y'])")
    assert not stands_as_itself(tmp_path)
