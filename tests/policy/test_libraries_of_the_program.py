"""What installed packages change of what a class of the project, or of another package, uses."""

# ruff: noqa: E501 - one library a row

from __future__ import annotations

from textwrap import dedent

import pytest

from installed_library import install
from torchload_lint.config import Settings
from torchload_lint.names import GlobalName
from torchload_lint.source.proofs import class_lookup
from torchload_lint.workspace import Projects

GOOD = "def helper(x):\n    return x and len(x)\n"
BAD = "import os\ndef helper(x):\n    os.mkdir(x)\n"
NET = """
from LIB import helper
class Net:
    def __init__(self, x=None):
        self.x = helper(x)
"""
KEPT = "class Kept:\n    hooks = [1]\n    def __init__(self, x=None):\n        for hook in self.hooks:\n            callable(hook) and hook(x)\n"
LOGS = "import logging\nlog = logging.getLogger('x')\nclass Kept:\n    def __init__(self, x=None):\n        log.warning('%s', x)\n"
HANDLER = "import logging\nclass H(logging.Handler):\n    pass\n"
HANDS_ON = {
    "a star import below": "from .core import helper\nfrom .bad import *\n",
    "a loop": "from .core import helper\nfrom . import bad\nfor helper in [bad.helper]:\n    pass\n",
    "all of its names": "from .core import helper\nfrom . import bad\nglobals().update(vars(bad))\n",
    "another module for itself": "import sys\nfrom . import bad\nfrom .core import helper\nsys.modules[__name__] = bad\n",
}  # fmt: skip
CHANGES = {
    "its own module": "from . import bad, core\ncore.helper = bad.helper\n",
    "a builtin of a module": "from . import bad, core\ncore.len = bad.helper\n",
    "Python's builtin": "import builtins\nfrom . import bad\nbuiltins.len = bad.helper\n",
    "a name in wide letters": f"from . import bad, core\ncore.{chr(0xFF48)}elper = bad.helper\n",
    "its tests, which it imports": "from . import tests\n",
}


def reason(tmp_path, name, files, models="", needs=("lib",), **packages):
    """Why a class is not proven; empty where it is."""
    for one, texts in {"lib": files, **packages}.items():
        install(tmp_path, {f"{one}/{path}": text for path, text in texts.items()}, name=one)
    wanted = ", ".join(f'"{one}"' for one in needs)
    project = f'[project]\nname = "p"\nversion = "0"\ndependencies = [{wanted}]\n'
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "models.py").write_text(dedent(models))
    index = Projects(Settings()).project_of(tmp_path / "models.py").context.project
    found = class_lookup.find(index, GlobalName(*name))
    assert found is not None
    return found.unproven


def library(**texts):
    tests = "from .. import bad, core\ncore.helper = bad.helper\n"
    files = {"core.py": GOOD, "bad.py": BAD, "__init__.py": "", "tests/__init__.py": tests}
    return {**files, **{f"{name}.py": text for name, text in texts.items()}}


@pytest.mark.parametrize("text", HANDS_ON.values(), ids=HANDS_ON)
def test_what_a_package_hands_on_may_be_another(tmp_path, text):
    models = NET.replace("LIB", "lib")
    assert reason(tmp_path, ("models", "Net"), library(__init__=text), models)


@pytest.mark.parametrize("text", CHANGES.values(), ids=CHANGES)
def test_what_a_package_changes_of_itself_counts(tmp_path, text):
    models = NET.replace("LIB", "lib.core")
    assert reason(tmp_path, ("models", "Net"), library(__init__=text), models)


def test_a_package_that_changes_nothing_keeps_the_proof(tmp_path):
    models = NET.replace("LIB", "lib")
    files = library(__init__="from .core import helper\nfrom .bad import other\n")
    assert reason(tmp_path, ("models", "Net"), files, models) == ""


def test_another_package_may_change_what_the_project_uses(tmp_path):
    models = NET.replace("LIB", "lib.core") + "import other\n"
    other = {"__init__.py": "from lib import core, bad\ncore.helper = bad.helper\n"}
    name, needs = ("models", "Net"), ("lib", "other")
    assert "other/__init__.py" in reason(tmp_path, name, library(), models, needs, other=other)


@pytest.mark.parametrize("where", ["project", "package"])
def test_others_fill_the_tables_of_a_package(tmp_path, where):
    fills = "import os\nfrom lib.kept import Kept\nKept.hooks.append(os.mkdir)\n"
    models = fills if where == "project" else "import lib.kept, other\n"
    others = {} if where == "project" else {"other": {"__init__.py": fills}}
    why = reason(
        tmp_path, ("lib.kept", "Kept"), library(kept=KEPT), models, ("lib", *others), **others
    )
    assert "may put something into hooks" in why


def test_tables_that_nobody_fills_keep_the_proof(tmp_path):
    assert reason(tmp_path, ("lib.kept", "Kept"), library(kept=KEPT), "import lib.kept\n") == ""


def test_what_a_package_hangs_onto_loggers_counts(tmp_path):
    files = library(kept=LOGS, handler=HANDLER)
    assert "logging" in reason(tmp_path, ("lib.kept", "Kept"), files, "import lib.kept\n")
