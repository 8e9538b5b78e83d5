"""Configuration files of the project as values: YAML, JSON, TOML; OmegaConf and Hydra on top."""

from __future__ import annotations

import re
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from torchload_lint.config import parse_toml
from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.mappings import as_kind
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
from torchload_lint.source.state.evaluated_arguments import arguments
from torchload_lint.source.text import yaml_text

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from torchload_lint.source.domain.values import Frame, Made, Value, Values
    from torchload_lint.source.evaluator import Evaluator, Known, KnownMethod
    from torchload_lint.source.project.index import ProjectIndex

LARGEST_FILE = 300_000
_LARGEST_LIST = 64
DEEPEST = 12
_REFERENCE = late_pattern(r"\$\{([^${}]*)\}|<([\w./]+)>")


def loaded(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``hyperpyyaml.load_hyperpyyaml(open(path))`` and its kin, which may make objects."""
    given = arguments(evaluator, call, frame).at(0)
    return _contents(evaluator, given, frame)


def _plain(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``yaml.safe_load(open(path))``, ``json.load(f)``: dictionaries and lists, where no keyword
    has something else made of them.
    """
    makes_others = any(keyword.arg in _MAKES_OTHERS for keyword in call.keywords)
    return (
        loaded(evaluator, call, frame)
        if makes_others
        else _of_kind("dict", "list")(evaluator, call, frame)
    )


def _of_kind(kind: str, lists: str) -> Known:
    """Reads files whose mappings and lists become objects of these classes."""

    def contained(project: ProjectIndex, path: str) -> Values | None:
        found = read(project, path)
        key = ("configuration", path, kind)
        return project.remember(key, lambda: None if found is None else as_kind(found, kind, lists))

    def known(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
        given = arguments(evaluator, call, frame).at(0)
        return _contents(evaluator, given, frame, contained)

    return known


def _all_loaded(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``yaml.safe_load_all(open(path))``: the documents of a file, one after the other."""
    given = arguments(evaluator, call, frame).at(0)
    return _contents(evaluator, given, frame, _documents)


def located(project: ProjectIndex, value: Value, frame: Frame) -> str | None:
    """The project's file that a path (or an open file) is; None where it is not known."""
    source = value.source if isinstance(value, Handle) else value
    if not isinstance(source, Text) or not is_exact(source.text):
        return None
    return _locate(project, source, frame)


def _contents(
    evaluator: Evaluator,
    given: Values,
    frame: Frame,
    contained: Callable[[ProjectIndex, str], Values | None] | None = None,
) -> Values:
    """What files hold. ``contained``: what becomes of one; one value, where that is not said."""
    found: list[Value] = []
    for each in given:
        source = each.source if isinstance(each, Handle) else each
        if not isinstance(source, Text) or not is_exact(source.text):
            found.extend(unknown("a configuration file that is not known"))
            continue
        path = located(evaluator.project, each, frame)
        known_content = None if path is None else (contained or read)(evaluator.project, path)
        if known_content is None:
            found.extend(unknown(why_unread("the configuration", source.text, path)))
        else:
            evaluator.hop(None, path or "", "is read")
            found.extend(lift(known_content, source.rung))
    return tuple(found)


def why_unread(what: str, named: str, path: str | None) -> str:
    """Why nothing is known of a configuration. ``what``: what it is; ``named``: what the code calls
    it; ``path``: the project's file that this is, if there is one.
    """
    if not named:
        return f"{what} has no name"
    return f"{what} {named} {'is not in the project' if path is None else 'cannot be read'}"


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


def _documents(project: ProjectIndex, path: str) -> Values | None:
    text = project.files.text(path)
    parts = [] if text is None or len(text) > LARGEST_FILE else yaml_text.parse_all(text)
    return (Sequence(tuple(values(each, each) for each in parts)),) if parts else None


def content(project: ProjectIndex, path: str) -> object:
    """What a configuration file holds, in plain dictionaries and lists; None where it is unread."""
    text = project.files.text(path)
    return None if text is None or len(text) > LARGEST_FILE else _parse(text, path)


def values(part: object, root: object) -> Values:
    """A part of a configuration as values; its references lead into ``root``."""
    return lift(nested_values(part, root, DEEPEST), Rung.CONFIG_FILE)


def _parse(text: str, path: str) -> object:
    try:
        if path.endswith((".json", ".jsonc")):
            import json  # noqa: PLC0415 - few programs are configured in JSON

            return json.loads(text)
        if path.endswith(".toml"):
            return parse_toml(text)
        return yaml_text.parse(text)
    except (ValueError, RecursionError):
        return None


def nested_values(
    content: object, root: object, depth: int, around: tuple[object, ...] = ()
) -> Values:
    """A part of a configuration as values, at most ``depth`` levels of it. ``around``: what holds
    it, from the outermost.
    """
    if depth == 0:
        return unknown("a configuration that is nested too deep")
    inside = (*around, content)
    if isinstance(content, dict):
        entries = {
            str(key): lift(nested_values(value, root, depth - 1, inside), Rung.CONFIG_FILE)
            for key, value in content.items()
        }
        return (Record(entries, kind="config"),)
    if isinstance(content, list):
        shown = content[:_LARGEST_LIST]
        items = tuple(nested_values(each, root, depth - 1, inside) for each in shown)
        return (Sequence(items),)
    if isinstance(content, str):
        return (_text(content, root, depth, around),)
    if content is None or isinstance(content, int | float):
        return (Constant(content),)
    return unknown("a value that cannot be read")


def _text(content: str, root: object, depth: int, around: tuple[object, ...]) -> Text:
    """A text with its ``${key}`` (OmegaConf) and ``<key>`` (hyperpyyaml) put in."""
    pieces: list[str] = []
    end = 0
    reasons: list[str] = []
    for match in _REFERENCE.finditer(content):
        pieces.append(known(content[end : match.start()]))
        end = match.end()
        target, holders = _lookup(root, match[1] or match[2] or "", around)
        if isinstance(target, str) and depth > 1:
            inner = _text(target, root, depth - 1, holders)
            pieces.append(inner.text)
            reasons.extend(inner.why)
        elif isinstance(target, int | float):
            pieces.append(str(target))
        else:
            pieces.append(HOLE)
            reasons.append(f"{match[0]} of the configuration")
    pieces.append(known(content[end:]))
    return Text("".join(pieces), why=tuple(reasons), rung=Rung.CONFIG_FILE)


def _lookup(
    root: object, dotted: str, around: tuple[object, ...]
) -> tuple[object, tuple[object, ...]]:
    """What a reference leads to, and what holds that. ``.key`` stands beside it (OmegaConf),
    ``..key`` beside what holds it.
    """
    levels = len(dotted) - len(dotted.lstrip("."))
    if levels > len(around):
        return None, ()
    holders = around[: len(around) - levels + 1] if levels else (root,)
    *folders, last = re.split(r"[.\[\]]+", dotted.strip(".[]"))
    for part in folders:
        holders = (*holders, _entry(holders[-1], part))
    return _entry(holders[-1], last), holders


def _entry(holder: object, key: str) -> object:
    return holder.get(key) if isinstance(holder, dict) else None


_MAKES_OTHERS = frozenset({"cls", "object_hook", "object_pairs_hook", "parse_float", "parse_int"})
"""Keywords of JSON's functions, by which a program makes objects of its own."""
_PLAIN_LOADERS = (
    *("yaml.load", "yaml.safe_load", "yaml.full_load", "yaml.unsafe_load", "oyaml.safe_load"),
    *("json.load", "json.loads", "toml.load", "toml.loads", "tomllib.load", "tomli.load"),
    *("tomllib.loads", "tomli.loads", "ruamel.yaml.safe_load"),
)
_LOADERS = ("ruamel.yaml.load", "hyperpyyaml.load_hyperpyyaml")


def _by_object(evaluator: Evaluator, made: Made, call: ast.Call, frame: Frame) -> Values:
    """``YAML().load(f)``."""
    del made
    evaluator.leave_open("what YAML().load() yields is only likely")
    return loaded(evaluator, call, frame)


CALLS: dict[str, Known] = {
    **dict.fromkeys(_LOADERS, loaded),
    **dict.fromkeys(_PLAIN_LOADERS, _plain),
    "omegaconf.OmegaConf.load": _of_kind("omegaconf.DictConfig", "omegaconf.ListConfig"),
    **dict.fromkeys(("yaml.load_all", "yaml.safe_load_all", "yaml.full_load_all"), _all_loaded),
}
METHODS: dict[str, KnownMethod] = {
    "ruamel.yaml.YAML.load": _by_object,
    "ruamel.yaml.main.YAML.load": _by_object,
}
READS_ONLY = frozenset({"yaml.dump", "yaml.safe_dump"})
