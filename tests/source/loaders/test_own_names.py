from __future__ import annotations

import pytest

from project_files import project
from source.source_facts import rows_of
from torchload_lint.source.loaders.collect import every_load

COMPAT = "import torch\ntorch_load = torch.load\nother = torch.save\nread = torch.load\n"
USES = {
    "from": "from pkg.compat import torch_load\ntorch_load(p)",
    "renamed": "from pkg.compat import torch_load as q\nq(p)",
    "relative": "from .compat import torch_load\ntorch_load(p)",
    "by the module": "import pkg.compat\npkg.compat.torch_load(p)",
    "by the module's name": "from pkg import compat\ncompat.torch_load(p)",
    "star": "from .compat import *\ntorch_load(p)",
    "a name without load": "from pkg.compat import read\nread(p)",
    "torch itself": "from pkg.compat import torch\ntorch.load(p)",
    "torch by the module": "import pkg.compat\npkg.compat.torch.load(p)",
    "torch by another name of the module": "from pkg import compat as c\nc.torch.load(p)",
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
    return every_load(index.module_at("pkg/use.py"), index)


@pytest.mark.parametrize("case", USES)
def test_loads_by_a_name_of_the_project(case):
    assert rows_of(_loads(USES[case])) == [2]


@pytest.mark.parametrize("case", NOT_USES)
def test_names_that_only_look_like_it(case):
    assert _loads(NOT_USES[case]) == ()


def test_a_name_that_is_handed_on_and_one_that_may_be_nothing():
    index = project(
        {
            "a.py": "from torch import load as read\n",
            "b.py": "from a import read\n",
            "d.py": "try:\n    from torch import load\nexcept ImportError:\n    load = None\n",
            "handed.py": "from b import read as load_it\nload_it(p)\n",
            "perhaps.py": "from d import load\nload(p)\n",
        }
    )
    assert rows_of(every_load(index.module_at("handed.py"), index)) == [2]
    assert rows_of(every_load(index.module_at("perhaps.py"), index)) == [2]
