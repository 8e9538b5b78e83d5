"""Why what was proven may not be what the program does: what its file shows beside the allowlist.

A proof evaluates an allowlist as it stands, and loads the file under it. The program does the same
only where the list is in force when its load runs, its names mean what the imports say, and the
call takes no arguments that change the load.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.policy import Trust
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.facts.calls import CallKind
from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module

_TRIED = frozenset("f map_location weights_only mmap encoding errors fix_imports".split())
"""Keywords that a restricted load takes (``torch/serialization.py`` of torch 2.13)."""
_AT_ONCE = frozenset(
    "all any dict frozenset list max min set sorted sum tuple extend fromkeys join update".split()
)
"""What goes through a generator before it returns."""
_WRITERS = frozenset("update setdefault pop popitem clear __setitem__ __delitem__".split())
"""Methods that change a dict."""
_SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp,
           ast.GeneratorExp)  # fmt: skip


def first_gap(module: Module, load: LoadCall) -> str:
    """The first reason not to take a proof for the program; empty where there is none."""
    found = [*_of_arguments(load)]
    if load.allowlists:
        found += [*_of_generators(module, load), *_of_cleared(module), *_of_ended(module, load)]
    return found[0] if found else ""


def runs_code(situation: Situation) -> str:
    """What the code allows although it runs what the file chooses; empty where there is nothing."""
    for need in situation.needs:
        if need.judgement.trust is Trust.RUNS_CODE and need not in situation.missing:
            return f"{need.name}: {need.judgement.reason}; the file is not given to torch"
    return ""


def _of_arguments(load: LoadCall) -> Iterator[str]:
    given = [keyword.arg for keyword in load.node.keywords if keyword.arg]
    if load.loader == "torch.load" and load.through is None and load.kind is CallKind.CALL:
        for name in given:
            if name not in _TRIED and not (name == "pickle_module" and load.pickle_module is None):
                yield f"the argument {name} was not tried"


def _of_generators(module: Module, load: LoadCall) -> Iterator[str]:
    for parent in ancestors(module, load.node):
        if isinstance(parent, (*FUNCTIONS, ast.Lambda)):
            return
        if isinstance(parent, ast.GeneratorExp):
            user = module.parents.get(parent)
            at_once = isinstance(user, ast.Call) and last_name(user.func) in _AT_ONCE
            if not at_once and not isinstance(user, (ast.Starred, ast.For)):
                yield (
                    f"the generator in row {parent.lineno} loads when it is used, perhaps after "
                    "its block"
                )


def _of_cleared(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and last_name(node.func) == "clear_safe_globals":
            yield f"clear_safe_globals in row {node.lineno} may run before it"


def _of_ended(module: Module, load: LoadCall) -> Iterator[str]:
    """The end of a block takes its items away, also those that an outer one allows."""
    first = min(allowlist.span for allowlist in load.allowlists)
    for other in module.allowlists:
        if other in load.allowlists or other.kind is AllowlistKind.PROCESS:
            continue
        end = other.statement.end_lineno if other.statement is not None else None
        within = first < other.span and other.function == load.function
        if within and end is not None and end < load.node.lineno:
            row = other.span.start.row
            yield f"the block in row {row} has taken away what it shares with others"


# -- names ----------------------------------------------------------------------------------------


def rebound(module: Module, names: frozenset[str], imports: Collection[ast.stmt]) -> str:
    """Where the file gives imported names of an allowlist another meaning; empty where it does not.

    ``imports`` are the statements that are evaluated for the proof.
    """
    for node in _of_scope(module.tree, imports):
        for name in _bound_by(node):
            if name in names:
                return f"{name} has another meaning from row {getattr(node, 'lineno', 0)} on"
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Global, ast.Nonlocal)) and not names.isdisjoint(node.names):
            return f"a function may give {min(names.intersection(node.names))} another meaning"
        if isinstance(node, ast.Call) and _writes_names(module, node, names):
            return f"row {node.lineno} may give names another meaning"
        if isinstance(node, ast.Attribute) and _is_changed(node, names):
            return f"row {node.lineno} changes {ast.unparse(node):.60}"
    return ""


def _of_scope(tree: ast.AST, without: Collection[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of a module's own scope."""
    waiting = list(ast.iter_child_nodes(tree))
    while waiting:
        node = waiting.pop()
        if node in without:
            continue
        yield node
        if not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        yield node.name or ""
    elif isinstance(node, ast.MatchMapping):
        yield node.rest or ""


def _writes_names(module: Module, call: ast.Call, names: frozenset[str]) -> bool:
    """``exec``, ``globals()`` that is written to, ``setattr`` of something that was imported."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name in {"setattr", "delattr"}:
        return bool(call.args) and _root(call.args[0]) in names
    if name not in {"globals", "vars", "locals"}:
        return name == "exec"
    if call.args and _root(call.args[0]) not in names:
        return False  # vars(args)
    user = module.parents.get(call)
    if isinstance(user, ast.Subscript):
        return not isinstance(user.ctx, ast.Load)
    if isinstance(user, ast.Attribute):
        return user.attr in _WRITERS
    return name == "globals"


def _is_changed(node: ast.Attribute, names: frozenset[str]) -> bool:
    return not isinstance(node.ctx, ast.Load) and _root(node) in names


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
