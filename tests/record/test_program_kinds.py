"""Sixty kinds of program: output, status and what they see are the same under ``record``."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import zipapp
import zipfile
from pathlib import Path
from textwrap import dedent

import pytest

from record.program_kinds import FILES, FORMS, PRELUDE, RUN_EACH, SNIPPETS

SOURCE = Path(__file__).parents[2] / "src"
RECORD = (sys.executable, "-m", "torchload_lint", "record", "--")

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(os.name == "nt", reason="forks, signals and pipes of POSIX"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    folder = tmp_path_factory.mktemp("project")
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    torch.save({"w": torch.ones(1)}, folder / "w.pt")
    torch.save(torch.nn.Linear(1, 1), folder / "n.pt")
    content = (folder / "w.pt").read_bytes()
    (folder / "bad.pt").write_bytes(content[:300])
    (folder / "w.pt.gz").write_bytes(gzip.compress(content))
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.write(folder / "w.pt", "w.pt")
    zipapp.create_archive(folder / "folder", folder / "program.pyz")
    kinds = {name: dedent(text) for name, text in SNIPPETS.items()}
    (folder / "kinds.json").write_text(json.dumps(kinds))
    (folder / "each.py").write_text(PRELUDE + RUN_EACH)
    return folder


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONHASHSEED": "0"}
    return subprocess.run(
        words, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def transcript(text: str) -> dict[str, tuple[int, str]]:
    """Name → status and output, without addresses, and times."""
    found = {}
    for line in text.splitlines():
        name, status, written = json.loads(line)
        found[name] = (status, re.sub(r"0x[0-9a-f]{6,}", "0x", written))
    return found


def test_forty_programs_and_more_in_forks(project: Path) -> None:
    plain = run(project, sys.executable, "each.py")
    recorded = run(project, *RECORD, sys.executable, "each.py")
    before, after = transcript(plain.stdout), transcript(recorded.stdout)
    assert before.keys() == SNIPPETS.keys()
    assert len(before) >= 40
    assert {name for name in before if before[name] != after.get(name)} == set()
    assert after == before
    assert recorded.returncode == plain.returncode == 0, recorded.stderr


@pytest.mark.parametrize("name", FORMS)
def test_a_form_of_starting(project: Path, name: str) -> None:
    words = [word.replace("PYTHON", sys.executable) for word in FORMS[name]]
    recorded = run(project, *RECORD, *words)
    if name == "nothing of that name":
        assert recorded.returncode == 2
        assert "missing-program" in recorded.stderr
        return
    plain = run(project, *words)
    assert recorded.returncode == plain.returncode
    assert timeless(recorded.stdout) == timeless(plain.stdout)
    assert timeless(recorded.stderr).startswith(timeless(plain.stderr))


def timeless(text: str) -> str:
    """Without what changes from run to run: times, and addresses of objects."""
    return re.sub(r"0x[0-9a-f]{6,}", "0x", re.sub(r"\d+\.\d+s", "0s", text))
