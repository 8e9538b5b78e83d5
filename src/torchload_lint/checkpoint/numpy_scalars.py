"""Numbers that numpy has pickled one by one (``scalar(dtype, bytes)``), as text for people."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.numpy_dtypes import is_numpy_dtype
from torchload_lint.checkpoint.pickles.pickled_values import GlobalRef, ObjectValue

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue

_MAKERS = frozenset(f"numpy.{core}.multiarray.scalar" for core in ("core", "_core"))
_KINDS = {"f": "float", "i": "int", "u": "uint"}
_FORMATS = {
    "f2": "e", "f4": "f", "f8": "d", "b1": "?",
    "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
}  # fmt: skip
"""numpy's codes of numbers → those of ``struct``."""


def scalar_text(value: PickledValue) -> str:
    """``numpy float64 0.5``; empty for anything that is not plainly such a number."""
    if not isinstance(value, ObjectValue) or value.states or value.items or value.entries:
        return ""
    if not isinstance(value.callee, GlobalRef) or str(value.callee.name) not in _MAKERS:
        return ""
    if not isinstance(value.args, tuple) or len(value.args) != 2:  # noqa: PLR2004
        return ""
    dtype, data = value.args
    code, order = _dtype(dtype)
    if (
        code not in _FORMATS
        or not order
        or not isinstance(data, bytes)
        or len(data) != int(code[1:])
    ):
        return ""
    (number,) = struct.unpack(order + _FORMATS[code], data)
    kind = "bool" if code == "b1" else f"{_KINDS[code[0]]}{8 * len(data)}"
    return f"numpy {kind} {number!r}"


def _dtype(value: PickledValue) -> tuple[str, str]:
    """The code of a dtype and the order of its bytes; empty where it is not a plain one."""
    if not is_numpy_dtype(value) or len(value.states) != 1:
        return "", ""
    args, state = value.args, value.states[0]
    if not isinstance(args, tuple) or not isinstance(state, tuple) or len(state) < 2:  # noqa: PLR2004
        return "", ""
    code, order = args[0] if args else "", state[1]
    if not isinstance(code, str) or not isinstance(order, str):
        return "", ""
    return code, {"<": "<", ">": ">", "|": "<"}.get(order, "")
