"""What a safe fix leaves alone, or does in another way: programs run before and after it."""

from __future__ import annotations

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
LEFT_ALONE = {
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
    """Put the checkpoint there: a program may have written another one."""
    save = files.get("save", "torch.save(net.Config(), 'w.pt')")
    python(folder, "-c", f"import torch, net; {save}")


def texts(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("*.py")))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_what_a_safe_fix_would_break_is_left_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path, LEFT_ALONE[name])
    before = python(tmp_path, "main.py")
    assert before.startswith("1"), before
    restore(tmp_path, LEFT_ALONE[name])
    source = texts(tmp_path)
    CliRunner().invoke(root, ["--fix", "."])
    assert texts(tmp_path) == source
    if "block" not in name:
        CliRunner().invoke(root, ["--fix", "--unsafe-fixes", "."])
        assert "UnpicklingError" in python(tmp_path, "main.py")


@pytest.mark.parametrize("name", FIXED)
def test_a_program_that_is_fixed_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prepare(tmp_path, FIXED[name])
    before = python(tmp_path, "main.py")
    assert "1" in before
    assert "Error" not in before
    restore(tmp_path, FIXED[name])
    result = CliRunner().invoke(root, ["--fix", "."])
    written = (tmp_path / "main.py").read_text()
    assert ("weights_only=True" in written) == (name != "private name"), result.output
    assert python(tmp_path, "main.py") == before
