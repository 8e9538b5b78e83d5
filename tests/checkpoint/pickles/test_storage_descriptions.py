"""How a pickle describes a storage: what is called loadable has to load with real torch."""

from __future__ import annotations

import io

import pytest
import torch

from checkpoint.cases.forge import archive, array, name, number, pair, program, storage, text
from torchload_lint.checkpoint import Verdict, inspect_bytes
from torchload_lint.checkpoint.known.torch_versions import Target

pytestmark = pytest.mark.torch
TORCH = Target.of(torch.__version__.partition("+")[0])
PARTS = {
    "nothing": b"N",
    "a number": number(1),
    "a truth value": b"\x88",
    "an empty tuple": b")",
    "one number": pair(number(1)),
    "a key, a place and a size": pair(text("k"), number(0), number(3)),
    "a key and no numbers": pair(text("k"), b")", number(2)),
    "a key and a fraction": pair(text("k"), b"G?\xf8\0\0\0\0\0\0", number(2)),
    "a list": array(text("k"), number(0), number(3)),
}


def loads(data: bytes) -> bool:
    try:
        torch.load(io.BytesIO(data), weights_only=True)
    except Exception:  # noqa: BLE001 - whatever torch raises
        return False
    return True


@pytest.mark.parametrize("part", PARTS)
def test_the_part_of_a_storage_that_the_old_form_names(part: str) -> None:
    out = io.BytesIO()
    torch.save([torch.ones(3)], out, _use_new_zipfile_serialization=False)
    data = out.getvalue()
    place = data.index(b"K\x03Ntq") + 2
    data = data[:place] + PARTS[part] + data[place + 1 :]
    assert (inspect_bytes(data, "old.pt", TORCH).verdict is Verdict.LOADS) is loads(data)


def test_a_number_and_a_text_are_two_keys_of_a_record_and_each_has_its_size() -> None:
    described = text("storage"), name("torch", "FloatStorage")
    by_number = pair(*described, number(0), text("cpu"), number(3)) + b"Q"
    for again, expected in ((storage("0", count=3), True), (by_number, False)):
        data = archive(program(array(storage("0"), again)))
        assert (inspect_bytes(data, "new.pt", TORCH).verdict is Verdict.LOADS) is expected
        assert loads(data) is expected
