"""Which of the files of a load a message names."""

from __future__ import annotations

import pytest

from rules.in_memory import World, needing, plain
from torchload_lint.linter import lint


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("torch.load(p, weights_only=True)", "y.pt needs argparse.Namespace, which"),
        ("torch.load(p)", "y.pt needs argparse.Namespace, which"),
        ("torch.load(p, weights_only=False)", "; y.pt needs only argparse.Namespace"),
        ("torch.load(p, weights_only=undecided())", "y.pt needs argparse.Namespace, which"),
    ],
)
def test_a_message_names_the_files_that_need_something(code, said):
    world = World(checkpoints={"x.pt": plain(), "y.pt": needing("argparse.Namespace")})
    text = f"import torch\nfor p in ('x.pt', 'y.pt'):\n    {code}\n"
    module, _, context = world.read(text)
    messages = [found.message for found in lint(module, context)]
    assert any(said in message for message in messages), messages
    assert not any("x.pt" in message for message in messages)


def test_all_files_that_need_something_are_named():
    files = {
        "x.pt": plain(),
        "y.pt": needing("argparse.Namespace"),
        "z.pt": needing("pathlib.Path"),
    }
    text = (
        "import torch\nfor p in ('x.pt', 'y.pt', 'z.pt'):\n    torch.load(p, weights_only=True)\n"
    )
    module, _, context = World(checkpoints=files).read(text)
    (found,) = lint(module, context)
    assert found.message.startswith("y.pt, z.pt need argparse.Namespace, pathlib.Path, which")
