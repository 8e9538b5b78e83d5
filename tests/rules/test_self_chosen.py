"""Allowlists that are filled by a function of another file."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from project_files import project
from torchload_lint.rules.allowlists.self_chosen_safe_globals import check

ASKING = """
import pydoc
from torch.serialization import get_unsafe_globals_in_checkpoint

def objects(path):
    return [pydoc.locate(name) for name in get_unsafe_globals_in_checkpoint(path)]

def count(path):
    return len(get_unsafe_globals_in_checkpoint(path))
"""
KNOWN = "import argparse\n\ndef objects(path):\n    return [argparse.Namespace]\n"


@pytest.mark.parametrize(
    ("imported", "used", "rows"),
    [
        ("from find import objects", "objects(p)", [4]),
        ("import find as f", "[*f.objects(p)]", [4]),
        ("from find import count", "[dict] * count(p)", []),
        ("from known import objects", "objects(p)", []),
        ("from elsewhere import objects", "objects(p)", []),
    ],
)
def test_what_another_file_says(imported, used, rows):
    code = f"import torch\n{imported}\n\ntorch.serialization.add_safe_globals({used})\n"
    index = project({"main.py": code, "find.py": ASKING, "known.py": KNOWN})
    found = check(index.module_at("main.py"), (), SimpleNamespace(project=index))
    assert [one.span.start.row for one in found] == rows


@pytest.mark.parametrize(
    ("header", "called", "rows"),
    [
        ("def allow(self, names)", "self.allow(get(p))", [6]),
        ("@staticmethod\n    def allow(names)", "self.allow(names=get(p))", [7]),
        ("def allow(self, others, names=())", "self.allow(get(p))", []),
    ],
)
def test_what_a_method_is_given(header, called, rows):
    code = (
        "import pydoc, torch\n"
        "from torch.serialization import get_unsafe_globals_in_checkpoint as get\n"
        f"class Loader:\n    {header}:\n"
        "        found = [pydoc.locate(name) for name in names]\n"
        "        torch.serialization.add_safe_globals(found)\n"
        f"    def load(self, p):\n        {called}\n"
        "        return torch.load(p, weights_only=True)\n"
    )
    index = project({"main.py": code})
    found = check(index.module_at("main.py"), (), SimpleNamespace(project=index))
    assert [one.span.start.row for one in found] == rows
