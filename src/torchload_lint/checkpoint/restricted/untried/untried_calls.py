"""Calls and states that an allowlist permits and that nothing here shows to succeed.

An entry lets torch call a class or give an object its state; whether the class takes what the file
gives it, only its code can say. Known is what the rules of this room have checked (what torch
allows by default, numpy's arrays, the standard library's values), and what most files do: an object
made without arguments whose class leaves ``__new__`` and ``__setstate__`` alone, and that is given
a dict of attributes. Source: NEWOBJ, REDUCE and BUILD in ``torch/_weights_only_unpickler.py``, and
``_rebuild_from_type_v2`` in ``torch/_tensor.py``, of torch 2.13.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.known_calls import is_building
from torchload_lint.checkpoint.pickles.numpy_dtypes import is_numpy_dtype
from torchload_lint.checkpoint.pickles.pickled_values import (
    GlobalRef,
    ObjectValue,
    PickledValue,
    SetValue,
)
from torchload_lint.checkpoint.pickles.shown_values import render_arguments, shortened
from torchload_lint.checkpoint.restricted.argument_kinds import may_be_anything
from torchload_lint.checkpoint.restricted.arrays.array_calls import is_dtype_code
from torchload_lint.checkpoint.restricted.standard_calls import is_modelled
from torchload_lint.checkpoint.restricted.untried.plain_classes import (
    is_plain_class,
    is_plain_tensor_class,
    is_regular,
)
from torchload_lint.checkpoint.restricted.untried.taken_states import (
    are_attributes_of_tensor,
    is_taken,
    name_of,
)
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.checkpoint.pickles.call_results import ClassLookup
    from torchload_lint.names import ClassFacts

_MOST_SAID = 8
_MOST_LOOKED_INTO = 1_000
"""Items of an argument."""
_LONGEST_SAID = 160

_FROM_TYPE = "torch._tensor._rebuild_from_type_v2"
_BEGINNING = ("._reconstruct", "._mareconstruct", ".scalar", "numpy.dtype")
"""What numpy begins an array, a number or a dtype with: its arguments are checked."""
_CHANGING = "numpy.ma.core.MaskedConstant"
"""A class whose arrays change theirs as they are begun (``__array_finalize__``, numpy 2.4)."""
_TAKING_OBJECTS = frozenset(
    """
    builtins.slice builtins.frozenset collections.deque collections.defaultdict datetime.datetime
    datetime.time datetime.timezone
    """.split()
)
"""Classes that are handed objects of other ones: the elements, or the time zone and its offset."""
_NEEDED_OF_TIMES = {
    "datetime.datetime": "datetime.timezone",
    "datetime.time": "datetime.timezone",
    "datetime.timezone": "datetime.timedelta",
}
_DTYPE_AT = {"dtype": 0, "_reconstruct": 2, "_mareconstruct": 3}
"""Of these, the place of the dtype among the arguments."""


def untried_steps(
    calls: Iterable[ObjectValue],
    needed: frozenset[str],
    hashed: frozenset[str],
    lookup: ClassLookup | None,
) -> tuple[str, ...]:
    """The first steps in words that are not known to succeed, each class once; empty if all are.

    ``needed`` are the names of the entries (of what torch allows by default, all is known),
    ``hashed`` those of classes whose own code hashes an object that is a key or in a set.
    """
    found = {name: f"the hash of an object of {name}" for name in sorted(hashed)[:_MOST_SAID]}
    judge = _StepJudge(needed, lookup)
    for name in sorted(needed):
        if len(found) < _MOST_SAID and not judge.is_there(name):
            found.setdefault(name, f"whether there is a {name}")
    for call in calls:
        if len(found) == _MOST_SAID:
            break
        name = name_of(call)
        doubt = "" if name in found else judge.about(call, name)
        if doubt:
            found[name] = doubt
    return tuple(found.values())


class _StepJudge:
    """Looks at one call after another."""

    def __init__(self, needed: frozenset[str], lookup: ClassLookup | None) -> None:
        self._needed = needed
        self._lookup = lookup

    def is_there(self, name: str) -> bool:
        """Whether a library or the program is known to have what an entry names."""
        is_known = is_regular(name) or is_modelled(name) or is_building(name)
        return is_known or self._facts(GlobalName.parse(name)) is not None

    def about(self, call: ObjectValue, name: str) -> str:
        """What of a call is not known to succeed, in words."""
        if name and name not in self._needed:
            return "" if self._is_default_known(call, name) else _in_words(call)
        own = self._own(call.callee)
        plain = is_plain_class(name, own)
        if not self._is_known(call, name, own, plain=plain):
            return _in_words(call)
        taken = all(is_taken(call, one, own, plain=plain) for one in call.states)
        return "" if taken else f"the state of {shortened(call.callee, 1)}"

    def _own(self, value: PickledValue) -> ClassFacts | None:
        return self._facts(value.name) if isinstance(value, GlobalRef) else None

    def _facts(self, name: GlobalName) -> ClassFacts | None:
        return None if self._lookup is None else self._lookup(name)

    def _is_default_known(self, call: ObjectValue, name: str) -> bool:
        """Of what torch allows by default, and which may be handed what an entry makes."""
        args = call.args if isinstance(call.args, tuple) else ()
        if name != _FROM_TYPE:
            return not any(map(may_be_anything, args))
        if len(args) != 4 or name_of(args[0]) in self._needed:  # noqa: PLR2004 - function, type, arguments, state
            return False
        is_default = name_of(args[1]) not in self._needed
        is_plain = is_plain_tensor_class(self._own(args[1]))
        return is_default or (is_plain and are_attributes_of_tensor(args[3]))

    def _is_known(
        self, call: ObjectValue, name: str, own: ClassFacts | None, *, plain: bool
    ) -> bool:
        """Of what an entry allows."""
        if call.how == "NEWOBJ" and call.args == () and (plain or name == "uuid.UUID"):
            return True
        if own is not None and own.values:
            return _finds_member(own, call)
        if name == "functools.partial":
            return self._is_callable(call.args)
        if name == "torch.torch_version.TorchVersion":
            return isinstance(call.args, tuple) and [type(one) for one in call.args] == [str]
        return is_modelled(name) and _are_seen(name, call.args)

    def _is_callable(self, args: PickledValue) -> bool:
        """A class or function, and nothing else."""
        only = args[0] if isinstance(args, tuple) and len(args) == 1 else None
        own = self._own(only)
        is_own = own is not None and own.kind in {"class", "function"}
        return is_own or is_regular(name_of(only)) if isinstance(only, GlobalRef) else False


def _in_words(call: ObjectValue) -> str:
    made, given = shortened(call.callee, 1), render_arguments(call.args)
    if call.how != "NEWOBJ":
        words = f"the call {made}{given}"
    else:
        words = f"an object of {made}" + (f", made with {given}" if call.args else "")
    return words if len(words) <= _LONGEST_SAID else words[: _LONGEST_SAID - 1] + "…"


def _finds_member(own: ClassFacts, call: ObjectValue) -> bool:
    """Whether the call of an enumeration names the value of a member."""
    value = call.args[0] if isinstance(call.args, tuple) and len(call.args) == 1 else None
    return isinstance(value, (int, str)) and value in own.values and not call.states


def _are_seen(name: str, args: PickledValue) -> bool:
    """Whether nothing is an argument, or in one, of which the entries alone say what it is."""
    if not isinstance(args, tuple):
        return False
    if name.startswith("numpy."):
        begins = name.endswith(_BEGINNING) and _is_of_known_dtype(name, args)
        begins = begins and not any(name_of(one) == _CHANGING for one in args)
        return not args or (begins and all(map(_is_of_numpy, args)))
    makes_defaults = name == "collections.defaultdict" and isinstance(
        args[0] if args else None, GlobalRef
    )
    waiting, looked_at = list(args[makes_defaults:]), 0
    while waiting and looked_at < _MOST_LOOKED_INTO:
        one = waiting.pop()
        looked_at += 1
        if not _is_seen(one) or (isinstance(one, ObjectValue) and not _may_be_given(name, one)):
            return False
        inside = one.items if isinstance(one, SetValue) else one
        waiting.extend(inside if isinstance(inside, (list, tuple)) else ())
    return not waiting


def _may_be_given(name: str, one: ObjectValue) -> bool:
    """Whether a class of the standard library takes such an object among its arguments."""
    needs = _NEEDED_OF_TIMES.get(name)
    return name in _TAKING_OBJECTS and needs in {None, name_of(one)}


def _is_seen(value: PickledValue) -> bool:
    """What is known through and through, a value of the standard library among it."""
    if isinstance(value, GlobalRef):
        return False
    name = name_of(value)
    return not may_be_anything(value) or (is_modelled(name) and not name.startswith("numpy."))


def _is_of_known_dtype(name: str, args: tuple[PickledValue, ...]) -> bool:
    """Whether a dtype that is given in plain values is a code that every numpy takes."""
    at = _DTYPE_AT.get(name.rpartition(".")[2])
    dtype = args[at] if at is not None and at < len(args) else None
    return dtype is None or isinstance(dtype, (GlobalRef, ObjectValue)) or is_dtype_code(dtype)


def _is_of_numpy(value: PickledValue) -> bool:
    """What an array or a number of numpy is begun with: plain values, dtypes, numpy's classes."""
    if isinstance(value, GlobalRef):
        return str(value.name).startswith("numpy.")
    return is_numpy_dtype(value) or not may_be_anything(value)
