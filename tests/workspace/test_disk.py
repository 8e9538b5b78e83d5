"""The project's files, asked for by what a program calls them."""

from __future__ import annotations

import pytest

from torchload_lint.config import Config
from torchload_lint.workspace.disk import DiskFiles


@pytest.mark.parametrize(
    "name", ["x" * 5000, "scale: 4\nlr: 1\n" * 300, "a\0b", "", "missing.yaml"]
)
def test_what_no_file_can_be_called_is_not_there(tmp_path, name):
    files = DiskFiles(Config(root=tmp_path))
    assert not files.exists(name)
    assert files.text(name) is None


def test_a_file_is_there(tmp_path):
    (tmp_path / "a.yaml").write_text("x: 1\n")
    assert DiskFiles(Config(root=tmp_path)).exists("a.yaml")
