"""Find every ``safe_globals`` and ``add_safe_globals``, and which of them hold at a load."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.facts.allowed.allowlists import Allowlist, AllowlistKind
from torchload_lint.source.facts.allowed.entries import entries_of, is_helper_function
from torchload_lint.source.facts.allowed.registered import registered_before
from torchload_lint.source.names.references import find
from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.text.candidates import carrying
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile

_BLOCKS = frozenset({"torch.serialization.safe_globals"})
_ADDERS = frozenset({"torch.serialization.add_safe_globals"})
_INNER_ADDERS = frozenset({"torch._weights_only_unpickler._add_safe_globals"})
_STACKED = frozenset({"enter_context"})
"""Of stacks: what ``push`` is given is left in the end, and never entered."""
_DEPTH = 6
"""How many names and helper functions are followed from a ``with`` to its ``safe_globals``."""
_BREADTH = 4
"""How many definitions of each name are followed."""


def collect(module: SourceFile) -> tuple[Allowlist, ...]:
    """Every ``safe_globals(...)`` and ``add_safe_globals(...)`` of the file, in its order."""
    found: list[Allowlist] = []
    if "safe_globals" not in module.text:
        return ()
    blocks = _BLOCKS | _offered_by_others(module)
    adders = (("add_safe_globals", _ADDERS), ("_add_safe_globals", _INNER_ADDERS))
    for word, targets in (("safe_globals", blocks), *adders):
        for reference in find(module, word, targets):
            call = module.parents.get(reference.node)
            if isinstance(call, ast.Call) and call.func is reference.node:
                found.append(_allowlist(module, call, adds=targets is not blocks))
    return tuple(sorted(found, key=lambda allowlist: allowlist.span))


def is_from_helper(module: SourceFile, call: ast.Call) -> bool:
    """Whether a ``safe_globals`` is the project's own, which takes ``restore_only`` entries."""
    return is_helper_function(module, call.func, "safe_globals")


def _offered_by_others(module: SourceFile) -> set[str]:
    """The ``safe_globals`` that another module offers under that name (for every torch, say)."""
    nodes = module.carrying("safe_globals")
    aliases = {node.asname for node in nodes if isinstance(node, ast.alias) and node.asname}
    for renamed in carrying(module.tree, module.lines, aliases).values():
        nodes += renamed
    named = [node for node in nodes if isinstance(node, (ast.Name, ast.Attribute))]
    called = [node for node in named if getattr(module.parents.get(node), "func", None) is node]
    meanings = {meaning for func in called for meaning in module.bindings.possible(func)}
    own = f"{module.name or '__main__'}."
    return {
        meaning
        for meaning in meanings
        if meaning.endswith(".safe_globals")
        and (not meaning.startswith(own) or meaning.endswith(".restore_only.safe_globals"))
    }


def _allowlist(module: SourceFile, call: ast.Call, *, adds: bool) -> Allowlist:
    given = call.args[0] if call.args else None
    for keyword in call.keywords:
        if keyword.arg == "safe_globals":
            given = keyword.value
    entries, complete = entries_of(module, given) if given is not None else ((), False)
    return Allowlist(
        node=call,
        span=module.span(call),
        kind=AllowlistKind.PROCESS if adds else _kind(module, call),
        entries=entries,
        complete=complete,
        function=module.qualname(call),
        display=given if isinstance(given, (ast.List, ast.Tuple)) else None,
        statement=module.statement(call),
    )


def _kind(module: SourceFile, call: ast.Call) -> AllowlistKind:
    parent = module.parents.get(call)
    if isinstance(parent, ast.Call) and last_name(parent.func) in _STACKED:
        return AllowlistKind.STACK
    if isinstance(parent, FUNCTIONS) and call in parent.decorator_list:
        return AllowlistKind.DECORATOR
    return AllowlistKind.BLOCK


def in_force(
    module: SourceFile, allowlists: tuple[Allowlist, ...], place: ast.AST
) -> tuple[Allowlist, ...]:
    """Those of a file's allowlists that hold when ``place`` runs, outermost first.

    What ``add_safe_globals`` registers counts where it has surely been called before: at module
    level, above every use of the function, or earlier on every way through the same function. A
    decorator counts for nothing: ``safe_globals`` objects cannot be called (torch 2.13
    ``_weights_only_unpickler.py``).
    """
    if not allowlists:
        return ()
    known = module.remember("allowlists", lambda: {one.node: one for one in allowlists})
    around = list(_around(module, known, place))[::-1]
    before = registered_before(module, allowlists, place)
    if before and around:
        blocks = {id(allowlist) for allowlist in around}
        before = [allowlist for allowlist in before if id(allowlist) not in blocks]
    return (*before, *around)


def _around(
    module: SourceFile, known: dict[ast.Call, Allowlist], place: ast.AST
) -> Iterator[Allowlist]:
    """The blocks around a place, innermost first, up to the end of its function."""
    child = place
    for parent in ancestors(module, place):
        if isinstance(parent, (ast.With, ast.AsyncWith)):
            items = parent.items
            if isinstance(child, ast.withitem):
                items = items[: items.index(child)]
            for item in reversed(items):
                for call in _made_by(module, item.context_expr, _DEPTH):
                    if call in known:
                        yield known[call]
        elif _runs_apart(child, parent):
            return
        child = parent


def _runs_apart(child: ast.AST, holder: ast.AST) -> bool:
    """Whether a part runs at another time than the function or class that holds it is defined:
    all but defaults, decorators and bases do.
    """
    if not isinstance(holder, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
        return False
    at_once = [*getattr(holder, "decorator_list", ()), *getattr(holder, "bases", ())]
    return child not in at_once and not isinstance(child, ast.arguments)


def _made_by(module: SourceFile, node: ast.expr, depth: int) -> Iterator[ast.Call]:
    """The calls that may have made the context manager that an expression stands for."""
    if depth == 0:
        return
    if isinstance(node, ast.Call):
        yield node
        for function in _local_functions(module, node.func):
            yield from _made_inside(module, function, depth)
        return
    for value in _possible_values(module, node):
        yield from _made_by(module, value, depth - 1)


def _possible_values(module: SourceFile, node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.Name):
        definitions = module.bindings.definitions(node)
        return [
            part.value
            for part in definitions[:_BREADTH]
            if part.kind in {"assign", "walrus"} and part.value is not None
        ]
    if isinstance(node, ast.Attribute):
        return module.bindings.member_values(node)[:_BREADTH]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    return [node.value] if isinstance(node, ast.NamedExpr) else []


def _local_functions(
    module: SourceFile, node: ast.expr
) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    if not isinstance(node, ast.Name):
        return []
    definitions = module.bindings.definitions(node)
    return [part.node for part in definitions if isinstance(part.node, FUNCTIONS)]


def _made_inside(
    module: SourceFile, function: ast.FunctionDef | ast.AsyncFunctionDef, depth: int
) -> Iterator[ast.Call]:
    """What a function of this file returns, or holds open around its ``yield``."""
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield from _made_by(module, node.value, depth - 1)
        elif isinstance(node, ast.Yield):
            for parent in ancestors(module, node):
                if parent is function:
                    break
                for item in getattr(parent, "items", ()):
                    yield from _made_by(module, item.context_expr, depth - 1)
