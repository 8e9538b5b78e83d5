"""Which encodings a file may name for a text: Python itself decides."""

from __future__ import annotations

import encodings
import io
import pkgutil
import random
from encodings.aliases import aliases

import pytest
import torch

from checkpoint.cases.forge import archive, call, name, program, text
from torchload_lint.checkpoint import Verdict, inspect_bytes

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

NAMES = sorted(
    {*aliases, *aliases.values(), *(one.name for one in pkgutil.iter_modules(encodings.__path__))}
)
TEXTS = ("x", "\xe9", "")
ODD = (
    "latin\0", "latin1\0", "\0", "", " latin1", "latin1 ", ".u16", "utf.8", "iso8859.1",
    "latin1" + " " * 200,
    "latin1" + " " * 200 + "x", "LATIN-1",
    "ansi_x3.4_1986", "a/b", "../latin1", "utf8\n",
)  # fmt: skip
LETTERS = " ._-\0aZ8/:\t\n"


def mutants() -> list[str]:
    """Names of encodings with a letter more, less or in another's place."""
    chance, found = random.Random(1), []
    for _ in range(800):
        one = chance.choice(NAMES)
        at, letter = chance.randrange(len(one) + 1), chance.choice(LETTERS)
        found.append(one[:at] + letter + one[at + chance.randrange(2) :])
    return found


def is_loaded(data: bytes) -> bool:
    try:
        torch.load(io.BytesIO(data), weights_only=True)
    except Exception:  # noqa: BLE001 - whatever the codec raises
        return False
    return True


@pytest.mark.parametrize("encoding", [NAMES, ODD, mutants()], ids=["names", "odd", "mutants"])
def test_an_encoding_is_one_where_torch_takes_it(encoding: list[str]) -> None:
    """Of those whose work takes long nothing is claimed."""
    wrong = []
    for one in encoding:
        for given in TEXTS:
            data = archive(program(call(name("_codecs", "encode"), text(given), text(one))))
            report = inspect_bytes(data, "case.pt")
            if any(slow in one.lower() for slow in ("idna", "punycode")):
                continue
            if (report.verdict is Verdict.LOADS) != is_loaded(data):
                wrong.append((one, given, report.problems))
    assert wrong == []


@pytest.mark.parametrize("way", ["strict", "ignore", "nope", "x\0", "\0", "\ud800", "\xe9"])
@pytest.mark.parametrize("encoding", ["latin1", "rot13", "utf-16", "ascii"])
def test_a_way_to_treat_errors_is_one_where_torch_takes_it(way: str, encoding: str) -> None:
    for given in TEXTS:
        data = archive(
            program(call(name("_codecs", "encode"), text(given), text(encoding), text(way)))
        )
        assert (inspect_bytes(data, "case.pt").verdict is Verdict.LOADS) == is_loaded(data)
