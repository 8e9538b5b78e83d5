"""The note that an old requirement keeps fixes back."""

from __future__ import annotations

import pytest

OLD = "[project]\nname = 'x'\nversion = '1'\ndependencies = ['torch>=1.8']\n[tool.torchload-lint]\n"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import torch\nx = torch.load(p)\n", True),
        ("from ultralytics.utils.patches import torch_load\nx = torch_load(p)\n", False),
    ],
)
def test_it_is_told_where_there_is_a_load_to_fix(cli, write, code, told):
    write({"pyproject.toml": OLD, "a.py": code})
    done = cli(".")
    assert done.exit_code == 1
    assert ("fixes keep torch 1.8 to 2.15 working; where 2.6 is the oldest" in done.stderr) == told
