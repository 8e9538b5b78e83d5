"""How protocols 2 and 3 write an object that is made with keywords (``__getnewargs_ex__``).

They have no opcode for it: the file calls ``functools.partial(cls.__new__, cls, *args, **words)``
without arguments. That is NEWOBJ_EX of protocol 4 in other words, for all but the weights-only
loader, which refuses it under every list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
)
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from typing import TypeGuard

_PLAIN_NEW = frozenset(
    f"builtins.{name}"
    for name in "object bytes complex dict float frozenset int list set str tuple".split()
)
"""Whose ``__new__`` a class has that defines none; it runs nothing of the class."""
_STATE = 4
"""Items of a partial's state: the function, its arguments, its keywords, its ``__dict__``."""


class KeywordMade(NamedTuple):
    """What such a call makes, and the calls that are no more than its notation."""

    cls: GlobalRef
    args: tuple[PickledValue, ...]
    keywords: DictValue
    notation: tuple[ObjectValue, ...]


def made_with_keywords(callee: PickledValue, args: PickledValue) -> KeywordMade | None:
    """What a call makes that has exactly the form that pickle writes; None of any other."""
    if args != () or not _is_call(callee, "functools.partial") or len(callee.states) != 1:
        return None
    state, found = callee.states[0], callee.args
    if not isinstance(state, tuple) or len(state) != _STATE or state[3] is not None:
        return None
    function, given, keywords, _ = state
    if not _is_call(function, "builtins.getattr") or not isinstance(keywords, DictValue):
        return None
    if not isinstance(found, tuple) or len(found) != 1 or found[0] is not function:
        return None
    if not isinstance(given, tuple) or not given or not isinstance(given[0], GlobalRef):
        return None
    if not _is_new_of(function, given[0]) or callee.items or callee.entries:
        return None
    return KeywordMade(given[0], given[1:], keywords, (callee, function))


def _is_call(value: PickledValue, name: str) -> TypeGuard[ObjectValue]:
    return (
        isinstance(value, ObjectValue)
        and value.how == "REDUCE"
        and isinstance(value.callee, GlobalRef)
        and _today(str(value.callee.name)) == name
    )


def _today(name: str) -> str:
    """A name of protocol 2 as Python 3 has it, where nothing has renamed it yet."""
    return name.replace("__builtin__.", "builtins.", 1)


def _is_new_of(function: ObjectValue, cls: GlobalRef) -> bool:
    """Whether ``getattr(..., "__new__")`` finds what the class has, or what it inherits of Python.

    The one of another class would be given a class that is not its own.
    """
    args = function.args
    if not isinstance(args, tuple) or len(args) != 2 or args[1] != "__new__":  # noqa: PLR2004
        return False
    owner = str(args[0].name) if isinstance(args[0], GlobalRef) else ""
    return owner == str(cls.name) or _today(owner) in _PLAIN_NEW
