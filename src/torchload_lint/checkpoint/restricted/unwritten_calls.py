"""Calls of what torch allows by default that no program writes: with arguments of a kind that the
callable never takes.

A call that torch is not known to take may be one of a torch to come, or of a file that was cut. No
torch and no broken transfer puts a text where ``_rebuild_tensor_v2`` has its storage: such a file
was made to fail, or for a program in which something else has taken the name's place. Source: what
torch 2.13 and Python make of such calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.pickles.pickled_values import GlobalRef
from torchload_lint.checkpoint.restricted.argument_kinds import value_kind
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue
    from torchload_lint.checkpoint.report import Problem

_PLAIN = frozenset("str int float bool complex NoneType".split())
_COUNTS = frozenset({"int"})
_FIRST = {
    "torch.device": frozenset({"str", "int"}),
    "torch.serialization._get_layout": frozenset({"str"}),
    "torch.nn.parameter.Parameter": frozenset({"NoneType"}),
    "torch._utils._rebuild_parameter": frozenset({"NoneType"}),
    "torch._utils._rebuild_parameter_with_state": frozenset({"NoneType"}),
    "torch._utils._rebuild_meta_tensor_no_storage": frozenset({"NoneType"}),
    "torch.storage.TypedStorage": _COUNTS,
    "torch.storage.UntypedStorage": _COUNTS,
}
"""Callable of torch → the plain kinds that its first argument may be of; for others, none."""

_NAMING = ("torch.device", "torch.serialization._get_layout", "torch._utils._rebuild_")
"""How the callables begin that take the name of a device or a layout."""
_A_NAME = late_pattern(r"[A-Za-z0-9_.:]*")

_FROM_TYPE = "torch._tensor._rebuild_from_type_v2"


def is_unwritten(name: str, args: tuple[PickledValue, ...]) -> bool:
    """Whether no torch writes a call, which is known to fail, with arguments of such kinds."""
    if name == _FROM_TYPE:
        return _is_unwritten_inside(args)
    if not args:
        return False
    first = _FIRST.get(name, _COUNTS if name.endswith("Tensor") else frozenset())
    if value_kind(args[0]) in _PLAIN - first:
        return True
    texts = [one for one in args if isinstance(one, str)]
    if name.startswith(_NAMING):
        return not all(map(_A_NAME.fullmatch, texts))
    return bool(texts)


def _is_unwritten_inside(args: tuple[PickledValue, ...]) -> bool:
    """``(function, type, its arguments, state)``."""
    if any(value_kind(one) in _PLAIN for one in args[:3]):
        return True
    function, inner = args[0], args[2] if len(args) > 2 else ()  # noqa: PLR2004 - the third
    if not isinstance(function, GlobalRef) or not isinstance(inner, tuple):
        return False
    name = str(function.name)
    return name != _FROM_TYPE and name.startswith("torch.") and is_unwritten(name, inner)


def uncallable_problem(name: str, callee: PickledValue, args: PickledValue) -> Problem:
    """A call of a name that torch allows, and that torch knows no call of: a dtype, a storage."""
    is_text = isinstance(args, tuple) and any(isinstance(one, str) for one in args)
    if value_kind(callee) == "dtype" or name.startswith("torch.per_"):
        return advice.hostile_arguments(name, "it is nothing that can be called")
    if is_text and name.endswith("Storage"):
        return advice.hostile_arguments(name, "a storage is made of no text")
    return advice.uncallable(name)
