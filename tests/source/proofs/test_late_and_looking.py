"""No proof of generators that wait in a block, nor of code that looks at the disk for a file."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.proofs.proof import prove_class

HEAD = "import torch\nfrom pathlib import Path\n\nclass Net:\n"
WAITING = (
    "with torch.no_grad():\n            yield 1",
    "with torch.no_grad():\n            yield from [1, 2]",
    "try:\n            yield from [1, 2]\n        finally:\n            self.x = 1",
)
LOOKS = "exists is_file is_dir iterdir glob rglob resolve readlink expanduser lstat owner stat"


def unproven(method: str) -> str:
    index = project({"models.py": f"{HEAD}    {method}\n"})
    module = index.module_at("models.py")
    (node,) = [one for one in module.tree.body if getattr(one, "name", "") == "Net"]
    return prove_class(node, module, index).unproven


@pytest.mark.parametrize("block", WAITING)
def test_a_generator_that_waits_in_a_block_is_not_proven(block):
    assert "given up" in unproven(f"def __iter__(self):\n        {block}")


def test_a_generator_without_a_block_is():
    assert unproven("def __iter__(self):\n        yield from [1, 2]") == ""


@pytest.mark.parametrize("name", LOOKS.split())
def test_what_looks_at_the_disk_is_not_proven(name):
    assert name in unproven(f"def __init__(self, x):\n        self.y = Path(x).{name}()")
    assert name in unproven(f"def __init__(self, x):\n        self.y = x.{name}")
