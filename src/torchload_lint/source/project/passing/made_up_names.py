"""Who may ask for a function or a class by a name that its code does not spell: shown to those who
trace an answer, and never taken for a call.
"""

from __future__ import annotations

import ast
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.source.project.passing.named_places import Mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_MOST_ASKING = 40
"""Files that are parsed to see whether they ask a module for a made-up name."""


def asking(project: ProjectIndex, home: SourceFile) -> Iterator[Mention]:
    """``getattr(models, config["model"])``, where that may be a name of a file."""
    folder = dirname(home.path)
    paths = sorted(project.holding("getattr"), key=lambda path: not path.startswith(folder))
    for path in paths[:_MOST_ASKING]:
        module = project.module_at(path)
        for node in module.carrying("getattr") if module else ():
            assert module is not None
            call = module.parents.get(node)
            if (
                isinstance(call, ast.Call)
                and call.func is node
                and len(call.args) > 1
                and not isinstance(call.args[1], ast.Constant)
                and _may_hold(project, module, call.args[0], home)
            ):
                yield Mention(
                    module, call, "asks a module for a name that is made up, perhaps this"
                )


def _may_hold(project: ProjectIndex, module: SourceFile, asked: ast.expr, home: SourceFile) -> bool:
    """Whether an expression may be the module of a file, or a package around it."""
    dotted = module.bindings.qualified(asked)
    for found in project.definitions(dotted, module.path) if dotted else ():
        if isinstance(found.node, ast.Module):
            path = found.module.path
            inside = path.endswith("__init__.py") and home.path.startswith(f"{dirname(path)}/")
            return path == home.path or inside
    definitions = module.bindings.definitions(asked) if isinstance(asked, ast.Name) else ()
    values = [asked, *(each.value for each in definitions if each.value is not None)]
    return any(
        isinstance(value, ast.Call)
        and module.bindings.qualified(value.func)
        in {"importlib.import_module", "builtins.__import__"}
        for value in values
    )
