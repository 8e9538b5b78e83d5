"""A list that stands in the code already is judged by what the file does under it."""

from __future__ import annotations

import ast
import os
from textwrap import dedent

import pytest

from running import run_script, run_text, write
from torchload_lint import api
from torchload_lint.helper_module import helper_text

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="programs are run in forks"),
]

MODELS = """
    import os

    def helper(path):
        os.system("touch " + path)

    class Called:
        def __reduce__(self):
            return helper, ("marker",)

    class Restored:
        def __init__(self):
            self.path = "marker"

        def __setstate__(self, state):
            os.system("touch " + state["path"])

    class Plain:
        def __init__(self):
            self.path = "marker"
"""
SAVES = """
    import torch
    from models import Called, Plain, Restored

    torch.save({"x": %s()}, "file.pt")
"""
LOADS = """
    import torch
    from models import Plain, Restored, helper

    with torch.serialization.safe_globals([%s]):
        torch.load("file.pt", weights_only=True)
"""


def found(root):
    return [one for result in api.check([root]).results for one in result.diagnostics]


@pytest.mark.parametrize(("made", "listed"), [("Called", "helper"), ("Restored", "Restored")])
def test_what_runs_code_under_the_list_is_no_clean_run(made, listed, tmp_path, monkeypatch):
    write(tmp_path, {"models.py": MODELS, "run.py": LOADS % listed})
    monkeypatch.chdir(tmp_path)
    assert run_text(tmp_path, SAVES % made).error == ""
    assert run_script(tmp_path, "run.py").error == ""
    assert (tmp_path / "marker").exists(), "the file does nothing; the case shows nothing"
    (told,) = [one for one in found(tmp_path) if one.code == "TLL201"]
    assert f"file.pt needs models.{listed}, which a list allows here" in told.message
    assert "calls os.system" in told.message


def test_a_plain_class_is_nothing_to_report(tmp_path, monkeypatch):
    write(tmp_path, {"models.py": MODELS, "run.py": LOADS % "Plain"})
    monkeypatch.chdir(tmp_path)
    assert run_text(tmp_path, SAVES % "Plain").error == ""
    assert found(tmp_path) == []


RESTORES = """
    import torch
    from models import Plain
    from restore_only import restore_only, safe_globals

    with safe_globals([restore_only(Plain)]):
        torch.load("file.pt", weights_only=True)
"""
FORGED = """
    from contextlib import contextmanager

    def restore_only(cls):
        return cls

    @contextmanager
    def safe_globals(entries):
        yield
"""


@pytest.mark.parametrize(
    ("helper", "told"),
    [
        (helper_text(), []),
        (ast.unparse(ast.parse(helper_text())), []),
        (dedent(FORGED), ["TLL201"]),
        (helper_text() + "\nrestore_only = list\n", ["TLL201"]),
    ],
    ids=["as written", "formatted", "forged", "changed"],
)
def test_another_module_of_that_name_is_not_believed(helper, told, tmp_path, monkeypatch):
    write(tmp_path, {"models.py": MODELS, "run.py": RESTORES})
    (tmp_path / "restore_only.py").write_text(helper)
    monkeypatch.chdir(tmp_path)
    assert run_text(tmp_path, SAVES % "Plain").error == ""
    assert [one.code for one in found(tmp_path) if one.code == "TLL201"] == told


EVAL = {
    "by its name": "torch.serialization.add_safe_globals([eval])",
    "by the inner function": "torch._weights_only_unpickler._add_safe_globals([eval])",
    "by another file's name": "torch.serialization.add_safe_globals([helper])",
    "appended": "many = []\nmany.append(eval)\ntorch.serialization.add_safe_globals(many)",
    "added": "many = []\nmany += [eval]\ntorch.serialization.add_safe_globals(many)",
    "behind others": (
        "many = [dict]\nmany.extend([eval, int])\ntorch.serialization.add_safe_globals([*many])"
    ),
}


@pytest.mark.parametrize("case", EVAL)
def test_eval_is_eval_under_any_name(case, tmp_path):
    run = f"import torch\nfrom compat import helper\n{EVAL[case]}\ntorch.load('a.pt')\n"
    write(tmp_path, {"compat.py": "from builtins import eval as helper\n", "run.py": run})
    (told,) = [one for one in found(tmp_path) if one.code == "TLL201"]
    assert "`builtins.eval` must not be allowed" in told.message


def test_what_is_added_to_another_list_is_nothing_to_report(tmp_path):
    run = (
        "import torch\nmany, other = [dict], []\nother.append(eval)\nmany.append(int)\n"
        "torch.serialization.add_safe_globals(many)\n"
    )
    write(tmp_path, {"run.py": run})
    assert [one for one in found(tmp_path) if one.code == "TLL201"] == []
