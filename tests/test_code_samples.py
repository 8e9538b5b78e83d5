"""Every sample is a test: what is found, at which rows, and what the fixes make of it.

``UPDATE_EXPECTED=1 pytest tests/test_code_samples.py`` writes the results of the fixes anew; look
at the difference before it is committed.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from code_samples import Expected, copy_to, expected, result_file, samples
from torchload_lint.workspace import Options, Projects, Settings, check_bytes, check_files

if TYPE_CHECKING:
    from pathlib import Path

    from torchload_lint.diagnostic import Diagnostic, FileResult

UPDATE = bool(os.environ.get("UPDATE_EXPECTED"))
SAMPLES = samples()
BY_NAME = pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.as_posix())
PYTHON = [sample for sample in SAMPLES if sample.suffix in {".py", ".pyi", ".ipynb"}]
FIXES = {"fixed": Options(fix=True), "unsafe": Options(fix=True, unsafe=True)}


@dataclass(frozen=True)
class Tree:
    """The samples without their marks, and what was found in them."""

    folder: Path
    projects: Projects
    found: dict[Path, FileResult]


@pytest.fixture(scope="session")
def tree(tmp_path_factory) -> Tree:
    folder = copy_to(tmp_path_factory.mktemp("samples"))
    projects = Projects(Settings())
    files = [str(folder / sample) for sample in SAMPLES]
    results = check_files(files, projects, Options(jobs=1)).results
    return Tree(folder, projects, {result.path: result for result in results})


def as_expected(found: tuple[Diagnostic, ...], wanted: list[Expected]) -> list[Expected]:
    """The findings in the words of the marks; a column only where one is marked."""
    columns = {(one.cell, one.row, one.code) for one in wanted if one.column}
    places = ((one.cell or 0, one.span.start.row, one.code, one.span.start.column) for one in found)
    return sorted(
        Expected(cell, row, code, column if (cell, row, code) in columns else 0)
        for cell, row, code, column in places
    )


@BY_NAME
def test_findings(sample: Path, tree: Tree) -> None:
    wanted = expected(sample)
    result = tree.found.get(tree.folder / sample)
    assert as_expected(result.diagnostics if result else (), wanted) == wanted


def fixed(data: bytes, sample: Path, tree: Tree, kind: str) -> tuple[FileResult, bytes]:
    return check_bytes(data, tree.folder / sample, tree.projects, FIXES[kind])


@pytest.mark.parametrize("sample", PYTHON, ids=lambda path: path.as_posix())
def test_fixes(sample: Path, tree: Tree) -> None:
    before = last = (tree.folder / sample).read_bytes()
    found = tree.found.get(tree.folder / sample)
    codes = Counter(one.code for one in found.diagnostics) if found else Counter[str]()
    for kind in FIXES:
        result, after = fixed(before, sample, tree, kind)
        if UPDATE:
            update(result_file(sample, kind), after, last)
        wanted = result_file(sample, kind)
        assert after == (wanted.read_bytes() if wanted.exists() else last)
        last = after
        left = Counter(one.code for one in result.diagnostics)
        for code in {one.code for one in result.fixed}:
            assert left[code] < codes[code], f"{code} was fixed and is still there"
        if after != before:
            # A sample newer than the Python that runs the test is taken on trust.
            assert sample.suffix == ".ipynb" or parses(after) or not parses(before)
            again, twice = fixed(after, sample, tree, kind)
            assert twice == after
            assert again.fixed == ()
            assert again.loads == result.loads, "a second run knows other loads"


def update(file: Path, after: bytes, last: bytes) -> None:
    if after != last:
        file.write_bytes(after)
    elif file.exists():
        file.unlink()


def parses(data: bytes) -> bool:
    try:
        compile(data, "sample", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True
