"""How a command ends: interrupted, on a full disk, without anybody who reads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "torchload_lint"]
FULL = Path("/dev/full")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.py").write_text("import torch\nx = torch.load(p, weights_only=False)\n")
    return tmp_path


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [["."], ["--diff", "--fix", "."], ["loads", "."], ["rule", "TLL101"], ["--version"]],
)
def test_a_full_disk_is_a_failure_and_told_in_a_line(folder, arguments):
    (folder / "b.py").write_text("import torch\nx = torch.load(p)\n")
    with FULL.open("w") as full:
        done = subprocess.run(
            [*COMMAND, *arguments], cwd=folder, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"No space left on device" in done.stderr


def test_nobody_reads_to_the_end(folder):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "."], cwd=folder, stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize(("text", "status"), [("x = 1\n", 0), (None, 1)])
def test_closed_streams_change_no_status(folder, text, status):
    if text is not None:
        (folder / "a.py").write_text(text)
    shell = f"'{sys.executable}' -m torchload_lint . >&- 2>&-"
    assert subprocess.run(["sh", "-c", shell], cwd=folder, check=False).returncode == status


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_an_interrupt_is_no_finding(folder):
    program = (
        "import os, signal\n"
        "from torchload_lint import api\n"
        "from torchload_lint.__main__ import main\n"
        "api.discover = lambda *given: os.kill(os.getpid(), signal.SIGINT)\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_nothing_is_done_from_a_folder_that_is_gone(tmp_path):
    """Not half of it either: the file was written, and the end was an error without a name."""
    gone = tmp_path / "gone"
    for words in (["migrate", "x.pt"], ["record", "--", "true"], ["."]):
        gone.mkdir()
        result = subprocess.run(
            ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", *COMMAND, *words],
            cwd=gone, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert result.returncode == 2
        assert result.stderr.startswith("error: the current folder is not there any more")
