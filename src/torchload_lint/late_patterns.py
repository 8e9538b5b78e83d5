"""Regular expressions that are compiled at their first use: most runs use few of them, and to
compile all takes as long as to import everything else.
"""

from __future__ import annotations

import re
from typing import cast


class _LatePattern:
    def __init__(self, pattern: str, flags: int) -> None:
        self._given = pattern, flags

    def __getattr__(self, name: str) -> object:
        compiled = re.compile(*self._given)
        for method in ("search", "match", "fullmatch", "finditer", "findall", "split", "sub"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def late_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """What ``re.compile`` gives, for all that a pattern is asked for here."""
    return cast("re.Pattern[str]", _LatePattern(pattern, flags))
