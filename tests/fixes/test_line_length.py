"""Fixes keep to the line length that the project's own formatter has."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root
from torchload_lint.line_lengths import stated_line_length

CALL = "torch.load(path, map_location=torch.device('cpu'))"
LOAD = f"import torch\n\n\ndef load(path):\n    return {CALL}\n"
FILES = [
    ({"pyproject.toml": "[tool.ruff]\nline-length = 60\n"}, 60),
    ({"pyproject.toml": "[tool.black]\nline-length = 61\n"}, 61),
    ({"pyproject.toml": "[tool.black]\nline-length = 61\n[tool.ruff]\nline-length = 60\n"}, 60),
    ({"pyproject.toml": "[tool.black]\nline-length = 59\n[tool.ruff]\nline-length = 60\n"}, 59),
    ({"ruff.toml": "line-length = 62\n", "pyproject.toml": "[tool.black]\nline-length = 60\n"}, 60),
    ({"ruff.toml": "line-length = 62\n", "pyproject.toml": "[tool.ruff]\nline-length = 60\n"}, 62),
    ({"setup.cfg": "[metadata]\nname = x\n[flake8]\nignore = E1\nmax-line-length = 63\n"}, 63),
    ({".flake8": "[flake8]\nmax_line_length=64\n"}, 64),
    ({"setup.cfg": "[flake8]\nignore = E1\n[isort]\nmax-line-length = 63\n"}, None),
    ({"pyproject.toml": "[tool.ruff]\nline-length = 9999\n"}, None),
    ({"pyproject.toml": "[tool.ruff]\nline-length = '60'\n"}, None),
    ({"pyproject.toml": "tool = 'line-length'\n"}, None),
    ({"pyproject.toml": "[tool.ruff\nline-length = 60\n"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("files", "length"), FILES)
def test_what_the_project_states(tmp_path, files, length):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert stated_line_length(tmp_path) == length


@pytest.mark.parametrize(
    ("own", "longest"), [("", 70), ("[tool.torchload-lint]\nline-length = 88\n", 88)]
)
def test_a_fix_keeps_to_it(tmp_path, monkeypatch, own, longest):
    project = '[project]\nname = "p"\nversion = "1"\ndependencies = ["torch>=2.6"]\n'
    (tmp_path / "pyproject.toml").write_text(f"{project}[tool.ruff]\nline-length = 70\n{own}")
    (tmp_path / "a.py").write_text(LOAD)
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(root, ["--fix", "--select", "TLL102", "."])
    text = (tmp_path / "a.py").read_text()
    assert "weights_only=True" in text
    assert 50 < max(map(len, text.splitlines())) <= longest
    assert (max(map(len, text.splitlines())) > 70) is (longest == 88)
