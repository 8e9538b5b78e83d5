"""Forms of types that are made of what a file chooses: ``Base[x]``, ``Optional[x]``.

``typing`` takes a text in the brackets for source, and compiles it; so it does with one that is
joined to a type (``Optional[int] | x``), and numpy with the shape in a dtype.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.proofs.lineage import Holder, UnprovenError, lineage
from torchload_lint.source.proofs.uses.fixed_values import is_compared

if TYPE_CHECKING:
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_TYPING = ("typing.", "typing_extensions.")
_GENERIC = frozenset({"typing.Generic", "typing.Protocol"})
_LIBRARIES_WITH_GENERICS = ("collections.", "torch.utils.data.", *_TYPING)


def compiles_text(node: ast.AST, home: Module, project: ProjectIndex) -> str:
    """What makes a type of what the file may choose; empty where nothing does."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = (node.left, node.right)
        is_form = any(_is_of_typing(one, home) for one in sides)
        is_chosen = is_form and not all(says_itself(one, home) for one in sides)
        return f"{ast.unparse(node)}, which compiles a text of the file" if is_chosen else ""
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return ""
    if says_itself(node.slice, home):
        return ""
    possible = home.bindings.possible(node.value)
    is_form = any(one and _is_form(one, home, project) for one in possible)
    return f"{ast.unparse(node.value)}[…], which compiles a text of the file" if is_form else ""


def is_given_types(function: ast.expr, home: SourceFile) -> bool:
    """Whether a function is given nothing but what the source itself says."""
    call = home.parents.get(function)
    if not isinstance(call, ast.Call) or call.func is not function:
        return is_compared(function, home)
    given = (*call.args, *(one.value for one in call.keywords))
    return all(says_itself(one, home) for one in given)


def says_itself(node: ast.expr, home: SourceFile) -> bool:
    """Whether the source says all of what stands there: constants, and names of files."""
    if isinstance(node, ast.Tuple | ast.List):
        return all(says_itself(one, home) for one in node.elts)
    if isinstance(node, ast.Subscript):
        return says_itself(node.value, home) and says_itself(node.slice, home)
    if isinstance(node, ast.BinOp):
        return says_itself(node.left, home) and says_itself(node.right, home)
    possible = home.bindings.possible(node)
    return isinstance(node, ast.Constant) or (bool(possible) and "" not in possible)


def _is_of_typing(node: ast.expr, home: SourceFile) -> bool:
    if isinstance(node, ast.Subscript):
        return _is_of_typing(node.value, home)
    if isinstance(node, ast.BinOp):
        return _is_of_typing(node.left, home) or _is_of_typing(node.right, home)
    made = node.func if isinstance(node, ast.Call) else node
    return any(one.startswith(_TYPING) for one in home.bindings.possible(made))


def _is_form(dotted: str, home: Module, project: ProjectIndex) -> bool:
    if dotted.startswith(_TYPING):
        return True
    return any(
        isinstance(one.node, ast.ClassDef) and _is_generic(Holder(one.node, one.module, project))
        for one in project.definitions(dotted, home.path)
    )


def _is_generic(holder: Holder) -> bool:
    """Whether a class takes types in brackets, or may: not an enumeration, say."""
    try:
        levels = list(lineage(holder, lambda _: True))
    except UnprovenError:
        return True
    for level in levels:
        bases = level.node.bases
        dotted = map(level.module.bindings.qualified, bases)
        if getattr(level.node, "type_params", None) or any(
            isinstance(base, ast.Subscript) for base in bases
        ):
            return True
        if any(
            one in _GENERIC or (one or "").startswith(_LIBRARIES_WITH_GENERICS) for one in dotted
        ):
            return True
    return False
