"""A copy of the project's own module that is installed, and that Python may import instead."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("torch")

from checkpoint.cases import forge
from policy.test_proofs_attacked import filled, loaded, project, stands_as_itself

pytestmark = pytest.mark.torch

OLD = "import os\nclass Net:\n    def __setstate__(self, s): os.mkdir(s['x'])\n"
HELPER = "from helper import same\nclass Net:\n    def __setstate__(self, s): same(s['x'])\n"
NAMES = {"plain": "class Net:\n    pass\n", "with a module": HELPER}


def with_copy(folder, text, copies):
    project(folder, "", "pass", helper="def same(x): return x\n")
    (folder / "victim.py").unlink()
    (folder / "src").mkdir()
    (folder / "helper.py").rename(folder / "src" / "helper.py")
    (folder / "src" / "victim.py").write_text(text)
    installed = folder / ".venv" / "lib" / "python3.11" / "site-packages"
    installed.mkdir(parents=True)
    (folder / ".venv" / "pyvenv.cfg").write_text(f"home = {sys.prefix}\n")
    for name, copy in copies.items():
        (installed / f"{name}.py").write_text(copy)
    return installed


STALE = {
    "the class": (NAMES["plain"], {"victim": OLD}),
    "a module that it uses": (
        HELPER,
        {"victim": HELPER, "helper": "import os\ndef same(x): os.mkdir(x)\n"},
    ),
}


@pytest.mark.parametrize(("text", "copies"), STALE.values(), ids=STALE)
def test_a_copy_that_an_older_build_has_left(text, copies, tmp_path, monkeypatch):
    installed = with_copy(tmp_path, text, copies)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert not stands_as_itself(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(installed))
    loaded(tmp_path, filled(x=forge.text("ran")))
    assert (tmp_path / "ran").is_dir()


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_a_copy_of_the_same_text(text, tmp_path, monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    with_copy(tmp_path, text, {"victim": text, "helper": "def same(x): return x\n"})
    assert stands_as_itself(tmp_path)
