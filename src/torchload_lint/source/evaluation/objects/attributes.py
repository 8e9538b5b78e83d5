"""Attributes and items: what ``args.x``, ``self.x``, ``config["x"]`` and ``Settings.X`` can be."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain import conversions, mappings, methods, strings
from torchload_lint.source.domain.enum_members import EnumMember
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.sequences import elements, item
from torchload_lint.source.domain.values import (
    Cause,
    Class,
    Constant,
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
from torchload_lint.source.state import filled, handing, stores, unspelled

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator


def attribute(evaluator: Evaluator, node: ast.Attribute, frame: Frame) -> Values:
    """``base.name``."""
    values = _attribute(evaluator, node, frame)
    if not all(
        isinstance(value, EnumMember) for value in values
    ):  # name and value stay what they are
        evaluator.relied.held[node] = frame.module, values
    return values


def _attribute(evaluator: Evaluator, node: ast.Attribute, frame: Frame) -> Values:
    stored, settled = stores.reaching(evaluator, node, frame)
    if settled:
        evaluator.relied.attribute(node.attr, node, frame.module, ast.unparse(node))
        return stored
    dotted = frame.module.bindings.qualified(node)
    text = registry.text(dotted) if dotted else None
    if text is not None:
        return (Text(text),)
    of_self = frame.module.bindings.class_of_self(node.value) is not None
    ours = evaluator.dotted(dotted, frame) if dotted and not of_self else ()
    if ours:
        return union(stored, ours)
    updated, settled = stores.updates(evaluator, node.value, node.attr, frame)
    if settled:
        return union(stored, updated)
    if unspelled.is_set_anew(node, frame.module):
        return unknown(f"setattr() may set {ast.unparse(node)}")
    stored = union(stored, _stored_by_methods(evaluator, node, frame))
    bases = evaluator.values(node.value, frame)
    if any(isinstance(base, Record | ParsedOptions) and not _is_module(base) for base in bases):
        evaluator.relied.attribute(node.attr, node, frame.module, ast.unparse(node))
    if as_item := _stored_as_item(evaluator, node, bases, frame):
        return union(stored, as_item)
    found = union(*(of_value(evaluator, base, node.attr, frame) for base in bases))
    found = stores.left_by_tests(evaluator, node, found, frame)
    if any(isinstance(base, ParsedOptions) for base in bases) and not stored:
        stored, settled = filled.before(evaluator, node, frame)
        found = () if settled else found
    found = union(stored, updated, found)
    if not stored and all(isinstance(value, Unknown | Made) for value in found):
        return _found_elsewhere(evaluator, node, found, frame)
    return found


def _found_elsewhere(
    evaluator: Evaluator, node: ast.Attribute, found: Values, frame: Frame
) -> Values:
    """What functions store in an object of which nothing else is known, or an option's default."""
    by_functions = _filled(evaluator, node, frame)
    if by_functions or _is_declared(found):
        return by_functions or found
    return registry.option_declared_beside()(evaluator, node, frame) or found


def _stored_by_methods(evaluator: Evaluator, node: ast.Attribute, frame: Frame) -> Values:
    """What other methods of the class store in an object that ``self`` holds (``self.args.resume =
    path``); whether one of them has run before is not known.
    """
    module, holder = frame.module, node.value
    own = module.bindings.class_of_self(holder.value) if isinstance(holder, ast.Attribute) else None
    if own is None:
        return ()
    spelled, around = ast.unparse(node), module.function(node)
    found: Values = ()
    for method in own.body:
        if isinstance(method, ast.FunctionDef) and method is not around:
            targets = stores.of_scope(evaluator, method, module).targets.get(spelled, ())
            found = union(found, *(evaluator.anywhere(value, module) for *_, value in targets))
    return lift(found, Rung.ONE_OF_SEVERAL)


def _stored_as_item(
    evaluator: Evaluator, node: ast.Attribute, bases: Values, frame: Frame
) -> Values:
    """What was certainly stored under ``cfg["x"]``, where ``cfg`` is a configuration, of which
    ``cfg.x`` is the same entry.
    """
    if not bases or not all(isinstance(each, Record) and each.kind != "dict" for each in bases):
        return ()
    spelled = f"{ast.unparse(node.value)}[{node.attr!r}]"
    stored, settled = stores.reaching(evaluator, node, frame, spelled)
    return stored if settled else ()


def _is_declared(values: Values) -> bool:
    """Whether it is known which option is meant: then another of that name says nothing of it."""
    return any(isinstance(value, Unknown) and value.cause is Cause.NO_DEFAULT for value in values)


def _filled(evaluator: Evaluator, node: ast.Attribute | ast.Subscript, frame: Frame) -> Values:
    """What functions that are given the object store under this attribute or item."""
    values, _ = filled.before(evaluator, node, frame)
    if values:
        evaluator.leave_open(f"a function that is given it stores {ast.unparse(node)}")
    return values


def _is_module(base: Value) -> bool:
    return isinstance(base, Record) and base.kind == "module"


def of_value(evaluator: Evaluator, base: Value, name: str, frame: Frame) -> Values:
    """The attribute of one possibility, with what was stored in it where it was handed on."""
    if not isinstance(base, ParsedOptions | Record | Instance) or not base.handed:
        return _of_value(evaluator, base, name, frame)
    stored, settled = handing.before(evaluator, base.handed, name)
    if not settled and not stored and isinstance(base, ParsedOptions):
        stored, settled = filled.before_handing(evaluator, base.handed, name)
    stored = lift(stored, base.rung)
    for place in base.handed if stored else ():
        spelled = f"{ast.unparse(place.node)}{place.path}.{name}"
        evaluator.relied.attribute(name, place.node, place.frame.module, spelled)
    if stored and isinstance(base, Instance):
        evaluator.relied.member(base.of, name, method=False)
    if settled:
        return stored
    own = _of_value(evaluator, base.changed(handed=()), name, frame)
    found = union(stored, handing.parts(evaluator, own, base.handed, name))
    return handing.left_by_tests(base.handed, name, found)


def _of_value(evaluator: Evaluator, base: Value, name: str, frame: Frame) -> Values:
    if isinstance(base, Text):
        known_property = methods.TEXT_PROPERTIES.get(name)
        return (
            known_property(conversions.as_text(base))
            if known_property
            else unknown(f"the attribute .{name}")
        )
    if isinstance(base, Handle):
        return (base.source,) if name == "name" else (base,)
    if isinstance(base, Record):
        own = mappings.entry(base, Text(name))
        return registry.merged_into(evaluator, base, name, own)
    if isinstance(base, ParsedOptions):
        return lift(evaluator.option(base, name), base.rung)
    if isinstance(base, Instance):
        return lift(instances.attribute(evaluator, base, name, frame), base.rung)
    if isinstance(base, Class):
        return instances.class_attribute(evaluator, base, name, frame)
    if isinstance(base, Made):
        return _of_stranger(evaluator, base, name, frame)
    if isinstance(base, Function):
        return unknown(f"the attribute .{name} of a function")
    return unknown(conversions.why(base))


def _of_stranger(evaluator: Evaluator, base: Made, name: str, frame: Frame) -> Values:
    """An attribute of something outside the project, or of an object that it made."""
    known = registry.attribute(base.callee)
    found = known(evaluator, base, name, frame) if known is not None else ()
    if found:
        return found
    if base.call is None:
        return (Made(f"{base.callee}.{name}", rung=base.rung),)
    wraps = base.callee.endswith("Parallel") and name == "module"
    if wraps and base.call.args and base.module is not None:
        return evaluator.anywhere(base.call.args[0], base.module)
    return unknown(f"the attribute .{name} of what {base.callee}() yields")


def subscript(evaluator: Evaluator, node: ast.Subscript, frame: Frame) -> Values:
    """``base[key]``."""
    dotted = frame.module.bindings.qualified(node.value)
    known = registry.item(dotted) if dotted else None
    if known is not None:
        return known(evaluator, node.slice, frame)
    stored, settled = stores.reaching(evaluator, node, frame)
    bases = evaluator.values(node.value, frame)
    if settled:
        _rely_on_holder(evaluator, node.value, bases, frame)
        return stored
    if isinstance(node.slice, ast.Slice):
        return union(*(_slice(evaluator, base, node.slice, frame) for base in bases))
    keys = evaluator.values(node.slice, frame)
    if len(keys) == 1 and isinstance(keys[0], Text) and not keys[0].why:
        updated, settled = stores.updates(evaluator, node.value, keys[0].text, frame)
        if settled:
            return union(stored, updated)
        stored = union(stored, updated)
    found = union(stored, *(_item(evaluator, base, key, frame) for base in bases for key in keys))
    if all(isinstance(value, Unknown) for value in found):
        return _filled(evaluator, node, frame) or found
    return found


def _rely_on_holder(evaluator: Evaluator, holder: ast.expr, bases: Values, frame: Frame) -> None:
    """What holds an item may be changed as a dictionary may, or be no dictionary at all."""
    if any(isinstance(base, Made) and base.call is not None for base in bases):
        evaluator.leave_open(f"{ast.unparse(holder)} may keep something else than it is given")
    if isinstance(holder, ast.Name) and any(isinstance(base, Unknown | Made) for base in bases):
        evaluator.relied.held[holder] = frame.module, (*bases, Record({}))


def _item(evaluator: Evaluator, base: Value, key: Value, frame: Frame) -> Values:
    if (
        isinstance(key, Text)
        and not key.why
        and isinstance(base, ParsedOptions | Instance | Record)
    ):
        return of_value(evaluator, base, key.text, frame)
    if isinstance(base, Record):
        return mappings.entry(base, key)
    if isinstance(base, Class) and isinstance(key, Text) and not key.why:
        members = of_value(evaluator, base, key.text, frame)
        if members and all(isinstance(each, EnumMember) for each in members):
            return members
    if isinstance(base, Sequence):
        if isinstance(key, Constant) and isinstance(key.value, int):
            return item(base, key.value)
        return lift(base.element(), base.rung)
    return unknown(
        conversions.why(base) if not isinstance(base, Text) else "it is cut out of a text"
    )


def _slice(evaluator: Evaluator, base: Value, cut: ast.Slice, frame: Frame) -> Values:
    bounds = [_bound(evaluator, bound, frame) for bound in (cut.lower, cut.upper)]
    if isinstance(base, Text):
        if cut.step is not None or "unknown" in bounds:
            return (strings.hole(base, "it is cut out of a text"),)
        lower, upper = (bound if isinstance(bound, int) else None for bound in bounds)
        return (strings.sliced(base, lower, upper),)
    if isinstance(base, Sequence):
        lower, upper = (bound if isinstance(bound, int) else None for bound in bounds)
        if cut.step is None and "unknown" not in bounds and not base.others:
            return (Sequence(base.items[lower:upper], kind=base.kind, rung=base.rung),)
        return (Sequence(others=union(*(elements((base,)),)), rung=base.rung),)
    return unknown(conversions.why(base))


def _bound(evaluator: Evaluator, bound: ast.expr | None, frame: Frame) -> int | str | None:
    if bound is None:
        return None
    values = evaluator.values(bound, frame)
    value = values[0] if len(values) == 1 else None
    return (
        value.value if isinstance(value, Constant) and isinstance(value.value, int) else "unknown"
    )
