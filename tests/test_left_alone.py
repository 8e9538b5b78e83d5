"""Programs that no fix may touch: unsafe on purpose, guarded, or known to hold more.

Each is one piece of ``left_alone.txt``: ``=== name``, with the options that ``--fix`` gets, and its
files after rows ``# name.py``. Without what keeps it away, a fix would be written for each.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def programs() -> Iterator[tuple[str, str]]:
    text = Path(__file__).with_name("left_alone.txt").read_text("utf-8")
    for piece in text.split("=== ")[1:]:
        title, _, files = piece.partition("\n")
        yield title, files


def write(folder: Path, files: str) -> dict[Path, str]:
    """The files of a program in a folder, beside one checkpoint of its class ``geo.Data``."""
    written = {}
    for part in f"\n{files}".split("\n# ")[1:]:
        name, _, text = part.partition("\n")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        written[path] = text
    return written


def save_graph(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint of the program's own class, where it has one."""
    import torch

    monkeypatch.syspath_prepend(str(folder))
    geo = __import__("geo")
    torch.save({"d": geo.Data()}, folder / "g.pt")
    for name in ("geo", "geo._impl"):
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)


PROGRAMS = list(programs())


@pytest.mark.parametrize(("title", "files"), PROGRAMS, ids=[title for title, _ in PROGRAMS])
def test_a_program_is_left_alone(
    title: str, files: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    if any(path.stem == "geo" or path.parent.name == "geo" for path in written):
        save_graph(tmp_path, monkeypatch)
    options = ["--unsafe-fixes"] if "--unsafe-fixes" in title else []
    result = CliRunner().invoke(root, ["--fix", *options, "."])
    assert result.exit_code in {0, 1}, result.output
    assert {path: path.read_text() for path in written} == written
