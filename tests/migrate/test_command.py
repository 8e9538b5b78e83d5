"""``torchload-lint migrate``: what it prints, writes and ends with."""

from __future__ import annotations

import argparse
import functools
import json
from typing import TYPE_CHECKING

import pytest
import torch
from click.testing import CliRunner

from migrate.helpers import load, same
from torchload_lint.cli.group import root

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

pytestmark = pytest.mark.torch

VALUE = {"model": torch.nn.Linear(2, 1), "args": argparse.Namespace(lr=0.1)}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(root, ["migrate", "--isolated", *map(str, arguments)])


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "model.pt"
    torch.save(VALUE, path)
    return path


def test_writes_beside_the_checkpoint(checkpoint: Path) -> None:
    result = run(checkpoint)
    assert result.exit_code == 0, result.output
    out = checkpoint.with_name("model.migrated.pt")
    assert str(out) in result.output
    assert "argparse.Namespace: a dict of its attributes\n    at ['args']\n" in result.output
    found = load(out)
    assert same(found["model"], VALUE["model"].state_dict())
    assert found["args"] == {"lr": 0.1}


def test_does_not_replace_a_file_unasked(checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "there.pt"
    out.write_bytes(b"mine")
    result = run(checkpoint, "-o", out)
    assert result.exit_code == 2
    assert "--force" in result.output
    assert out.read_bytes() == b"mine"
    assert run(checkpoint, "-o", out, "--force").exit_code == 0
    assert load(out)["args"] == {"lr": 0.1}


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/null", "/dev/fd/1"])
@pytest.mark.parametrize("options", [[], ["--force"], ["--dry-run"]])
def test_what_is_no_file_is_said_to_be_none(
    checkpoint: Path, name: str, options: list[str]
) -> None:
    """That --force would replace it was said, and was not true."""
    result = run(checkpoint, "-o", name, *options)
    assert result.exit_code == 2
    assert f"{name} is not a regular file" in result.output
    assert "--force" not in result.output


def test_dry_run_shows_the_object_before_and_after(checkpoint: Path) -> None:
    result = run(checkpoint, "--dry-run")
    assert result.exit_code == 0
    before, _, after = result.output.partition("After:")
    assert "['model']: torch.nn.modules.linear.Linear" in before
    assert "['weight']: tensor float32 [1, 2], 8 B" in after
    assert [path.name for path in checkpoint.parent.iterdir()] == ["model.pt"]


def test_json(checkpoint: Path) -> None:
    data = json.loads(run(checkpoint, "--output-format", "json", "--only", "args").output)
    assert data["container"] == "zip"
    assert data["storages"] == 0
    assert data["notes"] == [
        {"kind": "changed", "place": "['args']", "what": "argparse.Namespace",
         "outcome": "a dict of its attributes"}
    ]  # fmt: skip


def test_something_left_out_ends_with_1(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1), "f": functools.partial(int, 3)}, tmp_path / "f.pt")
    result = run(tmp_path / "f.pt")
    assert result.exit_code == 1
    assert (
        "Left out:\n  - functools.partial: functions are not data\n    at ['f']\n" in result.output
    )


def test_safetensors(checkpoint: Path) -> None:
    result = run(checkpoint, "--to", "safetensors", "--only", "model")
    assert result.exit_code == 0, result.output
    assert checkpoint.with_name("model.safetensors").exists()
    result = run(checkpoint, "--to", "safetensors", "--force")
    assert result.exit_code == 2
    assert "--only" in result.output


def test_failures_end_with_2(tmp_path: Path) -> None:
    result = run(tmp_path / "missing.pt", "-o", tmp_path / "out.pt")
    assert result.exit_code == 2
    assert "missing.pt: No such file" in result.output


@pytest.mark.parametrize("name", ["nonsense", "hex", "undefined", "", "utf\0", "a\x1b"])
def test_what_is_no_encoding_is_said(name: str, checkpoint: Path) -> None:
    result = run(checkpoint, "--encoding", name)
    assert result.exit_code == 2
    assert "is no encoding of texts" in result.output
    assert "\x1b" not in result.output
    assert [path.name for path in checkpoint.parent.iterdir()] == ["model.pt"]


@pytest.mark.parametrize("name", ["utf-8", "latin1", "bytes", "ASCII", "utf-16"])
def test_encodings_of_old_strings(name: str, tmp_path: Path) -> None:
    """As torch reads them under the same encoding; what cannot be read stays bytes."""
    (tmp_path / "old.pkl").write_bytes(b"\x80\x02}U\x01aU\x02\xe4bs.")
    result = run(tmp_path / "old.pkl", "--encoding", name)
    assert result.exit_code == 0, result.output
    decoded = {"latin1": {"a": "\xe4b"}, "bytes": {b"a": b"\xe4b"}, "utf-16": {b"a": "\u62e4"}}
    assert load(tmp_path / "old.migrated.pt") == decoded.get(name, {"a": b"\xe4b"})


def test_classes_of_the_project_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "nets.py").write_text(
        "import torch\n\n\nclass Net(torch.nn.Linear):\n    def get_extra_state(self):\n"
        "        return 1\n"
    )
    import sys

    sys.path.insert(0, str(tmp_path))
    try:
        import nets

        torch.save(nets.Net(1, 1), tmp_path / "net.pt")
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("nets", None)
    result = CliRunner().invoke(root, ["migrate", str(tmp_path / "net.pt")])
    assert "it defines get_extra_state, which is not run (nets.py:4)" in " ".join(
        result.output.split()
    )
