"""What a definition is: one place that gives a name its meaning."""

from __future__ import annotations

import ast
from typing import TypeAlias

from torchload_lint.named_tuples import NamedTuple

NamedFunction: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Definition(NamedTuple):
    """One place that gives a name its meaning."""

    kind: str
    """``import`` (qualified holds the dotted target), ``typing-import`` (one under
    ``TYPE_CHECKING``: for annotations only), ``star-import`` (qualified is the module),
    ``assign``, ``augassign``, ``walrus``, ``for``, ``with``, ``parameter``, ``function``,
    ``class``, ``except``, ``comprehension``, ``match``, ``delete``, ``type``."""
    node: ast.AST
    """The defining node: ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For,
    ast.withitem, ast.arg, ast.FunctionDef, ast.ClassDef, ast.ExceptHandler, ast.comprehension,
    ast.Delete, ast.alias, or the capturing pattern of a ``match``."""
    value: ast.expr | None = None
    """The assigned expression, where the whole target is assigned from it; for a tuple target the
    matching element where the value is a tuple display, else None. For ``with`` the context
    manager's expression. None for parameters and loops."""
    qualified: str = ""
    """For an import: what is bound, absolute (``torch.load``, ``myapp.models.Net``)."""


Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPES = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
INNER = (*SCOPES, ast.Lambda)
"""What does not belong to the scope around it."""


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Every parameter of a function or lambda, in the order in which they are written."""
    listed = [*arguments.posonlyargs, *arguments.args]
    if arguments.vararg:
        listed.append(arguments.vararg)
    listed += arguments.kwonlyargs
    if arguments.kwarg:
        listed.append(arguments.kwarg)
    return listed


def defaults(arguments: ast.arguments) -> dict[str, ast.expr]:
    """Parameter name → default expression, for those that have one."""
    positional = [*arguments.posonlyargs, *arguments.args]
    found = {
        arg.arg: default
        for arg, default in zip(reversed(positional), reversed(arguments.defaults), strict=False)
    }
    for arg, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword_default is not None:
            found[arg.arg] = keyword_default
    return found
