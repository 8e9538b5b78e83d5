"""The entries of ``[tool.torchload-lint.loads]`` that hold for a load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.rules.reading.sites import is_ambiguous, names, names_whole_function, site_of
from torchload_lint.rules.reading.within_reach import resolve_within_reach
from torchload_lint.source.loaders.collect import every_load
from torchload_lint.source.paths import PathPattern, Resolution, Rung

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.config import LoadEntry
    from torchload_lint.rules.context import Context
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module

_WRITTEN = frozenset({Rung.LITERAL, Rung.LOCAL, Rung.CONSTANT})


def entries_for(load: LoadCall, module: Module, context: Context) -> list[LoadEntry]:
    """The entries of the configuration whose key names a load and leaves no doubt that it does."""
    if not context.config.loads:
        return []
    site = site_of(load, module, context.project)
    return [
        entry
        for entry in context.config.loads
        if names(entry.site, site)
        and not is_ambiguous(entry.site, context.project)
        and not rivals(entry.site, load, module, context)
    ]


def rivals(key: str, load: LoadCall, module: Module, context: Context) -> list[LoadCall]:
    """The other loads of a function that a key may mean as well: they read something else, or
    stand in another function of that name, and the code does not say what.
    """
    if not names_whole_function(key):
        return []
    expression = site_of(load, module, context.project).expression
    function = module.function(load.node)
    return [
        one
        for one in every_load(module, context.project)
        if one.function == load.function
        and (
            site_of(one, module, context.project).expression != expression
            or module.function(one.node) is not function
        )
        and not is_stated(one, module, context)
    ]


def is_stated(load: LoadCall, module: Module, context: Context) -> bool:
    """Whether the code itself says which files a load reads, and that there are no others."""
    found = resolve_within_reach(load, module, context)
    return bool(found.patterns) and found.complete and all(one.exact for one in found.patterns)


def configured_paths(
    entries: Iterable[LoadEntry], besides: tuple[PathPattern, ...]
) -> Resolution | None:
    """The files that the configuration names for a load, and those that the code names besides. A
    pattern that a person wrote names all the files there are.
    """
    files = dict.fromkeys(text for entry in entries for text in entry.checkpoints)
    if not files:
        return None
    patterns = tuple(PathPattern(text, True, Rung.CONFIGURATION) for text in files)
    return Resolution((*patterns, *besides), complete=True)


def written_besides(load: LoadCall, module: Module, context: Context) -> tuple[PathPattern, ...]:
    """The files that the code of a load writes out (``"a.pt" if x else path``) and that are there:
    an entry says what the rest may be. One with another name takes the place of a default.
    """
    return tuple(
        one
        for one in resolve_within_reach(load, module, context).patterns
        if one.exact and one.rung in _WRITTEN and context.checkpoints.matching(one, module.path)
    )
