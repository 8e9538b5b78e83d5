"""Whether a context manager of the project does nothing that a load meets: it takes the time,
writes a log, enters one of torch's own. What calls anything else, or changes anything but its own,
may do more.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_MANAGERS = frozenset({"contextlib.contextmanager", "contextlib.asynccontextmanager"})
_PLAIN_BASES = frozenset(
    """
    builtins.object contextlib.ContextDecorator contextlib.AbstractContextManager
    contextlib.AsyncContextDecorator contextlib.AbstractAsyncContextManager
    """.split()
)
_RUN = frozenset("__new__ __init__ __enter__ __exit__ __aenter__ __aexit__".split())
_NOISY = frozenset(
    """
    exec eval compile __import__ setattr delattr globals vars locals open input exit quit breakpoint
    getattr super type help map filter
    """.split()
)
_QUIET_BUILTINS = frozenset(dir(builtins)) - _NOISY
_QUIET = ("time.", "logging.", "datetime.", "collections.", "math.", "contextlib.nullcontext",
          "contextlib.suppress", "torch.cuda.", "torch.mps.", "torch.autograd.",
          "torch.no_grad", "torch.inference_mode", "torch.enable_grad", "torch.autocast",
          "torch.set_grad_enabled", "torch.is_grad_enabled", "torch.get_default_dtype",
          "torch.set_default_dtype", "torch.get_rng_state", "torch.set_rng_state",
          "torch.manual_seed", "torch.random.", "torch.backends.")  # fmt: skip
"""Beginnings of whole names that a load does not ask."""
_QUIET_METHODS = frozenset(
    """
    debug info warning error exception log append extend items keys values format join strip
    total_seconds elapsed_time synchronize acquire release start_timer
    """.split()
)
"""Methods of objects that nobody knows: loggers', lists', locks'."""
_OTHERS = (ast.Global, ast.Nonlocal, ast.Delete, ast.Import, ast.ImportFrom, ast.Lambda, ast.Raise,
           ast.Assert, ast.ClassDef)  # fmt: skip


def is_quiet(node: ast.AST, module: SourceFile) -> bool:
    """Whether a function or a class of a file is such a manager."""
    if isinstance(node, FUNCTIONS):
        made = [module.bindings.qualified(one) for one in node.decorator_list]
        return bool(made) and _MANAGERS.issuperset(made) and _does_nothing(node, module)
    if not isinstance(node, ast.ClassDef) or node.decorator_list or node.keywords:
        return False
    if not all(module.bindings.qualified(one) in _PLAIN_BASES for one in node.bases):
        return False
    methods = [one for one in node.body if isinstance(one, FUNCTIONS)]
    run = [one for one in methods if one.name in _RUN]
    return all(not one.decorator_list and _does_nothing(one, module) for one in run)


def _does_nothing(function: ast.AST, module: SourceFile) -> bool:
    return all(_is_harmless(one, function, module) for one in ast.walk(function))


def _is_harmless(node: ast.AST, function: ast.AST, module: SourceFile) -> bool:
    if isinstance(node, _OTHERS) or (isinstance(node, FUNCTIONS) and node is not function):
        return False
    if isinstance(node, ast.Call):
        return _calls_quietly(node, module)
    if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        return isinstance(node.value, ast.Name) and node.value.id == "self"
    return True


def _calls_quietly(call: ast.Call, module: SourceFile) -> bool:
    whole = module.bindings.qualified(call.func) or ""
    if whole:
        home, _, name = whole.rpartition(".")
        return whole.startswith(_QUIET) or (home == "builtins" and name in _QUIET_BUILTINS)
    return isinstance(call.func, ast.Attribute) and call.func.attr in _QUIET_METHODS
