"""Classes that a registry keeps by name, and what is given to them by that name.

``@MODELS.register_module()`` stands above the class (mmengine, fvcore, BasicSR, and registries of a
project's own), ``dict(type="Net", checkpoint="a.pth")`` or ``MODELS.build("Net", …)`` elsewhere.
"""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Frame, Record, lift
from torchload_lint.source.libraries import config_files
from torchload_lint.source.names import members
from torchload_lint.source.text.expressions import last_name, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_NAMING = frozenset({"type", "name", "NAME", "model_type", "TYPE"})
"""Keys that hold a registered name, with the arguments beside it."""
_BUILDING = frozenset({"build", "create", "make", "build_from_cfg", "build_model"})
_MAX_FILES = 24
_MAX_GIVEN = 8


def given(
    evaluator: Evaluator, parameter: ast.arg, node: ast.ClassDef
) -> Iterator[tuple[str, Values]]:
    """The files that name a registered class, and what each gives to a parameter of it."""
    names = _names(node)
    written = _written(evaluator.project, node, names) if names else ()
    rung = Rung.CALLER if len(written) <= _MAX_GIVEN else Rung.ONE_OF_SEVERAL
    for path, module, beside in written[:_MAX_GIVEN]:
        for each in beside:
            if each.arg == parameter.arg:
                yield path, lift(evaluator.values(each.value, Frame(module)), rung)
    configured = _configured(evaluator.project, node, names) if names else ()
    is_cut = len(configured) > _MAX_GIVEN
    for path, record in configured[:_MAX_GIVEN]:
        if parameter.arg in record.entries:
            found = record.entries[parameter.arg]
            yield path, lift(found, Rung.ONE_OF_SEVERAL) if is_cut else found
        elif _takes_all(parameter, node):
            yield path, (record,)


def _takes_all(parameter: ast.arg, node: ast.ClassDef) -> bool:
    """Whether it is the only parameter, which is given all that stands beside the name (BasicSR's
    ``opt``).
    """
    constructor = members.member(node, "__init__")
    arguments = constructor.args if members.is_function(constructor) else None
    return arguments is not None and arguments.args[1:] == [parameter] and not arguments.kwonlyargs


def _names(node: ast.ClassDef) -> tuple[str, ...]:
    """The names under which a class is registered; none where it is not."""
    found: list[str] = []
    for decorator in node.decorator_list:
        if "register" in last_name(decorator).lower():
            call = decorator if isinstance(decorator, ast.Call) else None
            named = [*call.args, *(one.value for one in call.keywords)] if call else []
            found += [text for one in named if (text := text_of(one))] or [node.name]
    return tuple(dict.fromkeys(found))


def _written(
    project: ProjectIndex, node: ast.ClassDef, names: tuple[str, ...]
) -> tuple[tuple[str, Module, list[ast.keyword]], ...]:
    """What Python files give beside the name, each time that it stands there: file, module,
    arguments; one more than are looked at, where there are more.
    """
    return project.remember(
        ("registered", node), lambda: tuple(islice(_arguments(project, names), _MAX_GIVEN + 1))
    )


def _arguments(
    project: ProjectIndex, names: tuple[str, ...]
) -> Iterator[tuple[str, Module, list[ast.keyword]]]:
    quoted = [f"{quote}{name}{quote}" for name in names for quote in ("'", '"')]
    paths = dict.fromkeys(path for each in quoted for path in project.holding(each))
    for path in [*paths][:_MAX_FILES]:
        module = project.module_at(path)
        for display in ast.walk(module.tree) if module is not None else ():
            if module is not None and (beside := _beside(display, names)):
                yield path, module, beside


def _beside(display: ast.AST, names: tuple[str, ...]) -> list[ast.keyword]:
    """What a display or a call gives beside one of the names; empty where it has none."""
    if isinstance(display, ast.Dict):
        pairs = zip(display.keys, display.values, strict=True)
        held = [ast.keyword(text_of(key), value) for key, value in pairs if key and text_of(key)]
    elif isinstance(display, ast.Call):
        held = [one for one in display.keywords if one.arg]
        first = text_of(display.args[0]) if display.args else ""
        if last_name(display.func) in _BUILDING and first in names:
            return held
        if last_name(display.func) != "dict":
            return []
    else:
        return []
    is_named = any(one.arg in _NAMING and text_of(one.value) in names for one in held)
    return held if is_named else []


def _configured(
    project: ProjectIndex, node: ast.ClassDef, names: tuple[str, ...]
) -> tuple[tuple[str, Record], ...]:
    """The configuration files that hold the name, and what stands beside it."""
    return project.remember(
        ("registered in files", node),
        lambda: tuple(islice(_records(project, names), _MAX_GIVEN + 1)),
    )


def _records(project: ProjectIndex, names: tuple[str, ...]) -> Iterator[tuple[str, Record]]:
    paths = dict.fromkeys(path for name in names for path in project.files.configs_holding(name))
    for path in [*paths][:_MAX_FILES]:
        content = config_files.content(project, path)
        for beside in _named(content, names, config_files.DEEPEST):
            values = config_files.values(beside, content)
            yield from ((path, one) for one in values if isinstance(one, Record))


def _named(content: object, names: tuple[str, ...], depth: int) -> Iterator[dict[str, object]]:
    """The parts of a configuration that hold one of the names."""
    parts: list[object] = []
    if isinstance(content, dict):
        parts = list(content.values())
        if any(content.get(key) in names for key in _NAMING):
            yield content
    elif isinstance(content, list):
        parts = content
    for each in parts if depth else ():
        yield from _named(each, names, depth - 1)
