"""Whether the files that the project writes hold settings beside the weights that a load takes."""

from __future__ import annotations

import ast
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.source.facts.loading.usage import SETTINGS_KEYS
from torchload_lint.source.saving import pairs
from torchload_lint.source.saving.handed_saves import saves_of
from torchload_lint.source.saving.programs import are_one_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_MOST_FILES = 20
"""Files of a folder that are looked through."""


def kept_beside(load: LoadCall, module: Module, project: ProjectIndex) -> str:
    """Where a save of the same folder writes all that a load asks for, and settings whose kind is
    not known: ``{"net": net.state_dict(), "args": args}``. Empty where none does.
    """
    asked = pairs.asked_keys(load, module)
    for home in _around(module, project):
        for save in saves_of(home, project):
            for saved, _ in pairs.saved_objects(save, home, project):
                entries = dict(_entries(saved))
                unknown = [key for key in SETTINGS_KEYS & set(entries) if _may_be_any(entries[key])]
                if asked <= set(entries) and unknown:
                    return f"{min(unknown)} is saved beside it at {home.path}:{save.span.start.row}"
    return ""


def _around(module: Module, project: ProjectIndex) -> Iterator[Module]:
    """The load's own file, and those of its folder that save."""
    yield module
    folder = dirname(module.path)
    saving = [path for path in project.holding("save") if dirname(path) == folder]
    for path in saving[:_MOST_FILES]:
        home = project.module_at(path) if path != module.path else None
        if home is not None and are_one_program(home, module, project):
            yield home


def _entries(saved: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """What stands under each key of ``{"a": x}`` and ``dict(a=x)``."""
    if isinstance(saved, ast.Dict):
        for key, value in zip(saved.keys, saved.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, value
    elif isinstance(saved, ast.Call) and getattr(saved.func, "id", "") == "dict":
        yield from ((each.arg, each.value) for each in saved.keywords if each.arg)


def _may_be_any(value: ast.expr) -> bool:
    """Whether settings may be any object: a name, and no ``vars(args)`` or ``args.__dict__``."""
    if isinstance(value, ast.Attribute):
        return value.attr != "__dict__"
    return isinstance(value, ast.Name)
