"""Saves through a function of the project that hands on to ``torch.save`` all that it is given:
``def save_on_master(*args, **kwargs): torch.save(*args, **kwargs)``. Saves by libraries that do so,
too.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.facts.loading.call_facts import save_call
from torchload_lint.source.loaders import receivers
from torchload_lint.source.loaders.known import SAVING_CLASSES
from torchload_lint.source.names.references import Reference
from torchload_lint.source.project import callers
from torchload_lint.source.project.call_search import calls_among
from torchload_lint.source.saving.saving_files import saving_files
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.source.facts.calls import SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

MOST_SAVING_FUNCTIONS = 8
"""Functions that hand on to ``torch.save``, and whose callers are looked for."""
_MOST_FILES = 24
"""Files that may save by another library, and are looked into."""
_HANDS_ON = late_pattern(r"\bsave\(\s*\*\w")


def saves_of(home: Module, project: ProjectIndex) -> tuple[SaveCall, ...]:
    """The saves of a file, with its calls of functions that hand on to ``torch.save``."""
    return (*home.saves, *_handed(project).get(home.path, ()))


def files_with_saves(project: ProjectIndex) -> list[str]:
    """The files that save, by themselves or through such a function; sorted."""
    return sorted({*saving_files(project), *_handed(project)})


def _handed(project: ProjectIndex) -> dict[str, list[SaveCall]]:
    """The calls of the functions that hand on, by file."""
    return project.remember(("handed saves",), lambda: _add_librarys(project, _find(project)))


def _add_librarys(
    project: ProjectIndex, found: dict[str, list[SaveCall]]
) -> dict[str, list[SaveCall]]:
    """Add ``accelerator.save(obj, path)`` and torch_xla's ``xm.save(obj, path)``."""
    paths = [path for path in project.holding("save") if path in _naming_a_library(project)]
    for home in map(project.module_at, paths[:_MOST_FILES]):
        for call in calls_among(home.tree, home.lines, {"save"}) if home is not None else ():
            if home is not None and _is_librarys(call, home, project):
                made = save_call(home, call, Reference(call.func))
                found.setdefault(home.path, []).append(made)
    return found


def _naming_a_library(project: ProjectIndex) -> set[str]:
    return {path for name in ("accelerat", "xla_model") for path in project.holding(name)}


def _is_librarys(call: ast.Call, home: Module, project: ProjectIndex) -> bool:
    """Whether it is a save by accelerate, into a file of torch's format, or by torch_xla."""
    if not isinstance(call.func, ast.Attribute):
        return False
    if (home.bindings.qualified(call.func) or "").endswith("xla_model.save"):
        return True
    spelled = last_name(call.func.value) == "accelerator"
    is_accelerator = spelled or any(
        kind.name.rpartition(".")[2] in SAVING_CLASSES
        for kind in receivers.kinds(call.func.value, home, project)
    )
    return is_accelerator and all(each.arg != "safe_serialization" for each in call.keywords)


def _find(project: ProjectIndex) -> dict[str, list[SaveCall]]:
    found: dict[str, list[SaveCall]] = {}
    for module, function in _functions(project)[:MOST_SAVING_FUNCTIONS]:
        for site in callers.sites(project, module, function).calls:
            home = project.module_at(site.module.path)
            if home is not None and home is site.module:
                made = save_call(home, site.call, Reference(site.call.func))
                found.setdefault(home.path, []).append(made)
    return found


def _functions(
    project: ProjectIndex,
) -> list[tuple[Module, ast.FunctionDef | ast.AsyncFunctionDef]]:
    texts = {path: project.files.text(path) or "" for path in saving_files(project)}
    homes = [project.module_at(path) for path, text in texts.items() if _HANDS_ON.search(text)]
    return [
        (home, function)
        for home in homes
        if home is not None
        for save in home.saves
        if isinstance(function := home.function(save.node), ast.FunctionDef)
        and _hands_on(save.node, function, home)
    ]


def _hands_on(call: ast.Call, function: ast.FunctionDef, home: Module) -> bool:
    """Whether a call is given what its function is given, and that alone."""
    given, own = function.args, [*function.args.posonlyargs, *function.args.args]
    if own or given.kwonlyargs or given.vararg is None or len(call.args) != 1:
        return False
    passed = [call.args[0], *call.keywords]
    names = [each.value for each in passed if isinstance(each, ast.Starred | ast.keyword)]
    meant = [
        [each.node for each in home.bindings.definitions(name)]
        for name in names
        if isinstance(name, ast.Name)
    ]
    unpacked = isinstance(passed[0], ast.Starred) and all(
        each.arg is None for each in call.keywords
    )
    return unpacked and meant in ([[given.vararg]], [[given.vararg], [given.kwarg]])
