"""By what, when, for which torch and with which command line a report was made."""

from __future__ import annotations

import os
import shlex
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from torchload_lint import __version__
from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CREDENTIALS = late_pattern(r"(?<=://)[^/@\s]*@")
"""What an address may hold before its host; no report repeats it."""


class Provenance(NamedTuple):
    """What makes a report evidence of a run."""

    time: str
    """When it was made: UTC, in ISO 8601."""
    command: str
    torch: tuple[str, ...] = ()
    """Which torch the answers are for, a sentence each."""
    version: str = __version__

    def sentences(self) -> tuple[str, ...]:
        """All of it for people."""
        made = f"made by torchload-lint {self.version} at {self.time}"
        return (made, f"command line: {self.command}", *self.torch)

    def properties(self) -> list[tuple[str, str]]:
        """The same as names and values, without version and time."""
        return [("command-line", self.command), *(("torch", one) for one in self.torch)]


def provenance_of(arguments: Sequence[str], torch: Iterable[str]) -> Provenance:
    """The origin of a report that is made now by a command line with these arguments."""
    command = shlex.join(["torchload-lint", *arguments])
    return Provenance(_time(), _CREDENTIALS.sub("", command), tuple(torch))


def _time() -> str:
    """Now, or what SOURCE_DATE_EPOCH says, so that a report can be made again byte for byte."""
    try:
        moment = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), timezone.utc)
    except (KeyError, ValueError, OverflowError, OSError):
        moment = datetime.now(timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
