"""Small records of archives, and what follows an archive: as torch reads them."""

from __future__ import annotations

import io
import struct

import pytest
import torch

from checkpoint.cases.forge import STORAGE, archive, program, tensor
from torchload_lint.checkpoint import Verdict, inspect_bytes

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

WHOLE = archive(program(tensor()))


def agree(data: bytes) -> bool:
    try:
        torch.load(io.BytesIO(data), weights_only=True)
        loaded = True
    except Exception:  # noqa: BLE001 - torch raises many
        loaded = False
    return loaded == (inspect_bytes(data, "a.pt").verdict is Verdict.LOADS)


LENGTHS = [0, 1, *range(3300, 4200, 29), *range(7400, 8300, 31), 20000, *range(64500, 65536, 23)]


@pytest.mark.parametrize("length", LENGTHS)
def test_bytes_that_follow_an_archive(length: int) -> None:
    assert agree(WHOLE + b"x" * length)
    assert agree(WHOLE[:-2] + struct.pack("<H", length) + b"x" * length), "as its comment"


@pytest.mark.parametrize("text", [b"3", b"+3", b" +3", b"++3", b"+", b"+ 3", b"-1", b"\n3", b""])
def test_the_format_version(text: bytes) -> None:
    assert agree(archive(program(tensor()), version=text))


@pytest.mark.parametrize("text", [b"64", b"9" * 4300, b"9" * 4301, b"9" * 5000, b"x", b"", b"1_0"])
def test_the_alignment_of_storages(text: bytes) -> None:
    members = (("data/0", STORAGE), (".storage_alignment", text))
    assert agree(archive(program(tensor()), members=members))
