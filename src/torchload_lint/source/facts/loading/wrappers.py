"""Functions of a file that leave ``weights_only`` to their callers, and calls of them there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.calls import LoadCall, WeightsOnly
from torchload_lint.source.facts.keyword.answers import KEY
from torchload_lint.source.facts.keyword.given import given, keyword_answer
from torchload_lint.source.names.references import find
from torchload_lint.source.text.definitions import defaults
from torchload_lint.source.text.expressions import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Span
    from torchload_lint.source.names.source_file import SourceFile


class Wrapper(NamedTuple):
    """A function that passes one of its parameters on as ``weights_only``."""

    function: ast.FunctionDef | ast.AsyncFunctionDef
    qualname: str
    parameter: str
    """Its name; ``**kwargs`` where the value may arrive among further keywords."""
    default: WeightsOnly
    """What it is where a caller says nothing; ABSENT where there is no default."""
    load: LoadCall


class WrapperCall(NamedTuple):
    """A call, in the same file, of such a function."""

    node: ast.Call
    wrapper: Wrapper
    span: Span
    weights_only: WeightsOnly
    """What this call says, or the default of the function where it says nothing."""
    weights_only_node: ast.expr | None = None
    weights_only_because: str = ""


def wrappers(module: SourceFile, loads: tuple[LoadCall, ...]) -> tuple[Wrapper, ...]:
    """The functions of a file that leave ``weights_only`` to their callers; ``loads`` are its."""
    found: list[Wrapper] = []
    for load in loads:
        function = module.function(load.node) if load.passes_on else None
        if function is not None and _has_parameter(function, load.passes_on):
            name = ".".join(module.bindings.enclosing_names(function))
            found.append(Wrapper(function, name, load.passes_on, load.passes_on_default, load))
    return tuple(found)


def _has_parameter(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    arguments = function.args
    if name.startswith("**"):
        return arguments.kwarg is not None and arguments.kwarg.arg == name[2:]
    return name in {arg.arg for arg in (*arguments.posonlyargs, *arguments.args,
                                        *arguments.kwonlyargs)}  # fmt: skip


def calls(module: SourceFile, own: tuple[Wrapper, ...]) -> tuple[WrapperCall, ...]:
    """The calls of a file's own wrappers in that file, in its order."""
    found = {one.node: one for wrapper in own for one in _calls(module, wrapper)}
    return tuple(sorted(found.values(), key=lambda one: one.span))


def _calls(module: SourceFile, wrapper: Wrapper) -> Iterator[WrapperCall]:
    arguments = wrapper.function.args
    positions = [arg.arg for arg in (*arguments.posonlyargs, *arguments.args)]
    if isinstance(module.parents.get(wrapper.function), ast.ClassDef):
        positions = positions[1:]
    target = module.bindings.qualname(wrapper.function)
    for reference in find(module, wrapper.function.name, frozenset({target})):
        call = module.parents.get(reference.node)
        if isinstance(call, ast.Call) and call.func is reference.node:
            yield _call(module, call, wrapper, tuple(positions))


def _call(
    module: SourceFile, call: ast.Call, wrapper: Wrapper, positions: tuple[str, ...]
) -> WrapperCall:
    parameter = KEY if wrapper.parameter.startswith("**") else wrapper.parameter
    sorted_out = given(call.args, list(call.keywords), positions)
    answer = keyword_answer(module, call, sorted_out, parameter)
    default = defaults(wrapper.function.args).get(parameter)
    if answer.verdict is not WeightsOnly.ABSENT or default is None:
        node = sorted_out.named.get(parameter)
        return WrapperCall(call, wrapper, module.span(call), answer.verdict, node, answer.because)
    because = f"{wrapper.qualname}() passes {parameter}={code_of(default)}"
    return WrapperCall(call, wrapper, module.span(call), wrapper.default, None, because)
