"""yacs: what configuration files and command lines set a key of a ``CfgNode`` to.

A program merges them into its defaults: ``cfg.merge_from_file(args.cfg)``, and of the words behind
its options ``cfg.merge_from_list(args.opts)`` (``TEST.MODEL_FILE models/a.pth``). Most defaults are
empty, so that the paths stand in those files and lines alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.patterns import Rung, known
from torchload_lint.source.domain.values import Record, Text, lift, union
from torchload_lint.source.libraries import config_files
from torchload_lint.source.libraries.options import written_commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.evaluator import Evaluator, KnownEntry
    from torchload_lint.source.project.index import ProjectIndex

_FOLDER = late_pattern(r"(?:^|_)(?:DIR|FOLDER|ROOT)$", re.IGNORECASE)
_MAX_FILES = 24
_MAX_VALUES = 12


def _merged(evaluator: Evaluator, key: str, own: Values) -> Values:
    """A key of a configuration with what may be merged into it; its own value is one of several
    then, and an empty text only a place for another one.
    """
    found = () if any(isinstance(each, Record) for each in own) else _others(evaluator, key)
    if not found:
        return own
    if all(isinstance(each, Text) and not each.text and not each.why for each in own):
        return found
    return union(lift(own, Rung.ONE_OF_SEVERAL), found)


def _others(evaluator: Evaluator, key: str) -> Values:
    """The paths that files and command lines give to a key."""
    project = evaluator.project
    if not project.holding("merge_from_"):
        return ()
    paths = project.remember(("yacs", key), lambda: tuple(_in_files(project, key)))
    if paths:
        evaluator.leave_open("another configuration may say otherwise")
    if len(paths) > _MAX_VALUES:
        evaluator.leave_open("there are more configurations than are followed")
    texts: Values = tuple(Text(known(path)) for path in paths[:_MAX_VALUES])
    rung = Rung.CONFIG_FILE if len(paths) == 1 else Rung.ONE_OF_SEVERAL
    return union(lift(texts, rung), written_commands.pairs(evaluator, key))


def _in_files(project: ProjectIndex, key: str) -> Iterator[str]:
    found = (
        path
        for name in project.files.configs_holding(f"{key}:")[:_MAX_FILES]
        for path in _values(config_files.content(project, name), key, config_files.DEEPEST)
    )
    yield from dict.fromkeys(found)


def _values(content: object, key: str, depth: int) -> Iterator[str]:
    """The paths that a configuration holds under a key, at whatever place; a folder, where the key
    says that it is one.
    """
    is_folder = _FOLDER.search(key) is not None
    for name, value in content.items() if isinstance(content, dict) and depth else ():
        is_text = name == key and isinstance(value, str)
        if is_text and (is_folder or "." in value.rpartition("/")[2]):
            yield value
        yield from _values(value, key, depth - 1)


ENTRIES: dict[str, KnownEntry] = dict.fromkeys(
    ("yacs.config.CfgNode", "fvcore.common.config.CfgNode", "detectron2.config.CfgNode"), _merged
)
