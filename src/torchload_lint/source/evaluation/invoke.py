"""Calls: methods of what is known, and functions and classes of the project, entered with the
arguments that they are given.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain import methods
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.replacing import with_endings
from torchload_lint.source.domain.values import (
    Class,
    Frame,
    Function,
    Handle,
    Instance,
    Made,
    ParsedOptions,
    Record,
    Sequence,
    Text,
    Unknown,
    lift,
    union,
    unknown,
)
from torchload_lint.source.evaluation.objects import instances
from torchload_lint.source.libraries import registry
from torchload_lint.source.names import members
from torchload_lint.source.project import classes as class_facts
from torchload_lint.source.project.called_objects import RETURNING_SELF
from torchload_lint.source.state import handing, stores, taken
from torchload_lint.source.state.bound import BoundArguments, Layers
from torchload_lint.source.state.evaluated_arguments import arguments
from torchload_lint.source.state.matching import match

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.evaluator import Evaluator

_SHOWN = 50
MAX_CALLS = 6
"""How many calls are followed inwards."""
_PATH_METHODS = frozenset({"joinpath", "with_suffix", "with_name", "glob", "rglob", "iterdir"})
_SAME_OBJECT = RETURNING_SELF | {"requires_grad_", "detach"}
"""Methods of modules and tensors that yield the object itself (or one like it)."""
_MAY_BE_MISSING = frozenset({"get", "pop", "setdefault"})
"""Methods of mappings that yield their second argument where the key is not there."""
_YIELDS_ONCE = ("contextmanager", "asynccontextmanager", "fixture")


def call(evaluator: Evaluator, node: ast.Call, dotted: str | None, frame: Frame) -> Values:
    """What a call yields that the library knows nothing of."""
    function = node.func
    if not isinstance(function, ast.Attribute):
        return _of_callable(evaluator, node, dotted, frame)
    if dotted and frame.module.bindings.class_of_self(function.value) is None:
        ours = evaluator.dotted(dotted, frame)
        if ours:
            return union(*(of_value(evaluator, value, node, frame) for value in ours))
    if _is_super(function.value):
        return _of_super(evaluator, node, function.attr, frame)
    receivers = evaluator.values(function.value, frame)
    known_method = registry.method_of_anything(function.attr)
    found = known_method(evaluator, node, receivers, frame) if known_method is not None else ()
    if found:
        return found
    return union(
        *(_method(evaluator, receiver, node, function.attr, frame) for receiver in receivers)
    )


def _of_callable(evaluator: Evaluator, node: ast.Call, dotted: str | None, frame: Frame) -> Values:
    """A call of a plain name (or of a call's result)."""
    found: list[Values] = []
    for value in evaluator.values(node.func, frame):
        if isinstance(value, Unknown) and dotted:
            found.append((Made(dotted, node, frame.module),))
        else:
            found.append(of_value(evaluator, value, node, frame))
    return union(*found)


def of_value(evaluator: Evaluator, value: Value, node: ast.Call, frame: Frame) -> Values:
    """What calling a value yields."""
    if isinstance(value, Function):
        return run(evaluator, value, node, frame)
    if isinstance(value, Class):
        return (construct(evaluator, value, node, frame),)
    if isinstance(value, Instance):
        method = instances.method(evaluator, value.of, "__call__", value)
        method = method or instances.method(evaluator, value.of, "forward", value)
        return run(evaluator, method, node, frame) if method else unknown("an object is called")
    if isinstance(value, Made):
        known = registry.method(value.callee, "__call__") if value.call is not None else None
        if known is not None:
            return lift(known(evaluator, value, node, frame), value.rung)
        return _of_made(evaluator, value.callee, node, frame, value.rung)
    return unknown(f"the result of {_shown(node.func)}() is not known")


def _of_made(evaluator: Evaluator, callee: str, node: ast.Call, frame: Frame, rung: Rung) -> Values:
    """A call of something outside the project that is known under another name: through a
    variable (``PathManager = PathManagerBase()``), or as another file of the project calls it.
    """
    known_call = evaluator.library(callee)
    if known_call is not None:
        evaluator.relied.strangers.setdefault(callee)
        return lift(known_call(evaluator, node, frame), rung)
    return (Made(callee, node, frame.module, rung=rung),)


def _shown(node: ast.expr) -> str:
    shown = ast.unparse(node)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 4]} ..."


def construct(evaluator: Evaluator, of: Class, node: ast.Call, frame: Frame) -> Instance:
    """The object that ``Class(…)`` makes."""
    evaluator.relied.classes.setdefault(of.node, of.module)
    for level, module in class_facts.ancestry(of.node, of.module, evaluator.project):
        initializer = members.member(level, "__init__")
        if members.is_function(initializer):
            given = match(node, initializer, skipped=1)
            return Instance(of, BoundArguments(evaluator, initializer, module, given, frame), node)
    nothing = ast.Lambda(ast.arguments([], [], None, [], [], None, []), ast.Constant(None))
    return Instance(of, BoundArguments(evaluator, nothing, of.module, {}, frame), node)


def run(evaluator: Evaluator, function: Function, node: ast.Call | None, frame: Frame) -> Values:
    """What a function of the project returns for these arguments (``node`` is None for a
    property).
    """
    if frame.calls >= MAX_CALLS:
        return unknown("it is made by calls nested too deep")
    definition = function.node
    evaluator.relied.functions.setdefault(definition, function.module)
    skipped, receiver = _receiver(function)
    given = match(node, definition, skipped) if node is not None else {}
    outer = frame
    if function.receiver is not None and function.receiver.arguments is not None:
        outer = Frame(
            frame.module,
            Layers((frame.arguments, function.receiver.arguments)),
            frame.calls,
            frame.callers,
        )
    bound = BoundArguments(evaluator, definition, function.module, given, outer, receiver=receiver)
    inner = Frame(function.module, bound, frame.calls + 1, frame.callers)
    if isinstance(definition, ast.Lambda):
        return evaluator.values(definition.body, inner)
    if not evaluator.once(key := ("run", definition, node, frame.calls)):
        return unknown(f"{definition.name}() calls itself")
    try:
        return lift(_returned(evaluator, definition, inner), Rung.LOCAL)
    finally:
        evaluator.done(key)


def _receiver(function: Function) -> tuple[int, tuple[ast.arg, Values] | None]:
    """How many parameters the call does not write, and what the first of them is."""
    if function.receiver is None or isinstance(function.node, ast.Lambda):
        return 0, None
    if members.is_static(function.node):
        return 0, None
    leading = [*function.node.args.posonlyargs, *function.node.args.args][:1]
    if not leading:
        return 0, None
    is_class = members.is_class_method(function.node)
    value: Value = function.receiver.of if is_class else function.receiver
    return 1, (leading[0], (value,))


def _returned(
    evaluator: Evaluator, definition: ast.FunctionDef | ast.AsyncFunctionDef, inner: Frame
) -> Values:
    returns, yields = evaluator.project.remember(
        ("returns", definition), lambda: _collect_returned(definition)
    )
    if not yields:
        left = [each for each in returns if taken.lets_through(evaluator, each, inner)] or returns
        found = union(
            *(handing.on(evaluator, each, evaluator.values(each, inner), inner) for each in left)
        )
        return found or unknown(f"{definition.name}() returns nothing")
    produced = union(*(evaluator.values(each, inner) for each in yields))
    marks = {ast.unparse(each).partition("(")[0] for each in definition.decorator_list}
    if any(mark.rpartition(".")[2] in _YIELDS_ONCE for mark in marks):
        return produced
    return (Sequence(others=produced),)


def _collect_returned(
    definition: ast.FunctionDef | ast.AsyncFunctionDef,
) -> tuple[list[ast.expr], list[ast.expr]]:
    """What a function returns, and what it yields, in the order of the text."""
    found = [
        node
        for node in stores.own_nodes(definition)
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None
    ]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    returns = [node.value for node in found if isinstance(node, ast.Return) and node.value]
    return returns, [node.value for node in found if isinstance(node, ast.Yield) and node.value]


def _method(
    evaluator: Evaluator, receiver: Value, node: ast.Call, name: str, frame: Frame
) -> Values:
    if isinstance(receiver, Instance):
        return lift(_of_instance(evaluator, receiver, node, name, frame), receiver.rung)
    if isinstance(receiver, Class):
        return _of_class(evaluator, receiver, node, name, frame)
    if isinstance(receiver, Text):
        return methods.of_text(receiver, name, arguments(evaluator, node, frame))
    if isinstance(receiver, Handle):
        return methods.of_handle(receiver, name)
    if isinstance(receiver, Sequence):
        return methods.of_sequence(receiver, name, arguments(evaluator, node, frame))
    if isinstance(receiver, Record):
        return methods.of_record(receiver, name, arguments(evaluator, node, frame))
    if isinstance(receiver, ParsedOptions):
        return (receiver,)
    return _of_stranger(evaluator, receiver, node, name, frame)


def _of_stranger(
    evaluator: Evaluator, receiver: Value, node: ast.Call, name: str, frame: Frame
) -> Values:
    """A method of something that is not the project's; those of paths still say something."""
    if name == "state_dict":
        return (Made("state_dict", node, frame.module),)
    if name in _SAME_OBJECT and isinstance(receiver, Made):
        return (receiver,)
    if name in _PATH_METHODS and isinstance(receiver, Unknown):
        text = as_text(receiver).changed(is_path=True)
        return methods.of_text(text, name, arguments(evaluator, node, frame))
    if isinstance(receiver, Made):
        known = registry.method(receiver.callee, name)
        if known is not None:
            return known(evaluator, receiver, node, frame)
        return _of_made(evaluator, f"{receiver.callee}.{name}", node, frame, receiver.rung)
    if isinstance(receiver, Unknown):
        further = _default_of_get(evaluator, node, name, frame)
        if name == "replace":
            further = with_endings(as_text(receiver), arguments(evaluator, node, frame))
        return union(unknown(receiver.why), further)
    return unknown(f"the result of {_shown(node.func)}() is not known")


def _default_of_get(evaluator: Evaluator, node: ast.Call, name: str, frame: Frame) -> Values:
    """``config.get("path", "a.pt")`` of what is not known: it may be a mapping, and hold nothing
    else. It may be an object whose ``get`` means something else as well: not exact.
    """
    if name not in _MAY_BE_MISSING:
        return ()
    named = [each.value for each in node.keywords if each.arg == "default"]
    found = union(*(evaluator.values(each, frame) for each in [*node.args[1:2], *named]))
    return lift(found, Rung.ONE_OF_SEVERAL)


def _of_instance(
    evaluator: Evaluator, receiver: Instance, node: ast.Call, name: str, frame: Frame
) -> Values:
    method = instances.method(evaluator, receiver.of, name, receiver)
    if method is not None:
        values = run(evaluator, method, node, frame)
        return union(values, *_of_subclasses(evaluator, receiver, node, name, frame))
    stored = instances.attribute(evaluator, receiver, name, frame)
    if all(isinstance(value, Unknown) for value in stored):
        bases = class_facts.base_names(receiver.of.node, receiver.of.module, evaluator.project)
        if name in _SAME_OBJECT:
            return (receiver,)
        if any(base.startswith("torch.nn.") for base in bases):
            return (Made(f"torch.nn.Module.{name}", node, frame.module),)
        return unknown(f"{receiver.of.node.name}.{name}() is not known")
    return union(*(of_value(evaluator, value, node, frame) for value in stored))


def _of_subclasses(
    evaluator: Evaluator, receiver: Instance, node: ast.Call, name: str, frame: Frame
) -> Iterator[Values]:
    """What the methods of subclasses yield, where the object may be one of theirs."""
    if receiver.arguments is not None:
        return
    for subclass, module in instances.subclasses(evaluator, receiver.of):
        if name not in instances.says(evaluator, subclass):
            continue
        member = members.member(subclass, name)
        if members.is_function(member):
            of = Instance(Class(subclass, module))
            yield run(evaluator, Function(member, module, of), node, frame)
        else:
            yield unknown(f"{subclass.name}.{name}() is not known")


def _of_class(evaluator: Evaluator, of: Class, node: ast.Call, name: str, frame: Frame) -> Values:
    """``Class.method(…)``; an instance passed as ``self`` is an argument like any other."""
    method = instances.method(evaluator, of, name, None)
    if method is None:
        found = instances.class_attribute(evaluator, of, name, frame)
        return union(*(of_value(evaluator, value, node, frame) for value in found))
    if members.is_class_method(method.node):
        method = Function(method.node, method.module, Instance(of))
    return run(evaluator, method, node, frame)


def _is_super(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
    )


def _of_super(evaluator: Evaluator, node: ast.Call, name: str, frame: Frame) -> Values:
    """``super().name(…)``: the method of the nearest base of the class around that has it."""
    holder: ast.AST | None = node
    while holder is not None and not isinstance(holder, ast.ClassDef):
        holder = frame.module.parents.get(holder)
    if isinstance(holder, ast.ClassDef):
        lineage = class_facts.ancestry(holder, frame.module, evaluator.project)
        for level, module in list(lineage)[1:]:
            member = members.member(level, name)
            if members.is_function(member):
                evaluator.relied.member(Class(holder, frame.module), name, method=True)
                function = Function(member, module, Instance(Class(holder, frame.module)))
                return run(evaluator, function, node, frame)
    return unknown(f"super().{name}() is not the project's")
