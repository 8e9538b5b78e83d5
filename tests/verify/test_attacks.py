"""A proof runs nothing of the checkpoint, ends, and says what it is about.

Each project here does something that could make a proof false, or last; payloads only make a file.
"""

from __future__ import annotations

import collections
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root
from torchload_lint.names import Spelling
from torchload_lint.verify import AllowedObject, Interpreter, prove
from verify.one_load import MODEL, READ, write, write_project

pytestmark = pytest.mark.torch


class Payload:
    """Pickled as a call that makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __reduce__(self):
        return os.mkdir, (self.marker,)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def verify(*words: str):
    return CliRunner().invoke(root, ["verify", "read.py", "--python", sys.executable, *words])


@pytest.mark.usefixtures("project")
def test_the_code_as_it_is():
    result = verify()
    assert result.exit_code == 0, result.output
    assert "1 load: 1 proven, 0 refused, 0 not proven" in result.output


@pytest.mark.parametrize(
    "patch",
    [
        "torch.load = functools.partial(torch.load, weights_only=False)",
        "torch.load.__kwdefaults__['weights_only'] = False",
        "torch.serialization._weights_only_unpickler = pickle",
        "torch._weights_only_unpickler.Unpickler.load = lambda self: pickle.load(self.readline)",
        "torch.load.__code__ = (lambda *a, **k: {}).__code__",
        "os.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'] = '1'",
    ],
)
def test_the_loader_is_torchs_own(project, patch):
    """A patch of the program is left out, and said: what is not allowed is refused, unrun."""
    text = f"import functools, os, pickle, torch, torch._weights_only_unpickler\n{patch}\n"
    runs = """
        import os

        class Config:
            def __setstate__(self, state):
                os.system("mkdir ran")
        """
    write(project, {"app/__init__.py": text, "app/model.py": runs})
    write(project, {"read.py": READ.replace("[Config]", "[dict]")})
    result = verify()
    assert not (project / "ran").exists()
    assert result.exit_code == 1, result.output
    assert "1 refused" in result.output
    assert "Unsupported global: GLOBAL app.model.Config" in result.output
    assert "without what the program puts in the place of" in result.output


@pytest.mark.parametrize(
    ("told", "patch"),
    [
        ("safe_globals.__enter__", "s.safe_globals.__enter__ = lambda self: None"),
        ("safe_globals.__new__", "s.safe_globals.__new__ = lambda *given: nullcontext()"),
        ("safe_globals.__bases__", "s.safe_globals.__bases__ = (Nothing,)"),
        ("torch.serialization.open", "s.open = None"),
        ("torch._weights_only_unpickler.len", "u.len = None"),
        ("torch.serialization.__class__", "s.__class__ = Other"),
        ("torch.serialization._package_registry", "s._package_registry.clear()"),
        ("torch._weights_only_unpickler._get_allowed_globals", "u._get_allowed_globals().clear()"),
    ],
)
def test_what_stands_in_front_of_torchs_own_is_said(project, told, patch):
    """A program replaces torch's loading also where it adds a name, or changes a base or a table:
    each of these fails where it is run, and the proof says what it was without.
    """
    text = f"""
        import types, torch, torch.serialization as s, torch._weights_only_unpickler as u
        from contextlib import nullcontext
        class Nothing:
            def __init__(self, allowed): pass
            def __enter__(self): pass
            def __exit__(self, *raised): pass
        class Other(types.ModuleType):
            safe_globals = property(lambda self: nullcontext)
        {patch}
        """
    write(project, {"app/model.py": f"{MODEL}\nwork = 1\n", "app/changes.py": text})
    save = "from app.model import Config; import torch; torch.save(Config(w=torch.ones(2), t="
    save += "torch.Size([1])), 'state.pt')"
    subprocess.run([sys.executable, "-c", save], cwd=project, check=True)
    write(project, {"read.py": "import app.changes\n" + dedent(READ).lstrip()})
    ran = subprocess.run([sys.executable, "read.py"], cwd=project, check=False, capture_output=True)
    assert ran.returncode == 1
    result = verify()
    assert result.exit_code == 0, result.output
    said = f"loads (meta device, mapped); without what the program puts in the place of {told}"
    assert said in result.output


def test_an_import_that_changes_the_current_folder_is_no_proof(project):
    """However it is spelled: the program does not find the file then."""
    write(project, {"app/__init__.py": "import os\ngetattr(os, 'ch' + 'dir')('/')\n"})
    result = verify()
    assert result.exit_code == 2, result.output
    assert "failed: an import changes the current folder" in result.output
    back = "import os\nhere = os.getcwd()\ngetattr(os, 'ch' + 'dir')('/')\n"
    write(project, {"app/__init__.py": back + "getattr(os, 'ch' + 'dir')(here)\n"})
    assert "1 proven" in verify().output


def test_what_only_adds_to_torch_changes_nothing(project):
    """What a library gives torch's and Python's classes besides is not called a replacement."""
    adds = """
        import pathlib, torch.serialization as s
        s.hello = s.safe_globals.hello = pathlib.Path.ls = lambda self: 1
        """
    write(project, {"app/__init__.py": adds})
    result = verify()
    assert result.exit_code == 0, result.output
    assert "1 proven" in result.output
    assert "in the place of" not in result.output


@pytest.mark.parametrize(
    ("told", "patch"),
    [
        ("builtins.getattr", "builtins.getattr = lambda *given: None"),
        ("builtins.isinstance", "builtins.isinstance = lambda *given: True"),
        ("builtins.super", "class Nothing: pass\nbuiltins.super = Nothing"),
        ("builtins.vars", "del builtins.vars"),
        ("builtins.__import__", "builtins.__import__ = lambda *given: None"),
        ("io.BytesIO, os.fstat", "import io, os\nio.BytesIO = os.fstat = None"),
        ("sys.modules['os']", "sys.modules['os'] = None"),
        ("sys.modules['torch']", "sys.modules['torch'] = sys"),
    ],
)
def test_what_python_itself_means_is_its_own(project, told, patch):
    """The program's builtins and its ``sys.modules`` are no answer of torch's: the load counts
    without them, and what is not allowed is refused by torch and by nothing else.
    """
    write(project, {"app/model.py": f"{dedent(MODEL)}\nimport builtins, sys\n{patch}\n"})
    result = verify()
    assert result.exit_code == 0, result.output
    assert f"loads (meta device, mapped); without what the program puts in the place of {told}" in (
        result.output
    )
    write(project, {"read.py": READ.replace("[Config]", "[dict]")})
    write(project, {"app/__init__.py": f"import builtins, sys\n{patch}\n"})
    write(project, {"app/model.py": MODEL})
    result = verify()
    assert result.exit_code == 1, result.output
    assert "Unsupported global: GLOBAL app.model.Config" in result.output


def test_an_allowed_function_that_unpickles_is_stopped(project):
    """torch's own ``_load_from_bytes`` calls its unrestricted loader."""
    import torch

    marker = project / "ran"
    (project / "inner.pt").write_bytes(b"")
    torch.save(Payload(marker), project / "inner.pt")

    class Inner:
        def __reduce__(self):
            data = (project / "inner.pt").read_bytes()
            return torch.storage._load_from_bytes, (data,)

    torch.save({"x": Inner()}, project / "state.pt")
    write(project, {"read.py": READ.replace("[Config]", "[torch.storage._load_from_bytes]")})
    result = verify()
    assert not marker.exists()
    assert "1 proven" not in result.output, result.output


FAKE = "__version__ = '9'\ndef load(*a, **k): pass\n"


@pytest.mark.parametrize("place", ["torch.py", "torch/__init__.py"])
def test_a_torch_of_the_project_never_stands_in(project, monkeypatch, place):
    """It is not asked, and said: programs that are started in its folder import it."""
    monkeypatch.setenv("PYTHONPATH", f".{os.pathsep}{project}")
    write(project, {place: FAKE, "torch/_C.py": ""} if "/" in place else {place: FAKE})
    result = verify()
    assert "torch 9" not in result.output
    assert "1 proven" in result.output, result.output
    assert f"{project / place} was not asked, which is imported as torch" in result.output


@pytest.mark.parametrize("place", ["torch.py", "pickle.py"])
def test_no_fix_is_applied_where_the_program_has_another_torch(project, place):
    """What was proven with the real one says nothing of it: the fixed program failed."""
    load = 'import torch\nstate = torch.load("state.pt")\n'
    write(project, {"read.py": load})
    command = ["--fix", "--verify", "read.py", "--python", sys.executable]
    (project / place).write_text(FAKE)
    result = CliRunner().invoke(root, command)
    assert (project / "read.py").read_text() == load, result.output
    assert f"the fix is not proven: {project / place} stands in for torch" in result.output
    assert result.exit_code == 1
    (project / place).unlink()
    assert CliRunner().invoke(root, command).exit_code == 0
    assert (project / "read.py").read_text() != load


def test_a_torch_beside_the_program_alone_is_said(project):
    write(
        project, {"tools/torch.py": FAKE, "tools/read.py": READ.replace("state.pt", "../state.pt")}
    )
    result = CliRunner().invoke(root, ["verify", "tools/read.py", "--python", sys.executable])
    assert f"{project / 'tools/torch.py'} was not asked" in result.output, result.output


@pytest.mark.parametrize("way", ["up-and-down", "link"])
def test_a_torch_of_the_project_is_known_however_its_folder_is_written(
    project, monkeypatch, tmp_path_factory, way
):
    """On PYTHONPATH by ``..``, or by a link: it stood for torch there, and ran before it."""
    other = tmp_path_factory.mktemp("elsewhere") / "link"
    other.symlink_to(project)
    told = other if way == "link" else project / "app" / ".."
    monkeypatch.setenv("PYTHONPATH", str(told))
    write(project, {"torch.py": f"open({str(project / 'ran')!r}, 'w').close()\n{FAKE}"})
    result = verify()
    assert "1 proven" in result.output, result.output
    assert "was not asked, which is imported as torch" in result.output
    assert not (project / "ran").exists()


@pytest.mark.parametrize("place", ["pickle.py", "typing/__init__.py", "io.py", "sympy.py"])
def test_what_stands_in_for_a_module_that_torch_imports_is_said(project, place):
    """The program, which starts beside it, would import it: torch itself may then fail there."""
    write(project, {place: ""})
    ends = subprocess.run([sys.executable, "read.py"], check=False, capture_output=True).returncode
    result = verify()
    assert "1 proven" in result.output, result.output
    name = place.partition(".")[0].partition("/")[0]
    said = f"{project / place} was not asked, which is imported as {name} where it lies"
    assert (said in result.output) == bool(ends), result.output


def test_a_folder_called_torch_is_none(project):
    """A folder without ``__init__.py`` gives way to a package, wherever that lies."""
    write(project, {"torch/notes.py": ""})
    result = verify()
    assert "1 proven" in result.output, result.output
    assert "was not asked" not in result.output


@pytest.mark.usefixtures("project")
def test_another_module_called_torch_is_told_from_torch(monkeypatch, tmp_path_factory):
    """Nothing is proven with it, wherever the interpreter finds it."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write(elsewhere, {"torch/__init__.py": f"from torch import _C\n{FAKE}", "torch/_C.py": ""})
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    result = verify()
    assert result.exit_code == 2, result.output
    assert "is another module of that name" in result.output


def test_a_broken_interpreter_ends_with_2(project):
    program = project / "python.sh"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    result = verify("--python", str(program))
    assert result.exit_code == 2
    assert "does not work: it does not run Python" in result.output


FORKS = {
    "a-fork": "import os, time\nif os.fork() == 0:\n    time.sleep(600)\n",
    "a-daemon": """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                open("daemon.part", "w").write(str(os.getpid()))
                os.rename("daemon.part", "daemon.pid")
                time.sleep(600)
            os._exit(0)
        while not os.path.exists("daemon.pid"):
            time.sleep(0.01)
        """,
    "a-program": "import subprocess\nsubprocess.Popen(['sleep', '600'], close_fds=False)\n",
    "a-thread": """
        import threading, time
        threading.Thread(target=time.sleep, args=(600,)).start()
        """,
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize("kind", FORKS)
def test_what_a_module_starts_is_ended_and_does_no_harm(project, kind):
    write(project, {"app/__init__.py": FORKS[kind]})
    start = time.monotonic()
    result = verify("--timeout", "60")
    assert result.exit_code == 0, result.output
    assert "1 proven" in result.output
    assert time.monotonic() - start < 60
    if kind == "a-daemon" and sys.platform == "linux":
        daemon = int((project / "daemon.pid").read_text())
        with pytest.raises(ProcessLookupError):
            os.kill(daemon, 0)


FORGES = """
import os

for fd in range(256):
    try:
        os.write(fd, b'{"status": "loads"}\\n')
    except OSError:
        pass
os._exit(0)
"""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os\nos._exit(0)", "failed: the process ended with 0 before it answered"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", "failed"),
        ("import time\ntime.sleep(600)", "timeout: no answer within 10 s"),
        ("import sys\nsys.exit(0)", "cannot-import"),
        (FORGES, "failed: the process ended with 0 before it answered"),
    ],
    ids=["exits", "kills-itself", "sleeps", "sys-exit", "forges"],
)
def test_no_answer_is_no_proof(project, code, said):
    write(project, {"app/model.py": code + "\nclass Config: pass\n"})
    result = verify("--timeout", "10" if said.startswith("timeout") else "120")
    assert said in result.output
    assert result.exit_code == 2
    assert "0 proven" in result.output


# --- what is written is what is proven


def test_an_expression_that_raises_is_refused(project):
    import torch

    torch.save(torch.nn.DataParallel(torch.nn.Linear(1, 1)), project / "state.pt")
    shadowed = "[torch.nn.parallel.data_parallel.DataParallel, torch.nn.Linear]"
    write(project, {"read.py": READ.replace("[Config]", shadowed)})
    result = verify()
    assert result.exit_code == 1
    assert "AttributeError" in result.output
    write(
        project, {"read.py": READ.replace("[Config]", "[torch.nn.DataParallel, torch.nn.Linear]")}
    )
    # Linear's and DataParallel's other needs are allowed by default
    assert "1 proven" in verify().output


def test_the_imports_of_the_file_are_the_ones_that_count(project):
    """``from app import model`` in a function, another name for it, a list from elsewhere."""
    text = """
        import torch

        def read():
            from app import model as m
            from app.allowed import SAFE
            with torch.serialization.safe_globals([*SAFE, m.Config]):
                return torch.load("state.pt", weights_only=True)
    """
    write(project, {"read.py": text, "app/allowed.py": "SAFE = []\n"})
    result = verify()
    assert result.exit_code == 0, result.output
    assert "1 proven" in result.output
    write(project, {"read.py": text.replace("m.Config", "m.Confg")})
    result = verify()
    assert result.exit_code == 1
    assert "Confg" in result.output


def test_what_a_package_registers_counts(project):
    write(
        project,
        {
            "app/__init__.py": "import torch\nfrom app.model import Config\n"
            "torch.serialization.add_safe_globals([Config])\n",
            "read.py": 'import torch\nimport app\nx = torch.load("state.pt", weights_only=True)\n',
        },
    )
    result = verify()
    assert result.exit_code == 0, result.output
    assert "1 proven" in result.output
    # In a file that this one does not import, it may run before or not.
    write(project, {"other.py": (project / "app" / "__init__.py").read_text()})
    write(
        project,
        {
            "app/__init__.py": "",
            "read.py": 'import torch\nx = torch.load("state.pt", weights_only=True)\n',
        },
    )
    result = verify()
    assert result.exit_code == 0, result.output
    assert "1 not proven" in result.output
    assert "other.py" in result.output


def test_every_load_is_counted(project):
    text = """
        import torch

        def unknown(classes, path):
            with torch.serialization.safe_globals(classes):
                torch.load("state.pt", weights_only=True)
            torch.load(path, weights_only=True)
            torch.load("state.pt", weights_only=path)
    """
    (project / "bad.pt").write_bytes(pickle.dumps(Payload(project / "ran")))
    write(project, {"read.py": text + '    torch.load("bad.pt", weights_only=True)\n'})
    result = verify()
    assert "4 loads: 0 proven, 0 refused, 4 not proven" in result.output, result.output
    assert result.exit_code == 1  # bad.pt runs code
    assert not (project / "ran").exists()


def test_names_of_functions_are_not_taken_for_the_files(project):
    """What a function, a class or a star import gives: evaluated where it can be, else said."""
    text = """
        import torch
        from app.model import *

        def listed():
            allowed = [Config]
            with torch.serialization.safe_globals(allowed):
                return torch.load("state.pt", weights_only=True)

        class Reader:
            SAFE = [Config]

            def read(self):
                with torch.serialization.safe_globals(self.SAFE):
                    return torch.load("state.pt", weights_only=True)

        def shadowed(Config):
            with torch.serialization.safe_globals([Config]):
                return torch.load("state.pt", weights_only=True)
    """
    write(project, {"read.py": text})
    result = verify()
    assert "3 loads: 2 proven, 0 refused, 1 not proven" in result.output, result.output
    assert "Config on line" in result.output


# --- what a proof is about is what the program does

IN_BLOCK = """
    import torch
    from torch.serialization import add_safe_globals, clear_safe_globals, safe_globals
    from app.model import Config
    {before}
    with safe_globals([Config]):
        {inside}
        state = torch.load("state.pt", weights_only=True{argument})
"""
IS_ANOTHER = {
    "another-class": ({"before": "class Config: pass"}, "Config has another meaning from row 4"),
    "another-by-for": ({"before": "for Config in (): pass"}, "Config has another meaning"),
    "globals": ({"before": "globals()['Config'] = dict"}, "row 4 may give names another meaning"),
    "cleared": ({"inside": "clear_safe_globals()"}, "clear_safe_globals on line 6 may run before"),
    "ended": (
        {"inside": "with safe_globals([Config]): pass"}, "the block on line 6 has taken away",
    ),
    "argument": ({"argument": ", bogus=1"}, "the argument bogus was not tried"),
    "errors": ({"argument": ", errors='strict'"}, "the argument errors was not tried"),
    "imports": ({"argument": ", fix_imports=True"}, "the argument fix_imports was not tried"),
    "device": ({"argument": ", map_location='cpu:0'"}, "the device 'cpu:0' was not tried"),
    "no device": ({"argument": ", map_location='gpu'"}, "the device 'gpu' was not tried"),
    "attribute": (
        {"before": "import app.model; Config.__setstate__ = print"},
        "row 4 changes Config.__setstate__",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IS_ANOTHER)
def test_a_program_that_does_something_else_is_not_proven(project, name):
    parts, said = IS_ANOTHER[name]
    text = dedent(IN_BLOCK).format(**{"before": "", "inside": "pass", "argument": "", **parts})
    write(project, {"read.py": text})
    result = verify()
    assert f"not proven: {said}" in result.output, result.output
    assert "0 proven" in result.output


@pytest.mark.parametrize("device", ["cpu:0", "gpu", ""])
def test_torch_knows_no_such_device(tmp_path, device):
    """Whatever machine it is."""
    torch = pytest.importorskip("torch")
    torch.save(torch.zeros(1), tmp_path / "zeros.pt")
    with pytest.raises(RuntimeError, match="don't know how to restore data location"):
        torch.load(tmp_path / "zeros.pt", map_location=device, weights_only=True)


ON_SOME_WAYS = {
    "either": (
        "with (safe_globals([Config]) if len(sys.argv) > 5 else nullcontext()):\n    read()",
        "what row 8 allows may be left out",
    ),
    "of two values": (
        (
            "if sys.argv[5:]:\n    one = safe_globals([Config])\nelse:\n    one = nullcontext()\n"
            "with one:\n    read()"
        ),
        "what row 9 allows may be left out",
    ),
    "of a function": (
        (
            "def one():\n    if len(sys.argv) > 5:\n        return safe_globals([Config])\n"
            "    return nullcontext()\nwith one():\n    read()"
        ),
        "what row 10 allows may be left out",
    ),
    "a stack that is closed": (
        (
            "with ExitStack() as stack:\n    stack.enter_context(safe_globals([Config]))\n"
            "    stack.pop_all().close()\n    read()"
        ),
        "row 10 may close the stack",
    ),
    "a list that is emptied": (
        "with safe_globals(KNOWN):\n    read()\nif __name__ == '__main__':\n    KNOWN.clear()",
        "row 11 may change KNOWN",
    ),
    "a list that a function empties": (
        "def empty():\n    KNOWN[:] = []\nwith safe_globals([*KNOWN]):\n    read()",
        "row 9 may change KNOWN",
    ),
    "a list that is handed on": (
        "def run():\n    app.forget(KNOWN)\nwith safe_globals(KNOWN + []):\n    read()",
        "row 9 may change KNOWN",
    ),
    "a list of another module": (
        "app.KNOWN.pop()\nwith safe_globals(app.KNOWN):\n    read()",
        "row 8 may change app.KNOWN",
    ),
    "by another name": (
        "other = app.KNOWN\nother.clear()\nwith safe_globals(app.KNOWN):\n    read()",
        "row 8 may change app.KNOWN",
    ),
}
TOP = """
import sys
import app
import torch
from contextlib import ExitStack, nullcontext, suppress
from torch.serialization import add_safe_globals, safe_globals
from app.model import Config
KNOWN = [Config]
"""


@pytest.mark.parametrize("name", ON_SOME_WAYS)
def test_what_is_allowed_on_some_ways_alone_is_not_proven(project, name):
    text, said = ON_SOME_WAYS[name]
    load = 'torch.load("state.pt", weights_only=True)'
    write(project, {"read.py": TOP + text.replace("read()", load)})
    result = verify()
    assert f"not proven: {said}" in result.output, result.output
    assert "0 proven" in result.output


LATE = {
    "above": "def f():\n    read()\nf()\nadd_safe_globals([Config])",
    "inside": "class F:\n    def f(self):\n        read()\nF().f()\nadd_safe_globals([Config])",
    "lost": "with suppress(ImportError):\n    import no\n    add_safe_globals([Config])\nread()",
}


@pytest.mark.parametrize("name", LATE)
def test_what_is_registered_later_or_perhaps_does_not_count(project, name):
    load = 'torch.load("state.pt", weights_only=True)'
    write(project, {"read.py": TOP + LATE[name].replace("read()", load)})
    result = verify()
    assert "read.py" in result.output
    assert "Config is registered in read.py" in result.output, result.output
    assert "0 proven" in result.output


SURE = """
ADDED = []
ADDED.append(Config)
print(len(ADDED), KNOWN)
one = safe_globals([Config])
with one:
    a = torch.load("state.pt", weights_only=True)

def made():
    return safe_globals(KNOWN)

with made():
    b = torch.load("state.pt", weights_only=True, map_location="cpu")

def read():
    with safe_globals(ADDED):
        return torch.load("state.pt", weights_only=True, mmap=True)

def bare():
    return torch.load("state.pt", weights_only=True, encoding="utf-8")

add_safe_globals([Config])
bare()
"""


def test_what_is_allowed_on_every_way_is_proven(project):
    write(project, {"read.py": TOP + SURE})
    result = verify()
    assert "4 loads: 4 proven" in result.output, result.output


HARMLESS = """
    import os
    import torch
    from torch.serialization import safe_globals
    from app.model import Config

    def shown(Config, args):
        for Config in args:
            print(vars(args), globals().get("x"), locals())

    with safe_globals([Config]):
        first = torch.load("state.pt", weights_only=True, map_location="cpu")
    with safe_globals([Config]):
        rest = list(torch.load(path, "cuda:1", weights_only=True) for path in ["state.pt"])
    first.path = os.path.join("a", "b")
    setattr(first, "name", 1)
"""


def test_a_program_that_does_just_this_is_proven(project):
    write(project, {"read.py": HARMLESS})
    result = verify()
    assert "2 loads: 2 proven" in result.output, result.output


def test_a_generator_that_outlives_its_block(project):
    load = 'rest = (torch.load(path, weights_only=True) for path in ["state.pt"])'
    write(
        project,
        {"read.py": READ.replace('state = torch.load("state.pt", weights_only=True)', load)},
    )
    result = verify()
    assert "not proven: the generator on line 6 loads when it is used" in result.output


RUNS = """
    import os

    class Config:
        def __setstate__(self, state):
            os.system("mkdir ran")
"""


@pytest.mark.parametrize("kind", ["class", "function"])
def test_what_runs_code_is_not_given_to_torch(project, kind):
    """Though the program allows it: a proof runs nothing of a checkpoint."""
    import torch

    if kind == "class":
        write(project, {"app/model.py": RUNS})
    else:
        write(project, {"app/model.py": "import os\ndef Config(): os.system('mkdir ran')\n"})
        code = "import torch, app.model as m\nclass C:\n def __reduce__(s): return m.Config, ()\n"
        save = f"{code}torch.save(C(), 'state.pt')"
        subprocess.run([sys.executable, "-c", save], cwd=project, check=True)
    result = verify()
    assert not (project / "ran").exists()
    assert "the file is not given to torch" in result.output, result.output
    assert torch.__version__ not in result.output  # it was not even asked


LOADS_EVIL = 'torch.load("evil.pt", weights_only=False)'
BEGIN = READ.partition("    with")[0]
OTHER_LOADS = {
    "after": f"{READ}    other = {LOADS_EVIL}\n    class Own: pass\n",
    "before": f"{BEGIN}    other = {LOADS_EVIL}\n{READ}",
    "pickle": f"{BEGIN}    import pickle\n    pickle.load(open('plain.pkl', 'rb'))\n{READ}",
    "tried": f"{BEGIN}    try: {LOADS_EVIL}\n    except Exception: pass\n{READ}",
}
USES_OWN = """
    class Config:
        def __init__(self, lr):
            self.lr = lr

    import torch
    from torch.serialization import safe_globals

    with safe_globals([Config]):
        state = torch.load("own.pt", weights_only=True)
"""


def keep_evil(project):
    import torch

    torch.save(Payload(project / "ran"), project / "evil.pt")
    (project / "plain.pkl").write_bytes(pickle.dumps(Payload(project / "ran")))


def save_own(project):
    """A checkpoint with a class of the file that loads it, as its own program saves it."""
    save = "import torch, sys, types\nm = types.ModuleType('read'); sys.modules['read'] = m\n"
    save += "class Config: pass\nConfig.__module__ = 'read'; m.Config = Config\n"
    save += "c = Config(); c.lr = 1\ntorch.save(c, 'own.pt')"
    subprocess.run([sys.executable, "-c", save], cwd=project, check=True)


@pytest.mark.parametrize("name", OTHER_LOADS)
def test_loads_of_the_file_itself_do_not_run_while_it_is_imported(project, name):
    """A script without a main guard is imported for its class: its other loads run then."""
    keep_evil(project)
    save_own(project)
    own = OTHER_LOADS[name].replace("from app.model import Config\n", "class Config: pass\n")
    write(project, {"read.py": own.replace("state.pt", "own.pt")})
    verify()
    assert not (project / "ran").exists()


@pytest.mark.parametrize("allowed", ["torch.load('evil.pt', weights_only=False)", "items()"])
def test_expressions_of_an_allowlist_do_not_unpickle(project, allowed):
    keep_evil(project)
    write(project, {"app/items.py": f"import torch\nitems = lambda: {LOADS_EVIL}\n"})
    text = READ.replace("[Config]", allowed).replace(
        "    import torch\n", "    import torch\n    from app.items import items\n"
    )
    write(project, {"read.py": text})
    verify()
    assert not (project / "ran").exists()


def test_an_unpickler_while_modules_are_imported_is_named(project):
    keep_evil(project)
    write(project, {"app/model.py": f"{MODEL}    import torch\n    {LOADS_EVIL}\n"})
    result = verify()
    assert not (project / "ran").exists()
    assert "mkdir would be unpickled without restriction; move what loads it" in result.output
    assert result.exit_code == 2


@pytest.mark.parametrize("swallowed", [False, True])
def test_restricted_loads_do_nothing_while_modules_are_imported(project, swallowed):
    """What the program allows there is not known to be harmless: another file may name it."""
    load = "torch.load('evil.pt', weights_only=True)"
    text = f"""
        import os, torch
        CALLS = {{"make": os.mkdir}}
        class Other:
            def __init__(self, place):
                CALLS["make"](place)
        with torch.serialization.safe_globals([Other]):
            {f"try: {load}" if swallowed else load}
            {"except Exception: pass" if swallowed else ""}
        """
    code = "import torch, app.model as m\nclass C:\n def __reduce__(s): return m.Other, ('ran',)\n"
    write(project, {"app/model.py": "class Other: pass\n"})
    subprocess.run([sys.executable, "-c", f"{code}torch.save(C(), 'evil.pt')"], check=True)
    write(project, {"app/model.py": dedent(text).lstrip() + MODEL})
    result = verify()
    assert not (project / "ran").exists()
    assert "os.mkdir('ran') is called while the file loads" in result.output, result.output
    assert result.exit_code == 2


OWN_UNPICKLERS = {
    "finds by itself": """
        class Own(pickle.Unpickler):
            def find_class(self, module, name):
                return getattr(importlib.import_module(module), name)
        Own(open("plain.pkl", "rb")).load()""",
    "in Python": """
        class Own(pickle._Unpickler):
            find_class = staticmethod(lambda module, name: vars(sys.modules[module])[name])
        Own(open("plain.pkl", "rb")).load()""",
    "from another class": """
        class Finds:
            def find_class(self, module, name):
                return pickle.whichmodule(os.mkdir, name) and os.mkdir
        class Own(Finds, pickle.Unpickler):
            pass
        Own(open("plain.pkl", "rb")).load()""",
    "by one object": """
        class Own(pickle.Unpickler):
            pass
        own = Own(open("plain.pkl", "rb"))
        own.find_class = lambda module, name: getattr(importlib.import_module(module), name)
        own.load()""",
    "by one object in Python": """
        own = pickle._Unpickler(open("plain.pkl", "rb"))
        own.find_class = lambda module, name: getattr(importlib.import_module(module), name)
        own.load()""",
    "by a class that is changed later": """
        class Own(pickle.Unpickler):
            pass
        Own.find_class = lambda own, module, name: getattr(importlib.import_module(module), name)
        Own(open("plain.pkl", "rb")).load()""",
    "by what a class answers": """
        class Own(pickle.Unpickler):
            def __getattribute__(self, name):
                if name != "find_class":
                    return super().__getattribute__(name)
                return lambda module, name: getattr(importlib.import_module(module), name)
        Own(open("plain.pkl", "rb")).load()""",
    "in a table of its own": """
        class Own(pickle._Unpickler):
            def load_stack_global(self):
                name, module = self.stack.pop(), self.stack.pop()
                self.append(getattr(importlib.import_module(module), name))
            dispatch = {**pickle._Unpickler.dispatch, pickle.STACK_GLOBAL[0]: load_stack_global}
        Own(open("plain.pkl", "rb")).load()""",
    "in the table of all": """
        def load_reduce(self):
            self.stack[-2:] = [getattr(importlib.import_module("os"), "mkdir")(*self.stack[-1])]
        pickle._Unpickler.dispatch[pickle.REDUCE[0]] = load_reduce
        pickle._Unpickler(open("plain.pkl", "rb")).load()""",
    "torch.package": 'PackageImporter("package.pt").load_pickle("kept", "x.pkl")',
    "code of a package": 'PackageImporter("package.pt").import_module("code")',
}


@pytest.mark.parametrize("name", OWN_UNPICKLERS)
def test_unpicklers_that_find_classes_by_themselves_are_watched(project, name):
    """Of which audit hooks are told nothing, while modules are imported."""
    from torch.package import PackageExporter

    keep_evil(project)
    with PackageExporter(project / "package.pt") as package:
        package.extern("**")
        package.save_pickle("kept", "x.pkl", Payload(project / "ran"))
        package.save_source_string("code", f"import os\nos.mkdir({str(project / 'ran')!r})")
    begin = "import importlib, os, pickle, sys\nfrom torch.package import PackageImporter\n"
    write(project, {"app/model.py": begin + dedent(OWN_UNPICKLERS[name]).lstrip() + "\n" + MODEL})
    result = verify()
    assert not (project / "ran").exists()
    assert "; move what loads it into a function" in result.output, result.output
    assert result.exit_code == 2


INTERPRETER = """
    import importlib, pickle
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            started = importlib.import_module(name)
        except ImportError:
            continue
        number = started.create()
        started.run_string(number, "import pickle; pickle.load(open('plain.pkl', 'rb'))")
    """


def test_a_second_interpreter_unpickles_nothing(project):
    """In which audit hooks are told of nothing."""
    keep_evil(project)
    write(project, {"app/model.py": dedent(INTERPRETER).lstrip() + MODEL})
    result = verify()
    assert not (project / "ran").exists()
    assert "create is called while modules are imported, and nothing watches" in result.output
    assert result.exit_code == 2


SCRIPTED = """
    import torch
    from typing import Tuple

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.zeros(1)

        def forward(self, x):
            return x

        @torch.jit.export
        def __getstate__(self) -> Tuple[torch.Tensor, bool]:
            return self.weight, self.training

        @torch.jit.export
        def __setstate__(self, state: Tuple[torch.Tensor, bool]) -> None:
            self.weight = torch.from_file("ran", True, 10)
            self.training = state[1]

    if __name__ == "__main__":
        torch.jit.save(torch.jit.script(Net()), "net.pt")
    """
READS_SCRIPTS = {
    "from a file": "torch.jit.load('net.pt')",
    "from a stream": "torch.jit.load(io.BytesIO(open('net.pt', 'rb').read()))",
    "as a checkpoint": "torch.load('net.pt', weights_only=False)",
    "by the name in torch": (
        "torch.import_ir_module(torch._C.CompilationUnit(), 'net.pt', None, {}, False)"
    ),
}


@pytest.mark.parametrize("read", READS_SCRIPTS.values(), ids=READS_SCRIPTS)
def test_code_of_torchscript_does_not_run_while_modules_are_imported(project, read):
    """Its ``__setstate__`` runs as it is read, and makes a file here."""
    write(project, {"scripted.py": SCRIPTED})
    subprocess.run([sys.executable, "scripted.py"], check=True)
    subprocess.run([sys.executable, "-c", f"import io, torch; {read}"], check=True)
    (project / "ran").unlink()
    write(project, {"app/model.py": f"import io, torch\n{read}\n{MODEL}"})
    result = verify()
    assert not (project / "ran").exists()
    assert "import_ir_module" in result.output, result.output
    assert "is called while modules are imported" in result.output
    assert result.exit_code == 2


def test_what_a_module_leaves_running_unpickles_nothing(project):
    """Neither between the imports and the load, nor after it."""
    keep_evil(project)
    text = """
        import pickle, threading, time
        def keep_trying():
            while True:
                try:
                    return pickle.load(open("plain.pkl", "rb"))
                except BaseException:
                    time.sleep(0.0001)
        threading.Thread(target=keep_trying, daemon=True).start()
        """
    write(project, {"app/model.py": dedent(text).lstrip() + MODEL})
    verify()
    assert not (project / "ran").exists()


HARMLESS_UNPICKLERS = {
    "of its own": """
        class Own(pickle.Unpickler):
            def find_class(self, module, name):
                return collections.OrderedDict""",
    "in Python": """
        class Own(pickle._Unpickler):
            def find_class(self, module, name):
                return super().find_class(module, name)""",
    "with another method": """
        class Own(pickle.Unpickler):
            def persistent_load(self, number):
                return number""",
    "that fills in its own way": """
        class Own(pickle._Unpickler):
            dispatch = {**pickle._Unpickler.dispatch}
            dispatch[pickle.BUILD[0]] = lambda self: self.load_build()""",
    "of Python": "Own = pickle.Unpickler",
    "of Python in Python": "Own = pickle._Unpickler",
}


@pytest.mark.parametrize("name", HARMLESS_UNPICKLERS)
def test_an_unpickler_that_finds_what_does_no_harm_goes_on(project, name):
    """By the name that the file has for it, or by its own."""
    (project / "plain.pkl").write_bytes(pickle.dumps(collections.OrderedDict(a=1)))
    text = f"""
        import collections, pickle
        {HARMLESS_UNPICKLERS[name].lstrip()}
        assert Own(open("plain.pkl", "rb")).load() == {{"a": 1}}
        """
    write(project, {"app/model.py": dedent(text).lstrip() + MODEL})
    assert verify().exit_code == 0


def test_what_torch_allows_and_the_classes_in_question_may_be_loaded(project):
    """As a program does, before it is fixed, with its own checkpoints."""
    import torch

    torch.save({"w": torch.ones(2)}, project / "weights.pt")
    loads = "    torch.load('weights.pt', weights_only=False)\n"
    loads += "    torch.load('own.pt', weights_only=False)\n"
    save_own(project)
    write(project, {"read.py": f"{USES_OWN}{loads}"})
    result = verify()
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("how", ["restore_only", "as it is"])
def test_what_is_only_restored_may_not_be_called_while_modules_are_imported(project, how):
    """Another load of the program, which runs then, has no entry that holds its file to anything;
    nor is a class known to do no harm because a program allows it.
    """
    text = """
        import os, torch
        CALLS = {"make": os.mkdir}
        class Config:
            def __init__(self, place):
                CALLS["make"](place)
        torch.load("evil.pt", weights_only=False)
        """
    code = "import torch, app.model as m\nclass C:\n def __reduce__(s): return m.Config, ('ran',)\n"
    subprocess.run([sys.executable, "-c", f"{code}torch.save(C(), 'evil.pt')"], check=True)
    write(project, {"app/model.py": text})
    if how == "restore_only":
        write(project, {"read.py": READ.replace("with safe_globals([Config]):\n        ", "")})
        CliRunner().invoke(root, ["--fix", "--unsafe-fixes", "read.py"])
        assert "restore_only(Config)" in (project / "read.py").read_text()
    result = verify()
    assert not (project / "ran").exists()
    assert "app.model.Config would be unpickled without restriction" in result.output
    assert result.exit_code == 2


PATCHES = {
    "the-kept-answer": "u._get_allowed_globals()['app.model.Config'] = Config",
    "a-block": "torch.serialization.safe_globals.__init__ = keep",
    "what asks": "sys.modules['__main__']._load = answer",
    "what answers": "sys.modules['__main__']._as_json = lambda value: '{\"status\": \"loads\"}'",
    "all loaders": "change('load')",
    "all blocks": "change('block')",
    "all allowlists": "change('_get_user_allowed_globals')",
    "what reads the file": "torch._C.PyTorchFileReader = lambda path: FileReader('plain.pt')",
    "how the file is read": "torch._C.PyTorchFileReader.get_record = lambda *a: plain",
    "what opens": "vars(builtins)['open'] = lambda *a, **k: io.BytesIO(whole)",
    "what makes a tensor": "torch._utils._rebuild_tensor_v2 = Config",
    "json": "json.JSONEncoder.encode = lambda *a: '{}'; json.dumps = lambda *a, **k: '{}'",
}


CHANGE = """
        def change(name):
            for one in gc.get_objects():
                if type(one) is type(change) and one.__name__ == name:
                    one.__code__ = answer.__code__
"""


@pytest.mark.parametrize("name", PATCHES)
def test_changes_inside_torch_do_not_count(project, name):
    """What is asked is a loader of its own; the answer is written without the project's help."""
    text = f"""
        import builtins, gc, io, json, pathlib, sys, torch
        import torch._weights_only_unpickler as u

        FileReader = torch._C.PyTorchFileReader
        plain = FileReader("plain.pt").get_record("data.pkl")
        whole = pathlib.Path("plain.pt").read_bytes()

        class Config:
            pass

        def keep(self, allowed):
            self.safe_globals = [*allowed, Config]

        def answer(*args, **options):
            return {{"status": "loads", "how": "meta device"}}

        {CHANGE if "change(" in PATCHES[name] else ""}
        {PATCHES[name]}
    """
    write(project, {"app/model.py": text, "app/other.py": "class Other: pass\n"})
    save = "import torch; torch.save({'a': 1}, 'plain.pt')"
    subprocess.run([sys.executable, "-c", save], cwd=project, check=True)
    text = READ.replace("[Config]", "[Other]").replace(
        "import Config", "import Config\n    from app.other import Other"
    )
    write(project, {"read.py": text})
    result = verify()
    if "change(" in PATCHES[name]:  # the program's own torch may be another, so it is not asked
        assert "not proven: app/model.py:21 may change one.__code__" in result.output
        assert "0 proven, 0 refused, 1 not proven" in result.output
        return
    assert "Unsupported global: GLOBAL app.model.Config" in result.output, result.output
    if name == "a-block":  # in the program itself it would allow what it is not given
        assert "the block in app/model.py:18 may allow it" in result.output
        assert "0 proven, 0 refused, 1 not proven" in result.output
    else:
        assert "1 refused" in result.output


def test_a_file_that_is_written_anew_is_not_proven(project):
    code = "import torch\nclass Config: pass\ntorch.save({}, 'state.pt')\n"
    write(project, {"app/model.py": code})
    result = verify()
    assert result.exit_code == 2
    assert "failed: the file was changed while it was tried" in result.output, result.output


@pytest.mark.parametrize("error", ["RuntimeError", "ValueError", "MemoryError"])
def test_a_file_that_is_not_opened_is_not_refused(project, error):
    """A hook of the program's keeps it from being read, so that torch says nothing about it."""
    code = f"""
        import sys

        class Config:
            pass

        def hook(event, args):
            if event == "open" and str(args[0]).endswith("state.pt"):
                raise {error}("not here")

        sys.addaudithook(hook)
    """
    write(project, {"app/model.py": code})
    result = verify()
    assert result.exit_code == 2, result.output
    assert f"failed: {error}: not here" in result.output
    assert "0 refused, 1 not proven" in result.output


def test_a_module_that_ends_the_watcher_costs_its_load_alone(project):
    write(project, {
        "app/model.py": "import os\nos.kill(os.getppid(), 9)\nclass Config: pass\n",
        "zread.py": 'import torch\nx = torch.load("plain.pt", weights_only=True)\n',
        "plain.pt": "",
    })  # fmt: skip
    save = "import torch; torch.save({'a': 1}, 'plain.pt')"
    subprocess.run([sys.executable, "-c", save], cwd=project, check=True)
    result = verify("zread.py")
    assert "2 loads: 1 proven, 0 refused, 1 not proven" in result.output, result.output
    assert "failed: what watches over the load was ended" in result.output


def test_a_watcher_that_a_module_stops_ends_soon(project):
    stops = "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\nclass Config: pass\n"
    write(project, {"app/model.py": stops})
    begin = time.monotonic()
    result = verify("--timeout", "1")
    assert time.monotonic() - begin < 30
    assert result.exit_code == 2, result.output
    assert "0 proven, 0 refused, 1 not proven" in result.output


def test_names_and_errors_are_shown_harmlessly(project):
    (project / "state.pt").rename(project / "st\x1b[31mate\n.pt")
    write(project, {"read.py": READ.replace("state.pt", "st\\x1b[31mate\\n.pt")})
    result = verify()
    assert "\x1b" not in result.output
    assert r"st\x1b[31mate\x0a.pt: as it is" in result.output or r"\n.pt: as it is" in result.output


def test_an_interpreter_that_writes_without_end(project):
    program = project / "endless.sh"
    program.write_text("#!/bin/sh\nexec yes\n")
    program.chmod(0o755)
    start = time.monotonic()
    result = verify("--python", str(program), "--timeout", "3")
    assert result.exit_code == 2
    assert "does not run Python" in result.output
    assert time.monotonic() - start < 60


def test_an_interpreter_that_answers_another_question(project):
    program = project / "answers.sh"
    program.write_text('#!/bin/sh\necho \'{"status": "loads", "torch": "2", "how": "x"}\'\n')
    program.chmod(0o755)
    result = verify("--python", str(program))
    assert result.exit_code == 2
    assert "1 proven" not in result.output


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a feature of Linux")
def test_what_was_started_ends_with_the_command(project):
    write(project, {"app/model.py": "import os, time\nopen('pid', 'w').write(str(os.getpid()))\n"
                                    "time.sleep(600)\n"})  # fmt: skip
    command = [sys.executable, "-m", "torchload_lint", "verify", "read.py"]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.DEVNULL)
    number = ""
    while not number:
        assert process.poll() is None
        number = (project / "pid").read_text() if (project / "pid").exists() else ""
        time.sleep(0.1)
    process.kill()
    process.wait()
    until = time.monotonic() + 60
    while Path(f"/proc/{number}").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(f"/proc/{number}").exists()


DOES = {
    "makes a folder": "os.mkdir(place)",
    "makes a folder, swallowed": """try: os.mkdir(place)
        except Exception: pass""",
    "makes a folder in a thread": """
        thread = threading.Thread(target=os.mkdir, args=(place,))
        thread.start()
        thread.join()""",
    "writes a file": "pathlib.Path(place).write_text('x')",
    "starts a thread": "getattr(threading, 'Thr' + 'ead')(target=int).start()",
    "asks for less of a processor": "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "limits another process": """import resource
        resource.prlimit(os.getppid(), resource.RLIMIT_CORE, (0, 0))""",
    "sets a terminal": "import termios; termios.tcsetattr(0, 0, [])",
    "connects": "socket.socketpair()[0].close()",
    "starts an interpreter": """
        for name in ("_interpreters", "_xxsubinterpreters"):
            try: __import__("importlib").import_module(name).create()
            except Exception: pass""",
    "starts a program": "getattr(os, 'system')('mkdir ' + place)",
}


def has_landlock() -> bool:
    """Whether the kernel says which version it has (landlock_create_ruleset(2))."""
    if sys.platform != "linux":
        return False
    import ctypes

    return ctypes.CDLL(None).syscall(444, None, 0, 1) > 0


COMPILED = {
    "changes modes": "C.chmod(b'log', 0o777)",
    "changes times": "C.utimes(b'log', None)",
    "starts a program": "C.system(b'true')",
    "forks": "C.fork() or C._exit(0)",
    "signals": "C.kill(os.getppid(), 0)",
    "asks the network": "C.socket(socket.AF_INET, socket.SOCK_DGRAM, 0)",
    "shares memory": "C.shmget(0, 10, 0o1600)",
}
"""What compiled code does by itself: its functions were looked up while the module was imported."""
if sys.platform == "linux" and os.uname().machine == "x86_64":
    COMPILED["changes modes, by another number"] = "C.syscall(0x40000000 + 90, b'log', 0o777)"


BY_KERNEL = {"saves": "torch.save(1, place)", "makes a pipe": "os.mkfifo(place)"}
"""What no audit hook is told of."""


OPEN = {
    "file": "FILE.write('x'); FILE.flush()",
    "number of a file": "os.write(FILE.fileno(), b'x')",
    "pipe": "os.write(PIPE[1], b'x')",
    "socket": "SOCKETS[0].send(b'x')",
    "hidden file": "os.write(FILE.fileno(), b'x')\n\nos.listdir = lambda place: []",
}
"""What is open already for writing: neither audit hooks nor the kernel are asked again."""


def proven_in(project: Path, action: str):
    """A proof of a checkpoint whose class does something when it is loaded."""
    runs = """
        import _thread, ctypes, gc, os, pathlib, signal, socket, sys, threading, time, torch

        START = _thread.start_new_thread
        FILE = open("log", "a")
        PIPE = os.pipe()
        SOCKETS = socket.socketpair()
        C = ctypes.CDLL(None)
        for name in "chmod utimes system fork kill socket shmget syscall _exit usleep".split():
            getattr(C, name, None)

        def tries(seconds, *given):
            until = time.monotonic() + (0 if given else seconds)
            while True:
                try:
                    os.chmod("log", 0o777)
                except BaseException:
                    time.sleep(0.0002)
                if time.monotonic() >= until:
                    return

        class Config:
            def __setstate__(self, state):
                place = "ran"
                {}
        """
    (project / "app" / "model.py").write_text(dedent(runs).lstrip().format(action))
    allowed = [AllowedObject(Spelling("app.model", "Config"))]
    return prove(project / "state.pt", allowed, Interpreter(Path(sys.executable)), [project])


@pytest.mark.parametrize("action", DOES.values(), ids=DOES)
def test_what_a_class_does_as_it_is_loaded_is_not_done(project, action):
    """Only what is known to run code is refused before: here a class is allowed of which that is
    not known. Nothing is proven of it, and nothing done.
    """
    outcome = proven_in(project, action)
    assert not (project / "ran").exists()
    assert outcome.status == "failed", outcome
    assert "is called while the file loads, which no proof does" in outcome.error
    assert not outcome.is_answer


@pytest.mark.skipif(not has_landlock(), reason="Linux with Landlock")
@pytest.mark.parametrize("action", BY_KERNEL.values(), ids=BY_KERNEL)
def test_what_goes_past_python_is_refused_by_the_kernel(project, action):
    outcome = proven_in(project, action)
    assert not (project / "ran").exists()
    assert outcome.status == "failed", outcome
    assert "Permission denied" in outcome.error


@pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in {"x86_64", "aarch64"},
    reason="the system calls of Linux on two kinds of machine",
)
@pytest.mark.parametrize("action", COMPILED.values(), ids=COMPILED)
def test_what_compiled_code_does_by_itself_ends_the_proof(project, action):
    """No audit hook is told, Landlock does not know it, and the class goes on as if all were well.

    What is there first shows that such functions can be called.
    """
    assert proven_in(project, "C.usleep(1)").loads
    (project / "log").chmod(0o600)
    os.utime(project / "log", (1, 1))
    outcome = proven_in(project, action)
    assert outcome.status == "failed", outcome
    assert "compiled code starts a program, signals, asks the network" in outcome.error
    state = (project / "log").stat()
    assert (state.st_mode & 0o777, state.st_mtime) == (0o600, 1)


@pytest.mark.parametrize("action", OPEN.values(), ids=OPEN)
def test_what_is_open_already_is_not_written_to(project, action):
    outcome = proven_in(project, action)
    assert (project / "log").read_bytes() == b""
    assert outcome.status == "failed", outcome
    assert "what is open already is written to while the file loads" in outcome.error


LATER = {
    "a thread": "START(tries, (5,))",
    "the handler of a signal": """signal.signal(signal.SIGALRM, tries)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)""",
    "a callback of gc": "gc.callbacks.append(tries); gc.set_threshold(1, 1, 1)",
    "a profiler": "sys.setprofile(tries)",
}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such modes")
@pytest.mark.parametrize("action", LATER.values(), ids=LATER)
def test_what_a_class_leaves_behind_does_nothing_after_the_load(project, action):
    """Nor while the answer is written, with which the process ends."""
    proven_in(project, action)
    assert (project / "log").stat().st_mode & 0o777 != 0o777


def test_what_a_class_reads_and_computes_is_tried(project):
    outcome = proven_in(project, "self.x = open(__file__).read(), torch.ones(2) * 2")
    assert outcome.loads, outcome


def test_a_file_that_runs_code_is_a_finding(project):
    import torch

    torch.save(Payload(project / "ran"), project / "state.pt")
    result = verify()
    assert not (project / "ran").exists()
    assert "0 proven, 0 refused, 1 not proven" in result.output
    assert "state.pt is dangerous" in result.output
    assert result.exit_code == 1, result.output


def test_an_import_that_waits_is_waited_for_once(project):
    """Two loads of one file; the way out is named."""
    write(project, {"app/__init__.py": "import time\ntime.sleep(600)\n"})
    other = READ.replace("state =", "again =").partition("with")[2]
    (project / "read.py").write_text(dedent(READ).lstrip() + dedent("    with" + other))
    begin = time.monotonic()
    result = verify("--timeout", "3")
    assert time.monotonic() - begin < 12
    assert result.output.count("no answer within 3 s: an import of the project may wait") == 2
    assert "--timeout SECONDS" in result.output
    assert result.exit_code == 2
