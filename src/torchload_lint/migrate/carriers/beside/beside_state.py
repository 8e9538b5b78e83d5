"""Tensors and arrays that modules hold beside what ``state_dict()`` gives of them.

A plain tensor that is an attribute, and a module in a Python list, are in the checkpoint and in no
state dict: a new model does not get them back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    ObjectValue,
    PickledValue,
    SetValue,
    StorageValue,
)
from torchload_lint.checkpoint.pickles.places import key_text
from torchload_lint.migrate.carriers.beside.modes import Modes
from torchload_lint.migrate.carriers.module_facts import is_of_its_class, is_torch_class
from torchload_lint.migrate.carriers.tensors import is_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.checkpoint.pickles.call_results import NameResolver

_REGISTRIES = ("_parameters", "_buffers")
_OF_TORCH = frozenset({"_modules", "_flat_weights", *_REGISTRIES})
"""Attributes of modules that hold what the state dict has, or is not to have."""
_SHOWN_ATTRIBUTES = 12
_ARRAYS = ("multiarray._reconstruct", "numeric._frombuffer")
_MAKES_ANEW = ("_orig", "_g", "_v", "_bar")
"""Ends of a parameter's name from which its module computes the tensor (``torch.nn.utils``)."""
_STATES_OF_ITS_OWN = ("torch.ao.", "torch.fx.", "torch._dynamo.")
"""Modules whose attributes are carried in another way, or made anew."""


class BesideState:
    """The modules of one state dict, and what they hold beside it."""

    def __init__(self, names: NameResolver) -> None:
        """No module is known yet."""
        self._names = names
        self.modes = Modes(names)
        self._attributes: list[tuple[str, dict[str, PickledValue]]] = []
        self._plain: list[str] = []
        self._known: set[int] = set()
        """Values that have been looked into, by identity, as the parameters and buffers."""
        self._of_state: set[int] = set()
        self._storages: set[str] = set()

    def add(self, name: str, attributes: dict[str, PickledValue], prefix: str) -> None:
        """A module that is in the state dict, under a prefix."""
        self.modes.add(attributes, prefix)
        if name.startswith(_STATES_OF_ITS_OWN):
            return
        for registry in _REGISTRIES:
            found = attributes.get(registry)
            for _, value in found.entries if isinstance(found, (DictValue, ObjectValue)) else ():
                self._of_state.add(id(value))
                self._storages |= {one.key for one in _storages(value)}
        self._attributes.append((prefix, attributes))
        self._plain += [
            f".{prefix}{attribute}{_shown(value)}"
            for attribute, value in attributes.items()
            if attribute != "training" and not attribute.startswith("_")
            if not is_of_its_class(name, attribute)
            if not (isinstance(value, ObjectValue) and self._is_numbers(value))  # left out
        ]
        if not is_torch_class(name):
            passing = attributes.get("_non_persistent_buffers_set")
            names = passing.items if isinstance(passing, SetValue) else ()
            self._plain += [f".{prefix}{one}" for one in names if isinstance(one, str)]

    def plain(self) -> str:
        """The attributes and passing buffers of the program's own modules, and the attributes that
        it gave to torch's, with those values that are plain.
        """
        rest = len(self._plain) - _SHOWN_ATTRIBUTES
        more = f" and {rest} more" if rest > 0 else ""
        return ", ".join(self._plain[:_SHOWN_ATTRIBUTES]) + more

    def found(self) -> Iterator[str]:
        """Where something is held beside the state dict; each thing is told once."""
        for prefix, attributes in self._attributes:
            registered = _keys(attributes)
            for name, value in attributes.items():
                if name in _OF_TORCH or name.endswith("_hooks"):
                    continue
                is_made = any(f"{name}{end}" in registered for end in _MAKES_ANEW)
                if not is_made and self._holds_numbers(value):
                    yield f"{prefix}{name}"

    def _holds_numbers(self, value: PickledValue) -> bool:
        """Whether a value holds a tensor or an array that nothing looked at before holds."""
        is_found = False
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if not isinstance(one, (tuple, list, DictValue, SetValue, ObjectValue)):
                continue
            if id(one) in self._known:
                continue
            self._known.add(id(one))
            if isinstance(one, ObjectValue) and self._is_numbers(one):
                is_found = is_found or not self._is_in_state(one)
                continue
            waiting.extend(_parts(one))
        return is_found

    def _is_numbers(self, value: ObjectValue) -> bool:
        called = self._names.of(value.callee)
        return is_tensor(value) or (called is not None and str(called).endswith(_ARRAYS))

    def _is_in_state(self, value: ObjectValue) -> bool:
        storages = list(_storages(value))
        return id(value) in self._of_state or (
            bool(storages) and all(one.key in self._storages for one in storages)
        )


def _shown(value: PickledValue) -> str:
    plain = value is None or isinstance(value, (bool, int, float, str))
    return f" = {key_text(value):.40}" if plain else ""


def _keys(attributes: dict[str, PickledValue]) -> set[PickledValue]:
    registries = (attributes.get(name) for name in _REGISTRIES)
    found = (one.entries for one in registries if isinstance(one, (DictValue, ObjectValue)))
    return {key for entries in found for key, _ in entries if isinstance(key, str)}


def _storages(value: PickledValue) -> Iterator[StorageValue]:
    """The storages of a tensor, which stand among its arguments, or in those of the tensor that it
    is made of.
    """
    waiting = [value]
    known = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, StorageValue):
            yield one
        elif isinstance(one, (tuple, ObjectValue)) and id(one) not in known:
            known.add(id(one))
            waiting.extend(one if isinstance(one, tuple) else [one.args])


def _parts(value: PickledValue) -> list[PickledValue]:
    """What a container or an object holds."""
    if isinstance(value, (tuple, list)):
        return list(value)
    if isinstance(value, SetValue):
        return list(value.items)
    entries = value.entries if isinstance(value, (DictValue, ObjectValue)) else []
    found = [part for entry in entries for part in entry]
    if isinstance(value, ObjectValue):
        found += [*value.states, *value.items, value.args]
    return found
