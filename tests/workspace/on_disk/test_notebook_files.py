"""Notebooks and percent scripts through the whole tool: found, fixed in place, fixed once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from notebook_samples import notebook_text
from torchload_lint.diagnostic import Severity
from torchload_lint.workspace import Options, Projects, Settings, check_bytes

if TYPE_CHECKING:
    from pathlib import Path

CELLS = [
    ("markdown", "# torch.load in prose"),
    "%matplotlib inline\nimport torch",
    "%%bash\npython -c 'import torch; torch.load(p)'",
    "%%writefile other.py\nimport torch\ntorch.load(p)",
    "!pip install torch\nawait ready()\nmodel = torch.load(path)",
    "%time other = torch.load(path)",
]
FIX = Options(fix=True)


def checked(text: str, path: Path, options: Options = FIX):
    projects = Projects(Settings(isolated=True, overrides={"min_severity": "info"}))
    result, data = check_bytes(text.encode(), path, projects, options)
    return result, data.decode()


def test_findings_are_told_by_cell(tmp_path):
    result, same = checked(notebook_text(CELLS), tmp_path / "n.ipynb", Options())
    places = [(d.code, d.cell, d.span.start.row, d.span.start.column) for d in result.diagnostics]
    assert places == [("TLL102", 5, 3, 9), ("TLL102", 6, 1, 15), ("TLL102", 3, 2, 26)]
    assert same == notebook_text(CELLS)


@pytest.mark.parametrize("style", [{}, {"indent": 2}, {"indent": None}, {"sort_keys": True}])
def test_a_fix_changes_its_lines_only_and_once(tmp_path, style):
    text = notebook_text(CELLS, **style)
    result, fixed = checked(text, tmp_path / "n.ipynb")
    assert [d.code for d in result.fixed] == ["TLL102", "TLL102"]
    assert fixed.count(", weights_only=True") == 2
    assert fixed.replace(", weights_only=True", "") == text
    again, same = checked(fixed, tmp_path / "n.ipynb")
    assert ([d.cell for d in again.diagnostics], again.fixed, same) == ([3], (), fixed)


LOAD = "torch.load(p, weights_only=False)"


@pytest.mark.parametrize(
    ("cell", "place"),
    [
        (f"%%bash\npython - <<EOF\nimport torch\n{LOAD}\nEOF", (4, 1)),
        (f"%%script sh\n\npython -c 'import torch; {LOAD}'", (3, 26)),
        (f"p = 1\n!python -c 'import torch; {LOAD}'", (2, 27)),
        (f"if p:\n    !python3 -c 'import torch; {LOAD}'", (2, 32)),
        (f"out = !python -c 'import torch; {LOAD}'", (1, 33)),
        (f"%%writefile a.py\nimport torch\n{LOAD}", None),
        (f"%%html\n<pre>python -c 'import torch; {LOAD}'</pre>", None),
        (f"text = \"!python -c 'import torch; {LOAD}'\"", None),
        (f"# !python -c 'import torch; {LOAD}'", None),
    ],
)
def test_what_a_shell_runs_is_a_program_of_its_own(tmp_path, cell, place):
    text = notebook_text(["import torch\np = 'a.pt'", cell, "torch.load(p, weights_only=True)"])
    result, same = checked(text, tmp_path / "n.ipynb")
    unsafe = [d for d in result.diagnostics if d.code == "TLL101"]
    assert [(d.cell, *d.span.start, d.fix) for d in unsafe] == (
        [(2, *place, None)] if place else []
    )
    assert (result.loads.total, same) == (1 + bool(place), text)


def test_what_is_no_notebook_is_one_finding(tmp_path):
    result, same = checked('{"torch.load": 1}', tmp_path / "n.ipynb")
    (found,) = result.diagnostics
    assert found.severity is Severity.ERROR
    assert "not a notebook" in found.message
    assert same == '{"torch.load": 1}'


PERCENT = """\
# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
# ---

# %% [markdown]
# # Load it with torch.load(path)

# %%
# %matplotlib inline
import torch

# %% tags=["load"]
model = torch.load(path)
"""


def test_percent_scripts_are_python(tmp_path):
    result, fixed = checked(PERCENT, tmp_path / "n.py")
    assert [d.span.start.row for d in result.fixed] == [15]
    assert fixed == PERCENT.replace("load(path)\n", "load(path, weights_only=True)\n").replace(
        "with torch.load(path, weights_only=True)", "with torch.load(path)"
    )


def test_imports_are_grouped_as_in_a_file(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "torchload-lint.toml").write_text('min-severity = "info"\n')
    (tmp_path / "a_package.py").write_text("class Net:\n    size = 1\n")
    from a_package import Net

    torch.save(Net(), "net.pt")
    code = 'import torch\n\nx = torch.load("net.pt", weights_only=False)\n'
    projects = Projects(Settings())
    _, as_file = check_bytes(code.encode(), tmp_path / "a.py", projects, FIX)
    _, as_cell = check_bytes(notebook_text([code]).encode(), tmp_path / "n.ipynb", projects, FIX)
    (cell,) = json.loads(as_cell)["cells"]
    assert "".join(cell["source"]) == as_file.decode()
    rows = as_file.decode().splitlines()
    assert rows.index("from torch.serialization import safe_globals") < rows.index(
        "from a_package import Net"
    )
