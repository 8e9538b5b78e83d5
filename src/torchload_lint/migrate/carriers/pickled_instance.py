"""An instance that a pickle describes, read the same way however it was pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    KeywordsKey,
    ObjectValue,
    PickledValue,
)

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.call_results import NameResolver

Entries = list[tuple[PickledValue, PickledValue]]

_BY_BASE = "copyreg._reconstructor"
_BY_NEW = "copyreg.__newobj__"
_BY_NEW_EX = "copyreg.__newobj_ex__"


@dataclass(slots=True)
class PickledInstance:
    """What is known of an instance without its class."""

    name: str
    """The class where it is known, else the function that made it; empty where neither is."""
    is_class: bool
    """Whether ``name`` is the instance's class."""
    by_new: bool
    """Whether it was made by ``__new__``, so that the arguments are the value itself."""
    by_class: bool = True
    """Whether its class (or ``copyreg`` for it) made it, and no other function."""
    args: tuple[PickledValue, ...] = ()
    """Keyword arguments, where there are any, are a dict behind the others."""
    attributes: dict[str, PickledValue] | None = None
    """Its ``__dict__`` (and slots), where the state is one; empty where there is no state."""
    states: list[PickledValue] = field(default_factory=list)
    items: list[PickledValue] = field(default_factory=list)
    entries: Entries = field(default_factory=list)

    @property
    def short(self) -> str:
        """The name without its module."""
        return self.name.rpartition(".")[2]

    @property
    def given(self) -> tuple[PickledValue, ...]:
        """The arguments; none where all that they say is the class."""
        says_class = (name_of_global(arg) == self.name for arg in self.args)
        return () if all(says_class) else self.args


def read_instance(value: ObjectValue, names: NameResolver) -> PickledInstance:
    """Take an instance apart."""
    callee = names.of(value.callee)
    called = str(callee) if callee is not None else ""
    name = str(value.type_name) if value.type_name is not None else called
    args = value.args if isinstance(value.args, tuple) else ()
    made = PickledInstance(
        name,
        is_class=value.type_name is not None,
        by_new=value.how == "NEWOBJ",
        by_class=called in {name, _BY_BASE, _BY_NEW, _BY_NEW_EX},
        args=args,
        states=value.states,
        items=list(value.items),
        entries=[entry for entry in value.entries if not isinstance(entry[0], KeywordsKey)],
    )
    if called == _BY_BASE and len(args) == 3:  # noqa: PLR2004 - class, base, value of the base
        _add_base(made, args[2])
    elif called == _BY_NEW:
        made.by_new, made.args = True, args[1:]
    elif called == _BY_NEW_EX and len(args) > 1:
        made.by_new, made.args = True, args[1] if isinstance(args[1], tuple) else ()
        made.args += tuple(args[2:])
    made.args += tuple(given for key, given in value.entries if isinstance(key, KeywordsKey))
    made.attributes = _attributes(value.states)
    return made


def _add_base(made: PickledInstance, base: PickledValue) -> None:
    """Protocol 0 and 1: the class, its base, and the value as an instance of that base."""
    made.by_new, made.args = True, ()
    if isinstance(base, DictValue):
        made.entries = [*base.entries, *made.entries]
    elif isinstance(base, list):
        made.items = [*base, *made.items]
    elif base is not None:
        made.args = (base,)


def _attributes(states: list[PickledValue]) -> dict[str, PickledValue] | None:
    """Name → value; None for a state that is none, or where a slot and the ``__dict__`` each have
    one of a name.
    """
    found: dict[str, PickledValue] = {}
    for state in states:
        names: set[str] = set()
        with_slots = isinstance(state, tuple) and len(state) == 2  # noqa: PLR2004 - dict, slots
        for part in state if with_slots and isinstance(state, tuple) else (state,):
            if part is None:
                continue
            if not isinstance(part, DictValue):
                return None
            for key, item in part.entries:
                if not isinstance(key, str) or key in names:
                    return None
                found[key] = item
            names = {key for key, _ in part.entries}
    return found


def attributes_of(value: PickledValue) -> dict[str, PickledValue]:
    """An instance's attributes, empty where there are none that can be read."""
    return (_attributes(value.states) or {}) if isinstance(value, ObjectValue) else {}


def name_of_global(value: PickledValue) -> str:
    """A global's dotted name; empty for anything else."""
    return str(value.name) if isinstance(value, GlobalRef) else ""
