"""What a fix writes can be imported and is the object meant: each program is run before and after.

Every case is a project: its files, the code that writes its checkpoints, and what has to stand in
the fixed file, or has to be missing from it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import pytest

from running import run_script, run_text, write
from torchload_lint import api

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="programs are run in forks"),
]

CLASS = "class Spec:\n    a = 1\n"
RUN = 'import torch\n\nprint(torch.load("m.pt", weights_only=False).a)\n'
SAVE = "import torch\nfrom {} import Spec\ntorch.save(Spec(), 'm.pt')"


class Program(NamedTuple):
    """A project, and what a fix has to make of one of its scripts."""

    files: Mapping[str, str]
    saves: str
    written: str
    """What stands in the script afterwards."""
    script: str = "run.py"
    path: tuple[str, ...] = ()
    """Folders on ``sys.path`` besides the script's own."""
    site: Mapping[str, str] = {}
    """Packages that are installed."""
    arguments: tuple[str, ...] = ()


PROGRAMS = {
    "namespace package that a file imports": Program(
        {
            "acme/audio/__init__.py": "",
            "acme/audio/core.py": CLASS,
            "run.py": f"import acme.audio.core\n{RUN}",
        },
        SAVE.format("acme.audio.core"),
        "acme.audio.core.Spec",
    ),
    "namespace package that only the checkpoint names": Program(
        {"acme/audio/__init__.py": "", "acme/audio/core.py": CLASS, "run.py": RUN},
        SAVE.format("acme.audio.core"),
        "from acme.audio.core import Spec\n",
    ),
    "two folders without __init__": Program(
        {"org/team/core.py": CLASS, "run.py": RUN},
        SAVE.format("org.team.core"),
        "from org.team.core import Spec\n",
    ),
    "three floors, the last a package": Program(
        {"a/b/c/__init__.py": "", "a/b/c/core.py": CLASS, "run.py": RUN},
        SAVE.format("a.b.c.core"),
        "from a.b.c.core import Spec\n",
    ),
    "a script inside of the namespace folder": Program(
        {"acme/audio/__init__.py": "", "acme/audio/core.py": CLASS, "acme/run.py": RUN},
        "import sys\nsys.path.insert(0, 'acme')\n" + SAVE.format("audio.core"),
        "from audio.core import Spec\n",
        script="acme/run.py",
    ),
    "a folder that the script puts on sys.path": Program(
        {
            "libs/audio/__init__.py": "",
            "libs/audio/core.py": CLASS,
            "run.py": f"import sys\nsys.path.insert(0, 'libs')\nfrom audio import core\n{RUN}",
        },
        "import sys\nsys.path.insert(0, 'libs')\n" + SAVE.format("audio.core"),
        "core.Spec",
    ),
    "namespace package below a declared folder": Program(
        {
            "pyproject.toml": '[tool.setuptools.packages.find]\nwhere = ["lib"]\n',
            "lib/acme/audio/core.py": CLASS,
            "tools/run.py": RUN,
        },
        "import sys\nsys.path.insert(0, 'lib')\n" + SAVE.format("acme.audio.core"),
        "from acme.audio.core import Spec\n",
        script="tools/run.py",
        path=("lib",),
    ),
    "src layout": Program(
        {"src/acme/audio/core.py": CLASS, "run.py": RUN},
        "import sys\nsys.path.insert(0, 'src')\n" + SAVE.format("acme.audio.core"),
        "from acme.audio.core import Spec\n",
        path=("src",),
    ),
    "the folder src is imported from": Program(
        {"src/audio/core.py": CLASS, "run.py": f"from src.audio import core\n{RUN}"},
        SAVE.format("src.audio.core"),
        "core.Spec",
    ),
    "script beside a package": Program(
        {
            "acme/__init__.py": "",
            "acme/core.py": CLASS,
            "acme/cli/__init__.py": "",
            "acme/cli/run.py": f"from ..core import Spec\n{RUN}",
            "run.py": "import acme.cli.run\n",
        },
        SAVE.format("acme.core"),
        "safe_globals([Spec])",
    ),
    "function of the module's name, module imported": Program(
        {
            "pkg/__init__.py": "from .net import net\n",
            "pkg/net.py": f"{CLASS}def net():\n    return Spec()\n",
            "run.py": f"import pkg.net\n{RUN}",
        },
        "import torch\nfrom pkg.net import Spec\ntorch.save(Spec(), 'm.pt')",
        "from pkg.net import Spec\n",
    ),
    "function of the module's name, taken from the package": Program(
        {
            "pkg/__init__.py": "from .net import net\n",
            "pkg/net.py": f"{CLASS}def net():\n    return Spec()\n",
            "run.py": f"from pkg import net\n{RUN}",
        },
        SAVE.format("pkg.net"),
        "from pkg.net import Spec\n",
    ),
    "function of the module's name, and the class's name is taken": Program(
        {
            "pkg/__init__.py": "from .net import net\n",
            "pkg/net.py": f"{CLASS}def net():\n    return Spec()\n",
            "run.py": f"import pkg.net\nSpec = 3\n{RUN}",
        },
        SAVE.format("pkg.net"),
        "from pkg.net import Spec as _Spec\n",
    ),
    "value of the module's name": Program(
        {
            "pkg/__init__.py": "from . import net as _net\nnet = 3\n",
            "pkg/net.py": CLASS,
            "run.py": f"import pkg.net as n\n{RUN}",
        },
        SAVE.format("pkg.net"),
        "from pkg.net import Spec\n",
    ),
    "star import that brings the module's name": Program(
        {
            "pkg/__init__.py": "from .net import *\n",
            "pkg/net.py": f"{CLASS}def net():\n    return Spec()\n",
            "run.py": f"import pkg.net\n{RUN}",
        },
        SAVE.format("pkg.net"),
        "from pkg.net import Spec\n",
    ),
    "package of the module's name inside of it": Program(
        {
            "pkg/__init__.py": "from .net import net\n",
            "pkg/net/__init__.py": CLASS,
            "pkg/net/net.py": "",
            "run.py": f"import pkg.net\n{RUN}",
        },
        SAVE.format("pkg.net"),
        "from pkg.net import Spec\n",
    ),
    "module that is what it seems": Program(
        {
            "pkg/__init__.py": "from . import net\nfrom .net import Spec\n",
            "pkg/net.py": CLASS,
            "run.py": f"import pkg.net\n{RUN}",
        },
        SAVE.format("pkg.net"),
        "safe_globals([pkg.net.Spec])",
    ),
    "package that answers for the module": Program(
        {
            "pkg/__init__.py": "def __getattr__(name):\n    return 3\n",
            "pkg/net.py": CLASS,
            "run.py": f"from pkg import net\n{RUN}",
        },
        SAVE.format("pkg.net"),
        "from pkg.net import Spec\n",
    ),
    "DataParallel": Program(
        {
            "run.py": """
                import torch

                print(type(torch.load("m.pt", map_location="cpu", weights_only=False)))
            """
        },
        "import torch\ntorch.save(torch.nn.DataParallel(torch.nn.Linear(2, 2)), 'm.pt')",
        "safe_globals([torch.nn.DataParallel, torch.nn.Linear",
    ),
    "a hook of torch whose module is hidden": Program(
        {
            "run.py": """
                import torch
                import torch.nn.utils.weight_norm

                print(type(torch.load("m.pt", weights_only=False)["w"]))
            """,
            "torchload-lint.toml": 'trusted = ["torch.nn.utils.weight_norm.WeightNorm"]\n',
        },
        """
        import torch
        from torch.nn.utils.weight_norm import WeightNorm
        torch.save({"w": WeightNorm("weight", 0)}, "m.pt")
        """,
        "from torch.nn.utils.weight_norm import WeightNorm\n",
    ),
    "installed package that hides the module": Program(
        {
            "run.py": f"import geo.data\n{RUN}",
            "torchload-lint.toml": 'trusted = ["geo.*"]\n',
        },
        SAVE.format("geo.data.data"),
        "from geo.data.data import Spec\n",
        site={
            "geo/__init__.py": "",
            "geo/data/__init__.py": "from .data import data, Spec\n",
            "geo/data/data.py": f"{CLASS}def data(): ...\n",
        },
    ),
}


PROGRAMS["an empty block, whose function another file takes from there"] = Program(
    {
        "lib.py": "import torch\nfrom torch.serialization import safe_globals\n\n\ndef read():\n"
        "    with safe_globals([]):\n        return torch.load('m.pt', weights_only=True)\n",
        "run.py": "import lib\nfrom lib import safe_globals\n\n"
        "print(lib.read(), safe_globals.__name__)\n",
    },
    "import torch\ntorch.save(1, 'm.pt')",
    "def read():\n    return torch.load('m.pt', weights_only=True)\n",
)
PROGRAMS["an empty block that has a name"] = Program(
    {
        "run.py": "import torch\nfrom torch.serialization import safe_globals\n\n"
        "with safe_globals([]) as given:\n    x = torch.load('m.pt', weights_only=True)\n"
        "print(x, given)\n",
    },
    "import torch\ntorch.save(1, 'm.pt')",
    "with safe_globals([]) as given:\n",
)


def fix_all(root: Path) -> str:
    """Apply the safe fixes to every file that loads; their texts one after another."""
    loading = [path for path in sorted(root.rglob("*.py")) if "torch.load" in path.read_text()]
    for path in loading:
        path.write_text(api.fix(path.read_text(), path))
    return "\n".join(path.read_text() for path in loading)


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_the_program_runs_as_before(program, tmp_path, monkeypatch):
    root, site = tmp_path / "project", tmp_path / "site"
    write(root, program.files)
    write(site, program.site)
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.chdir(root)
    paths = (*program.path, "../site")
    assert run_text(root, program.saves, path=(".", *paths)).error == ""
    before = run_script(root, program.script, *program.arguments, path=paths)
    assert before.error == ""
    fixed = fix_all(root)
    assert program.written in fixed
    assert "weights_only=False" not in fixed
    after = run_script(root, program.script, *program.arguments, path=paths)
    assert after == before
