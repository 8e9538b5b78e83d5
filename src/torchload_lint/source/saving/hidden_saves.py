"""Saves that do not say what they write where they stand: by a function that hands on what it is
given (``def save(*args): torch.save(*args)``), by another name of ``torch.save``, by a ``partial``,
or by a thread that is given it.

Of these nothing is known but the place: the path is looked for among what their callers give.
"""

from __future__ import annotations

import ast
from posixpath import normpath
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.domain.values import Record, Sequence
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.facts.loading.loads import SAVERS
from torchload_lint.source.names.references import find
from torchload_lint.source.paths import resolution as resolution_of
from torchload_lint.source.saving.saving_files import saving_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

MOST_SAVING_NAMES = 40
"""Names of such functions that are looked for."""


class HiddenSave(NamedTuple):
    """A call that may save something."""

    home: Module
    call: ast.Call


def hidden_save(paths: Iterable[str], project: ProjectIndex) -> str:
    """The place, as ``file:row``, of a call that may save something at one of some paths (from the
    project's root, as the code spells them); empty where there is none.
    """
    wanted = {normpath(path) for path in paths}
    for home, call in project.remember(("hidden saves",), lambda: tuple(_all(project))):
        if not wanted.isdisjoint(_written(home, call, project)):
            return f"{home.path}:{call.lineno}"
    return ""


def _all(project: ProjectIndex) -> Iterator[HiddenSave]:
    names: list[str] = []
    for home in filter(None, map(project.module_at, _naming_it(project))):
        for reference in find(home, "save", SAVERS):
            outer = home.parents.get(reference.node)
            outer = home.parents.get(outer) if isinstance(outer, ast.keyword) else outer
            is_call = isinstance(outer, ast.Call) and outer.func is reference.node
            named = _names_of_value(home, reference.node)
            if named or not is_call or (isinstance(outer, ast.Call) and _hands_on(outer)):
                names += named or [_function_around(home, reference.node)]
            if isinstance(outer, ast.Call) and (not is_call or _hands_on(outer)):
                yield HiddenSave(home, outer)
    names = [*dict.fromkeys(filter(None, names))]
    for name in names:  # names of functions that hand on to these are appended
        for found in _calls_of(name, project):
            yield found
            around = _function_around(found.home, found.call) if _hands_on(found.call) else ""
            if around and around not in names and len(names) < MOST_SAVING_NAMES:
                names.append(around)


def _naming_it(project: ProjectIndex) -> dict[str, None]:
    """The files that name ``torch.save``."""
    spelled = ("torch.save", "serialization.save", "from torch import", "import torch as")
    named = [path for each in spelled for path in project.holding(each)]
    return dict.fromkeys([*named, *saving_files(project)])


def _calls_of(name: str, project: ProjectIndex) -> Iterator[HiddenSave]:
    """The calls by a name, but for those that are known as saves."""
    for home in filter(None, map(project.module_at, project.holding(name))):
        known = {save.node for save in home.saves if save.file is not None}
        for node in home.carrying(name):
            call = home.parents.get(node)
            if isinstance(call, ast.Call) and call.func is node and call not in known:
                yield HiddenSave(home, call)


def _hands_on(call: ast.Call) -> bool:
    """Whether a call hands on arguments that it does not name."""
    return any(isinstance(each, ast.Starred) for each in call.args) or any(
        each.arg is None for each in call.keywords
    )


def _function_around(home: Module, node: ast.AST) -> str:
    """The name of the function that a place is in; empty outside of all."""
    function = home.function(node)
    return "" if function is None else str(getattr(function, "name", ""))


def _names_of_value(home: Module, node: ast.AST) -> list[str]:
    """The names that are given to a value, or to a lambda or a ``partial`` that holds it."""
    outer = home.parents.get(node)
    while isinstance(outer, ast.expr):
        node, outer = outer, home.parents.get(outer)
    if not isinstance(outer, ast.Assign | ast.AnnAssign):
        return []
    targets = outer.targets if isinstance(outer, ast.Assign) else [outer.target]
    return [str(getattr(each, "id", getattr(each, "attr", ""))) for each in targets]


def _written(home: Module, call: ast.Call, project: ProjectIndex) -> frozenset[str]:
    """The paths that a call is given, by themselves or in a display."""

    def find_paths() -> frozenset[str]:
        given = [*call.args, *(each.value for each in call.keywords)]
        paths = set()
        for node in _in_displays(given):
            engine = Engine(project)
            patterns = resolution_of(_unpacked(engine.top(node, home)), engine).patterns
            paths |= {normpath(each.text) for each in patterns if each.exact}
        return frozenset(paths)

    return project.remember(("paths given", call), find_paths)


def _unpacked(values: Values) -> Values:
    """What a sequence or a mapping holds that a call unpacks (``*given``, ``**given``)."""
    found: list[Value] = []
    for value in values:
        if isinstance(value, Sequence):
            found += value.element()
        elif isinstance(value, Record):
            found += [each for entry in value.entries.values() for each in entry]
        else:
            found.append(value)
    return tuple(found)


def _in_displays(nodes: Iterable[ast.expr]) -> Iterator[ast.expr]:
    for node in nodes:
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            yield from _in_displays(node.elts)
        elif isinstance(node, ast.Dict):
            yield from _in_displays(node.values)
        elif isinstance(node, ast.Starred):
            yield node.value
        else:
            yield node
