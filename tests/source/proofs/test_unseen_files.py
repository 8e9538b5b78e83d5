"""No proof where the program has files of which nobody can say what they change."""

from __future__ import annotations

import pytest

from project_files import MemoryFiles
from torchload_lint.source.project.index import ProjectIndex
from torchload_lint.source.proofs.proof import prove_class

MODELS = """
def safe(x):
    return x

class Net:
    def __init__(self, x=0):
        self.x = safe(x)
"""
PATCH = "import models\ndef evil(*_):\n    open('marker', 'w')\nmodels.safe = evil\n"
ASIDE = ("conftest.py", "setup.py", "tests/patch.py", "docs/patch.py", "test_patch.py")
WIDE = str.maketrans("s", chr(0xFF53))
"""A letter that Python reads as ``s`` in a name."""


class WithExcluded(MemoryFiles):
    """Files of which some are there, and not looked at."""

    def python_files(self):
        return [path for path in super().python_files() if not path.startswith("build/")]

    def holding(self, word):
        return [path for path in super().holding(word) if not path.startswith("build/")]


def unproven(**texts: str) -> str:
    index = ProjectIndex(WithExcluded({"models.py": MODELS, **texts}))
    module = index.module_at("models.py")
    (node,) = [one for one in module.tree.body if getattr(one, "name", "") == "Net"]
    return prove_class(node, module, index).unproven


@pytest.mark.parametrize("path", ASIDE)
def test_what_the_program_imports_is_part_of_it(path):
    patch = PATCH + ("def test_it(): pass\n" if path.startswith("test_") else "")
    name = path.removesuffix(".py").replace("/", ".")
    folder, _, last = name.rpartition(".")
    assert unproven(**{path: patch}) == ""
    imports = [f"import {name}", f"import os, {name} as p", f"x = 1; import {name}"]
    imports.append(
        f"from {folder} import (\n    {last} as p)" if folder else f"if 1: import {name}"
    )
    imports.append(f"import importlib\nimportlib.import_module('{name}')")
    for text in imports:
        assert unproven(**{path: patch, "run.py": f"{text}\n"}).startswith(path)


def test_what_an_imported_test_imports_is_part_of_it():
    files = {"conftest.py": "from tests.helpers import go\n", "tests/helpers.py": PATCH}
    assert unproven(**files) == ""
    assert unproven(**files, **{"run.py": "import conftest\n"}).startswith("tests/helpers.py")


@pytest.mark.parametrize("path", ["build/patch.py", "build/patch/__init__.py", "patch.pyc"])
def test_an_imported_file_that_is_not_looked_at_ends_the_proof(path):
    name = path.removesuffix(".py").removesuffix(".pyc").removesuffix("/__init__").replace("/", ".")
    files = {path: PATCH, "build/other.py": PATCH}
    assert unproven(**files) == ""
    reason = unproven(**files, **{"run.py": f"import {name}\n"})
    assert reason == f"run.py imports {path}, which is not looked at"


def test_a_name_in_wide_letters_ends_the_proof():
    wide = PATCH.replace("models.safe", "models.safe".translate(WIDE))
    assert unproven(**{"patch.py": wide}).endswith("in letters that Python reads as others")
    assert (
        unproven(**{"patch.py": f"# {'safe'.translate(WIDE)}, and 3 m\u00b2\nx = '\ufb01'\n"}) == ""
    )


def test_a_file_that_cannot_be_parsed_here_ends_the_proof():
    choices = "".join(f"elif models is {number}:\n    pass\n" for number in range(400))
    long = f"{PATCH}if models is None:\n    pass\n{choices}"
    assert unproven(**{"patch.py": long}) == "patch.py cannot be parsed here"
    set_by_name = long.replace("models.safe = evil", "setattr(models, 'sa' 'fe', evil)")
    assert unproven(**{"patch.py": set_by_name}) == "patch.py cannot be parsed here"
    assert unproven(**{"patch.py": "print 'of Python 2'\n"}) == ""


def test_a_target_in_the_next_row_is_seen():
    on_two_rows = PATCH.replace("models.safe", "models.\\\n  safe")
    assert unproven(**{"patch.py": on_two_rows}).startswith("patch.py:4 sets")


@pytest.mark.parametrize("where", ["pkg/__init__.py", "patch.py"])
def test_a_name_that_a_package_hands_on_may_get_another_meaning(where):
    models = MODELS.split("class")[1]
    files = {
        "models.py": f"from pkg import given\nclass{models}".replace("safe(", "given("),
        "pkg/core.py": "def safe(x):\n    return x\n",
        "pkg/__init__.py": "from .core import safe as given\n",
    }
    patch = PATCH.replace("models", "pkg").replace(".safe", ".given")
    assert unproven(**files) == ""
    assert "sets pkg.given" in unproven(**{**files, where: files.get(where, "") + patch})
    unrelated = patch.replace(".given", ".unrelated")
    assert unproven(**{**files, where: files.get(where, "") + unrelated}) == ""
