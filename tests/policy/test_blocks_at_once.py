"""Blocks that are open at the same time: each makes objects of their class of what it has loaded.

torch has one list for the process, so that a file may get a blank class of another block.
"""

from __future__ import annotations

import contextvars
import io
import threading
import types
from contextlib import closing, contextmanager

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from torchload_lint.helper_module import helper_text

pytestmark = pytest.mark.torch
_TRIES = 30
"""Which of two entries of one name torch takes is the order of a set."""


@pytest.fixture(scope="module")
def helper():
    module = types.ModuleType("restore_only")
    exec(compile(helper_text(), "restore_only.py", "exec"), vars(module))
    return module


@contextmanager
def around(helper):
    with helper.safe_globals([helper.restore_only(nn.ReLU)]):
        yield


@contextmanager
def in_a_thread(helper):
    is_open, is_over = threading.Event(), threading.Event()

    def keep():
        with around(helper):
            is_open.set()
            is_over.wait(60)

    thread = threading.Thread(target=keep)
    thread.start()
    assert is_open.wait(60)
    yield
    is_over.set()
    thread.join()


@contextmanager
def in_a_generator(helper):
    def keep():
        with around(helper):
            yield

    with closing(keep()) as kept:
        next(kept)
        yield


@contextmanager
def ended_elsewhere(helper):
    """The block is entered here and left in another context, as by a task that is given up."""
    block = around(helper)
    block.__enter__()
    contextvars.Context().run(block.__exit__, None, None, None)
    with in_a_thread(helper):
        yield


@pytest.mark.parametrize("other", [around, in_a_thread, in_a_generator, ended_elsewhere])
def test_objects_have_their_class_when_their_own_block_ends(helper, other):
    buffer = io.BytesIO()
    torch.save(nn.ReLU(), buffer)
    kinds = set()
    with other(helper):
        for _ in range(_TRIES):
            buffer.seek(0)
            with around(helper):
                loaded = torch.load(buffer, weights_only=True)
            kinds.add(type(loaded))
    assert kinds == {nn.ReLU}
