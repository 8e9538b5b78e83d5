"""Where an expression stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping

    from torchload_lint.source.domain import Values
    from torchload_lint.source.module import Module


NO_ARGUMENTS: Mapping[ast.arg, Values] = {}
"""One empty mapping for all frames, so that they can be told to be alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Where an expression stands: its file, and what is known of the calls that led there."""

    module: Module
    arguments: Mapping[ast.arg, Values] = field(default_factory=lambda: NO_ARGUMENTS)
    """What parameters of the functions entered so far were given."""
    calls: int = 0
    """How many calls were followed inwards."""
    callers: int = 0
    """How many calls were followed outwards."""

    def elsewhere(self, module: Module) -> Frame:
        """A place outside of every function, as many calls away."""
        return Frame(module, NO_ARGUMENTS, self.calls, self.callers)
