"""What safetensors has no place for: it stands as JSON in the header, or is said to be left out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite, prod
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import DictValue, GlobalRef, ObjectValue
from torchload_lint.checkpoint.pickles.places import name_text
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES
from torchload_lint.migrate.files.elements import is_contiguous
from torchload_lint.migrate.results import Note, NoteKind
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue
    from torchload_lint.checkpoint.pickles.tensors import TensorInfo

_MOST_ATTRIBUTES = 10_000_000
"""Letters of all attributes as JSON."""
_MOST_BITS = 10_000
"""Of an integer that is written in digits."""
_STATES = {
    "torch._tensor._rebuild_from_type_v2": 3,
    "torch._utils._rebuild_parameter_with_state": 3,
}
"""Function → the place of the argument that holds a tensor's attributes."""


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """One tensor to be written."""

    name: str
    tensor: TensorInfo
    value: PickledValue
    """The call that makes it."""

    @property
    def item_size(self) -> int:
        """Bytes of one element."""
        return ITEM_SIZES.get(self.tensor.dtype, 1)

    @property
    def nbytes(self) -> int:
        """Bytes of the tensor without gaps."""
        return self.count * self.item_size

    @property
    def count(self) -> int:
        """How many elements it has."""
        return prod(self.tensor.shape)

    @property
    def attributes(self) -> list[tuple[PickledValue, PickledValue]]:
        """What a program has set on it."""
        found, value = [], self.value
        while isinstance(value, ObjectValue) and isinstance(value.callee, GlobalRef):
            args = value.args if isinstance(value.args, tuple) else ()
            at = _STATES.get(str(value.callee.name), len(args))
            found += _entries(args[at : at + 1])
            value = args[0] if args else None  # a parameter is made of another tensor
        return found


def _entries(states: PickledValue) -> list[tuple[PickledValue, PickledValue]]:
    """The attributes in states, each of which is a dict or a pair of those and of slots."""
    found: list[tuple[PickledValue, PickledValue]] = []
    for state in states if isinstance(states, (list, tuple)) else ():
        for part in state if isinstance(state, tuple) else (state,):
            found += part.entries if isinstance(part, DictValue) else []
    return found


class _Extra(NamedTuple):
    """An attribute of a tensor, or of the dict."""

    owner: str | None
    """The tensor's name; None for the dict."""
    key: PickledValue
    value: PickledValue
    fits: bool
    """Whether it stands in the header."""


def _extras(root: PickledValue, records: list[TensorRecord]) -> Iterator[_Extra]:
    """All attributes. Those that would make the header too long together are left out."""
    lengths = _Lengths()
    left = _MOST_ATTRIBUTES
    given: list[tuple[str | None, PickledValue, PickledValue]] = [
        (record.name, key, value) for record in records for key, value in record.attributes
    ]
    entries = _entries(root.state) if isinstance(root, DictValue) else ()
    given += [(None, key, value) for key, value in entries]
    for owner, key, value in given:
        length = lengths.of(value) if isinstance(key, str) else None
        fits = length is not None and length <= left
        if length is not None and fits:
            left -= length
        yield _Extra(owner, key, value, fits)


def notes_of(root: PickledValue, records: list[TensorRecord]) -> Iterator[Note]:
    """What the format has no room for: it stands in the header, or is left out."""
    for names in _shared(records):
        what, outcome = f"the bytes that {names[0]!r} has too", "written by itself"
        for name in names[1:]:
            yield Note(NoteKind.CHANGED, f"[{name!r}]", what, outcome)
    for extra in _extras(root, records):
        words = "an attribute of a tensor"
        if extra.owner is None:
            of_versions = extra.key == "_metadata"
            words = "a state dict's versions" if of_versions else "an attribute of the dict"
        place = f"[{extra.owner!r}]" if extra.owner is not None else ""
        place += f".{name_text(extra.key):.80}"
        if extra.fits:
            yield Note(NoteKind.CHANGED, place, words, "text in the header")
        else:
            why = "JSON, which the header is, cannot say it, or it is too long"
            yield Note(NoteKind.LEFT_OUT, place, words, why)


def _shared(records: list[TensorRecord]) -> list[list[str]]:
    """The tensors that lie in the same storage."""
    found: dict[str, list[str]] = {}
    for record in records:
        if record.tensor.storage is not None and record.nbytes:
            found.setdefault(record.tensor.storage.key, []).append(record.name)
    return [names for names in found.values() if len(names) > 1]


def header_text(root: PickledValue, records: list[TensorRecord]) -> str:
    """Order, shared storages, parameters, strides, devices, attributes and versions, as JSON."""
    found: dict[str, object] = {"order": [record.name for record in records]}
    if isinstance(root, DictValue) and root.kind != "builtins.dict":
        found["kind"] = root.kind
    found["shared"] = _shared(records)
    found["parameters"] = [one.name for one in records if one.tensor.kind == "Parameter"]
    found["requires_grad"] = [one.name for one in records if one.tensor.requires_grad]
    found["strides"] = {
        one.name: one.tensor.stride for one in records if not is_contiguous(one.tensor)
    }
    found["devices"] = {one.name: where for one in records if (where := _device(one)) != "cpu"}
    attributes: dict[str, dict[str, object]] = {}
    state: dict[str, object] = {}
    for extra in _extras(root, records):
        if extra.fits:
            of = state if extra.owner is None else attributes.setdefault(extra.owner, {})
            of[str(extra.key)] = _as_json(extra.value)
    found.update(attributes=attributes, state=state)
    said = {name: value for name, value in found.items() if value or name == "order"}
    return json.dumps(said, separators=(",", ":"))


def _device(record: TensorRecord) -> str:
    return record.tensor.storage.location if record.tensor.storage is not None else "cpu"


class _Lengths:
    """How many letters values have as JSON; what is met twice is measured once."""

    def __init__(self) -> None:
        self._known: dict[int, int | None] = {}

    def of(self, value: PickledValue) -> int | None:
        """The letters, about; None where JSON does not say all of it (tuples are arrays)."""
        if isinstance(value, str):
            return len(value) + 4
        if value is None or isinstance(value, bool):
            return 6
        if isinstance(value, int):
            return value.bit_length() // 3 + 3 if value.bit_length() < _MOST_BITS else None
        if isinstance(value, float):
            return 24 if isfinite(value) else None
        if id(value) not in self._known:
            self._known[id(value)] = None  # where it holds itself
            self._known[id(value)] = self._inside(value)
        return self._known[id(value)]

    def _inside(self, value: PickledValue) -> int | None:
        parts: list[PickledValue] = []
        if isinstance(value, (list, tuple)):
            parts += value
        elif isinstance(value, DictValue) and not value.state:
            if not all(isinstance(key, str) for key, _ in value.entries):
                return None
            parts += [part for entry in value.entries for part in entry]
        else:
            return None
        lengths = [self.of(part) for part in parts]
        known = [length for length in lengths if length is not None]
        return sum(known) + 2 if len(known) == len(lengths) else None


def _as_json(value: PickledValue) -> object:
    """A value for ``json``, which says all of it."""
    if isinstance(value, DictValue):
        return {str(key): _as_json(item) for key, item in value.entries}
    return [_as_json(item) for item in value] if isinstance(value, (list, tuple)) else value
