from __future__ import annotations

import json
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


SOURCE = f"""\
{LINE}
class Trainer:
    def resume(self):
        {LINE}
        {LINE}  # \u200b{"long " * 40}
"""


def described(*results: FileResult) -> Baseline:
    return Baseline.of(results, name_of).described(results, name_of)


def test_beside_each_hash_stand_words_for_people_one_entry_a_row(tmp_path):
    path = tmp_path / "baseline.json"
    found = [finding(row, code) for row, code in ((1, "TLL101"), (4, "TLL101"), (5, "TLL9"))]
    described(result(SOURCE, *found)).write(path)
    rows = [row for row in path.read_text().splitlines() if '"count"' in row]
    assert len(rows) == 2
    both, long = (json.loads(row.strip().partition(": ")[2]) for row in rows)
    assert both == {"count": 2, "rule": "some-rule", "in": "Trainer.resume", "line": LINE}
    assert len(long["line"]) == 100
    assert "\u200b" not in path.read_text()


def test_words_are_not_what_decides_and_may_be_changed(tmp_path):
    path = tmp_path / "baseline.json"
    before = result(SOURCE, finding(4))
    described(before).write(path)
    text = path.read_text()
    for other in (text, text.replace("Trainer.resume", "x"), text.replace('"some-rule"', "[1]")):
        path.write_text(other)
        (told,) = Baseline.read(path).new([before], name_of)
        assert told.diagnostics == ()


def test_words_of_what_a_run_does_not_judge_stay_and_do_not_change_by_themselves(tmp_path):
    path, again = tmp_path / "baseline.json", tmp_path / "again.json"
    a, b = result(SOURCE, finding(4)), result(SOURCE, finding(5), path="src/b.py")
    described(a, b).write(path)
    moved = result("import os\n\n" + SOURCE, finding(6))
    read = Baseline.read(path).updated([moved], judging("src/a.py"), name_of)
    read.described([moved], name_of).write(again)
    assert again.read_text() == path.read_text()


def test_a_file_of_the_first_version_is_read_and_gets_words_where_a_run_looks(tmp_path):
    path = tmp_path / "baseline.json"
    a, b = result(LINE, finding(1)), result(LINE, finding(1), path="src/b.py")
    known = Baseline.of([a, b], name_of).known
    entries = {name: {code: {line: n}} for (name, code, line), n in known.items()}
    path.write_text(json.dumps({"version": 1, "findings": entries}))
    old = Baseline.read(path)
    assert all(not one.diagnostics for one in old.new([a, b], name_of))
    old.updated([a], judging("src/a.py"), name_of).described([a], name_of).write(path)
    text = path.read_text()
    assert text.count('"line"') == 1
    assert Baseline.read(path) == old


@pytest.mark.parametrize("text", ["def f(:\n", "", "x = 1\n"])
def test_a_text_that_is_no_python_has_words_without_functions(text):
    assert '"in"' not in described(result(text, finding(1))).as_json()


def test_a_finding_in_a_notebook_is_named_by_its_function():
    cells = [("markdown", "m"), f"def load():\n    {LINE}"]
    found = result(notebook_text(cells), finding(2, cell=2), path="n.ipynb")
    assert '"in": "load", "line": ' in described(found).as_json()


def test_a_file_that_is_not_there_is_empty(tmp_path):
    assert Baseline.read(tmp_path / "none.json") == Baseline({})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not a baseline"),
        ("[]", 'no "version": 2'),
        ('{"version": 3}', 'no "version": 2'),
        ('{"version": 2, "findings": {"a": {"T": {"h": {"line": "x"}}}}}', "None is not a count"),
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
