from __future__ import annotations

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root

NAMES = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TORCHLOAD_LINT_OUTPUT_FORMAT")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty project, which is the current folder. It wants to read notes."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\nmin-severity = "info"\n')
    return tmp_path


@pytest.fixture
def cli(folder):  # noqa: ARG001 - the folder is where it runs
    """Run the command line in that folder; a result with exit_code, stdout and stderr."""
    runner = CliRunner()

    def run(*args, stdin=None, env=None):
        result = runner.invoke(root, list(args), input=stdin, env=env, prog_name="torchload-lint")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def write(folder):
    """Write files of the project: names (with ``/``) and texts."""

    def write_files(files):
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write_files
