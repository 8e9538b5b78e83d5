"""mmengine and mmcv: ``Config.fromfile``, whose Python files are configurations with bases, and the
copies of addresses that ``load_checkpoint`` reads.

Source: mmengine 0.10.7 ``runner/checkpoint.py`` (``load_from_http``), mmcv 1.7 the same.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain import patterns
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Frame, Record, Text, Values, lift, unknown
from torchload_lint.source.libraries import config_files
from torchload_lint.source.libraries.hubs.torch_hub import TORCH_CACHE
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    from torchload_lint.source.domain.patterns import PathPattern
    from torchload_lint.source.evaluator import Evaluator, Known, OfAddresses

_MOST_BASES = 4
"""How many bases one upon another are followed."""
_BASES = "_base_"


def _copies(addresses: tuple[PathPattern, ...]) -> tuple[PathPattern, ...]:
    """The copies in the cache of torch's hub."""
    return tuple(
        each._replace(
            text=f"{patterns.render(TORCH_CACHE)}/checkpoints/{_name(each.text)}",
            rung=Rung.DOWNLOAD,
        )
        for each in addresses
        if each.text.startswith(("https://", "http://"))
    )


def _name(address: str) -> str:
    return address.partition("?")[0].rpartition("/")[2]


def _from_file(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``Config.fromfile(path)``: the names of a Python file, upon those of its ``_base_``."""
    found: list[Values] = []
    for each in arguments(evaluator, call, frame).at(0, "filename"):
        path = config_files.located(evaluator.project, each, frame)
        if path is not None and path.endswith(".py"):
            entries = _entries(evaluator, path, _MOST_BASES)
            found.append((Record(entries, kind="config", rung=Rung.CONFIG_FILE),))
        elif path is not None:
            read = config_files.read(evaluator.project, path)
            found.append(read or unknown(f"{path} cannot be read"))
        else:
            found.append(unknown("a configuration file that is not known"))
    return tuple(value for values in found for value in values)


def _entries(evaluator: Evaluator, path: str, bases: int) -> dict[str, Values]:
    """Name → what a configuration file gives to it, its bases included."""
    module = evaluator.project.module_at(path)
    if module is None:
        return {}
    own: dict[str, Values] = {}
    for statement in module.tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            values = evaluator.values(statement.value, Frame(module))
            own[statement.targets[0].id] = lift(values, Rung.CONFIG_FILE)
    found: dict[str, Values] = {}
    for base in _paths(own.pop(_BASES, ())) if bases else ():
        inner = config_files.located(evaluator.project, base, Frame(module))
        if inner is not None and inner.endswith(".py"):
            found = _over(_entries(evaluator, inner, bases - 1), found)
    return _over(own, found)


def _paths(values: Values) -> list[Text]:
    """The files that ``_base_`` names: one, or a list of them."""
    items = [item for value in values for items in getattr(value, "items", ()) for item in items]
    return [each for each in (*values, *items) if isinstance(each, Text)]


def _over(upper: dict[str, Values], lower: dict[str, Values]) -> dict[str, Values]:
    """Two configurations, of which the upper one wins; dictionaries are merged."""
    merged = dict(lower)
    for name, values in upper.items():
        below = merged.get(name, ())
        if len(values) == len(below) == 1:
            top, bottom = values[0], below[0]
            if isinstance(top, Record) and isinstance(bottom, Record):
                entries = _over(dict(top.entries), dict(bottom.entries))
                merged[name] = (top.changed(entries=entries),)
                continue
        merged[name] = values
    return merged


CALLS: dict[str, Known] = dict.fromkeys(
    ("mmengine.Config.fromfile", "mmengine.config.Config.fromfile", "mmcv.Config.fromfile"),
    _from_file,
)
COPIES: dict[str, OfAddresses] = {"mmengine": _copies}
