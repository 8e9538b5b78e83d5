"""Files of a folder that nobody looked into are counted wherever a report is read."""

from __future__ import annotations

import pytest

from checkpoint import bare_files as files
from torchload_lint.cli.inspect import FORMATS
from torchload_lint.cli.terminal import CLEAN, FAILED
from torchload_lint.workspace.passed_over import may_hold_pickles

SAID = "3 files not looked at that may hold pickles"
MAY = {
    "a.gguf": b"GGUF\x03\0\0\0",
    "b.pt.gz": b"\x1f\x8b\x08",
    "data": b"\x08\x07\x12",
}
CODE = {"a.py": b"import os\n", "README.md": b"# Models\n", "LICENSE": b"MIT\n", "empty": b""}


@pytest.fixture
def left(folder):
    (folder / "models").mkdir()
    for name, data in (MAY | CODE).items():
        (folder / "models" / name).write_bytes(data)
    return folder / "models"


@pytest.mark.usefixtures("left")
@pytest.mark.parametrize("form", FORMATS)
def test_each_format_says_so_and_alone_they_are_no_clean_run(cli, form):
    result = cli("inspect", "--output-format", form, "models")
    assert SAID in result.stdout
    assert result.exit_code == FAILED


@pytest.mark.parametrize("form", FORMATS)
def test_beside_a_checkpoint_they_are_counted_too(cli, left, form):
    (left / "good.pt").write_bytes(files.archive(b"\x80\x02]."))
    result = cli("inspect", "--output-format", form, "models")
    assert SAID in result.stdout
    assert result.exit_code == CLEAN


def test_a_summary_and_an_allowlist_for_all_say_it(cli, left):
    (left / "good.pt").write_bytes(files.archive(b"\x80\x02]."))
    assert SAID in cli("inspect", "--summary", "models").stdout
    assert SAID in cli("inspect", "--union", "models").stderr


def test_text_and_code_are_not_counted(cli, left):
    for name in MAY:
        (left / name).unlink()
    result = cli("inspect", "models")
    assert "not looked at" not in result.output
    assert "no checkpoints under models" in result.stderr
    assert result.exit_code == CLEAN


def test_a_pickle_of_protocol_0_is_read_whatever_it_is_called(cli, folder):
    (folder / "weights").write_bytes(b"(S'echo'\nios\nsystem\n.")
    (folder / "notes.txt").write_text("certifi\nidna\nclick\nipython\n")
    result = cli("inspect", "--summary", ".")
    assert "weights: DANGEROUS" in result.stdout
    assert "notes.txt" not in result.stdout
    assert result.stdout.splitlines()[-1] == "1 file: 1 dangerous."


def test_a_linked_folder_that_leads_out_is_counted(cli, left, tmp_path_factory):
    (left / "there").symlink_to(tmp_path_factory.mktemp("elsewhere"), target_is_directory=True)
    assert "4 files not looked at" in cli("inspect", "models").stdout


@pytest.mark.parametrize(
    ("name", "data", "may"),
    [
        *((name, data, True) for name, data in MAY.items()),
        *((name, data, False) for name, data in CODE.items()),
        ("notes.txt", b"i am text\nand a second line\n", False),
        ("cut.txt", "ä".encode() * 5000, False),
        ("x.onnx", b"\x08\x07\x12", True),
        ("x.npy", b"", True),
        ("x.png", b"\x89PNG\0", False),
    ],
)
def test_what_may_hold_pickles(tmp_path, name, data, may):
    (tmp_path / name).write_bytes(data)
    assert may_hold_pickles(str(tmp_path / name)) is may


def test_what_cannot_be_opened_may(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert may_hold_pickles(str(tmp_path / "loop"))
