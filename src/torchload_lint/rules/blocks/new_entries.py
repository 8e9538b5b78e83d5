"""The entries of a block that a fix writes: how each is named, and where it is imported."""

from __future__ import annotations

import ast
from bisect import bisect_right
from typing import TYPE_CHECKING

from torchload_lint.fixes.repair import Allow
from torchload_lint.policy import Trust
from torchload_lint.rules import safety
from torchload_lint.rules.blocks.rebound_names import is_given_from_outside
from torchload_lint.rules.installed import is_hidden_module
from torchload_lint.source.facts.scripts import first_run, imports_at_top, needs_more_first
from torchload_lint.source.project.imports import closes_circle, is_imported_above
from torchload_lint.source.proofs.uses.at_import import unsure_files
from torchload_lint.source.text.definitions import COMPREHENSIONS
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.names import ClassFacts
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Need, Situation
    from torchload_lint.source.facts.module import Module

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_EXPECTS_ERRORS = frozenset({"raises", "assertRaises", "assertRaisesRegex"})


def entry_for(
    need: Need, situation: Situation, context: Context, *, limited: bool = False
) -> Allow:
    """The entry that a load needs; ``limited``: whether one may restore what may be called, and
    hold a path to texts.
    """
    by_texts = limited and need.judgement.by_texts
    facts = need.facts
    own = facts if facts is not None and not facts.read_from else None
    module = need.needed.spelling.module
    return Allow(
        spelling=need.needed.spelling,
        key=str(need.name) if safety.is_paired(need, situation) else None,
        defined_in=own.path if own else "",
        installed=bool(facts and facts.read_from),
        restore_only=need.judgement.trust is Trust.RESTORE_ONLY
        or (limited and need.judgement.by_attributes),
        calls=need.needed.held if by_texts or need.judgement.trust is Trust.ONLY_WITH else (),
        at_load=own is not None and _may_do_without(own, situation, context),
        not_at_top=own is not None and _is_too_early(own, situation, context),
        hidden=is_hidden_module(module, situation.module.path, context),
        rebound=_is_rebound(need, situation, context),
    )


def _is_rebound(need: Need, situation: Situation, context: Context) -> bool:
    spelling = need.needed.spelling
    words = {spelling.name.partition(".")[0], *spelling.module.split(".")}
    return any(is_given_from_outside(one, situation.module, context.project) for one in words)


def _may_do_without(own: ClassFacts, situation: Situation, context: Context) -> bool:
    """Whether a program may run the load's file, up to the load, and not the one that defines a
    class. What that does, or whether it is there at all, then counts only where it is reached.
    """
    row = _reached_at(situation)
    if is_imported_above(context.project, situation.module.path, row, own.path):
        return False
    module, load = situation.module, situation.load.statement
    if module.parents.get(load) is not module.tree:
        return True
    first = module.remember(
        "first statement that acts", lambda: next(filter(_acts, module.tree.body), None)
    )
    return first is not None and _start(first) < _start(load)


def _start(statement: ast.stmt) -> tuple[int, int]:
    return statement.lineno, statement.col_offset


def _reached_at(situation: Situation) -> int:
    """The row that an import at module level has to stay above to have run before the load."""
    module, row = situation.module, situation.load.node.lineno
    body = module.tree.body
    above = bisect_right(body, row, key=lambda each: each.lineno)
    if above and not isinstance(body[above - 1], _DEFINITIONS):
        return body[above - 1].lineno
    return first_run(module)


def _acts(statement: ast.stmt) -> bool:
    """Whether a statement may change what a module does that is imported after it."""
    if isinstance(statement, _DEFINITIONS):
        return False
    return any(
        isinstance(node, ast.Call | ast.Await | ast.Delete)
        or (isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store))
        for node in ast.walk(statement)
    )


def _is_too_early(own: ClassFacts, situation: Situation, context: Context) -> bool:
    """Whether a class may not be there yet at the top of the load's file."""
    defining = own.defined_as.module
    return closes_circle(context.project, situation.module.path, defining) or needs_more_first(
        defining, situation.module
    )


def is_meant_to_fail(situation: Situation) -> bool:
    """Whether a load stands in ``with pytest.raises(…):`` or its like."""
    node: ast.AST | None = situation.load.node
    while (node := situation.module.parents.get(node) if node is not None else None) is not None:
        items = node.items if isinstance(node, ast.With | ast.AsyncWith) else []
        calls = [item.context_expr for item in items if isinstance(item.context_expr, ast.Call)]
        if any(last_name(call.func) in _EXPECTS_ERRORS for call in calls):
            return True
    return False


def risk_of_import(need: Need, situation: Situation, context: Context) -> str:
    """What importing a class may do that does not happen there today; empty where it does nothing.

    An installed library that the file does not import yet may not be installed; a file of the
    project, or one that it imports, may do more than define things; and a load may not be reached.
    """
    facts, module = need.facts, situation.module
    if facts is None or facts.path == module.path:
        return ""
    if not facts.read_from and not module.bindings.imports_module(facts.defined_as.module):
        unsure = _starts_work(facts, situation, context)
        if unsure:
            return f"a file that was not imported here is imported, and {unsure}"
    root = need.needed.spelling.module.partition(".")[0]
    if imports_at_top(module, root):
        return ""
    is_new = bool(facts.read_from) or _may_be_passed_over(situation.load.node, module)
    return "a file that was not imported here is imported, and runs" if is_new else ""


def _starts_work(own: ClassFacts, situation: Situation, context: Context) -> str:
    """What the import of a file of the project may start, in it or in what it imports itself, that
    the load's file has not imported above.
    """
    home, row = context.project.module_at(own.path), _reached_at(situation)
    if home is None:
        return f"{own.path} cannot be read"
    for path, reason in unsure_files(home, context.project):
        if not (path and is_imported_above(context.project, situation.module.path, row, path)):
            return reason
    return ""


def _may_be_passed_over(node: ast.AST, module: Module) -> bool:
    """Whether the statement of a load may run without it: ``load() if a else b``, ``a and load()``,
    a comprehension over nothing.
    """
    parent = module.parents.get(node)
    while isinstance(parent, ast.expr | ast.comprehension):
        if isinstance(parent, ast.IfExp) and node is not parent.test:
            return True
        if isinstance(parent, ast.BoolOp) and node is not parent.values[0]:
            return True
        if isinstance(parent, COMPREHENSIONS) and node is not parent.generators[0]:
            return True
        if isinstance(parent, ast.comprehension) and node is not parent.iter:
            return True
        node, parent = parent, module.parents.get(parent)
    return False
