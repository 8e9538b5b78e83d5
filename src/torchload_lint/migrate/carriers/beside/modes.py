"""How a program had set the modules of a file, which no state dict says: for evaluation, frozen.

A model that was loaded whole went on as it was saved; one that a program makes is in training mode,
and its parameters want gradients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import DictValue, ObjectValue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.checkpoint.pickles.call_results import NameResolver
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue

_PARAMETER = "torch._utils._rebuild_parameter"
_WITH_STATE = f"{_PARAMETER}_with_state"
"""``(data, requires_grad, backward_hooks, state)``; without the last for the one above."""
_FEW = 4
"""Names that are shown; the rest is counted."""


class Modes:
    """The modes of the modules and parameters of one state dict."""

    def __init__(self, names: NameResolver) -> None:
        """No module is known yet."""
        self._names = names
        self._training: list[str] = []
        self._evaluating: list[str] = []
        self._frozen: list[str] = []
        self._with_attributes: list[str] = []

    def add(self, attributes: dict[str, PickledValue], prefix: str) -> None:
        """A module that is in the state dict, under a prefix."""
        mode = attributes.get("training")
        if isinstance(mode, bool):
            (self._training if mode else self._evaluating).append(prefix[:-1] or "itself")
        parameters = attributes.get("_parameters")
        if isinstance(parameters, (DictValue, ObjectValue)):
            for name, value in parameters.entries:
                if isinstance(name, str) and isinstance(value, ObjectValue):
                    self._add_parameter(f"{prefix}{name}", value)

    def _add_parameter(self, name: str, value: ObjectValue) -> None:
        made_by = str(self._names.of(value.callee))
        if made_by not in {_PARAMETER, _WITH_STATE} or not isinstance(value.args, tuple):
            return
        if value.args[1:2] == (False,):
            self._frozen.append(name)
        if made_by == _WITH_STATE and any(value.args[3:]):
            self._with_attributes.append(name)

    def told(self) -> Iterator[tuple[str, str]]:
        """What is set, and why it has to be looked at."""
        if self._evaluating:
            which = f" of {_listed(self._evaluating)}" if self._training else ""
            why = "no state dict says so: the program calls .eval() on what it makes"
            yield f"evaluation mode (.training = False){which}", why
        if self._frozen:
            why = "no state dict says so: the program freezes them in the model it makes"
            yield f".requires_grad = False of {_listed(self._frozen)}", why
        if self._with_attributes:
            why = "no state dict has them: the program gives them to the model it makes"
            yield f"attributes of the parameters {_listed(self._with_attributes)}", why


def _listed(names: list[str]) -> str:
    rest = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" and {rest} more" if rest > 0 else "")
