"""Which saves of a file can match a load, found by what they write instead of one by one.

A file of a thousand loads and a thousand saves has a million pairs; nearly all of them differ in
the name of the file, in the spelling of the path and in the function.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from torchload_lint.source.saving.pairs import are_counterparts, core
from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from torchload_lint.source.domain.patterns import PathPattern
    from torchload_lint.source.facts.calls import LoadCall, SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.saving.path_origins import Origin


class SaveIndex:
    """The saves of one file, by their place among them."""

    def __init__(
        self,
        saves: Sequence[SaveCall],
        written: Callable[[SaveCall], tuple[PathPattern, ...]],
        origins: Callable[[SaveCall], frozenset[Origin]],
    ) -> None:
        """``written``: the paths that a save writes; ``origins``: where its path comes from."""
        self.saves = saves
        self._written = written
        self.by_spelling: dict[str, list[int]] = defaultdict(list)
        self.by_origin: dict[Origin, list[int]] = defaultdict(list)
        self.by_function: dict[str, list[int]] = defaultdict(list)
        for place, save in enumerate(saves):
            if save.file is not None:
                self.by_spelling[code_of(core(save.file))].append(place)
                for origin in origins(save):
                    self.by_origin[origin].append(place)
                self.by_function[save.function].append(place)

    @cached_property
    def by_name(self) -> dict[str, list[int]]:
        """The literal last part of a path → the saves that write it; empty: one of any name. What
        a save writes takes long to find out, and is asked by loads of known paths alone.
        """
        found: dict[str, list[int]] = defaultdict(list)
        for place, save in enumerate(self.saves):
            written = self._written(save) if save.file is not None else ()
            for name in {_literal_name(each.text) for each in written}:
                found[name].append(place)
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
    of_any = {*names, ""} if names else ()
    places = {place for name in of_any for place in index.by_name.get(name, ())}
    places.update(place for origin in origins for place in index.by_origin.get(origin, ()))
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
