"""The signs that a save writes what a load reads: one load beside one save.

A path or an expression that both name, the names of their functions, the object whose state is
saved and restored, the keys that are saved and asked for; and what speaks against it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.evaluation.near_engine import NearEngine
from torchload_lint.source.saving import pairs, path_origins, programs
from torchload_lint.source.saving.contained import contents
from torchload_lint.source.saving.file_names import (
    begin_alike,
    have_common_word,
    is_spelled,
    name_one_file,
)
from torchload_lint.source.saving.written_files import written_by, written_where_found
from torchload_lint.source.state.later import comes_after, may_be_left_out

if TYPE_CHECKING:
    from torchload_lint.source.domain.patterns import Resolution
    from torchload_lint.source.facts.calls import LoadCall, SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.paths import PathPattern
    from torchload_lint.source.project.index import ProjectIndex

_SEVERAL = 2
_AROUND_A_STATE = frozenset({"state_dict", "model_state_dict", "optimizer", "epoch"})
_OF_ANY_MODEL = frozenset(
    {"", "state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights"}
)
"""Keys of weights that others have published, too."""


class SavedValue(NamedTuple):
    """What a save writes: one value, in place or as a caller gives it."""

    home: Module
    """The file that it is spelled in."""
    states: frozenset[tuple[str, str]]
    """Whose state it holds, and under which key."""
    parts: int
    """Of how many parts the tuple is; 0 for anything else."""
    keys: frozenset[str]


@dataclass(frozen=True)
class Sought:
    """A load whose writer is looked for: where it stands, and which files it reads."""

    load: LoadCall
    module: Module
    resolution: Resolution
    project: ProjectIndex

    @cached_property
    def specific(self) -> list[PathPattern]:
        """The paths that say more than any file may be called."""
        return [each for each in self.resolution.patterns if each.exact or each.strong]

    @cached_property
    def spelled(self) -> frozenset[str]:
        """The paths whose name is spelled out."""
        return frozenset(each.text for each in self.resolution.patterns if is_spelled(each))


def sign_of(sought: Sought, save: SaveCall, home: Module) -> str | None:
    """``path``, ``expression`` or ``methods``; None where no sign says that the save in ``home``
    writes what the load reads, or where something says that it does not.
    """
    sign = _sign_by_names(sought, save, home)
    if sign is None and sought.spelled & _written_texts(sought, save, home):
        sign = "path"
    return None if _is_for_another(sign, sought, save, home) else sign


def sign_of_content(
    sought: Sought,
    asked: frozenset[str],
    restored: frozenset[tuple[str, str]],
    save: SaveCall,
    home: Module,
) -> str | None:
    """``object`` or ``keys``: what a save writes, in place or as callers give it, is what a load
    asks for by its keys or restores.
    """
    load, module = sought.load, sought.module
    by_keys = False
    for saved in saved_values(save, home, sought.project):
        same_parts = pairs.parts(load, module) == saved.parts
        lacks = saved.keys and any(not pairs.may_lack(key, module) for key in asked - saved.keys)
        if saved.home is module and restored & saved.states and same_parts and not lacks:
            return "object"
        by_keys |= _keys_agree(asked, restored, saved)
    return "keys" if by_keys else None


def is_after_load(sought: Sought, save: SaveCall, home: Module) -> bool:
    """Whether a save follows the load, and writes nothing that the next run goes on from."""
    load, module = sought.load, sought.module
    is_later = home is module and comes_after(save.node, load.node, load.statement, module)
    return is_later and not _resumes(sought, save)


def saved_values(save: SaveCall, home: Module, project: ProjectIndex) -> list[SavedValue]:
    """What a save writes, in place or as callers give it."""
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


def contents_of(save: SaveCall, home: Module, project: ProjectIndex) -> contents.Contents:
    """What a save writes needs to be loaded, as far as it is known."""
    saved = save.obj
    if saved is None:
        return contents.Contents(unknown={"nothing is seen to be saved": None})
    key = ("saved", save.node)
    return project.remember(key, lambda: contents.of_expression(Engine(project), saved, home))


def spelled_contents(save: SaveCall, home: Module, project: ProjectIndex) -> contents.Contents:
    """The same, as far as what is saved is spelled there: some of its needs, never all."""
    saved = save.obj
    if saved is None:
        return contents.Contents()
    key = ("spelled in a save", save.node)
    return project.remember(key, lambda: contents.spelled_in(NearEngine(project), saved, home))


def _sign_by_names(sought: Sought, save: SaveCall, home: Module) -> str | None:
    if save.file is None:
        return None
    load, module, project = sought.load, sought.module, sought.project
    specific = sought.specific
    if specific:
        written = written_where_found(sought.resolution, module, save, home, project)
        if name_one_file(specific, written):
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


def _written_texts(sought: Sought, save: SaveCall, home: Module) -> frozenset[str]:
    if save.file is None or not sought.spelled:
        return frozenset()
    written = written_where_found(sought.resolution, sought.module, save, home, sought.project)
    return frozenset(each.text for each in written)


def _is_for_another(sign: str | None, sought: Sought, save: SaveCall, home: Module) -> bool:
    """Whether a save that has such a sign is still no writer of what a load reads."""
    if sign == "path":
        return programs.tests_something_else(home, sought.module, sought.load.function)
    return sign == "methods" and (
        not _may_be_called_so(sought, save, home) or _holds_others(sought, save, home)
    )


def _may_be_called_so(sought: Sought, save: SaveCall, home: Module) -> bool:
    """Whether a save method may write the files that a load method reads: one that writes
    ``head_3.pth`` is not the one for ``optimizer_3.pth``, nor is one of a file that it is given for
    a name that the load makes, or for a library's cache.
    """
    patterns = sought.resolution.patterns
    if any(each.text.removeprefix("./").startswith("~/.cache/") for each in patterns):
        return False
    specific = sought.specific
    if not specific:
        return True
    written = written_by(save, home, sought.project)
    told = [each for each in written if each.exact or each.strong]
    if not told:
        return isinstance(sought.load.file, ast.Name) or not isinstance(save.file, ast.Name)
    return any(
        have_common_word(one.text, other.text) and begin_alike(one.text, other.text)
        for one in specific
        for other in told
    )


def _holds_others(sought: Sought, save: SaveCall, home: Module) -> bool:
    """Whether all that a save may write has keys, and none of those that a load asks for."""
    asked = pairs.asked_keys(sought.load, sought.module)
    saved = saved_values(save, home, sought.project)
    kinds = contents_of(save, home, sought.project).kinds if asked & _AROUND_A_STATE else ()
    if [*kinds] == ["state dict"]:
        return True
    return bool(asked and saved) and all(each.keys and not each.keys & asked for each in saved)


def _resumes(sought: Sought, save: SaveCall) -> bool:
    """Whether the next run goes on from what a save writes, also without having loaded: the states
    of several objects that the load restores, or one under a name of its own.
    """
    load, module, project = sought.load, sought.module, sought.project
    if not may_be_left_out(load.statement, save.node, module):
        return False
    restored = pairs.restored(load, module, project)
    same = (restored & saved.states for saved in saved_values(save, module, project))
    found = [{key for _, key in each} for each in same]
    return any(len(each) >= _SEVERAL or each - _OF_ANY_MODEL for each in found)


def _keys_agree(
    asked: frozenset[str], restored: frozenset[tuple[str, str]], saved: SavedValue
) -> bool:
    """Whether a save writes all the keys that a load asks for. One key alone stands in many files:
    then what is restored from it must be called like what is saved under it.
    """
    if not asked or not asked <= saved.keys:
        return False
    return len(asked) > 1 or bool(_last_names(restored) & _last_names(saved.states))


def _last_names(states: frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
    """What has a state under a key, by the last of its names: ``net`` for ``self.net``."""
    return {(name.rpartition(".")[2], key) for name, key in states if key}
