"""``primaryLocationLineHash``: the fingerprint by which GitHub knows a finding after lines moved.

The algorithm is codeql-action's (src/fingerprints.ts): a rolling hash over the hundred characters
that follow the start of a line, spaces and tabs left out, as 64-bit arithmetic base 37, with a
count of equal hashes before it in the file.
"""

from __future__ import annotations

from collections import Counter

_BLOCK = 100
_BASE = 37
_MASK = (1 << 64) - 1
_FIRST = pow(_BASE, _BLOCK, 1 << 64)
_SKIPPED = {ord(" "), ord("\t")}
_LF, _CR, _END = ord("\n"), ord("\r"), 0xFFFF


def line_hashes(text: str) -> list[str]:
    """The fingerprint of each line, the first line's first."""
    units, starts = _significant_units(text)
    hashes: list[str] = []
    seen: Counter[str] = Counter()
    rolling = 0
    window = [0] * _BLOCK
    pending = iter([*starts, -1])
    due = next(pending)
    for index, unit in enumerate([*units, *[0] * _BLOCK]):
        if index - _BLOCK == due:
            digest = f"{rolling:x}"
            seen[digest] += 1
            hashes.append(f"{digest}:{seen[digest]}")
            due = next(pending)
        rolling = (_BASE * rolling + unit - _FIRST * window[index % _BLOCK]) & _MASK
        window[index % _BLOCK] = unit
    return hashes


def _significant_units(text: str) -> tuple[list[int], list[int]]:
    """The UTF-16 units that are hashed, and the index of each line's first one."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    units: list[int] = []
    starts: list[int] = []
    line_start, previous_cr = True, False
    for low, high in zip(encoded[::2], encoded[1::2], strict=True):
        unit = low | high << 8
        if unit in _SKIPPED or (previous_cr and unit == _LF):
            previous_cr = False
            continue
        previous_cr = unit == _CR
        if line_start:
            starts.append(len(units))
        units.append(_LF if previous_cr else unit)
        line_start = units[-1] == _LF
    if line_start:
        starts.append(len(units))
    return [*units, _END], starts
