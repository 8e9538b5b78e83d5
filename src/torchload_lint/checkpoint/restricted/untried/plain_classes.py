"""Classes that leave it to Python, or to ``nn.Module``, how their objects are made and filled.

Source: the classes of ``torch.nn.modules`` and ``torch.optim.lr_scheduler`` of torch 2.13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.known_globals import PLAIN_CLASSES
from torchload_lint.vetted import vetted_definitions

if TYPE_CHECKING:
    from torchload_lint.names import ClassFacts

_REGULAR = ("torch.nn.modules.", "torch.optim.lr_scheduler.")
_IRREGULAR = frozenset(
    """
    torch.nn.modules.adaptive._ASMoutput torch.nn.modules.container.Container
    torch.nn.modules.loss.NLLLoss2d torch.nn.modules.module._WrappedHook
    torch.nn.modules.module._IncompatibleKeys torch.optim.lr_scheduler._SchedulePhase
    torch.nn.modules.linear_cross_entropy_options._AutoDefault
    torch.nn.modules.linear_cross_entropy_options.LinearCrossEntropyOptions
    torch.nn.modules._functions.BackwardHookFunction torch.nn.modules._functions.CrossMapLRN2d
    torch.nn.modules._functions.SyncBatchNorm
    """.split()
)
"""Classes below :data:`_REGULAR` with a ``__new__``, slots, or a choosy ``__setstate__``."""

_NO_MODULES = frozenset(
    """
    torch.nn.Parameter torch.nn.Buffer torch.nn.UninitializedParameter
    torch.nn.UninitializedBuffer torch.nn.NLLLoss2d torch.nn.Container
    """.split()
)
_OPEN_BASES = frozenset(
    """
    builtins.object typing.Generic typing.Protocol abc.ABC
    torch.utils.data.Dataset torch.utils.data.dataset.Dataset
    """.split()
)
"""Bases outside of the project that leave alone how an object is made."""
_MAKING = frozenset({"__new__", "__setstate__", "__setattr__"})
"""Methods that say how objects are made and filled."""


def is_regular(name: str) -> bool:
    """Whether it is such a class of torch, also under its public name (``torch.nn.Linear``)."""
    if name.startswith(_REGULAR):
        is_there = name.rpartition(".")[2].startswith("_") or vetted_definitions(name)
        return bool(is_there) and name not in _IRREGULAR
    module, _, last = name.rpartition(".")
    return module == "torch.nn" and last[:1].isupper() and name not in _NO_MODULES


def is_plain_class(name: str, own: ClassFacts | None) -> bool:
    """Whether a class is one; ``own``: what its source says, where it was read."""
    if name in PLAIN_CLASSES or is_regular(name):
        return True
    if own is None or own.kind != "class" or own.may_set_state:
        return False
    bases = all(base in _OPEN_BASES or is_regular(base) for base in own.foreign_bases)
    return bases and own.at_load.isdisjoint(_MAKING)


def is_plain_tensor_class(own: ClassFacts | None) -> bool:
    """Whether a class is one of tensors that changes nothing of how they are made."""
    if own is None or "torch.Tensor" not in own.foreign_bases:
        return False
    return own.at_load.isdisjoint(_MAKING) and not own.may_set_state
