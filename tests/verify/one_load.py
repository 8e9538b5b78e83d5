"""A project with one load that is proven, and the file that it reads."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "import argparse\n\n\nclass Config(argparse.Namespace):\n    pass\n"
READ = """
    from torch.serialization import safe_globals
    import torch
    from app.model import Config

    with safe_globals([Config]):
        state = torch.load("state.pt", weights_only=True)
"""


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(dedent(text).lstrip())


def write_project(folder: Path) -> None:
    write(folder, {"pyproject.toml": "[project]\nname = 'x'\n", "app/__init__.py": "",
                   "app/model.py": MODEL, "read.py": READ})  # fmt: skip
    save = "import torch; from app.model import Config; torch.save(Config(lr=1), 'state.pt')"
    subprocess.run([sys.executable, "-c", save], cwd=folder, check=True)
