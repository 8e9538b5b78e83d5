"""How fast all of it is, beside ruff and bare Python: measured, written down, drawn.

    python benchmarks/speed.py FOLDER [--runs 7] [--only WORD]

Into FOLDER come six wheels by their exact version (pip fetches them) and files that are made. Every
figure is processor time (user and system, with all processes) or the most memory of one run. The
commands of a line run in turn (A B A B ...), short ones after a run that is not counted; shown are
medians, and the median of the ratios taken pair by pair, which holds where a machine gets slower.
ruff (rule S301, no cache) and torchload-lint have to be installed beside this Python. Writes
``benchmarks/RESULTS.md`` and the pictures in it, unless only some lines are asked for.
"""

import argparse
import os
import platform
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

from command_cost import Cost, cost_of
from speed_inputs import (
    corpus,
    entries_file,
    hook_files,
    many_tensors,
    monorepo,
    sites,
)
from speed_pictures import against_bounds, side_by_side

HERE = Path(__file__).parent
BESIDE = Path(sys.executable).parent
US = str(BESIDE / "torchload-lint")
RUFF = [str(BESIDE / "ruff"), "check", "--isolated", "--select", "S301", "."]
UNCACHED = [*RUFF[:-1], "--no-cache", "."]
TREES = {"all": 1.6, "diffusers": 1.6, "lightning": 4.5, "torch_geometric": 4.5, "mace_torch": 4.5}
LONG, VERY_LONG = 1.5, 12.0
"""Seconds of a pair of runs above which three pairs are enough, the first one included; and one."""
FEW = 3
SITES, TENSORS, FILES = 200, 20_000, 100_000


class Line(NamedTuple):
    """One line of the results."""

    what: str
    ours: str
    beside: str
    value: float
    bound: float
    unit: str
    runs: int

    @property
    def holds(self) -> bool:
        return self.value <= self.bound


class Measuring:
    """Runs commands, and collects lines."""

    def __init__(self, runs: int, only: str) -> None:
        self._runs = runs
        self._only = only
        self.lines: list[Line] = []

    def wants(self, what: str) -> bool:
        return self._only in what

    def pairs(self, ours: list[str], theirs: list[str], folder: Path) -> list[tuple[Cost, Cost]]:
        first = cost_of(ours, folder), cost_of(theirs, folder)
        seconds = first[0].cpu + first[1].cpu
        if seconds > LONG:
            runs = 0 if seconds > VERY_LONG else 2
            return [first, *((cost_of(ours, folder), cost_of(theirs, folder)) for _ in range(runs))]
        return [(cost_of(ours, folder), cost_of(theirs, folder)) for _ in range(self._runs)]

    def ratio(
        self, what: str, ours: list[str], theirs: list[str], folder: Path, bound: float
    ) -> tuple[float, float]:
        """A line for how many times as long one command takes as another; both medians."""
        found = self.pairs(ours, theirs, folder)
        value = median(one.cpu / other.cpu for one, other in found)
        us, them = (median(side[who].cpu for side in found) for who in (0, 1))
        self.add(Line(what, f"{us:.2f} s", f"{them:.2f} s", value, bound, "times", len(found)))
        return us, them

    def add(self, line: Line) -> None:
        self.lines.append(line)
        print(row_of(line), flush=True)


def trees(measuring: Measuring, found: dict[str, Path]) -> list[tuple[str, float, float]]:
    """A check of each tree beside ruff, and with two processes beside one."""
    shown = []
    for name, bound in TREES.items():
        what = f"check of {'all six wheels' if name == 'all' else name}, to ruff S301"
        if measuring.wants(what):
            seconds = measuring.ratio(what, [US, "-j1", "."], UNCACHED, found[name], bound)
            shown.append((name, *seconds))
        what = f"check of {name} by two processes, to one"
        if name != "all" and measuring.wants(what):
            measuring.ratio(what, [US, "-j2", "."], [US, "-j1", "."], found[name], 1.05)
    return shown


def options(measuring: Measuring, root: Path, found: dict[str, Path]) -> None:
    """What ``[loads]`` and unsafe fixes add."""
    plain = [US, "-j1", "."]
    what = "check of diffusers with 20 `[loads]` entries, to without"
    if measuring.wants(what):
        with_entries = [*plain[:-1], "--config", str(entries_file(root).resolve()), "."]
        measuring.ratio(what, with_entries, plain, found["diffusers"], 1.15)
    for name in ("diffusers", "transformers"):
        what = f"`--unsafe-fixes` on {name}, to a plain check"
        if measuring.wants(what):
            unsafe = [*plain[:-1], "--unsafe-fixes", "."]
            measuring.ratio(what, unsafe, plain, found[name], 2.5)


def hook(measuring: Measuring, root: Path) -> None:
    """Three files, as a pre-commit hook gives them, beside bare Python."""
    folder, plain, loading = hook_files(root)
    bare = [sys.executable, "-c", "pass"]
    for what, command, bound in (
        ("three files of a hook without a load", [US, *plain], 30),
        ("three files of a hook, one with a load", [US, *loading], 65),
        ("`python -c 'import click'`, for comparison", [sys.executable, "-c", "import click"], 0),
    ):
        if measuring.wants(what):
            found = measuring.pairs(command, bare, folder)
            us, them = (1000 * median(side[who].cpu for side in found) for who in (0, 1))
            beside = f"{them:.0f} ms (`python -c pass`)"
            measuring.add(Line(what, f"{us:.0f} ms", beside, us, bound or us, "ms", len(found)))


def fixing(measuring: Measuring, root: Path) -> None:
    """A fix of fresh trees: for each site, and whether it grows with the sites of a file."""
    each: dict[int, float] = {}
    for in_one_file in (10, SITES):
        what = f"`--fix` of {SITES} keywords, {in_one_file} in a file, each"
        if not measuring.wants(what):
            continue
        costs = []
        for run in range(FEW):
            folder = root / f"sites{in_one_file}-{run}"
            shutil.rmtree(folder, ignore_errors=True)
            sites(folder, SITES, in_one_file)
            before = cost_of([US, "-j1", "."], folder).cpu
            costs.append(cost_of([US, "-j1", "--fix", "."], folder).cpu - before)
        each[in_one_file] = 1000 * median(costs) / SITES
        shown = f"{each[in_one_file]:.1f} ms more than a check"
        measuring.add(Line(what, shown, "", each[in_one_file], 6, "ms", FEW))


def inspecting(measuring: Measuring, root: Path, found: dict[str, Path]) -> None:
    """Checkpoints, loads and a huge repository."""
    bare = [sys.executable, "-c", "pass"]
    what = f"`inspect` of {TENSORS:,} tensors"
    if measuring.wants(what):
        command = [US, "inspect", str(many_tensors(root, TENSORS).resolve())]
        pairs = measuring.pairs(command, bare, root)
        us = median(one.cpu for one, _ in pairs)
        measuring.add(Line(what, f"{us:.2f} s", "", us, 0.7, "s", len(pairs)))
    what = "`loads` on diffusers"
    if measuring.wants(what):
        pairs = measuring.pairs([US, "loads", "."], bare, found["diffusers"])
        us = median(one.cpu for one, _ in pairs)
        measuring.add(Line(what, f"{us:.2f} s", "", us, 3.5, "s", len(pairs)))
    what = f"memory of a check of {FILES:,} files"
    if measuring.wants(what):
        cost = cost_of([US, "."], monorepo(root, FILES))
        shown = f"{cost.memory:.0f} MB, {cost.cpu:.1f} s"
        measuring.add(Line(what, shown, "", cost.memory, 150, "MB", 1))


def warm(measuring: Measuring, root: Path, found: dict[str, Path]) -> None:
    """A second run where nothing changed, beside ruff's with its cache."""
    cached = [*RUFF[:-1], "--cache-dir", str((root / "ruff-cache").resolve()), "."]
    for name in ("all", "diffusers"):
        what = f"second check of {name}, to ruff's with a cache"
        if measuring.wants(what):
            measuring.ratio(what, [US, "-j1", "."], cached, found[name], 2)


def row_of(line: Line) -> str:
    mark = "yes" if line.holds else "no"
    figure, bound = (
        f"{number:.2f} {line.unit}" if line.unit in {"times", "s"} else f"{number:.0f} {line.unit}"
        for number in (line.value, line.bound)
    )
    return (
        f"| {line.what} | {line.ours} | {line.beside} | {figure} | {bound} | {mark} | {line.runs} |"
    )


def report(lines: list[Line], shown: list[tuple[str, float, float]]) -> str:
    load = os.getloadavg()[2]
    machine = f"{platform.machine()}, {os.cpu_count()} processors under a load of {load:.0f}"
    versions = f"Python {platform.python_version()}, ruff {version('ruff')}"
    rows = "\n".join(map(row_of, lines))
    if shown:
        (HERE / "results-trees.svg").write_text(
            side_by_side(shown, ("torchload-lint", "ruff S301"))
        )
    bounded = [
        (line.what, line.value / line.bound) for line in lines if "comparison" not in line.what
    ]
    (HERE / "results-bounds.svg").write_text(against_bounds(bounded))
    return f"""# How fast it is

Written by `python benchmarks/speed.py FOLDER` ({machine};
{versions}). Processor time of whole processes; `-j1` where nothing else is said. A bound that
does not hold is a goal, but for the second check: there is no cache (ARCHITECTURE.md
says why). How often a line was run stands at its end; a ratio is the
median of those taken pair by pair.

| what | ours | beside it | figure | bound | holds | runs |
|---|--:|--:|--:|--:|---|--:|
{rows}

![Seconds of a check, beside ruff](results-trees.svg)

![Each figure as a part of its bound](results-bounds.svg)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only", default="", help="the lines with this word")
    given = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users have bytecode too
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX"):  # they would be packages in reach
        os.environ.pop(name, None)
    given.folder.mkdir(parents=True, exist_ok=True)
    measuring = Measuring(given.runs, given.only)
    found = corpus(given.folder)
    shown = trees(measuring, found)
    options(measuring, given.folder, found)
    hook(measuring, given.folder)
    fixing(measuring, given.folder)
    inspecting(measuring, given.folder, found)
    warm(measuring, given.folder, found)
    if not given.only:
        (HERE / "RESULTS.md").write_text(report(measuring.lines, shown))


if __name__ == "__main__":
    main()
