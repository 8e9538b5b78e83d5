from __future__ import annotations

import json

import pytest

from torchload_lint.source.loaders.prefilter import (
    imports_loading_package,
    may_hold_load,
    may_hold_load_in_cells,
)

WORTH_A_LOOK = [
    "import torch\ntorch.load(p)",
    "import torch\ntorch.save(x, p)",
    "import torch as th\nth.load(p)",
    "import torch as th\nth.save(x, p)",
    "import torch as th\nth.serialization.load(p)",
    "import  torch\tas  th\nth.load(p)",
    "from torch import load",
    "from torch import nn, load as read",
    "from torch import (\n    nn,\n    load,\n)",
    "from torch import nn, \\\n    load",
    "from torch import *\nload(p)",
    "from torch.serialization import load",
    "from torch import serialization\nserialization.add_safe_globals([A])",
    "import torch\nx = torch\nx.load(p)",
    "import torch\nf(torch, 'load')",
    'getattr(torch, "load")(p)',
    "importlib.import_module('torch').load(p)",
    "__import__('torch').load(p)",
    "setattr(torch, 'load', x)",
    "import torch\nvars(torch)['load'](p)",
    "import torch\n(torch\n  .load(p))",
    "import torch\ntorch .load(p)",
    "import torch\nx = (a or torch  # why\n     .load(p))",
    "import torch\ntorch. \\\n  load(p)",
    "from x import torch_load\ntorch_load(p)",
    "torch.serialization.add_safe_globals([A])",
    "trainer.fit(m, weights_only=False)  # torch",
    "import torch.utils.model_zoo as z\nz.load_url(u)",
    "from torch.hub import load_state_dict_from_url",
    "from torchvision.models.utils import load_state_dict_from_url",
    "os.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'] = '1'",
    "Net.load_from_checkpoint(p)",
    "import torch\nx = '#', torch.load(p)",
    "import torch  # torch.load\nx = torch.load(p)",
    "# read\rimport torch\rtorch.load(p)",
    "m = importlib.import_module('torch')\nm.load(p)",
    "m = sys.modules['torch']\nm.load(p)",
    "t = hasattr(torch, 'compile') and first(torch)\nt.load(p)",
    "from accelerate.utils import (\n    set_seed,\n    load,\n)\nload(p)",
    "import accelerate.utils as tools\ntools.load(p)",
]
NOTHING = [
    "",
    "x = 1",
    "import json\njson.load(f)",
    "import torch\nmodel.load_state_dict(x)",
    "import torch\nx = torch.zeros(1)",
    "import torch\nfrom torch import nn",
    "import torch as th\nth.zeros(1)\njson.load(f)",
    "from torch import (\n    nn,\n    optim,\n)\njson.load(f)",
    "from torch.utils.data import DataLoader",
    "import torchvision\nyaml.load(f)",
    "import torch, json\njson.load(f)",
    "# uses torch. Then loads\nmodel.load(p)",
    "import torch\ntorch.jit.load(p)",
    "import torch\nx = 1  # not torch.load\nmodel.load(p)",
    "import torch\n# torch's own\nmodel.load(p)",
    "import torch\nif hasattr(torch, 'xpu'):\n    model.load(p)",
    "from torch import Tensor  # noqa\nimport pickle\npickle.load(f)",
    "from accelerate.utils import set_seed\nmodel.load_state_dict(dataloader)",
]


@pytest.mark.parametrize("code", WORTH_A_LOOK)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_worth_a_look(code, newline):
    assert may_hold_load(code.replace("\n", newline).encode())


@pytest.mark.parametrize("code", NOTHING)
def test_nothing_to_see(code):
    assert not may_hold_load(code.encode())


def test_any_bytes_have_an_answer():
    assert not may_hold_load(bytes(range(256)) * 10)


def notebook(*sources: object) -> bytes:
    return json.dumps({"cells": [{"cell_type": "code", "source": one} for one in sources]}).encode()


@pytest.mark.parametrize(
    "data",
    [
        notebook("import torch\nm = torch.load(p)"),
        notebook(["import torch as t\n", "m = t.load(p)"]),
        notebook("t = torch\nx = t.load(1)"),
        notebook(["import to", "rch\n", "m = torch.lo", "ad(p)"]),
        notebook("import torch\nm = torch.load(p)").replace(b"torch", b"t\\u006frch"),
        notebook("import torch\nm = torch.load(p)").replace(b"load", b"l\\u006Fad"),
        notebook("f(weights_only=0)").replace(b"_only", b"\\u005fonly"),
        notebook(["f(weights", "_only=0)"]).replace(b'", "', b'"\n,\t"'),
        b'{"torch": ',
        b'{"cells": "torch"}',
        b'["torch.load"]',
        b"[" * 100_000 + b"torch",
    ],
)
def test_cells_are_looked_at_as_they_read(data):
    assert may_hold_load_in_cells(data)


@pytest.mark.parametrize(
    "data",
    [
        notebook("x = 1", ["print('loads')\n"]),
        notebook("import torch\n", "x = torch.ones(2)"),
        notebook(["import torch\n", "# torch.load(p)"]),
        b'{"cells": [], "metadata": {"torch.load": 1}}',
        b"{",
        b"",
    ],
)
def test_cells_without_a_load_are_told_cheaply(data):
    assert not may_hold_load_in_cells(data)


class Holding:
    """An environment of which all packages with ``net`` in their name hold a load."""

    def holds_load(self, root):
        return "net" in root


@pytest.mark.parametrize(
    ("text", "imports"),
    [
        ("import fakenet", True),
        ("import os, fakenet as f", True),
        ("import fakenet.parts", True),
        ("def f():\n    from fakenet.io import read", True),
        ("from fakenet import read", True),
        ("from .fakenet import read", False),
        ("import other, json", False),
        ("fakenet.read(path)", False),
        ("from torchnetlib.net import a\nimport mmdet", True),
        ("import lightning  # a table knows its loads", False),
    ],
)
def test_a_file_that_imports_what_holds_a_load(text, imports):
    assert imports_loading_package(text.encode(), Holding()) == imports
