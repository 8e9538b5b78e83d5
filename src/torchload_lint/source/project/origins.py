"""Where a name of the project comes from in the end, when that is outside of the project."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_MAX_NAMES = 64
"""How many names are followed for one question."""


def origins(dotted: str, near: str, project: ProjectIndex) -> frozenset[str]:
    """The dotted names outside of the project that a name stands for.

    ``app.tools.run`` with ``from subprocess import run`` in ``app/tools.py`` is
    ``subprocess.run``; so is ``app.tools.sp.run`` with ``import subprocess as sp``. A name that is
    not the project's is its own origin. ``near`` is the file that uses the name.
    """
    found = set()
    waiting, seen = [(dotted, near)], {(dotted, near)}
    while waiting and len(seen) < _MAX_NAMES:
        name, place = waiting.pop()
        module, rest = project.split(name, place)
        if module is None:
            found.add(name)
            continue
        followed = _exported(module, rest), _assigned(name, place, project)
        for meaning in filter(None, chain(*followed)):
            step = (meaning, module.path)
            if step not in seen:
                seen.add(step)
                waiting.append(step)
    return frozenset(found)


def _exported(module: SourceFile, names: list[str]) -> Iterator[str]:
    """What the first of some names means in a module, with the rest put back."""
    for meaning in module.bindings.exported(names[0]) if names else ():
        yield ".".join((meaning, *names[1:])) if meaning else ""


def _assigned(name: str, near: str, project: ProjectIndex) -> Iterator[str]:
    """What is assigned to a name, inside classes too."""
    for found in project.definitions(name, near):
        if found.value is not None:
            yield from found.module.bindings.possible(found.value)
