"""absl: ``FLAGS.x``, and the default in ``DEFINE_string("x", default, help)``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.values import (
    union,
)
from torchload_lint.source.libraries.declaration import Declaration, _default
from torchload_lint.source.project import call_search

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile

_FLAGS = (
    "absl.flags.FLAGS",
    "gflags.FLAGS",
    "tensorflow.flags.FLAGS",
    "tensorflow.app.flags.FLAGS",
)

_DEFINES = late_pattern(r"DEFINE_\w+")


def _flag(evaluator: Evaluator, node: ast.Attribute, frame: Frame) -> Values:
    """``FLAGS.x`` of absl: the default of ``DEFINE_string("x", default, …)``."""
    if frame.module.bindings.qualified(node.value) not in _FLAGS:
        return ()
    found: list[Values] = []
    for path in (frame.module.path, *evaluator.project.holding("DEFINE_")):
        module = evaluator.project.module_at(path)
        if module is None or f"{node.attr}" not in module.text:
            continue
        kinds = set(_DEFINES.findall(module.text))
        for call in call_search.calls_among(module.tree, module.lines, kinds):
            literal = call.args[0] if call.args else None
            if isinstance(literal, ast.Constant) and literal.value == node.attr:
                found.append(of_flag(evaluator, call, module))
        if found:
            break
    return union(*found)


def of_flag(evaluator: Evaluator, call: ast.Call, module: SourceFile) -> Values:
    """The default of absl's ``DEFINE_string("x", default, help)``."""
    given = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "default")]
    scope = module.tree
    shown = f"--{getattr(call.args[0], 'value', '')}"
    declaration = Declaration(call, scope, given[0] if given else None, False, shown)
    return _default(evaluator, declaration, module)
