"""Every checkpoint of the oracle's tests: it migrates to a file that torch loads, or is refused."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest
import torch

from checkpoint.cases import CASES
from checkpoint.cases.registry import write_case
from migrate.helpers import same
from torchload_lint.checkpoint import Verdict, inspect_file
from torchload_lint.migrate import MigrationError, NoteKind, migrate_file

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

MALFORMED = frozenset({"format", "malicious", "opcode", "protocol"})
"""Categories whose files may be damaged, or hold nothing but a call."""


@pytest.mark.parametrize("category", sorted({case.category for case in CASES.values()}))
def test_every_case(category: str, tmp_path: Path) -> None:
    refused, made = [], 0
    out = tmp_path / "out.pt"
    for case in CASES.values():
        if case.category != category or case.missing:
            continue
        path = write_case(case, tmp_path)
        out.unlink(missing_ok=True)
        torch.serialization.clear_safe_globals()
        try:
            plan = migrate_file(path, out).plan
        except MigrationError:
            assert not out.exists()
            refused.append(case.name)
            continue
        found = load(out)
        made += 1
        if category not in MALFORMED and inspect_file(path).verdict is Verdict.LOADS:
            assert not plan.of_kind(NoteKind.LEFT_OUT), case.name
            assert same(found, load(path)), case.name
    assert made + len(refused)
    if category not in MALFORMED:
        assert made > len(refused)
        assert len(refused) <= REFUSED.get(category, 0), refused


def load(path: Path) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(path, weights_only=True, map_location="cpu")


REFUSED = {
    "builtin": 2,  # a method, and a union of types
    "module": 2,  # bound methods
    "numpy": 6,  # long doubles, subarrays, a structured dtype by itself
    "stdlib": 8,  # functions with their arguments, loggers, types
    "tensorsub": 6,  # wrappers, and parameters without data
    "third": 2,  # pandas
    "user": 5,  # what functions of the program return
}
"""How many of a category hold nothing that could be carried."""
