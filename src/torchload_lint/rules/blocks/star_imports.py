"""Files that take every name of the file of a load (``from util import *``)."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.fixes.repair import Allow
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_WRITTEN = ("safe_globals", "restore_only", "only_with")
"""What a fix may import besides the classes."""


def name_given_away(allow: Iterable[Allow], module: Module, project: ProjectIndex) -> str:
    """The place, as ``file:row``, of a star import that would hand on a name which the fix imports
    and which that file uses in its own sense; empty where there is none.
    """
    names = {*_WRITTEN, *(one.spelling.name.partition(".")[0] for one in allow)}
    new = [name for name in names if not _holds(name, module)]
    if not new or _holds("__all__", module):
        return ""
    for taker, row in _takers(module, project):
        if any(_holds(name, taker) for name in new):
            return f"{taker.path}:{row}"
    return ""


def _takers(module: Module, project: ProjectIndex) -> list[tuple[Module, int]]:
    return module.remember(
        ("star imports of this file", project), lambda: list(_found_takers(module, project))
    )


def _found_takers(module: Module, project: ProjectIndex) -> Iterator[tuple[Module, int]]:
    last = module.name.rpartition(".")[2]
    for path in project.holding("import *"):
        taker = project.module_at(path) if path != module.path else None
        for node in ast.walk(taker.tree) if taker is not None else ():
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*" and taker is not None:
                given = (node.module or taker.name).rpartition(".")[2]
                if given == last:
                    yield taker, node.lineno


def _holds(name: str, module: Module) -> bool:
    pattern = rf"\b{re.escape(name)}\b"
    return module.remember(("holds", name), lambda: re.search(pattern, module.text) is not None)
