"""Calls that no program writes are told apart from what a torch to come may write."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
import torch

from checkpoint.cases.forge import archive, call, name, number, pair, program, text
from torchload_lint.checkpoint import Verdict, inspect_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

COMMAND = text("ls -la")
NONE, FALSE = b"N", b"\x89"
EMPTY, HOOKS = pair(), call(name("collections", "OrderedDict"))
UTILS = "torch._utils"
POPPED = b"0"


@pytest.fixture(params=["the object", "thrown away"])
def place(request: pytest.FixtureRequest) -> Callable[[bytes], bytes]:
    """Where in the file the call stands."""
    kept = request.param == "the object"
    return lambda made: archive(program(made if kept else made + POPPED + text("state")))


def loads(data: bytes, *, restricted: bool) -> bool:
    try:
        torch.load(io.BytesIO(data), weights_only=restricted)
    except Exception:  # noqa: BLE001 - whatever the real one says
        return False
    return True


NEVER = {
    "sizes": call(name("torch", "Size"), COMMAND),
    "one_size": call(name("torch", "Size"), number(5)),
    "device": call(name("torch", "device"), COMMAND),
    "layout": call(name("torch.serialization", "_get_layout"), COMMAND),
    "codec": call(name("_codecs", "encode"), text("ls"), text("nonsense")),
    "encoded_number": call(name("_codecs", "encode"), number(1)),
    "storage": call(
        name(UTILS, "_rebuild_tensor_v2"), COMMAND, number(0), EMPTY, EMPTY, FALSE, HOOKS
    ),
    "data": call(name(UTILS, "_rebuild_parameter"), COMMAND, FALSE, HOOKS),
    "sparse": call(name(UTILS, "_rebuild_sparse_tensor"), COMMAND, EMPTY),
    "subclass": call(
        name("torch._tensor", "_rebuild_from_type_v2"),
        COMMAND,
        name("torch", "Tensor"),
        EMPTY,
        HOOKS,
    ),
    "tensor": call(name("torch", "FloatTensor"), COMMAND),
    "typed_storage": call(name("torch", "FloatStorage"), COMMAND),
    "dtype": call(name("torch", "float32"), COMMAND),
}


@pytest.mark.parametrize("made", NEVER.values(), ids=NEVER)
def test_what_no_program_writes_is_dangerous_and_no_broken_download(
    made: bytes, place: Callable[[bytes], bytes]
) -> None:
    data = place(made)
    assert not loads(data, restricted=True)
    assert not loads(data, restricted=False)
    report = inspect_bytes(data, "m.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert report.problems[0].code == "hostile"


TO_COME = {
    "device": call(name("torch", "device"), text("quantum:0")),
    "layout": call(name("torch.serialization", "_get_layout"), text("torch.sparse_new")),
    "storage": call(name("torch", "FloatStorage"), number(2)),
}


@pytest.mark.parametrize("made", TO_COME.values(), ids=TO_COME)
def test_what_another_torch_may_write_is_only_refused(
    made: bytes, place: Callable[[bytes], bytes]
) -> None:
    report = inspect_bytes(place(made), "m.pt")
    assert report.verdict in {Verdict.UNREADABLE, Verdict.CANNOT_LOAD}


def test_every_dtype_that_torch_allows_is_nothing_to_call() -> None:
    assert not callable(torch.float32)
    assert not callable(torch.per_tensor_affine)
