"""IPython runs notebooks before and after ``--fix``: does every cell show the same?

    python benchmarks/notebooks_in_ipython.py --python PYTHON

PYTHON is an interpreter with IPython and torch. The notebooks are every shape of cell below, over
every checkpoint; each is run as it is and with all fixes applied, and what its cells print and show
is compared cell by cell.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

SHAPES = {
    "a part, last": ["torch.load({path}, weights_only=False)['model'].keys()"],
    "the whole, last": ["torch.load({path}, weights_only=False)"],
    "in a call": ["sorted(torch.load({path}, weights_only=False))"],
    "a name, then a part": ["loaded = torch.load({path}, weights_only=False)\nloaded['epoch']"],
    "a name, and the next cell": ["loaded = torch.load({path}, weights_only=False)", "loaded"],
    "two in a row": [
        (
            "print(torch.load({path}, weights_only=False)['epoch']); "
            "torch.load({path}, weights_only=False)['epoch']"
        )
    ],
    "a name and a part in a row": ["x = torch.load({path}, weights_only=False); x['extra']"],
    "shown no more": ["torch.load({path}, weights_only=False)['epoch'];"],
    "in a condition": ["if True:\n    torch.load({path}, weights_only=False)['epoch']"],
    "in a loop": ["for key in torch.load({path}, weights_only=False):\n    print(key)"],
    "in a function": [
        "def epoch():\n    return torch.load({path}, weights_only=False)['epoch']", "epoch()"
    ],
    "what was shown last": ["[torch.load({path}, weights_only=False)['extra'], 1]", "_[1]"],
    "over rows": ["torch.load(\n    {path},\n    weights_only=False,\n)['extra']"],
    "magics around": ["!echo first\ntorch.load({path}, weights_only=False)['epoch']", "%pwd"],
    "a cell magic": ["%%capture said\nprint(torch.load({path}, weights_only=False)['epoch'])",
                     "said.stdout"],
    "an open file": [
        (
            "with open({path}, 'rb') as file:\n"
            "    loaded = torch.load(file, weights_only=False)\n"
            "loaded['model']"
        )
    ],
}  # fmt: skip

CHECKPOINTS = {
    "tensors": "torch.ones(2)",
    "namespace": "argparse.Namespace(rate=0.1)",
    "array": "numpy.arange(3)",
    "own": "settings.Settings(rate=0.1)",
}
OWN = """class Settings:
    def __init__(self, rate):
        self.rate = rate

    def __repr__(self):
        return f"Settings({self.rate})"
"""
SAVE = """import argparse, numpy, torch, settings
for name, extra in {made}.items():
    held = {{"model": {{"w": torch.zeros(2)}}, "epoch": 3, "extra": eval(extra)}}
    torch.save(held, f"{{name}}.pt")
"""
RUN = """import json, sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
for path in sorted(Path().glob("*.ipynb")):
    shell.reset(new_session=True)
    shown = []
    for cell in json.loads(path.read_text())["cells"]:
        with capture_output() as said:
            done = shell.run_cell("".join(cell["source"]), store_history=True)
        error = done.error_in_exec or done.error_before_exec
        shown.append([said.stdout, repr(done.result), repr(error)])
    print(json.dumps([path.name, shown]), file=sys.__stderr__)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="an interpreter with IPython and torch")
    python = parser.parse_args().python
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").write_text("[project]\nname = 'notebooks'\n")
        (folder / "settings.py").write_text(OWN)
        save = SAVE.format(made=CHECKPOINTS)
        subprocess.run([python, "-c", save], cwd=folder, check=True)
        texts = dict(notebooks(folder))
        before = shown(python, folder)
        fix = [sys.executable, "-m", "torchload_lint", "--fix", "--unsafe-fixes", "--quiet", "."]
        subprocess.run(fix, cwd=folder, check=False, capture_output=True)
        after = shown(python, folder)
        changed = [path.name for path, text in texts.items() if path.read_text() != text]
        different = [name for name, cells in before.items() if after.get(name) != cells]
    failed = [name for name, cells in before.items() if any(one[2] != "None" for one in cells)]
    print(
        f"{len(before)} notebooks, {sum(map(len, before.values()))} cells; {len(changed)} were "
        f"fixed, {len(different)} show something else; {len(failed)} raise as they are"
    )
    for name in different:
        print(f"{name}\n  before: {before[name]}\n  after:  {after.get(name)}")
    raise SystemExit(bool(different or failed))


def notebooks(folder: Path) -> list[tuple[Path, str]]:
    """Write one notebook for each shape and checkpoint."""
    made = []
    for number, cells in enumerate(SHAPES.values()):
        for checkpoint in CHECKPOINTS:
            sources = ["import torch", *(cell.format(path=f"'{checkpoint}.pt'") for cell in cells)]
            path = folder / f"{number:02} {checkpoint}.ipynb"
            path.write_text(json.dumps(notebook(sources), indent=1))
            made.append((path, path.read_text()))
    return made


def notebook(sources: list[str]) -> dict[str, object]:
    cells = [
        {"cell_type": "code", "execution_count": None, "id": f"cell-{number}", "metadata": {},
         "outputs": [], "source": source.splitlines(keepends=True)}
        for number, source in enumerate(sources)
    ]  # fmt: skip
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def shown(python: str, folder: Path) -> dict[str, list[list[str]]]:
    """Notebook → what each cell printed, showed and raised."""
    done = subprocess.run(
        [python, "-W", "ignore", "-c", RUN], cwd=folder, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith('["')]
    return dict(json.loads(line) for line in lines)


if __name__ == "__main__":
    main()
