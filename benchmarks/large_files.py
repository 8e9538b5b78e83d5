"""What one large file costs as it grows: processor time and memory of a run, beside parsing it.

    python benchmarks/large_files.py [--times 1 4 16] [SHAPE …]

Every shape is a file of a load and so many statements of one kind. Prints a Markdown table; a cost
that is linear grows by the factor that the file grows by.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

COUNT = 3000
"""Statements of the smallest file."""
PATIENCE = 120
"""Seconds of processor time after which a run is given up."""

SHAPES = {
    "functions": "def function_{n}(path, other=None):\n    return path\n",
    "calling functions": "def function_{n}(path):\n    return function_{m}(path + '/x')\n",
    "loading functions": "def load_{n}(path):\n    return torch.load(path)\n",
    "methods": "    def method_{n}(self, path):\n        self.path_{n} = path\n",
    "classes": "class Class_{n}(Class_{m}):\n    path = 'x'\n",
    "assignments": "name_{n} = name_{m}\n",
    "one name": "name = name + 'x'\n",
    "branches": "if condition:\n    name_{n} = '{n}'\n",
    "branches, one name": "if condition:\n    name = '{n}'\n",
    "tries": "try:\n    import module_{n}\nexcept ImportError:\n    module_{n} = None\n",
    "loops": "for name_{n} in range({n}):\n    total = name_{n}\n",
    "with": "with open('{n}') as file_{n}:\n    text = file_{n}.read()\n",
    "loads": "torch.load('{n}.pt')\n",
    "loads of a name": "name_{n} = '{n}.pt'\ntorch.load(name_{n})\n",
    "loads of one name": "name = '{n}.pt'\ntorch.load(name)\n",
    "imports": "from package_{n} import name_{n}\n",
    "globals": "def function_{n}():\n    global name_{n}\n    name_{n} = 1\n",
    "dict entries": "PATHS['{n}'] = '{n}.pt'\n",
    "attributes": "options.name_{n} = '{n}'\n",
}
HEADS = {"methods": "class Class:\n", "dict entries": "PATHS = {}\n"}
TAIL = "import torch\nresult = torch.load('model.pt')\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", default=list(SHAPES), metavar="SHAPE")
    parser.add_argument("--times", type=int, nargs="*", default=[1, 4, 16])
    options = parser.parse_args()
    print("| shape | " + " | ".join(f"{COUNT * times:,}" for times in options.times) + " |")
    print("|---" * (1 + len(options.times)) + "|")
    with tempfile.TemporaryDirectory() as name:
        for shape in options.shapes:
            cells = [cost(shape, COUNT * times, Path(name)) for times in options.times]
            print(f"| {shape} | " + " | ".join(cells) + " |", flush=True)


def cost(shape: str, count: int, folder: Path) -> str:
    """Size, processor time and peak memory; what is beyond the interpreter's own parsing."""
    path = folder / "large.py"
    path.write_text(text_of(shape, count))
    check = [
        sys.executable,
        "-m",
        "torchload_lint",
        "--isolated",
        "--no-cache",
        "-j1",
        "-q",
        str(path),
    ]
    parse = [sys.executable, "-c", "import ast,sys; ast.parse(open(sys.argv[1]).read())", str(path)]
    seconds, megabytes = measured(check)
    parsing, _ = measured(parse)
    size = path.stat().st_size / 1e6
    return f"{size:.1f} MB: {seconds:.1f} s (parsing {parsing:.1f} s), {megabytes:.0f} MB"


def text_of(shape: str, count: int) -> str:
    body = "".join(SHAPES[shape].format(n=n, m=max(n - 1, 0)) for n in range(count))
    return f"import torch\n{HEADS.get(shape, '')}{body}{TAIL}"


def measured(command: list[str]) -> tuple[float, float]:
    """Processor time in seconds, and the most memory in megabytes."""
    child = os.fork()
    if child == 0:
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
        resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30,) * 2)
        out = os.open(os.devnull, os.O_WRONLY)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.execv(command[0], command)
    _, _, used = os.wait4(child, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


if __name__ == "__main__":
    main()
