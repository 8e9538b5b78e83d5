"""What a function is called with that is itself an argument: ``pool.map(torch.load, paths)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_ONE_BY_ONE = frozenset(
    {"submit", "to_thread", "run_in_executor", "run_sync", "call_soon", "delayed", "start_soon"}
)
"""Callers that take a function and then, one by one, the arguments to call it with."""
_ITEMS = frozenset({"map", "imap", "imap_unordered", "map_async", "filter"})
"""Callers that call the function with each item of what comes next."""
_ITEMS_SPREAD = frozenset({"starmap", "starmap_async"})
"""Callers that spread each item of what comes next over the function's parameters."""
GIVES_ITEMS = _ITEMS | _ITEMS_SPREAD
"""Callers that call the function with items, and no keyword."""
_IN_A_TUPLE = frozenset({"apply", "apply_async", "Thread", "Process", "Timer"})
"""Callers that are given the arguments in a tuple, and the keyword arguments in a dictionary."""
_TUPLE, _DICTIONARY = ("args",), ("kwargs", "kwds")
"""What they call these parameters."""


class GivenAfter(NamedTuple):
    """What a function is called with that is itself an argument."""

    args: tuple[ast.expr, ...] = ()
    each: bool = False
    """Whether it is called with each item of the first of them."""
    keywords: tuple[ast.keyword, ...] = ()


NOTHING = GivenAfter()


def given_after(module: SourceFile, call: ast.Call, function: ast.expr) -> GivenAfter:
    """What a call runs ``function`` with, one of its arguments; empty where it is not known."""
    behind = call.args[call.args.index(function) + 1 :] if function in call.args else []
    how = last_name(call.func)
    if how in _ONE_BY_ONE:
        return GivenAfter(tuple(unstarred(module, behind)), keywords=tuple(call.keywords))
    if how in _ITEMS and behind and not isinstance(behind[0], ast.Starred):
        return GivenAfter((behind[0],), each=True)
    if how in _ITEMS_SPREAD and behind:
        firsts = _firsts(module, behind[0])
        return GivenAfter((firsts,), each=True) if firsts is not None else NOTHING
    if how in _IN_A_TUPLE:
        return _in_a_tuple(module, call, behind)
    return NOTHING


def _in_a_tuple(module: SourceFile, call: ast.Call, behind: list[ast.expr]) -> GivenAfter:
    """``Thread(target=load, args=(path,), kwargs={...})``, ``pool.apply(load, (path,))``."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    given = [*behind, None, None]
    args = next((named[one] for one in _TUPLE if one in named), given[0])
    options = next((named[one] for one in _DICTIONARY if one in named), given[1])
    items = [] if args is None else _items(module, args)
    return NOTHING if items is None else GivenAfter(tuple(items), keywords=_keywords(options))


def _keywords(options: ast.expr | None) -> tuple[ast.keyword, ...]:
    """A dictionary of keyword arguments as what is unpacked."""
    if options is None:
        return ()
    return (ast.copy_location(ast.keyword(arg=None, value=options), options),)


def unstarred(module: SourceFile, args: list[ast.expr]) -> list[ast.expr]:
    """Arguments, with ``*paths`` as its items where it is a tuple or list that is written out."""
    found: list[ast.expr] = []
    for arg in args:
        items = _items(module, arg.value) if isinstance(arg, ast.Starred) else None
        found += [arg] if items is None else items
    return found


def with_first_given(module: SourceFile, args: list[ast.expr]) -> list[ast.expr]:
    """The arguments, with ``paths[0]`` before ``*paths`` where that comes first, and the function
    around is given it (``def f(*paths)``).
    """
    held = args[0].value if args and isinstance(args[0], ast.Starred) else None
    return [_item(module, held, 0), *args] if _is_vararg(held, module) else args


def _is_vararg(node: ast.expr | None, module: SourceFile) -> TypeGuard[ast.Name]:
    """Whether a name is the ``*args`` of the function around it."""
    if not isinstance(node, ast.Name):
        return False
    function = module.function(node)
    vararg = function.args.vararg if function is not None else None
    meant = [one.node for one in module.bindings.definitions(node)]
    return vararg is not None and meant == [vararg]


def _items(module: SourceFile, node: ast.expr) -> list[ast.expr] | None:
    """The items of a tuple or list: themselves, or for a name ``name[0]`` and so on, since they
    may have been replaced since; None where it is not written out.
    """
    if isinstance(node, (ast.Tuple, ast.List)):
        return None if any(isinstance(one, ast.Starred) for one in node.elts) else node.elts
    if not isinstance(node, ast.Name):
        return None
    values = [one.value for one in module.bindings.definitions(node)]
    shown = values[0] if len(values) == 1 else None
    items = _items(module, shown) if isinstance(shown, (ast.Tuple, ast.List)) else None
    return None if items is None else [_item(module, node, place) for place in range(len(items))]


def _item(module: SourceFile, node: ast.Name, place: int) -> ast.expr:
    index = ast.copy_location(ast.Constant(place), node)
    item = ast.copy_location(ast.Subscript(node, index, ast.Load()), node)
    module.parents.adopt(item, module.parents[node])
    module.parents.adopt(index, item)
    return item


def _firsts(module: SourceFile, node: ast.expr) -> ast.expr | None:
    """The first of each of some tuples that are written out."""
    if isinstance(node, ast.Name):
        values = [one.value for one in module.bindings.definitions(node)]
        node = values[0] if len(values) == 1 and values[0] is not None else node
    if not isinstance(node, (ast.Tuple, ast.List)):
        return None
    firsts = [
        one.elts[0] for one in node.elts if isinstance(one, (ast.Tuple, ast.List)) and one.elts
    ]
    if not firsts or len(firsts) < len(node.elts):
        return None
    return ast.copy_location(ast.List(firsts, ast.Load()), node)
