"""What the kinds of uses may ask of the watch that follows a thing through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.certainty.escaping.asked import Asked
    from torchload_lint.source.certainty.escaping.uses import PlaceOfUse
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import FunctionNode


class Watching(Protocol):
    """Each method gives the reason why the thing may be changed; empty where it is not."""

    evaluator: Evaluator

    def use(self, use: PlaceOfUse, asked: Asked, depth: int) -> str:
        """At one use."""

    def part(self, use: PlaceOfUse, asked: Asked, depth: int, key: str | None = None) -> str:
        """Through what is a part of it."""

    def copied(self, use: PlaceOfUse, asked: Asked, depth: int) -> str:
        """Through something new that holds the same parts."""

    def parameter(
        self, arg: ast.arg, function: FunctionNode, module: SourceFile, asked: Asked, depth: int
    ) -> str:
        """By a function that is given it."""

    def stored_in(self, use: PlaceOfUse, target: ast.expr, asked: Asked, depth: int) -> str:
        """Through a target that is given it."""
