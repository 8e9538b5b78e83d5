"""Hydra's groups of configurations, of which a start chooses another one than the defaults list.

Below ``if cfg.data.name == "moses":`` it is the file of ``data/`` that says so.
"""

from __future__ import annotations

from itertools import islice
from posixpath import dirname, join, splitext
from typing import TYPE_CHECKING

from torchload_lint.source.branches import configured
from torchload_lint.source.libraries import hydra

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.source.branches.configured import AskedOf
    from torchload_lint.source.domain.values import Record, Value, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile

_MOST_CHOICES = 24
"""How many files of a group are looked into."""


def chosen_otherwise(
    evaluator: Evaluator, composed: Record, asked: Sequence[AskedOf], module: SourceFile
) -> Values:
    """The configurations with another file of one group in which what is asked holds, of those in
    which it does not.
    """
    if composed.chosen is None:
        return ()
    failing = [each for each in asked if configured.fails(each, composed, module)]
    found: list[Value] = []
    for group, choice in islice(_choices(evaluator, composed.chosen[0], failing), _MOST_CHOICES):
        values = hydra.configuration(evaluator, *composed.chosen, {group: choice})
        found += [
            one for one in values if all(configured.holds(each, one, module) for each in failing)
        ]
    return tuple(
        each for each in found if not any(configured.fails(one, each, module) for one in asked)
    )


def _choices(
    evaluator: Evaluator, folder: str, failing: Sequence[AskedOf]
) -> Iterator[tuple[str, str]]:
    """The groups that the keys lie in that are asked for, each with each of its files."""
    groups = {
        "/".join(each.keys[:count]): None for each in failing for count in range(1, len(each.keys))
    }
    keys = {each.keys[-1]: None for each in failing}
    paths = {
        path: None for key in keys for path in evaluator.project.files.configs_holding(f"{key}:")
    }
    for group in groups:
        for path in sorted(paths):
            if dirname(path) == join(folder, group) and path.endswith((".yaml", ".yml")):
                yield group, splitext(path)[0].rpartition("/")[2]
