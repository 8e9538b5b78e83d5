"""The arguments of a call, sorted to the parameters that they reach."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.keyword.answers import ABSENT, KEY, Answer, laid_over
from torchload_lint.source.facts.keyword.truth import Reader

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile


class Given(NamedTuple):
    """The arguments of a call, by the name of the parameter that they reach."""

    named: dict[str, ast.expr]
    mappings: list[ast.expr]
    """What is unpacked by ``**``."""
    starred: bool
    """Whether ``*args`` is unpacked."""
    surplus: list[ast.expr]
    """Positional arguments for which there is no parameter."""


def given(args: list[ast.expr], keywords: list[ast.keyword], positions: tuple[str, ...]) -> Given:
    """Sort arguments to parameters; what stands behind a ``*args`` has no known place."""
    plain: list[ast.expr] = []
    for arg in args:
        if isinstance(arg, ast.Starred):
            break
        plain.append(arg)
    named = dict(zip(positions, plain, strict=False))
    named.update({keyword.arg: keyword.value for keyword in keywords if keyword.arg})
    mappings = [keyword.value for keyword in keywords if keyword.arg is None]
    return Given(named, mappings, len(plain) < len(args), plain[len(positions) :])


def keyword_answer(
    module: SourceFile,
    call: ast.Call,
    sorted_out: Given,
    parameter: str = KEY,
    *,
    empty: frozenset[ast.arg] = frozenset(),
) -> Answer:
    """What a call says of ``weights_only`` (or of another parameter with that meaning). ``empty``:
    parameters (``**kwargs``) that are known never to hold it.
    """
    reader = Reader(module, empty)
    explicit = sorted_out.named.get(parameter)
    if explicit is not None:
        return reader.value(explicit)
    answer = ABSENT
    for mapping in sorted_out.mappings:
        answer = laid_over(reader.mapping(mapping, module.statement(call)), answer)
    return answer
