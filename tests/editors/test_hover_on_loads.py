"""What is shown under the mouse agrees with what is found there."""

from __future__ import annotations

import os

import pytest

from editors.plain_client import PlainClient

pytest.importorskip("pygls")
torch = pytest.importorskip("torch")


class Payload:
    def __reduce__(self):
        return os.system, ("true",)


@pytest.fixture
def folder(tmp_path):
    torch.save(Payload(), tmp_path / "bad.pt")
    torch.save({"a": torch.zeros(1)}, tmp_path / "good.pt")
    return tmp_path


def hover(folder, call, target):
    (folder / "torchload-lint.toml").write_text(f'target-torch = "{target}"\n')
    with PlainClient(folder) as client:
        client.open("a.py", f"import torch\n{call}\n")
        place = {"line": 1, "character": 3}
        asked = {"textDocument": {"uri": client.uri("a.py")}, "position": place}
        return client.ask("textDocument/hover", asked)["result"]["contents"]["value"]


@pytest.mark.parametrize(
    ("target", "heading"),
    [
        (">=2.1", "**`torch.load`** · unsafe on torch 2.1 to 2.5, restricted on newer ones"),
        (">=2.5", "**`torch.load`** · unsafe on torch 2.5, restricted on newer ones"),
        (">=2.6", "**`torch.load`** · restricted"),
        ("<2.6", "**`torch.load`** · unsafe"),
    ],
)
def test_the_heading_speaks_of_every_torch_of_the_project(folder, target, heading):
    assert hover(folder, 'torch.load("good.pt")', target).splitlines()[0] == heading


@pytest.mark.parametrize(
    ("call", "target", "said"),
    [
        ('torch.load("bad.pt", weights_only=False)', ">=2.1", "this load runs its code**"),
        ('torch.load("bad.pt")', ">=2.1", "this load runs its code on torch 2.1 to 2.5**"),
        ('torch.load("bad.pt")', ">=2.6", "it would run code if it were loaded unsafely**"),
        ('torch.load("bad.pt", weights_only=True)', ">=2.1", "if it were loaded unsafely**"),
    ],
)
def test_a_dangerous_file_runs_its_code_or_would(folder, call, target, said):
    shown = hover(folder, call, target)
    assert said in shown
    assert shown.count("DANGEROUS") == 1
