"""What a program does before a load, and a proof does not: it is said, and nothing is proven.

Each program is run by Python: what it comes to is the oracle.
"""

from __future__ import annotations

import subprocess
import sys
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
LOAD = "torch.load('w.pt', weights_only=True)\n"
BLOCK = f"with safe_globals([Net]):\n    {LOAD}"
LISTED = f"import given\nwith safe_globals(given.ALLOWED):\n    {LOAD}"
FOREIGN = "import argparse\nvalue = argparse.Namespace(a=1)\n"
FILES = {
    "pyproject.toml": '[project]\nname = "x"\nversion = "1"\ndependencies = ["torch>=2.6"]\n',
    "net.py": "FLAG = 0\nclass Net:\n    pass\n",
    "other/net.py": "class Net:\n    __module__ = 'another'\n",
    "lib/help.py": "",
    "sub/empty.txt": "",
    "setting.py": "import sys\ndef up():\n    sys.path.insert(0, 'other')\n",
    "moves.py": "import moving\n",
    "moving.py": "import os\nos.chdir('sub')\n",
    "goes.py": "import going\ndef run():\n    going.go()\n",
    "going.py": "import os\ndef go():\n    os.chdir('sub')\n",
    "given.py": "from net import Net\nALLOWED = [Net]\ndef forget():\n    ALLOWED.clear()\n"
    "def drop():\n    other = ALLOWED\n    other.clear()\n",
    "asks.py": (
        "import sys\nfrom net import Net\nALLOWED = [Net] if 'main.py' not in sys.argv[0] else []\n"
    ),
    "counts.py": (
        "from net import Net\ndef allowed(times=[]):\n    times.append(1)\n"
        "    return [Net] if len(times) < 2 else []\n"
    ),
    "swaps.py": "import net\ndef swap():\n    class Other: pass\n    net.Net = Other\n",
}
NEARBY = {
    "again.py": "from chosen import Net\n",
    "chosen.py": (
        "import sys\nfrom net import Net\n"
        "if 'main.py' in sys.argv[0]:\n    from other.net import Net\n"
    ),
    "tried.py": (
        "import sys\ntry:\n    assert 'main.py' not in sys.argv[0]\n    from net import Net\n"
        "except AssertionError:\n    from other.net import Net\n"
    ),
    "looped.py": (
        "import sys\nfrom net import Net\n"
        "for Net in [int] if 'main.py' in sys.argv[0] else [Net]:\n    pass\n"
    ),
    "asked.py": (
        "import sys\ndef __getattr__(name):\n    import net\n"
        "    return int if 'main.py' in sys.argv[0] else net.Net\n"
    ),
    "installed.py": "try:\n    from absent_package import Net\nexcept ImportError:\n"
    "    from net import Net\n",
    "renaming.py": (
        "import sys, net\nif 'main.py' in sys.argv[0]:\n    net.Net.__module__ = 'another'\n"
    ),
    "called.py": "import sys\ndef f():\n    vars(sys.modules['__main__'])['N' + 'et'] = int\n",
}
"""Files that are there where a program names them: they make it uncertain what net.Net is."""
FAILS = {
    "a folder in front": (
        "main.py:2 changes where net is imported from",
        "import sys\nsys.path.insert(0, 'other')\n",
        HEAD,
        BLOCK,
    ),
    "a folder by another name": (
        "main.py:2 changes where net",
        "from sys import path\npath[:0] = ['other']\n",
        HEAD,
        BLOCK,
    ),
    "a folder by a function": (
        "setting.py:3 changes where net",
        "import setting\nsetting.up()\n",
        HEAD,
        BLOCK,
    ),
    "other folders": (
        "main.py:2 changes where net",
        "import sys\nsys.path = ['other', *sys.path]\n",
        HEAD,
        BLOCK,
    ),
    "another module": (
        "main.py:3 may change sys.modules",
        "import sys, types\nclass Other: pass\n",
        "sys.modules['net'] = types.SimpleNamespace(Net=Other)\n",
        HEAD,
        BLOCK,
    ),
    "another thing in a module": (
        "main.py:2 may change Net",
        "import net\nnet.Net = int\n",
        HEAD,
        BLOCK,
    ),
    "swapped by a function": (
        "swaps.py:4 may change Net",
        "import swaps\nswaps.swap()\n",
        HEAD,
        BLOCK,
    ),
    "a class that a run chooses": (
        "chosen.py:3 decides in each run anew",
        "import torch\nfrom torch.serialization import safe_globals\n",
        "from chosen import Net\n",
        BLOCK,
    ),
    "a class that a run chooses elsewhere": (
        "chosen.py:3 decides in each run anew",
        "import torch\nfrom torch.serialization import safe_globals\n",
        "from again import Net\n",
        BLOCK,
    ),
    "a class that is tried": (
        "tried.py:2 decides in each run anew",
        "import torch\nfrom torch.serialization import safe_globals\n",
        "from tried import Net\n",
        BLOCK,
    ),
    "a class of a loop": (
        "looped.py:3 decides in each run anew",
        "import torch\nfrom torch.serialization import safe_globals\n",
        "from looped import Net\n",
        BLOCK,
    ),
    "a class by the module, as it is asked": (
        "asked.py:4 gives Net as its state is",
        "import torch\nfrom torch.serialization import safe_globals\n",
        "from asked import Net\n",
        BLOCK,
    ),
    "a name that another run leaves": (
        "renaming.py:3 may change Net.__module__",
        HEAD,
        "import renaming\n",
        BLOCK,
    ),
    "a worked out name of this module": (
        "main.py:5 may change any name of own",
        HEAD,
        "import __main__ as own\nvars(own)['N' + 'et'] = int\n",
        BLOCK,
    ),
    "a worked out name of a function": (
        "main.py:6 may change any name of f.__globals__",
        HEAD,
        "def f(): pass\nimport operator\noperator.setitem(f.__globals__, 'N' + 'et', int)\n",
        BLOCK,
    ),
    "a worked out name behind a variable": (
        "main.py:6 may change any name by known",
        HEAD,
        "def f(): pass\nknown = f.__globals__\nknown.update({'N' + 'et': int})\n",
        BLOCK,
    ),
    "imported by its name": (
        "called.py:3 may change any name",
        HEAD,
        "import importlib\nimportlib.import_module('called').f()\n",
        BLOCK,
    ),
    "known by another name": (
        "main.py:4 may change kind.__module__",
        HEAD,
        "def named(kind): kind.__module__ = 'another'\nnamed(Net)\n",
        BLOCK,
    ),
    "named by type": (
        "main.py:4 may change",
        HEAD,
        "type.__setattr__(Net, '__module__', 'another')\n",
        BLOCK,
    ),
    "set in the running module": (
        "main.py:5 may change Net",
        HEAD,
        "import sys\nsetattr(sys.modules[__name__], 'Net', int)\n",
        BLOCK,
    ),
    "bound in a comprehension": (
        "Net has another meaning from row 4 on",
        HEAD,
        "[Net := int for _ in '1']\n",
        BLOCK,
    ),
    "bound in a class": (
        "Net on line 6 is not known",
        HEAD,
        "class Reader:\n    Net = int\n    with safe_globals([Net]):\n        ",
        LOAD,
    ),
    "a list that a function empties": (
        "given.py:4 may change ALLOWED",
        HEAD,
        "import given\ngiven.forget()\n",
        LISTED,
    ),
    "a list of this run": (
        "asks.py:3 makes ALLOWED of what another run",
        HEAD,
        LISTED.replace("given", "asks"),
    ),
    "a list of this call": (
        "counts.py:2 makes allowed of what",
        HEAD,
        "import counts\ncounts.allowed()\nwith safe_globals(counts.allowed()):\n    ",
        LOAD,
    ),
    "at second hand elsewhere": (
        "moving.py:2 changes the current folder",
        HEAD,
        "import moves\n",
        BLOCK,
    ),
    "elsewhere by a call": (
        "going.py:3 changes the current folder",
        HEAD,
        "import goes\ngoes.run()\n",
        BLOCK,
    ),
    "elsewhere by an attribute": (
        "main.py:5 changes the current folder",
        HEAD,
        "import os\ngetattr(os, 'chdir')('sub')\n",
        BLOCK,
    ),
    "saved": ("main.py:6 may write the file", HEAD, FOREIGN, "torch.save(value, 'w.pt')\n", BLOCK),
    "saved and moved": (
        "may write the file",
        HEAD,
        FOREIGN,
        "import shutil\ntorch.save(value, 'n.pt')\nshutil.move('n.pt', 'w.pt')\n",
        BLOCK,
    ),
    "saved by a function": (
        "main.py:6 may write the file",
        HEAD,
        FOREIGN,
        "def keep(): torch.save(value, 'w.pt')\nkeep()\n",
        BLOCK,
    ),
    "removed": ("main.py:5 takes the file away", HEAD, "import os\nos.remove('w.pt')\n", BLOCK),
    "removed by its path": (
        "main.py:5 takes the file away",
        HEAD,
        "from pathlib import Path\nPath('w.pt').unlink()\n",
        BLOCK,
    ),
    "cut off": (
        "main.py:5 takes the file away",
        HEAD,
        "import os\nos.truncate('w.pt', 9)\n",
        BLOCK,
    ),
    "read before": (
        "row 5 uses the open file before",
        HEAD,
        "file = open('w.pt', 'rb')\nfile.read(3)\n",
        BLOCK.replace("'w.pt'", "file"),
    ),
    "opened for text": (
        "the file as row 5 opens it was not tried",
        HEAD,
        BLOCK.replace("'w.pt'", "open('w.pt')"),
    ),
    "a folder by the class of lists": (
        "main.py:2 changes where net",
        "import sys\nlist.insert(sys.path, 0, 'other')\n",
        HEAD,
        BLOCK,
    ),
    "a finder": (
        "main.py:8 changes where net",
        "import sys\nclass Finder:\n    @staticmethod\n",
        "    def find_spec(name, path=None, target=None):\n        import importlib.util as u\n",
        "        from_file = u.spec_from_file_location\n",
        "        return from_file(name, 'other/net.py') if name == 'net' else None\n",
        "sys.meta_path.insert(0, Finder)\n",
        HEAD,
        BLOCK,
    ),
    "in the names of a module": (
        "row 5 may give names another meaning",
        HEAD,
        "import net\nvars(net)['Net'] = int\nwith safe_globals([net.Net]):\n    ",
        LOAD,
    ),
    "by a mock": (
        "main.py:5 may change",
        HEAD,
        "from unittest import mock\nmock.patch.object(Net, '__module__', 'another').start()\n",
        BLOCK,
    ),
    "a list by another name": (
        "given.py:4 may change",
        HEAD,
        "import given\ngiven.drop()\n",
        LISTED,
    ),
    "removed by a pattern": (
        "main.py:5 takes the file away",
        HEAD,
        "import glob, os\nfor one in glob.glob('*.pt'): os.unlink(one)\n",
        BLOCK,
    ),
}
LOADS = {
    "a folder for others": ("import sys\nsys.path.insert(0, 'lib')\nimport help\n", HEAD, BLOCK),
    "a class of what is installed": (
        "import torch\nfrom torch.serialization import safe_globals\n",
        "from installed import Net\n",
        BLOCK,
    ),
    "worked out names of an object": (
        HEAD,
        "class Keeps:\n    pass\nkept = Keeps()\n",
        "for name in 'ab':\n    setattr(kept, name, 1)\n    kept.__dict__[name] = 2\n",
        "    vars(kept).update({name: 3})\n",
        BLOCK,
    ),
    "saved afterwards": (HEAD, FOREIGN, BLOCK, "torch.save(value, 'w.pt')\n"),
    "removed afterwards": (HEAD, "import os\n", BLOCK, "os.remove('w.pt')\n"),
    "saved as it is": (HEAD, "torch.save(Net(), 'w.pt')\n", BLOCK),
    "another file is saved and removed": (
        HEAD,
        "import os\ntorch.save(1, 'n.pt')\nos.remove('n.pt')\n",
        BLOCK,
    ),
    "another thing's attribute": (HEAD, "import given\nNet().kind = 1\ngiven.other = 2\n", BLOCK),
    "an open file": (
        HEAD,
        "with open('w.pt', 'rb') as file, safe_globals([Net]):\n",
        f"    {LOAD.replace(repr('w.pt'), 'file')}",
    ),
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("saved")
    (folder / "net.py").write_text(FILES["net.py"])
    saves = "import torch, net; torch.save(net.Net(), 'w.pt')"
    subprocess.run([sys.executable, "-c", saves], cwd=folder, check=True)
    return (folder / "w.pt").read_bytes()


@pytest.fixture
def project(tmp_path: Path, checkpoint: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "w.pt").write_bytes(checkpoint)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def verified(project: Path, text: str) -> tuple[str, bool]:
    """What ``verify`` says of a program, and whether the program itself ends well."""
    (project / "main.py").write_text(text)
    for name, content in NEARBY.items():
        if name.removesuffix(".py") in text:
            (project / name).write_text(content)
            text += content
    found = CliRunner().invoke(root, ["verify", "main.py"])
    ran = subprocess.run([sys.executable, "main.py"], cwd=project, capture_output=True, check=False)
    return found.output, ran.returncode == 0


@pytest.mark.parametrize("name", FAILS)
def test_what_a_program_does_before_is_not_proven(project: Path, name: str) -> None:
    said, *parts = FAILS[name]
    output, ends_well = verified(project, "".join(parts))
    assert not ends_well
    assert "not proven: " in output
    assert said in output, output
    assert "0 proven" in output


@pytest.mark.parametrize("name", LOADS)
def test_what_does_not_concern_the_load_is_proven(project: Path, name: str) -> None:
    for doubtful in ("swaps.py", "other/net.py"):  # which make it uncertain what a saved net.Net is
        (project / doubtful).unlink()
    output, ends_well = verified(project, "".join(LOADS[name]))
    assert ends_well
    assert "1 load: 1 proven" in output, output


def test_a_reason_is_said_once(project: Path) -> None:
    (project / "w.pt").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    text = "import torch\ntorch.load('w.pt', weights_only=False)\n"
    (project / "main.py").write_text(text)
    output = CliRunner().invoke(root, ["verify", "main.py"]).output
    assert output.count("would call") == 1, output
