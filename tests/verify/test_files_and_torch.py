"""What becomes of a file, of torch and of a class before a load is said, and nothing is proven.

Each program is run by Python: what it comes to is the oracle.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

HEAD = "import torch\nfrom torch.serialization import safe_globals\nfrom net import Net\n"
LOAD = "with safe_globals([Net]):\n    torch.load('w.pt', weights_only=True)\n"
NET = "class Net:\n    pass\n"
OTHER = "class Net:\n    __module__ = 'another'\n"
PROJECT = '[project]\nname = "x"\nversion = "1"\ndependencies = ["torch>=2.6"]\n'
UNKNOWN = "takes away, or replaces, a file whose name is not known"
TAKEN = "takes the file away"
STARTS = "starts another program"


def asks(test: str, imports: str = "") -> dict[str, str]:
    """A class that is another one where a test says so, in words of its own file."""
    return {
        "net.py": f"{imports}\nif {test}:\n    class Net:\n        __module__ = 'another'\nelse:\n"
        "    class Net:\n        pass\n"
    }


def before(lines: str, **files: str) -> dict[str, str]:
    """A program that does something before its load."""
    return {"main.py": f"{HEAD}{lines}\n{LOAD}", **{f"{k}.py": v for k, v in files.items()}}


FAILS: dict[str, tuple[str, dict[str, str]]] = {
    "all of a folder": (
        UNKNOWN,
        before("import os\nfor one in os.listdir('.'):\n    if one != 'net.py': os.remove(one)"),
    ),
    "each of a folder": (
        TAKEN,
        before("import os\nfor one in os.listdir('.'):\n    if one[-3:] == '.pt': os.remove(one)"),
    ),
    "each of a path": (
        TAKEN,
        before(
            "from pathlib import Path\ndef clean(folder):\n    for one in Path(folder).iterdir():\n"
            "        if one.suffix == '.pt': one.unlink()\nclean('.')"
        ),
    ),
    "by a shell": (STARTS, before("import os\nos.system('rm *.pt')")),
    "by a shell, at the end": (STARTS, before("import os\nos.system('ls && rm w.*')")),
    "by a list of words": (
        STARTS,
        before("import subprocess\nsubprocess.run(['find', '.', '-name', '*.pt', '-delete'])"),
    ),
    "by another script": (
        STARTS,
        before(
            "import subprocess, sys\nsubprocess.run([sys.executable, 'clean.py'])",
            clean="import os\nos.remove('w.pt')\n",
        ),
    ),
    "by a pipe": (STARTS, before("import os\nos.popen('ls | xargs rm -r').read()")),
    "in a thread": (
        "hands os.remove on",
        before("import os, threading as t\na = t.Thread(target=os.remove, args=['w.pt'])\n"
               "a.start()\na.join()"),
    ),
    "by a map": ("main.py:5", before("import os\nlist(map(os.remove, ['w.pt']))")),
    "at the end of a stack": (
        "main.py:6",
        before("import os, contextlib\nwith contextlib.ExitStack() as stack:\n"
               "    stack.callback(os.remove, 'w.pt')"),
    ),
    "by a name that is made": (
        "may call anything of os",
        before("import os\ngetattr(os, 're' + 'move')('w.pt')"),
    ),
    "mapped": (
        "may write the file",
        before("import numpy\nfile = numpy.memmap('w.pt', mode='r+', dtype='u1')\nfile[:4] = 1\n"
               "file.flush()"),
    ),
    "shared": (
        "may write the file",
        before("file = torch.from_file('w.pt', shared=True, size=4, dtype=torch.uint8)\n"
               "file.fill_(1)"),
    ),
    "printed": ("may write the file", before("print('a', file=open('w.pt', 'w'), flush=True)")),
    "logged": (
        "may write the file",
        before("import logging\nlogging.basicConfig(filename='w.pt', filemode='w', level=10)\n"
               "logging.info('a')"),
    ),
    "a script of torch": (
        "may write the file",
        before("torch.jit.save(torch.jit.script(torch.nn.Identity()), 'w.pt')"),
    ),
    "by the name that a link leads to": (
        "may write the file",
        before("import shutil\nshutil.copyfile('other.pt', 'real.pt')"),
    ),
    "another folder, by a map": (
        "changes the current folder",
        before("import os\nlist(map(os.chdir, ['sub']))"),
    ),
    "another folder, by another name": (
        "changes the current folder",
        before("from use import go\ngo('sub')", use="from os import chdir as go\n"),
    ),
    "another folder, by a block": (
        "changes the current folder",
        {
            "use.py": "import os\nclass Inside:\n    def __enter__(self): os.chdir('sub')\n"
            "    def __exit__(self, *_): pass\n",
            "main.py": f"{HEAD}from use import Inside\nwith Inside():\n"
            "    with safe_globals([Net]):\n        torch.load('w.pt', weights_only=True)\n",
        },
    ),
    "the list is emptied by another name": (
        "may change what is allowed",
        {
            "use.py": "from torch.serialization import clear_safe_globals as c\n",
            "main.py": f"{HEAD}import use\nwith safe_globals([Net]):\n    use.c()\n"
            "    torch.load('w.pt', weights_only=True)\n",
        },
    ),
    "the list is emptied where it lies": (
        "may change how torch loads",
        {
            "main.py": f"{HEAD}import torch._weights_only_unpickler as unpickler\n"
            "torch.serialization.add_safe_globals([Net])\n"
            "unpickler._marked_safe_globals_set.clear()\ntorch.load('w.pt', weights_only=True)\n",
        },
    ),
    "old files are mapped": (
        "may change how torch loads",
        {
            "main.py": f"{HEAD}from torch.utils.serialization import config\n"
            f"config.load.mmap = True\n{LOAD.replace('w.pt', 'legacy.pt')}",
        },
    ),
    "a file that is closed": (
        "the block on row 4 has closed the file",
        {
            "main.py": f"{HEAD}with open('w.pt', 'rb') as file:\n    pass\n"
            "with safe_globals([Net]):\n    torch.load(file, weights_only=True)\n"
        },
    ),
    "a file that is open, mapped": (
        "is mapped, which torch refuses",
        {
            "main.py": f"{HEAD}with open('w.pt', 'rb') as file, safe_globals([Net]):\n"
            "    torch.load(file, weights_only=True, mmap=True)\n"
        },
    ),
    "an argument that the unpickler has not": (
        "the argument errors was not tried",
        {"main.py": f"{HEAD}{LOAD[:-2]}, errors='strict')\n"},
    ),
    "a builtin": (
        "changes builtins.isinstance",
        before("import builtins\ndel builtins.isinstance"),
    ),
    "a builtin by its name": (
        "may change builtins.isinstance",
        before("import builtins\ndelattr(builtins, 'isinstance')"),
    ),
    "another torch.load": (
        "use.py:4 changes torch.load",
        before("import use\nuse.install()",
               use="import torch\ndef load(*_, **__): raise OSError\ndef install():\n"
               "    torch.load = load\n"),
    ),
    "a mock of torch.load": (
        "may change torch.load",
        before("from unittest import mock\nmock.patch('torch.load', side_effect=OSError).start()"),
    ),
    "no open": ("changes builtins.open", before("import builtins\nbuiltins.open = None")),
    "two variables": (
        "may set TORCH_FORCE_WEIGHTS_ONLY_LOAD",
        before("import os\nos.environ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'] = '1'\n"
               "os.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'] = '1'"),
    ),
    "a class of the environment": (
        "net.py:2 decides in each run anew what Net is",
        {**asks("os.environ.get('OTHER')", "import os"),
         "main.py": f"import os\nos.environ['OTHER'] = '1'\n{HEAD}{LOAD}"},
    ),
    "a class of the program's name": (
        "net.py:2 decides in each run anew",
        {**asks("'main' in sys.argv[0]", "import sys"), **before("")},
    ),
    "a class of the started file": (
        "net.py:2 decides in each run anew",
        {**asks("hasattr(__main__, 'FLAG')", "import __main__"),
         "main.py": f"FLAG = 1\n{HEAD}{LOAD}"},
    ),
    "a class of a flag elsewhere": (
        "net.py:2 decides in each run anew",
        {**asks("flags.ON", "import flags"), "flags.py": "ON = False\n",
         "main.py": f"import flags\nflags.ON = True\n{HEAD}{LOAD}"},
    ),
    "a class of torch's state": (
        "net.py:2 decides in each run anew",
        {**asks("not torch.is_grad_enabled()", "import torch"),
         "main.py": f"import torch\ntorch.set_grad_enabled(False)\n{HEAD}{LOAD}"},
    ),
    "a class that a module counts": (
        "net.py:3 gives Net as its state is",
        {"net.py": "TIMES = 0\ndef __getattr__(name):\n    global TIMES\n"
         "    if name != 'Net': raise AttributeError(name)\n    TIMES += 1\n"
         "    return type('Net', (), {'__module__': 'net' if TIMES < 2 else 'another'})\n",
         "main.py": f"import net\nnet.Net\n{HEAD}{LOAD}"},
    ),
    "a block in another thread": (
        "all threads share torch's allowlist",
        {
            "main.py": f"{HEAD}import threading, time\ngo = threading.Event()\nfound = []\n"
            "def other():\n    with safe_globals([Net]):\n        go.set()\n"
            "def reads():\n    with safe_globals([Net]):\n        go.wait()\n"
            "        time.sleep(0.5)\n"
            "        found.append(torch.load('w.pt', weights_only=True))\n"
            "one = threading.Thread(target=reads)\ntwo = threading.Thread(target=other)\n"
            "one.start()\ntime.sleep(0.1)\ntwo.start()\none.join()\ntwo.join()\nfound[0]\n"
        },
    ),
}  # fmt: skip
LOADS = {
    "the state of a repository": before(
        "import subprocess\nasked = subprocess.run(['git', 'rev-parse', 'HEAD'], check=False)"
    ),
    "a question with a name put in": before(
        "import os, subprocess\nasked = subprocess.getoutput(f'git log {os.name} | head -n1')"
    ),
    "two questions": before("import os\nos.system('git fetch --dry-run; git status -uno')"),
    "a folder of its own": before(
        "import tempfile, shutil\nplace = tempfile.mkdtemp()\nshutil.rmtree(place)"
    ),
    "other files by a pattern": before(
        "from pathlib import Path\nout = Path('sub')\nfor one in out.glob('*.tmp'): one.unlink()"
    ),
    "a builtin for people": before("import builtins\nbuiltins.print = repr\nbuiltins.show = repr"),
    "an open file": {
        "main.py": f"{HEAD}with open('w.pt', 'rb') as file, safe_globals([Net]):\n"
        "    torch.load(file, weights_only=True, mmap=False)\n"
    },
    "another file": before("import os\nif os.path.exists('cache'): os.remove('cache')"),
    "a shell that removes others": before("import os\nos.system('rm -f notes.txt')"),
    "a report": before("with open('report.txt', 'w') as file: file.write('a')"),
    "a class of this release": {
        "net.py": "import sys\ntry:\n    import not_there\nexcept ImportError:\n    there = False\n"
        "if sys.version_info > (3,) and not there:\n    class Net:\n        pass\n",
        **before(""),
    },
    "an attribute called load": before("class Kept: pass\nself = Kept()\nself.load = 1"),
}
CELLS = {
    "!rm w.pt": "!rm w.pt",
    "%cd sub": "%cd sub",
    "%%bash": "%%bash\nrm *.pt",
    "files = !rm w.pt": "files = !rm w.pt",
    "%run clean.py": "%run clean.py",
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("saved")
    (folder / "net.py").write_text(NET)
    saves = (
        "import argparse, torch, net; torch.save(net.Net(), 'real.pt');"
        "torch.save(argparse.Namespace(), 'other.pt');"
        "torch.save(net.Net(), 'legacy.pt', _use_new_zipfile_serialization=False)"
    )
    subprocess.run([sys.executable, "-c", saves], cwd=folder, check=True)
    return folder


@pytest.fixture
def project(tmp_path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("net.py", "real.pt", "other.pt", "legacy.pt"):
        shutil.copy(saved / name, tmp_path / name)
    (tmp_path / "w.pt").symlink_to("real.pt")
    (tmp_path / "sub").mkdir()
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def verified(project: Path, files: dict[str, str]) -> tuple[str, bool]:
    """What ``verify`` says of a program, and whether the program itself ends well."""
    for name, text in files.items():
        (project / name).write_text(text)
    found = CliRunner().invoke(root, ["verify", "main.py"])
    ran = subprocess.run([sys.executable, "main.py"], cwd=project, capture_output=True, check=False)
    return found.output, ran.returncode == 0


@pytest.mark.parametrize("name", FAILS)
def test_what_changes_the_load_is_not_proven(project: Path, name: str) -> None:
    said, files = FAILS[name]
    output, ends_well = verified(project, files)
    assert not ends_well
    assert "not proven: " in output
    assert said in output, output
    assert "0 proven" in output


@pytest.mark.parametrize("name", LOADS)
def test_what_changes_nothing_is_proven(project: Path, name: str) -> None:
    output, ends_well = verified(project, LOADS[name])
    assert ends_well
    assert "1 load: 1 proven" in output, output


@pytest.mark.parametrize("name", CELLS)
def test_lines_of_a_notebook(project: Path, name: str) -> None:
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": one}
        for one in (HEAD, CELLS[name], LOAD)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (project / "main.ipynb").write_text(json.dumps(notebook))
    output = CliRunner().invoke(root, ["verify", "main.ipynb"]).output
    assert f"cell 2 runs {name}" in output, output
    assert "0 proven" in output


def test_what_runs_before_a_test(project: Path) -> None:
    """pytest runs the fixtures of ``conftest.py``."""
    (project / "conftest.py").write_text(
        "import pytest\n@pytest.fixture(autouse=True)\ndef elsewhere(monkeypatch):\n"
        "    monkeypatch.chdir('sub')\n"
    )
    (project / "test_net.py").write_text(
        f"{HEAD}def test_it():\n    with safe_globals([Net]):\n"
        "        torch.load('w.pt', weights_only=True)\n"
    )
    output = CliRunner().invoke(root, ["verify", "test_net.py"]).output
    assert "conftest.py:4 changes the current folder" in output, output
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "test_net.py"], capture_output=True, check=False
    )
    assert ran.returncode == 1


def test_a_fix_is_proven_where_unknown_files_are_removed(project: Path) -> None:
    """Where the load's own file is one of them, the load fails with the fix and without it."""
    (project / "main.py").write_text(
        "import os, sys\nimport torch\nfrom net import Net\nfor one in sys.argv[1:]:\n"
        "    os.remove(one)\ntorch.load('w.pt', weights_only=False)\n"
    )
    CliRunner().invoke(root, ["--fix", "--unsafe-fixes", "--verify", "main.py"])
    assert "weights_only=True" in (project / "main.py").read_text()
    subprocess.run([sys.executable, "main.py", "other.pt"], check=True)


def test_a_file_that_the_program_makes_is_proven_by_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is there or not, a note says how the load is shown to work."""
    text = f"{HEAD}torch.save({{'a': Net()}}, 'w.pt')\n{LOAD}"
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "main.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    words = ["verify", "main.py", "--python", sys.executable]
    result = CliRunner().invoke(root, words)
    assert "not proven: no checkpoint that it reads is there" in result.output
    assert "`torchload-lint record -- COMMAND`" in result.stderr
    unknown = text.replace("'a': Net()", "'a': json.loads('1')")
    (tmp_path / "main.py").write_text(f"import json\n{unknown}")
    subprocess.run([sys.executable, "main.py"], cwd=tmp_path, check=True)
    result = CliRunner().invoke(root, words)
    assert "may write the file, and put more into it" in result.output
    assert "`torchload-lint record -- COMMAND`" in result.stderr
    (tmp_path / "main.py").write_text(f"{HEAD}{LOAD}")
    result = CliRunner().invoke(root, words)
    assert "1 proven" in result.stderr
    assert "record" not in result.stderr
