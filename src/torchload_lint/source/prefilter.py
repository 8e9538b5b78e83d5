"""The cheap question first: can these bytes hold anything that a rule would report on?

Most files are answered by a few searches for plain words, before anything is decoded or parsed.
A yes is no promise; a no is one, as far as one file can tell: what is called through another
file's alias of ``torch.load`` is only noticed where that name has ``torch`` and ``load`` in it.
"""

from __future__ import annotations

import re

_TELLING = (
    b"torch.load",
    b"torch.save",
    b"weights_only",
    b"safe_globals",
    b"load_from_checkpoint",
    b"load_state_dict_from_url",
    b"model_zoo",
    b"torch_load",
    b"WEIGHTS_ONLY_LOAD",
    b"torch.serialization",
    b"weights_only_load",
)
"""Words any one of which is enough."""
_RENAMED = re.compile(rb"\btorch[ \t]+as[ \t]+(\w+)")
_FROM_TORCH = re.compile(
    rb"\bfrom[ \t]+torch(?:\.serialization|\.hub)?[ \t]+import\b"
    rb"(?:[ \t]*\(([^)]*)\)|((?:[^\n\\]|\\\r?\n)*))"
)
_TAKEN = re.compile(rb"\b(?:load|save|serialization|load_url)\b|\*")
_SPACED = re.compile(rb"\btorch\s*(?:\\\s*)?\.\s*(?:\\\s*)?(?:load|save|serialization)\b")
_TORCH_AS_VALUE = re.compile(rb"""['"]torch['"]|[=:(,]\s*torch\s*(?:[\r\n,;)#]|$)|__dict__""")
_LOAD = re.compile(rb"\b(?:load|save)\b")


def may_hold_load(data: bytes) -> bool:
    """Whether a file with these bytes has to be parsed at all."""
    if b"torch" not in data:
        return b"WEIGHTS_ONLY_LOAD" in data or b"load_from_checkpoint" in data
    if any(word in data for word in _TELLING):
        return True
    return (b"load" in data or b"save" in data) and _may_hold_renamed(data)


def _may_hold_renamed(data: bytes) -> bool:
    """Whether torch or its functions go by another name here."""
    for match in _RENAMED.finditer(data):
        name = match[1]
        if any(name + end in data for end in (b".load", b".save", b".serialization")):
            return True
    if b"from torch" in data:
        for match in _FROM_TORCH.finditer(data):
            if _TAKEN.search(match[1] or match[2] or b""):
                return True
    if not _LOAD.search(data):
        return False
    return bool(_TORCH_AS_VALUE.search(data) or _SPACED.search(data))
