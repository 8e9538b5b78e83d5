"""Iterators and containers that an object keeps: a file may put half a million into each other.

Python asks ``next`` of ``zip(zip(zip(a)))`` in C, without a limit of depth, until its stack ends.
Where an iterator is gone through at once, a method of the class stands between any two of them,
which Python does count. Coroutines are given up one inside of the other, too, and so are a
``slice``, a ``deque``, a ``defaultdict`` and the file name of an ``OSError``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.reaching import BUILTINS
from torchload_lint.source.proofs.uses.fixed_values import is_compared
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.vetted import NESTED

if TYPE_CHECKING:
    from collections.abc import Collection

    from torchload_lint.source.names.source_file import SourceFile

_LAZY = frozenset(
    f"builtins.{name}" for name in ("enumerate", "filter", "iter", "map", "reversed", "zip")
)
_IN_EACH_OTHER = "any number in each other"
_WITH_FILE = 3
"""How many arguments of an ``OSError`` come with the name of a file."""
_OF_FILES = frozenset(name for name in NESTED if name.endswith("Error"))
_DEEP = NESTED - {"numpy.object_"}
_BUILTIN = frozenset(f"builtins.{name}" for name in BUILTINS)


def kept_iterator(piece: ast.AST, home: SourceFile) -> str:
    """Where a piece of code may keep an iterator over values of a file; empty where nowhere."""
    for node in ast.walk(piece):
        if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("__"):
            return f"{home.path}:{node.lineno} may keep a coroutine, and a file {_IN_EACH_OTHER}"
        is_lazy = isinstance(node, ast.GeneratorExp)
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            meanings = home.bindings.possible(node)
            is_lazy = any(one in _LAZY or one.startswith("itertools.") for one in meanings)
            if not _DEEP.isdisjoint(meanings) and _may_make(node, home, meanings):
                named = f"what {ast.unparse(node)} makes"
                return f"{home.path}:{node.lineno} may keep {named}, and a file {_IN_EACH_OTHER}"
        if is_lazy and not _is_used_up(node, home):
            row = getattr(node, "lineno", 1)
            return f"{home.path}:{row} may keep an iterator, and a file {_IN_EACH_OTHER}"
    return ""


def _may_make(node: ast.expr, home: SourceFile, meanings: Collection[str]) -> bool:
    """Whether a class is called there, or handed to somebody; no annotation, test or handler."""
    user = home.parents.get(node)
    if isinstance(user, ast.Call) and user.func is node:
        is_whole = any(isinstance(one, ast.Starred) for one in user.args)
        has_file = is_whole or len(user.args) >= _WITH_FILE
        return has_file or not _OF_FILES.issuperset(meanings)
    inner: ast.AST = node
    while isinstance(user, ast.Subscript | ast.Tuple | ast.BinOp):
        inner, user = user, home.parents.get(user)
    if isinstance(user, (ast.arg, ast.ExceptHandler, ast.Raise, *FUNCTIONS)):
        return False
    is_annotation = isinstance(user, ast.AnnAssign) and user.annotation is inner
    return not (is_annotation or is_compared(node, home))


def _is_used_up(node: ast.AST, home: SourceFile) -> bool:
    """Whether it is gone through at once, or handed back by a method."""
    user = home.parents.get(node)
    if isinstance(node, ast.Attribute | ast.Name):
        if isinstance(user, ast.Attribute):
            return _is_used_up(user, home)
        if not isinstance(user, ast.Call) or user.func is not node:
            return False
        return _is_used_up(user, home)
    if isinstance(user, ast.Call):
        dotted = home.bindings.qualified(user.func) or ""
        if dotted in _LAZY or dotted.startswith("itertools."):
            return _is_used_up(user, home)
        is_method = isinstance(user.func, ast.Attribute) and user.func.attr in _TAKING
        return user.func is not node and (is_method or dotted in _BUILTIN)
    if isinstance(user, ast.For | ast.AsyncFor | ast.comprehension):
        return user.iter is node
    if isinstance(user, ast.Return):
        return getattr(home.parents.get(user), "name", "") in _HANDING_BACK
    return isinstance(user, ast.Starred | ast.YieldFrom | ast.Compare | ast.Expr)


_HANDING_BACK = frozenset(
    "__iter__ __reversed__ children items keys modules parameters values".split()
)
"""Methods whose callers go through what they give."""
_TAKING = frozenset({"extend", "join", "update"})
"""Methods that go through what they are given."""
