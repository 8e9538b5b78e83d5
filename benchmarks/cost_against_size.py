"""What a run costs as its input grows: each kind of input at one, four and sixteen times a size.

    python benchmarks/cost_against_size.py [--svg docs/pictures/cost.svg]

Prints a Markdown table of processor time (user and system, children included; the least of three
runs, less what a run over an input of one takes) and draws it. The exit status is 1 where sixteen
times the input takes more than 32 times the time.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import zipfile
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = (1, 4, 16)
RUNS = 3
MOST_GROWTH = 2 * TIMES[-1]
SOURCE = Path(__file__).parents[1] / "src"
CHECK = ("--fix", "--unsafe-fixes", "--exit-zero", "--quiet", "--jobs", "1", "--no-cache", ".")
ONLY_CHECK = ("--exit-zero", "--quiet", "--jobs", "1", "--no-cache", ".")
INSPECT = ("inspect", "--output-format", "json", "net.pt")
HEAD = "import torch\n\nmodel = make()\n"
COLORS = ("#4269d0", "#c77c11", "#c23b3b", "#2f8f83", "#3c8a4e", "#9a5bc2", "#7a6a58", "#b0577d",
          "#3a7ca5", "#a5563a")  # fmt: skip


def loads_in_a_file(folder: Path, count: int) -> None:
    loads = (
        f'state{n} = torch.load("w{n}.pt")\nmodel.load_state_dict(state{n})\n' for n in range(count)
    )
    (folder / "m.py").write_text(HEAD + "".join(loads))


def loads_into_one_name(folder: Path, count: int) -> None:
    (folder / "models.py").write_text("class Net:\n    pass\n")
    _archive(folder, {"archive/data.pkl": b"\x80\x02cmodels\nNet\n)\x81."})
    (folder / "m.py").write_text(HEAD + 'state = torch.load("net.pt")\n' * count)


def loads_in_a_function(folder: Path, count: int) -> None:
    loads = (
        f'    state{n} = torch.load("w{n}.pt")\n    model.load_state_dict(state{n}["m"])\n'
        for n in range(count)
    )
    (folder / "m.py").write_text(HEAD + "def main(model):\n" + "".join(loads))


def files(folder: Path, count: int) -> None:
    for n in range(count):
        (folder / f"m{n}.py").write_text(f'{HEAD}model.load_state_dict(torch.load("w{n}.pt"))\n')


def files_with_objects(folder: Path, count: int) -> None:
    (folder / "models.py").write_text("class Net:\n    pass\n")
    _archive(folder, {"archive/data.pkl": b"\x80\x02cmodels\nNet\n)\x81."})
    for n in range(count):
        text = 'import torch\nimport models\n\nnet = torch.load("net.pt")\nprint(net.a)\n'
        (folder / f"m{n}.py").write_text(f'{text}torch.save(net, "out{n}.pt")\n')


def callers(folder: Path, count: int) -> None:
    (folder / "loading.py").write_text(
        "import torch\n\ndef get(path):\n    return torch.load(path)\n"
    )
    calls = "".join(f'x{n} = get("w{n}.pt")\n' for n in range(count))
    (folder / "m.py").write_text(f"from loading import get\n\n{calls}")


def global_names(folder: Path, count: int) -> None:
    names = b"".join(b"cmodels\nNet%d\n0" % n for n in range(count))
    _archive(folder, {"archive/data.pkl": b"\x80\x02" + names + b"}."})


def members(folder: Path, count: int) -> None:
    data = {f"archive/data/{n}": b"x" for n in range(count)}
    _archive(folder, {"archive/data.pkl": b"\x80\x02}.", **data})


def entries(folder: Path, count: int) -> None:
    (folder / "m.py").write_text(f'{HEAD}model.load_state_dict(torch.load("runs/w*.pt"))\n')
    (folder / "runs").mkdir()
    for n in range(count):
        (folder / "runs" / f"w{n}.txt").touch()


def _archive(folder: Path, contents: dict[str, bytes]) -> None:
    with zipfile.ZipFile(folder / "net.pt", "w") as archive:
        for name, data in {**contents, "archive/version": b"3\n"}.items():
            archive.writestr(name, data)


class Kind(NamedTuple):
    """One way in which an input can be large."""

    name: str
    make: Callable[[Path, int], None]
    least: int
    command: tuple[str, ...] = CHECK


KINDS = (
    Kind("loads in a file", loads_in_a_file, 400),
    Kind("loads into one name, checked", loads_into_one_name, 200, ONLY_CHECK),
    Kind("the same, fixed", loads_into_one_name, 50),
    Kind("loads in a function", loads_in_a_function, 400),
    Kind("files", files, 100),
    Kind("files with a proof each", files_with_objects, 100),
    Kind("callers of a function", callers, 4000),
    Kind("globals in a checkpoint", global_names, 10_000, INSPECT),
    Kind("members of a zip", members, 10_000, INSPECT),
    Kind("entries in a folder", entries, 10_000),
)


def seconds(command: tuple[str, ...], folder: Path) -> float:
    """The processor time of a run, and of the processes that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    arguments = [sys.executable, "-m", "torchload_lint", *command]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def least(kind: Kind, count: int) -> float:
    """The least time of some runs, each over a folder that is made anew."""
    found = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "torchload-lint.toml").write_text("")
            kind.make(Path(name), count)
            found.append(seconds(kind.command, Path(name)))
    return min(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--svg", type=Path)
    options = parser.parse_args()
    measured: dict[str, list[float]] = {}
    print("| input | 1x | 4x | 16x | time for 4x | time for 16x |\n|---|--:|--:|--:|--:|--:|")
    for kind in KINDS:
        nothing = least(kind, 1)
        costs = [max(least(kind, kind.least * one) - nothing, 0.001) for one in TIMES]
        measured[kind.name] = costs
        shown = " | ".join(
            f"{kind.least * n:,}: {t:.2f} s" for n, t in zip(TIMES, costs, strict=True)
        )
        growth = " | ".join(f"{cost / costs[0]:.1f}x" for cost in costs[1:])
        print(f"| {kind.name} | {shown} | {growth} |", flush=True)
    if options.svg:
        options.svg.write_text(picture(measured))
    return int(any(costs[-1] > MOST_GROWTH * costs[0] for costs in measured.values()))


def picture(measured: dict[str, list[float]]) -> str:
    """Cost against size as multiples of the first, both by powers of two; straight is linear."""
    left, top, size, gap = 46, 16, 300, 20

    def place(times: float, cost: float) -> str:
        across = left + size * log2(times) / 4
        return f"{across:.1f},{top + size - size * max(log2(max(cost, 0.5)), -1) / 5:.1f}"

    line = f'points="{place(1, 1)} {place(16, 16)}" stroke="#999" stroke-dasharray="4 4"'
    drawn = [f'<polyline {line} fill="none"/>']
    for number, (name, costs) in enumerate(measured.items()):
        points = " ".join(place(n, c / costs[0]) for n, c in zip(TIMES, costs, strict=True))
        color, row = COLORS[number], top + 12 + gap * number
        drawn += [
            f'<polyline points="{points}" stroke="{color}" stroke-width="2" fill="none"/>',
            f'<text x="{left + size + 24}" y="{row}" fill="{color}">{name}</text>',
        ]
    row = top + 12 + gap * len(measured)
    drawn.append(f'<text x="{left + size + 24}" y="{row}" fill="#888">dashed: linear</text>')
    for times in (1, 4, 16):
        x, y = place(times, times).split(",")
        drawn += [
            f'<text x="{float(x) - 8:.0f}" y="{top + size + 20}" fill="#888">{times}x</text>',
            f'<text x="6" y="{float(y) + 4:.0f}" fill="#888">{times}x</text>',
        ]
    body = "\n".join(drawn)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12" '
        f'viewBox="0 0 {left + size + 210} {top + size + 34}">\n'
        f"<title>Processor time against size</title>\n{body}\n</svg>\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
