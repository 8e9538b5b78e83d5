"""Nested tensors whose sizes, strides and offsets say what their buffer has not."""

from __future__ import annotations

import io
import random
import sys
import zipfile

import pytest

from torchload_lint.checkpoint import Verdict, inspect_bytes
from torchload_lint.checkpoint.containers import stored_integers
from torchload_lint.checkpoint.known.torch_versions import Target

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]


class Nested:
    """Pickled as torch pickles a nested tensor."""

    def __init__(self, *parts):
        self.parts = parts

    def __reduce__(self):
        return torch._utils._rebuild_nested_tensor, self.parts


def saved(*parts):
    stream = io.BytesIO()
    torch.save(Nested(*parts), stream)
    return stream.getvalue()


def loads(data):
    try:
        torch.load(io.BytesIO(data), weights_only=True)
    except RuntimeError:
        return False
    return True


def verdict(data):
    target = Target.of(torch.__version__.partition("+")[0], 2)
    return inspect_bytes(data, "nested.pt", target._replace(python=sys.version_info[:2])).verdict


def tables(chance):
    """Sizes, strides and offsets of some parts, now and then far too large or negative."""
    parts, dimensions = chance.randint(1, 3), chance.randint(1, 2)
    odd = [0, 3, 4, -1, 2**40, 2**62]

    def number():
        return chance.choice(odd) if chance.random() < 0.15 else chance.randint(1, 2)

    sizes, strides = (
        torch.tensor([[number() for _ in range(dimensions)] for _ in range(parts)]) for _ in "12"
    )
    offsets = torch.tensor([chance.choice([0, 0, 2, 11, 12, -1]) for _ in range(parts)])
    if chance.random() < 0.2:
        sizes = sizes.t().contiguous().t()
    return sizes, strides, offsets


def test_what_torch_refuses_is_not_called_loadable():
    agreed = {True: 0, False: 0}
    for seed in range(300):
        chance = random.Random(seed)
        buffer = torch.zeros(12, dtype=chance.choice([torch.float32, torch.uint16]))
        data = saved(buffer[chance.choice([0, 2]) :], *tables(chance))
        said, works = verdict(data) is Verdict.LOADS, loads(data)
        assert works or not said, seed
        agreed[works] += said is works
    assert agreed[True] > 50
    assert agreed[False] > 50


def test_the_byte_order_of_the_archive_counts():
    row = torch.tensor([[2], [3]])
    data = saved(torch.zeros(5), row, row // row, torch.tensor([0, 2]))
    assert loads(data)
    assert verdict(data) is Verdict.LOADS
    other = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"big" if name.endswith("byteorder") else old.read(name))
    assert not loads(other.getvalue())
    assert verdict(other.getvalue()) is Verdict.UNREADABLE


def test_what_is_too_much_to_read_is_not_called_loadable(monkeypatch):
    monkeypatch.setattr(stored_integers, "_MOST_READ", 39)
    row = torch.tensor([[2], [3]])
    data = saved(torch.zeros(5), row, row // row, torch.tensor([0, 2]))
    assert loads(data)
    assert verdict(data) is Verdict.UNREADABLE
