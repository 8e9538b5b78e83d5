"""What loads with nothing allowed: tensors, state dicts, plain Python values."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict

import torch
from torch import nn

from checkpoint.cases.registry import AS_IS, IMPOSSIBLE, save_all, saved


def _ordered_with_metadata() -> OrderedDict:
    value = OrderedDict(a=torch.ones(1))
    value._metadata = {"": {"version": 1}}
    return value


def _nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


ALL_DTYPES = (
    "float64 float32 float16 bfloat16 complex128 complex64 complex32 int64 int32 int16 int8 uint8 "
    "uint16 uint32 uint64 bool float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz "
    "float8_e8m0fnu"
).split()


@saved("plain", AS_IS)
def state_dict():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).state_dict()


@saved("plain", AS_IS)
def scheduler_state_lambda():
    sgd = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    return torch.optim.lr_scheduler.LambdaLR(sgd, lambda epoch: 0.9**epoch).state_dict()


@saved("plain", AS_IS)
def scheduler_state_multistep():
    sgd = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1)
    return torch.optim.lr_scheduler.MultiStepLR(sgd, [3, 5]).state_dict()


@saved("plain", AS_IS)
def tensors_all_dtypes():
    return {name: torch.zeros(3, dtype=getattr(torch, name)) for name in ALL_DTYPES}


@saved("plain", AS_IS)
def dtypes_as_values():
    return [getattr(torch, name) for name in ALL_DTYPES]


@saved("plain", AS_IS)
def sparse_csr():
    return torch.eye(3).to_sparse_csr()


@saved("plain", AS_IS)
def quantized_per_tensor():
    return torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)


@saved("plain")
def quantized_per_channel():
    scales, zeros = torch.tensor([0.1, 0.2]), torch.tensor([0, 0])
    return torch.quantize_per_channel(torch.ones(2, 2), scales, zeros, 0, torch.qint8)


def packed_quantized() -> torch.Tensor:
    """Two numbers in each byte."""
    rows = torch.arange(6.0).reshape(2, 3)
    kind = torch.quint4x2
    return torch.quantize_per_channel(rows, torch.ones(2), torch.zeros(2), 0, kind)


saved("plain", AS_IS, name="quantized_packed")(packed_quantized)
saved(
    "plain",
    AS_IS,
    name="quantized_packed_legacy",
    options={"_use_new_zipfile_serialization": False},
)(packed_quantized)


@saved(
    "plain", IMPOSSIBLE, name="untyped_legacy", options={"_use_new_zipfile_serialization": False}
)
def untyped_legacy():
    return {"counts": torch.zeros(3, dtype=torch.uint16), "typed": torch.ones(2)}


@saved("plain")
def nested_tensor_jagged_layout_strided():
    return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])


@saved("plain", AS_IS)
def recursive_list():
    value: list = [1]
    value.append(value)
    return value


@saved("plain")
def recursive_dict():
    value: dict = {}
    value["self"] = value
    return value


@saved("plain")
def tied_tensors():
    weight = torch.ones(2, 2)
    return {"a": weight, "b": weight, "view": weight[0], "transposed": weight.t()}


@saved("plain")
def parameter_with_attributes():
    weight = nn.Parameter(torch.ones(2))
    weight.tag = "kept"
    return weight


@saved("plain")
def tensor_with_attributes():
    weight = torch.ones(2)
    weight.tag = [1, "x"]
    return weight


@saved("plain")
def tensor_with_hook_warning():
    return torch.ones(2, requires_grad=True)


@saved("plain")
def state_dict_of_everything():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.LSTM(2, 2), nn.Embedding(3, 2), nn.MultiheadAttention(4, 2)
    )
    return {"model": net.state_dict(), "epoch": 3, "best": 0.5, "name": "run", "args": None}


@saved("plain")
def optimizer_states():
    states = {}
    for kind in (
        torch.optim.SGD,
        torch.optim.Adam,
        torch.optim.AdamW,
        torch.optim.RMSprop,
        torch.optim.Adagrad,
        torch.optim.Adadelta,
        torch.optim.NAdam,
        torch.optim.RAdam,
        torch.optim.Adamax,
        torch.optim.ASGD,
        torch.optim.Rprop,
    ):
        layer = nn.Linear(2, 2)
        optimizer = kind(layer.parameters(), lr=0.1)
        layer(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        states[kind.__name__] = optimizer.state_dict()
    return states


@saved("plain")
def scheduler_states():
    sgd = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1, momentum=0.9)
    schedulers = torch.optim.lr_scheduler
    return [
        schedulers.CosineAnnealingLR(sgd, 10).state_dict(),
        schedulers.ReduceLROnPlateau(sgd).state_dict(),
        schedulers.ExponentialLR(sgd, 0.9).state_dict(),
        schedulers.StepLR(sgd, 3).state_dict(),
        schedulers.SequentialLR(
            sgd, [schedulers.ConstantLR(sgd), schedulers.LinearLR(sgd)], [2]
        ).state_dict(),
    ]


@saved("plain")
def scheduler_state_onecycle():
    sgd = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1, momentum=0.9)
    return torch.optim.lr_scheduler.OneCycleLR(sgd, 0.1, total_steps=10).state_dict()


@saved("plain")
def scheduler_state_cyclic():
    sgd = torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1, momentum=0.9)
    return torch.optim.lr_scheduler.CyclicLR(sgd, 0.1, 0.2).state_dict()


save_all(
    "plain",
    {
        "ints_floats_strings": lambda: {
            "i": 1,
            "f": 0.5,
            "s": "é\ud800",
            "big": 2**70,
            "n": -(2**31),
        },
        "storage_saved": lambda: torch.ones(3).untyped_storage(),
        "meta_tensor": lambda: torch.ones(3, device="meta"),
    },
    AS_IS,
)

save_all(
    "plain",
    {
        "typed_storage_saved": lambda: torch.FloatStorage([1.0, 2.0]),
        "empty_dict": dict,
        "none": lambda: None,
        "a_string": lambda: "hello",
        "a_tensor": lambda: torch.arange(6).reshape(2, 3),
        "a_parameter": lambda: nn.Parameter(torch.ones(2)),
        "a_buffer": lambda: nn.Buffer(torch.ones(2)),
        "list_of_tensors": lambda: [torch.ones(1), torch.zeros(2)],
        "tuple_of_tensors": lambda: (torch.ones(1), torch.zeros(2), torch.ones(3), torch.ones(4)),
        "dict_int_keys": lambda: {1: torch.ones(1), (2, 3): 4, None: 5, 1.5: 6},
        "booleans": lambda: [True, False, None],
        "special_floats": lambda: [math.inf, -math.inf, math.nan, -0.0, 5e-324],
        "long_integers": lambda: [2**31, -(2**31) - 1, 2**63, -(2**200), 255, 256, 65535, 65536],
        "integer_255_bytes": lambda: 2 ** (8 * 254),
        "long_string": lambda: "x" * 100_000,
        "many_memo_entries": lambda: [f"key{i}" for i in range(700)],
        "deep_lists": lambda: _nested(150),
        "complex_numbers": lambda: [1j, complex(1, 2)],
        "byte_strings": lambda: [b"abc", b"\xff\x00"],
        "bytearrays": lambda: [bytearray(b"abc"), bytearray(1)],
        "filled_set": lambda: {1, 2, 3},
        "empty_set": set,
        "ordered_dict": lambda: OrderedDict(a=1, b=2),
        "ordered_dict_with_attributes": _ordered_with_metadata,
        "counter": lambda: Counter("abca"),
        "torch_size": lambda: torch.Size([1, 2]),
        "torch_device": lambda: [torch.device("cpu"), torch.device("cuda", 1)],
        "torch_layouts": lambda: [torch.strided, torch.sparse_coo],
        "torch_qscheme": lambda: torch.per_tensor_affine,
        "sparse_coo": lambda: torch.eye(3).to_sparse(),
        "sparse_csc": lambda: torch.eye(3).to_sparse_csc(),
        "sparse_bsr": lambda: torch.eye(4).to_sparse_bsr((2, 2)),
        "conjugated": lambda: torch.ones(2, dtype=torch.complex64).conj(),
        "negated_view": lambda: torch.ones(2, dtype=torch.complex64).conj().imag,
        "channels_last": lambda: torch.ones(1, 2, 3, 3).to(memory_format=torch.channels_last),
        "zero_size_tensor": lambda: torch.empty(0, 3),
        "scalar_tensor": lambda: torch.tensor(3.5),
        "expanded_tensor": lambda: torch.ones(1).expand(5),
        "rng_state": lambda: {"cpu": torch.get_rng_state()},
        "python_rng_state": lambda: __import__("random").getstate(),
        "hyper_parameters": lambda: {"hparams": {"lr": 1e-3, "layers": [64, 64], "act": "relu"}},
    },
)
