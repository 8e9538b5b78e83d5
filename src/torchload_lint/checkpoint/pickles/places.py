"""Where in the object a value is: ``['hyper_parameters']['optimizer']``, ``.model.fc``."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
    SetValue,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

_REGISTRIES = frozenset({"_modules", "_parameters", "_buffers"})
"""Where an nn.Module keeps what is reached as its attributes."""

WHOLE = "(the object itself)"
"""The place of what a file holds, all of it."""
MAX_PLACE = 200
"""Characters after which a place is shortened."""
_LONGEST_KEY = 160
_DEEPEST_KEY = 3
_MOST_OF_KEY = 5
"""Characters of a key that are shown, levels inside it, and items of each level."""


def key_text(key: PickledValue, depth: int = 0) -> str:
    """A dict's key as it is written in brackets: about as Python's ``repr`` has it, and bounded."""
    if isinstance(key, (str, bytes, int, float)) or key is None:
        return _atom_text(key)
    if isinstance(key, GlobalRef):
        return str(key.name)
    if isinstance(key, (tuple, list, SetValue)):
        return _collection_text(key, depth)
    if isinstance(key, ObjectValue):
        return _object_text(key, depth)
    return "{…}" if isinstance(key, DictValue) else "<a value>"


def name_text(key: PickledValue, depth: int = 0) -> str:
    """A key that should be a text: as it is if it is one, and bounded if it is anything else.

    Tuples of tuples, each met twice, make ``str`` take for ever; it refuses long integers.
    """
    return key if isinstance(key, str) else key_text(key, depth)


def _atom_text(key: float | str | bytes | None) -> str:
    try:
        text = repr(key[:_LONGEST_KEY] if isinstance(key, (str, bytes)) else key)
    except ValueError:  # an integer with more digits than Python writes
        return "<int>"
    is_long = len(text) > _LONGEST_KEY and not isinstance(key, (str, bytes))
    return f"{text[:_LONGEST_KEY]}…" if is_long else text


def _collection_text(key: tuple[Any, ...] | list[Any] | SetValue, depth: int) -> str:
    items = key.items if isinstance(key, SetValue) else key
    inner = _items_text(items, depth)
    if isinstance(key, SetValue):
        return f"{key.kind.rpartition('.')[2]}({{{inner}}})" if inner else f"{key.kind}()"
    if isinstance(key, list):
        return f"[{inner}]"
    return f"({inner},)" if len(items) == 1 else f"({inner})"


def _items_text(items: Iterable[PickledValue], depth: int) -> str:
    if depth >= _DEEPEST_KEY:
        return "…"
    shown = list(islice(items, _MOST_OF_KEY + 1))
    texts = [key_text(item, depth + 1) for item in shown[:_MOST_OF_KEY]]
    text = ", ".join([*texts, "…"] if len(shown) > _MOST_OF_KEY else texts)
    return text if len(text) <= _LONGEST_KEY else f"{text[:_LONGEST_KEY]}…"


def _object_text(key: ObjectValue, depth: int) -> str:
    """The class, and what it is made of: ``pathlib.PosixPath('a', 'b')``, ``app.Point(x=1)``."""
    called = key.callee.name if isinstance(key.callee, GlobalRef) else None
    name = key.type_name or called
    args = key.args if isinstance(key.args, tuple) else ()
    state = key.states[-1] if key.states else None
    given = (arg for arg in args if not isinstance(arg, GlobalRef))
    if args or not isinstance(state, DictValue):
        inner = _items_text(given, depth)
    else:
        fields = list(islice(state.entries, _MOST_OF_KEY)) if depth < _DEEPEST_KEY else []
        inner = ", ".join(
            f"{name_text(field, depth + 1):.40}={key_text(item, depth + 1)}"
            for field, item in fields
        )
    return f"{name or 'an object'}({inner[:_LONGEST_KEY]})"


def parts(value: PickledValue) -> Iterator[tuple[str, PickledValue]]:
    """The values right inside another one, each with the step that leads to it."""
    if isinstance(value, DictValue):
        for key, item in value.entries:
            yield f"[{key_text(key)}]", item
            if isinstance(key, (ObjectValue, GlobalRef, SetValue, tuple)):
                yield f" (key {key_text(key)})", key
        for state in value.state:
            yield from _attributes(state)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield f"[{index}]", item
    elif isinstance(value, SetValue):
        for item in value.items:
            yield " (element)", item
    elif isinstance(value, ObjectValue):
        yield from _parts(value)


def _parts(value: ObjectValue) -> Iterator[tuple[str, PickledValue]]:
    yield "", value.callee
    args = value.args if isinstance(value.args, tuple) else (value.args,)
    for item in args:
        yield "", item
    for state in value.states:
        yield from _attributes(state)
    for index, item in enumerate(value.items):
        yield f"[{index}]", item
    for key, item in value.entries:
        yield f"[{key_text(key)}]", item


def _attributes(state: PickledValue) -> Iterator[tuple[str, PickledValue]]:
    """The state that BUILD sets: attributes where it is a dict with names."""
    if not isinstance(state, DictValue):
        yield "", state
        return
    for key, item in state.entries:
        if isinstance(key, str) and key in _REGISTRIES and isinstance(item, DictValue):
            for name, member in item.entries:
                yield _attribute_step(name), member
        else:
            yield _attribute_step(key), item


def _attribute_step(key: PickledValue) -> str:
    if isinstance(key, str) and key.isidentifier():
        return f".{key}"
    return f"[{key_text(key)}]"


def name_places(root: PickledValue, wanted: Iterable[PickledValue], limit: int) -> dict[int, str]:
    """The first place (nearest to the root) of each wanted value, by its ``id``.

    Visits at most ``limit`` values; what is not reached has no place.
    """
    missing = {id(value) for value in wanted}
    found: dict[int, str] = {}
    seen = {id(root)}
    level: list[tuple[PickledValue, str]] = [(root, "")]
    visited = 0
    while level and missing:
        following: list[tuple[PickledValue, str]] = []
        for value, place in level:
            if id(value) in missing:
                missing.discard(id(value))
                found[id(value)] = place or WHOLE
            for step, child in parts(value):
                if visited >= limit:
                    return found
                visited += 1
                if isinstance(child, (str, bytes, int, float, bool, type(None))):
                    continue
                if id(child) not in seen:
                    seen.add(id(child))
                    following.append((child, joined(place, step)))
        level = following
    return found


def joined(place: str, step: str) -> str:
    """A place one step further in, shortened where it becomes too long."""
    if len(place) > MAX_PLACE:
        return place
    return place + step if len(place) + len(step) <= MAX_PLACE else place + "…"
