"""A block that ends takes its names from torch's one list: what others then load is not proven."""

from __future__ import annotations

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

HEAD = """
    import torch
    from torch.serialization import add_safe_globals, safe_globals
    from net import Config

    def read():
        with safe_globals([Config]):
            return torch.load("w.pt", weights_only=True)
"""
REFUSED = {
    "a call within a block": f"""{HEAD}
    with safe_globals([Config]):
        read()
        torch.load("w.pt", weights_only=True)
    """,
    "a registration": f"""{HEAD}
    add_safe_globals([Config])
    read()
    torch.load("w.pt", weights_only=True)
    """,
    "a class imported too late": """
    import torch
    from torch.serialization import safe_globals

    def read():
        with safe_globals([Config]):
            return torch.load("w.pt", weights_only=True)

    if __name__ == "__main__":
        read()
    from net import Config
    """,
    "a class of the file, called from its guard": """
    import torch
    from torch.serialization import safe_globals

    class Own:
        pass

    def read():
        with safe_globals([Own]):
            return torch.load("own.pt", weights_only=True)

    if __name__ == "__main__":
        read()
    """,
    "a class of the file, in a process": """
    import torch, torch.multiprocessing
    from torch.serialization import safe_globals

    class Own:
        pass

    def read(_):
        with safe_globals([Own]):
            torch.load("mains.pt", weights_only=True)

    if __name__ == "__main__":
        torch.multiprocessing.spawn(read, nprocs=1)
    """,
}
SAVE = """
    import sys, torch, net
    torch.save(net.Config(), "w.pt")
    for name, path in (("main", "own.pt"), ("__main__", "mains.pt")):
        Own = type("Own", (), {"__module__": name})
        sys.modules[name] = net
        net.Own = Own
        torch.save(Own(), path)
"""


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_program_is_refused_is_not_proven(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = ['torch>=2.6']\n")
    (tmp_path / "net.py").write_text("class Config:\n    pass\n")
    subprocess.run([sys.executable, "-c", dedent(SAVE)], check=True)
    source = dedent(REFUSED[name]).lstrip()
    (tmp_path / "main.py").write_text(source)
    ran = subprocess.run([sys.executable, "main.py"], capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    found = CliRunner().invoke(root, ["verify", "--python", sys.executable, "main.py"])
    row = 1 + max(n for n, line in enumerate(source.split("\n")) if "torch.load" in line)
    assert f"main.py:{row}: not proven" in found.output
    assert "0 refused" in found.output
