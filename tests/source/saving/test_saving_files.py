"""Which files name ``torch.save``, by their text alone."""

from __future__ import annotations

import pytest

from torchload_lint.source.saving.saving_files import may_save


@pytest.mark.parametrize(
    ("text", "saves"),
    [
        ("import torch\ntorch.save(a, b)\n", True),
        ("import torch as t\nt.save(a, b)\n", True),
        ("from torch import save\nsave(a, b)\n", True),
        ('import importlib\nt = importlib.import_module("torch")\nt.save(a, b)\n', True),
        ('t = __import__("torch")\nt.save(a, b)\n', True),
        ('import torch\nkeep = getattr(torch, "save")\n', True),
        ("def write(th, a):\n    th.save(a, 'a.pt')\n", True),
        ("import torch\nmodel.save('a.pt')\n", False),
        ('t = importlib.import_module("os")\nt.save(a, b)  # torch\n', False),
    ],
)
def test_by_whatever_name_a_file_imports_torch(text, saves):
    assert may_save(text) is saves
