"""Values that all objects of a class, or all code of a module, share: are they only read.

What a file puts into such a list stays there for the whole program: the next command that it runs
may be the file's. So whoever gets hold of one must not be able to change it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.source.facts.module import Module

READING = frozenset(
    """
    copy count endswith format get index items join keys lower lstrip parent parents rstrip split
    startswith strip upper values debug info warning error warning_once exception
    """.split()
)
"""Methods that leave what a module or a class holds as it is."""
_FIXED_CALLS = frozenset(
    """
    builtins.float builtins.frozenset builtins.int builtins.object builtins.range builtins.tuple
    collections.namedtuple enum.auto math.log math.sqrt pathlib.Path torch.Size torch.device
    typing.TypeVar dataclasses.field
    """.split()
)
"""Calls whose results never change; a field has its default made anew for each object."""
_FIXED = (
    ast.BinOp, ast.BoolOp, ast.Compare, ast.Constant, ast.IfExp, ast.JoinedStr, ast.Lambda,
    ast.Tuple, ast.UnaryOp,
)  # fmt: skip
_COPYING = frozenset(
    "all any bool dict enumerate frozenset isinstance iter len list max min print range repr "
    "reversed set sorted str sum tuple zip".split()
)
"""Builtins that hand on the items, and not what holds them."""


def may_change(value: ast.expr | None, home: Module) -> bool:
    """Whether a value is one that something may be put into: anything but constants and names."""
    if value is None or isinstance(value, ast.Name | ast.Attribute):
        return False  # what a name stands for is looked at where it is defined
    if isinstance(value, ast.Call):
        return home.bindings.qualified(value.func) not in _FIXED_CALLS
    if isinstance(value, ast.Constant | ast.JoinedStr | ast.Compare | ast.Lambda):
        return False
    if not isinstance(value, _FIXED):
        return True
    parts = (part for part in ast.iter_child_nodes(value) if isinstance(part, ast.expr))
    return any(may_change(part, home) for part in parts)


def is_only_read(node: ast.expr, home: Module) -> bool:
    """Whether this use of a list, a dict or a tensor leaves it as it is and hands it to nobody."""
    user = home.parents.get(node)
    if isinstance(user, ast.Attribute):
        return user.attr in READING
    if isinstance(user, ast.Subscript):
        return user.value is node and isinstance(user.ctx, ast.Load)
    if isinstance(user, ast.Call):
        is_builtin = isinstance(user.func, ast.Name) and not home.bindings.definitions(user.func)
        copies = is_builtin and user.func.id in _COPYING  # type: ignore[attr-defined]
        return copies and node in user.args
    if isinstance(user, ast.For | ast.comprehension):
        return user.iter is node
    if isinstance(user, ast.If | ast.IfExp | ast.While | ast.Assert):
        return user.test is node
    if isinstance(user, ast.UnaryOp):
        return isinstance(user.op, ast.Not)
    is_doubled = isinstance(user, ast.keyword) and user.arg is None
    return is_doubled or isinstance(
        user, ast.BinOp | ast.Compare | ast.FormattedValue | ast.Starred
    )


def kept_default(node: ast.FunctionDef | ast.AsyncFunctionDef, home: Module) -> str:
    """A parameter whose default is a list or the like that the function may change; else empty."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    last = positional[len(positional) - len(arguments.defaults) :]
    pairs = [*zip(last, arguments.defaults, strict=True)]
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    pairs += [(one, default) for one, default in named if default is not None]
    shared = {one.arg for one, default in pairs if may_change(default, home)}
    for used in ast.walk(node) if shared else ():
        if isinstance(used, ast.Name) and used.id in shared and not is_only_read(used, home):
            return used.id
    return ""
