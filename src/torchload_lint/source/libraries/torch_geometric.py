"""Where data sets of torch_geometric keep their files: ``self.root``, ``self.processed_paths``,
``raw_paths``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.conversions import combine
from torchload_lint.source.domain.patterns import HOLE, at_home, join
from torchload_lint.source.domain.values import Frame, Sequence, Text, union
from torchload_lint.source.names import members
from torchload_lint.source.project import classes
from torchload_lint.source.state.bound import Layers
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Instance, Value, Values
    from torchload_lint.source.evaluator import Evaluator, Inherited

_FOLDERS = {"processed_paths": "processed", "raw_paths": "raw"}
"""torch_geometric 2.8, data/dataset.py: below the root; the names are a property of the class."""


def _kept_paths(evaluator: Evaluator, data_set: Instance, name: str, frame: Frame) -> Values:
    """The paths in such an attribute of a data set; empty for other objects and attributes."""
    folder = _FOLDERS[name]
    if not _is_data_set(evaluator, data_set):
        return ()
    names = evaluator.attribute(data_set, f"{folder}_file_names", frame)
    moved = _moves(evaluator, data_set, folder)
    given = () if moved else _root(evaluator, data_set, name, frame)
    roots = [each for each in given if isinstance(each, Text)]
    roots = roots or [Text(HOLE, why=("the root of the data set",))]
    return tuple(_below(roots, folder, value) for value in names)


def _moves(evaluator: Evaluator, data_set: Instance, folder: str) -> bool:
    """Whether a class of the project says itself where the folder is."""
    of = data_set.of
    ancestry = classes.ancestry(of.node, of.module, evaluator.project)
    return any(members.member(node, f"{folder}_dir") is not None for node, _ in ancestry)


def _is_data_set(evaluator: Evaluator, instance: Instance) -> bool:
    bases = classes.base_names(instance.of.node, instance.of.module, evaluator.project)
    return any(base.startswith("torch_geometric.") for base in bases)


def _root(evaluator: Evaluator, data_set: Instance, _: str, frame: Frame) -> Values:
    """The folder that a constructor hands on to the library's: ``super().__init__(root)``."""
    if not _is_data_set(evaluator, data_set):
        return ()
    layers = Layers((data_set.arguments or {}, frame.arguments))
    of = data_set.of
    for node, module in classes.ancestry(of.node, of.module, evaluator.project):
        home = Frame(module, layers, frame.calls, frame.callers)
        for call in ast.walk(members.member(node, "__init__") or ast.Pass()):
            if isinstance(call, ast.Call) and last_name(call.func) == "__init__":
                named = [each.value for each in call.keywords if each.arg == "root"]
                given = [*named, *call.args][:1]
                found = union(*(evaluator.values(each, home) for each in given))
                return tuple(map(_expanded, found))
    return ()


def _expanded(root: Value) -> Value:
    """A root as a data set keeps it: ``~`` of a text is expanded, that of a ``Path`` is not."""
    if not isinstance(root, Text) or root.is_path or not root.text.startswith("~"):
        return root
    return root.changed(text=at_home(root.text))


def _below(roots: list[Text], folder: str, value: Value) -> Value:
    """One name or a list of them, below the folder of a root."""
    if isinstance(value, Text):
        return Sequence((_paths(roots, folder, (value,)),), rung=value.rung)
    if isinstance(value, Sequence):
        return value.changed(items=tuple(_paths(roots, folder, item) for item in value.items))
    return value


def _paths(roots: list[Text], folder: str, names: Values) -> Values:
    return tuple(
        combine(root, name, join(root.text, f"{folder}/{name.text}"))
        for root in roots
        for name in names
        if isinstance(name, Text)
    )


INHERITED: dict[str, Inherited] = {**dict.fromkeys(_FOLDERS, _kept_paths), "root": _root}
