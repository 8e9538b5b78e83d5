"""A notebook, or a script of another name, that changes a class and then loads it."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import filled, loaded, project
from torchload_lint.workspace.one_file import Options

pytestmark = pytest.mark.torch

HEAD = "import sys, os, torch, victim\n"
LOAD = "model = torch.load('net.pt')\n"
CHANGES = {
    "an attribute": "victim.Net.__setstate__ = lambda self, s: os.mkdir(s['x'])\n",
    "a function": "victim.same = lambda x: os.mkdir(x)\n",
    "by setattr": "setattr(victim, 'same', lambda x: os.mkdir(x))\n",
    "the output": "class W:\n    def write(self, x): os.mkdir(x)\nsys.stdout = W()\n",
}
BODY = "def __setstate__(self, s): self.x = same(s['x'])"
PRINTING = f"{BODY}; print(s['x'], end='')"


def fixed(folder, name, text):
    project(folder, "def same(x): return x", PRINTING if "sys.stdout" in text else BODY)
    if name.endswith(".ipynb"):
        cell = {"cell_type": "code", "source": text, "metadata": {}, "outputs": []}
        text = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (folder / name).write_text(text)
    torchload_lint.check(folder / name, options=Options(fix=True, unsafe=True, write=True))
    return (folder / name).read_text()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_notebook_changes_what_it_loads(change, tmp_path):
    assert "safe_globals([victim.Net])" not in fixed(tmp_path, "run.ipynb", HEAD + change + LOAD)
    (tmp_path / "other.py").write_text(HEAD + change)
    loaded(tmp_path, filled(x=forge.text("ran")), more="other")
    assert (tmp_path / "ran").is_dir()


@pytest.mark.parametrize("change", ["", "class Own: pass\nOwn.x = print\n", "torch.x = 1\n"])
def test_a_notebook_that_changes_nothing_of_it(change, tmp_path):
    assert "safe_globals([victim.Net])" in fixed(tmp_path, "run.ipynb", HEAD + change + LOAD)
