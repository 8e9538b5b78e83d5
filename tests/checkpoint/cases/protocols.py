"""The pickle protocols, by both of torch's formats."""

from __future__ import annotations

import argparse
from collections import OrderedDict

import torch
from torch import nn

from checkpoint import sample_classes as own
from checkpoint.cases.registry import AS_IS, IMPOSSIBLE, Case, Truth, add, legacy_bytes, saved_bytes

VALUES = {
    "state_dict": lambda: nn.Linear(2, 2).state_dict(),
    "none": lambda: None,
    "tiny_dict": lambda: {"a": 1},
    "numbers": lambda: [1, 300, 70000, -1, 0.5, True],
    "bytes": lambda: {"b": b"abc"},
    "namespace": lambda: argparse.Namespace(a=1),
    "tensor": lambda: torch.ones(2),
    "ordered": OrderedDict,
    "empty_list": list,
    "object": own.Cfg,
    "class": lambda: own.Cfg,
    "set": lambda: {1, 2},
    "text": lambda: "é",
    "nested_class": own.Outer.Inner,
}

RECORDED = {
    "proto1_state_dict": IMPOSSIBLE,
    "proto3_state_dict": AS_IS,
    "proto4_state_dict": IMPOSSIBLE,
    "proto5_state_dict": IMPOSSIBLE,
    "proto4_tiny_none": AS_IS,
}


def _register(name: str, value: object, protocol: int, truth: Truth | None) -> None:
    def make() -> bytes:
        return saved_bytes(value(), pickle_protocol=protocol)

    add(Case(name, "protocol", make, truth=truth))


for _protocol in (0, 1, 3, 4, 5):
    for _kind, _value in VALUES.items():
        _name = f"proto{_protocol}_{'tiny_none' if _kind == 'none' else _kind}"
        _register(_name, _value, _protocol, RECORDED.get(_name))

for _protocol in (0, 1, 3, 4):
    for _kind in ("state_dict", "none", "tiny_dict"):
        _name = f"legacy_proto{_protocol}" + (
            "" if (_protocol, _kind) == (4, "state_dict") else f"_{_kind}"
        )
        add(
            Case(
                _name,
                "protocol",
                lambda kind=_kind, protocol=_protocol: legacy_bytes(VALUES[kind](), protocol),
                truth=IMPOSSIBLE if _name == "legacy_proto4" else None,
            )
        )
