"""Values that select one of several things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import HOME, Rung
from torchload_lint.source.domain.values import Constant, Text, lift

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Value, Values


def left_to_callers(defaults: Values) -> Values:
    """The defaults of a parameter where nobody is seen to call: a word or a number is there for
    others to be given (``split="train"``), and is one of several.
    """
    return tuple(each for value in defaults for each in lift((value,), _rung(value)))


def _rung(value: Value) -> Rung:
    is_word = isinstance(value, Text) and bool(value.text) and not {*"/.~", HOME} & {*value.text}
    is_number = isinstance(value, Constant) and type(value.value) in (int, float)
    return Rung.ONE_OF_SEVERAL if is_word or is_number else value.rung
