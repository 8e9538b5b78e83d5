"""A load's path, looked for as far as that can lead to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.paths import resolve_load
from torchload_lint.source.project.files import NoFiles
from torchload_lint.source.project.index import ProjectIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.rules.context import Context
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.paths import Resolution


def resolve_within_reach(
    load: LoadCall,
    module: Module,
    context: Context,
    matters: Callable[[Resolution], bool] | None = None,
) -> Resolution:
    """The path, followed through other files only where that can lead to something.

    Callers, imports and configuration files cost time; they are only asked where a checkpoint is
    within reach that they might name, or where needs are to be inferred.
    """
    folders = load.library is not None and bool(load.library.loader.inside)
    if context.infers or context.checkpoints.any():
        return resolve_load(load, module, context.project, folders=folders, matters=matters)
    alone = module.remember("alone", lambda: _alone(module))
    return resolve_load(load, module, alone, folders=folders, matters=matters)


def _alone(module: Module) -> ProjectIndex:
    """A project of one file, which all loads of the file ask."""
    index = ProjectIndex(NoFiles())
    index.adopt(module)
    return index
