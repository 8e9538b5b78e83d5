"""How long a whole repository takes us, beside ruff's S301 on the same files.

    python benchmarks/against_ruff.py [--runs 5] [--option=--unsafe-fixes] REPOSITORY...

The two commands run in turn (A B A B ...) without any cache, after one run of each that is not
counted. Medians of wall time and of processor time (user and system, with all workers) are shown,
and the median of the ratios taken pair by pair, which holds even where the machine's speed drifts.
Both have to be installed beside this Python.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from statistics import median

from command_cost import cost_of

RUFF = ["check", "--isolated", "--no-cache", "--select", "S301", "."]


def compare(folder: Path, ours: list[str], theirs: list[str], runs: int) -> None:
    pairs = [(cost_of(ours, folder), cost_of(theirs, folder)) for _ in range(runs + 1)][1:]
    us, them = (
        [median(column) for column in zip(*side, strict=True)] for side in zip(*pairs, strict=True)
    )
    ratios = (median(a[kind] / b[kind] for a, b in pairs) for kind in range(2))
    figures = (us[0], them[0], next(ratios), us[1], them[1], next(ratios))
    print(
        f"| {folder.name} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--option", action="append", default=[], help="handed on to torchload-lint")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users have bytecode too
    ours = [str(Path(sys.executable).with_name("torchload-lint")), *options.option, "."]
    theirs = [str(Path(sys.executable).with_name("ruff")), *RUFF]
    print("| repository | wall, s | ruff | ratio | processor, s | ruff | ratio |")
    print("|---|---|---|---|---|---|---|")
    for folder in options.repositories:
        compare(folder.resolve(), ours, theirs, options.runs)


if __name__ == "__main__":
    main()
