"""Garbage of the server, collected between answers and never inside one.

Python looks through all that is kept, again and again, while a text is parsed; that took more than
half of the time of an answer for a long text, and found next to nothing. (``__main__`` has switched
it off for all commands; the others end before it would pay.)
"""

from __future__ import annotations

import gc
import time

SHARE = 10
"""How many times as long as the last collection is worked before the next one."""
SHORTEST_SECONDS = 1.0
"""How long is worked at least."""


class Garbage:
    """Tells when it is time to collect. All seconds are of the processor, in one thread."""

    def __init__(self) -> None:
        self._worked = 0.0
        self._took = 0.0

    def add(self, seconds: float) -> None:
        """So much work has been done."""
        self._worked += seconds

    def is_due(self) -> bool:
        """Whether enough was done since the last time, so that collecting takes a small share."""
        return self._worked > max(SHORTEST_SECONDS, SHARE * self._took)

    def collect(self) -> None:
        """Free what only its own cycles keep, if that is still due."""
        if not self.is_due():
            return
        start = time.thread_time()
        gc.collect()
        self._took, self._worked = time.thread_time() - start, 0.0
