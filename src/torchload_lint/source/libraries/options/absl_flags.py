"""absl: ``FLAGS.x``, and the default in ``DEFINE_string("x", default, help)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.values import (
    union,
)
from torchload_lint.source.libraries.options import config_flags
from torchload_lint.source.libraries.options.declaration import Declaration, value_of
from torchload_lint.source.project import call_search
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Made, Values
    from torchload_lint.source.evaluator import Evaluator, KnownAttribute
    from torchload_lint.source.names.source_file import SourceFile

_FLAGS = ("absl.flags", "gflags", "tensorflow.flags", "tensorflow.app.flags")

_DEFINES = late_pattern(r"DEFINE_\w+")


def _flag(evaluator: Evaluator, flags: Made, name: str, frame: Frame) -> Values:
    """``FLAGS.x``: the default of ``DEFINE_string("x", default, …)``."""
    del flags
    found: list[Values] = []
    for path in (frame.module.path, *evaluator.project.holding("DEFINE_")):
        module = evaluator.project.module_at(path)
        if module is None or name not in module.text:
            continue
        kinds = set(_DEFINES.findall(module.text))
        for call in call_search.calls_among(module.tree, module.lines, kinds):
            literal = call.args[0] if call.args else None
            if isinstance(literal, ast.Constant) and literal.value == name:
                found.append(_of_definition(evaluator, call, module))
        if found:
            break
    return union(*found)


def _defined(evaluator: Evaluator, made: Made, name: str, _: Frame) -> Values:
    """``X.value`` after ``X = DEFINE_string("x", default, …)``."""
    if name != "value" or ".DEFINE_" not in made.callee or made.call is None or made.module is None:
        return ()
    return _of_definition(evaluator, made.call, made.module)


def _of_definition(evaluator: Evaluator, call: ast.Call, module: SourceFile) -> Values:
    """The default of ``DEFINE_string("x", default, help)``."""
    name = last_name(call.func)
    if name in config_flags.DEFINING:
        return config_flags.defined(evaluator, name, _declared(call, module), module)
    return value_of(evaluator, _declared(call, module), module)


def _declared(call: ast.Call, module: SourceFile) -> Declaration:
    given = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "default")]
    scope = module.tree
    shown = f"--{getattr(call.args[0], 'value', '')}"
    return Declaration(call, scope, given[0] if given else None, False, shown)


ATTRIBUTES: dict[str, KnownAttribute] = {
    **{f"{flags}.FLAGS": _flag for flags in _FLAGS},
    **{f"{flags}.*": _defined for flags in _FLAGS},
}
