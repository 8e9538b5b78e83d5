"""What the program may hang onto loggers: a proof takes what they do for harmless.

Whatever a program has it do with its messages is code that meets what the file chose. So only what
``logging`` itself offers is in order, given nothing but its own things.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.project.changes.of_the_program import program_files
from torchload_lint.source.proofs.uses.shared import is_only_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

HUNG_ONTO = frozenset(
    """
    callHandlers critical debug emit error exception filter findCaller fatal flush format
    formatException formatMessage formatStack formatTime getMessage getEffectiveLevel handle
    handleError handlers filters info isEnabledFor lastResort log makeRecord manager parent root
    stream warn warning write _log stdout stderr __stdout__ __stderr__
    """.split()
)
"""Attributes of loggers, handlers and streams that are asked for each message."""
OF_STREAMS = frozenset({"flush", "stderr", "stdout", "write", "__stderr__", "__stdout__"})
"""Those that are asked for what is printed."""
_HANDLERS = frozenset(
    f"logging.{name}"
    for name in """
    FileHandler NullHandler StreamHandler handlers.RotatingFileHandler
    handlers.TimedRotatingFileHandler
    """.split()
)
_OFFERED = _HANDLERS | frozenset(
    f"logging.{name}"
    for name in """
    BASIC_FORMAT CRITICAL DEBUG ERROR FATAL Formatter INFO Logger NOTSET WARN WARNING basicConfig
    captureWarnings critical debug disable error exception fatal getLevelName getLogger handlers
    info log shutdown warn warning
    """.split()
)
"""What a program may use of the library."""
_SETTINGS = frozenset("datefmt encoding filemode filename force format level style".split())
"""Keywords of ``basicConfig`` that are texts and numbers."""
STREAMS = frozenset({"sys.stderr", "sys.stdout", "sys.__stderr__", "sys.__stdout__"})
_GIVEN = {"addHandler": _HANDLERS, "setFormatter": frozenset({"logging.Formatter"})}
_HUNG = frozenset({"addFilter", "dictConfig", "fileConfig"})
_LISTS = frozenset({"handlers", "filters"})
_WORDS = ("logging", *_GIVEN, *_HUNG, *_LISTS)


def hung_onto_loggers(project: ProjectIndex) -> str:
    """Where the program may hang code of its own onto loggers; empty where it does not."""
    return project.remember(("stores", "logging"), lambda: next(_hung(project), ""))


def _hung(project: ProjectIndex) -> Iterator[str]:
    found = {path for word in _WORDS for path in project.holding(word)}
    for path in sorted(found.intersection(program_files(project))):
        module = project.module_at(path)
        for node in ast.walk(module.tree) if module is not None else ():
            if module is not None and not _is_in_order(node, module):
                row = getattr(node, "lineno", 1)
                yield f"{path}:{row} hangs code of its own onto logging ({_short(node)})"


def _short(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0][:40]


def _is_in_order(node: ast.AST, home: SourceFile) -> bool:
    if isinstance(node, ast.ClassDef):
        bases = (base for one in node.bases for base in home.bindings.possible(one))
        return not any(base.startswith("logging.") for base in bases)
    if isinstance(node, ast.Call):
        return _is_call_in_order(node, home)
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        if node.attr in _HUNG:
            return False
        is_module = (home.bindings.qualified(node) or "").startswith("logging.")
        if node.attr in _LISTS and not is_module:
            return is_only_read(node, home)
    if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
        used = (one for one in home.bindings.possible(node) if one.startswith("logging."))
        return all(one in _OFFERED and _is_made(one, node, home) for one in used)
    return True


def _is_made(dotted: str, node: ast.AST, home: SourceFile) -> bool:
    """Whether a class of handlers is only called, or asked for."""
    if dotted not in _HANDLERS:
        return True
    user = home.parents.get(node)
    if isinstance(user, ast.Call) and user.func is node:
        return True
    tests = user if isinstance(user, ast.Call) else home.parents.get(user) if user else None
    return isinstance(tests, ast.Call) and (
        home.bindings.qualified(tests.func) == "builtins.isinstance"
    )


def _is_call_in_order(call: ast.Call, home: SourceFile) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in _GIVEN and len(call.args) == 1:
        return _comes_from(call.args[0], _GIVEN[name], home)
    called = home.bindings.possible(call.func)
    if "logging.basicConfig" in called:
        return all(_is_setting(one, home) for one in call.keywords) and not call.args
    if "logging.StreamHandler" in called:
        given = (*call.args, *(one.value for one in call.keywords))
        return all(_is_stream(one, home) for one in given)
    return name not in _GIVEN


def _is_setting(keyword: ast.keyword, home: SourceFile) -> bool:
    if keyword.arg == "stream":
        return _is_stream(keyword.value, home)
    if keyword.arg == "handlers" and isinstance(keyword.value, ast.List | ast.Tuple):
        return all(_comes_from(one, _HANDLERS, home) for one in keyword.value.elts)
    return keyword.arg in _SETTINGS


def _is_stream(node: ast.expr, home: SourceFile) -> bool:
    is_none = isinstance(node, ast.Constant) and node.value is None
    return is_none or home.bindings.qualified(node) in STREAMS


def _comes_from(node: ast.expr, classes: frozenset[str], home: SourceFile) -> bool:
    """Whether it is what a call of one of these classes gives, by itself or under a name."""
    if isinstance(node, ast.Name):
        values = [one.value for one in home.bindings.definitions(node)]
        return bool(values) and all(
            one is not None and not isinstance(one, ast.Name) and _comes_from(one, classes, home)
            for one in values
        )
    return isinstance(node, ast.Call) and home.bindings.qualified(node.func) in classes
