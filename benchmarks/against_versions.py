"""How long a check of whole repositories takes by several versions of this project, and by ruff.

    python benchmarks/against_versions.py [OPTIONS] --versions COMMIT... -- REPOSITORY...

The source of each commit of this repository is unpacked, and run by this Python; ruff (rule S301,
no cache) has to be installed beside it. All run in turn (A B C A B C ...), after one run of each
that is not counted. Shown are medians of processor time, and for each version the median of its
ratios to ruff, taken run by run. ``--environment``: a virtual environment that is active meanwhile,
whose packages are followed.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from statistics import median

from against_ruff import RUFF
from command_cost import cost_of

ROOT = Path(__file__).parents[1]
START = "import sys; sys.path.insert(0, sys.argv.pop(1)); "
START += "from torchload_lint.__main__ import main; sys.argv[0] = 'torchload-lint'; main()"
CHECK = ["check", "--jobs", "1", "--no-cache", "--exit-zero", "."]


def unpacked(commit: str, root: Path) -> list[str]:
    """The command of one version."""
    folder = root / commit
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", f"{commit}:src"], stdout=subprocess.PIPE, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as packed:
        packed.extractall(folder, filter="data")
    return [sys.executable, "-c", START, str(folder), *CHECK]


def row(folder: Path, commands: list[list[str]], runs: int) -> str:
    """The last of the commands is what the others are compared with."""
    found = [[cost_of(command, folder).cpu for command in commands] for _ in range(runs + 1)][1:]
    *ours, theirs = map(median, zip(*found, strict=True))
    ratios = [median(one[place] / one[-1] for one in found) for place in range(len(ours))]
    cells = [f"{seconds:.2f} s ({ratio:.1f})" for seconds, ratio in zip(ours, ratios, strict=True)]
    return f"| {folder.name} | " + " | ".join([*cells, f"{theirs:.2f} s"]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--versions", nargs="+", required=True)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--environment", type=Path)
    given = parser.parse_args()
    for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "CONDA_PREFIX"):
        os.environ.pop(name, None)
    if given.environment:
        os.environ["VIRTUAL_ENV"] = str(given.environment.resolve())
    print("| repository | " + " | ".join([*given.versions, "ruff S301"]) + " |")
    print("|---|" + "--:|" * (len(given.versions) + 1))
    with tempfile.TemporaryDirectory() as root:
        commands = [unpacked(commit, Path(root)) for commit in given.versions]
        commands.append([str(Path(sys.executable).with_name("ruff")), *RUFF])
        for folder in given.repositories:
            print(row(folder.resolve(), commands, given.runs), flush=True)


if __name__ == "__main__":
    main()
