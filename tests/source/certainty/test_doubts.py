"""Which paths are all that a load can read, and which may be others after all."""

from __future__ import annotations

import pytest

from source.resolving import resolve

OBJECT = (
    "class Job:\n    def __init__(self):\n        self.path = 'a.pt'\n"
    "    def load(self):\n        return torch.load(self.path)\n"
)
ACTION = (
    "import argparse\nclass Pairs(argparse.Action):\n"
    "    def __call__(self, parser, options, values, name=None):\n"
    "        setattr(options, self.dest, values)\n"
    "p = argparse.ArgumentParser()\np.add_argument('--o', action=Pairs)\n"
)
CALLED = "def load(p):\n    return torch.load(p)\nload('a.pt')\n"
CERTAIN = {
    "a literal": ("torch.load('a.pt')\n", {}),
    "a constant": ("PATH = 'a.pt'\ntorch.load(PATH)\n", {}),
    "a constant that another file reads": (
        "PATH = 'a.pt'\ntorch.load(PATH)\n",
        {"other.py": "import main\nprint(main.PATH)\n"},
    ),
    "a caller": ("def load(p):\n    return torch.load(p)\nload('a.pt')\n", {}),
    "an object's attribute": (OBJECT + "Job().load()\n", {}),
    "an attribute that a subclass sets, too, is found": (
        OBJECT,
        {
            "other.py": "from main import Job\nclass Mine(Job):\n    path = 'b.pt'\n"
            "    def __init__(self): pass\n"
        },
    ),
    "a method that nobody calls": (
        OBJECT + "    def rename(self, path):\n        self.path = path\nJob().load()\n",
        {},
    ),
    "a subclass of a mixin that says something else": (
        OBJECT + "Job().load()\n",
        {"other.py": "from main import Job\nclass Mine(Job):\n    name = 'b.pt'\n"},
    ),
    "options that argparse hands to an action": (
        OBJECT + "Job().load()\n",
        {"other.py": ACTION + "a = p.parse_args()\n"},
    ),
    "attributes that are written as JSON": (
        OBJECT + "Job().load()\n",
        {"other.py": "import json\nprint(json.dumps(thing, default=vars))\n"},
    ),
    "an object that Python's own functions see": (
        "import json\n" + OBJECT + "job = Job()\nprint(job, json.dumps(repr(job)))\njob.load()\n",
        {},
    ),
    "a dictionary that is printed": ("D = {'p': 'a.pt'}\nprint(D)\ntorch.load(D['p'])\n", {}),
    "a caller that a document shows, and a function of the same name in a notebook": (
        CALLED,
        {
            "README.md": "from main import load\nload('b.pt')\n",
            "n.ipynb": '{"cells": [{"source": ["from other import load\\n", "load(name)"]}]}',
        },
    ),
    "a constant that a notebook reads": (
        "PATH = 'a.pt'\ntorch.load(PATH)\n",
        {"n.ipynb": '{"cells": [{"source": ["import main\\n", "main.PATH == 3"]}]}'},
    ),
    "a constant of a module whose namesake lies beside another program": (
        "import settings\ntorch.load(settings.PATH)\n",
        {
            "settings.py": "PATH = 'a.pt'\n",
            "docs/settings/__init__.py": "PATH = 'b.pt'\n",
            "settings.pyi": "PATH: str\n",
        },
    ),
    "a file that one load reads": (
        (
            "with open('a.pt', 'rb') as f:\n    f.seek(0)\n    torch.load(f)\n"
            "with open('b.pt', 'rb') as f:\n    f.read()\n"
        ),
        {},
    ),
    "a file that a function is given": (
        "def read(f):\n    return torch.load(f)\nf = open('a.pt', 'rb')\nread(f)\nf.close()\n",
        {},
    ),
    "a buffer that is read": (
        "b = io.BytesIO(open('a.pt', 'rb').read())\nb.seek(0)\nout.write(x)\ntorch.load(b)\n",
        {},
    ),
    "a path from the root, and a folder that changes": (
        "os.chdir('runs')\ntorch.load('/weights/a.pt')\n",
        {},
    ),
    "the project's folder is gone to": (
        "os.chdir(os.path.dirname(os.path.abspath(__file__)))\ntorch.load('a.pt')\n",
        {},
    ),
    "another file goes to the project's folder": (
        "torch.load('a.pt')\n",
        {
            "tools/run.py": "import contextlib\nfrom pathlib import Path\n"
            "ROOT = Path(__file__).resolve().parent.parent\n"
            "with contextlib.chdir(ROOT):\n    import main\n"
        },
    ),
    "the value of a member beside classes that are no enumerations": (
        OBJECT + "Job().load()\n",
        {"other.py": "def change(it):\n    it._value_ = 1\n"},
    ),
}
MAIN = ("import __main__ as it", "import sys; it = sys.modules['__main__']")
CERTAIN |= {
    f"another name of what was started: {reached}": (
        "import other\nPATH = 'a.pt'\nother.go()\ntorch.load(PATH)\n",
        {"other.py": f"def go():\n    {reached}\n    it.OTHER = 'b.pt'\n"},
    )
    for reached in MAIN
}
DOUBTFUL = {
    **{
        f"a name of what was started: {reached}": (
            "import other\nPATH = 'a.pt'\nother.go()\ntorch.load(PATH)\n",
            {"other.py": f"def go():\n    {reached}\n    it.PATH = 'b.pt'\n"},
        )
        for reached in MAIN
    },
    "a constant that another file sets": (
        "PATH = 'a.pt'\ndef load():\n    return torch.load(PATH)\n",
        {"other.py": "import main\nmain.PATH = 'b.pt'\nmain.load()\n"},
    ),
    "an attribute that another file sets": (
        OBJECT,
        {"other.py": "from main import Job\njob = Job()\njob.path = 'b.pt'\njob.load()\n"},
    ),
    "an attribute that is set by name": (
        OBJECT + "job = Job()\nsetattr(job, 'path', os.environ['P'])\njob.load()\n",
        {},
    ),
    "a dictionary that is handed on": (
        "import other\nD = {'p': 'a.pt'}\nother.fill(D)\ntorch.load(D['p'])\n",
        {},
    ),
    "a dictionary under another name": (
        "D = {'p': 'a.pt'}\nE = D\nE['p'] = 'b.pt'\ntorch.load(D['p'])\n",
        {},
    ),
    "a method that somebody may call": (
        OBJECT + "    def rename(self, path):\n        self.path = path\n"
        "job = Job()\ngetattr(job, os.environ['M'])('b.pt')\njob.load()\n",
        {},
    ),
    "an object that a stranger is given": (
        "import stranger\n" + OBJECT + "job = Job()\nstranger.poke(job)\njob.load()\n",
        {},
    ),
    "a class that inherits from a stranger's": (
        "import stranger\n"
        + OBJECT.replace("class Job:", "class Job(stranger.Base):")
        + "Job().load()\n",
        {},
    ),
    "an object that an action is given for options": (
        OBJECT + "Job().load()\n",
        {"other.py": ACTION + "import main\np.parse_args(None, main.Job())\n"},
    ),
    "an action that the program calls": (
        OBJECT + "Job().load()\n",
        {"other.py": ACTION + "Pairs('--o', 'path')(p, found, 'b.pt')\n"},
    ),
    "globals()": ("PATH = 'a.pt'\nglobals()['PATH'] = 'b.pt'\ntorch.load(PATH)\n", {}),
    "a folder that changes": ("os.chdir('runs')\ntorch.load('a.pt')\n", {}),
    "a folder above the project": (
        "os.chdir(Path(__file__).parent.parent)\ntorch.load('a.pt')\n",
        {},
    ),
    "a folder that a name stands for which is set again": (
        (
            "ROOT = Path(__file__).parent\nglobals()['ROOT'] = '/'\nos.chdir(ROOT)\n"
            "torch.load('a.pt')\n"
        ),
        {},
    ),
    "the project's folder under one condition": (
        "os.chdir(Path(__file__).parent if len(sys.argv) > 1 else '/')\ntorch.load('a.pt')\n",
        {},
    ),
    "the function that changes the folder, under another name": (
        "go = os.chdir\ngo(Path(__file__).parent)\ngo('/')\ntorch.load('a.pt')\n",
        {},
    ),
    "a file that was read from before": (
        "f = open('a.pt', 'rb')\nf.read(8)\ntorch.load(f)\n",
        {},
    ),
    "a file that is handed to several": (
        "def read(f):\n    return torch.load(f)\nf = open('a.pt', 'rb')\nread(f)\nread(f)\n",
        {},
    ),
    "a file that a loop reads from": (
        "f = open('a.pt', 'rb')\nfor n in range(2):\n    torch.load(f)\n",
        {},
    ),
    "a file in an attribute": (
        (
            "class A:\n    def __init__(self):\n        self.f = open('a.pt', 'rb')\n"
            "    def read(self):\n        return torch.load(self.f)\nA().read()\n"
        ),
        {},
    ),
    "a file that a function reads from by its name": (
        "f = open('a.pt', 'rb')\ndef read():\n    return torch.load(f)\nread()\nread()\n",
        {},
    ),
    "a buffer that is written to": (
        "b = io.BytesIO(open('a.pt', 'rb').read())\nb.truncate()\nb.write(data)\ntorch.load(b)\n",
        {},
    ),
    "the value of a member": (
        (
            "import enum\nclass Kind(enum.Enum):\n    A = 'a.pt'\n"
            "def change(it):\n    it._value_ = 'b.pt'\ntorch.load(Kind.A.value)\n"
        ),
        {},
    ),
    "a module of the same name in a folder that is searched first": (
        "import sys\nsys.path.insert(0, 'old')\nimport settings\ntorch.load(settings.PATH)\n",
        {"settings.py": "PATH = 'a.pt'\n", "old/settings.py": "PATH = 'b.pt'\n"},
    ),
    "a caller in a notebook": (
        CALLED,
        {"n.ipynb": '{"cells": [{"source": ["from main import load\\n", "load(name)"]}]}'},
    ),
    "a caller in a shell script": (
        CALLED,
        {"run.sh": "python -c 'import main; main.load(\"b.pt\")'\n"},
    ),
    "a constant that a notebook sets": (
        "PATH = 'a.pt'\ndef load():\n    return torch.load(PATH)\n",
        {"n.ipynb": '{"cells": [{"source": ["import main as m\\n", "m.PATH = 3"]}]}'},
    ),
    "a caller whose import may find this file or the one beside it": (
        "def load(p):\n    return torch.load(p)\nload('a.pt')\n",
        {
            "tools/main.py": "def load(p): pass\n",
            "tools/run.py": "import sys\nsys.path[0] = '.'\nfrom main import load\nload('b.pt')\n",
        },
    ),
    "a decorator that nobody knows": (
        "import wraps\n@wraps.all\ndef load(p):\n    return torch.load(p)\nload('a.pt')\n",
        {},
    ),
}


@pytest.mark.parametrize(("source", "others"), CERTAIN.values(), ids=CERTAIN)
def test_nothing_else_can_be_read(source, others):
    assert resolve(source, others).complete


@pytest.mark.parametrize(
    ("reaching", "certain"),
    [("", True), ("import sys\nsys._getframe(1)\n", False), ("import __main__\n", False)],
)
def test_code_that_another_file_makes_up_does_not_reach_into_a_notebook(reaching, certain):
    others = {"setup.py": f"{reaching}exec(text)\n"}
    found = resolve("PATH = 'a.pt'\ntorch.load(PATH)\n", others, at="n.ipynb")
    assert found.complete is certain


def test_a_module_beside_a_script_and_one_above_it_are_told_apart_by_how_it_is_started():
    others = {"settings.py": "PATH = 'b.pt'\n", "sub/settings.py": "PATH = 'a.pt'\n"}
    found = resolve("import settings\ntorch.load(settings.PATH)\n", others, at="sub/main.py")
    assert not found.complete
    assert "another file than sub/settings.py may be imported, from" in found.unknown[0]


@pytest.mark.parametrize(("source", "others"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_a_doubt_is_named(source, others):
    found = resolve(source, others)
    assert not found.complete
    assert found.unknown
