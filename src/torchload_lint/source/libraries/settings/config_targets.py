"""Classes that a configuration file names as text, and what it gives to them.

``_target_: pkg.Class`` (Hydra), ``target: pkg.Class`` with ``params:`` (latent diffusion and what
came of it), ``class_path: pkg.Class`` with ``init_args:`` (jsonargparse, Lightning), and the same
under keys of a project's own, where it imports modules by their names (``module: pkg.Class`` with
``args:``).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.branches import guards
from torchload_lint.source.domain.values import Record
from torchload_lint.source.libraries import config_files
from torchload_lint.source.libraries.settings import registered_classes
from torchload_lint.source.text.definitions import defaults, parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, FromOutside
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import NamedFunction

_TARGETS = {"_target_": "", "target": "params", "class_path": "init_args"}
"""The key that names the class → the key beside it that holds the arguments; where it has no
name, the arguments stand beside the class.
"""
_ARGUMENTS = ("args", "kwargs", "params", "init_args", "arguments")
"""Where the arguments stand beside a key of a project's own; else beside the class."""
_INSTANTIATING = ("instantiate", "LightningCLI")
_IMPORTING = ("import_module", "__import__", "locate")
"""A project that makes objects from configuration spells one of these."""
_MAX_FILES = 24
_MAX_RECORDS = 8


def _given_to_constructor(
    evaluator: Evaluator,
    parameter: ast.arg,
    function: NamedFunction,
    default: Values,
    frame: Frame,
) -> tuple[Values, ...]:
    """What each configuration that names the class gives to a parameter of its constructor."""
    holder = frame.module.parents.get(function)
    if not isinstance(holder, ast.ClassDef):
        return ()
    found: list[Values] = []
    for path, record in _records(evaluator.project, frame.module, holder):
        if _leads_elsewhere(evaluator, record, function, frame.module):
            continue
        evaluator.hop(None, path, f"names {holder.name}")
        evaluator.leave_open("another configuration may say otherwise")
        if parameter is function.args.kwarg:
            found.append((record,))
        elif parameter is not function.args.vararg:
            found.append(record.entries.get(parameter.arg) or default)
    for path, values in registered_classes.given(evaluator, parameter, holder):
        evaluator.hop(None, path, f"names {holder.name}")
        evaluator.leave_open("what another file gives to the registered class may differ")
        found.append(values)
    return tuple(found)


def _leads_elsewhere(
    evaluator: Evaluator, record: Record, function: NamedFunction, module: SourceFile
) -> bool:
    """Whether a configuration gives a parameter (or leaves it to its default) what a test that is
    assumed rules out: ``mode: resnet`` is no matter of what stands below ``if mode == "hrnet":``.
    """
    for test in evaluator.assumed:
        subject = guards.about_what(test[0])
        if not isinstance(subject, ast.Name) or subject not in module.parents:
            continue
        meant = [each.node for each in module.bindings.definitions(subject)]
        if len(meant) != 1 or meant[0] not in parameters(function.args):
            continue
        default = defaults(function.args).get(subject.id)
        written = (guards.written(default),) if isinstance(default, ast.Constant) else ()
        values = record.entries.get(subject.id, written)
        if values and all(guards.says(test, subject, one, module) is False for one in values):
            return True
    return False


def _records(
    project: ProjectIndex, module: SourceFile, node: ast.ClassDef
) -> tuple[tuple[str, Record], ...]:
    """The configuration files of the project that name a class, and what each gives to its
    constructor.
    """
    return project.remember(
        ("configured", node), lambda: tuple(_given(project, module, node))[:_MAX_RECORDS]
    )


def _given(
    project: ProjectIndex, module: SourceFile, node: ast.ClassDef
) -> Iterator[tuple[str, Record]]:
    if not project.remember("files that instantiate", lambda: _instantiating(project)):
        return
    for path in project.files.configs_holding(f".{node.name}")[:_MAX_FILES]:
        content = config_files.content(project, path)
        for target, arguments in _calls(content, config_files.DEEPEST):
            if _means(project, target, module, node):
                values = config_files.values(arguments, content)
                yield from ((path, value) for value in values if isinstance(value, Record))


def _instantiating(project: ProjectIndex) -> bool:
    """Whether the project makes objects from configuration, and has any that name a class."""
    if any(project.holding(word) for word in _IMPORTING):
        return True
    return any(project.holding(word) for word in _INSTANTIATING) and any(
        project.files.configs_holding(f"{key}:") for key in _TARGETS
    )


def _means(project: ProjectIndex, target: str, module: SourceFile, node: ast.ClassDef) -> bool:
    """Whether a dotted name in a configuration is that class."""
    if target.rpartition(".")[2] != node.name:
        return False
    return any(found.node is node for found in project.definitions(target, module.path))


def _calls(content: object, depth: int) -> Iterator[tuple[str, dict[str, object]]]:
    """Each class that is named, with its arguments."""
    if isinstance(content, list):
        for each in content if depth else ():
            yield from _calls(each, depth - 1)
    if not isinstance(content, dict) or not depth:
        return
    for key, target in content.items():
        if isinstance(target, str) and "." in target:
            arguments = _arguments(content, key)
            if arguments is not None:
                yield target, arguments
    for each in content.values():
        yield from _calls(each, depth - 1)


def _arguments(content: dict[str, object], key: str) -> dict[str, object] | None:
    """What stands for the class that a key names; None where that is no mapping."""
    named = _TARGETS.get(key)
    if named is None:
        named = next((each for each in _ARGUMENTS if isinstance(content.get(each), dict)), "")
    arguments = content.get(named, {}) if named else content
    return arguments if isinstance(arguments, dict) else None


PARAMETERS: FromOutside = _given_to_constructor
