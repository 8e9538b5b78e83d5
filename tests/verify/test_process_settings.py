"""What is set for the whole process, or done to torch, before a load, and where a load puts its
storages. Each program is run by Python: what it comes to is the oracle.
"""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import indent
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root
from verify.one_load import MODEL, write

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

ENVIRONMENT = {**os.environ, "PYTHONPATH": "."}
HEAD = "import torch\nfrom torch.serialization import add_safe_globals, safe_globals\n"
HEAD += "from app.model import Config\n"
LOAD = "torch.load('state.pt', weights_only=True)\n"
BLOCK = f"with safe_globals([Config]):\n    {LOAD}"
PLACES = "def raises(storage, location): raise ValueError\nNONE = 'gpu'\n"
PLACES += "def which(): return 'gpu'\n"


LISTS = "from app.model import Config\nALLOWED = [Config]\nOTHER = ALLOWED\n\n"
LISTS += "def clears():\n    OTHER.clear()\n"


def placed(where: str, before: str = "") -> str:
    return before + BLOCK.replace("pt',", f"pt', map_location={where},")


SETS = {
    "open files": ("resource.setrlimit", "import resource\nresource.setrlimit(7, (3, 3))\n"),
    "calls": ("sys.setrecursionlimit", "import sys\nsys.setrecursionlimit(12)\n"),
    "time": (
        "signal.setitimer",
        "from signal import *\nsetitimer(ITIMER_REAL, 0.0001)\n",
    ),
    "audit": (
        "sys.addaudithook",
        (
            "import sys\ndef hook(event, args):\n    assert 'state.pt' not in map(str, args)\n"
            "sys.addaudithook(hook)\n"
        ),
    ),
    "trace": (
        "sys.settrace",
        (
            "import sys\ndef trace(frame, *_): assert frame.f_code.co_name != 'load'\n"
            "list(map(sys.settrace, [trace]))\n"
        ),
    ),
    "functions of torch": (
        "torch.overrides.TorchFunctionMode",
        (
            "from torch.overrides import TorchFunctionMode\nclass Mode(TorchFunctionMode):\n"
            "    def __torch_function__(self, *given): raise ValueError\nMode().__enter__()\n"
        ),
    ),
    "older modes": (
        "torch.overrides.BaseTorchFunctionMode",
        (
            "import torch.overrides\nclass Mode(torch.overrides.BaseTorchFunctionMode):\n"
            "    def __torch_function__(self, *given): raise ValueError\nMode().__enter__()\n"
        ),
    ),
    "warnings in a block": (
        "warnings.catch_warnings",
        (
            "import warnings\nwarnings.catch_warnings(action='error').__enter__()\n"
            "warnings.warn('x')\n"
        ),
    ),
    "warnings": (
        "warnings.simplefilter",
        "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('x')\n",
    ),
}
ON_ANY = indent(BLOCK.replace("pt',", "pt', map_location=device,"), "    ")
PLACED = {
    "a place's name": placed("lambda storage, location: location"),
    "one parameter": placed("lambda storage: storage"),
    "a number": placed("0"),
    "bytes": placed("b'cpu'"),
    "a dict": placed("{'cpu': 'gpu'}"),
    "a function": placed("raises", PLACES),
    "a constant": placed("NONE", PLACES),
    "a choice": placed("raises if torch else None", PLACES),
    "of another file": placed("raises", "from app.places import raises\n"),
    "of another module": placed("app.places.NONE", "import app.places\n"),
    "a method": placed(
        "Placing().at", "class Placing:\n    def at(self, *given): raise ValueError\n"
    ),
    "a part": placed("partial(raises)", f"from functools import partial\n{PLACES}"),
    "a class": placed("int"),
    "what a function gives": placed("which()", "def which(): return 'gpu'\n"),
    "what one elsewhere gives": placed("which()", "from app.places import which\n"),
    "what a method gives": placed(
        "Which().which()", "class Which:\n    def which(self): return 'gpu'\n"
    ),
    "a formatted text": placed("f'gpu:{0}'"),
    "a number behind the CPU": placed("f'cpu:{0}'"),
    "a filled text": placed("'gpu:{}'.format(0)"),
    "a sum": placed("'g' + 'pu'"),
    "a text of a dict": placed("WHERE['a']", "WHERE = {'a': 'gpu'}\n"),
    "a device that torch refuses": placed("torch.device('gpu')"),
    "what torch has": placed("torch.float32"),
    "a list": placed("['cpu']"),
    "a default": (
        f"def read(device='gpu'):\n    {BLOCK.replace(LOAD, '    ' + LOAD)}read()\n"
    ).replace("pt',", "pt', map_location=device,"),
    "an attribute": placed("Which().it", "class Which:\n    def __init__(self): self.it = 'gpu'\n"),
    "what a caller gives": f"def read(device):\n{ON_ANY}read('gpu')\n",
    "what a caller gives by name": f"def read(device=None):\n{ON_ANY}read(device=b'cpu')\n",
    "what makes an object": (
        f"class Reader:\n    def __init__(self, device):\n        self.device = device\n"
        f"    def read(self):\n        device = self.device\n{indent(ON_ANY, '    ')}"
        "Reader('gpu').read()\n"
    ),
    "keywords": (
        "def read(**given):\n"
        f"{ON_ANY.replace('map_location=device', '**given')}read(map_location='gpu')\n"
    ),
    "an option": placed(
        "parser.parse_args([]).device",
        "import argparse\nparser = argparse.ArgumentParser()\n"
        "parser.add_argument('--device', default='gpu')\n",
    ),
    "what a partial gives": (
        "from functools import partial\n"
        "load = partial(torch.load, map_location='gpu', weights_only=True)\n"
        "with safe_globals([Config]):\n    load('state.pt')\n"
    ),
}
CHANGED = {
    "a method of tensors": "torch.Tensor.set_ = None\n",
    "what makes tensors": "import torch._utils\ntorch._utils._rebuild_tensor_v2 = None\n",
    "storages": "setattr(torch.storage.TypedStorage, '__init__', None)\n",
    "a class": "torch.UntypedStorage = None\n",
    "by a text": "eval('setattr(Config, \"__setstate__\", 1)')\n",
    "a class by another name": "def change(of):\n    of.__new__ = None\nchange(Config)\n",
    "the base of one": (
        "def change(of):\n    setattr(of, '__setattr__', None)\n    setattr(of, '__new__', None)\n"
        "change(Config.__mro__[1])\n"
    ),
    "a module found in the table of them": (
        "import sys\nsys.modules['to' + 'rch'].serialization._load = None\n"
    ),
    "a module that is handed on": (
        "def change(of, name):\n    setattr(of, name, None)\nchange(torch, 'lo' + 'ad')\n"
    ),
    "the names of a module": "torch.__dict__.update(load=None)\n",
    "what the names of a module hold": (
        "add_safe_globals([Config])\nfor name, value in vars(torch.serialization).items():\n"
        f"    if name.startswith('clear_'):\n        value()\n{LOAD}"
    ),
    "a module that is returned": (
        "def module(): return torch._utils\nmodule()._rebuild_tensor_v2 = None\n"
    ),
    "a module in a list": "for each in [torch._utils]:\n    each._rebuild_tensor_v2 = None\n",
    "a variable by parts of its name": (
        "import os\nfor one in 'NO_', '':\n"
        "    os.environ['TORCH_FORCE_' + one + 'WEIGHTS_ONLY_LOAD'] = '1'\n"
    ),
}
INDENTED = f"    with safe_globals([Config]):\n        {LOAD}"
ON_GPU = INDENTED.replace("pt',", "pt', map_location=f'cuda:{0}',")
FUNCTION = f"def read(*_):\n{INDENTED}"
MADE = {
    "compiled": f"@torch.compile(fullgraph=True, backend='eager')\n{FUNCTION}read()\n",
    "compiled later": f"{FUNCTION}torch.compile(read, backend='eager', fullgraph=True)()\n",
    "scripted": f"@torch.jit.script\n{FUNCTION}read()\n",
    "scripted later": f"{FUNCTION}torch.jit.script(read)()\n",
    "exported": "class Net(torch.nn.Module):\n    def forward(self, x):\n"
    + "".join(f"    {row}\n" for row in INDENTED.splitlines())
    + "        return x\ntorch.export.export(Net(), (torch.ones(1),))\n",
    "by its own": f"def ends(function): raise ValueError\n@ends\n{FUNCTION}read()\n",
}
SURE = f"""
import resource, sys, warnings
import torch._dynamo
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_NOFILE, (512, resource.getrlimit(7)[1]))
sys.setrecursionlimit(10_000)
sys.settrace(None)
warnings.filterwarnings("ignore", category=UserWarning)
torch.backends.cudnn.benchmark = True
torch._dynamo.config.suppress_errors = True
print("torch" in sys.modules, sys.modules[__name__], file=sys.stderr)
hasattr(torch, "compile")

def placed(storage, location):
    return storage

class Reader:
    device = "cpu"

    def read(self, device=None):
        with safe_globals([Config]):
            torch.load("state.pt", device, weights_only=True)
            torch.load("state.pt", self.device, weights_only=True)

def which():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")

with warnings.catch_warnings():
{INDENTED}
{placed("placed")}
{placed("which()")}
def on_gpu():
{ON_GPU}
{placed("torch.device(which())")}
{placed("{'device': 'cpu'}.get('device', 'cpu')")}
{placed("lambda storage, _: storage.cpu()")}
{placed("{'cuda:0': 'cpu'}")}
{placed("'cuda' if torch.cuda.is_available() else 'cpu'")}
Reader().read()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path, {"pyproject.toml": "[project]\nname = 'x'\n", "app/__init__.py": "",
                     "app/model.py": MODEL, "app/places.py": PLACES,
                     "app/lists.py": LISTS})  # fmt: skip
    save = "import torch; from app.model import Config; "
    save += "torch.save(Config(w=torch.ones(1)), 'state.pt')"
    subprocess.run([sys.executable, "-c", save], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


RUNS = """
import os, runpy, sys, torch
import torch._dynamo
for name in sys.argv[1:]:
    child = os.fork()
    if not child:
        try:
            runpy.run_path(name, run_name="__main__")
        except BaseException:
            os._exit(1)
        os._exit(0)
    print(name, os.waitpid(child, 0)[1])
"""


def run_and_verified(project: Path, programs: dict[str, str]) -> dict[str, tuple[bool, str]]:
    """Whether each program ends well, and what is said of its loads."""
    names = {f"read{number}.py": key for number, key in enumerate(programs)}
    write(project, {name: HEAD + programs[key] for name, key in names.items()})
    words = [sys.executable, "-c", RUNS, *names]
    ran = subprocess.run(words, check=True, capture_output=True, text=True, env=ENVIRONMENT)
    ends = dict(line.split() for line in ran.stdout.splitlines())
    words = ["verify", *names, "--python", sys.executable]
    said = CliRunner().invoke(root, words).output.splitlines()
    return {
        key: (ends[name] == "0", "\n".join(row for row in said if row.startswith(f"{name}:")))
        for name, key in names.items()
    }


def test_what_is_set_for_the_whole_process_may_end_a_load(project):
    programs = {name: before + BLOCK for name, (_, before) in SETS.items()}
    for name, (ends_well, said) in run_and_verified(project, programs).items():
        assert not ends_well, name
        assert f"uses {SETS[name][0]}, which may end the load" in said, name


def test_what_is_no_place_of_a_storage_is_not_proven(project):
    for name, (ends_well, said) in run_and_verified(project, PLACED).items():
        assert not ends_well, name
        assert "was not tried" in said, name


def test_what_is_assumed_of_a_device_is_said(project):
    """A parameter that no caller gives, an option that may be another, a machine with CUDA."""
    option = "import argparse\nparser = argparse.ArgumentParser()\n"
    option += "parser.add_argument('--device', default='cpu')\n"
    programs = {
        "device is a device that is there": f"def read(device):\n{ON_ANY}",
        "parser.parse_args().device is a device that is there": (
            f"{option}def read():\n{indent(placed('parser.parse_args().device'), '    ')}"
        ),
        "cuda is there": f"def read():\n    device = 'cuda:0'\n{ON_ANY}",
        "**given holds nothing that makes the load fail": (
            f"def read(**given):\n{ON_ANY.replace('map_location=device', '**given')}"
        ),
    }
    for assumed, (ends_well, said) in run_and_verified(project, programs).items():
        assert ends_well
        assert said.endswith(f"; assuming that {assumed}"), said


DEEP = """
def deep(number):
    if number:
        return deep(number - 1)
"""
AROUND = {
    "its own function": ("deep() calls", f"{DEEP}{indent(BLOCK, '    ')}deep(975)\n"),
    "another": (
        "deep() calls",
        f"def read():\n{indent(BLOCK, '    ')}{DEEP}    read()\ndeep(975)\n",
    ),
    "two functions": (
        "calls itself",
        (
            "def other(number):\n    deep(number)\n"
            f"{DEEP.replace('deep(number -', 'other(number -')}{indent(BLOCK, '    ')}deep(490)\n"
        ),
    ),
    "a lambda": (
        "deep() calls",
        (
            f"def read():\n{indent(BLOCK, '    ')}"
            "deep = lambda number: deep(number - 1) if number else read()\ndeep(975)\n"
        ),
    ),
    "a manager": ("enters hidden()", f"{{HIDDEN}}with hidden():\n{indent(BLOCK, '    ')}"),
    "a manager around a call": (
        "enters Hidden()",
        f"{{HIDDEN}}def read():\n{indent(BLOCK, '    ')}with Hidden():\n    read()\n",
    ),
    "a stack": (
        "enters hidden()",
        (
            "{HIDDEN}import contextlib\nwith contextlib.ExitStack() as stack:\n"
            f"    stack.enter_context(hidden())\n{indent(BLOCK, '    ')}"
        ),
    ),
    "a name": ("enters block", f"{{HIDDEN}}block = hidden()\nwith block:\n{indent(BLOCK, '    ')}"),
    "an attribute": (
        "enters holder.block",
        (
            "{HIDDEN}class Holder:\n    def __init__(self):\n        self.block = Hidden()\n"
            f"holder = Holder()\nwith holder.block:\n{indent(BLOCK, '    ')}"
        ),
    ),
    "what a list holds": (
        "enters blocks[0]",
        f"{{HIDDEN}}blocks = [Hidden()]\nwith blocks[0]:\n{indent(BLOCK, '    ')}",
    ),
    "what a caller gives": (
        "enters block",
        (
            f"{{HIDDEN}}def read(block):\n    with block:\n{indent(BLOCK, '        ')}"
            "read(Hidden())\n"
        ),
    ),
    "an object that calls itself": (
        "__call__() calls",
        (
            "class Deep:\n    def __call__(self, number):\n        if number:\n"
            f"            return self(number - 1)\n{indent(BLOCK, '        ')}Deep()(975)\n"
        ),
    ),
    "a method": (
        "enters Hidden().inside()",
        f"{{HIDDEN}}with Hidden().inside():\n{indent(BLOCK, '    ')}",
    ),
    "a block that is ended": (
        "row 6 may end the block of line 5",
        (
            "block = safe_globals([Config])\nwith block:\n"
            f"    block.__exit__(None, None, None)\n    {LOAD}"
        ),
    ),
    "a list that is cleared by another name": (
        "app/lists.py:6 may change OTHER",
        f"from app.lists import ALLOWED, clears\nclears()\nwith safe_globals(ALLOWED):\n    {LOAD}",
    ),
    "what clears, given to a thread": (
        "clear_safe_globals on line",
        (
            "import threading\nadd_safe_globals([Config])\n"
            "other = threading.Thread(target=torch.serialization.clear_safe_globals)\n"
            f"other.start()\nother.join()\n{LOAD}"
        ),
    ),
}
HIDDEN = """
import contextlib, importlib

def go():
    getattr(importlib.import_module("o" + "s"), "ch" + "dir")("/")

@contextlib.contextmanager
def hidden():
    go()
    yield

class Hidden:
    def __enter__(self): go()
    def __exit__(self, *given): pass
    def inside(self): return self

"""
QUIET = f"""
import contextlib, logging, sys, time

@contextlib.contextmanager
def timed(name):
    start = time.perf_counter()
    try:
        yield
    finally:
        logging.getLogger(name).info("%s", time.perf_counter() - start)

class Timed(contextlib.ContextDecorator):
    def __enter__(self):
        self.start = time.time()
        return self
    def __exit__(self, *given):
        print(time.time() - self.start, file=sys.stderr)

def read():
{indent(BLOCK, "    ")}

with timed("x"), Timed(), torch.no_grad():
{indent(BLOCK, "    ")}
    read()
"""


def test_what_leads_to_a_load_may_end_it(project):
    """Functions that call themselves, and the project's own context managers."""
    programs = {name: text.replace("{HIDDEN}", HIDDEN) for name, (_, text) in AROUND.items()}
    for name, (ends_well, said) in run_and_verified(project, programs).items():
        assert not ends_well, name
        assert "not proven" in said, name
        assert AROUND[name][0] in said, said


def test_managers_that_take_the_time_change_nothing(project):
    ends_well, said = run_and_verified(project, {"quiet": QUIET})["quiet"]
    assert ends_well
    assert said.count(": loads") == 2, said


def test_what_is_made_of_a_function_that_loads_is_not_proven(project):
    for name, (ends_well, said) in run_and_verified(project, MADE).items():
        assert not ends_well, name
        assert "in its place" in said or "compiles" in said, said


KEPT = f"""
import contextlib, functools

@functools.lru_cache
@torch.no_grad()
{FUNCTION}
class Reader:
    @staticmethod
    def read():
        with safe_globals([Config]):
            {LOAD}
    @property
    @torch.compile(backend="eager")
    def state(self):
        with safe_globals([Config]):
            {LOAD}
read()
Reader().read()
Reader().state
torch.compile(lambda x: x, fullgraph=True, backend="eager")(torch.ones(1))
"""


def test_what_leaves_a_function_as_it_is_changes_nothing(project):
    ends_well, said = run_and_verified(project, {"kept": KEPT})["kept"]
    assert ends_well
    assert said.count(": loads") == 3, said


def test_what_a_program_changes_of_torch_is_not_proven(project):
    programs = {name: before + BLOCK for name, before in CHANGED.items()}
    for name, (ends_well, said) in run_and_verified(project, programs).items():
        assert not ends_well, name
        assert "not proven" in said, name


def test_settings_that_no_load_meets_change_nothing(project):
    ends_well, said = run_and_verified(project, {"sure": SURE})["sure"]
    assert ends_well
    assert said.count(": loads") == 11, said


HAS = "if hasattr(torch.serialization, 'add_safe_globals'):\n"
REGISTERS = f"{HAS}    torch.serialization.add_safe_globals([Config])\n"
INSIDE = f"    {HAS}        add_safe_globals([Config])\n"
ASKED = {
    "above": (True, REGISTERS + LOAD),
    "in a function": (True, f"def main():\n{INSIDE}    {LOAD}main()\n"),
    "above a call": (True, f"def main():\n    {LOAD}{REGISTERS}main()\n"),
    "or ends": (True, f"{REGISTERS}else:\n    raise SystemExit\n{LOAD}"),
    "below": (False, f"def main():\n    {LOAD}main()\n{REGISTERS}"),
    "otherwise": (False, f"{HAS}    pass\nelse:\n    add_safe_globals([Config])\n{LOAD}"),
    "and more": (False, REGISTERS.replace("'):", "') and not torch:") + LOAD),
    "another name": (False, REGISTERS.replace("add_safe_globals'", "add_safe_global'") + LOAD),
    "a function of its own": (False, f"def hasattr(*given): pass\n{REGISTERS}{LOAD}"),
    "within another test": (False, f"if not torch:\n{INSIDE}{LOAD}"),
}


def test_a_list_where_torch_has_lists_is_in_force(project):
    """What asks whether torch knows ``add_safe_globals`` leaves nothing open where it does."""
    programs = {name: text for name, (_, text) in ASKED.items()}
    for name, (ends_well, said) in run_and_verified(project, programs).items():
        assert ends_well == ASKED[name][0], name
        assert (": loads" in said) == ends_well, said
