"""Calls of torch's functions with one argument after another put in another's place.

What is called loadable has to load with real torch; the other way round oddities may be refused
(no stride at all).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import pytest
import torch

from torchload_lint.checkpoint import Verdict, inspect_file
from torchload_lint.checkpoint.tree import inspect_tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

U = torch._utils
BYTES = torch.zeros(8).untyped_storage()
FLOATS = torch.zeros(8)._typed_storage()
QUANTIZED = torch.storage.TypedStorage(
    wrap_storage=torch.zeros(8, dtype=torch.int8).untyped_storage(),
    dtype=torch.qint8, _internal=True,
)  # fmt: skip
TWO, INDICES = torch.ones(2), torch.zeros(2, dtype=torch.int64)
HOOKS: OrderedDict[str, object] = OrderedDict()
SQUARE = ((2, 2), (2, 1))
AFFINE, CHANNELS = torch.per_tensor_affine, torch.per_channel_affine
OF_FLOATS = torch.per_channel_affine_float_qparams
CSR = (torch.tensor([0, 1, 2]), torch.tensor([0, 1]), TWO, torch.Size((2, 2)))

CALLS: dict[str, tuple[Any, ...]] = {
    "tensor": (U._rebuild_tensor_v2, FLOATS, 1, *SQUARE, False, HOOKS),
    "empty": (U._rebuild_tensor_v2, FLOATS, 1, (0, 2), (2, 1), False, HOOKS),
    "one row": (U._rebuild_tensor_v2, FLOATS, 1, (1, 2), (2, 1), False, HOOKS),
    "scalar": (U._rebuild_tensor_v2, FLOATS, 1, (), (), False, HOOKS),
    "old": (U._rebuild_tensor, FLOATS, 1, (2,), (1,)),
    "with a dtype": (U._rebuild_tensor_v3, BYTES, 1, (2,), (1,), False, HOOKS, torch.float32),
    "quantized": (U._rebuild_qtensor, QUANTIZED, 0, *SQUARE, (AFFINE, 0.5, 3), False, HOOKS),
    "by channel": (
        *(U._rebuild_qtensor, QUANTIZED, 0, *SQUARE, (CHANNELS, TWO.double(), INDICES, 1)),
        *(False, HOOKS),
    ),
    "by lists": (
        *(U._rebuild_qtensor, QUANTIZED, 0, *SQUARE, (CHANNELS, [0.5, 0.5], [0, 0], 1)),
        *(False, HOOKS),
    ),
    "by floats": (
        *(U._rebuild_qtensor, QUANTIZED, 0, *SQUARE, (OF_FLOATS, TWO, TWO, 0), False, HOOKS),
    ),
    "meta": (U._rebuild_meta_tensor_no_storage, torch.float32, *SQUARE, False),
    "sparse": (
        *(U._rebuild_sparse_tensor, torch.sparse_coo),
        (INDICES[None], TWO, torch.Size((4,)), True),
    ),
    "compressed": (U._rebuild_sparse_tensor, torch.sparse_csr, CSR),
    "parameter": (U._rebuild_parameter, TWO, True, HOOKS),
    "with a state": (U._rebuild_parameter_with_state, TWO, True, HOOKS, {"a": 1}),
    "made": (torch.nn.Parameter, TWO, True),
    "device": (torch.device, "cuda", 1),
    "device by name": (torch.device, "cuda:1"),
    "size": (torch.Size, (1, 2)),
    "of sizes": (torch.FloatTensor, 2, 3),
    "of floats": (torch.FloatTensor, [1, 2]),
    "of integers": (torch.LongTensor, [1, 2]),
    "of truth values": (torch.BoolTensor, [1]),
    "of a type": (
        *(torch._tensor._rebuild_from_type_v2, U._rebuild_tensor_v2, torch.Tensor),
        *((FLOATS, 1, (2,), (1,), False, HOOKS), {"a": 1}),
    ),
}
VALUES = [
    True, -1, 0, 2, 2**31, 2**62, 2**63, -(2**70), 2**2000, 1.5, float("nan"), 1e300, None, "a",
    (), [1], ("a",), 1j, torch.float32, torch.strided, TWO, INDICES, FLOATS, {"a"},
    torch.FloatStorage, AFFINE, torch.float8_e4m3fnuz,
]  # fmt: skip


class Call:
    """Pickled as a call."""

    def __init__(self, function: object, *args: object) -> None:
        self.call = function, args

    def __reduce__(self):
        return self.call


def with_others(arguments: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The arguments with each of the values in the place of each, also inside of tuples."""
    for at, given in enumerate(arguments):
        inner: list[Any] = list(VALUES)
        if isinstance(given, (tuple, list)) and type(given) is not torch.Size:
            inner += [type(given)(parts) for parts in with_others(tuple(given))]
        for value in inner:
            yield (*arguments[:at], value, *arguments[at + 1 :])


@pytest.mark.parametrize("name", CALLS)
def test_no_argument_is_taken_that_torch_refuses(name: str, tmp_path: Path) -> None:
    function, *arguments = CALLS[name]
    path = tmp_path / "a.pt"
    loaded = refused = 0
    for given in with_others(tuple(arguments)):
        torch.save(Call(function, *given), path)
        said = inspect_file(path)
        try:
            torch.load(path, weights_only=True, map_location="cpu")
        except Exception:  # noqa: BLE001 - torch raises many
            refused += 1
            assert said.verdict is not Verdict.LOADS, given
        else:
            loaded += 1
    assert loaded or name == "device by name"
    assert refused
    torch.save(Call(function, *arguments), path)
    assert inspect_file(path).verdict is Verdict.LOADS


@pytest.mark.parametrize("layout", ["csr", "csc"])
@pytest.mark.parametrize("dtype", [torch.quint8, torch.qint8, torch.qint32], ids=str)
def test_the_values_of_a_compressed_tensor_may_be_quantized(tmp_path, layout, dtype):
    values = torch.quantize_per_tensor(torch.tensor([1.0, 2.0]), 0.1, 0, dtype)
    make = getattr(torch, f"sparse_{layout}_tensor")
    file = tmp_path / "quantized.pt"
    torch.save(make(torch.tensor([0, 1, 2]), torch.tensor([0, 1]), values), file)
    assert torch.load(file, weights_only=True).values().dtype is dtype
    assert inspect_file(file).verdict is Verdict.LOADS


LENGTHS = [(1,), (True,), (2, True), (True, 2), (0, 2), (2, 0), (1, 2), [2, True], (2, 1.0)]
STEPS = [(1,), (True,), (1, True), (True, 1), (False, 1), (1, -1), (-7, 1), (-7, True), [1, False]]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_sizes_and_strides_are_taken_as_torch_takes_them(tmp_path, lengths):
    """Truth values everywhere but first, and backward steps where nothing is stepped over."""
    file = tmp_path / "steps.pt"
    loaded = 0
    for steps in (steps for steps in STEPS if len(steps) == len(lengths)):
        torch.save(Call(U._rebuild_tensor_v2, FLOATS, 1, lengths, steps, False, HOOKS), file)
        said = inspect_file(file)
        try:
            shape = torch.load(file, weights_only=True).shape
        except (RuntimeError, TypeError):
            assert said.verdict is Verdict.UNREADABLE, steps
        else:
            loaded += 1
            assert said.verdict is Verdict.LOADS, steps
            assert f"float32 {list(shape)}, " in inspect_tree(file)
    assert bool(loaded) is (type(lengths[0]) is int and float not in map(type, lengths))
