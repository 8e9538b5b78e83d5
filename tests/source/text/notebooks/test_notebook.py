from __future__ import annotations

import ast
import difflib
import json
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_samples import notebook_text, notebook_value
from torchload_lint.diagnostic import Applicability, Diagnostic, Edit, Fix, Severity, Span
from torchload_lint.source.text.notebooks.notebook import (
    Notebook,
    NotebookProblem,
    RefusedEditError,
)

LOAD = "model = torch.load('m.pt')"


def read(text: str) -> Notebook:
    notebook = Notebook.of(text)
    assert isinstance(notebook, Notebook)
    return notebook


def of_cells(*cells, **style) -> Notebook:
    return read(notebook_text(list(cells), **style))


def insertion(row: int, column: int, content: str) -> Edit:
    return Edit(Span.of(row, column, row, column), content)


def row_with(notebook: Notebook, text: str) -> int:
    return next(i for i, line in enumerate(notebook.python.split("\n"), 1) if text in line)


def keyword(notebook: Notebook, text: str = LOAD) -> Edit:
    """What a fix does: a keyword before the closing bracket."""
    row = row_with(notebook, text)
    return insertion(row, len(text), ", weights_only=True")


def sources(text: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"]]


def changed_lines(before: str, after: str) -> int:
    matcher = difflib.SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    return sum(max(b - a, d - c) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal")


# --- reading


def test_cells_become_one_text_with_positions_both_ways():
    notebook = of_cells(("markdown", "# Title"), "import torch\n", "", f"x = 1\n{LOAD}")
    assert notebook.python == f"import torch\n\nx = 1\n{LOAD}\n\n"
    assert [notebook.locate(row) for row in range(1, 6)] == [(2, 1), (2, 2), (4, 1), (4, 2), (4, 3)]
    assert notebook.row_of(4, 2) == 4
    assert notebook.row_of(1, 1) is None
    assert notebook.cell_text(4) == f"x = 1\n{LOAD}"
    assert notebook.cell_text(9) == ""


@pytest.mark.parametrize("as_lists", [True, False])
@pytest.mark.parametrize("style", [{}, {"indent": None}, {"ensure_ascii": True}])
def test_a_row_of_the_file_is_found(as_lists, style):
    text = notebook_text(["import torch", f"é = 1\n\n{LOAD}"], as_lists=as_lists, **style)
    row = read(text).file_row(2, 3)
    assert "torch.load" in text.split("\n")[row - 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[]", "not an object"),
        ("{}", "no list of cells"),
        ('{"cells": {}}', "no list of cells"),
        ('{"worksheets": [], "nbformat": 3}', "nbformat 3"),
        ("[" * 100_000, "nested too deeply"),
        ('{"cells": ' + "[" * 100_000 + "}", "nested too deeply"),
        ('{"cells": [{"source": "\x01"}]}', "control character"),
    ],
)
def test_what_is_no_notebook_is_a_problem(text, message):
    problem = Notebook.of(text)
    assert isinstance(problem, NotebookProblem)
    assert message in problem.message


@pytest.mark.parametrize(
    "cell",
    [
        None,
        1,
        {},
        {"cell_type": "code"},
        {"cell_type": "code", "source": None},
        {"cell_type": "code", "source": [1, "x"]},
        {"cell_type": "code", "source": {"a": "b"}},
        {"cell_type": "code", "source": []},
        {"cell_type": "code", "source": "let x;", "metadata": {"vscode": {"languageId": "rust"}}},
        {"cell_type": "raw", "source": "x"},
    ],
)
def test_strange_cells_are_passed_over_but_counted(cell):
    good = {"cell_type": "code", "source": ["import torch"], "metadata": None}
    notebook = read(json.dumps({"cells": [cell, good], "metadata": []}))
    assert notebook.python == "import torch\n\n"
    assert notebook.locate(1) == (2, 1)


def test_a_cell_that_an_editor_marks_as_another_language_is_python_where_it_parses():
    marked = {"vscode": {"languageId": "r"}}
    cell = {"cell_type": "code", "source": "torch.load(p)", "metadata": marked}
    assert read(json.dumps({"cells": [cell], "metadata": {}})).python == "torch.load(p)\n\n"


def test_notebooks_of_other_languages_are_empty():
    value = notebook_value(["x <- 1"])
    value["metadata"]["kernelspec"] = {"name": "ir", "language": "R"}
    assert read(json.dumps(value)).python == ""


def test_the_name_of_the_kernel_says_what_is_started():
    value = notebook_value(["torch.load(p)"])
    value["metadata"]["kernelspec"] = {"name": "python3", "language": "R"}
    assert read(json.dumps(value)).python == "torch.load(p)\n\n"


def test_the_last_of_two_equal_keys_counts_as_in_json():
    text = '{"cells": [], "cells": [{"cell_type": "code", "source": "a", "source": "b"}]}'
    notebook = read(text)
    assert notebook.python == "b\n\n"
    assert notebook.apply([insertion(1, 2, "c")]) == text.replace('"b"', '"bc"')


def test_a_byte_order_mark_stays():
    text = "\ufeff" + notebook_text([LOAD])
    assert read(text).apply([keyword(read(text))]).startswith("\ufeff{")


@given(st.text(max_size=200))
def test_any_text_gives_a_notebook_or_a_problem(text):
    assert isinstance(Notebook.of(text), Notebook | NotebookProblem)


# --- magics


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%matplotlib inline\nx = 1", "#                 \nx = 1"),
        ("!pip install torch \\\n  numpy\nx = 1", "#                   \n       \nx = 1"),
        ("torch.load?\nx", "#          \nx"),
        ("?torch.load", "#          "),
        ("files = !ls *.pt", "files = 0       "),
        ("out = %who_ls", "out = 0      "),
        ("if x:\n    !ls\n", "if x:\n    0  \n"),
        ("if x:\n    %cd src\n", "if x:\n    pass   \n"),
        ("%%time\nx = 1", "#     \nx = 1"),
        ("\n%%capture out\nx = 1", "\n#            \nx = 1"),
        ("%time x = torch.load(p)", "pass; x = torch.load(p)"),
        ("%timeit -n 10 torch.load(p)", "pass;         torch.load(p)"),
        ("t = %timeit -o torch.load(p)", "t = 0;         torch.load(p)"),
        ("%time\nx = 1", "#    \nx = 1"),
        ("pip install torch\nx = 1", "#                \nx = 1"),
    ],
)
def test_magics_are_masked_at_their_length(cell, expected):
    assert of_cells(cell).python.rstrip("\n") == expected.rstrip("\n")


@pytest.mark.parametrize(
    "cell",
    [
        "x = (1\n  % 2)",
        's = """\n%time\n!ls\n"""',
        "x = 5 \\\n  % 2",
        "print('loss=%f' % x)",
        "x %= 3",
        "x = a != b",
        "# what is this?",
        "x = y  # why?\nz = 1",
        "d = {\n'''a\n%time\n''':\n1\n%2,\n}",
        'f("#", [\n  1 %\n  2])',
        "await load()",
        "x = 1;",
        "x = 'it\\'s ['\ny = [1\n%2]",
    ],
)
def test_python_is_left_alone(cell):
    notebook = of_cells(cell)
    ended = cell if cell.endswith("\n") else cell + "\n"
    assert notebook.python == ended + "\n"
    assert notebook.problems == ()
    ast.parse(notebook.python)


@pytest.mark.parametrize(
    "cell", ["%%writefile a.py\n" + LOAD, "%%bash\nls", "%%html\n<b>", "%%javascript\nx", "%%R\n1"]
)
def test_cells_of_other_magics_are_no_code_of_the_notebook(cell):
    notebook = of_cells(cell, "x = 1")
    assert notebook.python == "x = 1\n\n"
    assert notebook.locate(1) == (2, 1)


def test_a_broken_cell_does_not_hide_the_others():
    notebook = of_cells("import torch", "def f(:\n    ...\n", LOAD)
    ast.parse(notebook.python)
    (problem,) = notebook.problems
    assert (problem.cell, problem.row) == (2, 1)
    assert notebook.locate(row_with(notebook, LOAD)) == (3, 1)


# --- writing

LAYOUTS = [
    {},
    {"indent": 2},
    {"indent": "\t"},
    {"indent": None},
    {"indent": None, "separators": (",", ":")},
    {"ensure_ascii": True},
    {"sort_keys": True},
]


@pytest.mark.parametrize("as_lists", [True, False])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("style", LAYOUTS)
def test_only_what_the_fix_changes_changes(style, newline, as_lists):
    cells = ["import torch", ("markdown", "é"), f'# é 😀 \\ " \t\nx = 1\n{LOAD}', LOAD]
    text = notebook_text(cells, as_lists=as_lists, **style).replace("\n", newline)
    notebook = read(text)
    rows = [i for i, line in enumerate(notebook.python.split("\n"), 1) if line == LOAD]
    edits = [insertion(row, len(LOAD), ", weights_only=True") for row in rows]
    fixed = notebook.apply(edits)
    line = LOAD[:-1] + ", weights_only=True)"
    assert sources(fixed) == [
        "import torch",
        "é",
        cells[2].replace(LOAD, line),
        line,
    ]
    # Nothing else: taking the two insertions out of the raw text gives the old one back.
    assert fixed.replace(", weights_only=True", "") == text


def test_three_fixes_change_three_lines():
    cells = [f"import torch\n# one\n{LOAD}\n# two\n", "x = 1\n" * 30, f"{LOAD}\n{LOAD}\nx\n"]
    text = notebook_text(cells)
    notebook = read(text)
    rows = [i for i, line in enumerate(notebook.python.split("\n"), 1) if line == LOAD]
    fixed = notebook.apply([insertion(row, len(LOAD), ", weights_only=True") for row in rows])
    assert changed_lines(text, fixed) == 3


def test_a_wrapped_statement_and_its_import():
    text = notebook_text(["import torch\n%matplotlib inline", ("markdown", "m"), f"x = 1\n{LOAD}"])
    notebook = read(text)
    row = row_with(notebook, LOAD)
    wrap = f"with safe_globals([A]):\n    {LOAD}"
    edits = [
        insertion(2, 1, "from torch.serialization import safe_globals\n"),
        Edit(Span.of(row, 1, row, len(LOAD) + 1), wrap),
    ]
    assert notebook.accepts(edits)
    fixed = notebook.apply(edits)
    assert sources(fixed) == [
        "import torch\nfrom torch.serialization import safe_globals\n%matplotlib inline",
        "m",
        f"x = 1\n{wrap}",
    ]
    assert changed_lines(text, fixed) == 3
    again = read(fixed)
    assert again.apply([]) == fixed


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
@pytest.mark.parametrize("as_lists", [True, False])
def test_an_import_after_a_cells_last_line_lands_in_that_cell(end, as_lists):
    notebook = of_cells("import torch" + end, LOAD, as_lists=as_lists)
    fixed = notebook.apply([insertion(2, 1, "import a\n")])
    assert sources(fixed) == ["import torch\nimport a" + end, LOAD]
    at_end_of_line = notebook.apply([insertion(1, 13, "\nimport a")])
    assert sources(at_end_of_line) == ["import torch\nimport a" + end, LOAD]


def test_a_line_can_be_replaced_with_its_end():
    notebook = of_cells(LOAD)
    fixed = notebook.apply([Edit(Span.of(1, 1, 2, 1), "x = 1\ny = 2\n")])
    assert sources(fixed) == ["x = 1\ny = 2"]


def test_the_first_line_of_a_list_and_the_only_one():
    notebook = of_cells("a = 1\nb = 2", "c = 3")
    fixed = notebook.apply([insertion(1, 1, "new\n"), Edit(Span.of(4, 1, 4, 6), "d\ne")])
    assert sources(fixed) == ["new\na = 1\nb = 2", "d\ne"]
    emptied = notebook.apply([Edit(Span.of(4, 1, 4, 6), "")])
    assert sources(emptied) == ["a = 1\nb = 2", ""]


@pytest.mark.parametrize(("ascii_only", "expected"), [(True, "\\u00e9"), (False, "é")])
def test_letters_are_escaped_as_the_file_does(ascii_only, expected):
    text = notebook_text(["x = 'é'\n", LOAD], ensure_ascii=ascii_only)
    notebook = read(text)
    fixed = notebook.apply([insertion(row_with(notebook, LOAD), 1, "# é\n")])
    assert f"# {expected}" in fixed


@pytest.mark.parametrize(
    "edit",
    [
        Edit(Span.of(1, 1, 4, 2), "x"),
        Edit(Span.of(3, 1, 3, 3), "x"),
        Edit(Span.of(3, 7, 3, 7), "a\nb"),
        insertion(90, 1, "x"),
        insertion(0, 1, "x"),
    ],
    ids=["two cells", "the magic", "a block after %time", "after the end", "before the start"],
)
def test_edits_that_hit_something_else_are_refused(edit):
    notebook = of_cells("import torch", "%time x = torch.load(p)")
    assert not notebook.accepts([edit])
    with pytest.raises(RefusedEditError):
        notebook.apply([edit])


def test_a_keyword_after_time_is_taken():
    notebook = of_cells("import torch", "%time x = torch.load(p)\n")
    fixed = notebook.apply([insertion(3, 23, ", weights_only=True")])
    assert sources(fixed)[1] == "%time x = torch.load(p, weights_only=True)\n"


def diagnostic(span: Span, *edits: Edit) -> Diagnostic:
    fix = Fix(Applicability.SAFE, "do", edits)
    return Diagnostic("TLL101", "n", "m", Severity.ERROR, span, fix, noqa_row=span.end.row)


def test_a_finding_is_told_by_cell():
    notebook = of_cells("import torch", ("markdown", "x"), f"x = 1\n{LOAD}")
    row = row_with(notebook, LOAD)
    told = notebook.in_cell(diagnostic(Span.of(row, 9, row, 27), keyword(notebook)), "a.ipynb")
    assert (told.cell, told.span, told.noqa_row) == (3, Span.of(2, 9, 2, 27), 2)
    assert told.fix is not None
    assert notebook.edit_in_cell(told.fix.edits[0])[0].span.start.row == 2


def test_words_name_rows_by_cell():
    notebook = of_cells("import torch", ("markdown", "x"), f"x = 1\n{LOAD}")
    row = row_with(notebook, LOAD)
    told = notebook.by_cell(f"see a.ipynb:{row}, b/a.ipynb:{row}", "a.ipynb")
    assert told == f"see a.ipynb:cell 3:2, b/a.ipynb:{row}"


def test_a_fix_that_cannot_be_applied_is_not_offered():
    notebook = of_cells("import torch", "%time x = torch.load(p)")
    wrap = Edit(Span.of(3, 7, 3, 24), "with a:\n    x = torch.load(p)")
    told = notebook.in_cell(diagnostic(Span.of(3, 11, 3, 24), wrap), "a.ipynb")
    assert told.fix is None
    assert "magic" in told.notes[-1]


CELL = st.text(st.sampled_from("ab=1 \n\r\té😀\"\\%!?'#()"), max_size=30)


@given(st.lists(CELL, min_size=1, max_size=4), st.booleans(), st.sampled_from(LAYOUTS), st.data())
def test_masking_keeps_lengths_and_edits_keep_the_rest(cells, as_lists, style, data):
    text = notebook_text(list(cells), as_lists=as_lists, **style)
    notebook = read(text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # made sources may hold invalid escapes
        ast.parse(notebook.python)
    rows = notebook.python.count("\n") + notebook.python.replace("\r\n", "").count("\r")
    if not notebook.python:
        return
    row = data.draw(st.integers(1, rows))
    edit = insertion(row, 1, data.draw(st.sampled_from(["x", "x\n", '"é\\"\n'])))
    if not notebook.accepts([edit]):
        return
    number, inner = notebook.locate(row)
    fixed = notebook.apply([edit])
    old, new = json.loads(text), json.loads(fixed)
    before = "".join(old["cells"][number - 1].pop("source"))
    after = "".join(new["cells"][number - 1].pop("source"))
    assert old == new
    added = len(after) - len(before)
    assert edit.content.strip() in after
    # After the last line a line end is needed before what is added, and one after it is not.
    assert abs(added - len(edit.content)) <= 1
    assert inner >= 1
