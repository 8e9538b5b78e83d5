"""Attributes that are looked up by a name which is put together, and what is then stored there.

``getattr(models, "__di" + "ct__")["helper"] = f`` changes a module without a word that says so.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.project.changes.of_the_program import program_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.changes.reflection import ReflectedChange
    from torchload_lint.source.project.index import ProjectIndex

_COMPUTED = late_pattern(r"\bgetattr\b(?!\([^,()\n]*,\s*['\"]\w*['\"]\s*[,)])")
_STORING = frozenset({"setdefault", "update"})
_RECEIVER_AND_NAME = 2


def stored_by_name(
    module: SourceFile,
    project: ProjectIndex,
    counts: Callable[[ast.expr, str | None, ast.expr | None, SourceFile], bool],
    is_used: Callable[[ast.expr, SourceFile], bool],
) -> Iterator[str]:
    """Where a file may change what it looks up so, in words: right there in what ``counts``, or
    under another name where it is a class or a module of the proof.
    """
    if not _COMPUTED.search(module.text):
        return
    calls = project.remember_of(
        "names put together", module.path, module.tree, lambda: list(_calls(module))
    )
    for call, is_stored in calls:
        receiver = call.args[0]
        if is_used(receiver, module) or (is_stored and counts(receiver, None, None, module)):
            yield f"{module.path}:{call.lineno} may replace what `{ast.unparse(call)}` gives"


def files_looking_up(project: ProjectIndex) -> Iterator[SourceFile]:
    """The files of the program that have such a call."""
    paths = project.remember(("stores", "looking up"), lambda: _looking_up(project))
    yield from filter(None, map(project.module_at, paths))


def _looking_up(project: ProjectIndex) -> list[str]:
    text = project.files.text
    return [path for path in program_files(project) if _COMPUTED.search(text(path) or "")]


def _calls(module: SourceFile) -> Iterator[tuple[ast.Call, bool]]:
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call) or len(node.args) < _RECEIVER_AND_NAME:
            continue
        if isinstance(node.args[1], ast.Constant) or not _is_getattr(node.func, module):
            continue
        if _is_stored_into(node, module):
            yield node, True
        elif isinstance(module.parents.get(node), ast.Assign | ast.NamedExpr | ast.Call):
            yield node, False


def _is_getattr(func: ast.expr, module: SourceFile) -> bool:
    return "builtins.getattr" in module.bindings.possible(func)


def _is_stored_into(node: ast.Call, module: SourceFile) -> bool:
    user = module.parents.get(node)
    if isinstance(user, ast.Subscript) and user.value is node:
        return not isinstance(user.ctx, ast.Load)
    return isinstance(user, ast.Attribute) and user.attr in _STORING


def is_written_out(change: ReflectedChange) -> bool:
    """Whether the text that is run stands there: ``eval("setattr(models, 'helper', f)")``."""
    call = change.module.parents.get(change.node)
    return isinstance(call, ast.Call) and any(isinstance(one, ast.Constant) for one in call.args)
