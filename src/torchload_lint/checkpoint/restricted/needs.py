"""What an allowlist must hold for a file to load."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.known.known_globals import SINGLETONS
from torchload_lint.checkpoint.known.torch_versions import features

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.checkpoint.known.torch_versions import Target
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue
    from torchload_lint.checkpoint.report import NeededGlobal, Problem
    from torchload_lint.names import GlobalName


@dataclass(slots=True)
class RequiredEntry:
    """One thing that the allowlist must hold."""

    name: GlobalName
    """The key: the name in the file, or the type that a BUILD, NEWOBJ or REDUCE checks."""
    runtime: GlobalName
    because: str
    values: list[PickledValue] = field(default_factory=list)
    is_nested: bool = False
    """Whether this torch (before 2.7) takes the object for one of its last name alone."""
    is_value: bool = False
    """Whether the project's source says that it is neither a class nor a function."""

    @property
    def pair(self) -> bool:
        """Whether the object's own name is another one than the key."""
        if self.because != "GLOBAL":
            return False
        return str(self.name) != str(self.runtime) or self.nameless or self.is_nested

    @property
    def nameless(self) -> bool:
        """Whether the object says no name of its own."""
        return self.is_value or str(self.runtime) in SINGLETONS


def minimal(needs: dict[str, RequiredEntry]) -> list[RequiredEntry]:
    """The needs in the order they were met, without those that another entry brings in.

    A check by value is content with a pair whose object is the one it looks for.
    """
    named = {str(need.runtime) for need in needs.values() if need.because == "GLOBAL"}
    return [
        need
        for need in needs.values()
        if need.because == "GLOBAL" or str(need.runtime) not in named
    ]


def too_old(entries: Iterable[NeededGlobal], target: Target) -> list[Problem]:
    """What the target torch cannot express of an allowlist."""
    can, pairs = features(target.torch), [entry.pair for entry in entries]
    if pairs and not can.safe_globals:
        return [advice.no_allowlist(target.torch)]
    return [advice.no_pairs(target.torch)] if any(pairs) and not can.pairs else []
