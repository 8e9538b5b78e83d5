"""The keys of ``[tool.torchload-lint.loads]``: which loads each of them names.

``module:function`` or ``path/to/file.py:function``, with ``*`` for anything and ``#2`` for the
second load of a function; or the path expression of the call as the code has it (``args.resume``).
"""

from __future__ import annotations

import ast
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.loaders.collect import every_load
from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_SOURCES = (".py", ".pyw", ".ipynb")
_MOST_FILES = 2_000
"""How many files are looked at for the loads of a key whose place is a pattern."""


class LoadSite(NamedTuple):
    """One load, with all that a key may say of it."""

    module: str
    """The dotted name of its file, or the path where that has none (a notebook)."""
    path: str
    function: str
    """Its qualified name; ``<module>`` outside of functions."""
    number: int
    """Which load of its function it is, from 1."""
    alone: bool
    """Whether it is the only one there."""
    expression: str
    """The code of the path that is loaded."""


def site_of(load: LoadCall, module: Module, project: ProjectIndex) -> LoadSite:
    """Where a load stands."""
    beside = [one for one in every_load(module, project) if one.function == load.function]
    return LoadSite(
        module.name or module.path,
        module.path,
        load.function or "<module>",
        beside.index(load) + 1 if load in beside else 1,
        len(beside) < 2,  # noqa: PLR2004 - itself and another
        code_of(load.file) if load.file is not None else "",
    )


def key_of(load: LoadCall, module: Module, project: ProjectIndex) -> str:
    """The shortest key that names this load and no other."""
    site = site_of(load, module, project)
    is_one = len(project.layout.files_named(site.module)) < 2  # noqa: PLR2004 - and another file
    number = "" if site.alone else f"#{site.number}"
    return f"{site.module if is_one else site.path}:{site.function}{number}"


def names(key: str, site: LoadSite) -> bool:
    """Whether a key names a load."""
    place, colon, function = key.rpartition(":")
    if key == "*" or _is_expression(key, site.expression):
        return True
    if not colon:
        return "*" in key and fnmatchcase(f"{site.module}:{site.function}", key)
    function, _, number = function.partition("#")
    if number not in {"", str(site.number)} or not fnmatchcase(site.function, function):
        return False
    return fnmatchcase(site.path if _is_path(place) else site.module, place)


def files_of(key: str, project: ProjectIndex) -> tuple[str, ...]:
    """The Python files whose loads a key may name; all of them where it names no file."""
    place, colon, _ = key.rpartition(":")
    paths = project.files.python_files()
    if not colon:
        return tuple(paths)
    if is_pattern(place):
        spelled = (path if _is_path(place) else project.module_name(path) for path in paths)
        return tuple(p for p, name in zip(paths, spelled, strict=True) if fnmatchcase(name, place))
    if _is_path(place):
        return (place,) if place in paths else ()
    return project.layout.files_named(place)


def loads_of(key: str, project: ProjectIndex) -> Iterator[tuple[Module, LoadCall]]:
    """The loads of the project's Python files that a key names."""
    for path in files_of(key, project)[:_MOST_FILES]:
        module = project.module_at(path)
        if module is None:
            continue
        for load in every_load(module, project):
            if names(key, site_of(load, module, project)):
                yield module, load


def is_ambiguous(key: str, project: ProjectIndex) -> bool:
    """Whether a key that should name one place fits loads in several files."""
    place, colon, _ = key.rpartition(":")
    if not colon or is_pattern(place) or _is_path(place):
        return False
    if len(project.layout.files_named(place)) < 2:  # noqa: PLR2004 - several
        return False
    return len({module.path for module, _ in loads_of(key, project)}) > 1


def is_pattern(text: str) -> bool:
    """Whether a part of a key may stand for several things."""
    return any(sign in text for sign in "*?[")


def names_whole_function(key: str) -> bool:
    """Whether a key names a function and not one of its loads, and is no pattern."""
    function = key.rpartition(":")[2]
    return ":" in key and "#" not in function and not is_pattern(function)


def _is_path(place: str) -> bool:
    return "/" in place or place.endswith(_SOURCES)


def _is_expression(key: str, expression: str) -> bool:
    if not expression or key == expression:
        return key == expression
    try:
        return code_of(ast.parse(key, mode="eval").body) == expression
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
