"""What runs later: after a load, where it writes nothing that the load reads, or after a store."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.state import loops

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.names.source_file import SourceFile


def comes_after(save: ast.expr, load: ast.expr, statement: ast.stmt, module: SourceFile) -> bool:
    """Whether a save follows the load in the same flow: it writes what becomes of what was loaded.
    ``statement``: the load's.

    One in a loop may be what the next start of a training resumes from.
    """
    follows = (
        (save.lineno, save.col_offset) > (load.lineno, load.col_offset)
        and module.function(load) is module.function(save)
        and loops.around_both(save, save, module) is None
    )
    return (
        follows
        and not _leaves(statement, save, module)
        and not _is_in_other_arm(statement, save, module)
    )


def may_be_left_out(statement: ast.stmt, save: ast.AST, module: SourceFile) -> bool:
    """Whether a load stands in an ``if`` that the save does not stand in: the program saves, too,
    where it has loaded nothing.
    """
    inner: ast.AST | None = statement
    while inner is not None and not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
        if isinstance(inner, ast.If):
            return save not in ast.walk(inner)
        inner = module.parents.get(inner)
    return False


def _is_in_other_arm(statement: ast.stmt, other: ast.AST, module: SourceFile) -> bool:
    """Whether an ``if`` runs either the one or the other: what is not there yet is saved for the
    next run.
    """
    inner: ast.AST | None = statement
    while inner is not None and not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
        outer = module.parents.get(inner)
        if isinstance(outer, ast.If):
            others = outer.orelse if inner in outer.body else outer.body
            if any(other in ast.walk(each) for each in others):
                return True
        inner = outer
    return False


def _leaves(statement: ast.stmt, save: ast.AST, module: SourceFile) -> bool:
    """Whether the branch of a load ends the function before the save: what is saved beside it is
    what the next run finds there.
    """
    node: ast.AST | None = statement
    while isinstance(node, ast.stmt) and save not in ast.walk(node):
        parent = module.parents.get(node)
        blocks = (getattr(parent, name, ()) for name in ("body", "orelse"))
        block = next((each for each in blocks if isinstance(each, list) and node in each), [node])
        ends = any(isinstance(each, ast.Return | ast.Raise) for each in block)
        if ends and isinstance(parent, ast.If | ast.Try):
            return not any(save in ast.walk(each) for each in block)
        node = parent
    return False


def without_overwritten(
    method: ast.FunctionDef | ast.AsyncFunctionDef, stores: Iterable[tuple[ast.arg, str, ast.expr]]
) -> Iterator[tuple[ast.arg, str, ast.expr]]:
    """What a method stores in attributes of ``self``, in its order, without what it stores anew in
    any case before anybody else sees it.
    """
    every = [*stores]
    last = {name: number for number, (_, name, _) in enumerate(every)}
    for number, (receiver, name, value) in enumerate(every):
        _, _, final = every[last[name]]
        if number == last[name] or not _replaces(method, receiver.arg, value, final):
            yield receiver, name, value


def _replaces(
    method: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, value: ast.expr, final: ast.expr
) -> bool:
    """Whether a later store runs in any case, and nothing in between may ask for the object."""
    rows = [each.lineno for each in method.body]
    if not any(
        isinstance(each, ast.Assign | ast.AnnAssign) and each.value is final for each in method.body
    ):
        return False
    begin = max((row for row in rows if row <= value.lineno), default=0)
    between = (each for each in method.body if begin <= each.lineno < final.lineno)
    return not any(
        isinstance(part, ast.Call) and _hands_on(part, owner)
        for each in between
        for part in ast.walk(each)
    )


def _hands_on(call: ast.Call, owner: str) -> bool:
    """Whether a call is one of the object's methods, or is given the object."""
    called = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    given = (*call.args, *(keyword.value for keyword in call.keywords), called)
    return any(isinstance(each, ast.Name) and each.id in {owner, "super"} for each in given)


def is_always_set(
    stores: Iterable[tuple[ast.AST, ast.arg, ast.expr]], member: ast.stmt, module: SourceFile
) -> bool:
    """Whether the constructor sets an attribute in any case, so that ``member``, the class's own
    value of it, is nobody's: a constant, and no property.
    """
    is_constant = isinstance(member, ast.Assign | ast.AnnAssign) and (
        member.value is None or isinstance(member.value, ast.Constant)
    )
    return is_constant and any(
        isinstance(method, ast.FunctionDef)
        and method.name == "__init__"
        and module.parents.get(value) in method.body
        for method, _, value in stores
    )
