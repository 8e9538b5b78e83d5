"""Which saves of a file can match a load, found by what they write instead of one by one.

A file of a thousand loads and a thousand saves has a million pairs; nearly all of them differ in
the name of the file, in the spelling of the path and in the function.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.saving.pairs import are_counterparts, core
from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from torchload_lint.source.domain.patterns import PathPattern
    from torchload_lint.source.facts.calls import LoadCall, SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.saving.path_origins import Origin


class SaveIndex(NamedTuple):
    """The saves of one file, by their place among them."""

    saves: Sequence[SaveCall]
    by_name: dict[str, list[int]]
    """The literal last part of a path → the saves that write it."""
    any_name: list[int]
    """The saves that may write a file of any name."""
    by_spelling: dict[str, list[int]]
    by_origin: dict[Origin, list[int]]
    by_function: dict[str, list[int]]


def index_of(
    saves: Sequence[SaveCall],
    written: Callable[[SaveCall], tuple[PathPattern, ...]],
    origins: Callable[[SaveCall], frozenset[Origin]],
) -> SaveIndex:
    """Sort the saves of a file. ``written``: the paths that one of them writes; ``origins``: where
    its path comes from.
    """
    by_name: dict[str, list[int]] = defaultdict(list)
    found = SaveIndex(saves, by_name, [], defaultdict(list), defaultdict(list), defaultdict(list))
    for place, save in enumerate(saves):
        if save.file is None:
            continue
        names = {_literal_name(each.text) for each in written(save)}
        for name in names - {""}:
            found.by_name[name].append(place)
        if "" in names:
            found.any_name.append(place)
        found.by_spelling[code_of(core(save.file))].append(place)
        for origin in origins(save):
            found.by_origin[origin].append(place)
        found.by_function[save.function].append(place)
    return found


def possible_saves(
    load: LoadCall,
    module: Module,
    texts: Iterable[str],
    origins: frozenset[Origin],
    index: SaveIndex,
    home: Module,
) -> list[SaveCall]:
    """The saves that may match a load of some paths, in the order of the file."""
    names = set(map(_literal_name, texts))
    if "" in names:
        return list(index.saves)
    places = {*index.any_name}
    for name in names:
        places.update(index.by_name.get(name, ()))
    for origin in origins:
        places.update(index.by_origin.get(origin, ()))
    if load.file is not None:
        places.update(index.by_spelling.get(code_of(core(load.file)), ()))
    here = home.path == module.path
    for function, inside in index.by_function.items():
        if are_counterparts(load.function, function, here=here):
            places.update(inside)
    return [index.saves[place] for place in sorted(places)]


def _literal_name(pattern: str) -> str:
    """The last part of a path where it is literal; empty where it may be any."""
    if "**/" in pattern:  # may stand for the beginning of a name when two patterns are compared
        return ""
    name = pattern.rpartition("/")[2]
    return "" if any(sign in name for sign in "*?[") else name
