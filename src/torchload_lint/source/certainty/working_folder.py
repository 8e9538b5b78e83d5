"""Whether a program runs in the folder in which relative paths are looked for.

Any file of the project may be part of the program, so one ``os.chdir`` is a doubt for all of them,
unless it leads to where the project's paths begin anyway: ``os.chdir(Path(__file__).parent)``.
"""

from __future__ import annotations

import ast
from posixpath import normpath
from typing import TYPE_CHECKING

from torchload_lint.source.certainty.escaping.seen_changes import SeenChange
from torchload_lint.source.domain.values import Text
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.libraries import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_STEPPING_ASIDE = ("chdir", "fchdir", "isolated_filesystem", "pushd")
_TO_A_FOLDER = frozenset({"os.chdir", "contextlib.chdir"})


def changes(
    home: SourceFile,
    project: ProjectIndex,
    is_all: Callable[[Engine, SourceFile], bool],
) -> Iterator[str]:
    """Where the folder may be changed, in words. ``is_all``: whether an answer leaves no doubt."""
    for word in _STEPPING_ASIDE:
        paths = dict.fromkeys((home.path, *project.holding(word)))
        for path in paths:
            module = home if path == home.path else project.module_at(path)
            if module is None or not module.holds(word):
                continue
            if not _stays_there(word, module, project, is_all):
                kind = SeenChange if path == home.path else str
                yield kind(f"{path} changes the working folder")
    for root in filter(project.holding, registry.CHANGES_FOLDER):
        for decorator, kept_by in registry.folder_changers(root).items():
            for path in project.holding(decorator):
                if kept_by not in (project.files.text(path) or ""):
                    yield f"{path} lets {decorator} change the working folder"


def _stays_there(
    word: str,
    module: SourceFile,
    project: ProjectIndex,
    is_all: Callable[[Engine, SourceFile], bool],
) -> bool:
    """Whether each place of a file that names such a function leaves the program where it is."""
    return project.remember(
        ("stays in its folder", word, module.tree),
        lambda: all(_stays(node, module, project, is_all) for node in module.carrying(word)),
    )


def _stays(
    node: ast.AST,
    module: SourceFile,
    project: ProjectIndex,
    is_all: Callable[[Engine, SourceFile], bool],
) -> bool:
    """Whether a place that names such a function leaves the program in the project's folder."""
    if isinstance(getattr(node, "ctx", None), ast.Store):
        return True
    call = module.parents.get(node)
    if not isinstance(call, ast.Call) or call.func is not node or len(call.args) != 1:
        return False
    if module.bindings.possible(call.func) - _TO_A_FOLDER:
        return False
    engine = Engine(project)
    values = engine.top(call.args[0], module)
    to_root = all(
        isinstance(value, Text) and value.anchored and normpath(value.text) == "."
        for value in values
    )
    return bool(values) and to_root and is_all(engine, module)
