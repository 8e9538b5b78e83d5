"""Hydra's compose API: ``initialize(config_path=…)``, and ``compose(config_name=…)`` after it."""

from __future__ import annotations

from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung, is_absolute
from torchload_lint.source.domain.values import Sequence, Text, lift, unknown
from torchload_lint.source.libraries import hydra
from torchload_lint.source.project import call_search
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known
    from torchload_lint.source.names.source_file import SourceFile

_INITIALIZING = {"initialize": "config_path", "initialize_config_dir": "config_dir"}
"""How the folder is said → the parameter that names it: the first one beside the calling file."""
_STARTS = frozenset({*_INITIALIZING, "initialize_config_module"})


def _compose(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``compose(config_name="eval", overrides=["ckpt=a.pt"])``: overrides are set upon the file,
    and nothing is certain beside them.
    """
    given = arguments(evaluator, call, frame)
    names = given.at(0, "config_name")
    name = names[0] if len(names) == 1 else None
    folder = _folder(evaluator, call, frame.module)
    if not isinstance(name, Text) or name.why or folder is None:
        return unknown("which Hydra configuration is composed")
    values = hydra.configuration(evaluator, folder, name.text)
    evaluator.leave_open("what Hydra composes may be overridden")
    overrides = given.at(1, "overrides")
    for text in _texts(overrides):
        key, equals, path = text.text.lstrip("+~").partition("=")
        if equals:
            said = (text.changed(text=path),)
            values = tuple(hydra.overridden(each, key.split("."), said) for each in values)
    return lift(values, Rung.ONE_OF_SEVERAL) if overrides else values


def _texts(overrides: Values) -> list[Text]:
    items = [
        item
        for value in overrides
        if isinstance(value, Sequence)
        for values in value.items
        for item in values
    ]
    return [each for each in items if isinstance(each, Text)]


def _folder(evaluator: Evaluator, call: ast.Call, module: SourceFile) -> str | None:
    """The folder that is initialized around a call, or else in its file; None where several may
    be meant, or none is known.
    """
    calls = [
        each
        for each in call_search.calls_among(module.tree, module.lines, _STARTS)
        if (module.bindings.qualified(each.func) or "").startswith("hydra.")
    ]
    function = module.function(call)
    near = [each for each in calls if module.function(each) is function] or calls
    folders = {_initialized(evaluator, each, module) for each in near}
    return folders.pop() if len(folders) == 1 else None


def _initialized(evaluator: Evaluator, call: ast.Call, module: SourceFile) -> str | None:
    name = (module.bindings.qualified(call.func) or "").rpartition(".")[2]
    parameter = _INITIALIZING.get(name)
    given = [*call.args[:1], *(one.value for one in call.keywords if one.arg == parameter)]
    values = evaluator.anywhere(given[0], module) if parameter and given else ()
    text = values[0] if len(values) == 1 else None
    if not isinstance(text, Text) or text.why or is_absolute(text.text):
        return None
    if name != "initialize":
        return normpath(text.text) if text.anchored else None
    return normpath(join(dirname(module.path), text.text))


CALLS: dict[str, Known] = {
    "hydra.compose": _compose,
    "hydra.experimental.compose": _compose,
}
