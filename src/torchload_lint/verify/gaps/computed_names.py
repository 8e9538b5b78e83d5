"""What may give any name of a module another meaning, by a text that is worked out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.source.facts.module import Module

_INSIDES = frozenset("cell_contents __defaults__ __kwdefaults__".split())
"""What a function uses that is given to it where it is made."""
_SETTING = frozenset("setattr delattr __setattr__ __delattr__ setitem delitem".split())
_CHANGING_DICTS = frozenset("update setdefault pop popitem clear __setitem__ __delitem__".split())
_NAMES_OF = frozenset({"__dict__", "vars", "globals", "__globals__", "f_globals"})
_MODULES = frozenset(
    "modules import_module __import__ module_from_spec reload globals vars __globals__ f_globals"
    .split()
)  # fmt: skip
"""What gives a module, or its names."""


def changed_by_any_name(node: ast.AST, home: Module) -> str:
    """What a node may change by a name that is not written there; empty for nothing."""
    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        return ast.unparse(node) if node.attr in _INSIDES else ""
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        is_written = isinstance(node.slice, ast.Constant)
        return "" if is_written else _by_names(node.value, home)
    if not isinstance(node, ast.Call):
        return ""
    if last_name(node.func) in _SETTING and node.args and not _names_itself(node):
        return _of_module(node.args[0], home) or _by_names(node.args[0], home)
    changer = node.func if isinstance(node.func, ast.Attribute) else None
    if changer is not None and changer.attr in _CHANGING_DICTS:
        is_written = bool(node.keywords) and not node.args and all(one.arg for one in node.keywords)
        return "" if is_written else _by_names(changer.value, home)
    return ""


def _names_itself(call: ast.Call) -> bool:
    """Whether a call of ``setattr`` says which name it sets."""
    return any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in call.args)


def _by_names(target: ast.expr, home: Module) -> str:
    """The names of a module, as a dict; empty where a target is something else."""
    inner = target.func if isinstance(target, ast.Call) else target
    if last_name(inner) in {"globals", "locals"} and inner is not target:
        return f"any name by {ast.unparse(target):.40}"
    if isinstance(target, ast.Call) and last_name(inner) == "vars" and target.args:
        return _of_module(target.args[0], home)
    if isinstance(target, ast.Attribute) and target.attr in _NAMES_OF:
        return _of_module(target if target.attr in _MODULES else target.value, home)
    return _of_names(target, home)


def _of_names(target: ast.expr, home: Module) -> str:
    """A variable that is a module's names."""
    found = home.bindings.definitions(target) if isinstance(target, ast.Name) else ()
    for one in found:
        value = getattr(one.value, "func", one.value)
        if isinstance(value, ast.expr) and last_name(value) in _NAMES_OF:
            given = getattr(one.value, "args", None) or [getattr(value, "value", None)]
            is_module = last_name(value) in _MODULES or _of_module(given[0], home)
            return f"any name by {ast.unparse(target)}" if is_module else ""
    return ""


def _of_module(holder: ast.expr | None, home: Module) -> str:
    """A module, which is imported, or asked for by its name; empty where it is something else."""
    root = holder
    while isinstance(root, ast.Attribute):
        root = root.value
    found = home.bindings.definitions(root) if isinstance(root, ast.Name) else ()
    is_imported = isinstance(holder, ast.Name) and any(one.kind == "import" for one in found)
    values = [holder, *(one.value for one in found)]
    words = {last_name(part) for value in values if value is not None for part in ast.walk(value)
             if isinstance(part, (ast.Name, ast.Attribute))}  # fmt: skip
    is_module = is_imported or not _MODULES.isdisjoint(words)
    return f"any name of {ast.unparse(holder):.40}" if holder is not None and is_module else ""
