"""Stand-ins: another object under a pickled name, where the real one cannot be loaded."""

from __future__ import annotations

from dataclasses import dataclass

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.values import DictValue, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.checkpoint.evaluate import Evaluation
    from torchload_lint.checkpoint.report import StandIn
    from torchload_lint.checkpoint.torch_versions import Target
    from torchload_lint.names import GlobalName


@dataclass(frozen=True, slots=True)
class Substitute:
    """What a program puts in the place of a class."""

    kind: GlobalName
    """``builtins.dict``, ``collections.OrderedDict`` or ``builtins.list``."""
    ignores_arguments: bool = False
    """Whether it has to be a function that takes any arguments and makes an empty one."""

    def make(self) -> Value:
        """The value that a call or an instantiation gives."""
        return [] if str(self.kind) == "builtins.list" else DictValue(str(self.kind))


def find_stand_ins(
    _result: Evaluation, _again: Callable[[dict[str, Substitute]], Evaluation], _target: Target
) -> tuple[Evaluation, tuple[StandIn, ...]] | None:
    """Stand-ins that make the file load, and the evaluation with them; None where none do."""
    return None
