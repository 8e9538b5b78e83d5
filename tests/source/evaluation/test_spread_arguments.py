"""Arguments that come as ``**options``: taken where they are known, else nothing is complete."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.paths import resolve_path

START = """\
import argparse
import os
from dataclasses import dataclass

import torch
from huggingface_hub import hf_hub_download

@dataclass
class Options:
    path: str = "default.pt"
    size: int = 1

parser = argparse.ArgumentParser()
parser.add_argument("--path")
given = vars(parser.parse_args())
"""


def resolved(expression: str):
    index = project({"main.py": f"{START}torch.load({expression})\n"})
    module = index.module_at("main.py")
    (load,) = module.loads
    found = resolve_path(load.file, module, index)
    return [pattern.text for pattern in found.patterns], found.complete


@pytest.mark.parametrize("arguments", ["**given", "*given", "size=2, **given"])
def test_a_default_is_not_all_where_a_constructor_may_be_given_any_field(arguments):
    assert resolved(f"Options({arguments}).path") == (["default.pt"], False)


@pytest.mark.parametrize("arguments", ["", "size=2"])
def test_a_default_is_all_where_it_is_not(arguments):
    assert resolved(f"Options({arguments}).path") == (["default.pt"], True)


def test_a_known_mapping_is_spread_over_a_librarys_function():
    known = "hf_hub_download(**{'repo_id': 'a/b', 'filename': 'x.bin'}, local_dir='w')"
    assert resolved(known)[0] == ["w/x.bin"]


def test_an_unknown_one_leaves_it_open():
    assert resolved("os.path.join('w', 'x.bin')") == (["w/x.bin"], True)
    assert resolved("os.path.join('w', 'x.bin', **given)") == (["w/x.bin"], False)
