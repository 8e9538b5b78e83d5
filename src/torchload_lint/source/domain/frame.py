"""Where an expression stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping

    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.facts.module import Module


NO_ARGUMENTS: Mapping[ast.arg, Values] = {}
"""One empty mapping for all frames, so that they can be told to be alike."""


class Frame:
    """Where an expression stands: its file, and what is known of the calls that led there.

    It is never changed once it is made.
    """

    __slots__ = ("arguments", "callers", "calls", "module")

    def __init__(
        self,
        module: Module,
        arguments: Mapping[ast.arg, Values] = NO_ARGUMENTS,
        calls: int = 0,
        callers: int = 0,
    ) -> None:
        """``arguments``: what parameters of the functions entered so far were given; ``calls`` and
        ``callers``: how many calls were followed inwards and outwards.
        """
        self.module = module
        self.arguments = arguments
        self.calls = calls
        self.callers = callers

    def within(self, module: Module) -> Frame:
        """The same, in another file."""
        return Frame(module, self.arguments, self.calls, self.callers)

    def elsewhere(self, module: Module) -> Frame:
        """A place outside of every function, as many calls away."""
        return Frame(module, NO_ARGUMENTS, self.calls, self.callers)
