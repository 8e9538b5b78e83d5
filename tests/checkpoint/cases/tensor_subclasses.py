"""Tensors of other classes, and tensors whose classes torch registers on import."""

from __future__ import annotations

import torch

from checkpoint import sample_classes as own
from checkpoint.cases.registry import ALLOWLIST, save_all, saved


@saved("tensorsub", ALLOWLIST)
def tensor_subclass():
    return torch.ones(2).as_subclass(own.SubTensor)


@saved("tensorsub", ALLOWLIST)
def twotensor_():
    from torch.testing._internal.two_tensor import TwoTensor

    return TwoTensor(torch.ones(2), torch.zeros(2))


@saved("plain", ALLOWLIST, fresh=True)
def nested_tensor_jagged():
    return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)


@saved("tensorsub", ALLOWLIST, fresh=True)
def dtensor_():
    return _distributed(lambda tensor, mesh, place: tensor(torch.ones(4), mesh, [place.Shard(0)]))


@saved("tensorsub", fresh=True)
def dtensor_replicated():
    return _distributed(
        lambda tensor, mesh, place: tensor(torch.ones(4), mesh, [place.Replicate()])
    )


def _distributed(make):
    """A DTensor over a group of one process."""
    from torch import distributed
    from torch.distributed import device_mesh
    from torch.distributed import tensor as dtensor

    distributed.init_process_group("gloo", rank=0, world_size=1, store=distributed.HashStore())
    try:
        mesh = device_mesh.init_device_mesh("cpu", (1,))
        return make(dtensor.distribute_tensor, mesh, dtensor)
    finally:
        distributed.destroy_process_group()


@saved("tensorsub")
def tensor_subclass_with_attributes():
    value = torch.ones(2).as_subclass(own.SubTensor)
    value.tag = own.Cfg()
    return value


save_all(
    "tensorsub",
    {
        "parameter_subclass": lambda: own.SubParameter(torch.ones(2)),
        "parameter_of_subclass": lambda: torch.nn.Parameter(
            torch.ones(2).as_subclass(own.SubTensor)
        ),
        "uninitialized_parameter": torch.nn.UninitializedParameter,
        "uninitialized_buffer": torch.nn.UninitializedBuffer,
        "subclass_in_state_dict": lambda: {"w": torch.ones(1).as_subclass(own.SubTensor), "b": 1},
        "masked_tensor": lambda: torch.masked.masked_tensor(
            torch.ones(2), torch.tensor([True, False])
        ),
        "shared_memory_tensor": lambda: torch.ones(2).share_memory_(),
        "sparse_with_attributes": lambda: _tagged(torch.eye(2).to_sparse()),
        "meta_with_attributes": lambda: _tagged(torch.ones(2, device="meta")),
        "quantized_with_attributes": lambda: _tagged(
            torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8)
        ),
    },
)


def _tagged(value: torch.Tensor) -> torch.Tensor:
    value.tag = "t"
    return value
