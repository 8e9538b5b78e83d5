"""What the callables of Python that torch allows by default take: sets, bytes, mappings.

A call that must fail makes a file unreadable, whatever is allowed.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - in an annotation of module level
from encodings.aliases import aliases
from typing import TYPE_CHECKING, Any

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    ObjectValue,
    Opaque,
    SetValue,
    unhashable,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue

_OF_BYTES = frozenset("base64_codec bz2_codec hex_codec quopri_codec uu_codec zlib_codec".split())
"""Codecs from bytes to bytes."""
_NOT_TRIED = frozenset({"idna", "punycode", "rot_13"})
"""Codecs whose time grows with the square of a text, and one from text to text."""


_MOST_ZEROS = 2**26
"""Bytes that a number may stand for; Python pickles no such call."""
_BYTE = range(256)


def _encode(args: tuple[PickledValue, ...]) -> str:
    codec = args[1] if len(args) > 1 else "utf-8"
    if not isinstance(codec, str):
        return "the encoding is not a string"
    normal = "_".join("".join(c if c.isalnum() else " " for c in codec[:100].lower()).split())
    if normal not in aliases and normal not in aliases.values():
        return f"there is no encoding {codec!r:.40}"
    name = aliases.get(normal, normal)
    on_error = args[2] if len(args) > 2 else "strict"  # noqa: PLR2004 - the third of them
    if name in _OF_BYTES:
        if on_error != "strict":
            return "a codec from bytes to bytes knows no way to treat errors but 'strict'"
        fits = isinstance(args[0], (bytes, ObjectValue))
        return "" if fits else "what it encodes are no bytes"
    if not isinstance(args[0], str):
        return "what it encodes is not a string"
    if not isinstance(on_error, str):
        return "what to do with errors is not a string"
    if name in _NOT_TRIED:
        return ""
    try:
        args[0].encode(name, on_error)
    except UnicodeError:
        return "the text has characters beyond the encoding"
    except (LookupError, ValueError):
        return f"there is no way {on_error!r:.40} to treat characters beyond the encoding"
    return ""


def _set(args: tuple[PickledValue, ...]) -> str:
    items = args[0] if args else ()
    if isinstance(items, (list, tuple)):
        return "an element is a list, dict or set" if any(map(unhashable, items)) else ""
    return (
        "" if isinstance(items, (str, bytes, DictValue, SetValue, ObjectValue)) else "no iterable"
    )


def _bytearray(args: tuple[PickledValue, ...]) -> str:
    if not args:
        return ""
    source = args[0]
    if isinstance(source, str):
        return _encode(args) if len(args) > 1 else "it has a text and no encoding"
    if len(args) > 1:
        return "it has an encoding and no text"
    if isinstance(source, int):
        return _zeros(source)
    if isinstance(source, (ObjectValue, Opaque, bytes)):
        return ""
    items = _items(source)
    if items is None:
        return "it is given neither bytes nor numbers"
    known = (one for one in items if not isinstance(one, (ObjectValue, Opaque)))
    fits = all(isinstance(one, int) and one in _BYTE for one in known)
    return "" if fits else "it is given what are no bytes"


def _zeros(count: int) -> str:
    if count < 0:
        return "it is given a negative number"
    return f"it makes {count:,} zero bytes of a number" if count > _MOST_ZEROS else ""


def _items(value: PickledValue) -> Iterable[PickledValue] | None:
    """What a loop over a value gives; None where there is none, or it is not known."""
    if isinstance(value, DictValue):
        return [key for key, _ in value.entries]
    if isinstance(value, SetValue):
        return value.items
    return value if isinstance(value, (list, tuple)) else None


def _complex(args: tuple[PickledValue, ...]) -> str:
    if not all(isinstance(item, (int, float, str, ObjectValue, Opaque)) for item in args):
        return "its arguments are not numbers"
    if any(isinstance(item, (ObjectValue, Opaque)) for item in args):
        return ""
    numbers: tuple[Any, ...] = args
    try:
        complex(*numbers)
    except (TypeError, ValueError, OverflowError):
        return "its arguments make no number"
    return ""


def _ordered_dict(args: tuple[PickledValue, ...]) -> str:
    if not args or isinstance(args[0], (DictValue, ObjectValue)):
        return ""
    items = args[0]
    if not isinstance(items, (list, tuple)):
        return "no mapping"
    pairs = [item for item in items if isinstance(item, (list, tuple)) and len(item) == 2]  # noqa: PLR2004
    if len(pairs) != len(items):
        return "no pairs"
    return "a key is a list, dict or set" if any(unhashable(pair[0]) for pair in pairs) else ""


def _counter(args: tuple[PickledValue, ...]) -> str:
    if args and not isinstance(
        args[0], (DictValue, ObjectValue, SetValue, list, tuple, str, bytes)
    ):
        return "" if args[0] is None else "no iterable"
    return _set(args) if args and isinstance(args[0], (list, tuple)) else ""


PYTHON_CHECKS: dict[str, Callable[[tuple[PickledValue, ...]], str]] = {
    "_codecs.encode": _encode,
    "builtins.set": _set,
    "builtins.bytearray": _bytearray,
    "builtins.complex": _complex,
    "collections.OrderedDict": _ordered_dict,
    "collections.Counter": _counter,
}
"""Callable → what is wrong with arguments; empty where the call works."""
