"""What starting costs: our command, and flake8 with our plugin, each beside its yardstick.

    python benchmarks/startup.py [RUNS]

Each pair of commands runs in turn (A B A B ...), and the ratio is taken pair by pair, so that a
machine whose speed drifts does not decide. The figures are processor time (user and system) of the
whole process; the median counts. Needs flake8 and torchload-lint in the
same environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

WITHOUT_PLUGIN = """
import sys, importlib.metadata as metadata
found = metadata.distributions
metadata.distributions = lambda **more: (d for d in found(**more) if d.name != {name!r})
from flake8.main.cli import main
sys.exit(main())
"""
PLAIN = "import os\n\n\ndef where():\n    return os.getcwd()\n"
LOADS = 'import torch\n\nstate = torch.load("model.pt", weights_only=False)\n'


def cpu_seconds(command: list[str], folder: Path) -> float:
    """User and system seconds of one run."""
    child = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    return usage.ru_utime + usage.ru_stime


def compare(what: str, ours: list[str], theirs: list[str], folder: Path, runs: int) -> None:
    pairs = []
    for run in range(runs + 1):
        pair = cpu_seconds(ours, folder), cpu_seconds(theirs, folder)
        if run:  # the first one fills the caches
            pairs.append(pair)
    ours_ms, theirs_ms = (1000 * median(column) for column in zip(*pairs, strict=True))
    ratio = median(a / b for a, b in pairs)
    print(f"| {what} | {ours_ms:.0f} ms | {theirs_ms:.0f} ms | {ratio:.2f} |")


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users have bytecode too
    us = [str(Path(sys.executable).parent / "torchload-lint")]
    bare = [sys.executable, "-c", "import click, ast"]
    with_us = [sys.executable, "-c", WITHOUT_PLUGIN.format(name="")]
    without = [sys.executable, "-c", WITHOUT_PLUGIN.format(name="torchload-lint")]
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        plain, loads = root / "plain", root / "loads"
        for folder, text in ((plain, PLAIN), (loads, LOADS)):
            folder.mkdir()
            for number in range(50):
                (folder / f"module_{number}.py").write_text(text if number == 0 else PLAIN)
        print("| what | ours | yardstick | ratio |\n|---|---|---|---|")
        compare("`--version`, to `import click, ast`", [*us, "--version"], bare, root, runs)
        compare("a folder without loads, to the same", [*us, "plain"], bare, root, runs)
        one = ["module_1.py"]
        compare("flake8, a file without loads", with_us + one, without + one, plain, runs)
        one = ["module_0.py"]
        compare("flake8, a file with a load", with_us + one, without + one, loads, runs)
        with_us, without = [*with_us, "-j1"], [*without, "-j1"]
        compare("flake8, 50 files, one with a load", with_us, without, loads, runs)


if __name__ == "__main__":
    main()
