"""Tests of one option in several files: what one stores is not what another one loads."""

from __future__ import annotations

import textwrap

import pytest

from project_files import project
from source.resolving import resolve, texts
from torchload_lint.source.paths import resolve_load

KEEPER = """
    import os
    class Keeper:
        def __init__(self, args):
            if args.load == ".":
                self.folder = os.path.join("runs", args.save)
            else:
                self.folder = os.path.join("runs", args.load)
                if not os.path.exists(self.folder):
                    args.load = "."
    """
MAIN = """
    import argparse
    from keeper import Keeper
    from model import Model
    parser = argparse.ArgumentParser()
    parser.add_argument("--load", default=".")
    parser.add_argument("--save", default="new")
    args = parser.parse_args()
    Model(args, Keeper(args))
    """
MODEL = """
    import torch
    class Model:
        def __init__(self, args, keeper):
            if {test}:
                self.restore(keeper.folder)
        def restore(self, folder):
            torch.load(folder + "/last.pt")
    """


@pytest.mark.parametrize(
    ("test", "exact"),
    [
        ("args.load != '.'", []),
        ("args.load == '.'", ["runs/new/last.pt"]),
        ("args.save != '.'", ["runs/new/last.pt"]),
    ],
)
def test_what_is_stored_below_another_test_is_not_exact(test, exact):
    files = {"keeper.py": KEEPER, "main.py": MAIN, "model.py": MODEL.format(test=test)}
    index = project({name: textwrap.dedent(text) for name, text in files.items()})
    module = index.module_at("model.py")
    (load,) = module.loads
    found = resolve_load(load, module, index)
    assert [each.text for each in found.patterns if each.exact] == exact


def test_a_name_that_is_set_anew_below_a_test_of_what_it_was_given():
    source = """
    def load(opt):
        name = opt["data"]
        if opt["data"] == "long":
            name = "short"
        torch.load(name + ".pt")
    load({"data": "long"})
    """
    opened = []
    program = textwrap.dedent(source).replace("torch.load", "opened.append")
    exec(program, {"opened": opened})
    assert texts(resolve(textwrap.dedent(source))) == opened
