"""Tensors that torch itself no longer writes, or writes only of other devices."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import torch

from migrate.helpers import bits, migrated_with_plan
from torchload_lint.migrate import NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.torch


class _Made(NamedTuple):
    """Is pickled as a call, and a state for what it gives."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    state: Any = None

    def __reduce__(self) -> Any:
        return self.function, self.args, *([] if self.state is None else [self.state])


_NO_HOOKS: collections.OrderedDict[int, Any] = collections.OrderedDict()
_HOOKS = collections.OrderedDict([(1, print)])
_DATA = torch.arange(3.0)
_OLD_DATA = _Made(torch._utils._rebuild_tensor, (_DATA._typed_storage(), 0, (3,), (1,)))
_VARIABLE = torch.autograd.variable.Variable
_PARAMETER = torch.nn.Parameter

_OF_PYTHON = {
    "variable": _Made(_VARIABLE, (_DATA,), (True, False, _NO_HOOKS)),
    "variable over an old tensor": _Made(_VARIABLE, (_OLD_DATA,), (True, False, _NO_HOOKS)),
    "variable without": _Made(_VARIABLE, (_DATA,), (False, False, _NO_HOOKS)),
    "filled variable": _Made(torch.Tensor, (), (_DATA, None, _NO_HOOKS, True, False)),
    "parameter without": _Made(_PARAMETER, (_DATA,), (False, False, _NO_HOOKS)),
    "parameter, called": _Made(_PARAMETER, (_DATA,)),
    "parameter without, called": _Made(_PARAMETER, (_DATA, False)),
    "filled parameter": _Made(_PARAMETER, (), (_DATA, None, _NO_HOOKS, False, False)),
}


@pytest.mark.parametrize("made", _OF_PYTHON.values(), ids=_OF_PYTHON)
def test_what_a_variable_says_of_gradients_is_carried(made: _Made, tmp_path: Path) -> None:
    after, plan = migrated_with_plan([made], tmp_path)
    before = torch.load(tmp_path / "before.pt", weights_only=False)
    assert (type(after[0]), bits(after[0])) == (type(before[0]), bits(before[0]))
    assert not plan.notes


@pytest.mark.parametrize("function", [_VARIABLE, _PARAMETER])
def test_hooks_of_a_variable_are_said_to_be_left_out(
    function: Callable[..., Any], tmp_path: Path
) -> None:
    _, plan = migrated_with_plan([_Made(function, (_DATA,), (True, False, _HOOKS))], tmp_path)
    assert [(note.kind, note.what) for note in plan.notes] == [
        (NoteKind.LEFT_OUT, "backward hooks (1)")
    ]


def _of_xla(dtype: torch.dtype) -> _Made:
    function = torch._utils._rebuild_device_tensor_from_numpy
    return _Made(function, (np.arange(3, dtype="f4"), dtype, "cpu", True))


def test_a_tensor_of_another_device_keeps_its_gradient(tmp_path: Path) -> None:
    after, plan = migrated_with_plan([_of_xla(torch.float32)], tmp_path)
    before = torch.load(tmp_path / "before.pt", weights_only=False)
    assert bits(after[0]) == bits(before[0])
    assert {note.kind for note in plan.notes} == {NoteKind.CHANGED}


def test_a_dtype_that_the_array_of_a_device_has_not_is_said_to_be_left_out(tmp_path: Path) -> None:
    after, plan = migrated_with_plan([_of_xla(torch.bfloat16)], tmp_path)
    assert (after[0].dtype, after[0].tolist()) == (torch.float32, [0, 1, 2])
    (lost,) = [note for note in plan.notes if note.kind is NoteKind.LEFT_OUT]
    assert "torch.bfloat16" in lost.what
    assert "torch.float32" in lost.outcome
