"""Notebooks changed at random, through a check and ``--fix --unsafe-fixes``."""

from __future__ import annotations

import json
from typing import Any

from fuzz.harness import Harm, Harness, must
from fuzz.harnesses.project import EVERYTHING, checked

WORDS = (
    b'"cells"', b'"source"', b'"cell_type"', b'"code"', b'"markdown"', b'"raw"', b'"metadata"', b'"outputs"',
    b'"torch.load(p, weights_only=False)\\n"', b'"torch.load(\\"runs/net.pt\\")"', b'"import torch\\n"',
    b'"%matplotlib inline\\n"', b'"!ls\\n"', b'"%%bash\\n"', b'"x = !ls\\n"', b'"?x\\n"', b'"torch.load?\\n"',
    b"[", b"]", b"{", b"}", b",", b":", b'"', b"\\", b"\\n", b"\\u2028", b"\\ud800", b"\\u0000", b"\\r", b"\n",
    b"null", b"true", b"1e999", b"NaN", b"-0", b'"nbformat": 4', b'"nbformat": 3', b'"worksheets"', b" ", b"\xff",
    b'"language": "R"', b'"id"', b"\xef\xbb\xbf",
)  # fmt: skip


def attempt(data: bytes) -> None:
    """Check and fix a notebook: what is not source stays as it is, and so does its size in cells."""
    _, fixed = checked(data, "fuzzed.ipynb", EVERYTHING)
    if fixed == data:
        return
    before = json.loads(data)
    try:
        after = json.loads(fixed)
    except ValueError as error:
        must(None, Harm.WRITE, f"the fixed notebook is no JSON: {error}")
        raise
    same = _without_sources(before) == _without_sources(after)
    must(same, Harm.WRITE, "more than the source of cells has changed")
    _, again = checked(fixed, "fuzzed.ipynb", EVERYTHING)
    must(again == fixed, Harm.WRITE, "fixed again, it changes again")


def _without_sources(notebook: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "code":
            cell["source"] = ""
    return json.dumps(notebook, sort_keys=True)


HARNESS = Harness("notebooks", attempt, WORDS, weight=8)
