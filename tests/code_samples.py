"""The samples of ``fixtures/code_samples``: what each expects, and a copy without the marks.

A finding is expected where a line ends in ``# expect: TLL102`` (several codes with commas between;
``TLL102:9`` also says the column). Where a line has no room for a comment, ``# expect+1: TLL102``
stands on a line before it (or ``# expect-1`` after it). Beside ``case.py`` lie ``case.fixed.py``,
what ``--fix`` writes, and ``case.unsafe.py``, what ``--unsafe-fixes`` writes, where they differ.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(__file__).parent.parent / "fixtures" / "code_samples"
SUPPORT = frozenset({"samples_app", "weights"})
"""Folders with what the samples load and import."""
CODE = r"TLL\d{3}(?::\d+)?"
MARK = re.compile(rf"[ \t]*# expect([+-]\d+)?: ({CODE}(?:, {CODE})*)(?=\\n|[\"\r\n]|$)")
BYTES_MARK = re.compile(MARK.pattern.encode(), re.MULTILINE)


@dataclass(frozen=True, order=True)
class Expected:
    """A finding that a mark asks for; the cell is 0 outside of notebooks, the column 0 for any."""

    cell: int
    row: int
    code: str
    column: int = 0


def samples() -> list[Path]:
    """Every sample, relative to ``SAMPLES``."""
    files = (path.relative_to(SAMPLES) for path in SAMPLES.rglob("*") if path.is_file())
    return sorted(path for path in files if _is_sample(path))


def _is_sample(path: Path) -> bool:
    if SUPPORT & set(path.parts) or path.name == "pyproject.toml" or len(path.parts) < 2:
        return False
    return not {".fixed", ".unsafe"} & set(path.suffixes) and "__pycache__" not in path.parts


def expected(sample: Path) -> list[Expected]:
    """What the marks of a sample ask for, in order."""
    text = (SAMPLES / sample).read_bytes().decode("latin-1")
    if sample.suffix != ".ipynb" or not text.startswith("{"):
        return sorted(_marks(text, 0))
    cells = enumerate(json.loads(text)["cells"], start=1)
    return sorted(one for number, cell in cells for one in _marks("".join(cell["source"]), number))


def _marks(text: str, cell: int) -> list[Expected]:
    found = []
    for row, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        for match in MARK.finditer(line):
            for code in match[2].split(", "):
                name, _, column = code.partition(":")
                found.append(Expected(cell, row + int(match[1] or 0), name, int(column or 0)))
    return found


def unmarked(data: bytes) -> bytes:
    """A sample's bytes without its marks: what a user would have written."""
    return BYTES_MARK.sub(b"", data)


def copy_to(folder: Path) -> Path:
    """Copy the samples and their support, without marks and without expected results."""
    for path in SAMPLES.rglob("*"):
        target = folder / path.relative_to(SAMPLES)
        if path.is_dir() or {".fixed", ".unsafe"} & set(path.suffixes):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if _is_sample(path.relative_to(SAMPLES)):
            target.write_bytes(unmarked(path.read_bytes()))
        else:
            shutil.copyfile(path, target)
    return folder


def result_file(sample: Path, kind: str) -> Path:
    """Where the expected result of a fix lies: ``case.fixed.py`` for ``case.py``."""
    return SAMPLES / sample.with_name(f"{sample.stem}.{kind}{sample.suffix}")
