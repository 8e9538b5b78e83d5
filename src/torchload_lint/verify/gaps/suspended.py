"""Functions that wait, or give something, inside of a block: while they are suspended, another may
end a block of the same classes, and torch's one list has lost them when it goes on.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name
from torchload_lint.verify.gaps.proof_gaps import AT_ONCE, surely_enters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module

_SIDE_BY_SIDE = late_pattern(
    r"\b(?:gather|create_task|ensure_future|TaskGroup|as_completed|start_soon|"
    r"run_coroutine_threadsafe|wait)\b"
)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_WITHS = (ast.With, ast.AsyncWith)
_YIELDS = (ast.Yield, ast.YieldFrom)


def gap_while_suspended(module: Module, load: LoadCall) -> Iterator[str]:
    """Where the function of a load waits, or yields, and loads in its block after that."""
    function = module.function(load.node)
    if not isinstance(function, FUNCTIONS) or _runs_at_once(module, function):
        return
    for block in _blocks(module, load, function):
        nodes = list(ast.walk(block))
        loops = [one for one in nodes if isinstance(one, _LOOPS)]
        loading = [one for one in loops if load.node in ast.walk(one)]
        again = {inside for one in loading for inside in ast.walk(one)}
        for node in nodes:
            does = _does(node)
            is_near = does and (node in again or _comes_before(node, load))
            if is_near and module.function(node) is function:
                yield (
                    f"row {_row(node)} {does} inside of the block, while another may end "
                    "one of the same classes"
                )
                return


def _blocks(module: Module, load: LoadCall, function: ast.AST) -> Iterator[ast.AST]:
    """The statements around a load that hold what is allowed there: all of its function, where a
    stack does.
    """
    for allowlist in load.allowlists:
        if allowlist.kind is AllowlistKind.STACK:
            yield function
    for parent in ancestors(module, load.node):
        if parent is function:
            return
        entered = [item.context_expr for item in parent.items] if isinstance(parent, _WITHS) else ()
        made = [one.node for one in load.allowlists]
        if any(surely_enters(module, one, call) for one in entered for call in made):
            yield parent


def _does(node: ast.AST) -> str:
    """How a node suspends its function, in words; empty where it does not."""
    if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
        return "waits"
    if isinstance(node, ast.comprehension) and node.is_async:
        return "waits"
    return "yields" if isinstance(node, _YIELDS) else ""


def _comes_before(node: ast.AST, load: LoadCall) -> bool:
    """Whether the load may come after what suspends its function; what a generator gives was loaded
    before.
    """
    is_given = isinstance(node, _YIELDS) and load.node in ast.walk(node)
    return not is_given and _row(node) <= (load.node.end_lineno or 0)


def _row(node: ast.AST) -> int:
    found = node.iter if isinstance(node, ast.comprehension) else node
    return getattr(found, "lineno", 0)


def _runs_at_once(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether ``asyncio.run(f())`` is all that the file does with a coroutine, and it starts no
    tasks; or ``list(f())`` all that it does with a generator.
    """
    is_coroutine = isinstance(function, ast.AsyncFunctionDef)
    if function.decorator_list or (is_coroutine and _SIDE_BY_SIDE.search(module.text)):
        return False
    uses = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.Name, ast.Attribute)) and last_name(node) == function.name
    ]
    calls = [module.parents.get(node) for node in uses]
    users = [module.parents.get(call) for call in calls if isinstance(call, ast.Call)]
    names = {"run"} if is_coroutine else AT_ONCE
    goes = [isinstance(one, ast.Call) and last_name(one.func) in names for one in users]
    return len(goes) == len(uses) == 1 and all(goes)
