"""Nothing that a stranger has named or written reaches a terminal, or a format, as it is."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from torchload_lint.cli.group import COMMANDS as NAMES
from torchload_lint.cli.inspect import FORMATS as INSPECT_FORMATS
from torchload_lint.config import OUTPUT_FORMATS
from torchload_lint.escaping import printable

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(os.name == "nt", reason="such names cannot be had there"),
]

SOURCE = Path(__file__).parents[1] / "src"
FORGED = "::error file=x,line=1::forged"
HOSTILE = (
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "new\nline",
    "re\rturn",
    "\u202egnorw",
    "\u200bhid\u00adden\ufeff",
    "tag\U000e0041\u2060",
    FORGED,
    " ::set-output name=a::b",
    "##[error]forged",
    "##vso[task.setvariable variable=a]b",
    os.fsdecode(b"half \xff byte"),
)
CODE = "import torch\nx = torch.load({path!r}, weights_only=False)\ny = torch.load('m.pt')\n"
TEXT_FORMATS = frozenset({"concise", "full", "grouped", "pylint"})
COMMANDS = [
    *(["check", "--output-format", form] for form in OUTPUT_FORMATS),
    ["check", "--verbose", "--show-fixes"],
    ["check", "--statistics"],
    ["check", "gone\x1b[31m.py", FORGED + ".py"],
    ["check", "--config", "gone\x1b[31m.toml"],
    ["check", "--explain-load", FORGED + ":1"],
    ["check", "--select", "\x1b[31mTLL"],
    ["loads"],
    ["loads", "--wide"],
    ["loads", "--output-format", "json"],
    ["loads", "--union"],
    ["loads", "gone\x1b[31m"],
    ["record", "--", "gone\x1b[31m"],
    ["record", "--", sys.executable, "-c", "pass"],
    ["scan", ".", "--out", "../scanned"],
    ["scan", "gone\x1b[31m", FORGED, "--out", "../scanned"],
    ["scan", ".", "--dry-run", "--out", "../planned"],
    ["loads", "--checkpoints", "."],
    ["inspect", "."],
    *(["inspect", "--output-format", form, "."] for form in INSPECT_FORMATS),
    ["inspect", "--summary", "."],
    ["inspect", "gone\x1b[31m.pt", FORGED],
    ["verify", "gone\x1b[31m.py"],
    ["migrate", "gone\x1b[31m.pt"],
    ["migrate", ".", "--out-dir", "../new", "--force"],
    ["migrate", ".", "--in-place", "--dry-run"],
    ["migrate", "m.pt", "--dry-run"],
    ["migrate", "m.pt", "--dry-run", "--to", "safetensors", "--only", FORGED],
    ["migrate", "../copied", "--in-place", "--force"],
    ["show-settings", "gone\x1b[31m"],
    ["show-settings", FORGED + ".py"],
    ["rule", "\x1b[31m", FORGED],
    ["\x1b[31m"],
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "torchload-lint.toml").write_text("")
    content = {name: [name, argparse.Namespace(x=name), {name: torch.ones(1)}] for name in HOSTILE}
    torch.save(content, folder / "m.pt")
    for name in HOSTILE:
        source = CODE.format(path=f"{name}.pt".encode(errors="replace").decode())
        (folder / f"{name}.py").write_text(source)
        torch.save(argparse.Namespace(x=1), folder / "t.pt")
        (folder / "t.pt").rename(folder / f"{name}.pt")
    shutil.copytree(folder, folder.parent / "copied", dirs_exist_ok=True)
    return folder


def output_of(folder: Path, arguments: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "torchload_lint", *arguments],
        cwd=folder,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUTF8": "1"},
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return (done.stdout + done.stderr).decode()


def is_command(line: str) -> bool:
    return line.lstrip().startswith("::") or "##[" in line or "##vso[" in line


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda words: ascii(" ".join(words)))
def test_every_command_and_format(folder, arguments):
    shown = output_of(folder, arguments)
    form = arguments[2] if "--output-format" in arguments else "text"
    raw = {char for char in shown if not char.isprintable()} - {"\n", "\t"}
    assert raw == set()
    lines = shown.split("\n")
    if form in {"github", "azure"}:
        own = ("::error ", "::warning ", "::notice ", "##vso[task.logissue ")
        lines = [line for line in lines if not line.startswith(own)]
    if form not in {"json", "json-lines", "sarif", "gitlab", "rdjson", "junit", "cyclonedx"}:
        assert [line for line in lines if is_command(line)] == []


def test_no_command_is_left_out():
    assert {*NAMES} - {words[0] for words in COMMANDS} == {"server"}  # which speaks JSON alone


def test_programs_get_the_names_as_they_are(folder):
    shown = output_of(folder, ["check", "--output-format", "json", "--quiet"])
    names = {Path(found["filename"]).name for found in json.loads(shown)}
    assert {f"{name}.py" for name in HOSTILE} <= names


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1bb", r"a\x1bb"),
        ("::error::x", r"\x3a:error::x"),
        ("  ::error::x", r"  \x3a:error::x"),
        ("a::b", "a::b"),
        ("#[x]", "#[x]"),
        ("a ##[x]", r"a \x23#[x]"),
        ("##vso[x]", r"\x23#vso[x]"),
        ("ä 日本 😀", "ä 日本 😀"),
        ("a\u200b.py\ufeff", r"a\u200b.py\ufeff"),
        ("\u3164\u2060", r"\u3164\u2060"),
    ],
)
def test_printable(text, shown):
    assert printable(text) == shown
