"""Loads that a recorded run has seen: which file each call site opened, and what it needed."""

from __future__ import annotations

from torchload_lint.named_tuples import NamedTuple


class RecordedLoad(NamedTuple):
    """One call site and one file that it opened."""

    file: str
    """The source file, relative to the project's root."""
    function: str
    """Qualified name of the enclosing function; ``<module>`` at module level."""
    row: int
    checkpoint: str
    """Relative to the project's root where it lies inside, else absolute."""
    sha256: str = ""
    """Of the checkpoint; empty where it was too large to be hashed, or gone."""
    verdict: str = ""
    safe_globals: tuple[str, ...] = ()
    torch: str = ""
    outcome: str = ""
    """``loaded``, or the error."""


def matching(
    recorded: tuple[RecordedLoad, ...], file: str, function: str, row: int
) -> tuple[RecordedLoad, ...]:
    """What was seen of one call site.

    Rows move, names of functions less: all of a function's loads are meant, unless some were seen
    on this very row.
    """
    name = function.replace(".<locals>", "") or "<module>"
    here = [
        one
        for one in recorded
        if one.file == file and one.function.replace(".<locals>", "") in {name, _last(name)}
    ]
    on_row = [one for one in here if one.row == row]
    return tuple(on_row or here)


def _last(name: str) -> str:
    """Before Python 3.11 a running function only knows the last part of its name."""
    return name.rpartition(".")[2]
