"""What runs around a load: a proof is given where the program loads, and nowhere else.

Each program is run by Python: what it comes to is the oracle.
"""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

HEAD = """\
import torch
from torch.serialization import safe_globals
from net import Net
"""
BLOCK = "with safe_globals([Net]):\n    torch.load('w.pt', weights_only=True)\n"
ALLOWS = """\
@contextlib.contextmanager
def allow():
    with safe_globals([Net]):
        yield
"""
COROUTINE = """\
import asyncio
async def one(seconds):
    with safe_globals([Net]):
        await asyncio.sleep(seconds)
        return torch.load('w.pt', weights_only=True)
"""
GENERATOR = """\
def read():
    with safe_globals([Net]):
        yield
        torch.load('w.pt', weights_only=True)
    yield
"""
EACH = """\
def read():
    with safe_globals([Net]):
        for _ in range(2):
            yield torch.load('w.pt', weights_only=True)
"""
MADE = """\
import asyncio
async def one(seconds):
    with made():
        await asyncio.sleep(seconds)
        return torch.load('w.pt', weights_only=True)
"""
STACK = """\
def read():
    with contextlib.ExitStack() as stack:
        stack.enter_context(safe_globals([Net]))
        yield
        torch.load('w.pt', weights_only=True)
    yield
"""
LINE = "torch.load('w.pt', weights_only=True)\n"
READS = f"def read():\n    {LINE}"
FILES = {
    "net.py": "class Net:\n    pass\n",
    "elsewhere.py": "import os\nos.chdir('sub')\n",
    "another.py": "import contextlib\nsafe_globals = contextlib.nullcontext\n",
    "star.py": "from another import *\n",
    "allowing.py": f"import contextlib\n{HEAD}{ALLOWS}",
    "pkg/__init__.py": "",
    "pkg/beside.py": "class Net:\n    pass\n",
}
CLEARING = {
    "calls.py": "import clears\ndef call(): clears.clear()\n",
    "clears.py": "import torch\ndef clear(): torch.serialization.clear_safe_globals()\n",
}
FAILS = {
    "another folder": (f"{HEAD}import os\nos.chdir('sub')\n{BLOCK}", "main.py:5 changes"),
    "in a function": (f"{HEAD}import os\ndef go(): os.chdir('sub')\ngo()\n{BLOCK}", "main.py:5 ch"),
    "by another file": (f"{HEAD}import elsewhere\n{BLOCK}", "elsewhere.py:2 changes the current"),
    "for a block": (
        (
            f"{HEAD}import contextlib\n"
            "with contextlib.chdir('sub'), safe_globals([Net]):\n"
            "    torch.load('w.pt', weights_only=True)\n"
        ),
        "main.py:5 changes the current folder",
    ),
    "two tasks": (
        (
            f"{HEAD}{COROUTINE}async def main(): await asyncio.gather(one(0), one(0.2))\n"
            "asyncio.run(main())\n"
        ),
        "row 7 waits inside of the block",
    ),
    "two generators": (
        (
            f"{HEAD}{GENERATOR}a, b = read(), read()\n"
            "for one in (a, b, a, b, a, b):\n    next(one, 0)\n"
        ),
        "row 6 yields inside of the block",
    ),
    "who uses a generator": (
        f"{HEAD}{EACH}for one in read():\n    with safe_globals([Net]):\n        pass\n",
        "row 7 yields inside of the block",
    ),
    "generators that wait": (
        (
            f"import asyncio\n{HEAD}async {GENERATOR}async def main():\n    a, b = read(), read()\n"
            "    for one in (a, b, a, b):\n        await anext(one, 0)\n"
            "asyncio.run(main())\n"
        ),
        "row 7 yields inside of the block",
    ),
    "a function that makes the block": (
        (
            f"{HEAD}def made():\n    return safe_globals([Net])\n{MADE}"
            "async def main(): await asyncio.gather(one(0), one(0.2))\nasyncio.run(main())\n"
        ),
        "row 9 waits inside of the block",
    ),
    "a stack": (
        (
            f"import contextlib\n{HEAD}{STACK}a, b = read(), read()\n"
            "for one in (a, b, a, b):\n    next(one, 0)\n"
        ),
        "row 8 yields inside of the block",
    ),
    "a class that its metaclass calls": (
        (
            f"{HEAD}class Loads(type):\n    def __init__(cls, *given):\n        cls.read()\n"
            "class Reader(metaclass=Loads):\n    @staticmethod\n    def read():\n"
            "        torch.load('w.pt', weights_only=True)\n"
            "torch.serialization.add_safe_globals([Net])\n"
        ),
        "main.py has metaclass, and the class of row 7 may load as it is made",
    ),
    "a stack by another name": (
        (
            f"import contextlib\n{HEAD}stack = contextlib.ExitStack()\n"
            "stack.enter_context(safe_globals([Net]))\nother = stack\nother.close()\n"
            "torch.load('w.pt', weights_only=True)\n"
        ),
        "row 7 may close the stack",
    ),
    "a stack that a block closes": (
        (
            f"import contextlib\n{HEAD}stack = contextlib.ExitStack()\n"
            "stack.enter_context(safe_globals([Net]))\nwith stack:\n    pass\n"
            "torch.load('w.pt', weights_only=True)\n"
        ),
        "row 7 may close the stack",
    ),
    "entered twice": (
        (
            f"{HEAD}block = safe_globals([Net])\nwith block:\n    with block:\n        pass\n"
            "    torch.load('w.pt', weights_only=True)\n"
        ),
        "the block of line 5 is entered on line 6, too",
    ),
    "assigned": (
        f"{HEAD}import contextlib\nif True:\n    safe_globals = contextlib.nullcontext\n{BLOCK}",
        "safe_globals has another meaning from row 6 on",
    ),
    "imported by a star": (f"{HEAD}from another import *\n{BLOCK}", "row 4 imports another safe_"),
    "imported by two stars": (f"{HEAD}from star import *\n{BLOCK}", "row 4 imports another safe_"),
    "by another name": (
        f"{HEAD}from os import chdir as go\ngo('sub')\n{BLOCK}",
        "main.py:5 changes",
    ),
    "cleared by another's call": (
        (
            f"{HEAD}import calls\nwith safe_globals([Net]):\n    calls.call()\n"
            "    torch.load('w.pt', weights_only=True)\n"
        ),
        "clears.py:2 clears what is allowed",
    ),
    "cleared elsewhere": (
        (
            f"{HEAD}from clears import clear\nwith safe_globals([Net]):\n    clear()\n"
            "    torch.load('w.pt', weights_only=True)\n"
        ),
        "clears.py:2 clears what is allowed",
    ),
}
LOADS = {
    "its own folder": f"{HEAD}import os\nos.chdir(os.path.dirname(__file__) or '.')\n{BLOCK}",
    "a path from its own place": (
        f"{HEAD}import os, pathlib\nHERE = pathlib.Path(__file__).resolve().parent\n"
        "os.chdir('sub')\nwith safe_globals([Net]):\n"
        "    torch.load(HERE / 'w.pt', weights_only=True)\n"
    ),
    "another folder afterwards": f"{HEAD}import os\n{BLOCK}os.chdir('sub')\n",
    "a generator that is used at once": f"{HEAD}{EACH}list(read())\n",
    "a generator that gives what it has loaded": (
        f"{HEAD}def read():\n    for _ in range(2):\n        with safe_globals([Net]):\n"
        "            yield torch.load('w.pt', weights_only=True)\n"
        "for one in read():\n    with safe_globals([Net]):\n        pass\n"
    ),
    "a stack that holds the load": (
        f"import contextlib\n{HEAD}stack = contextlib.ExitStack()\nwith stack:\n"
        "    stack.enter_context(safe_globals([Net]))\n"
        "    torch.load('w.pt', weights_only=True)\n"
    ),
    "a stack of another function": (
        f"import contextlib\n{HEAD}def close(stack):\n    stack.close()\ndef read():\n"
        "    with contextlib.ExitStack() as stack:\n"
        "        stack.enter_context(safe_globals([Net]))\n"
        "        torch.load('w.pt', weights_only=True)\nread()\n"
    ),
    "one task": f"{HEAD}{COROUTINE}asyncio.run(one(0))\n",
    "old releases": (
        "import torch\ntry:\n    from torch.serialization import safe_globals\n"
        "except ImportError:\n    from contextlib import nullcontext as safe_globals\n"
        f"from net import Net\n{BLOCK}"
    ),
    "a context manager": (
        f"import contextlib\n{HEAD}{ALLOWS}"
        "with allow():\n    torch.load('w.pt', weights_only=True)\n"
    ),
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\ndependencies = ["torch>=2.6"]\n'
    )
    (tmp_path / "sub").mkdir()
    (tmp_path / "pkg").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    saves = "import torch, net; torch.save(net.Net(), 'w.pt')"
    subprocess.run([sys.executable, "-c", saves], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def verified(project: Path, text: str, name: str = "main.py") -> tuple[str, bool]:
    """What ``verify`` says of a program, and whether the program itself ends well."""
    for other in CLEARING if "import call" in text or "clears import" in text else ():
        (project / other).write_text(CLEARING[other])
    (project / name).write_text(dedent(text))
    found = CliRunner().invoke(root, ["verify", name])
    ran = subprocess.run([sys.executable, name], cwd=project, capture_output=True, check=False)
    return found.output, ran.returncode == 0


@pytest.mark.parametrize("name", FAILS)
def test_a_program_that_fails_is_not_proven(project: Path, name: str) -> None:
    text, said = FAILS[name]
    output, ends_well = verified(project, text)
    assert not ends_well
    assert f"not proven: {said}" in output, output
    assert "0 proven" in output


@pytest.mark.parametrize("name", LOADS)
def test_a_program_that_loads_is_proven(project: Path, name: str) -> None:
    output, ends_well = verified(project, LOADS[name])
    assert ends_well
    assert "1 load: 1 proven" in output, output


@pytest.mark.parametrize(
    ("defined", "called"),
    [("from allowing import allow", "allow()"), ("class Own(safe_globals): pass", "Own([Net])")],
)
def test_what_a_block_of_the_projects_own_allows_is_not_called_refused(
    project: Path, defined: str, called: str
) -> None:
    text = f"{HEAD}{defined}\nwith {called}:\n    torch.load('w.pt', weights_only=True)\n"
    output, ends_well = verified(project, text)
    assert ends_well
    assert "0 refused" in output, output


ELSEWHERE = {
    "around a call": {"main.py": f"{HEAD}{READS}with safe_globals([Net]):\n    read()\n"},
    "of another file": {
        "reads.py": f"import torch\n{READS}",
        "main.py": f"{HEAD}import reads\nwith safe_globals([Net]):\n    reads.read()\n",
    },
    "around an import": {
        "reads.py": f"import torch\n{READS}read()\n",
        "main.py": f"{HEAD}with safe_globals([Net]):\n    import reads\n",
    },
    "of a decorator": {
        "main.py": (
            f"{HEAD}def allowing(function):\n    def inside():\n        with safe_globals([Net]):\n"
            f"            return function()\n    return inside\n@allowing\n{READS}read()\n"
        )
    },
    "of a context manager as a decorator": {
        "main.py": f"import contextlib\n{HEAD}{ALLOWS}@allow()\n{READS}read()\n"
    },
    "that is entered by hand": {
        "main.py": f"{HEAD}{READS}block = safe_globals([Net])\nblock.__enter__()\nread()\n"
    },
    "of a fixture": {
        "conftest.py": (
            f"import pytest\n{HEAD}@pytest.fixture(autouse=True)\ndef allowing():\n"
            "    with safe_globals([Net]):\n        yield\n"
        ),
        "test_reads.py": f"import torch\ndef test_it():\n    {LINE}",
        "main.py": "import pytest, sys\nsys.exit(pytest.main(['-q', 'test_reads.py']))\n",
    },
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_a_block_elsewhere_may_allow_is_not_called_refused(project: Path, name: str) -> None:
    for path, text in ELSEWHERE[name].items():
        (project / path).write_text(text)
    found = CliRunner().invoke(root, ["verify"])
    ran = subprocess.run([sys.executable, "main.py"], cwd=project, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "may allow it" in found.output, found.output
    assert "0 refused, 1 not proven" in found.output


def test_a_block_around_a_function_allows_nothing_in_it(project: Path) -> None:
    later = "f = lambda: torch.load('w.pt', weights_only=True)"
    text = f"{HEAD}with safe_globals([Net]):\n    {later}\nf()\n"
    output, ends_well = verified(project, text)
    assert not ends_well
    assert "1 refused" in output, output


def test_a_script_in_a_package_finds_what_lies_beside_it(project: Path) -> None:
    saves = (
        "import sys, torch; sys.path[0] = 'pkg'; import beside; torch.save(beside.Net(), 'w.pt')"
    )
    subprocess.run([sys.executable, "-c", saves], cwd=project, check=True)
    guard = "if __name__ == '__main__':\n"
    text = f"{HEAD.replace('from net', 'from beside')}{guard}{indent(BLOCK, '    ')}"
    output, ends_well = verified(project, text, "pkg/run.py")
    assert ends_well
    assert "1 load: 1 proven" in output, output
