"""Where data sets of torch_geometric keep their files: ``self.processed_paths``, ``raw_paths``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.conversions import combine
from torchload_lint.source.domain.patterns import HOLE, join
from torchload_lint.source.domain.values import Sequence, Text
from torchload_lint.source.project import classes

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Instance, Value, Values
    from torchload_lint.source.evaluator import Evaluator, Inherited

_FOLDERS = {"processed_paths": "processed", "raw_paths": "raw"}
"""torch_geometric 2.8, data/dataset.py: below the root; the names are a property of the class."""


def _kept_paths(evaluator: Evaluator, data_set: Instance, name: str, frame: Frame) -> Values:
    """The paths in such an attribute of a data set; empty for other objects and attributes."""
    folder = _FOLDERS[name]
    bases = classes.base_names(data_set.of.node, data_set.of.module, evaluator.project)
    if not any(base.startswith("torch_geometric.") for base in bases):
        return ()
    names = evaluator.attribute(data_set, f"{folder}_file_names", frame)
    return tuple(_below(folder, value) for value in names)


def _below(folder: str, value: Value) -> Value:
    """One name or a list of them, below the folder of a root that is not known."""
    if isinstance(value, Text):
        root = Text(HOLE, why=("the root of the data set",))
        paths = (combine(root, value, join(HOLE, f"{folder}/{value.text}")),)
        return Sequence((paths,), rung=value.rung)
    if isinstance(value, Sequence):
        items = tuple(
            tuple(
                combine(Text(HOLE), one, join(HOLE, f"{folder}/{one.text}"))
                for one in item
                if isinstance(one, Text)
            )
            for item in value.items
        )
        return value.changed(items=items)
    return value


INHERITED: dict[str, Inherited] = dict.fromkeys(_FOLDERS, _kept_paths)
