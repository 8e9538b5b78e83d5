"""Whatever vetted name stands in a list as itself: called with a sparse tensor that nobody has
checked, with a nested or a quantized one that contradicts itself, it does not end the interpreter.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_unchecked_tensors import archive, sparse
from torchload_lint.names import GlobalName
from torchload_lint.policy import Trust, judge
from torchload_lint.vetted import computes_when_called, vetted_definitions
from torchload_lint.workspace.one_file import Options

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="each call is made in a fork"),
]

CALLS = """
import importlib, os, resource, signal, sys, warnings
warnings.simplefilter("ignore")
import torch
from torchload_lint.vetted import _table, computes_when_called, is_restored

torch.set_num_threads(1)
FAR = 1 << 40
two, whole = torch.tensor([1.0, 2.0]), torch.tensor([1, 2])


def coo(rows, values, size, coalesced):
    return torch.sparse_coo_tensor(
        torch.full((rows, 2), FAR), values, size, check_invariants=False, is_coalesced=coalesced
    )


def tensors():
    for coalesced in (None, True):
        yield coo(1, two, (3,), coalesced)
        yield coo(2, whole, (2, 2), coalesced)
        yield coo(1, torch.ones(2, 2), (3, 2), coalesced)
    rows = torch.tensor([0, FAR, FAR]), torch.tensor([FAR, FAR])
    for values in (two, whole, two.to(torch.complex64)):
        yield torch.sparse_csr_tensor(*rows, values, (2, 2), check_invariants=False)
    yield torch.sparse_bsr_tensor(*rows, torch.ones(2, 1, 1), (2, 2), check_invariants=False)
    steps = torch.tensor([[1], [1]])
    yield torch._utils._rebuild_nested_tensor(two, steps, steps, torch.tensor([1, 0]))
    scales = torch.ones(2), torch.zeros(2)
    yield torch.quantize_per_channel(torch.ones(2, 2), *scales, 0, torch.qint8)


def arguments(t):
    dense = torch.ones(3) if t.is_nested or t.dim() != 2 else torch.ones(2, 2)
    yield from ((t,), (t, t), (t, t, t), (dense, t), (t, dense), (t, 1), (2, t), ([t],), (t, [t]))
    yield from ((dense, dense, t), (t, dense, t), ([{"params": [t], "lr": t}], t), (t, t, None, t))
    yield from ((dense, torch.zeros(2, dtype=torch.long), t), (t, t, None, None, "none"))


def ends(call):
    pid = os.fork()
    if not pid:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        for tensor in tensors():
            for given in arguments(tensor):
                try:
                    call(*given)
                except Exception:
                    pass
        os._exit(0)
    return os.waitpid(pid, 0)[1] != 0


called = {}
for name in sys.argv[1:] or sorted(_table()):
    module, _, last = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), last)
    except (ImportError, AttributeError):
        continue
    judged = sys.argv[1:] or not (is_restored(name) or computes_when_called(name))
    if judged and callable(found) and id(found) not in called:
        called[id(found)] = name, found
print(len(called))
print(*(name for name, found in called.values() if ends(found)))
"""


def ended(*names):
    """How many were called, and which ended their process."""
    command = [sys.executable, "-c", CALLS, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    count, ended, *_ = [*done.stdout.splitlines(), ""]
    return int(count), ended.split()


def test_no_vetted_name_that_stands_in_a_list_as_itself_ends_the_interpreter():
    count, names = ended()
    assert count > 250
    assert names == []


TAKEN_OUT = (
    "torch._C._nn.linear", "torch.nn.functional.l1_loss", "torch._C._nn.l1_loss",
    "torch.nn.functional.kl_div", "torch.nn.functional.cross_entropy",
    "torch.nn.functional.binary_cross_entropy_with_logits",
)  # fmt: skip


def test_functions_that_do_are_not_vetted():
    assert ended(*TAKEN_OUT) == (6, list(TAKEN_OUT))
    assert not any(map(vetted_definitions, TAKEN_OUT))
    assert {judge(GlobalName.parse(name), None).trust for name in TAKEN_OUT} == {Trust.UNTRUSTED}


DISTRIBUTIONS = (
    "categorical.Categorical", "multinomial.Multinomial", "one_hot_categorical.OneHotCategorical",
    "one_hot_categorical.OneHotCategoricalStraightThrough",
    "relaxed_categorical.ExpRelaxedCategorical", "relaxed_categorical.RelaxedOneHotCategorical",
)  # fmt: skip


@pytest.mark.parametrize("name", [f"torch.distributions.{name}" for name in DISTRIBUTIONS])
def test_a_distribution_is_restored_and_not_called(name):
    assert ended(name) == (1, [name])
    assert computes_when_called(name)
    assert judge(GlobalName.parse(name), None).trust is Trust.RESTORE_ONLY
    assert judge(GlobalName.parse(name), None, called=True).trust is Trust.UNPROVEN


def test_so_is_a_scheduler_of_learning_rates():
    name = "torch.optim.lr_scheduler.StepLR"
    assert computes_when_called(name)
    assert judge(GlobalName.parse(name), None).trust is Trust.RESTORE_ONLY


PROGRAM = """import torch


def load():
    return torch.load("saved.pt", weights_only=False)


if __name__ == "__main__":
    print(load())
"""
SAVE = """
import torch
torch.save(torch.distributions.Categorical(torch.tensor([0.25, 0.75])), "saved.pt")
"""


def test_a_program_loads_its_distribution_and_no_file_that_calls_it(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / "run.py").write_text(PROGRAM)
    subprocess.run([sys.executable, "-c", SAVE], cwd=tmp_path, check=True)
    options = Options(fix=True, unsafe=True, write=True)
    torchload_lint.check(tmp_path, options=options)
    assert "Categorical)]):" in (tmp_path / "run.py").read_text()
    command = [sys.executable, "run.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "Categorical(probs: torch.Size([2]))\n"
    program = forge.call(forge.name("torch.distributions.categorical", "Categorical"), sparse())
    (tmp_path / "saved.pt").write_bytes(archive(program))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "a checkpoint may not call Categorical" in done.stderr


OWN = """from torch.distributions import Categorical
from torch.optim.lr_scheduler import StepLR


class Mine(Categorical):
    pass


class Deeper(Mine):
    pass


class Steps(StepLR):
    pass
"""


@pytest.mark.parametrize("name", ["Mine", "Deeper", "Steps"])
def test_a_class_of_the_project_made_from_one_is_not_called_either(name, tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / "own.py").write_text(OWN)
    named = forge.name("own", name)
    for program, trusts in (
        (forge.new(named) + b"}b", {Trust.RESTORE_ONLY, Trust.FIRST_PARTY}),
        (forge.call(named, b"N"), {Trust.UNPROVEN}),
    ):
        (tmp_path / "saved.pt").write_bytes(archive(program))
        (judgement,) = torchload_lint.inspect(tmp_path / "saved.pt").judgements
        assert judgement.trust in trusts
        assert judgement.trust is not Trust.FIRST_PARTY or judgement.by_attributes
