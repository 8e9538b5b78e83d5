"""OmegaConf: an entry by its dotted key, ``OmegaConf.select(cfg, "train.weights")``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.values import Text, union, unknown
from torchload_lint.source.state import handing
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known


def _select(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``OmegaConf.select(cfg, "a.b", default=…)``: ``cfg.a.b``, and the default beside it."""
    given = arguments(evaluator, call, frame)
    keys = given.at(1, "key")
    key = keys[0] if len(keys) == 1 else None
    if not call.args or not isinstance(key, Text) or not _is_plain(key.text):
        return unknown("a key that is not known")
    found = handing.on(evaluator, call.args[0], given.at(0), frame)
    for part in key.text.split("."):
        found = union(*(evaluator.attribute(each, part, frame) for each in found))
    return union(found, given.named.get("default", ()))


def _is_plain(key: str) -> bool:
    return all(part.isidentifier() for part in key.split("."))


CALLS: dict[str, Known] = {"omegaconf.OmegaConf.select": _select}
