"""What an abstract unpickler builds: the shape of the object, with nothing called.

Numbers, texts, bytes, tuples and lists stand for themselves; the classes here stand for the rest.
Values are compared by identity: a hostile pickle may nest or share them as deep as it likes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PickledValue = Union[
    None, bool, int, float, str, bytes, tuple[Any, ...], list[Any],
    "GlobalRef", "ObjectValue", "DictValue", "SetValue", "StorageValue", "Opaque",
]  # fmt: skip


@dataclass(eq=False, slots=True)
class GlobalRef:
    """An object that the pickle names."""

    name: GlobalName
    """After the renaming of Python 2 names that torch does."""
    position: int = 0
    """The byte offset of the opcode in its pickle."""


class KeywordsKey(str):
    """The key of the keyword arguments among an object's entries; a text of the file is another."""

    __slots__ = ()


KEYWORDS = KeywordsKey("**")


@dataclass(eq=False, slots=True)
class ObjectValue:
    """What a call (REDUCE) or an instantiation (NEWOBJ) would give."""

    how: str
    """``REDUCE`` or ``NEWOBJ``."""
    callee: PickledValue
    args: PickledValue
    type_name: GlobalName | None = None
    """The runtime type of the result; None where it cannot be known."""
    states: list[Any] = field(default_factory=list)
    """What BUILD gave it, in order."""
    items: list[Any] = field(default_factory=list)
    """What APPEND(S) and ADDITEMS added."""
    entries: list[tuple[Any, Any]] = field(default_factory=list)
    """What SETITEM(S) set."""


@dataclass(eq=False, slots=True)
class DictValue:
    """Exactly a dict, an OrderedDict or a Counter."""

    kind: str = "builtins.dict"
    entries: list[tuple[Any, Any]] = field(default_factory=list)
    state: list[Any] = field(default_factory=list)
    """What BUILD put on it (``_metadata`` of a state dict)."""
    is_held: bool = False
    """Whether a numpy.dtype shares it as its fields: what is set in it changes the dtype."""

    def get(self, key: str) -> PickledValue:
        """The value under a text key, the last one where there are several; None without one."""
        for name, value in reversed(self.entries):
            if isinstance(name, str) and name == key:
                return value  # type: ignore[no-any-return]
        return None


@dataclass(eq=False, slots=True)
class SetValue:
    """A set or a frozenset."""

    kind: str = "builtins.set"
    items: list[Any] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class StorageValue:
    """A tensor's bytes, which stay in the file."""

    key: str
    dtype: str
    """``float32`` …; ``uint8`` for an untyped storage."""
    numel: int
    location: str = "cpu"
    resizable: bool = False
    """Whether a tensor that reaches beyond it makes it larger, as in legacy files."""
    integers: Callable[[], Sequence[int] | None] | None = None
    """Reads its bytes as integers of 64 bits, which gives None beyond a bound; None where nobody
    asked for them.
    """

    @property
    def is_in_memory(self) -> bool:
        """Whether it has an address, by which torch tells that it is loaded already."""
        return self.numel > 0 and self.location != "meta"


@dataclass(eq=False, slots=True)
class Opaque:
    """A value of which only the kind is known."""

    type_name: GlobalName | None


_PLAIN_TYPES = {
    type(None): "NoneType", bool: "bool", int: "int", float: "float", str: "str", bytes: "bytes",
    tuple: "tuple", list: "list",
}  # fmt: skip


def type_of(value: PickledValue) -> GlobalName | None:
    """The runtime type of a value; None where it cannot be known."""
    if isinstance(value, (ObjectValue, Opaque)):
        return value.type_name
    if isinstance(value, (DictValue, SetValue)):
        return GlobalName.parse(value.kind)
    if isinstance(value, StorageValue):
        return GlobalName("torch.storage", "TypedStorage")
    if isinstance(value, GlobalRef):
        return None
    return GlobalName("builtins", _PLAIN_TYPES[type(value)])


def held_in(value: PickledValue) -> Iterator[PickledValue]:
    """What a container holds, or what an object was made with and given."""
    if isinstance(value, (list, tuple)):
        yield from value
    if isinstance(value, ObjectValue):
        yield from (value.args, *value.states)
    if isinstance(value, DictValue):
        yield from value.state
    if isinstance(value, (ObjectValue, SetValue)):
        yield from value.items
    if isinstance(value, (ObjectValue, DictValue)):
        for entry in value.entries:
            yield from entry


_UNHASHABLE = frozenset(
    """
    builtins.set builtins.bytearray collections.OrderedDict collections.Counter collections.deque
    collections.defaultdict argparse.Namespace types.SimpleNamespace numpy.ndarray
    """.split()
)


def unhashable(key: PickledValue) -> bool:
    """Whether dicts and sets refuse a key (tuples are looked into, not deeper than people nest)."""
    waiting: list[tuple[PickledValue, int]] = [(key, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, (list, DictValue)):
            return True
        if isinstance(value, SetValue) and value.kind == "builtins.set":
            return True
        if isinstance(value, ObjectValue) and str(value.type_name) in _UNHASHABLE:
            return True
        if isinstance(value, tuple) and depth < 8 and len(waiting) < 1000:  # noqa: PLR2004 - bounds
            waiting.extend((item, depth + 1) for item in value[:1000])
    return False
