"""What configuration files of a project give to a key by which a load asks for its file, where
nothing is known of what it asks: ``torch.load(cfg["pretrained_path"])``, ``self.pretrain_file``.

Only keys that tell of checkpoints count, which one file of the code asks for, and only where few
checkpoints are named: which configuration a program is started with is not known, and what twelve
models call ``PRETRAIN_PATH`` is another file for each.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.patterns import Rung, known
from torchload_lint.source.domain.values import Text
from torchload_lint.source.libraries import config_files
from torchload_lint.source.project.callers import sites
from torchload_lint.source.state.matching import match
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_HOPS = 3
"""Names and callers that are followed from a load to the key."""
_MOST_FILES = 60
"""Configuration files that are read for one key."""
_MOST_PATHS = 4
"""Files that a key may name, before it tells nothing."""
_TELLING = late_pattern(
    r"(?i)(?=.*_)(?=.*(?:ckpt|check_?point|pretrain|weight|resume|restore|snapshot|model|load))\w{6,}"
)
"""A key that speaks of a checkpoint, in two words or more."""
_FILE = late_pattern(r"(?i)(?!\w+://)[^\s<>{}$*]+\.(?:pth?|ckpt|pyth|bin|pkl|pth?\.tar|t7|th)")
_PLACEHOLDER = late_pattern(r"(?i)path/to|your[_/-]|/xxx|\.\.\.")
_OF_CONFIGURATIONS = late_pattern(r"(?i)conf|cfg|option|setting|param|experiment")
_WRAPPING = frozenset({"str", "Path", "expanduser", "abspath", "realpath", "open", "fspath"})


def under_telling_key(expression: ast.expr, module: SourceFile, project: ProjectIndex) -> Values:
    """The files; empty where no key tells, or none of few files."""
    for key in dict.fromkeys(_keys(expression, module, project, _HOPS)):
        paths = _named(project, key, module.path.partition("/")[0])
        if paths:
            return tuple(Text(known(path), rung=Rung.ONE_OF_SEVERAL) for path in paths)
    return ()


def _keys(
    expression: ast.expr, module: SourceFile, project: ProjectIndex, hops: int
) -> Iterator[str]:
    """The telling keys by which an expression, or what callers give for it, is asked for."""
    key = _key(expression)
    if key and _TELLING.fullmatch(key):
        yield key
    elif isinstance(expression, ast.Call) and last_name(expression.func) in _WRAPPING:
        for inner in expression.args[:1]:
            yield from _keys(inner, module, project, hops)
    elif isinstance(expression, ast.Name) and hops:
        for each in module.bindings.definitions(expression):
            if isinstance(each.node, ast.arg):
                for given, home in _given(each.node, module, project):
                    yield from _keys(given, home, project, hops - 1)
            elif each.value is not None and each.kind in {"assign", "with"}:
                yield from _keys(each.value, module, project, hops - 1)


def _key(expression: ast.expr) -> str:
    """``x["key"]``, ``x.get("key")``, ``x.key``: the key; empty for anything else."""
    if isinstance(expression, ast.Subscript):
        return text_of(expression.slice)
    if isinstance(expression, ast.Attribute):
        return expression.attr
    if isinstance(expression, ast.Call) and last_name(expression.func) == "get":
        return next(map(text_of, expression.args), "")
    return ""


def _given(
    parameter: ast.arg, module: SourceFile, project: ProjectIndex
) -> Iterator[tuple[ast.expr, SourceFile]]:
    """What callers give for a parameter."""
    function = module.parents.get(module.parents[parameter])
    if isinstance(function, FUNCTIONS):
        for site in sites(project, module, function).calls:
            given = match(site.call, function, site.skipped).get(parameter)
            if isinstance(given, ast.expr):
                yield given, site.module


def _named(project: ProjectIndex, key: str, top: str) -> tuple[str, ...]:
    """The checkpoints that configuration files name under a key, if they are few: those of the
    folder ``top``, in which the load stands, and of folders that are there for configurations.
    """

    def read() -> tuple[str, ...]:
        if len(project.holding(key)) > 1:
            return ()
        paths = [path for path in project.files.configs_holding(key) if _is_of(path, top)]
        contents = (config_files.content(project, path) for path in paths[: _MOST_FILES + 1])
        named = [*dict.fromkeys(one for held in contents for one in _files(held, key))]
        is_telling = len(paths) <= _MOST_FILES and len(named) <= _MOST_PATHS
        return tuple(named) if is_telling else ()

    return project.remember(("declared key", key, top), read)


def _is_of(path: str, top: str) -> bool:
    first, slash, _ = path.partition("/")
    return not slash or first == top or _OF_CONFIGURATIONS.search(first) is not None


def _files(content: object, key: str) -> Iterator[str]:
    for value in _values(content, key, config_files.DEEPEST):
        if _FILE.fullmatch(value) and not _PLACEHOLDER.search(value):
            yield value


def _values(content: object, key: str, depth: int) -> Iterator[str]:
    if isinstance(content, list) and depth:
        for each in content:
            yield from _values(each, key, depth - 1)
    for name, value in content.items() if isinstance(content, dict) and depth else ():
        if name == key and isinstance(value, str):
            yield value
        yield from _values(value, key, depth - 1)
