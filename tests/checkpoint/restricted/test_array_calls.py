"""Calls of numpy's functions and array states with values of every kind: real torch decides.

What is said to need exactly such entries has to load with them, and what is refused must not load.
"""

from __future__ import annotations

import io
from itertools import product

import numpy as np
import pytest
import torch

from checkpoint.cases import forge
from checkpoint.cases.forge import archive, array, call, mapping, name, number, pair, program, text
from torchload_lint.checkpoint import Verdict, inspect_bytes
from torchload_lint.checkpoint.known.torch_versions import Target

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

NONE, FALSE, TRUE, BUILD = b"N", b"\x89", b"\x88", b"b"
MULTIARRAY = "numpy._core.multiarray"


def dtype(code: str, size: int = -1, flags: int = 0) -> bytes:
    made = call(name("numpy", "dtype"), text(code), FALSE, TRUE)
    parts = (NONE, NONE, NONE, number(size), number(1 if size > 0 else -1), number(flags))
    return made + pair(number(3), text("|"), *parts) + BUILD


F8, O8, V3 = dtype("f8"), dtype("O8", flags=63), dtype("V3", 3)
NDARRAY, MATRIX, FLOAT = name("numpy", "ndarray"), name("numpy", "matrix"), name("numpy", "float64")
PLAIN = (
    *(NONE, TRUE, b")", b"]", mapping({}), number(0), number(-1), b"G?\xf8\0\0\0\0\0\0"),
    *(text(""), text("a"), text("f8"), pair(number(0)), pair(TRUE), pair(text("a"))),
)
SIZES = (pair(number(0)), pair(number(1)), pair(number(3)), b")", pair(number(1), number(2)))
BYTES = [forge.raw(b"A" * size) for size in (0, 3, 8, 16, 24)]
CODES = (
    "f8 <f8 |b1 ? b B u1 u3 i16 f f4 f5 c16 g O O8 O9 S S3 U3 V V3 a3 M8 M8[s] m8[ns] M9 l q q8 "
    "float64 int64 bool str datetime64[s] abc cpu latin1 xyz <".split()
)
ENTRIES = [
    *(np.ndarray, np.matrix, np.dtype, np.float64, np.dtypes.Float64DType, np.dtypes.ObjectDType),
    *(np.dtypes.VoidDType, np.random.MT19937, np.random.Generator),
    *(np._core.multiarray._reconstruct, np._core.multiarray.scalar),
    *(np.random._pickle.__bit_generator_ctor, np.random._pickle.__generator_ctor),
]


def calls(function: str, *choices: tuple[bytes, ...]) -> list[bytes]:
    made = name(*function.rsplit(".", 1))
    whole = [call(made, *given) for given in product(*choices)]
    shorter = [call(made, *(one[0] for one in choices[:size])) for size in range(len(choices))]
    return [*whole, *shorter, call(made, *(one[0] for one in choices), *[NONE] * 4)]


def states(*parts: tuple[bytes, ...]) -> list[bytes]:
    begun = call(name(MULTIARRAY, "_reconstruct"), NDARRAY, pair(number(0)), text("b"))
    return [begun + pair(*given) + BUILD for given in product(*parts)]


GIVEN = {
    "dtype": calls("numpy.dtype", (*PLAIN, *map(text, CODES), FLOAT)),
    "dtype with metadata": calls("numpy.dtype", (text("f8"),), PLAIN, PLAIN, (mapping({}), NONE)),
    "class and shape of an array": calls(
        f"{MULTIARRAY}._reconstruct",
        (NDARRAY, MATRIX, FLOAT, *PLAIN),
        (*SIZES, *PLAIN),
        (text("b"),),
    ),
    "dtype of an array": calls(
        f"{MULTIARRAY}._reconstruct", (NDARRAY,), (pair(number(0)),), (F8, FLOAT, *PLAIN)
    ),
    "number": calls(f"{MULTIARRAY}.scalar", (F8, V3, FLOAT, *PLAIN), (*BYTES, *PLAIN)),
    "number of an object": calls(f"{MULTIARRAY}.scalar", (O8,), (*BYTES, *PLAIN)),
    "version and order": states(
        (*PLAIN, number(1), number(2)),
        (pair(number(1)),),
        (F8,),
        (FALSE, number(0), *PLAIN),
        (BYTES[2],),
    ),
    "shape and bytes": states(
        (number(1),), (*SIZES, *PLAIN), (F8, V3), (FALSE,), (*BYTES, text("A" * 8), *PLAIN)
    ),
    "shape and objects": states(
        (number(1),), SIZES, (O8,), (FALSE,), (array(NONE), array(NONE, NONE), BYTES[2], b"]", NONE)
    ),
    "dtype of a state": states(
        (number(1),), (pair(number(1)),), (F8, FLOAT, *PLAIN), (FALSE,), (BYTES[2],)
    ),
    "too many parts": states((number(1),), (b")",), (F8,), (FALSE,), (BYTES[2],), PLAIN),
    "no version": states((pair(number(1)),), (F8,), (FALSE,), tuple(BYTES)),
    "generator of bits": calls(
        "numpy.random._pickle.__bit_generator_ctor",
        (text("MT19937"), name("numpy.random._mt19937", "MT19937"), *PLAIN),
    ),
    "generator": calls(
        "numpy.random._pickle.__generator_ctor",
        (text("MT19937"), *PLAIN),
        (name("numpy.random._pickle", "__bit_generator_ctor"), *PLAIN),
    ),
}


def found_by_torch(data: bytes) -> str:
    with torch.serialization.safe_globals(ENTRIES):
        try:
            torch.load(io.BytesIO(data), weights_only=True)
        except Exception as error:  # noqa: BLE001 - whatever numpy raises
            return f"{type(error).__name__}: {error}"
    return ""


@pytest.mark.parametrize("programs", GIVEN.values(), ids=GIVEN)
def test_what_is_said_to_need_numpy_loads_with_it(programs: list[bytes]) -> None:
    needing = refused = 0
    wrong: list[tuple[object, ...]] = []
    target = Target.of(torch.__version__.partition("+")[0])
    for code in programs:
        data = archive(program(code))
        report = inspect_bytes(data, "case.pt", target)
        needs = report.verdict is Verdict.NEEDS_SAFE_GLOBALS
        needing, refused = needing + needs, refused + (not needs)
        if "as many objects" in str(report.problems):
            continue  # numpy ends the process
        error = found_by_torch(data)
        if needs == bool(error):
            wrong.append((code, error, report.problems))
    assert not wrong, (len(wrong), wrong[:12])
    assert refused
    never = (GIVEN["too many parts"], GIVEN["number of an object"])
    assert needing or programs in never
