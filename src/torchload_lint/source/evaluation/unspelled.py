"""Attributes that a class sets without spelling them: ``self.__dict__.update(defaults)``,
``setattr(self, name, value)`` in a loop over a mapping, Lightning's ``save_hyperparameters()``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain import mappings
from torchload_lint.source.domain.values import Record, union
from torchload_lint.source.libraries import registry
from torchload_lint.source.names import members
from torchload_lint.source.project import classes
from torchload_lint.source.state import spreading
from torchload_lint.source.state.bound import BoundArguments
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Instance
    from torchload_lint.source.evaluator import Evaluator


def sources(evaluator: Evaluator, node: ast.ClassDef) -> list[tuple[ast.arg, ast.expr]]:
    """The mappings (or objects) whose entries become attributes: the method's ``self``, mapping."""
    return evaluator.project.remember(("attributes set", node), lambda: list(_sources(node)))


def _sources(node: ast.ClassDef) -> Iterator[tuple[ast.arg, ast.expr]]:
    for method in members.body(node.body):
        if not members.is_function(method):
            continue
        receiver = next(iter((*method.args.posonlyargs, *method.args.args)), None)
        if receiver is None:
            continue
        for inner in ast.walk(method):
            if isinstance(inner, ast.Call):
                source = _updated(inner, receiver.arg) or _looped(inner, receiver.arg, method)
                if source is not None:
                    yield receiver, source


def _updated(call: ast.Call, receiver: str) -> ast.expr | None:
    """``self.__dict__.update(x)``, ``vars(self).update(x)``."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr != "update" or not call.args:
        return None
    holder = ast.unparse(function.value)
    return call.args[0] if holder in {f"{receiver}.__dict__", f"vars({receiver})"} else None


def _looped(call: ast.Call, receiver: str, method: ast.AST) -> ast.expr | None:
    """``x`` of ``for k, v in x.items(): setattr(self, k, v)``, of ``setattr(self, k, x[k])`` and
    of ``setattr(self, k, getattr(x, k))``.
    """
    if last_name(call.func) != "setattr" or len(call.args) != 3:  # noqa: PLR2004
        return None
    target, key, value = call.args
    if ast.unparse(target) != receiver:
        return None
    for loop in ast.walk(method):
        if isinstance(loop, ast.For) and any(inner is call for inner in ast.walk(loop)):
            copy = ast.DictComp(key, value, [ast.comprehension(loop.target, loop.iter, [], 0)])
            return mappings.copied(copy)
    return None


def mapping_of(evaluator: Evaluator, instance: Instance) -> Record | None:
    """What an object of a class of the project that is a ``dict`` was made from; None for others,
    and for those whose class takes its entries from elsewhere.
    """
    call = instance.call
    if call is None or not isinstance(instance.arguments, BoundArguments):
        return None
    of, frame = instance.of, instance.arguments.frame
    bases = classes.base_names(of.node, of.module, evaluator.project)
    if not any(map(registry.is_mapping, bases)):
        return None
    given = [evaluator.values(each, frame) for each in call.args[:1]]
    base = spreading.spread(evaluator, union(*given), frame)
    named = {each.arg: evaluator.values(each.value, frame) for each in call.keywords if each.arg}
    further = [each.value for each in call.keywords if each.arg is None]
    spread = spreading.spread(
        evaluator, union(*(evaluator.values(each, frame) for each in further)), frame
    )
    entries = mappings.over(named, mappings.over(spread.entries, base.entries))
    return Record(entries, union(base.others, spread.others))
