"""A package that is given something else for one of its modules: the proof has read that module."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from checkpoint.cases import forge
from policy.test_proofs_attacked import NET, loaded, project, stands_as_itself

pytestmark = pytest.mark.torch

CLASS = "import app.sub\n\nclass Net:\n    def __init__(self, x='1'): app.sub.run(x)\n"
EVAL = "def run(x): eval(x)\n"
HIDING = {
    "an attribute": "import app\nfrom app import other\napp.sub = other\n",
    "in one row": "import app\nfrom app import other\nif app: app.sub = other\n",
    "setattr": "import app\nfrom app import other\nsetattr(app, 'sub', other)\n",
    "vars": "import app\nfrom app import other\nvars(app)['sub'] = other\n",
    "sys.modules": "import sys\nfrom app import other\nsys.modules['app'].sub = other\n",
}


def files(folder, other):
    project(folder, "", "pass", forge.call(NET))
    (folder / "victim.py").write_text(CLASS)
    (folder / "app").mkdir()
    for name, text in (("__init__", ""), ("sub", "def run(x): return 1\n"), ("other", other)):
        (folder / "app" / f"{name}.py").write_text(text)


@pytest.mark.parametrize("hiding", HIDING.values(), ids=HIDING)
def test_a_module_is_hidden(hiding, tmp_path):
    files(tmp_path, EVAL + hiding)
    (tmp_path / "victim.py").write_text(f"{CLASS}import app.other\n")
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, forge.call(NET, forge.text("__import__('os').mkdir('ran')")))
    assert (tmp_path / "ran").is_dir()


@pytest.mark.parametrize("other", ["import app\napp.flag = print\n", "class A:\n    sub = print\n"])
def test_other_attributes_may_be_set(other, tmp_path):
    files(tmp_path, EVAL + other)
    assert stands_as_itself(tmp_path)
