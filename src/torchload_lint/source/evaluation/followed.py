"""The path that a function of an installed package opens, from what it is given.

A package may open what it is given, or make a path of it: join it to a folder of its object's, add
an ending. Each call on the way is entered with its arguments, in the files that it stands in.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.values import Class, Frame, Instance, Made
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.loaders.reach import Followed, installed_loads
from torchload_lint.source.names import members
from torchload_lint.source.project import classes
from torchload_lint.source.project.packages import definitions_anywhere
from torchload_lint.source.state.bound import BoundArguments
from torchload_lint.source.state.matching import match

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex


def opened_inside(load: LoadCall, module: Module, project: ProjectIndex) -> Values:
    """What the load behind a call of an installed package opens; empty where it is not known."""
    for entry in installed_loads(load.node.func, module, project):
        if entry.place is not None and entry.reach.opens is not None:
            calls = (Followed(load.node, entry.place), *entry.reach.hops)
            return _at_the_end(calls, entry.reach.opens, Engine(project), Frame(module))
    return ()


def _at_the_end(
    hops: tuple[Followed, ...], opens: ast.expr, engine: Engine, frame: Frame
) -> Values:
    """What an expression is behind some calls."""
    for hop in hops:
        arguments = _entered(engine, hop, frame)
        engine = Engine(hop.place.project)
        frame = Frame(hop.place.module, arguments)
    return engine.values(opens, frame)


def _entered(engine: Engine, hop: Followed, frame: Frame) -> Mapping[ast.arg, Values]:
    """The parameters of the function that a call runs. ``frame``: where the call stands."""
    function, module, _ = hop.place
    holder = module.parents.get(function)
    leading = next(iter((*function.args.posonlyargs, *function.args.args)), None)
    receiver = None
    if isinstance(holder, ast.ClassDef) and leading is not None and not members.is_static(function):
        of = Class(holder, module)
        found: Values = (of,) if members.is_class_method(function) else (Instance(of),)
        receiver = leading, tuple(_objects(engine, hop, frame)) or found
    given = match(hop.call, function, skipped=int(receiver is not None))
    return BoundArguments(engine, function, module, given, frame, receiver=receiver)


def _objects(engine: Engine, hop: Followed, frame: Frame) -> Iterator[Value]:
    """What a method is called on, or the object that a constructor is called for."""
    function = hop.call.func
    if hop.place.function.name == "__init__":
        yield from _constructed(engine, hop.call, frame)
    elif isinstance(function, ast.Attribute):
        for value in engine.values(function.value, frame):
            if isinstance(value, (Instance, Class)):
                yield value
            elif isinstance(value, Made) and value.call is not None:
                made_in = Frame(value.module) if value.module is not None else frame
                yield from _constructed(engine, value.call, made_in)


def _constructed(engine: Engine, call: ast.Call, frame: Frame) -> Iterator[Instance]:
    """The objects of installed classes that a call makes."""
    near = frame.module.path
    for dotted in sorted(frame.module.bindings.possible(call.func) - {""}):
        for home, one in definitions_anywhere(dotted, near, engine.project):
            if not isinstance(one.node, ast.ClassDef):
                continue
            for level, level_module in classes.ancestry(one.node, one.module, home):
                made_by = members.member(level, "__init__")
                if members.is_function(made_by):
                    given = match(call, made_by, skipped=1)
                    arguments = BoundArguments(engine, made_by, level_module, given, frame)
                    yield Instance(Class(one.node, one.module), arguments, call)
                    break
