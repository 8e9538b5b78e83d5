"""The ``torch.save`` that writes what a load reads: what it saves shows what is needed.

A save is matched to a load by the path that both resolve to, by the same expression in the same
file or folder, because they are the save and the load method of one class, or, where nothing is
known of the path, by the keys that are asked for and saved. Only files that can hold a match are
parsed: the load's own, its neighbours, and those that spell the file's name or the keys.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.domain.patterns import Resolution
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.saving import pairs, path_origins, programs
from torchload_lint.source.saving.contained import contents
from torchload_lint.source.saving.file_names import (
    begin_alike,
    have_common_word,
    is_spelled,
    name_one_file,
    words_of_name,
)
from torchload_lint.source.saving.handed_saves import files_with_saves, saves_of
from torchload_lint.source.saving.programs import are_one_program, nearest, shared_folders
from torchload_lint.source.saving.same_makers import saves_of_same
from torchload_lint.source.saving.save_index import index_of, possible_saves
from torchload_lint.source.saving.saved import why_unloadable
from torchload_lint.source.saving.told_apart import told_apart
from torchload_lint.source.saving.written_files import written_by, written_where_found
from torchload_lint.source.state.later import comes_after, may_be_left_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.names import GlobalName
    from torchload_lint.source.facts.calls import LoadCall, SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.paths import PathPattern
    from torchload_lint.source.project.index import ProjectIndex

MAX_FILES = 8
"""Files besides the load's own that are searched for saves, the nearest first."""
MAX_PRODUCERS = 8
_SEVERAL = 2
_SAVES = late_pattern(r"\bdef (\w*save\w*)\(")
_KINDS = ("path", "expression", "methods", "object", "keys")
"""Signs that a save belongs to a load, from strong to weak."""
_SUGGESTIONS = frozenset({"object", "keys"})
"""Signs that other files may have as well."""
_AROUND_A_STATE = frozenset({"state_dict", "model_state_dict", "optimizer", "epoch"})
_OF_ANY_MODEL = frozenset(
    {"", "state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights"}
)
"""Keys of weights that others have published, too."""


@dataclass(frozen=True, slots=True)
class Producer:
    """One save that writes what a load reads."""

    path: str
    """The file that the save stands in."""
    row: int
    match: str
    """Why it is taken for the writer: ``path``, ``expression``, ``methods``, ``object`` (what it
    saves the state of is what the load restores) or ``keys``. The last two only suggest it: other
    files may have them too."""
    saves: str
    """What is saved: ``state dict``, ``module``, ``dict``, ``tensor`` …"""
    needs: tuple[GlobalName, ...] = ()
    """The globals that have to be allowed, as far as they are known."""
    complete: bool = False
    """Whether nothing of what is saved is unknown."""
    unknown: tuple[str, ...] = ()
    """Why parts of it are unknown."""
    refused: str = ""
    """Why no weights-only load takes what is saved, whatever is allowed."""
    call: SaveCall | None = field(default=None, compare=False)

    @property
    def suggested(self) -> bool:
        """Whether the sign is too weak for a fix to rely on."""
        return self.match in _SUGGESTIONS


class SavedValue(NamedTuple):
    """What a save writes: one value, in place or as a caller gives it."""

    home: Module
    """The file that it is spelled in."""
    states: frozenset[tuple[str, str]]
    """Whose state it holds, and under which key."""
    parts: int
    """Of how many parts the tuple is; 0 for anything else."""
    keys: frozenset[str]


def producers_for(
    load: LoadCall,
    module: Module,
    resolution: Resolution,
    project: ProjectIndex,
    *,
    later: bool = False,
) -> tuple[Producer, ...]:
    """The saves of the project that write what a load reads: those that match by path, or, where
    there are none, those that match by another sign; where none does either, those of another
    load of the same file. ``later``: with those at its path that follow the load, which write what
    the next run reads.
    """
    if load.library is not None and load.library.loader.path == "url":
        return ()  # a copy of what others have published
    own = _of_this_load(load, module, resolution, project, later=later)
    if own or resolution.patterns:
        return own
    others = path_origins.loads_of_one(load, module, project)
    return next(
        filter(None, (_of_this_load(one, home, Resolution(), project) for one, home in others)), ()
    )


def _of_this_load(
    load: LoadCall,
    module: Module,
    resolution: Resolution,
    project: ProjectIndex,
    *,
    later: bool = False,
) -> tuple[Producer, ...]:
    specific = _specific(resolution)
    spelled = frozenset(each.text for each in resolution.patterns if is_spelled(each))
    keys = frozenset() if specific else pairs.asked_keys(load, module)
    restored = frozenset() if specific else pairs.restored(load, module, project)
    homes = list(_modules(module, specific, keys, project))
    found: dict[str, list[tuple[SaveCall, Module]]] = {kind: [] for kind in _KINDS}
    texts = [*spelled, *(each.text for each in specific)]
    for home in homes:
        for save in _possible_saves(load, module, texts, home, project):
            match = _match(load, module, resolution, save, home, project)
            if match is None and save.file is not None and spelled:
                saved = {
                    each.text
                    for each in written_where_found(resolution, module, save, home, project)
                }
                match = "path" if spelled & saved else None
            if _is_for_another(match, load, module, resolution, save, home, project):
                match = None
            if match is not None and (
                (later and match == "path") or not _comes_after(save, home, load, module, project)
            ):
                found[match].append((save, home))
    if not any(found.values()) and (keys or restored):
        _match_contents(found, load, module, keys, restored, homes, project)
    if len(found["methods"]) > 1:
        found["methods"] = _of_same_object(load, module, found["methods"], project)
    for kind in _KINDS:
        if found[kind]:
            near = nearest(found[kind], module.path, load.function)[:MAX_PRODUCERS]
            told = told_apart(resolution, near, found[kind], homes, module, project)
            return tuple(_producer(save, home, kind, project) for save, home in told)
    return ()


def _is_for_another(
    match: str | None,
    load: LoadCall,
    module: Module,
    resolution: Resolution,
    save: SaveCall,
    home: Module,
    project: ProjectIndex,
) -> bool:
    """Whether a save that has such a sign is still no writer of what a load reads."""
    if match == "path":
        return programs.tests_something_else(home, module, load.function)
    return match == "methods" and (
        not _may_be_called_so(load, resolution, save, home, project)
        or _holds_others(pairs.asked_keys(load, module), save, home, project)
    )


def _specific(resolution: Resolution) -> list[PathPattern]:
    return [each for each in resolution.patterns if each.exact or each.strong]


def _match_contents(
    found: dict[str, list[tuple[SaveCall, Module]]],
    load: LoadCall,
    module: Module,
    keys: frozenset[str],
    restored: frozenset[tuple[str, str]],
    homes: list[Module],
    project: ProjectIndex,
) -> None:
    """Add the saves whose contents are what a load asks for, until there are enough."""
    surely = pairs.surely_asked(load, module)
    near = [one for one in homes if are_one_program(one, module, project)]
    for asked in (keys, surely) if _SEVERAL <= len(surely) < len(keys) else (keys,):
        for save, home in ((save, one) for one in near for save in saves_of(one, project)):
            match = _by_content(load, module, asked, restored, save, home, project)
            if match is not None and not _comes_after(save, home, load, module, project):
                found[match].append((save, home))
                if match == "object" and len(found[match]) == MAX_PRODUCERS:
                    return
        if found["keys"] or found["object"]:
            break
    own = [each for each in found["keys"] if each[1] is module]
    exact = [each for each in found["keys"] if _saves_just(keys, *each, project)]
    found["keys"] = own or exact or found["keys"]
    if not found["keys"] and not found["object"]:
        found["object"] = saves_of_same(load, module, keys, project)


def _of_same_object(
    load: LoadCall, module: Module, found: list[tuple[SaveCall, Module]], project: ProjectIndex
) -> list[tuple[SaveCall, Module]]:
    """Of several saves those of the state of what the load restores, where there are some."""
    restored = pairs.restored(load, module, project, loosely=True)
    same = [
        each
        for each in found
        if any(restored & saved.states for saved in _saved_values(*each, project))
    ]
    return same or found


def _holds_others(
    asked: frozenset[str], save: SaveCall, home: Module, project: ProjectIndex
) -> bool:
    """Whether all that a save may write has keys, and none of those that a load asks for."""
    saved = _saved_values(save, home, project)
    if asked & _AROUND_A_STATE and [*_contents_of(save, home, project).kinds] == ["state dict"]:
        return True
    return bool(asked and saved) and all(each.keys and not each.keys & asked for each in saved)


def _saves_just(keys: frozenset[str], save: SaveCall, home: Module, project: ProjectIndex) -> bool:
    """Whether a save writes what a load asks for and nothing else: of several files that have
    these keys it is the one that was made for it.
    """
    return any(saved.keys == keys for saved in _saved_values(save, home, project))


def _possible_saves(
    load: LoadCall, module: Module, texts: list[str], home: Module, project: ProjectIndex
) -> list[SaveCall]:
    """The saves of a file that may match by a path, an expression or the functions' names."""
    index = project.remember(
        ("saves", home.tree),
        lambda: index_of(
            saves_of(home, project),
            lambda save: written_by(save, home, project),
            lambda save: path_origins.origins(save.file, home, project),
        ),
    )
    own = path_origins.origins(load.file, module, project)
    return possible_saves(load, module, texts, own, index, home)


def _comes_after(
    save: SaveCall, home: Module, load: LoadCall, module: Module, project: ProjectIndex
) -> bool:
    """Whether a save follows the load, and writes nothing that the next run goes on from."""
    follows = home is module and comes_after(save.node, load.node, load.statement, module)
    return follows and not _resumes(load, save, module, project)


def _by_content(
    load: LoadCall,
    module: Module,
    keys: frozenset[str],
    restored: frozenset[tuple[str, str]],
    save: SaveCall,
    home: Module,
    project: ProjectIndex,
) -> str | None:
    """The sign that what a save writes, in place or as callers give it, is what a load asks for."""
    by_keys = False
    for saved in _saved_values(save, home, project):
        same_parts = pairs.parts(load, module) == saved.parts
        lacks = saved.keys and any(not pairs.may_lack(key, module) for key in keys - saved.keys)
        if saved.home is module and restored & saved.states and same_parts and not lacks:
            return "object"
        by_keys |= _keys_agree(keys, restored, saved.states, saved.keys)
    return "keys" if by_keys else None


def _resumes(load: LoadCall, save: SaveCall, module: Module, project: ProjectIndex) -> bool:
    """Whether the next run goes on from what a save writes, also without having loaded: the states
    of several objects that the load restores, or one under a name of its own.
    """
    if not may_be_left_out(load.statement, save.node, module):
        return False
    restored = pairs.restored(load, module, project)
    same = (restored & saved.states for saved in _saved_values(save, module, project))
    found = [{key for _, key in each} for each in same]
    return any(len(each) >= _SEVERAL or each - _OF_ANY_MODEL for each in found)


def _saved_values(save: SaveCall, home: Module, project: ProjectIndex) -> list[SavedValue]:
    return project.remember(
        ("saved values", save.node),
        lambda: [
            SavedValue(
                place,
                pairs.stored(saved, place, project),
                pairs.saved_parts(saved, place),
                pairs.saved_keys(saved, place),
            )
            for saved, place in pairs.saved_objects(save, home, project)
        ],
    )


def _keys_agree(
    keys: frozenset[str],
    restored: frozenset[tuple[str, str]],
    states: frozenset[tuple[str, str]],
    saved: frozenset[str],
) -> bool:
    """Whether a save writes all the keys that a load asks for. One key alone stands in many files:
    then what is restored from it must be called like what is saved under it.
    """
    if not keys or not keys <= saved:
        return False
    return len(keys) > 1 or bool(_last_names(restored) & _last_names(states))


def _last_names(states: frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
    """What has a state under a key, by the last of its names: ``net`` for ``self.net``."""
    return {(name.rpartition(".")[2], key) for name, key in states if key}


def _modules(
    module: Module, specific: list[PathPattern], keys: frozenset[str], project: ProjectIndex
) -> Iterator[Module]:
    """The files that can hold a matching save, the load's own first."""
    yield module
    saving = files_with_saves(project)
    folder = dirname(module.path)
    words = [word for pattern in specific for word in words_of_name(pattern.text)]
    candidates = [path for path in saving if path != module.path]
    spelling = _spelling(words, keys, project)
    named = [path for path in candidates if path in spelling]
    near = [
        path for path in candidates if dirname(path) == folder or _is_called(path, module, project)
    ]
    named.sort(key=lambda path: (-shared_folders(dirname(path), folder), path))
    for path in list(dict.fromkeys((*named[:MAX_FILES], *near[:MAX_FILES])))[:MAX_FILES]:
        found = project.module_at(path)
        if found is not None:
            yield found


def _is_called(path: str, module: Module, project: ProjectIndex) -> bool:
    """Whether a file calls a function of another one that saves by its name."""

    def found() -> list[str]:
        return _SAVES.findall(project.files.text(path) or "")

    names = project.remember(("saving functions", path), found)
    return any(f"{name}(" in module.text for name in names)


def _spelling(words: list[str], keys: frozenset[str], project: ProjectIndex) -> set[str]:
    """The files that hold one of the words, or all of the keys."""
    found = {path for word in words for path in project.holding(word)}
    if keys:
        found |= set.intersection(*(set(project.holding(key)) for key in keys))
    return found


def _match(
    load: LoadCall,
    module: Module,
    resolution: Resolution,
    save: SaveCall,
    home: Module,
    project: ProjectIndex,
) -> str | None:
    if save.file is None:
        return None
    specific = _specific(resolution)
    written = written_where_found(resolution, module, save, home, project)
    if specific and name_one_file(specific, written):
        return "path"
    near = dirname(home.path) == dirname(module.path)
    if pairs.same_file_expression(load, module, save, home, near=near):
        return "expression"
    loaded_from = path_origins.origins(load.file, module, project)
    if not specific and loaded_from & path_origins.origins(save.file, home, project):
        return "expression"
    here = home.path == module.path
    if (here or (near and not specific)) and pairs.are_counterparts(
        load.function, save.function, here=here
    ):
        return "methods"
    return None


def _may_be_called_so(
    load: LoadCall, resolution: Resolution, save: SaveCall, home: Module, project: ProjectIndex
) -> bool:
    """Whether a save method may write the files that a load method reads: one that writes
    ``head_3.pth`` is not the one for ``optimizer_3.pth``, nor is one of a file that it is given for
    a name that the load makes, or for a library's cache.
    """
    if any(each.text.removeprefix("./").startswith("~/.cache/") for each in resolution.patterns):
        return False
    specific = _specific(resolution)
    told = [each for each in written_by(save, home, project) if each.exact or each.strong]
    if specific and not told and isinstance(save.file, ast.Name):
        return isinstance(load.file, ast.Name)
    if not specific or not told:
        return True
    return any(
        have_common_word(one.text, other.text) and begin_alike(one.text, other.text)
        for one in specific
        for other in told
    )


def _producer(save: SaveCall, home: Module, match: str, project: ProjectIndex) -> Producer:
    found = _contents_of(save, home, project)
    refused = why_unloadable(save, home)
    return Producer(
        path=home.path,
        row=save.span.start.row,
        match=match,
        saves=" or ".join(found.kinds) or "unknown",
        needs=tuple(sorted(found.needs)),
        complete=not found.unknown and not refused,
        unknown=tuple(found.unknown),
        refused=refused,
        call=save,
    )


def _contents_of(save: SaveCall, home: Module, project: ProjectIndex) -> contents.Contents:
    saved = save.obj
    if saved is None:
        return contents.Contents(unknown={"nothing is seen to be saved": None})
    key = ("saved", save.node)
    return project.remember(key, lambda: contents.of_expression(Engine(project), saved, home))
