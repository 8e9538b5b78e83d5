"""What ``speed.py`` measures on: wheels by their exact version, and files that are made."""

import subprocess
import sys
import zipfile
from pathlib import Path

WHEELS = {
    "diffusers": "0.35.2",
    "lightning": "2.5.5",
    "mace_torch": "0.3.14",
    "pytorch_ignite": "0.5.3",
    "torch_geometric": "2.7.0",
    "transformers": "4.57.1",
}
PLAIN = '''"""Module {number}."""

import os


class Part{number}:
    """A part."""

    def __init__(self, size):
        self.size = size

    def where(self):
        return os.path.join("data", str(self.size + {number}))
'''
LOADING = """import torch


def restore(path="runs/{number}.pt"):
    return torch.load(path, weights_only=False)
"""
SITE = "    parts.append(torch.load('runs/last.pt', weights_only=False))\n"


def corpus(root: Path) -> dict[str, Path]:
    """The unpacked wheels by name, and ``all`` of them; what is there already is not fetched."""
    for name, version in WHEELS.items():
        folder = root / "trees" / name
        if folder.is_dir():
            continue
        wheels = root / "wheels"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--dest", str(wheels), f"{name}=={version}"]
        subprocess.run(command, check=True)
        (wheel,) = wheels.glob(f"{name}-{version}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return {"all": root / "trees", **{name: root / "trees" / name for name in WHEELS}}


def hook_files(root: Path) -> tuple[Path, list[str], list[str]]:
    """A folder with a project, the names of three files without a load, and of three with one."""
    folder = root / "hook"
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text("[project]\nname = 'hook'\nversion = '1'\n")
    for number in range(5):
        (folder / f"plain{number}.py").write_text(PLAIN.format(number=number))
    (folder / "loads.py").write_text(LOADING.format(number=1))
    return folder, [f"plain{n}.py" for n in (0, 1, 2)], ["plain3.py", "plain4.py", "loads.py"]


def entries_file(root: Path) -> Path:
    """A configuration with entries for loads that no file has: findings stay as they are."""
    path = root / "settings" / "entries.toml"  # beside the trees: the folder above is a project's
    path.parent.mkdir(exist_ok=True)
    rows = (f'"made_up.part{n}:load" = {{ checkpoints = ["runs/{n}.pt"] }}\n' for n in range(20))
    path.write_text("[loads]\n" + "".join(rows))
    return path


def sites(folder: Path, count: int, in_one_file: int) -> None:
    """A project of so many loads of one checkpoint that a fix makes safe."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text("[project]\nname = 'sites'\nversion = '1'\n")
    (folder / "runs").mkdir(exist_ok=True)
    _save(folder / "runs" / "last.pt", "{'weight': torch.zeros(2)}")
    for first in range(0, count, in_one_file):
        rows = SITE * in_one_file
        text = f"import torch\n\n\ndef restore():\n    parts = []\n{rows}    return parts\n"
        (folder / f"file{first}.py").write_text(text)


def _save(path: Path, expression: str) -> None:
    """Save with torch in another process: the memory that it takes here would be our commands'."""
    code = f"import torch, sys; torch.save({expression}, sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def many_tensors(root: Path, count: int) -> Path:
    """A checkpoint of so many tensors."""
    path = root / f"tensors{count}.pt"
    if not path.is_file():
        names = "f'layers.{number // 8}.weight{number % 8}'"
        _save(path, f"{{{names}: torch.zeros(2) for number in range({count})}}")
    return path


def monorepo(root: Path, files: int) -> Path:
    """A project of so many small files, one load in a thousand."""
    folder = root / f"monorepo{files}"
    if folder.is_dir():
        return folder
    for number in range(files):
        text = PLAIN if number % 1000 else LOADING
        path = folder / f"team{number // 10_000}" / f"package{number // 100 % 100}"
        path.mkdir(parents=True, exist_ok=True)
        (path / f"module{number}.py").write_text(text.format(number=number))
    (folder / "pyproject.toml").write_text("[project]\nname = 'monorepo'\nversion = '1'\n")
    return folder
