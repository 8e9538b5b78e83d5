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
    "package that another one brings in": {
        "pkg/__init__.py": "from .a import main",
        "pkg/a.py": f"import torch\n\ndef main():\n    print({LOAD})\n",
        "pkg/b.py": f"from . import main\n{NET}",
        "main.py": "import pkg\npkg.main()\n",
    },
    "without the class": {
        "net.py": f"import not_installed\n{NET}",
        "main.py": f"""
            import torch

            def main():
                try:
                    print({LOAD})
                except ImportError:
                    print(1)

            main()
        """,
    },
    "only when it is asked for": {
        "net.py": f"import sys\nassert 'resume' in sys.argv\n{NET}",
        "main.py": f"""
            import sys
            import torch

            if "resume" in sys.argv:
                print({LOAD})
            print(1)
        """,
    },
    "command line": {
        "net.py": f"import argparse\nargparse.ArgumentParser().parse_args()\n{NET}",
        "main.py": f"""
            import sys
            import torch

            def main():
                if len(sys.argv) == 1:
                    print({LOAD})

            print(1, sys.argv[1:])
            main()
        """,
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
    "package that another one brings in": "import torch, pkg.b; torch.save(pkg.b.Config(), 'w.pt')",
    "without the class": "import sys, torch; sys.modules['not_installed'] = sys; import net; "
    "torch.save(net.Config(), 'w.pt')",
    "only when it is asked for": "import sys, torch; sys.argv.append('resume'); import net; "
    "torch.save(net.Config(), 'w.pt')",
    "command line": "import torch, net; torch.save(net.Config(), 'w.pt')",
    "own package": "import torch, pkg; torch.save(pkg.Config(), 'w.pt')",
    "threads": "import torch, net; torch.save(net.Config(), 'w.pt')",
    "environment": "import os; os.environ['MODE'] = 'x'; import torch, lib.net as net; "
    "torch.save(net.Config(), 'w.pt')",
}
NOT_FIXED = {"threads"}
WORK_AT_IMPORT = {"command line"}
"""Where the file of the class does more than define things, the fix is an unsafe one."""
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
    before = [python(tmp_path, "main.py"), python(tmp_path, "main.py", "--more")]
    assert all("1" in each and "Error" not in each for each in before), before
    fixed = CliRunner().invoke(root, ["--fix", "."])
    after = "".join(path.read_text() for path in tmp_path.rglob("*.py"))
    is_fixed = name not in NOT_FIXED | WORK_AT_IMPORT
    assert ("weights_only=True" in after) == is_fixed, fixed.output
    if name in WORK_AT_IMPORT:
        CliRunner().invoke(root, ["--fix", "--unsafe-fixes", "."])
        assert "weights_only=True" in (tmp_path / "main.py").read_text()
    assert [python(tmp_path, "main.py"), python(tmp_path, "main.py", "--more")] == before


def test_a_notebook_that_says_where_modules_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cells run one after another: the import stands in the one that loads."""
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
    fixed = json.loads((tmp_path / "n.ipynb").read_text())["cells"]
    assert "weights_only=True" in "".join(fixed[2]["source"]), result.output
    code = "\n".join("".join(cell["source"]) for cell in fixed)
    assert python(tmp_path, "-c", code) == python(tmp_path, "-c", "\n".join(cells)) == "1\n"
