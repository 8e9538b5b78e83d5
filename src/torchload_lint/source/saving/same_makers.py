"""Saves in other files of a program that write the state of an object made as the restored one is.

``test.py`` restores what ``build_model()`` returns, and ``train.py`` saves the state of that.
"""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.source.saving import pairs
from torchload_lint.source.saving.handed_saves import files_with_saves, saves_of
from torchload_lint.source.saving.programs import are_one_program, shared_folders

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall, SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_MOST_LOOKED_INTO = 8
"""Files that save, the nearest first."""
_MOST_SAVING = 2
"""Where more files save the state of such objects, which of them it is, is not known."""


def saves_of_same(
    load: LoadCall, module: Module, keys: frozenset[str], project: ProjectIndex
) -> list[tuple[SaveCall, Module]]:
    """The saves of the state, under the same key, of what the same class or function makes."""
    made = pairs.made_by(load, module, project)
    if not made:
        return []
    found = [
        (save, home)
        for home in _homes(module, project)
        for save in saves_of(home, project)
        if any(
            made & makers and not _lacks(keys, saved, module)
            for makers, saved in _saved(save, home, project)
        )
    ]
    return found if len({home.path for _, home in found}) <= _MOST_SAVING else []


def _homes(module: Module, project: ProjectIndex) -> Iterator[Module]:
    folder = dirname(module.path)
    others = [path for path in files_with_saves(project) if path != module.path]
    others.sort(key=lambda path: (-shared_folders(dirname(path), folder), path))
    for path in others[:_MOST_LOOKED_INTO]:
        home = project.module_at(path)
        if home is not None and are_one_program(home, module, project):
            yield home


def _saved(
    save: SaveCall, home: Module, project: ProjectIndex
) -> list[tuple[frozenset[tuple[ast.AST, str]], frozenset[str]]]:
    """What makes the objects whose states a save writes, and the keys beside them."""
    return project.remember(
        ("makers of saved", save.node),
        lambda: [
            (pairs.makers_of_stored(saved, place, project), pairs.saved_keys(saved, place))
            for saved, place in pairs.saved_objects(save, home, project)
        ],
    )


def _lacks(keys: frozenset[str], saved: frozenset[str], module: Module) -> bool:
    return bool(saved) and any(not pairs.may_lack(key, module) for key in keys - saved)
