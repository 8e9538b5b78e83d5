"""The modules that a load goes through, as values: whoever is given one, or finds it in
``sys.modules``, may change anything in it by names that are not written anywhere.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.source.facts.module import Module

_MODULES = frozenset(
    """
    torch torch.serialization torch.storage torch._utils torch._tensor torch._C
    torch._weights_only_unpickler torch.nn.parameter builtins pickle io struct copyreg collections
    """.split()
)
_TABLE = "sys.modules"
_ASKING = frozenset("hasattr getattr isinstance id type repr str print bool dir".split())
_BY_NAME = frozenset("setattr delattr object setitem patch multiple".split())
"""What changes something whose name stands beside the module: that is looked at by itself."""
_HOLDING = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Starred, ast.keyword, ast.Assign,
            ast.AnnAssign, ast.NamedExpr, ast.For, ast.comprehension)  # fmt: skip


def module_handed_on(node: ast.AST, home: Module) -> str:
    """What is handed on at a node, in words; empty for nothing."""
    if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
        return ""
    whole = home.bindings.qualified(node) or ""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        of = home.bindings.qualified(node.value) or ""
        return f"may change anything of {of}" if of in _MODULES and not _reads(node, home) else ""
    if whole == _TABLE:
        return "" if _reads(node, home) else f"may change any module of {_TABLE}"
    if whole not in _MODULES:
        return ""
    user = home.parents.get(node)
    is_given = isinstance(user, ast.Call) and node in user.args and not _only_asks(user)
    is_given |= isinstance(user, ast.Return) and whole != "torch"  # which is imported late, often
    return f"hands {whole} on" if is_given or isinstance(user, _HOLDING) else ""


def _only_asks(call: ast.Call) -> bool:
    name = last_name(call.func)
    texts = (one for one in call.args if isinstance(one, ast.Constant))
    return name in _ASKING or (name in _BY_NAME and any(isinstance(t.value, str) for t in texts))


def _reads(table: ast.AST, home: Module) -> bool:
    """Whether a dict of names is only asked for one that is written there, and is none of those
    modules, or whether it has one.
    """
    user = home.parents.get(table)
    key: ast.AST | None = None
    if isinstance(user, ast.Compare):
        return True
    if isinstance(user, ast.Subscript) and user.value is table:
        key = user.slice
    elif isinstance(user, ast.Attribute) and user.attr in {"get", "setdefault", "pop"}:
        call = home.parents.get(user)
        key = call.args[0] if isinstance(call, ast.Call) and call.args else None
    if isinstance(key, ast.Name):
        return key.id == "__name__"
    return isinstance(key, ast.Constant) and key.value not in _MODULES
