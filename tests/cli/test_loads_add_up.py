"""A check, its SARIF and ``loads`` count the same loads in the same way."""

from __future__ import annotations

import json

from click.testing import CliRunner

from torchload_lint.cli.group import root as main

PROGRAM = """
import sys
import torch

net = torch.nn.Linear(2, 2)
net.load_state_dict(torch.load(sys.argv[1]))
state = torch.load(sys.argv[2])
other = torch.load(sys.argv[3])
"""


def test_all_say_the_same(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)

    def said(*arguments):
        return CliRunner().invoke(main, [*arguments, "."])

    rows = json.loads(said("loads", "--output-format", "json").stdout)
    assert [row["counted_as"] for row in rows] == ["tensors", "unknown", "unknown"]
    assert "1 used only as tensors, 2 with unknown needs" in said("loads").stdout
    sarif = json.loads(said("--output-format", "sarif").stdout)["runs"][0]
    counted = sarif["properties"]["loads"]
    assert (counted["tensors"], counted["unknown"]) == (1, 2)
    found = json.loads(said("--select", "TLL109", "--output-format", "json").stdout)
    assert [each["location"]["row"] for each in found] == [7, 8]
    assert "1 used only as tensors, 2 not matched to any file" in said().stdout
