"""What a safe fix leaves alone, or does in another way: programs run before and after it."""

from __future__ import annotations

import re
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

NET = """
    class Config:
        def __init__(self, lr=1):
            self.lr = lr

    class Other(Config):
        pass
"""
GET = """
    import torch

    def get():
        return torch.load("w.pt", weights_only=False).lr
"""
LOAD = 'torch.load("w.pt", weights_only=False).lr'
WRITTEN = f"""
    import torch, net, tools
    {{}}
    print({LOAD})
"""
HIDDEN_SAVES = {
    "arguments handed on": "def save(*args, **kwargs):\n    torch.save(*args, **kwargs)",
    "keywords handed on": "def save(obj, f):\n    put(obj=obj, f=f)\n\n"
    "def put(**kwargs):\n    torch.save(**kwargs)",
    "another name": "save = torch.save",
    "lambda": "save = lambda obj, f: torch.save(obj, f)",
    "thread": "import threading\n\ndef save(obj, f):\n"
    "    thread = threading.Thread(target=torch.save, args=(obj, f))\n"
    "    thread.start()\n    thread.join()",
    "partial": "import functools\n\ndef save(obj, f):\n    functools.partial(torch.save, obj)(f)",
}
PUT_THERE = {
    "copied into a folder": "import shutil; shutil.copy('../out/w.pt', '.')",
    "copied as a folder": "import shutil; shutil.copytree('../out', '.', dirs_exist_ok=True)",
    "opened by its handle": "import os; h = os.open('w.pt', os.O_WRONLY | os.O_TRUNC); "
    "f = os.fdopen(h, 'wb'); torch.save(net.Other(), f); f.close()",
    "fetched": "import pathlib, urllib.request as u; "
    "u.urlretrieve(pathlib.Path('../out/w.pt').resolve().as_uri(), 'w.pt')",
    "saved by a thread": "import threading; "
    "t = threading.Thread(target=torch.save, args=(net.Other(), 'w.pt')); t.start(); t.join()",
}
ALLOWING = "from net import Config\nfrom torch.serialization import safe_globals\n\n"
ALLOW_AROUND = {
    "block that a function returns": "def allow():\n    return safe_globals([Config])\n",
    "block of a context manager": "import contextlib\n\n\n@contextlib.contextmanager\n"
    "def allow():\n    with safe_globals([Config]):\n        yield\n",
    "block that a lambda makes": "allow = lambda: safe_globals([Config])\n",
    "block of a partial": "import functools\n\nallow = functools.partial(safe_globals, [Config])\n",
    "block of a subclass": "class allow(safe_globals):\n    def __init__(self):\n"
    "        super().__init__([Config])\n",
    "block of a list that is made": "def allow(found=[Config]):\n"
    "    return safe_globals([one for one in found])\n",
    "registration by map, undone by a block": "from torch.serialization import add_safe_globals\n"
    "import contextlib\n\nlist(map(add_safe_globals, [[Config]]))\n"
    "allow = contextlib.nullcontext\n",
    "registration by name, undone by a block": "import contextlib\nimport torch\n\n"
    "getattr(torch.serialization, 'add_' + 'safe_globals')([Config])\n"
    "allow = contextlib.nullcontext\n",
}
IN_ALLOWANCE = """
    import torch
    from net import Config
    from allowing import allow
    from other import get

    with allow():
        print(get(), torch.load("w.pt", weights_only=True).lr)
"""
BESIDE_THE_LOAD = {
    "property": ("@property\n    def it(self)", "int", "holder.it"),
    "item": ("def __getitem__(self, at)", "int", "holder[0]"),
    "sum": ("def __add__(self, more)", "int", "holder + 1"),
    "text": ("def __str__(self)", "str", "f'{holder}'"),
    "length": ("def __len__(self)", "int", "len(holder)"),
    "truth": ("def __bool__(self)", "bool", "not holder"),
}
LEFT_ALONE = {
    **{
        name: {
            "other.py": GET,
            "allowing.py": f"{ALLOWING}{code}",
            "main.py": IN_ALLOWANCE,
        }
        for name, code in ALLOW_AROUND.items()
    },
    **{name: {"tools.py": "", "main.py": WRITTEN.format(code)} for name, code in PUT_THERE.items()},
    "name of a class body that a loop binds": {
        "save": "torch.save(1, 'plain.pt'); torch.save(net.Config(), 'w.pt')",
        "main.py": """
            import torch

            class Paths:
                last = "plain.pt"
                for last in ["w.pt"]:
                    pass

            print(torch.load(Paths.last, weights_only=False).lr)
        """,
    },
    "list of the caller": {
        "main.py": """
            import torch
            from net import Config

            def load(path, allowed):
                with torch.serialization.safe_globals(allowed):
                    return torch.load(path, weights_only=True)

            print(load("w.pt", [Config]).lr)
            try:
                load("w.pt", [])
            except Exception:
                print("refused, as it should be: UnpicklingError")
        """,
    },
    "block beside threads of another file": {
        "other.py": GET,
        "main.py": """
            from concurrent.futures import ThreadPoolExecutor
            import other

            with ThreadPoolExecutor(8) as pool:
                found = [pool.submit(lambda: other.get()) for _ in range(100)]
                print(*{each.result() for each in found})
        """,
    },
    "block beside a thread's class": {
        "other.py": GET,
        "main.py": """
            import threading
            import other

            class Reader(threading.Thread):
                def run(self):
                    for _ in range(100):
                        other.get()

            readers = [Reader() for _ in range(4)]
            for each in readers:
                each.start()
            for each in readers:
                each.join()
            print(1)
        """,
    },
    **{
        name: {
            "tools.py": f"import torch\n\n{text}\n",
            "main.py": WRITTEN.format("tools.save(net.Other(), 'w.pt')"),
        }
        for name, text in HIDDEN_SAVES.items()
    },
    "attribute set": {
        "tools.py": "",
        "main.py": WRITTEN.format(
            "c = net.Config()\n    c.child = net.Other()\n    torch.save(c, 'w.pt')"
        ),
    },
    "attribute set by name": {
        "tools.py": "",
        "main.py": WRITTEN.format(
            "c = net.Config()\n    setattr(c, 'x', net.Other())\n    torch.save(c, 'w.pt')"
        ),
    },
    "changed by a function": {
        "tools.py": "import net\n\ndef fill(c):\n    c['x'] = net.Other()\n",
        "main.py": WRITTEN.replace(").lr", ")['c'].lr").format(
            "c = {'c': net.Config()}\n    tools.fill(c)\n    torch.save(c, 'w.pt')"
        ),
        "save": "torch.save({'c': net.Config()}, 'w.pt')",
    },
    "block in another file": {
        "other.py": GET,
        "main.py": """
            import torch
            from net import Config, Other
            from other import get

            with torch.serialization.safe_globals([Config, Other]):
                print(get(), torch.load("w.pt", weights_only=True).lr)
        """,
    },
    "block two files away": {
        "other.py": GET,
        "between.py": "import other\n\n\nclass Reader:\n    def read(self):\n"
        "        return other.get()\n",
        "main.py": """
            import torch
            from net import Config
            from between import Reader

            with torch.serialization.safe_globals([Config]):
                print(Reader().read(), torch.load("w.pt", weights_only=True).lr)
        """,
    },
}
FIXED = {
    **{
        f"load beside code that loads: {name}": {
            "main.py": f"""
import torch


class Holder:
    {head}:
        lr = torch.load("w.pt", weights_only=False).lr
        return {kind}(lr)


holder = Holder()
found = [{expression}], torch.load("w.pt", weights_only=False).lr
print(found[1])
"""
        }
        for name, (head, kind, expression) in BESIDE_THE_LOAD.items()
    },
    "imported after its use": {
        "main.py": f"""
            import torch

            class Reader:
                def read(self):
                    return {LOAD}

            print(Reader().read())
            from net import Config
            print(Config)
        """,
    },
    "in the body of an enumeration": {
        "main.py": f"""
            import enum
            import torch

            class Kind(enum.Enum):
                A = {LOAD}

            print(list(Kind))
        """,
    },
    "name of an exception": {
        "main.py": f"""
            import torch
            from net import Config

            try:
                Config.missing
            except AttributeError as Config:
                pass
            print({LOAD})
        """,
    },
    "settings before the import": {
        "net.py": f"import settings\n{dedent(NET)}\nassert settings.READY\n",
        "settings.py": "READY = False\n",
        "main.py": f"""
            import torch
            import settings

            settings.READY = True
            print({LOAD})
        """,
        "save": "torch.save(net.Config(), 'w.pt')",
    },
    "name by a star": {
        "other.py": "import inspect\nConfig = 1\n\ndef show():\n"
        "    return inspect.stack()[1].frame.f_globals['Config']\n",
        "main.py": f"""
            import torch
            from other import *

            print({LOAD}, show())
        """,
    },
    "name by a star below": {
        "other.py": "Config = safe_globals = torch = 1\n",
        "main.py": f"""
            import torch as t
            import net

            def main():
                print(t.{LOAD.partition(".")[2]})

            from other import *
            main()
        """,
    },
    "name by globals": {
        "main.py": f"""
            import torch

            globals()["Config"] = globals()["safe_globals"] = 5
            print({LOAD}, globals()["Config"])
        """,
    },
    "both fixed": {
        "other.py": GET,
        "main.py": f"""
            import torch
            import other

            def main():
                print([{LOAD}, other.get(), {LOAD}])

            main()
        """,
    },
    "handed over": {
        "other.py": GET,
        "main.py": f"""
            import torch
            import other

            def apply(function, value):
                return function() + value

            print(apply(other.get, {LOAD}), {LOAD})
        """,
    },
    "private name": {
        "net.py": NET.replace("Config", "__Config"),
        "main.py": f"""
            import torch

            class Reader:
                def read(self):
                    return {LOAD}

            print(Reader().read())
        """,
        "save": "torch.save(getattr(net, '__Config')(), 'w.pt')",
    },
    "imported below, with what was set above": {
        "settings.py": "READY = False",
        "net.py": "import settings\nSEEN = settings.READY\n" + dedent(NET),
        "main.py": f"""
            import torch, settings

            settings.READY = True
            print({LOAD})
            import net
            print(net.SEEN)
        """,
    },
    "attribute that is plain": {
        "main.py": f"""
            import torch, net

            c = net.Config()
            c.epoch = 3
            torch.save(c, "w.pt")
            print({LOAD})
        """,
    },
}


def python(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout or done.stderr


def prepare(folder: Path, files: dict[str, str]) -> None:
    (folder / "pyproject.toml").write_text("[project]\ndependencies = ['torch>=2.6']\n")
    for path, text in {"net.py": NET, **files}.items():
        if path != "save":
            (folder / path).write_text(dedent(text).lstrip())
    restore(folder, files)


def restore(folder: Path, files: dict[str, str]) -> None:
    """Put the checkpoint there: a program may have written another one. What it may put in its
    place lies outside of the project, where no run of the program would read it.
    """
    save = files.get("save", "torch.save(net.Config(), 'w.pt')")
    (folder.parent / "out").mkdir(exist_ok=True)
    ready = "import settings; settings.READY = True; " if "settings.py" in files else ""
    other = "torch.save(net.Other(), '../out/w.pt')" if "save" not in files else ""
    python(folder, "-c", f"{ready}import torch, net; {save}; {other}")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def texts(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("*.py")))


def account(output: str) -> list[str]:
    """What a run says of all its loads together."""
    return re.findall(r"^\d+ loads?: .*", output, re.MULTILINE)


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_what_a_safe_fix_would_break_is_left_alone(name: str, project: Path) -> None:
    prepare(project, LEFT_ALONE[name])
    before = python(project, "main.py")
    assert before.startswith("1"), before
    restore(project, LEFT_ALONE[name])
    source = texts(project)
    CliRunner().invoke(root, ["--fix", "."])
    assert texts(project) == source
    if "block" not in name:
        CliRunner().invoke(root, ["--fix", "--unsafe-fixes", "."])
        assert "UnpicklingError" in python(project, "main.py")


@pytest.mark.parametrize("name", FIXED)
def test_a_program_that_is_fixed_runs(name: str, project: Path) -> None:
    prepare(project, FIXED[name])
    before = python(project, "main.py")
    assert "1" in before
    assert "Error" not in before
    restore(project, FIXED[name])
    result = CliRunner().invoke(root, ["--fix", "."])
    written = (project / "main.py").read_text()
    assert ("weights_only=True" in written) == (name != "private name"), result.output
    assert python(project, "main.py") == before
    again = CliRunner().invoke(root, ["."])
    assert account(again.output) == account(result.output)


def test_a_function_that_a_fix_writes_is_known_to_be_called(project: Path) -> None:
    files = {
        "net.py": NET.replace("self.lr = lr", "self.lr = eval(str(lr))"),
        "main.py": """
            import torch, net

            def read(path="w.pt"):
                found = torch.load(path, weights_only=False) if isinstance(path, str) else path
                return found.lr if isinstance(found, net.Config) else 0

            print(read("w.pt"))
        """,
    }
    prepare(project, files)
    result = CliRunner().invoke(root, ["--fix", "--unsafe-fixes", "."])
    assert "load_with_safe_globals(path)" in (project / "main.py").read_text()
    assert account(result.output) == ["1 load: 1 read from files."]
    assert python(project, "main.py").startswith("1")
