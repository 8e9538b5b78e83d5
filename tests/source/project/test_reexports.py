from __future__ import annotations

import pytest

from project_files import project
from source.source_facts import rows_of
from torchload_lint.source.facts.module import Module, read
from torchload_lint.source.project.reexports import loaders

COMPAT = "import torch\ntorch_load = torch.load\nother = torch.save\n"
USES = {
    "from": "from pkg.compat import torch_load\ntorch_load(p)",
    "renamed": "from pkg.compat import torch_load as q\nq(p)",
    "relative": "from .compat import torch_load\ntorch_load(p)",
    "by the module": "import pkg.compat\npkg.compat.torch_load(p)",
    "by the module's name": "from pkg import compat\ncompat.torch_load(p)",
    "star": "from .compat import *\ntorch_load(p)",
    "through the package": "from pkg import torch_load\ntorch_load(p)",
}
NOT_USES = {
    "another name": "from pkg.compat import other\nother(p)",
    "another module": "from elsewhere import torch_load\ntorch_load(p)",
    "its own": "def torch_load(p): pass\ntorch_load(p)",
    "not imported": "torch_load(p)",
    "shadowed": "from pkg.compat import torch_load\ndef f(torch_load):\n    torch_load(p)",
}


def _loads(code):
    index = project(
        {
            "pkg/__init__.py": "from .compat import torch_load\n",
            "pkg/compat.py": COMPAT,
            "pkg/use.py": code,
        }
    )
    module = read(code, "pkg/use.py", "pkg.use", loaders(index))
    assert isinstance(module, Module)
    return module.loads


@pytest.mark.parametrize("case", USES)
def test_loads_by_a_name_of_the_project(case):
    assert rows_of(_loads(USES[case])) == [2]


@pytest.mark.parametrize("case", NOT_USES)
def test_names_that_only_look_like_it(case):
    assert _loads(NOT_USES[case]) == ()


def test_what_a_project_offers():
    index = project(
        {
            "a.py": "from torch import load as read\n",
            "b.py": "from a import read\n",
            "c.py": "import torch\nx = torch.load(p)\ndef f():\n    y = torch.load\n",
            "d.py": "try:\n    from torch import load\nexcept ImportError:\n    load = None\n",
        }
    )
    assert loaders(index) == {"read": {"a.read", "b.read"}, "load": {"d.load"}}


def test_a_project_without_any():
    assert loaders(project({"a.py": "import torch\ntorch.load(p)\n"})) == {}
