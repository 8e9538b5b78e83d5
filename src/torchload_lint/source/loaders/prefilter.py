"""The cheap question first, whether these bytes can hold anything that a rule reports on.

Most files are answered by a few searches for plain words, before anything is decoded or parsed.
A yes is no promise; a no is one, as far as one file can show: what is called through another
file's alias of ``torch.load`` is only noticed where that name has ``torch_load`` in it, or where
the file says ``weights_only`` or uses torch besides.

The patterns all start with a plain word, not with a word boundary or a set: only then does ``re``
skip through the bytes at the speed of a string search (ten times as fast, measured).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.loaders import known
from torchload_lint.source.project.not_followed import NOT_FOLLOWED
from torchload_lint.source.text.word_places import undisguised

if TYPE_CHECKING:
    from torchload_lint.source.project.files import Environment

_TORCH = late_pattern(
    rb"torch(?:(\.(?:load|save|serialization|utils\.model_zoo)\b|_load)"
    rb"|[ \t]+as[ \t]+(\w+)"
    rb"|[ \t]+import\b(?:[ \t]*\(([^)#]*(?:#[^\r\n]*[\r\n][^)#]*)*)\)|((?:[^\n\\]|\\[\r\n]{1,2})*))"
    rb"|([ \t]*(?:\\|#[^\r\n]*)?[\r\n]{1,2}[ \t]*\.|[ \t]+\."
    rb"|\.[ \t\\\r\n]+(?:load|save|serialization)\b)"
    rb"|(['\"])"
    rb"|([ \t]*(?:[\r\n,;)#]|$)))"
)
"""A use of torch that is enough by itself (1), torch by another name (2), what is imported from
it (3, 4), torch and a dot apart (5), torch in a string (6), or as a value (7)."""
_QUOTE = late_pattern(rb"['\"]")
_IMPORTED = late_pattern(rb"\b(?:load|save|serialization|hub)\b|\*")
_LOADERS = late_pattern(rb"load_(?:url|state_dict_from_url|from_bytes)\b")
_LOADING_PARTS = (
    *(b"torch.export", b"torch import export", b"distributed.checkpoint"),
    *(b"distributed import checkpoint", b"hub.load(", b"torch.hub import"),
    b"PackageImporter",
)
"""Parts of torch with a ``load`` of their own."""
_TORCH_USES = (b"load", b"save", b"safe_globals", b"PackageImporter", b"read_metadata")
_IMPORT_LINE = late_pattern(rb"import[ \t]+([A-Za-z0-9_., \t]+)")
_FROM_LINE = late_pattern(rb"from[ \t]+([A-Za-z0-9_]+)")
_CHECKPOINT_NAMED = late_pattern(rb"\.(?:pt|pth|ckpt|th|chkpt|bin|pkl|model)['\"]")
_LIBRARIES = {root.encode() for root in known.ROOTS} - {b"torch", b"torchvision"}
"""Packages with loaders; those of the two others are searched for by name."""
_LOAD_USED = late_pattern(rb"load[('\"]")
_SAVE_USED = late_pattern(rb"save[('\"]")
_RENAMED_USES = (b".load", b".save", b".serialization")
_BETWEEN_STRINGS = late_pattern(rb'"\s*,\s*"')
_ESCAPED = late_pattern(rb"\\u00[2-7]")
"""An escaped letter or sign of ASCII."""
_SWITCHES = (b"weights_only", b"WEIGHTS_ONLY_LOAD")
_ENOUGH = tuple(word.encode() for word in known.ENOUGH)


_CONTINUED = late_pattern(rb"\\(?:\r\n?|\n)[ \t]*")
_DISGUISING = late_pattern(
    rb"\xef[\xbc\xbd]|\xf0\x9d|\xe2[\x81-\x85]|\xe1[\xb4\xb5]|\xc2[\xaa\xba]|\xc5\xbf|\xcb"
)
"""The first bytes of letters that Python may read as others (``undisguised``)."""


def may_hold_load(data: bytes) -> bool:
    """Whether a file with these bytes has to be parsed at all, be it for what a row says that a
    backslash continues.
    """
    if _may_hold_load(data):
        return True
    joined = _CONTINUED.sub(b" ", data) if b"\\\n" in data or b"\\\r" in data else data
    return joined is not data and _may_hold_load(joined)


def _may_hold_load(data: bytes) -> bool:
    if not data.isascii() and _DISGUISING.search(data):
        data = undisguised(data.decode("utf-8", "replace")).encode("utf-8", "replace")
    if any(word in data for word in _SWITCHES):
        return True
    if b"torch" in data and any(word in data for word in _TORCH_USES):
        if _spells_torch(data) or _LOADERS.search(data):
            return True
        if any(part in data for part in _LOADING_PARTS):
            return True
    return _may_call_library(data)


def _may_call_library(data: bytes) -> bool:
    """Whether a library's loader may be called here: the library is imported, and a word of its
    loaders is there; or a word that only one library has.
    """
    if any(word in data for word in _ENOUGH):
        return True
    roots = _imported(data) & _LIBRARIES
    return any(_stands(word, data) for root in roots for word in _words(root))


def _imported(data: bytes) -> set[bytes]:
    """The packages that are imported here, as it reads; a name of a part of one, perhaps."""
    several = [name for names in _IMPORT_LINE.findall(data) for name in names.split(b",")]
    first_words = (word for name in several for word in name.split()[:1])
    return {word.partition(b".")[0] for word in first_words}.union(_FROM_LINE.findall(data))


def _stands(word: bytes, data: bytes) -> bool:
    """Whether a library's word stands somewhere; of several in one, each as a whole word."""
    if b" & " not in word:
        return word in data
    return all(re.search(rb"\b%b\b" % re.escape(one), data) for one in word.split(b" & "))


@lru_cache
def _words(root: bytes) -> tuple[bytes, ...]:
    """The words of the library that is imported by a name."""
    words = known.library(known.ROOTS[root.decode()]).words
    return tuple(word.encode() for word in words)


def may_name_checkpoint(data: bytes) -> bool:
    """Whether a file names a checkpoint, which it may give to a package that no table knows."""
    return _CHECKPOINT_NAMED.search(data) is not None


def imports_loading_package(data: bytes, environment: Environment) -> bool:
    """Whether a file imports an installed package that no table knows and that holds a load."""
    return any(is_loading_package(word.decode(), environment) for word in _imported(data))


def is_loading_package(root: str, environment: Environment) -> bool:
    """Whether that is an installed package that no table knows and whose source holds a load."""
    known_otherwise = root in NOT_FOLLOWED or root in known.ROOTS
    return not known_otherwise and environment.holds_load(root)


def may_hold_load_in_cells(data: bytes) -> bool:
    """The same for a notebook, of which the cells are looked at as they read, not as JSON writes
    them: a word may be escaped there, or divided between two strings.
    """
    if not _ESCAPED.search(data) and not _is_worth_reading(data):
        joined = _BETWEEN_STRINGS.sub(b"", data)
        if not _is_worth_reading(joined):
            return False
    import json  # noqa: PLC0415 - for the few notebooks that name torch

    try:
        cells = json.loads(data)["cells"]
        sources = ["".join(cell.get("source", ())) for cell in cells]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return True  # what is wrong with it is reported later
    return may_hold_load("\n".join(sources).encode("utf-8", "replace"))


def _is_worth_reading(data: bytes) -> bool:
    return any(word in data for word in (b"torch", *_ENOUGH, *_SWITCHES))


def _spells_torch(data: bytes) -> bool:
    """Whether torch's ``load`` or ``save`` may be used here, by whatever name."""
    by_detour = False
    for match in _TORCH.finditer(data):
        if _is_telling(match, data) and not _in_comment(match, data):
            return True
        by_detour = by_detour or _is_string(match, data) or _is_value(match, data)
    by_detour = by_detour or b"__dict__" in data or b"sys.modules" in data
    return by_detour and bool(_LOAD_USED.search(data) or _SAVE_USED.search(data))


def _is_telling(match: re.Match[bytes], data: bytes) -> bool:
    """Whether a spelling of torch brings ``load`` or ``save`` with it."""
    if match[1] or match[5]:
        return True
    name = match[2]
    if name:
        return any(name + use in data for use in _RENAMED_USES)
    return bool(_IMPORTED.search(match[3] or match[4] or b""))


def _in_comment(match: re.Match[bytes], data: bytes) -> bool:
    """Whether a comment begins before it on its line (which no quote comes before)."""
    start = max(data.rfind(end, 0, match.start()) for end in (b"\n", b"\r")) + 1
    sign = data.find(b"#", start, match.start())
    return sign >= 0 and not _QUOTE.search(data, start, sign)


def _is_string(match: re.Match[bytes], data: bytes) -> bool:
    """Whether ``"torch"`` is a whole string here."""
    return match[6] is not None and data[match.start() - 1 : match.start()] == match[6]


def _is_value(match: re.Match[bytes], data: bytes) -> bool:
    """Whether the module torch is assigned or handed on here, other than to ``hasattr``."""
    if match[7] is None:
        return False
    before = data[max(0, match.start() - 40) : match.start()].rstrip(b" \t")
    return before[-1:] in {b"=", b"(", b",", b":"} and not before.endswith(b"hasattr(")
