"""What makes a fix unsafe: loads that a project makes unsafe elsewhere, writers that save more,
receivers that are no plain module, values that are whole objects.
"""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from rules.in_memory import World, failing, needing, plain
from torchload_lint.checkpoint.report import Verdict
from torchload_lint.config import CheckpointEntry, Config
from torchload_lint.diagnostic import Applicability
from torchload_lint.linter import lint

LOAD = "import torch\nx = torch.load(path)\n"
PATCH = (
    "import torch\n_load = torch.load\n"
    "def load(*a, **k):\n    return _load(*a, **{**k, 'weights_only': False})\n"
)
WEAKENING = {
    "an update": {"env.py": "import os\nos.environ.update(TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD='1')\n"},
    "a name in parts": {
        "env.py": "import os\nn = 'NO_WEIGHTS_ONLY_LOAD'\nos.environ[f'TORCH_FORCE_{n}'] = '1'\n"
    },
    "a Dockerfile": {"Dockerfile": "FROM x\nENV TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1\n"},
    "a Makefile": {"Makefile": "run:\n\tTORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1 python a.py\n"},
    "a shell script": {"run.sh": "export TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1\n"},
    "tox.ini": {"tox.ini": "[testenv]\nsetenv = TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1\n"},
    ".env": {".env": "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1\n"},
    "another name of torch": {"compat.py": f"{PATCH}import torch as t\nt.load = load\n"},
    "the namespace of torch": {"compat.py": f"{PATCH}torch.__dict__['load'] = load\n"},
    "vars": {"compat.py": f"{PATCH}vars(torch)['load'] = load\n"},
    "sys.modules": {"compat.py": f"import sys\n{PATCH}sys.modules['torch'].load = load\n"},
    "the default of the keyword": {
        "compat.py": "import torch\ntorch.load.__kwdefaults__['weights_only'] = False\n"
    },
    "a patch that is started": {
        "compat.py": f"from unittest.mock import patch\n{PATCH}patch('torch.load', load).start()\n"
    },
    "one of several": {"compat.py": f"{PATCH}torch.load, other = load, 1\n"},
}
NOT_WEAKENING = {
    "a comment": {"Dockerfile": "# TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1\n"},
    "switched off": {"run.sh": "export TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=0\n"},
    "a mock in a test": {
        "test_a.py": "from unittest.mock import patch\nimport torch\n"
        "@patch('torch.load')\ndef test(load): pass\n"
    },
    "another load": {"a.py": "import json, torch\njson.load = torch.nn.Linear\n"},
    "the namespace of an object": {
        "a.py": "import torch\nclass A:\n    def load(self, d):\n        self.__dict__.update(d)\n"
    },
}


def fixes(code, world):
    module, _, context = world.read(dedent(code))
    return [found.fix for found in lint(module, context) if found.fix is not None]


@pytest.mark.parametrize("files", WEAKENING.values(), ids=WEAKENING)
def test_no_safe_fix_restricts_what_the_project_makes_unsafe(files):
    (fix,) = fixes(LOAD, World(files=files))
    assert fix.applicability is Applicability.UNSAFE
    assert next(iter(files)) in fix.risk


@pytest.mark.parametrize("files", NOT_WEAKENING.values(), ids=NOT_WEAKENING)
def test_what_is_restricted_anyway_is_safely_said(files):
    (fix,) = fixes(LOAD, World(files=files))
    assert fix.applicability is Applicability.SAFE
    assert fix.risk == ""


@pytest.mark.parametrize(
    ("other", "safe"),
    [
        (needing("argparse.Namespace"), True),
        (plain(), True),
        (needing("argparse.Namespace", "pathlib.PosixPath"), False),
        (failing(Verdict.UNREADABLE, "truncated", "it ends too soon"), False),
    ],
)
def test_files_of_that_name_in_other_folders_may_ask_for_no_more(other, safe):
    files = {"m.pt": needing("argparse.Namespace"), "runs/a/m.pt": other}
    code = "import torch\nx = torch.load('m.pt', weights_only=False)\n"
    (fix,) = fixes(code, World(checkpoints=files, elsewhere=("runs/a/m.pt",)))
    assert (fix.applicability is Applicability.SAFE) is safe
    assert ("runs/a/m.pt" in fix.risk) is not safe


RECEIVERS = {
    "a module of torch": ("net = torch.nn.Linear(1, 1)", True),
    "a module of the project": ("net = Net()", True),
    "an optimizer": ("net = torch.optim.SGD([], 0.1)", False),
    "a method of its own, set later": ("net = Net()\nnet.load_state_dict = print", False),
    "a method of its class, set later": ("Net.load_state_dict = print\nnet = Net()", False),
    "a method set by name": ("net = Net()\nsetattr(net, 'load_state_dict', print)", False),
    "a hook": ("net = Net()\nnet.register_load_state_dict_pre_hook(print)", False),
    "something unknown": ("net = get()", False),
    "a method of torch's class, set by a computed name": (
        "setattr(torch.nn.Module, name, print)\nnet = Net()",
        False,
    ),
    "an item of a list that others are put into": (
        "nets = [Net()]\nnets.insert(0, Other())\nnet = nets[0]",
        False,
    ),
    "what moves to a device": ("net = Net().to(device)\ntorch.nn.DataParallel(net)", True),
    "what a function makes": ("def build():\n    return Net()\nnet = build()", True),
}


@pytest.mark.parametrize(("made", "safe"), RECEIVERS.values(), ids=RECEIVERS)
def test_the_state_of_a_plain_module_is_restricted_safely(made, safe):
    code = f"import torch\nclass Net(torch.nn.Module):\n    pass\n{made}\n"
    code += "net.load_state_dict(torch.load(path, weights_only=False))\n"
    (fix,) = fixes(code, World())
    assert (fix.applicability is Applicability.SAFE) is safe
    assert bool(fix.risk) is not safe


WHY_NOT_PLAIN = {
    "net = torch.optim.SGD([], 0.1)": "`net` may not be one: torch.optim.SGD() gives it",
    "net = Other()": "may not be one: Other (program.py:4) is not seen to be a class of modules",
    "net = Own()": "may not be one: Own (program.py:6): Own has its own load_state_dict",
    "net = get()": "`net` may not be one: the result of get() is not known",
    "net = Net()\nnet.register_state_dict_pre_hook(print)": (
        "program.py:11 names `register_state_dict_pre_hook`, which may give a state more"
    ),
    "net = Net()\nsetattr(torch.nn.Module, name, print)": "program.py:11 may replace any attribute",
}


@pytest.mark.parametrize(("made", "why"), WHY_NOT_PLAIN.items(), ids=WHY_NOT_PLAIN)
def test_it_is_said_why_a_receiver_may_be_no_plain_module(made, why):
    code = "import torch\nclass Net(torch.nn.Module):\n    pass\nclass Other:\n    pass\n"
    code += "class Own(torch.nn.Module):\n    def load_state_dict(self, state):\n        pass\n"
    code += f"# here\n{made}\nnet.load_state_dict(torch.load(path, weights_only=False))\n"
    (fix,) = fixes(code, World())
    told = (
        "the whole value goes into load_state_dict; only a plain torch.nn.Module is sure to take "
    )
    assert fix.risk.startswith(f"{told}tensors alone, and ")
    assert why in fix.risk.removeprefix(told)


@pytest.mark.parametrize(
    ("caught", "safe"),
    [(" (KeyError, RuntimeError)", False), (" TypeError", False), (" Exception", True), ("", True)],
)
def test_a_program_that_chooses_by_what_load_state_dict_raises_is_left(caught, safe):
    code = "import torch\nnet = torch.nn.Linear(1, 1)\ntry:\n"
    code += "    net.load_state_dict(torch.load(path, weights_only=False))\n"
    (fix,) = fixes(f"{code}except{caught}:\n    print(1)\n", World())
    assert (fix.applicability is Applicability.SAFE) is safe


@pytest.mark.parametrize(("caught", "safe"), [("RuntimeError", False), ("Exception", True)])
def test_what_is_suppressed_around_load_state_dict_counts_as_caught(caught, safe):
    code = "import contextlib\nimport torch\nnet = torch.nn.Linear(1, 1)\n"
    code += f"with contextlib.suppress({caught}):\n"
    code += "    net.load_state_dict(torch.load(path, weights_only=False))\n"
    (fix,) = fixes(code, World())
    assert (fix.applicability is Applicability.SAFE) is safe


@pytest.mark.parametrize(
    ("rest", "safe"),
    [
        ("Trainer().load(path)\n", True),
        ("trainer = Trainer()\ntrainer.net = Other()\ntrainer.load(path)\n", False),
        ("class Mine(Trainer):\n    def make(self):\n        return Other()\nMine()\n", False),
    ],
)
def test_the_module_in_an_attribute_is_the_one_that_was_put_there(rest, safe):
    code = (
        "import torch\nclass Other:\n    def load_state_dict(self, state): pass\n"
        "class Trainer:\n    def __init__(self):\n        self.net = self.make()\n"
        "    def make(self):\n        return torch.nn.Linear(1, 1)\n    def load(self, path):\n"
        "        self.net.load_state_dict(torch.load(path, weights_only=False))\n"
    )
    (fix,) = fixes(code + rest, World())
    assert (fix.applicability is Applicability.SAFE) is safe


def test_a_part_that_loads_its_own_state_is_not_plain():
    code = """
        import torch
        class Part(torch.nn.Module):
            def _load_from_state_dict(self, state, prefix, *rest):
                self.names = state.pop(prefix + "names")
        net = torch.nn.Sequential(Part())
        net.load_state_dict(torch.load(path, weights_only=False))
        """
    (fix,) = fixes(code, World())
    assert fix.applicability is Applicability.UNSAFE


WRITERS = """
    import argparse, torch
    def save_model(path, net):
        torch.save({"net": net.state_dict(), "args": argparse.Namespace()}, path)
    def load_model(path, net):
        held = torch.load(path, weights_only=False)
        net.load_state_dict(held["net"])
    """


def test_what_the_writer_is_known_to_save_is_not_left_out():
    for fix in fixes(WRITERS, World(infers=True)):
        assert "Namespace" in "".join(edit.content for edit in fix.edits)


BESIDE = """
    import torch
    def save(path, net, args):
        torch.save({"net": net.state_dict(), "args": SETTINGS}, path)
    def load(path, net):
        held = torch.load(path, weights_only=False)
        net.load_state_dict(held["net"])
    """


@pytest.mark.parametrize("settings", ["args", "net.hparams"])
def test_settings_that_are_saved_beside_the_weights_may_be_any_object(settings):
    assert fixes(BESIDE.replace("SETTINGS", settings), World(infers=True)) == []


@pytest.mark.parametrize("settings", ["vars(args)", "args.__dict__", "3"])
def test_settings_that_are_saved_as_a_dict_are_no_obstacle(settings):
    assert fixes(BESIDE.replace("SETTINGS", settings), World(infers=True))


def test_a_save_that_follows_the_load_writes_no_file_for_it():
    code = """
        import torch
        def strip(path):
            held = torch.load(path, weights_only=False)
            print(held)
            torch.save({"weights": torch.zeros(1)}, path)
        """
    assert fixes(code, World(infers=True)) == []


OBJECTS = {
    "an item": "net = LOAD['net'].float().eval()",
    "an item with a name": "held = LOAD\nnet = held['net']\nnet.eval()",
    "what a function returns": "def get():\n    return LOAD\nnet = get()\nnet.eval()",
    "an attribute": "class A:\n    def __init__(self):\n        self.net = LOAD\n"
    "    def go(self, x):\n        self.net.eval()\n",
    "the state of an item": "state = LOAD['net'].state_dict()",
    "moved": "net = LOAD.to('cuda')",
    "moved by its name": "net = LOAD\nnet = net.half()",
    "one item or another": "held = LOAD\nnet = (held.get('ema') or held['net']).float().eval()",
    "an item, moved first": "held = LOAD\nnet = held['net']\nnet = net.to('cpu').eval()",
    "settings": "held = LOAD\nargs = held['args']\nprint(args.hidden)",
}


@pytest.mark.parametrize("code", OBJECTS.values(), ids=OBJECTS)
@pytest.mark.parametrize("load", ["torch.hub.load_state_dict_from_url(url)", "torch.load(path)"])
def test_a_whole_object_is_not_restricted_without_a_list(code, load):
    given = load.replace(")", ", weights_only=False)")
    assert fixes(f"import torch\n{code.replace('LOAD', given)}\n", World(infers=True)) == []


REPLACEMENTS = {
    "a partial": ("torch.load = functools.partial(torch.load, weights_only=False)", True),
    "a lambda": ("torch.load = lambda *a, **k: old(*a, **{**k, 'weights_only': False})", True),
    "a function": (
        """
        def load(*a, **k):
            k['weights_only'] = False
            return old(*a, **k)
        torch.load = load
        """,
        True,
    ),
    "a partial with a device": (
        "torch.load = functools.partial(torch.load, map_location='cpu', weights_only=False)",
        False,
    ),
    "a device besides": (
        """
        def load(*a, **k):
            k.setdefault('map_location', 'cpu')
            k['weights_only'] = False
            return old(*a, **k)
        torch.load = load
        """,
        False,
    ),
    "a default device": (
        """
        def load(f, map_location='cpu', **k):
            k['weights_only'] = False
            return old(f, map_location=map_location, **k)
        torch.load = load
        """,
        False,
    ),
    "a count": (
        """
        def load(*a, **k):
            seen.append(a)
            k['weights_only'] = False
            return old(*a, **k)
        torch.load = load
        """,
        False,
    ),
}


@pytest.mark.parametrize(("code", "goes"), REPLACEMENTS.values(), ids=REPLACEMENTS)
def test_a_replacement_goes_only_where_it_does_nothing_else(code, goes):
    module, _, context = World().read(
        f"import functools, torch\nold = torch.load\n{dedent(code)}\n"
    )
    (found,) = [each for each in lint(module, context) if each.code == "TLL302"]
    assert (found.fix is not None) is goes


def test_a_pattern_is_enough_where_names_are_only_added():
    world = World(checkpoints={"runs/1.pt": needing("argparse.Namespace"), "runs/2.pt": plain()})
    code = "import torch\ntorch.load(f'runs/{name}.pt', weights_only=%s)\n"
    (restricted,) = fixes(code % True, world)
    (unrestricted,) = fixes(code % False, world)
    assert restricted.applicability is Applicability.SAFE
    assert unrestricted.applicability is Applicability.UNSAFE
    assert "another file" in unrestricted.risk


def test_a_path_without_a_file_may_hold_anything():
    world = World(checkpoints={"a.pt": plain()})
    code = "import torch\np = 'a.pt' if fast else 'b.pt'\ntorch.load(p, weights_only=False)\n"
    (fix,) = fixes(code, world)
    assert fix.applicability is Applicability.UNSAFE
    assert fix.risk == "b.pt is not there to be read"
    known = Config(checkpoints=(CheckpointEntry("b.pt", safe_globals=("argparse.Namespace",)),))
    (fix,) = fixes(code, replace(world, config=known))
    assert fix.applicability is Applicability.SAFE
    assert "Namespace" in "".join(edit.content for edit in fix.edits)


def test_a_file_of_that_name_in_another_folder_may_be_meant():
    code = "import torch\ntorch.load('a.pt', weights_only=%s)\n"
    files = {"a.pt": needing("argparse.Namespace"), "sub/a.pt": needing("pathlib.PosixPath")}
    world = World(checkpoints=files, elsewhere=("sub/a.pt",))
    (unrestricted,) = fixes(code % False, world)
    assert unrestricted.applicability is Applicability.UNSAFE
    assert unrestricted.risk.startswith("sub/a.pt is meant")
    (restricted,) = fixes(code % True, world)
    assert restricted.applicability is Applicability.SAFE


MUTABLE = {
    "get": 'x = torch.load(paths.get("p"), weights_only=False)',
    "a default": 'def go(path=paths["p"]):\n        torch.load(path, weights_only=False)\n    go()',
    "a lambda": '(lambda: torch.load(paths.get("p"), weights_only=False))()',
    "an item": 'x = torch.load(paths["p"], weights_only=False)',
}


@pytest.mark.parametrize("load", MUTABLE.values(), ids=MUTABLE)
def test_a_default_that_was_changed_is_not_what_it_was(load):
    world = World(checkpoints={"a.pt": plain(), "b.pt": needing("argparse.Namespace")})
    code = (
        f'import torch\ndef f(paths={{"p": "a.pt"}}):\n    paths["p"] = "b.pt"\n    {load}\nf()\n'
    )
    safe = [fix for fix in fixes(code, world) if fix.applicability is Applicability.SAFE]
    assert all("Namespace" in "".join(edit.content for edit in fix.edits) for fix in safe)


READ = "import torch\ndef read(path='a.pt'):\n    return torch.load('a.pt')\n"
IN_THREADS = {
    "a pool that maps it": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(8) as pool:\n    found = list(pool.map(read, paths))\n",
    "a thread whose target calls it": "import threading\n"
    "def work():\n    return [read() for _ in range(9)]\n"
    "threading.Thread(target=work).start()\n",
    "a lambda": "from concurrent.futures import ThreadPoolExecutor\n"
    "ThreadPoolExecutor(8).submit(lambda: read())\n",
    "a thread's class": "import threading\n"
    "class Reader(threading.Thread):\n    def run(self):\n        read()\n",
}
IN_THREADS["a function that others hand over"] = (
    "from concurrent.futures import ThreadPoolExecutor\n"
    "def run_all(work):\n    return ThreadPoolExecutor(6).submit(work)\nrun_all(read)\n"
)
IN_THREADS["a server"] = (
    "from flask import Flask\napp = Flask('a')\n@app.route('/')\ndef f(): read()\n"
)
BESIDE_THREADS = {
    "a thread that loads something else": "import threading\n"
    "def work():\n    return torch.load('x.pt', weights_only=True)\n"
    "threading.Thread(target=work).start()\nread()\n",
    "a thread that loads nothing": "import threading\n"
    "threading.Thread(target=print, args=('a',)).start()\nread()\n",
}


def fix_of_failing_load(rest):
    checkpoints = {"a.pt": needing("argparse.Namespace"), "x.pt": plain()}
    module, _, context = World(checkpoints=checkpoints).read(READ + rest)
    (found,) = [found for found in lint(module, context) if found.code == "TLL103"]
    return found.fix


@pytest.mark.parametrize("rest", IN_THREADS.values(), ids=IN_THREADS)
def test_a_block_that_several_threads_enter_is_not_safe_where_the_load_fails_today(rest):
    fix = fix_of_failing_load(rest)
    assert fix.applicability is Applicability.UNSAFE
    assert "hands a thread what may load" in fix.risk


@pytest.mark.parametrize("rest", BESIDE_THREADS.values(), ids=BESIDE_THREADS)
def test_threads_that_do_not_come_to_a_failing_load_leave_its_fix_safe(rest):
    assert fix_of_failing_load(rest).applicability is Applicability.SAFE


@pytest.mark.parametrize(
    ("expression", "safe"),
    [
        ("{}", True),
        ("{} if used() else None", False),
        ("None if {} else 1", True),
        ("used() and {}", False),
        ("{} and used()", True),
        ("[{} for _ in found()]", False),
        ("[one for one in {}]", True),
        ("[one for one in found() if {}]", False),
    ],
)
@pytest.mark.parametrize("imported", [False, True])
def test_no_file_is_safely_imported_for_a_load_that_may_not_be_reached(expression, safe, imported):
    world = World(
        files={"net.py": "class Config:\n    def __init__(self):\n        self.lr = 1\n"},
        checkpoints={"a.pt": needing("net.Config")},
    )
    code = "import torch\n" + "import net\n" * imported
    load = "torch.load('a.pt', weights_only=False)"
    (fix,) = fixes(f"{code}x = {expression.format(load)}\n", world)
    assert (fix.applicability is Applicability.SAFE) is (safe or imported)


STAR = "from program import *\n"


@pytest.mark.parametrize(
    ("user", "rest", "safe"),
    [
        (f"class Namespace: ...\n{STAR}print(Namespace)\n", "", False),
        (f"from other import *\n{STAR}with safe_globals(1): ...\n", "", False),
        (f"{STAR}print(x)\n", "", True),
        (f"class Namespace: ...\n{STAR}print(Namespace)\n", "__all__ = ['x']\n", True),
        ("from another import *\nprint(Namespace)\n", "", True),
    ],
)
def test_names_that_a_star_import_hands_on_are_not_imported_safely(user, rest, safe):
    world = World(files={"user.py": user}, checkpoints={"a.pt": needing("argparse.Namespace")})
    code = f"import torch\n{rest}x = torch.load('a.pt', weights_only=False)\n"
    module, _, context = world.read(code)
    (fix,) = [found.fix for found in lint(module, context) if found.fix is not None]
    assert (fix.applicability is Applicability.SAFE) is safe
