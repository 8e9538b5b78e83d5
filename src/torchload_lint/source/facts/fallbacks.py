"""A load that is tried safely first, and unsafely when that fails."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, cast

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.calls import LoadCall, WeightsOnly
from torchload_lint.source.names.references import find
from torchload_lint.source.names.steps import blocks_around
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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


class _Unsafe(NamedTuple):
    """An unsafe load, by whatever function."""

    call: ast.Call
    name: str
    load: LoadCall | None


def collect(module: SourceFile, loads: tuple[LoadCall, ...]) -> tuple[UnsafeFallback, ...]:
    """Every unsafe fallback of a file, in its order; ``loads`` are the file's."""
    safe = [load for load in loads if load.weights_only in _SAFE]
    tried = [(load, tries) for load in safe if (tries := [*_tries_around(module, load.node)])]
    unsafe = _unsafe_calls(module, loads) if tried else {}
    found = [
        fallback for load, tries in tried for fallback in _fallbacks_of(module, load, tries, unsafe)
    ]
    distinct = {fallback.unsafe: fallback for fallback in found}
    return tuple(sorted(distinct.values(), key=lambda fallback: fallback.span))


def _fallbacks_of(
    module: SourceFile,
    load: LoadCall,
    tries: list[ast.Try],
    unsafe_calls: Mapping[ast.AST, _Unsafe],
) -> Iterator[UnsafeFallback]:
    for statement in tries:
        for handler in statement.handlers:
            places: list[Sequence[ast.stmt]] = [handler.body]
            if _falls_through(handler) and isinstance(load.statement, ast.Return):
                places.append(_behind(module, statement))
            for block in places:
                calls = (unsafe_calls[node] for node in _run_in(block) if node in unsafe_calls)
                for call, name, unsafe in calls:
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


def _unsafe_calls(module: SourceFile, loads: tuple[LoadCall, ...]) -> dict[ast.AST, _Unsafe]:
    """The unsafe loads of a file, by their calls."""
    found: dict[ast.AST, _Unsafe] = {}
    for word in ("load", "loads"):
        for reference in find(module, word, _PICKLE):
            call = module.parents.get(reference.node)
            if isinstance(call, ast.Call) and call.func is reference.node:
                found[call] = _Unsafe(call, f"pickle.{last_name(call.func)}", None)
    for load in loads:
        if load.weights_only is WeightsOnly.FALSE or load.pickle_module is not None:
            found[load.node] = _Unsafe(load.node, "torch.load", load)
    return found


def _run_in(block: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """What stands in some statements; nested functions do not run there."""
    todo: list[ast.AST] = list(block)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(node))
