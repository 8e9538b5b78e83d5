"""A load that is tried safely first, and unsafely when that fails."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple, cast

from torchload_lint.source.facts.calls import LoadCall, WeightsOnly
from torchload_lint.source.names.references import find
from torchload_lint.source.names.steps import blocks_around
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Span
    from torchload_lint.source.names.source_file import SourceFile

_TRY = (ast.Try, ast.TryStar) if hasattr(ast, "TryStar") else (ast.Try,)
_PICKLE = frozenset(
    f"{package}.{name}"
    for package in ("pickle", "cPickle", "_pickle", "dill", "cloudpickle")
    for name in ("load", "loads")
)
_SAFE = frozenset({WeightsOnly.TRUE, WeightsOnly.ABSENT, WeightsOnly.NONE})
_CANNOT_PASS = (ast.Raise, ast.Return, ast.Continue, ast.Break)


class UnsafeFallback(NamedTuple):
    """A safe load, and the unsafe one that follows when it fails."""

    statement: ast.Try
    safe: LoadCall
    handler: ast.ExceptHandler
    unsafe: ast.Call
    """The ``torch.load(..., weights_only=False)`` or ``pickle.load(...)`` of the handler."""
    loader: str
    """``torch.load`` or ``pickle.load``."""
    span: Span
    """The place of the unsafe call."""
    load: LoadCall | None = None
    """The unsafe call as a load, where it is one of torch's."""


def collect(module: SourceFile, loads: tuple[LoadCall, ...]) -> tuple[UnsafeFallback, ...]:
    """Every unsafe fallback of a file, in its order; ``loads`` are the file's."""
    safe = [load for load in loads if load.weights_only in _SAFE]
    found = [fallback for load in safe for fallback in _fallbacks_of(module, load, loads)]
    distinct = {fallback.unsafe: fallback for fallback in found}
    return tuple(sorted(distinct.values(), key=lambda fallback: fallback.span))


def _fallbacks_of(
    module: SourceFile, load: LoadCall, loads: tuple[LoadCall, ...]
) -> Iterator[UnsafeFallback]:
    for statement in _tries_around(module, load.node):
        for handler in statement.handlers:
            places: list[Sequence[ast.stmt]] = [handler.body]
            if _falls_through(handler) and isinstance(load.statement, ast.Return):
                places.append(_behind(module, statement))
            for block in places:
                for call, name, unsafe in _unsafe_in(module, block, loads):
                    yield UnsafeFallback(
                        statement, load, handler, call, name, module.span(call), unsafe
                    )


def _tries_around(module: SourceFile, node: ast.AST) -> Iterator[ast.Try]:
    """The ``try`` statements in whose body (not in a handler) a node stands, innermost first."""
    child = node
    parent = module.parents.get(child)
    while parent is not None:
        if isinstance(parent, _TRY) and child in parent.body:
            yield cast("ast.Try", parent)
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return
        child, parent = parent, module.parents.get(parent)


def _falls_through(handler: ast.ExceptHandler) -> bool:
    return not isinstance(handler.body[-1], _CANNOT_PASS)


def _behind(module: SourceFile, statement: ast.stmt) -> Sequence[ast.stmt]:
    """What follows a statement in its own block."""
    block = next(blocks_around(module, statement), [])
    return block[block.index(statement) + 1 :] if statement in block else []


def _unsafe_in(
    module: SourceFile, block: Sequence[ast.stmt], loads: tuple[LoadCall, ...]
) -> Iterator[tuple[ast.Call, str, LoadCall | None]]:
    """The unsafe loads of some statements; nested functions do not run there."""
    if not block:
        return
    inside = set(_run_in(block))
    for load in loads:
        chosen = load.weights_only is WeightsOnly.FALSE or load.pickle_module is not None
        if load.node in inside and chosen:
            yield load.node, "torch.load", load
    for word in ("load", "loads"):
        for reference in find(module, word, _PICKLE):
            call = module.parents.get(reference.node)
            if isinstance(call, ast.Call) and call in inside and call.func is reference.node:
                yield call, f"pickle.{last_name(call.func)}", None


def _run_in(block: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    todo: list[ast.AST] = list(block)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(node))
