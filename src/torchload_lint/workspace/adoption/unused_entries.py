"""Entries of the configuration that nothing in the project answers to, one sentence each."""

from __future__ import annotations

import ast
import os
import sys
from itertools import islice
from typing import TYPE_CHECKING

from torchload_lint.config import Config
from torchload_lint.names import GlobalName
from torchload_lint.path_globs import fits_path, names_path
from torchload_lint.rules.reading.entries import is_stated, rivals
from torchload_lint.rules.reading.sites import is_ambiguous, key_of, loads_of
from torchload_lint.source.domain.patterns import PathPattern, Rung
from torchload_lint.source.loaders.collect import every_load
from torchload_lint.source.loaders.prefilter import may_hold_load, may_name_checkpoint
from torchload_lint.source.paths import resolve_load
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
    """Keys of ``loads`` that name no load, or may name several; ``renames`` that lead nowhere;
    names in ``checkpoints`` that no load reads, or whose file is not there; folders that are not
    there; names in ``trusted`` that a file of the project does not define.

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
    entries = [each for each in context.config.checkpoints if each.pattern not in shared]
    patterns = _read_by_code(context) if entries else []
    for each in entries:
        if patterns is not None and not any(_may_mean(each.pattern, one) for one in patterns):
            near = _nearest(each.pattern, [one.text for one in patterns])
            yield f'checkpoints: "{each.pattern}" fits no path that a load reads{near}'
        elif _is_gone(each.path, context):
            yield f'checkpoints: "{each.pattern}" leads to {each.path}, which is not there'
    if not context.config.extended:
        yield from _misspelt_lists(context)


def _misspelt_lists(context: Context) -> Iterator[str]:
    """Folders that are not there, and trusted names that a module of the project does not have."""
    config = context.config
    stated = (("checkpoint-roots", config.checkpoint_roots), ("src", config.src))
    for key, folders in stated:
        if folders == getattr(Config(), key.replace("-", "_")):
            continue
        for folder in folders:
            if not os.path.isabs(folder) and not (config.root / folder).is_dir():
                near = _nearest(folder, [one.name for one in config.root.iterdir() if one.is_dir()])
                yield f'{key}: there is no folder "{folder}"{near}'
    for name in config.trusted:
        near = "" if "*" in name else _missing_name(name, context)
        if near:
            yield f'trusted: "{name}" names nothing: {near}'


def _missing_name(name: str, context: Context) -> str:
    """What a file of the project does not define, though it is named there; empty if it may."""
    module, names = context.project.split(name)
    if module is None or not names:
        return ""
    defined = module.bindings.module_definitions
    if defined(names[0]) or defined("__getattr__") or "globals()" in module.text:
        return ""
    own = [one.name for one in module.tree.body if isinstance(one, ast.ClassDef | ast.FunctionDef)]
    return f"{module.path} has no {names[0]}{_nearest(names[0], own)}"


def _read_by_code(context: Context) -> list[PathPattern] | None:
    """The paths and addresses that the loads of the project read; None where there are too many."""
    found: list[PathPattern] = []
    loads = islice(_loads(context), _MOST_SITES + 1)
    for number, (module, load) in enumerate(loads):
        if number == _MOST_SITES:
            return None
        folders = load.library is not None and bool(load.library.loader.inside)
        read = resolve_load(load, module, context.project, folders=folders)
        found += (*read.patterns, *read.addresses)
    return found


def _may_mean(key: str, pattern: PathPattern) -> bool:
    """Whether a name in the configuration may be for what a load reads, or a file in there."""
    text = pattern.text.rstrip("/")
    is_meant = names_path(key, pattern.text, pattern.origin) or fits_path(key, text)
    return is_meant or fits_path(key, f"{text}/*")


def _is_gone(path: str, context: Context) -> bool:
    """Whether a file should lie in the project, and does not."""
    if not path or path.startswith(("/", "~")) or "://" in path:
        return False
    pattern = PathPattern(path, exact=True, rung=Rung.CONFIGURATION, anchored=True)
    return not context.checkpoints.matching(pattern, "")


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
    keys = context.project.remember(
        ("definitions", "load keys"), lambda: list(islice(_keys(context), _MOST_SITES))
    )
    return _nearest(key, keys)


def _nearest(key: str, keys: list[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for a wrong word

    close = get_close_matches(key, keys, n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _keys(context: Context) -> Iterator[str]:
    for module, load in _loads(context):
        yield key_of(load, module, context.project)


def _loads(context: Context) -> Iterator[tuple[Module, LoadCall]]:
    for path in context.project.holding("load"):
        data = (context.project.files.text(path) or "").encode(errors="surrogatepass")
        if not (may_hold_load(data) or may_name_checkpoint(data)):
            continue
        module = context.project.module_at(path)
        if module is not None:
            for load in every_load(module, context.project):
                yield module, load


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
