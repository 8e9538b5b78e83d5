"""A fix imports a class where the program can: programs run before and after it."""

from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

NET = "class Config:\n    def __init__(self, lr=1):\n        self.lr = lr\n"
LOAD = 'torch.load("w.pt", weights_only=False).lr'
PROJECTS = {
    "path below torch": {
        "lib/net.py": NET,
        "main.py": f"""
            import sys, torch
            sys.path.insert(0, "lib")

            def main():
                print({LOAD})

            main()
        """,
    },
    "path in a function": {
        "lib/net.py": NET,
        "main.py": f"""
            import sys
            import torch

            def begin():
                sys.path.append("lib")

            def main():
                begin()
                print({LOAD})

            if __name__ == "__main__":
                main()
        """,
    },
    "site": {
        "lib/net.py": NET,
        "main.py": f"""
            import site
            import torch
            site.addsitedir("lib")

            def main():
                print({LOAD})

            main()
        """,
    },
    "environment": {
        "lib/__init__.py": "",
        "lib/net.py": f"import os\nassert os.environ['MODE']\n{NET}",
        "main.py": f"""
            import os
            import torch
            os.environ["MODE"] = "x"

            def main():
                print({LOAD})

            main()
        """,
    },
    "own package": {
        "pkg/__init__.py": f"from pkg.sub import main\n{NET}",
        "pkg/sub.py": f"import torch\n\ndef main():\n    print({LOAD})\n",
        "main.py": "import pkg\npkg.main()\n",
    },
    "threads": {
        "net.py": NET,
        "main.py": f"""
            from concurrent.futures import ThreadPoolExecutor
            import torch
            import net

            def one(_):
                return {LOAD}

            with ThreadPoolExecutor(8) as pool:
                print(set(pool.map(one, range(100))))
        """,
    },
}
SAVES = {
    "own package": "import torch, pkg; torch.save(pkg.Config(), 'w.pt')",
    "threads": "import torch, net; torch.save(net.Config(), 'w.pt')",
    "environment": "import os; os.environ['MODE'] = 'x'; import torch, lib.net as net; "
    "torch.save(net.Config(), 'w.pt')",
}
BY_PATH = "import sys, torch; sys.path.append('lib'); import net; torch.save(net.Config(), 'w.pt')"


def python(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout or done.stderr


@pytest.mark.parametrize("name", PROJECTS)
def test_a_program_that_ran_still_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = ['torch>=2.6']\n")
    for path, text in PROJECTS[name].items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(dedent(text).lstrip())
    python(tmp_path, "-c", SAVES.get(name, BY_PATH))
    before = python(tmp_path, "main.py")
    assert "1" in before
    assert "Error" not in before
    fixed = CliRunner().invoke(root, ["--fix", "."])
    after = "".join(path.read_text() for path in tmp_path.rglob("*.py"))
    assert ("weights_only=True" in after) == (name != "threads"), fixed.output
    assert python(tmp_path, "main.py") == before


def test_a_notebook_that_says_where_modules_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cells run one after another: nothing may be imported above the path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torchload-lint.toml").write_text("")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "net.py").write_text(NET)
    python(tmp_path, "-c", BY_PATH)
    cells = ["import torch, sys", "sys.path.append('lib')", f"print({LOAD})"]
    listed = [
        {"cell_type": "code", "source": [cell], "metadata": {}, "outputs": [],
         "execution_count": None} for cell in cells
    ]  # fmt: skip
    notebook = {"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook))
    result = CliRunner().invoke(root, ["--fix", "-v", "n.ipynb"])
    assert json.loads((tmp_path / "n.ipynb").read_text()) == notebook
    assert "before what the file sets up for it" in result.output
