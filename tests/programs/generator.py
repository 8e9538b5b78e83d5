"""Programs without end: every one is made from its seed and number alone."""

from __future__ import annotations

import ast
from random import Random
from typing import TYPE_CHECKING

from programs import hierarchies, layouts
from programs.holders import HOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from programs.layouts import Program

_OTHERS = (
    hierarchies.classes,
    hierarchies.calls,
    hierarchies.functions,
    hierarchies.moves,
    hierarchies.modules,
    hierarchies.whole,
)


def programs(seed: int, first: int, last: int) -> Iterator[Program]:
    """The programs ``first`` to ``last`` (excluded) of a seed."""
    for number in range(first, last):
        yield program(Random(f"{seed}/{number}"))


def program(rng: Random) -> Program:
    """One program that Python can read."""
    while True:
        made = _made(rng)
        if all(map(_is_python, made.files.values())):
            return made


def _made(rng: Random) -> Program:
    if rng.random() < 0.4:
        return rng.choice(_OTHERS)(rng)
    holder = rng.choice(HOLDERS)
    luck = rng.random()
    if luck < 0.2:
        statement = ""
    elif luck < 0.3 and holder.harmless:
        statement = rng.choice(holder.harmless)
    else:
        statement = rng.choice(holder.changes)
    return layouts.arranged(rng, holder, statement, in_loop=rng.random() < 0.12)


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True
