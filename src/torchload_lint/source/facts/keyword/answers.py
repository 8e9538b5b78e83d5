"""The possible values of ``weights_only``, and how they combine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

KEY = "weights_only"
_SHORT = 40
_VERSION = late_pattern(
    r"version|hasattr|signature|getfullargspec|torch_?(?:ge|gte|greater|at_least|2|\d)|\.parameters",
    re.IGNORECASE,
)
"""Conditions that ask which torch is installed, or whether it knows ``weights_only``."""


class Answer(NamedTuple):
    """The values that an expression may have, and how that is known."""

    values: frozenset[WeightsOnly]
    """``UNDECIDED`` stands for "something that cannot be read here"."""
    because: str = ""
    versioned: bool = False
    """Whether the choice among the values is made by torch's version."""

    @property
    def verdict(self) -> WeightsOnly:
        """One word for all of them.

        Where it may be False and else is torch's default, it is called False: that is the value
        somebody chose. Where an old torch does not get the True that a new one gets, True.
        """
        left = self.values - {WeightsOnly.NONE, WeightsOnly.ABSENT}
        if len(self.values) == 1:
            return next(iter(self.values))
        if not left:
            return WeightsOnly.ABSENT
        if left == {WeightsOnly.FALSE}:
            return WeightsOnly.FALSE
        if left == {WeightsOnly.TRUE}:
            return WeightsOnly.TRUE if self.versioned else WeightsOnly.ABSENT
        return WeightsOnly.UNDECIDED


ABSENT = Answer(frozenset({WeightsOnly.ABSENT}))


def undecided(because: str) -> Answer:
    """The answer where nothing can be said, and why."""
    return Answer(frozenset({WeightsOnly.UNDECIDED}), because)


def either(answers: Iterable[Answer], *, versioned: bool = False) -> Answer:
    """Any one of several answers."""
    listed = list(answers)
    if not listed:
        return undecided("it has no value")
    reasons = list(dict.fromkeys(answer.because for answer in listed if answer.because))
    return Answer(
        frozenset().union(*(answer.values for answer in listed)),
        "; ".join(reasons[:3]),
        versioned or any(answer.versioned for answer in listed),
    )


def asks_version(test: ast.expr) -> bool:
    """Whether a condition is about the torch that is installed."""
    return bool(_VERSION.search(code_of(test)))


def constant(value: object) -> Answer:
    """The answer for a literal; torch tests the truth of anything but None."""
    if value is None:
        return Answer(frozenset({WeightsOnly.NONE}))
    return Answer(frozenset({WeightsOnly.TRUE if value else WeightsOnly.FALSE}))


def truth_of(value: WeightsOnly) -> WeightsOnly:
    """The truth value of a possible value: None is false."""
    return WeightsOnly.FALSE if value in {WeightsOnly.NONE, WeightsOnly.ABSENT} else value


def negated(answer: Answer) -> Answer:
    """``not`` of it."""
    swapped = {WeightsOnly.TRUE: WeightsOnly.FALSE, WeightsOnly.FALSE: WeightsOnly.TRUE}
    values = frozenset(swapped.get(truth_of(value), value) for value in answer.values)
    return answer._replace(values=values)


def laid_over(upper: Answer, lower: Answer) -> Answer:
    """What holds where ``upper`` is laid over ``lower``: its own, and else the lower one's."""
    if WeightsOnly.ABSENT not in upper.values:
        return upper
    rest = upper._replace(values=upper.values - {WeightsOnly.ABSENT})
    return either([rest, lower]) if rest.values else lower


def short(node: ast.AST) -> str:
    """A node's code, cut to fit into a sentence."""
    text = code_of(node)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 3]}..."
