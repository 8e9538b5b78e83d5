"""Calls that make an object of a class of the project, by the class's own name."""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.project.call_search import calls_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_MOST_FILES = 8
_MOST_CALLS = 12
_MOST_FOLLOWED = 3
"""Calls outwards that a question may have followed."""


class MakingCall(NamedTuple):
    """``Settings(path)``."""

    call: ast.Call
    module: SourceFile


def making_calls(project: ProjectIndex, node: ast.ClassDef, followed: int) -> list[MakingCall]:
    """Some of the calls that make an object of a class; found once. ``followed``: how many calls
    outwards have led here.
    """
    if followed >= _MOST_FOLLOWED:
        return []
    return project.remember(
        ("making calls", node), lambda: [*islice(_making(project, node), _MOST_CALLS)]
    )


def _making(project: ProjectIndex, node: ast.ClassDef) -> Iterator[MakingCall]:
    for path in [*project.holding(node.name)][:_MOST_FILES]:
        module = project.module_at(path)
        for call in calls_named(project, module, node.name) if module is not None else ():
            assert module is not None
            if _is_class(project, call.func, node, module):
                yield MakingCall(call, module)


def _is_class(
    project: ProjectIndex, called: ast.expr, node: ast.ClassDef, module: SourceFile
) -> bool:
    own = module.bindings.definitions(called) if isinstance(called, ast.Name) else ()
    if any(each.node is node for each in own):
        return True
    dotted = module.bindings.qualified(called)
    found = project.definitions(dotted, module.path) if dotted else ()
    return any(each.node is node for each in found)
