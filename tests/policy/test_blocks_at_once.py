"""Blocks that are open at the same time: each makes objects of their class of what it has loaded.

torch has one list for the process, so that a file may get a blank class of another block.
"""

from __future__ import annotations

import contextvars
import io
import threading
from contextlib import closing, contextmanager
from pickle import UnpicklingError

import pytest

pytest.importorskip("torch")

import torch
from torch import nn

from checkpoint.cases import forge

pytestmark = pytest.mark.torch
_TRIES = 30
"""Which of two entries of one name torch takes is the order of a set."""


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


class Plain:
    def __init__(self):
        self.first = self.second = 1


class LeavesInTheMiddle(io.BytesIO):
    """A file during whose reading a block ends, as by a thread that has given up waiting for it."""

    leave = None

    def read(self, size=-1):
        if self.leave is not None and b"first" in self.getvalue()[: self.tell()]:
            leave, self.leave = self.leave, None
            leave()
        return super().read(size)


def test_no_object_gets_its_class_while_its_file_is_still_read(helper):
    file = LeavesInTheMiddle()
    torch.save([Plain()], file, _use_new_zipfile_serialization=False)
    file.seek(0)
    block = helper.safe_globals([helper.restore_only(Plain)])
    told = []

    def leave():
        with pytest.raises(UnpicklingError) as error:
            block.__exit__(None, None, None)
        told.append(str(error.value))

    file.leave = leave
    block.__enter__()
    with pytest.raises(UnpicklingError):  # torch's list has no such class any more
        torch.load(file, weights_only=True)
    assert told == ["a checkpoint is still read when its block ends"]


def test_a_file_makes_no_object_when_the_block_is_over(helper):
    name = forge.name("torch.nn.modules.activation", "ReLU")
    with around(helper):
        kept = torch.load(io.BytesIO(forge.archive(forge.program(name))), weights_only=True)
    with pytest.raises(UnpicklingError, match="block is over"):
        kept.__new__(kept)
