"""The ``torch.save`` that writes what a load reads: what it saves shows what is needed.

A save is matched to a load by the path that both resolve to, by the same expression in the same
file or folder, because they are the save and the load method of one class, or, where nothing is
known of the path, by the keys that are asked for and saved. Only files that can hold a match are
parsed: the load's own, its neighbours, and those that spell the file's name or the keys.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.patterns import Resolution
from torchload_lint.source.saving import pairs, path_origins
from torchload_lint.source.saving.file_names import words_of_name
from torchload_lint.source.saving.handed_saves import files_with_saves, saves_of
from torchload_lint.source.saving.programs import are_one_program, nearest, shared_folders
from torchload_lint.source.saving.same_makers import saves_of_same
from torchload_lint.source.saving.save_index import SaveIndex, possible_saves
from torchload_lint.source.saving.save_signs import (
    Sought,
    contents_of,
    is_after_load,
    saved_values,
    sign_of,
    sign_of_content,
    spelled_contents,
)
from torchload_lint.source.saving.saved import why_unloadable
from torchload_lint.source.saving.told_apart import told_apart
from torchload_lint.source.saving.written_files import written_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.names import GlobalName
    from torchload_lint.source.facts.calls import LoadCall, SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.paths import PathPattern
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.saving.contained.contents import Contents

    _Found = dict[str, list[tuple[SaveCall, Module]]]

MAX_FILES = 8
"""Files besides the load's own that are searched for saves, the nearest first."""
MAX_PRODUCERS = 8
_SEVERAL = 2
_SAVES = late_pattern(r"\bdef (\w*save\w*)\(")
_KINDS = ("path", "expression", "methods", "object", "keys")
"""Signs that a save belongs to a load, from strong to weak."""
_SUGGESTIONS = frozenset({"object", "keys"})
"""Signs that other files may have as well."""


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


def producers_for(
    load: LoadCall,
    module: Module,
    resolution: Resolution,
    project: ProjectIndex,
    *,
    later: bool = False,
    beside: bool = False,
) -> tuple[Producer, ...]:
    """The saves of the project that write what a load reads: those that match by path, or, where
    there are none, those that match by another sign; where none does either, those of another
    load of the same file. ``later``: with those at its path that follow the load, which write what
    the next run reads. ``beside``: of the load's own source file alone, which costs little.
    """
    if load.library is not None and load.library.loader.path == "url":
        return ()  # a copy of what others have published
    sought = Sought(load, module, resolution, project)
    own = _of_this_load(sought, later=later, homes=[module] if beside else None)
    if own or resolution.patterns or beside:
        return own
    others = path_origins.loads_of_one(load, module, project)
    others_sought = (Sought(one, home, Resolution(), project) for one, home in others)
    return next(filter(None, map(_of_this_load, others_sought)), ())


def saves_objects(module: Module, project: ProjectIndex) -> bool:
    """Whether a save of this file alone is seen to write more than tensors, numbers and texts."""
    return any(spelled_contents(one, module, project).needs for one in saves_of(module, project))


def _of_this_load(
    sought: Sought, *, later: bool = False, homes: list[Module] | None = None
) -> tuple[Producer, ...]:
    load, module, project = sought.load, sought.module, sought.project
    read = contents_of if homes is None else spelled_contents
    is_told = bool(sought.specific)
    keys = frozenset() if is_told else pairs.asked_keys(load, module)
    restored = frozenset() if is_told else pairs.restored(load, module, project)
    homes = homes or list(_modules(module, sought.specific, keys, project))
    found = _by_names(sought, homes, later=later)
    if not any(found.values()) and (keys or restored):
        _match_contents(found, sought, keys, restored, homes)
    if len(found["methods"]) > 1:
        found["methods"] = _of_same_object(sought, found["methods"])
    for kind in _KINDS:
        if found[kind]:
            near = nearest(found[kind], module.path, load.function)[:MAX_PRODUCERS]
            told = told_apart(sought.resolution, near, found[kind], homes, module, project)
            return tuple(_producer(*each, kind, read(*each, project)) for each in told)
    return ()


def _by_names(sought: Sought, homes: list[Module], *, later: bool) -> _Found:
    """The saves whose path, expression or function belongs to a load, by their sign."""
    found: _Found = {kind: [] for kind in _KINDS}
    texts = [*sought.spelled, *(each.text for each in sought.specific)]
    for home in homes:
        for save in _possible_saves(sought, texts, home):
            sign = sign_of(sought, save, home)
            if sign is not None and (
                (later and sign == "path") or not is_after_load(sought, save, home)
            ):
                found[sign].append((save, home))
    return found


def _match_contents(
    found: _Found,
    sought: Sought,
    keys: frozenset[str],
    restored: frozenset[tuple[str, str]],
    homes: list[Module],
) -> None:
    """Add the saves whose contents are what a load asks for, until there are enough."""
    load, module, project = sought.load, sought.module, sought.project
    surely = pairs.surely_asked(load, module)
    near = [one for one in homes if are_one_program(one, module, project)]
    for asked in (keys, surely) if _SEVERAL <= len(surely) < len(keys) else (keys,):
        for save, home in ((save, one) for one in near for save in saves_of(one, project)):
            sign = sign_of_content(sought, asked, restored, save, home)
            if sign is not None and not is_after_load(sought, save, home):
                found[sign].append((save, home))
                if sign == "object" and len(found[sign]) == MAX_PRODUCERS:
                    return
        if found["keys"] or found["object"]:
            break
    own = [each for each in found["keys"] if each[1] is module]
    exact = [each for each in found["keys"] if _saves_just(keys, *each, project)]
    found["keys"] = own or exact or found["keys"]
    if not found["keys"] and not found["object"]:
        found["object"] = saves_of_same(load, module, keys, project)


def _of_same_object(
    sought: Sought, found: list[tuple[SaveCall, Module]]
) -> list[tuple[SaveCall, Module]]:
    """Of several saves those of the state of what the load restores, where there are some."""
    project = sought.project
    restored = pairs.restored(sought.load, sought.module, project, loosely=True)
    same = [
        each
        for each in found
        if any(restored & saved.states for saved in saved_values(*each, project))
    ]
    return same or found


def _saves_just(keys: frozenset[str], save: SaveCall, home: Module, project: ProjectIndex) -> bool:
    """Whether a save writes what a load asks for and nothing else: of several files that have
    these keys it is the one that was made for it.
    """
    return any(saved.keys == keys for saved in saved_values(save, home, project))


def _possible_saves(sought: Sought, texts: list[str], home: Module) -> list[SaveCall]:
    """The saves of a file that may match by a path, an expression or the functions' names."""
    load, module, project = sought.load, sought.module, sought.project
    index = project.remember(
        ("saves", home.tree),
        lambda: SaveIndex(
            saves_of(home, project),
            lambda save: written_by(save, home, project),
            lambda save: path_origins.origins(save.file, home, project),
        ),
    )
    own = path_origins.origins(load.file, module, project)
    return possible_saves(load, module, texts, own, index, home)


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


def _producer(save: SaveCall, home: Module, match: str, found: Contents) -> Producer:
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
