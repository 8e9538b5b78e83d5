"""Configuration objects of OmegaConf as plain dicts and lists.

Source: ``__getstate__`` and ``__init__`` of the classes in omegaconf 2.3 (``dictconfig.py``,
``listconfig.py``, ``nodes.py``): a container keeps its nodes in ``_content``, a node its value in
``_val``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import DictValue, PickledValue
from torchload_lint.migrate.carriers.tensors import LEFT_OUT

if TYPE_CHECKING:
    from torchload_lint.migrate.carriers.pickled_instance import PickledInstance
    from torchload_lint.migrate.conversion import Conversion


def _container(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    attributes = made.attributes or {}
    if "_content" not in attributes:
        return converter.leave_out(place, made.name, "it has no content")
    content = attributes["_content"]
    if isinstance(content, DictValue):
        converter.changed(place, made.name, "a dict")
        return DictValue(entries=converter.entries(content.entries, place))
    if isinstance(content, list):
        converter.changed(place, made.name, "a list")
        return converter.items(content, place)
    converter.changed(place, made.name, "its content")
    return converter.plain(content, place)


def _node(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    attributes = made.attributes or {}
    value = attributes.get("_val", LEFT_OUT)
    if value is LEFT_OUT:
        return converter.leave_out(place, made.name, "it has no value")
    if isinstance(value, str) and "${" in value:
        converter.changed(place, "an interpolation", f"its text {value!r:.60}")
    return converter.plain(value, place)


CARRIERS = {
    "omegaconf.dictconfig.DictConfig": _container,
    "omegaconf.listconfig.ListConfig": _container,
    "omegaconf.nodes.UnionNode": _container,
    **dict.fromkeys(
        (
            f"omegaconf.nodes.{kind}Node"
            for kind in "Any String Integer Float Boolean Enum Bytes Path".split()
        ),
        _node,
    ),
    "omegaconf.nodes.InterpolationResultNode": _node,
    "omegaconf.nodes.ValueNode": _node,
}
