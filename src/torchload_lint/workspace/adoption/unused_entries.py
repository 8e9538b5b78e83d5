"""Entries of the configuration that nothing in the project answers to, one sentence each."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING

from torchload_lint.names import GlobalName
from torchload_lint.rules.reading import is_stated, rivals
from torchload_lint.rules.sites import is_ambiguous, key_of, loads_of
from torchload_lint.source.loaders.collect import every_load
from torchload_lint.source.loaders.prefilter import may_hold_load, may_name_checkpoint
from torchload_lint.source.project.packages import any_package_index
from torchload_lint.source.proofs import class_lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.rules.context import Context
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module

_MOST_SITES = 400
"""How many loads a misspelt key is compared with."""
_NOTEBOOK = ".ipynb"


def unused_entries(context: Context) -> Iterator[str]:
    """Keys of ``loads`` that name no load, or may name several; ``renames`` that lead nowhere.

    Entries of a shared configuration are left out: they may be meant for other projects.
    """
    shared = context.config.shared
    for entry in context.config.loads:
        wrong = entry.site not in shared and _what_is_wrong(entry.site, context)
        if wrong:
            yield f'loads: "{entry.site}" {wrong}'
    for old, new in context.config.renames:
        wrong = old not in shared and _leads_nowhere(new, context)
        if wrong:
            yield f'renames: "{old}" = "{new}" leads nowhere: {wrong}'


def _what_is_wrong(key: str, context: Context) -> str:
    """Why a key is not used; empty where it is."""
    place = key.rpartition(":")[0]
    if place.endswith(_NOTEBOOK) and context.project.files.exists(place):
        return ""  # its cells are only read where it is checked
    if is_ambiguous(key, context.project):
        return f"is not used: it fits loads in {_files(loads_of(key, context.project))}"
    named = loads_of(key, context.project)
    first = next(named, None)
    if first is None:
        return f"fits no load{_near_match(key, context)}"
    for module, load in (first, *islice(named, _MOST_SITES)):
        if is_stated(load, module, context):
            continue
        others = rivals(key, load, module, context)
        keys = (key_of(one, module, context.project) for one in (load, *others))
        return f"is not used: it fits {' and '.join(sorted(keys))}" if others else ""
    return "is not used: the code says itself which file is loaded there"


def _files(named: Iterable[tuple[Module, LoadCall]]) -> str:
    paths = dict.fromkeys(module.path for module, _ in islice(named, _MOST_SITES))
    return f'{" and ".join(paths)}; name the file, as in "{next(iter(paths), "")}:function"'


def _near_match(key: str, context: Context) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a wrong word

    keys = context.project.remember(
        ("definitions", "load keys"), lambda: list(islice(_keys(context), _MOST_SITES))
    )
    close = get_close_matches(key, keys, n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _keys(context: Context) -> Iterator[str]:
    for path in context.project.holding("load"):
        data = (context.project.files.text(path) or "").encode(errors="surrogatepass")
        if not (may_hold_load(data) or may_name_checkpoint(data)):
            continue
        module = context.project.module_at(path)
        if module is not None:
            for load in every_load(module, context.project):
                yield key_of(load, module, context.project)


def _leads_nowhere(new: str, context: Context) -> str:
    """Why a class cannot be where ``renames`` says; empty where it is, or where nobody knows."""
    name, project = GlobalName.parse(new), context.project
    root = new.partition(".")[0]
    if class_lookup.find(project, name) is not None or root in {*sys.stdlib_module_names, "torch"}:
        return ""
    module, _ = project.split(new)
    if module is not None:
        return f"{module.path} has no {name.qualname}"
    if any_package_index(root, project) is not None:
        return ""
    return f"there is no module {name.module} in the project"
