"""How a loader is run that an expression stands for: called there, handed on, by another name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.calls import CallKind
from torchload_lint.source.facts.loading.handed_over import given_after
from torchload_lint.source.names.references import PARTIALS
from torchload_lint.source.text.candidates import carrying

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.source.facts.module import Module


class LoaderUse(NamedTuple):
    """One place where a loader is run, and what it is given there."""

    call: ast.Call
    """The call; of what is handed on, the call that it is handed to."""
    place: ast.expr
    """Where to report it."""
    args: Sequence[ast.expr]
    keywords: Sequence[ast.keyword]
    kind: CallKind = CallKind.CALL
    each: bool = False
    """Whether it is run with each item of its first argument."""


def uses_of_function(
    node: ast.expr, partial: ast.Call | None, module: Module
) -> Iterator[LoaderUse]:
    """The use of a function where a name of it stands. ``partial``: the one that it stands for."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Subscript) and parent.value is node:  # a table of such functions
        node, parent = parent, module.parents.get(parent)
    args = partial.args[1:] if partial is not None else []
    keywords = list(partial.keywords) if partial is not None else []
    if isinstance(parent, ast.Call) and parent.func is node:
        own = {keyword.arg for keyword in parent.keywords}
        kept = [keyword for keyword in keywords if keyword.arg not in own]
        yield LoaderUse(parent, parent, [*args, *parent.args], [*kept, *parent.keywords])
        return
    call = module.parents.get(parent) if isinstance(parent, ast.keyword) else parent
    handed = given_after(module, call, node) if isinstance(call, ast.Call) else None
    if isinstance(call, ast.Call) and handed is not None and (handed.args or handed.keywords):
        given = [*args, *handed.args]
        kind = CallKind.REFERENCE
        yield LoaderUse(call, node, given, [*keywords, *handed.keywords], kind, handed.each)


def uses_of_method(node: ast.Attribute, module: Module) -> Iterator[LoaderUse]:
    """The uses of a method: where it stands, in a partial, and by the name that it is given."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Call) and parent.args[:1] == [node] and _is_partial(parent, module):
        yield LoaderUse(parent, parent, parent.args[1:], parent.keywords, CallKind.PARTIAL)
        return
    yield from uses_of_function(node, None, module)
    if isinstance(parent, ast.Assign):
        for name in _read_again(node, parent, module):
            yield from uses_of_function(name, None, module)


def _is_partial(call: ast.Call, module: Module) -> bool:
    return bool(PARTIALS & module.bindings.possible(call.func))


def _read_again(value: ast.expr, given: ast.Assign, module: Module) -> Iterator[ast.Name]:
    """Where the names are read that a value is given to."""
    words = [target.id for target in given.targets if isinstance(target, ast.Name)]
    for nodes in carrying(module.tree, module.lines, words).values():
        names = [node for node in nodes if isinstance(node, ast.Name)]
        for name in names:
            definitions = module.bindings.definitions(name)
            if isinstance(name.ctx, ast.Load) and any(one.value is value for one in definitions):
                yield name
