"""The vetted table: which names lead to which definitions, each of them enumerated.

The data beside this file is made by ``tools/vetted_definitions.py`` from the libraries themselves,
for each of their versions; a name that is not in it is not vetted, whatever it looks like.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_DATA = Path(__file__).with_name("vetted_definitions.txt")


def vetted_definitions(name: str) -> frozenset[str]:
    """The definitions (``module.qualname``) that a vetted name leads to; none where it is not."""
    return _table().get(name, frozenset())


@lru_cache(maxsize=1)
def _table() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _DATA.read_text(encoding="ascii").splitlines():
        head, separator, names = line.partition(": ")
        if not separator or line.startswith(("#", "[")):
            continue
        module, _, defined_in = head.partition(" = ")
        for entry in names.split():
            name, _, qualname = entry.partition("=")
            definition = f"{defined_in or module}.{qualname or name}"
            found.setdefault(f"{module}.{name}", set()).add(definition)
    return {name: frozenset(definitions) for name, definitions in found.items()}
