"""The releases that are said to have been run are those of the table in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

from torchload_lint.checkpoint.known.torch_range import LINES, RELEASES
from torchload_lint.checkpoint.known.torch_versions import (
    KNOWN_VERSIONS,
    NEWEST_LINE,
    RUN,
    TorchVersion,
)

TABLE = Path(__file__).parents[3] / "docs" / "torch-versions.md"


def test_the_table_has_a_row_for_each():
    rows = re.findall(r"(?m)^\| (2\.\d+)\.\d+", TABLE.read_text())
    assert tuple(map(TorchVersion.parse, rows)) == RUN


def test_the_newest_was_run():
    assert KNOWN_VERSIONS[-1] == NEWEST_LINE == RUN[-1]


def test_every_known_line_has_a_release():
    assert set(KNOWN_VERSIONS) <= set(LINES)
    assert list(LINES) == sorted(LINES)
    assert len(set(RELEASES)) == len(RELEASES)
