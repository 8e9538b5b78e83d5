"""Attributes that a class sets without spelling them: ``self.__dict__.update(defaults)``,
``setattr(self, name, value)`` in a loop over a mapping, Lightning's ``save_hyperparameters()``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.branches import guards
from torchload_lint.source.domain import mappings
from torchload_lint.source.names import members
from torchload_lint.source.text.candidates import on_rows, rows_with
from torchload_lint.source.text.definitions import INNER
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile


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
        sets_attributes = _sets_attributes(members.member(node, "__setitem__"))
        for inner in ast.walk(method):
            source = None
            if isinstance(inner, ast.Call):
                source = _updated(inner, receiver.arg) or _looped(inner, receiver.arg, method)
            elif sets_attributes and isinstance(inner, ast.Assign):
                source = _looped_items(inner, receiver.arg, method)
            if source is not None:
                yield receiver, source


def _sets_attributes(method: ast.stmt | None) -> bool:
    """``def __setitem__(self, key, value): return setattr(self, key, value)``."""
    if not isinstance(method, ast.FunctionDef) or len(method.body) != 1:
        return False
    (statement,) = method.body
    call = statement.value if isinstance(statement, ast.Expr | ast.Return) else None
    names = [each.arg for each in method.args.args]
    return isinstance(call, ast.Call) and ast.unparse(call) in {
        f"setattr({', '.join(names)})",
        f"super().__setattr__({', '.join(names[1:])})",
    }


def _updated(call: ast.Call, receiver: str) -> ast.expr | None:
    """``self.__dict__.update(x)``, ``vars(self).update(x)``."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr != "update" or not call.args:
        return None
    holder = ast.unparse(function.value)
    return call.args[0] if holder in {f"{receiver}.__dict__", f"vars({receiver})"} else None


def _looped(call: ast.Call, receiver: str, method: ast.AST) -> ast.expr | None:
    """``x`` of ``for k, v in x.items(): setattr(self, k, v)``, of ``setattr(self, k, x[k])`` and
    of ``setattr(self, k, getattr(x, k))``; ``self.__setattr__(k, v)`` is the same.
    """
    given = _set_by_name(call)
    if given is None or ast.unparse(given[0]) not in {receiver, "super()"}:
        return None
    return _around(call, *given[1:], method)


def _set_by_name(call: ast.Call) -> tuple[ast.expr, ast.expr, ast.expr] | None:
    """The object, the name and the value of ``setattr(x, k, v)`` and ``x.__setattr__(k, v)``."""
    of = call.func.value if isinstance(call.func, ast.Attribute) else None
    of_object = isinstance(of, ast.Name) and of.id == "object"
    is_method = last_name(call.func) == "__setattr__"
    given = call.args if of is None or of_object or not is_method else [of, *call.args]
    if not (is_method or last_name(call.func) == "setattr") or len(given) != 3:  # noqa: PLR2004
        return None
    target, key, value = given
    return target, key, value


def is_set_anew(node: ast.Attribute, module: SourceFile) -> bool:
    """Whether ``setattr(args, k, …)`` sets an attribute before its use, as ``if k in ["id", …]``
    around it says: to what is not in sight.
    """
    scope = module.bindings.scope(node)
    found = module.remember(("set by setattr", scope), lambda: _set_by_lists(scope, module))
    holder = ast.unparse(node.value) if found else ""
    return any(
        row < node.lineno and target == holder and node.attr in names
        for row, target, names in found
    )


def _set_by_lists(scope: ast.AST, module: SourceFile) -> list[tuple[int, str, set[str]]]:
    """The row, the object and the attributes of each ``setattr(x, k, …)`` below a test that lists
    the names.
    """
    rows = rows_with(module.lines, {"setattr"}, scope)
    calls = [
        call
        for call in (on_rows(scope, rows, INNER) if rows else ())
        if isinstance(call, ast.Call) and last_name(call.func) == "setattr" and len(call.args) == 3  # noqa: PLR2004
    ]
    listed = ((call, _names_listed(call, module)) for call in calls)
    return [(call.lineno, ast.unparse(call.args[0]), names) for call, names in listed if names]


def _names_listed(call: ast.Call, module: SourceFile) -> set[str]:
    """The names of which a test around ``setattr(x, k, …)`` says that ``k`` is one."""
    found: set[str] = set()
    for (test, holds), subject in guards.tested_around(call, module):
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.In) and holds:
            listed = test.comparators[0]
            named = module.bindings.definitions(listed) if isinstance(listed, ast.Name) else ()
            given = [each.value for each in named] if named else [listed]
            items = [item for each in given for item in getattr(each, "elts", ())]
            if guards.is_same(subject, call.args[1]):
                found.update(str(getattr(item, "value", "")) for item in items)
    return found


def _looped_items(statement: ast.Assign, receiver: str, method: ast.AST) -> ast.expr | None:
    """``x`` of ``for k, v in x.items(): self[k] = v``."""
    (target, *_) = statement.targets
    if not isinstance(target, ast.Subscript) or ast.unparse(target.value) != receiver:
        return None
    return _around(statement, target.slice, statement.value, method)


def _around(node: ast.AST, key: ast.expr, value: ast.expr, method: ast.AST) -> ast.expr | None:
    """The mapping that the loop around a store goes through, whose entries are stored."""
    for loop in ast.walk(method):
        if isinstance(loop, ast.For) and any(inner is node for inner in ast.walk(loop)):
            copy = ast.DictComp(key, value, [ast.comprehension(loop.target, loop.iter, [], 0)])
            return mappings.copied(copy)
    return None
