"""What safetensors has no place for: it stands as JSON in the header, or is said to be left out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite, prod
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import DictValue, GlobalRef, ObjectValue
from torchload_lint.checkpoint.pickles.storages import ITEM_SIZES
from torchload_lint.migrate.files.elements import is_contiguous
from torchload_lint.migrate.results import Note, NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue
    from torchload_lint.checkpoint.pickles.tensors import TensorInfo

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
        found += state.entries if isinstance(state, DictValue) else _entries(state)
    return found


def notes_of(root: PickledValue, records: list[TensorRecord]) -> Iterator[Note]:
    """What the format has no room for: it stands in the header, or is left out."""
    for names in _shared(records):
        what, outcome = f"the bytes that {names[0]!r} has too", "written by itself"
        for name in names[1:]:
            yield Note(NoteKind.CHANGED, f"[{name!r}]", what, outcome)
    for record in records:
        for key, value in record.attributes:
            yield _note_of(f"[{record.name!r}].{key!s:.80}", "an attribute of a tensor", key, value)
    for key, value in _entries(root.state) if isinstance(root, DictValue) else ():
        words = "a state dict's versions" if key == "_metadata" else "an attribute of the dict"
        yield _note_of(f".{key!s:.80}", words, key, value)


def _note_of(place: str, what: str, key: PickledValue, value: PickledValue) -> Note:
    if isinstance(key, str) and _is_json(value):
        return Note(NoteKind.CHANGED, place, what, "text in the header")
    return Note(NoteKind.LEFT_OUT, place, what, "JSON, which the header is, cannot say it")


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
    attributes = {one.name: _as_json(DictValue(entries=one.attributes)) for one in records}
    found["attributes"] = {name: said for name, said in attributes.items() if said}
    if isinstance(root, DictValue):
        found["state"] = _as_json(DictValue(entries=_entries(root.state)))
    said = {name: value for name, value in found.items() if value or name == "order"}
    return json.dumps(said, separators=(",", ":"))


def _device(record: TensorRecord) -> str:
    return record.tensor.storage.location if record.tensor.storage is not None else "cpu"


def _is_json(value: PickledValue) -> bool:
    """Whether JSON says all of a value; tuples are arrays in it, as lists are."""
    if isinstance(value, DictValue):
        keys = all(isinstance(key, str) for key, _ in value.entries)
        return keys and not value.state and all(_is_json(item) for _, item in value.entries)
    if isinstance(value, (list, tuple)):
        return all(map(_is_json, value))
    if isinstance(value, float):
        return isfinite(value)
    return value is None or isinstance(value, (bool, int, str))


def _as_json(value: PickledValue) -> object:
    """A value for ``json``; what JSON cannot say is not there."""
    if isinstance(value, DictValue):
        return {
            key: _as_json(item)
            for key, item in value.entries
            if isinstance(key, str) and _is_json(item)
        }
    return [_as_json(item) for item in value] if isinstance(value, (list, tuple)) else value
