"""A load hands over positions alone; code that adds keywords, and a ``functools.partial``, let a
file call what torch always allows in ways that read memory where the file says.
"""

from __future__ import annotations

import functools
import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torch

import torchload_lint
from checkpoint.cases import forge
from policy.test_unchecked_tensors import NET, archive, judged, sparse, tensor
from torchload_lint.helper_module import helper_text
from torchload_lint.policy import Trust

pytestmark = pytest.mark.torch

TENSOR = forge.name("torch", "Tensor")
STORAGE = forge.name("torch.storage", "UntypedStorage")
COUNTER = forge.name("collections", "Counter")
DENSE = tensor("0", "FloatStorage", 2)
ADDRESS = forge.number(0x41414141)
COUNTED = forge.mapping({"k": sparse(size=2)})
IMPORTS = "import collections, functools, typing\n        "
ATTACKS = {
    "self.a = a(**b)": (STORAGE, forge.mapping({"allocator": ADDRESS})),
    "self.a = a[0](8, **b)": (forge.array(STORAGE), forge.mapping({"allocator": ADDRESS})),
    "self.a = functools.partial(a, **b)()": (TENSOR, forge.mapping({"cdata": ADDRESS})),
    "self.a = a.new(**b)": (DENSE, forge.mapping({"cdata": ADDRESS})),
    "self.a = torch.Tensor(**b)": (b"N", forge.mapping({"cdata": ADDRESS})),
    "self.a = torch.Tensor(cdata=b)": (b"N", ADDRESS),
    "self.a = collections.Counter(a, k=b)": (COUNTED, DENSE),
    "self.a = typing.Counter(a, **b)": (COUNTED, forge.mapping({"k": DENSE})),
    "self.a = functools.partial(a[0], k=b)(a[1])": (forge.array(COUNTER, COUNTED), DENSE),
}
LOAD = """
import collections, functools, sys, torch, victim
with torch.serialization.safe_globals([victim.Net]):
    torch.load("hostile.pt", weights_only=True)
"""


def ends(folder, program, script=LOAD):
    """Whether the file ends the interpreter."""
    (folder / "hostile.pt").write_bytes(archive(program))
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return done.returncode < 0


@pytest.mark.parametrize("code", ATTACKS)
def test_what_adds_keywords_to_a_call_of_the_file_is_not_called(code, tmp_path):
    body = f"def __init__(self, a, b):\n        {IMPORTS}{code}"
    said = judged(tmp_path, body, forge.call(NET, b"N", b"N"))
    assert said.trust is Trust.UNPROVEN
    assert "hands keywords to what the file may have chosen to be called" in said.reason
    assert ends(tmp_path, forge.call(NET, *ATTACKS[code]))


def test_a_method_that_the_file_hides_counts(tmp_path):
    method = "\n    def add(self, a, k):\n        return 1"
    body = f"def __hash__(self):\n        return self.add(self.a, k=self.b){method}"
    said = judged(tmp_path, body, forge.new(NET) + b"}b")
    assert said.by_attributes or said.trust is Trust.RESTORE_ONLY
    state = forge.mapping({"add": COUNTER, "a": COUNTED, "b": DENSE})
    assert ends(tmp_path, b"}" + forge.new(NET) + state + b"bNs")


@pytest.mark.parametrize(
    "code",
    [
        "a(b)",
        "a(b, k=1)",
        "dict(a, **b)",
        "a(k=b)",
        "super().__init__(**b)",
        "'{} {k}'.format(a, k=b)",
    ],
)
def test_other_calls_may_have_keywords(code, tmp_path):
    body = f"def __init__(self, a=None, b=None):\n        self.a = {code}"
    assert judged(tmp_path, body, forge.call(NET)).trust is Trust.FIRST_PARTY


def test_a_class_of_counters_adds_what_the_file_gives(tmp_path):
    judged(tmp_path, "pass", forge.call(NET))
    text = (
        "import collections\n\n\nclass Net(collections.Counter):\n"
        "    def __init__(self, a, b):\n        super().__init__(a)\n        self.update(b)\n"
    )
    (tmp_path / "victim.py").write_text(text)
    [said] = torchload_lint.inspect(tmp_path / "net.pt").judgements
    assert said.trust is Trust.UNPROVEN
    assert ends(tmp_path, forge.call(NET, COUNTED, forge.mapping({"k": DENSE})))


REBUILD = forge.name("torch._tensor", "_rebuild_from_type_v2")
PARTIALS = {
    "torch.storage.UntypedStorage": (b"(K\x08t", {"allocator": ADDRESS}),
    "torch.Tensor": (b")", {"cdata": ADDRESS}),
    "collections.Counter": (forge.pair(COUNTED), {"k": DENSE}),
    "typing.Counter": (forge.pair(COUNTED), {"k": DENSE}),
}
LOAD_PARTIAL = """
import collections, functools, torch, typing
from restore_only import only_with, safe_globals
with safe_globals([only_with(functools.partial, ({name},)), typing.Counter]):
    torch.load("hostile.pt", weights_only=True)
"""


@pytest.mark.parametrize("name", PARTIALS)
def test_no_partial_gives_keywords_to_what_torch_lets_a_file_call(name, tmp_path):
    called = forge.name(*name.rsplit(".", 1))
    made = forge.new(forge.name("functools", "partial"), called)
    given, keywords = PARTIALS[name]
    (tmp_path / "good.pt").write_bytes(archive(made + forge.pair(called, b")", b"}", b"N") + b"b"))
    assert not torchload_lint.inspect(tmp_path / "good.pt").is_fine
    (tmp_path / "restore_only.py").write_text(helper_text())
    hostile = made + forge.pair(called, given, forge.mapping(keywords), b"N") + b"b"
    program = forge.call(REBUILD, hostile, called, b")", b"}")
    assert ends(tmp_path, program, LOAD_PARTIAL.format(name=name))


def test_a_partial_of_a_module_or_an_activation_may_be_held(tmp_path):
    for one in (torch.nn.LayerNorm, torch.nn.functional.gelu, int):
        torch.save({"made": functools.partial(one)}, tmp_path / "partial.pt")
        judgements = torchload_lint.inspect(tmp_path / "partial.pt").judgements
        assert all(judgement.allowed for judgement in judgements)
