"""Bad input: a clear line each, the rest goes on, the exit status as designed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from torchload_lint.cli.group import root

LOAD = 'import torch\n\nx = torch.load("model.pt", weights_only=False)\n'
LFS = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 12345\n"
)


def notebook(source: str) -> bytes:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**cell, "source": [source]}]
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).encode()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.py").write_text(LOAD)
    return tmp_path


def lint(*arguments: str) -> Result:
    return CliRunner().invoke(root, list(arguments))


def codes(result: Result) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in result.stdout.splitlines():
        path, _, rest = line.partition(":")
        if "TLL" in rest:
            code = next(word for word in rest.split() if word.startswith("TLL"))
            found.setdefault(path, []).append(code)
    return found


@pytest.mark.parametrize(
    ("name", "data", "code", "words"),
    [
        ("broken.py", b'import torch\nx = torch.load("a.pt"\n', "TLL001", "never closed"),
        ("binary.py", b"\x00\x01\x02" * 100, "TLL002", "NUL bytes"),
        ("latin.py", b'import torch\nx = "\xff"\ntorch.load(x)\n', "TLL002", "its encoding"),
        ("enc.py", b"# coding: nonsense\nimport torch\ntorch.load(x)\n", "TLL002", "unknown enc"),
        ("old.py", b"import torch\nprint torch.load('x')\n", "TLL001", "Python 2"),
        ("cut.ipynb", b'{"cells": [ torch.load', "TLL002", "not a notebook"),
        ("half.ipynb", notebook("import torch\ntorch.load('\ud800' + x("), "TLL001", "parsed"),
    ],
)
def test_a_bad_file_is_one_line_and_the_rest_goes_on(
    project: Path, name: str, data: bytes, code: str, words: str
) -> None:
    (project / name).write_bytes(data)
    result = lint(".")
    assert result.exit_code == 1
    assert codes(result)[name] == [code]
    assert words in result.stdout
    assert "TLL101" in codes(result)["good.py"]


def test_a_dangling_link(project: Path) -> None:
    (project / "link.py").symlink_to("nowhere.py")
    result = lint(".")
    assert codes(result)["link.py"] == ["TLL002"]
    assert "the link leads nowhere" in result.stdout
    assert "good.py" in codes(result)


def test_a_file_without_permission(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "secret.py").write_text(LOAD)
    real = os.open

    def refuse(path: str | Path, *rest: int, **more: int) -> int:
        if Path(path).name == "secret.py":
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    result = lint(".")
    assert codes(result)["secret.py"] == ["TLL002"]
    assert "Permission denied" in result.stdout


def test_a_folder_that_is_called_like_a_file(project: Path) -> None:
    (project / "x.py").mkdir()
    (project / "x.py" / "inner.py").write_text(LOAD)
    assert set(codes(lint("."))) == {"good.py", "x.py/inner.py"}
    assert set(codes(lint("x.py"))) == {"x.py/inner.py"}


@pytest.mark.usefixtures("project")
def test_a_missing_path_is_an_error_and_the_rest_goes_on() -> None:
    result = lint("good.py", "nothere.py")
    assert result.exit_code == 2
    assert "nothere.py: no such file or folder" in result.stderr
    assert "TLL101" in codes(result)["good.py"]


def test_a_folder_without_python_is_said(project: Path) -> None:
    (project / "empty").mkdir()
    result = lint("empty")
    assert result.exit_code == 0
    assert "no Python files" in result.stderr


def test_a_script_with_python_in_it_is_something_to_look_at(project: Path) -> None:
    script = "FROM x\nRUN python -c 'import torch; torch.load(p, weights_only=False)'\n"
    (project / "Dockerfile").write_text(script)
    result = lint("Dockerfile")
    assert codes(result) == {"Dockerfile": ["TLL101"]}
    assert "no Python files" not in result.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[tool.torchload-lint]\ntrustd = ["a"]\n',
            "unknown key 'trustd' (did you mean 'trusted'?)",
        ),
        ('[tool.torchload-lint]\ntrusted = "a"\n', "trusted must be a list of strings"),
        ('[tool.torchload-lint]\ntarget-torch = "new"\n', "must be a version such as"),
        ('[tool.torchload-lint]\nselect = ["TLL999"]\n', "unknown rule 'TLL999'"),
        ('[tool.torchload-lint.loads]\n"a:b" = { file = "x" }\n', "unknown key 'file'"),
        (
            '[tool.torchload-lint.checkpoints]\n"s3://b/m.pt" = "m.pt"\n',
            'must be a list of globals or a table: { path = "m.pt" }',
        ),
        ("[tool.torchload-lint\n", "not valid TOML"),
    ],
)
def test_a_wrong_configuration_is_named(project: Path, text: str, words: str) -> None:
    (project / "pyproject.toml").write_text(text)
    result = lint(".")
    assert result.exit_code == 2
    assert words in result.stderr
    if "TOML" not in words:
        assert "pyproject.toml" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--select", "TLL99"], "unknown rule 'TLL99'"),
        (["--ignore", "weights-only-disable"], "did you mean 'weights-only-disabled'"),
        (["--target-torch", "new"], "--target-torch must be a version"),
        (["--config", "none.toml"], "none.toml: cannot be read"),
        (["--output-format", "xml"], "xml"),
        (["--no-such-option"], "no-such-option"),
    ],
)
def test_a_wrong_option_is_named(project: Path, arguments: list[str], words: str) -> None:
    result = lint(*arguments, ".")
    assert result.exit_code == 2
    assert words in result.stderr
    assert (project / "good.py").read_text() == LOAD


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (LFS.encode(), "git-lfs pointer"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "web page"),
        (b"", "empty"),
        (b"\x1f\x8b\x08\x00" + b"\x00" * 40, "gzip"),
        (b"PK\x03\x04" + b"\x00" * 60, ""),
    ],
)
def test_what_is_no_checkpoint_is_named(project: Path, data: bytes, words: str) -> None:
    (project / "model.pt").write_bytes(data)
    findings = json.loads(lint("--output-format", "json", "good.py").stdout)
    bad = [finding for finding in findings if finding["code"] == "TLL502"]
    assert len(bad) == 1
    assert words in bad[0]["message"]
    assert all(finding["fix"] is None for finding in findings)


def test_a_file_that_cannot_be_written_is_left_as_it_was(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import torch\n\nm.load_state_dict(torch.load(p))\n"
    (project / "good.py").write_text(source)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("torchload_lint.workspace.session.write_atomically", refuse)
    result = lint("--fix", "--min-severity=info", ".")
    assert result.exit_code == 2
    assert "good.py: could not be written" in result.stderr
    assert (project / "good.py").read_text() == source
    assert "TLL102" in codes(result)["good.py"]


@pytest.mark.parametrize("encoding", ["unicode_escape", "utf-7"])
def test_a_file_whose_encoding_would_write_more_anew_is_left_as_it_is(
    project: Path, encoding: str
) -> None:
    source = (
        f"# coding: {encoding}\nimport torch\n\nm.load_state_dict(torch.load(p))\ns = '+AGE-'\n"
    )
    (project / "enc.py").write_text(source)
    fixing = lint("--fix", "--unsafe-fixes", "--min-severity=info", "-v", "enc.py")
    assert (project / "enc.py").read_text() == source
    assert "TLL102" in fixing.stdout
    assert f"in {encoding} what is not to be changed would be written anew" in fixing.stdout
    noqa = lint("--add-noqa", "--min-severity=info", "enc.py")
    assert (project / "enc.py").read_text() == source
    assert noqa.exit_code == 2
    assert "enc.py: could not be written" in noqa.stderr
