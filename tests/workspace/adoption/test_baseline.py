from __future__ import annotations

from pathlib import Path

import pytest

from notebook_samples import notebook_text
from torchload_lint.config import ConfigError
from torchload_lint.diagnostic import Diagnostic, FileResult, Severity, Span
from torchload_lint.workspace.adoption.baseline import Baseline

LINE = 'x = torch.load("a.pt")'


def finding(row: int, code: str = "TLL101", cell: int | None = None) -> Diagnostic:
    span = Span.of(row, 5, row, 22)
    return Diagnostic(code, "some-rule", "message", Severity.ERROR, span, cell=cell)


def result(text: str, *found: Diagnostic, path: str = "src/a.py") -> FileResult:
    return FileResult(Path(path), found, text)


def name_of(path: Path) -> str:
    return path.as_posix()


def judging(*names: str):
    """Whether a run over these files has judged one."""
    return lambda name, _: name in names


def new(before: FileResult, after: FileResult) -> list[int]:
    """The rows of the findings in ``after`` that are new since ``before``."""
    (told,) = Baseline.of([before], name_of).new([after], name_of)
    return [found.span.start.row for found in told.diagnostics]


def test_known_findings_stay_known_when_lines_move():
    before = result(f"{LINE}\n", finding(1))
    assert new(before, before) == []
    assert new(before, result(f"import os\n\nif y:\n    {LINE}\n", finding(4))) == []


def test_a_changed_line_is_new():
    assert new(result(f"{LINE}\n", finding(1)), result(f"y{LINE}\n", finding(1))) == [1]


def test_another_rule_or_file_is_new():
    before = result(LINE, finding(1))
    assert new(before, result(LINE, finding(1, "TLL102"))) == [1]
    assert new(before, result(LINE, finding(1), path="src/b.py")) == [1]


def test_of_equal_lines_only_as_many_as_there_were():
    before = result(f"{LINE}\n{LINE}\n", finding(1), finding(2))
    after = result(f"{LINE}\n" * 3, finding(3), finding(1), finding(2))
    assert new(before, after) == [3]


def test_notebook_cells_may_move_too():
    before = result(notebook_text([LINE]), finding(1, cell=1), path="n.ipynb")
    moved = result(
        notebook_text([("markdown", "m"), f"y\n{LINE}"]), finding(2, cell=2), path="n.ipynb"
    )
    assert new(before, moved) == []
    other = result(notebook_text(["x = torch.load(p)"]), finding(1, cell=1), path="n.ipynb")
    assert new(before, other) == [1]


def test_the_file_is_read_back(tmp_path):
    path = tmp_path / "baseline.json"
    written = Baseline.of([result(LINE, finding(1), finding(1, "TLL2")), result("")], name_of)
    written.write(path)
    assert Baseline.read(path) == written
    assert path.stat().st_mode & 0o044  # others may read it, as with any new file
    assert path.read_text().endswith("}\n")


def test_a_file_that_is_not_there_is_empty(tmp_path):
    assert Baseline.read(tmp_path / "none.json") == Baseline({})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not a baseline"),
        ("[]", 'no "version": 1'),
        ('{"version": 2}', 'no "version": 1'),
        ('{"version": 1}', "None is not an object"),
        ('{"version": 1, "findings": {"a": []}}', "[] is not an object"),
        ('{"version": 1, "findings": {"a": {"T": {"h": "1"}}}}', "'1' is not a count"),
        ("[" * 100_000, "is not a baseline"),
    ],
)
def test_what_is_no_baseline_is_refused_by_name(tmp_path, text, said):
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        Baseline.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)


def test_a_folder_is_no_baseline(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        Baseline.read(tmp_path)


def test_an_update_replaces_what_was_checked_and_keeps_the_rest():
    old = Baseline.of(
        [result(LINE, finding(1)), result(LINE, finding(1), path="src/b.py")], name_of
    )
    updated = old.updated([result(LINE, finding(1, "TLL105"))], judging("src/a.py"), name_of)
    assert sorted((name, code) for name, code, _ in updated.known) == [
        ("src/a.py", "TLL105"),
        ("src/b.py", "TLL101"),
    ]
    both = judging("src/a.py", "src/b.py")
    assert old.gone([result(LINE, finding(1))], both, name_of) == 1
    assert old.gone([result(LINE, finding(1))], judging("src/a.py"), name_of) == 0
    assert old.gone([], both, name_of) == 2
