"""Configuration files of the project as values: YAML, JSON, TOML; OmegaConf and Hydra on top."""

from __future__ import annotations

import ast
import re
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from torchload_lint.config import parse_toml
from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.patterns import HOLE, Rung, is_exact, known, normal
from torchload_lint.source.domain.values import (
    Constant,
    Handle,
    Record,
    Sequence,
    Text,
    lift,
    unknown,
)
from torchload_lint.source.libraries import plain_yaml
from torchload_lint.source.state.arguments import arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.project.index import ProjectIndex

_LARGEST_FILE = 300_000
_LARGEST_LIST = 64
_DEEPEST = 12
_REFERENCE = late_pattern(r"\$\{([^${}]*)\}|<([\w./]+)>")
_HYDRA = ("hydra.main", "hydra.experimental.main")


def loaded(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``yaml.safe_load(open(path))``, ``OmegaConf.load(path)``, ``json.load(f)`` and their kin."""
    given = arguments(evaluator, call, frame).at(0)
    found: list[Value] = []
    for each in given:
        source = each.source if isinstance(each, Handle) else each
        if not isinstance(source, Text) or not is_exact(source.text):
            found.extend(unknown("a configuration file that is not known"))
            continue
        path = _locate(evaluator.project, source, frame)
        known_content = None if path is None else read(evaluator.project, path)
        if known_content is None:
            found.extend(unknown(f"the configuration {source.text} is not in the project"))
        else:
            found.extend(lift(known_content, source.rung))
    return tuple(found)


def _locate(project: ProjectIndex, source: Text, frame: Frame) -> str | None:
    """The project's file that a relative path means: from the root, or from the folder of the
    file that reads it, or from one above that.
    """
    relative = normal(source.text)
    folder = "" if source.anchored else dirname(frame.module.path)
    while True:
        candidate = normpath(join(folder, relative))
        if project.files.exists(candidate):
            return candidate
        if not folder:
            return None
        folder = dirname(folder)


def read(project: ProjectIndex, path: str) -> Values | None:
    """The content of a configuration file; None where it cannot be read."""
    return project.remember(("configuration", path), lambda: _read(project, path))


def _read(project: ProjectIndex, path: str) -> Values | None:
    parsed = content(project, path)
    return None if parsed is None else values(parsed, parsed)


def content(project: ProjectIndex, path: str) -> object:
    """What a configuration file holds, in plain dictionaries and lists; None where it is unread."""
    text = project.files.text(path)
    return None if text is None or len(text) > _LARGEST_FILE else _parse(text, path)


def values(part: object, root: object) -> Values:
    """A part of a configuration as values; its references lead into ``root``."""
    return lift(_values(part, root, _DEEPEST), Rung.CONFIG_FILE)


def _parse(text: str, path: str) -> object:
    try:
        if path.endswith((".json", ".jsonc")):
            import json  # noqa: PLC0415 - few programs are configured in JSON

            return json.loads(text)
        if path.endswith(".toml"):
            return parse_toml(text)
        return plain_yaml.parse(text)
    except (ValueError, RecursionError):
        return None


def _values(content: object, root: object, depth: int) -> Values:
    if depth == 0:
        return unknown("a configuration that is nested too deep")
    if isinstance(content, dict):
        entries = {
            str(key): lift(_values(value, root, depth - 1), Rung.CONFIG_FILE)
            for key, value in content.items()
        }
        return (Record(entries, kind="config"),)
    if isinstance(content, list):
        items = tuple(_values(each, root, depth - 1) for each in content[:_LARGEST_LIST])
        return (Sequence(items),)
    if isinstance(content, str):
        return (_text(content, root, depth),)
    if content is None or isinstance(content, int | float):
        return (Constant(content),)
    return unknown("a value that cannot be read")


def _text(content: str, root: object, depth: int) -> Text:
    """A text with its ``${key}`` (OmegaConf) and ``<key>`` (hyperpyyaml) put in."""
    pieces: list[str] = []
    end = 0
    reasons: list[str] = []
    for match in _REFERENCE.finditer(content):
        pieces.append(known(content[end : match.start()]))
        end = match.end()
        target = _lookup(root, match[1] or match[2])
        if isinstance(target, str) and depth > 1:
            inner = _text(target, root, depth - 1)
            pieces.append(inner.text)
            reasons.extend(inner.why)
        elif isinstance(target, int | float):
            pieces.append(str(target))
        else:
            pieces.append(HOLE)
            reasons.append(f"{match[0]} of the configuration")
    pieces.append(known(content[end:]))
    return Text("".join(pieces), why=tuple(reasons), rung=Rung.CONFIG_FILE)


def _lookup(root: object, dotted: str) -> object:
    for part in re.split(r"[.\[\]]+", dotted.strip(".[]")):
        if not isinstance(root, dict):
            return None
        root = root.get(part)
    return root


def from_decorator(
    evaluator: Evaluator, decorator: ast.expr, parameter: ast.arg, frame: Frame
) -> Values:
    """What ``@hydra.main(config_path=…, config_name=…)`` gives to the first parameter."""
    if not isinstance(decorator, ast.Call):
        return ()
    if frame.module.bindings.qualified(decorator.func) not in _HYDRA:
        return ()
    function = frame.module.parents[frame.module.parents[parameter]]
    if not isinstance(function, ast.FunctionDef) or function.args.args[:1] != [parameter]:
        return ()
    keywords = {keyword.arg: keyword.value for keyword in decorator.keywords}
    folder = _one_text(evaluator, keywords.get("config_path"), frame)
    named = _one_text(evaluator, keywords.get("config_name"), frame)
    if named is None:
        return unknown("a Hydra configuration without a name")
    name = named.text
    beside = "" if folder is not None and folder.anchored else dirname(frame.module.path)
    base = normpath(join(beside, folder.text if folder is not None else ""))
    merged = _composed(evaluator.project, base, name, _DEEPEST)
    if merged is None:
        return unknown(f"the Hydra configuration {name} is not in the project")
    evaluator.leave_open("Hydra's command line may say otherwise")
    return lift(_values(merged, merged, _DEEPEST), Rung.CONFIG_FILE)


def _one_text(evaluator: Evaluator, node: ast.expr | None, frame: Frame) -> Text | None:
    """The text that an argument of a decorator is, where it is one for certain."""
    values = evaluator.anywhere(node, frame.module) if node is not None else ()
    text = values[0] if len(values) == 1 else None
    return text if isinstance(text, Text) and not text.why else None


def _composed(
    project: ProjectIndex, folder: str, name: str, depth: int
) -> dict[str, object] | None:
    """A Hydra configuration with its defaults list put together."""
    path = normpath(join(folder, name if name.endswith((".yaml", ".yml")) else f"{name}.yaml"))
    text = project.files.text(path) if depth and project.files.exists(path) else None
    own = plain_yaml.parse(text) if text is not None and len(text) <= _LARGEST_FILE else None
    if not isinstance(own, dict):
        return None
    merged: dict[str, object] = {}
    own_merged = False
    for group, choice in _defaults(own.pop("defaults", None)):
        if choice == "_self_":
            _merge(merged, own)
            own_merged = True
            continue
        inner = _composed(project, join(folder, group), choice, depth - 1)
        for part in reversed(group.strip("/").split("/")) if group else ():
            inner = {part: inner}
        _merge(merged, inner or {})
    if not own_merged:
        _merge(merged, own)
    return merged


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
