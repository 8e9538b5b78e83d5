"""What a cell shows is the value of its last expression: a fix must leave that where it is."""

from __future__ import annotations

import argparse
import ast
import json
from pathlib import Path

import pytest

from notebook_samples import notebook_text
from torchload_lint.workspace import Options, Projects, Settings, check_bytes

torch = pytest.importorskip("torch")

LAST_ROWS = [
    'torch.load("x.pt", weights_only=False)["args"]',
    'torch.load("x.pt", weights_only=False)["model"].keys()',
    'torch.load("x.pt", weights_only=False)["args"].lr;',
    'n = 1; n + len(torch.load("x.pt", weights_only=False))  # what it holds',
    '(\n    torch.load("x.pt", weights_only=False)\n    ["args"]\n)',
    'net.load_state_dict(torch.load("x.pt", weights_only=False)["model"])',
    'len(torch.load("x.pt", weights_only=False))\ntorch.load("y.pt", weights_only=False)',
    'print(torch.load("x.pt", weights_only=False)["args"])',
    'x = torch.load("x.pt", weights_only=False)["args"]',
]
FIRST = "import torch\nnet = torch.nn.Linear(2, 1)"


@pytest.fixture(autouse=True)
def _checkpoints(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torchload-lint.toml").write_text("")
    net = torch.nn.Linear(2, 1)
    saved = {"args": argparse.Namespace(lr=0.1), "model": net.state_dict()}
    torch.save(saved, "x.pt")
    torch.save(argparse.Namespace(lr=0.2), "y.pt")


def fixed(text: str, name: str) -> str:
    projects = Projects(Settings())
    result, data = check_bytes(text.encode(), Path(name), projects, Options(fix=True))
    assert result.fixed
    assert not result.diagnostics
    return data.decode()


def shown(cells: list[str]) -> list[str]:
    """What each cell shows, as IPython decides it: the value of the last node, if it has one."""
    space: dict[str, object] = {}
    values = []
    for cell in cells:
        body = ast.parse(cell).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), "cell", "exec"), space)
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), space) if last else None
        values.append(repr(value))
    return values


def cells_of(notebook: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(notebook)["cells"]]


@pytest.mark.torch
@pytest.mark.parametrize("last", LAST_ROWS)
def test_a_notebook_shows_what_it_showed(last):
    before = [FIRST, last, "x = 1\nx"]
    after = cells_of(fixed(notebook_text(before), "n.ipynb"))
    assert "safe_globals" in after[1]
    assert shown(after) == shown(before)


@pytest.mark.torch
@pytest.mark.parametrize("last", LAST_ROWS)
@pytest.mark.parametrize("mark", ["# %%", "#%% load", "# COMMAND ----------", "# In[3]:"])
def test_a_script_in_cells_shows_what_it_showed(last, mark):
    before = f"{FIRST}\n\n{mark}\n{last}\n\n{mark}\nx = 1\nx\n"
    after = fixed(before, "n.py")
    assert after.count(mark) == 2
    assert shown(after.split(mark)) == shown(before.split(mark))


def test_loads_of_two_cells_do_not_share_a_block():
    text = "import torch\n# %%\na = torch.load('x.pt')\n# %%\nb = torch.load('x.pt')\n"
    assert fixed(text, "n.py").split("# %%\n")[1:] == [
        f"with safe_globals([Namespace]):\n    {name} = torch.load('x.pt', weights_only=True)\n"
        for name in "ab"
    ]


def test_a_script_without_cells_keeps_its_statement_in_the_block():
    text = 'import torch\ntorch.load("x.pt")["args"]\n'
    assert 'Namespace]):\n    torch.load("x.pt", weights_only=True)["args"]\n' in fixed(
        text, "n.py"
    )


def test_a_block_whose_end_is_not_shown_stays():
    torch.save({}, "plain.pt")
    block = "with safe_globals([Namespace]):\n    torch.load('plain.pt', weights_only=True)"
    imports = (
        "import torch\nfrom argparse import Namespace\nfrom torch.serialization import safe_globals"
    )
    text = notebook_text([imports, block])
    _, data = check_bytes(text.encode(), Path("n.ipynb"), Projects(Settings()), Options(fix=True))
    assert shown(cells_of(data.decode())) == shown(cells_of(text))
