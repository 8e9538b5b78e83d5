from __future__ import annotations

import pytest
from click.testing import CliRunner

from scanned import PROGRAMS, checkpoint
from torchload_lint.cli.group import root


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project, which is the current folder, with a checkpoint of each kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    (tmp_path / "models").mkdir()
    for kind in (*PROGRAMS, "unreadable"):
        (tmp_path / "models" / f"{kind}.pt").write_bytes(checkpoint(kind))
    return tmp_path


@pytest.fixture
def scan():
    """Run ``scan`` with these arguments, into ``out``; the result."""

    def run(*arguments):
        given = ["scan", "--out", "out", "--workers", "1", *arguments]
        done = CliRunner().invoke(root, given, prog_name="torchload-lint")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run
