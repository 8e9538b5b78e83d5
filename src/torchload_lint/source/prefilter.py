"""The cheap question first, whether these bytes can hold anything that a rule reports on.

Most files are answered by a few searches for plain words, before anything is decoded or parsed.
A yes is no promise; a no is one, as far as one file can tell: what is called through another
file's alias of ``torch.load`` is only noticed where that name has ``torch_load`` in it.

The patterns all start with a plain word, not with a word boundary or a set: only then does ``re``
skip through the bytes at the speed of a string search (ten times as fast, measured).
"""

from __future__ import annotations

import re

_TORCH = re.compile(
    rb"torch(?:(\.(?:load|save|serialization|utils\.model_zoo)\b|_load)|[ \t\\'\"]|\.[ \t\\])"
)
"""A use of torch that is telling by itself (1), or one that has to be looked at."""
_OTHERWISE = re.compile(
    rb"torch(?:[ \t]+as[ \t]+(\w+)"
    rb"|[ \t]+import\b(?:[ \t]*\(([^)]*)\)|((?:[^\n\\]|\\\r?\n)*))"
    rb"|([ \t]*\\\r?\n[ \t]*\.|[ \t]+\.|\.[ \t\\\r\n]+(?:load|save|serialization)\b)"
    rb"|(['\"]))"
)
"""torch by another name (1), what is imported from it (2, 3), torch and a dot apart (4), torch in
a string (5)."""
_IMPORTED = re.compile(rb"\b(?:load|save|serialization|hub)\b|\*")
_LOADERS = re.compile(rb"load(?:_url|_from_checkpoint|_state_dict_from_url)\b")
_LOAD_USED = re.compile(rb"load[('\"]")
_SAVE_USED = re.compile(rb"save[('\"]")
_NEXT_ROW = re.compile(rb"torch[ \t]*(?:#[^\n]*)?\r?\n[ \t]*\.")
_BARE = re.compile(rb"torch[ \t]*(?:[\r\n,;)#]|$)")
_RENAMED_USES = (b".load", b".save", b".serialization")


def may_hold_load(data: bytes) -> bool:
    """Whether a file with these bytes has to be parsed at all."""
    if b"torch" not in data:
        words = (b"WEIGHTS_ONLY_LOAD", b"load_from_checkpoint", b"weights_only")
        return any(word in data for word in words)
    otherwise = False
    for match in _TORCH.finditer(data):
        if match[1]:
            return True
        otherwise = True
    if b"weights_only" in data or b"WEIGHTS_ONLY_LOAD" in data:
        return True
    if b"load" not in data and b"save" not in data and b"safe_globals" not in data:
        return False
    if _LOADERS.search(data):
        return True
    return _may_be_renamed(data, otherwise=otherwise)


def _may_be_renamed(data: bytes, *, otherwise: bool) -> bool:
    """Whether torch, its ``load`` or its ``save`` may go by another name here."""
    in_string = False
    for match in _OTHERWISE.finditer(data) if otherwise else ():
        if _is_telling(match, data):
            return True
        in_string = in_string or bool(match[5])
    if _NEXT_ROW.search(data):
        return True
    used = _LOAD_USED.search(data) or _SAVE_USED.search(data)
    return bool(used) and (in_string or _is_a_value(data))


def _is_telling(match: re.Match[bytes], data: bytes) -> bool:
    """Whether another spelling of torch brings ``load`` or ``save`` with it."""
    name = match[1]
    if name and any(name + use in data for use in _RENAMED_USES):
        return True
    return bool(match[4]) or bool(_IMPORTED.search(match[2] or match[3] or b""))


def _is_a_value(data: bytes) -> bool:
    """Whether the module torch is assigned or handed on, or looked into as a dictionary."""
    for match in _BARE.finditer(data):
        before = data[max(0, match.start() - 40) : match.start()].rstrip(b" \t")
        if before[-1:] in {b"=", b"(", b",", b":"}:
            return True
    return b"__dict__" in data or b"sys.modules" in data
