"""Functions of the project that call what they are handed: ``def apply(use, path): use(path)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.definitions import defaults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.project.passing.callbacks import PassedArguments
    from torchload_lint.source.text.definitions import NamedFunction


class _Bound(NamedTuple):
    """What a call gives to the parameters of a function."""

    named: dict[str, ast.expr]
    further: list[ast.expr]
    further_named: list[ast.keyword]


def handed_arguments(
    function: NamedFunction, call: ast.Call, place: ast.expr
) -> list[PassedArguments]:
    """With what ``function`` calls the one that ``call`` hands it at ``place``, in terms of that
    call: one item for each call in its body. Empty where it is not seen to call it.
    """
    bound = _bound(function, call)
    if bound is None or function.decorator_list:
        return []
    name = next((each for each, value in bound.named.items() if value is place), None)
    if name is None or name in _stored(function):
        return []
    return [_in_terms_of_the_call(inner, function, bound) for inner in _calls_of(name, function)]


def _bound(function: NamedFunction, call: ast.Call) -> _Bound | None:
    """None where positions are unpacked, or more is given than there is place for."""
    declared = function.args
    if any(isinstance(each, ast.Starred) for each in call.args):
        return None
    unpacked = any(each.arg is None for each in call.keywords)
    positional = [each.arg for each in (*declared.posonlyargs, *declared.args)]
    further = call.args[len(positional) :]
    named = {} if unpacked else defaults(declared)
    named.update(zip(positional, call.args, strict=False))
    by_keyword = {*positional, *(each.arg for each in declared.kwonlyargs)}
    further_named = [each for each in call.keywords if each.arg and each.arg not in by_keyword]
    named.update({each.arg: each.value for each in call.keywords if each.arg in by_keyword})
    if (further and not declared.vararg) or (further_named and not declared.kwarg):
        return None
    return _Bound(named, further, further_named)


def _calls_of(name: str, function: NamedFunction) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _stored(function: NamedFunction) -> set[str]:
    """Names that are given another value in a function."""
    return {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }


def _in_terms_of_the_call(
    inner: ast.Call, function: NamedFunction, bound: _Bound
) -> PassedArguments:
    stored = _stored(function)
    vararg, kwarg = function.args.vararg, function.args.kwarg
    args: list[ast.expr] = []
    keywords: list[ast.keyword] = []
    for each in inner.args:
        if isinstance(each, ast.Starred):
            args += bound.further if _is(each.value, vararg) else [_unseen(each)]
        else:
            args.append(_given(each, bound, stored))
    for keyword in inner.keywords:
        if keyword.arg is None and _is(keyword.value, kwarg):
            keywords += bound.further_named
        else:
            keywords.append(ast.keyword(keyword.arg, _given(keyword.value, bound, stored)))
    return args, keywords


def _is(node: ast.expr, parameter: ast.arg | None) -> bool:
    return isinstance(node, ast.Name) and parameter is not None and node.id == parameter.arg


def _given(node: ast.expr, bound: _Bound, stored: set[str]) -> ast.expr:
    """What an argument of the inner call is in the outer one: a parameter or a constant as it is;
    anything else is not known there.
    """
    if isinstance(node, ast.Constant):
        return node
    if isinstance(node, ast.Name) and node.id not in stored and node.id in bound.named:
        return bound.named[node.id]
    return ast.copy_location(ast.Constant(...), node)


def _unseen(node: ast.expr) -> ast.expr:
    return ast.copy_location(
        ast.Starred(ast.copy_location(ast.Constant(...), node), ast.Load()), node
    )
