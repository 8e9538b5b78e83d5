"""What the callables of Python that torch allows by default take: sets, bytes, mappings.

No program saves a call that must fail. Source: CPython 3.10 to 3.13.
"""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - in an annotation of module level
from encodings.aliases import aliases
from typing import TYPE_CHECKING, Any

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    ObjectValue,
    SetValue,
    StorageValue,
    unhashable,
)
from torchload_lint.checkpoint.restricted.argument_kinds import (
    ANYTHING,
    Unseen,
    is_pair,
    is_single,
    looped,
    may_be_anything,
    one_number,
    seen_tensor,
    value_kind,
)

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue

_OF_BYTES = frozenset("base64_codec bz2_codec hex_codec quopri_codec uu_codec zlib_codec".split())
"""Codecs from bytes to bytes."""
_OF_TEXT = "rot_13"
"""A codec from text to text, which takes any."""
_NOT_TRIED = frozenset({"idna", "punycode"})
"""Codecs whose time grows with the square of a text."""
_WITHOUT_ALIAS = frozenset(
    """
    charmap cp1006 cp720 cp737 cp856 cp874 cp875 idna koi8_t koi8_u mac_arabic mac_croatian
    mac_farsi mac_romanian palmos punycode raw_unicode_escape unicode_escape utf_8_sig
    """.split()
)

_MOST_ZEROS = 2**26
"""Bytes that a number may stand for; Python pickles no such call."""
_BYTE = range(256)


def _encode(args: tuple[PickledValue, ...]) -> str:
    codec = args[1] if len(args) > 1 else "utf-8"
    if not isinstance(codec, str):
        return "the encoding is not a string"
    if not codec.isascii() and _may_be_name(codec):
        return Unseen("the name of its encoding is not read")  # Pythons differ in what they drop
    name = _codec_of(codec)
    if name is None:
        return f"there is no encoding {codec!r:.40}"
    return _encoded_fault(args, name)


def _encoded_fault(args: tuple[PickledValue, ...], name: str) -> str:
    """What is wrong with encoding something by a codec."""
    on_error = args[2] if len(args) > 2 else "strict"  # noqa: PLR2004 - the third of them
    if name in _OF_BYTES:
        if on_error != "strict":
            return "a codec from bytes to bytes knows no way to treat errors but 'strict'"
        fits = isinstance(args[0], (bytes, ObjectValue))
        return "" if fits else "what it encodes are no bytes"
    if not isinstance(args[0], str):
        return "what it encodes is not a string"
    if not isinstance(on_error, str) or not _may_be_name(on_error):
        return "what to do with errors is not a string, or none that may be a name"
    if name in _NOT_TRIED:
        return Unseen("what it encodes is not tried")
    if name == _OF_TEXT:
        return ""
    try:
        args[0].encode(name, on_error)
    except UnicodeError:
        return "the text has characters beyond the encoding"
    except (LookupError, ValueError):
        return f"there is no way {on_error!r:.40} to treat characters beyond the encoding"
    return ""


def _may_be_name(text: str) -> bool:
    """Whether a text can be handed to C as a name."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _codec_of(name: str) -> str | None:
    """The codec that an encoding's name stands for (``encodings/__init__.py``); dots stay, and no
    module has one in its name.
    """
    if not name.isascii() or "\0" in name:
        return None
    kept = "".join(c if c.isalnum() or c == "." else " " for c in name.lower())
    normal = "_".join(kept.split())
    found = aliases.get(normal) or aliases.get(normal.replace(".", "_")) or normal
    return found if found in _WITHOUT_ALIAS or found in aliases.values() else None


_ITERABLES = frozenset(f"str bytes dict set list tuple Size storage bytearray {ANYTHING}".split())


def _loop_fault(value: PickledValue) -> str:
    """Why no set can be made of what a loop over a value gives."""
    if value_kind(value) == "tensor":
        found = seen_tensor(value)
        if found is not None and found.kind in _OF_ROWS and found.shape:
            return ""
    if value_kind(value) not in _ITERABLES:
        return "no iterable" if is_single(value) else Unseen(_NOT_KNOWN)
    elements = value if isinstance(value, (list, tuple)) else ()
    return "an element is a list, dict or set" if any(map(unhashable, elements)) else ""


_OF_ROWS = frozenset({"tensor", "Parameter", "meta tensor"})
_NOT_KNOWN = "it is not known what a loop over what it is given gives"


def _set(args: tuple[PickledValue, ...]) -> str:
    return _loop_fault(args[0]) if args else ""


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
    kind = value_kind(source)
    if kind in {"bytes", "bytearray", ANYTHING}:
        return ""
    if kind in {"tensor", "storage"}:
        is_bytes = isinstance(source, StorageValue) and source.dtype == "uint8"
        return "" if is_bytes else Unseen("its numbers are not read")
    items = looped(source)
    if items is None:
        fault = "it is given neither bytes nor numbers"
        return fault if is_single(source) else Unseen(_NOT_KNOWN)
    kinds = set(map(value_kind, items))
    if kinds - {"int", "bool", "tensor", ANYTHING} or not all(
        one in _BYTE for one in items if isinstance(one, int)
    ):
        return "it is given what are no bytes"
    return Unseen("its numbers are not read") if "tensor" in kinds else ""


def _zeros(count: int) -> str:
    if count < 0:
        return "it is given a negative number"
    return f"it makes {count:,} zero bytes of a number" if count > _MOST_ZEROS else ""


def _complex(args: tuple[PickledValue, ...]) -> str:
    if any(isinstance(item, str) for item in args) and len(args) > 1:
        return "its arguments make no number"
    for item in args:
        kind = value_kind(item)
        if kind == "tensor":
            if not one_number(item):
                return Unseen("it is not known to be given one number")
        elif kind not in {"int", "float", "bool", "str", "complex", ANYTHING}:
            return "its arguments are not numbers"
    numbers: list[Any] = [item for item in args if isinstance(item, (int, float, str))]
    try:
        for number in numbers:
            complex(number)
    except (ValueError, OverflowError):
        return "its arguments make no number"
    return ""


def _ordered_dict(args: tuple[PickledValue, ...]) -> str:
    if not args or isinstance(args[0], DictValue) or may_be_anything(args[0]):
        return ""
    items = looped(args[0])
    if items is None:
        return "no mapping" if is_single(args[0]) else Unseen(_NOT_KNOWN)
    others = [item for item in items if not is_pair(item)]
    if any(isinstance(item, (ObjectValue, SetValue, StorageValue)) for item in others):
        return Unseen(_NOT_KNOWN)
    return "no pairs, or a key is a list, dict or set" if others else ""


def _counter(args: tuple[PickledValue, ...]) -> str:
    return _loop_fault(args[0]) if args and args[0] is not None else ""


PYTHON_CHECKS: dict[str, Callable[[tuple[PickledValue, ...]], str]] = {
    "_codecs.encode": _encode,
    "builtins.set": _set,
    "builtins.bytearray": _bytearray,
    "builtins.complex": _complex,
    "collections.OrderedDict": _ordered_dict,
    "collections.Counter": _counter,
}
"""Callable → what is wrong with arguments; empty where the call works."""
