"""Which safetensors files are sound: the library decides."""

from __future__ import annotations

import json
from math import prod
from random import Random

import pytest

from torchload_lint.checkpoint.containers.bytesource import MemorySource
from torchload_lint.checkpoint.containers.safetensors import TORCH_DTYPES, safetensors_fault

WIDTHS = {"BOOL": 1, "BF16": 2}
OTHER_DTYPES = ["F99", "C128", "F4", "f32"]


def file_of(header, size):
    return len(header).to_bytes(8, "little") + header + bytes(size)


def tensor(begin, end, shape, dtype="U8"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("header", "size", "fault"),
    [
        ({"a": tensor(0, 2, [2]), "b": tensor(2, 3, [1])}, 3, ""),
        ({"b": tensor(2, 3, [1]), "a": tensor(0, 2, [2]), "__metadata__": {"x": "y"}}, 3, ""),
        ({"a": tensor(0, 0, [0, 5]), "b": tensor(0, 1, [])}, 1, ""),
        ({}, 0, ""),
        ({"a": tensor(0, 2, [2]), "b": tensor(1, 3, [2])}, 3, "overlap"),
        ({"a": tensor(1, 3, [2])}, 3, "between them"),
        ({"a": tensor(0, 2, [2]), "__metadata__": {"x": [1]}}, 2, "__metadata__"),
        ({"a": tensor(0, 1, [1], "F99")}, 1, "no dtype F99"),
        ({"a": tensor(0, 2, [3])}, 2, "as its shape says"),
        ({"a": tensor(0, 2, [2])}, 3, "as the header says"),
        ({"a": tensor(0, 2, [-2])}, 2, "damaged"),
    ],
)
def test_what_is_wrong(header, size, fault):
    found = safetensors_fault(MemorySource(file_of(json.dumps(header).encode(), size)))
    assert fault in found
    assert bool(fault) == bool(found)


@pytest.mark.torch
@pytest.mark.parametrize("seed", range(10))
def test_the_library_refuses_the_same_files(seed, tmp_path):
    from safetensors.torch import load_file

    chance = Random(seed)
    path = tmp_path / "a.safetensors"
    for _ in range(150):
        data = random_file(chance)
        path.write_bytes(data)
        try:
            load_file(path)
        except Exception:  # noqa: BLE001 - of several kinds
            refused = True
        else:
            refused = False
        assert refused == bool(safetensors_fault(MemorySource(data))), data


def random_file(chance):
    header, end = {}, 0
    for number in range(chance.randint(0, 3)):
        dtype = chance.choice([*TORCH_DTYPES] if chance.random() < 0.9 else OTHER_DTYPES)
        shape = [chance.randint(0, 3) for _ in range(chance.randint(0, 3))]
        width = WIDTHS.get(dtype) or int("".join(filter(str.isdigit, dtype.partition("_")[0]))) // 8
        header[f"t{number}"] = tensor(end, end + prod(shape) * width, shape, dtype)
        end += prod(shape) * width
    for described in header.values():
        if chance.random() < 0.25:
            field = chance.choice(["dtype", "shape", "data_offsets"])
            described[field] = chance.choice(
                [[1, 2], [0, 0], "U8", None, [True], [-1, 1], [0, 2.0]]
            )
    if chance.random() < 0.3:
        header["__metadata__"] = chance.choice([{"a": "b"}, {}, {"a": 1}, None, [], "x"])
    text = bytearray(json.dumps(header).encode())
    if chance.random() < 0.2:
        text[chance.randrange(1, len(text))] = chance.choice(b'{}[],:"019aeEu\\N\x00\xff')
    return file_of(bytes(text), max(0, end + chance.choice([0, 0, 0, 0, 1, -1])))
