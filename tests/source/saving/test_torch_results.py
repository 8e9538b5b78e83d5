"""What functions of torch are said to yield, against what they yield and what the file needs."""

from __future__ import annotations

import ast
import io
import pickle

import pytest

from project_files import project
from torchload_lint.source.paths import resolve_path
from torchload_lint.source.saving.contained.torch_results import (
    NAMED_TUPLES,
    NAMED_TUPLES_OF_LINALG,
    kind_of_result,
)
from torchload_lint.source.saving.producers import producers_for

pytestmark = pytest.mark.filterwarnings("ignore")  # what torch says of old functions
OBJECTS = {
    "the greatest of each row": "torch.ones(2, 2).max(0)",
    "the greatest few": "torch.topk(torch.ones(3), 2)",
    "a decomposition": "torch.linalg.svd(torch.ones(2, 2))",
    "a subclass of Tensor": "torch.ones(2).as_subclass(torch.nn.Buffer)",
    "a traced model": "torch.fx.symbolic_trace(net)",
    "a compiled model": "torch.compile(net)",
    "a model with other layers": "torch.nn.SyncBatchNorm.convert_sync_batchnorm(bn)",
    "a quantized model": "torch.ao.quantization.convert(net)",
    "a masked tensor": "torch.masked.masked_tensor(torch.ones(1), torch.ones(1).bool())",
}
TENSORS = {
    "the greatest of all": "torch.ones(2, 2).max()",
    "the greatest of a tensor": "torch.max(torch.ones(2))",
    "a transform": "torch.fft.fft(torch.ones(2))",
    "a norm": "torch.linalg.norm(torch.ones(2))",
    "a compiled model's state": "torch.compile(net).state_dict()",
}
HEAD = "import torch\nnet = torch.nn.Linear(1, 1)\nbn = torch.nn.BatchNorm1d(1)\n"


def _saved(expression):
    code = f"{HEAD}torch.save({expression}, 'x.pt')\ntorch.load('x.pt', weights_only=False)\n"
    index = project({"main.py": code})
    module = index.module_at("main.py")
    (load,) = module.loads
    (producer,) = producers_for(load, module, resolve_path(load.file, module, index), index)
    return producer


def _is_refused(expression):
    """Whether torch refuses a file with that, where nothing but what is said is allowed."""
    import torch

    held: dict[str, object] = {}
    exec(HEAD, held)
    buffer = io.BytesIO()
    torch.save(eval(expression, held), buffer)
    buffer.seek(0)
    try:
        torch.load(buffer, weights_only=True)
    except pickle.UnpicklingError:
        return True
    return False


@pytest.mark.parametrize("expression", OBJECTS.values(), ids=OBJECTS)
def test_what_is_no_plain_tensor_is_not_known(expression):
    assert _is_refused(expression)
    assert not _saved(expression).complete


@pytest.mark.parametrize("expression", TENSORS.values(), ids=TENSORS)
def test_a_tensor_needs_nothing(expression):
    assert not _is_refused(expression)
    found = _saved(expression)
    assert found.complete, found.unknown
    assert not found.needs


def test_every_named_tuple_of_torch_is_known():
    torch = pytest.importorskip("torch")
    types = {
        name
        for name, value in vars(torch.return_types).items()
        if isinstance(value, type) and issubclass(value, tuple) and name.islower()
        if not name.startswith("_") and not name.endswith("_out")
    }
    assert types == NAMED_TUPLES | {f"linalg_{name}" for name in NAMED_TUPLES_OF_LINALG}


def test_a_part_of_torch_whose_functions_make_objects_is_told_from_a_function():
    call = ast.parse("f()", mode="eval").body
    assert isinstance(call, ast.Call)
    assert kind_of_result("torch.hub.load", call) == ""
    assert kind_of_result("torch.zeros", call) == "tensor"
