"""Hydra: what ``@hydra.main`` gives to a function, its defaults list put together."""

from __future__ import annotations

import ast
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    Record,
    Text,
    lift,
    union,
    unknown,
)
from torchload_lint.source.libraries.config_files import (
    DEEPEST,
    LARGEST_FILE,
    nested_values,
    why_unread,
)
from torchload_lint.source.libraries.options import written_commands
from torchload_lint.source.state.evaluated_arguments import first
from torchload_lint.source.text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator, FromDecorator, Known


def _from_decorator(
    evaluator: Evaluator, decorator: ast.Call, parameter: ast.arg, frame: Frame
) -> Values:
    """What ``@hydra.main(config_path=…, config_name=…)`` gives to the first parameter."""
    function = frame.module.parents[frame.module.parents[parameter]]
    if not isinstance(function, ast.FunctionDef) or function.args.args[:1] != [parameter]:
        return ()
    given = dict(zip(("config_path", "config_name"), decorator.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in decorator.keywords if keyword.arg}
    folder = _one_text(evaluator, given.get("config_path"), frame)
    named = _one_text(evaluator, given.get("config_name"), frame)
    if named is None:
        return unknown("a Hydra configuration without a name")
    name = named.text
    if folder is None and not _is_none(given.get("config_path")):
        return unknown(f"the folder of the Hydra configuration {name!r} is not known")
    beside = "" if folder is not None and folder.anchored else dirname(frame.module.path)
    base = normpath(join(beside, folder.text if folder is not None else ""))
    values = configuration(evaluator, base, name)
    if not any(isinstance(each, Record) for each in values):
        return values
    evaluator.leave_open("Hydra's command line may say otherwise")
    for key, paths in written_commands.overrides(evaluator, frame.module):
        values = tuple(overridden(value, key.split("."), paths) for value in values)
    return values


def configuration(
    evaluator: Evaluator, folder: str, name: str, chosen: Mapping[str, str] | None = None
) -> Values:
    """What the configuration ``name`` of a folder says, put together; or why nothing is known.
    ``chosen``: groups of which another file is taken than its defaults list says.
    """
    merged = _composed(evaluator, folder, name, DEEPEST, chosen or {})
    if merged is None:
        path = _place(folder, name)
        present = path if evaluator.project.files.exists(path) else None
        return unknown(why_unread("the Hydra configuration", name, present))
    values = lift(nested_values(merged, merged, DEEPEST), Rung.CONFIG_FILE)
    return tuple(each.changed(chosen=(folder, name)) for each in values)


def overridden(value: Value, keys: list[str], paths: Values) -> Value:
    """A configuration in which a key may have further values."""
    if not isinstance(value, Record):
        return value
    key, *rest = keys
    held = value.entries.get(key, ())
    if rest:
        inner = held or (Record({}, kind="config"),)
        held = tuple(overridden(one, rest, paths) for one in inner)
    else:
        held = union(held, paths)
    return value.changed(entries={**value.entries, key: held}, kind="config")


def _is_none(node: ast.expr | None) -> bool:
    """Whether an argument is not given, or given as None."""
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def _one_text(evaluator: Evaluator, node: ast.expr | None, frame: Frame) -> Text | None:
    """The text that an argument of a decorator is, where it is one for certain."""
    values = evaluator.anywhere(node, frame.module) if node is not None else ()
    text = values[0] if len(values) == 1 else None
    return text if isinstance(text, Text) and not text.why else None


def _composed(
    evaluator: Evaluator, folder: str, name: str, depth: int, chosen: Mapping[str, str]
) -> dict[str, object] | None:
    """A Hydra configuration with its defaults list put together."""
    project = evaluator.project
    path = _place(folder, name)
    text = project.files.text(path) if depth and project.files.exists(path) else None
    own = yaml_text.parse(text) if text is not None and len(text) <= LARGEST_FILE else None
    if not isinstance(own, dict):
        return None
    evaluator.hop(None, path, "is composed by Hydra")
    merged: dict[str, object] = {}
    own_merged = False
    for group, choice in _defaults(own.pop("defaults", None)):
        if choice == "_self_":
            _merge(merged, own)
            own_merged = True
            continue
        taken = chosen.get(group, choice)
        inner = _composed(evaluator, join(folder, group), taken, depth - 1, {})
        for part in reversed(group.strip("/").split("/")) if group else ():
            inner = {part: inner}
        _merge(merged, inner or {})
    if not own_merged:
        _merge(merged, own)
    return merged


def _place(folder: str, name: str) -> str:
    return normpath(join(folder, name if name.endswith((".yaml", ".yml")) else f"{name}.yaml"))


def _defaults(listed: object) -> Iterator[tuple[str, str]]:
    """(group, choice) of each entry of a defaults list; the group is empty for plain names."""
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, str):
            yield "", each
        elif isinstance(each, dict):
            for group, choice in each.items():
                name = str(group).removeprefix("optional ").removeprefix("override ")
                if isinstance(choice, str) and "@" not in name:
                    yield name, choice


def _merge(into: dict[str, object], new: dict[str, object]) -> None:
    for key, value in new.items():
        present = into.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value)
        else:
            into[key] = value


def _original_folder(*_: object) -> Values:
    return (Text("."),)


CALLS: dict[str, Known] = {
    "hydra.utils.to_absolute_path": first,
    "hydra.utils.get_original_cwd": _original_folder,
}
CHANGES_FOLDER: dict[str, str] = {"hydra.main": "version_base"}
DECORATED: dict[str, FromDecorator] = {
    "hydra.main": _from_decorator,
    "hydra.experimental.main": _from_decorator,
}
