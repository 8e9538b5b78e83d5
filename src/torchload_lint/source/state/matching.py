"""Which argument of a call goes to which parameter."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from torchload_lint.source.text.definitions import FunctionNode


class FromKeywords:
    """What ``**mapping`` in the call gives to the parameter of that name."""

    __slots__ = ("mappings", "name")

    def __init__(self, mappings: tuple[ast.expr, ...], name: str) -> None:
        """``mappings``: what the call spreads."""
        self.mappings = mappings
        self.name = name


class FromSequence:
    """What ``*sequence`` in the call gives to the parameter that comes as number ``index``."""

    __slots__ = ("index", "sequence")

    def __init__(self, sequence: ast.expr, index: int) -> None:
        """``index`` counts from the first item of the sequence."""
        self.sequence = sequence
        self.index = index


class Keywords:
    """What ``**kwargs`` of the function is given: by name, and by ``**mapping``."""

    __slots__ = ("mappings", "named")

    def __init__(self, named: dict[str, ast.expr], mappings: tuple[ast.expr, ...]) -> None:
        """``mappings``: what the call spreads."""
        self.named = named
        self.mappings = mappings


Part: TypeAlias = FromKeywords | FromSequence
Passed: TypeAlias = "ast.expr | list[ast.expr] | Keywords | Part | tuple[Part, Part] | None"
"""An expression; the expressions of ``*args``; those of ``**kwargs``; a part of what ``*`` or
``**`` in the call spread, or of either; or None, where they hide what is given."""


def match(call: ast.Call, function: FunctionNode, skipped: int = 0) -> dict[ast.arg, Passed]:
    """Parameter → what a call gives it. Parameters that are left to their default are missing.

    ``skipped`` counts leading parameters that the call does not write (``self``).
    """
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args][skipped:]
    given = _by_place(call, positional, arguments.vararg)
    by_name = {each.arg: each for each in (*positional, *arguments.kwonlyargs)}
    further: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg in by_name:
            given[by_name[keyword.arg]] = keyword.value
        elif keyword.arg is not None:
            further[keyword.arg] = keyword.value
    hidden = tuple(keyword.value for keyword in call.keywords if keyword.arg is None)
    for each in by_name.values() if hidden else ():
        by_keyword = FromKeywords(hidden, each.arg)
        by_place = given.setdefault(each, by_keyword)
        if isinstance(by_place, FromSequence):
            given[each] = by_place, by_keyword
    if arguments.kwarg is not None:
        given[arguments.kwarg] = Keywords(further, hidden)
    return given


def _by_place(
    call: ast.Call, positional: list[ast.arg], vararg: ast.arg | None
) -> dict[ast.arg, Passed]:
    """What the arguments without a name give; ``*sequence`` is spread where it comes last."""
    spread = [index for index, each in enumerate(call.args) if isinstance(each, ast.Starred)]
    plain = call.args[: spread[0]] if spread else call.args
    given: dict[ast.arg, Passed] = dict(zip(positional, plain, strict=False))
    if vararg is not None:
        given[vararg] = None if spread else list(plain[len(positional) :])
    last = call.args[-1] if len(plain) == len(call.args) - 1 else None
    sequence = last.value if isinstance(last, ast.Starred) else None
    for index, parameter in enumerate(positional[len(plain) :] if spread else ()):
        given[parameter] = None if sequence is None else FromSequence(sequence, index)
    return given
