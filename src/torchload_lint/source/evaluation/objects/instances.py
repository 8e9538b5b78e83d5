"""Objects of the project's classes: attributes, class attributes, fields and methods."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.branches import guards, other_files
from torchload_lint.source.domain.enum_members import EnumMember
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    Cause,
    Class,
    Frame,
    Function,
    Instance,
    Unknown,
    lift,
    union,
    unknown,
)
from torchload_lint.source.evaluation.callers_asked import asked_callers
from torchload_lint.source.libraries import registry
from torchload_lint.source.names import members
from torchload_lint.source.project import classes
from torchload_lint.source.project.families import family
from torchload_lint.source.project.mentions import TooManyError
from torchload_lint.source.state import class_fields, class_members, later, spreading
from torchload_lint.source.state.bound import BoundArguments, Layers
from torchload_lint.source.state.making_calls import making_calls
from torchload_lint.source.text.candidates import statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile

_PROPERTIES = frozenset({"property", "cached_property", "functools.cached_property"})


def attribute(evaluator: Evaluator, instance: Instance, name: str, frame: Frame) -> Values:
    """``instance.name``: what its methods store, a field, a class attribute, a property."""
    if isinstance(instance, EnumMember):
        from torchload_lint.source.state import enumerations  # noqa: PLC0415 - few questions lead here

        if own := enumerations.of_member(evaluator, instance, name):
            return own
    own = _of_one_class(evaluator, instance, name, frame)
    if instance.arguments is not None:
        return own
    return union(own, *_of_subclasses(evaluator, instance, name, frame))


def _of_subclasses(
    evaluator: Evaluator, instance: Instance, name: str, frame: Frame
) -> Iterator[Values]:
    """What a subclass says, where whoever made the object may have made one of a subclass."""
    for node, module in subclasses(evaluator, instance.of):
        if name in says(evaluator, node) and evaluator.once(key := ("subclass", node, name)):
            try:
                yield _of_one_class(evaluator, Instance(Class(node, module)), name, frame)
            finally:
                evaluator.done(key)


def subclasses(evaluator: Evaluator, of: Class) -> list[tuple[ast.ClassDef, SourceFile]]:
    """The classes that inherit from a class."""
    if evaluator.is_near:
        return []
    try:
        found = family(of.node, of.module, evaluator.project).subclasses
    except TooManyError as error:
        evaluator.leave_open(str(error))
        return []
    return [each for each in found.items() if each[0] is not of.node]


def says(evaluator: Evaluator, node: ast.ClassDef) -> frozenset[str]:
    """The names that a class gives a meaning of its own: members, and what its methods set."""
    return evaluator.project.remember(
        ("definitions", "says", node),
        lambda: frozenset(
            {
                *assigned(evaluator, node),
                *(each.name for each in members.body(node.body) if members.is_function(each)),
                *(
                    target.id
                    for each in members.body(node.body)
                    if isinstance(each, ast.Assign | ast.AnnAssign)
                    for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
                    if isinstance(target, ast.Name)
                ),
            }
        ),
    )


def _of_one_class(evaluator: Evaluator, instance: Instance, name: str, frame: Frame) -> Values:
    evaluator.relied.member(instance.of, name, method=False)
    found: Values = ()
    defined = False
    for node, module in classes.ancestry(instance.of.node, instance.of.module, evaluator.project):
        found = union(found, _stored(evaluator, instance, node, module, name, frame))
        member = members.member(node, name) if not defined else None
        if member is not None:
            defined = True
            if later.is_always_set(assigned(evaluator, node).get(name, ()), member, module):
                continue
            found = union(found, _member(evaluator, instance, member, module, frame))
    if found:
        return found
    inherited = registry.inherited(name)
    if inherited is not None and (known := inherited(evaluator, instance, name, frame)):
        return known
    unspelled_values = _unspelled(evaluator, instance, name, frame)
    if unspelled_values:
        return unspelled_values
    from torchload_lint.source.evaluation.objects import mapping_classes  # noqa: PLC0415 - few questions lead here

    if name in {"value", "name"}:
        from torchload_lint.source.state import enumerations  # noqa: PLC0415 - few questions lead here

        if listed := enumerations.attribute(evaluator, instance, name, frame):
            return listed
    given = mapping_classes.mapping_of(evaluator, instance)
    if given is not None and (entry := given.entries.get(name)) is not None:
        evaluator.leave_open(f"class {instance.of.node.name} may say itself what its entries are")
        return entry
    return _missing(evaluator, instance, name)


def _missing(evaluator: Evaluator, instance: Instance, name: str) -> Values:
    """An attribute that nothing sets: computed, or not there."""
    of = instance.of.node.name
    if method(evaluator, instance.of, "__getattr__", None):
        evaluator.relied.changes.setdefault(f"class {of} has __getattr__")
    return unknown(f"self.{name} is not set in class {of}", Cause.MISSING)


def _unspelled(evaluator: Evaluator, instance: Instance, name: str, frame: Frame) -> Values:
    """An attribute that is set from an entry of a mapping."""
    from torchload_lint.source.state import unspelled  # noqa: PLC0415 - few questions lead here

    found: list[Values] = []
    for node, module in classes.ancestry(instance.of.node, instance.of.module, evaluator.project):
        for receiver, source in unspelled.sources(evaluator, node):
            home = _home(instance, module, receiver, frame)
            if evaluator.once(key := ("unspelled", source, name)):
                try:
                    found.append(spreading.named(evaluator, source, name, home))
                finally:
                    evaluator.done(key)
    return lift(union(*found), Rung.CONSTANT)


def _home(instance: Instance, module: SourceFile, receiver: ast.arg, frame: Frame) -> Frame:
    """Where a method of the object with that ``self`` runs."""
    given = ({receiver: (instance,)}, instance.arguments or {}, frame.arguments)
    return Frame(module, Layers(given), frame.calls, frame.callers)


def _stored(
    evaluator: Evaluator,
    instance: Instance,
    node: ast.ClassDef,
    module: SourceFile,
    name: str,
    frame: Frame,
) -> Values:
    """What the methods of a class assign to ``self.name``."""
    found: list[Values] = []
    for method, receiver, value in assigned(evaluator, node).get(name, ()):
        if guards.gainsays(evaluator.assumed, value, module):
            continue
        home = _home(instance, module, receiver, frame)
        if not evaluator.once(handed_on := ("kept", value)):
            continue
        evaluator.done(handed_on)
        if not evaluator.once(key := (method, receiver, value)):
            found.append(unknown(f"self.{name} is made from itself"))
            continue
        try:
            values = evaluator.values(value, home)
        finally:
            evaluator.done(key)
        unknown_only = all(isinstance(each, Unknown) for each in values)
        if not (unknown_only and _is_never_called(evaluator, method, node, module)):
            elsewhere = other_files.gainsay(evaluator.assumed, value, module)
            found.append(lift(values, Rung.ONE_OF_SEVERAL) if elsewhere else values)
    return lift(union(*found), Rung.CONSTANT)


def _is_never_called(
    evaluator: Evaluator, method: ast.AST, node: ast.ClassDef, module: SourceFile
) -> bool:
    """Whether no call of a method was found, in a class that no library knows of: what it would
    store is left out (``certainty`` looks for whoever may call it after all).
    """
    if not members.is_function(method) or method.name.startswith("__") or method.decorator_list:
        return False
    bases = classes.base_names(node, module, evaluator.project)
    strange = any(not evaluator.project.definitions(base, module.path) for base in bases)
    sites = asked_callers(evaluator, module, method)
    if strange or sites.calls or sites.cut or sites.others or sites.passed_over:
        return False
    evaluator.relied.called.setdefault(method, (module, frozenset()))
    return True


def assigned(
    evaluator: Evaluator, node: ast.ClassDef
) -> dict[str, list[tuple[ast.AST, ast.arg, ast.expr]]]:
    """Attribute → (method, its ``self``, value) for each ``self.attribute = value`` of a class."""
    return evaluator.project.remember(("assigned", node), lambda: _collect_assigned(node))


def kept(
    evaluator: Evaluator, read: ast.Attribute, parameter: ast.arg, module: SourceFile
) -> ast.expr | None:
    """Where ``self.name``, read by a method, is what the constructor of its class was given for a
    parameter (nothing else of the class sets it, and nothing inherits from it), what is stored.
    """
    method = module.function(read)
    holder = module.parents.get(method) if method is not None else None
    if not isinstance(holder, ast.ClassDef) or parameter not in module.parents:
        return None
    stored = assigned(evaluator, holder).get(read.attr, ())
    if len(stored) != 1 or subclasses(evaluator, Class(holder, module)):
        return None
    constructor, _, value = stored[0]
    is_kept = (
        constructor is module.parents.get(module.parents[parameter])
        and isinstance(value, ast.Name)
        and [each.node for each in module.bindings.definitions(value)] == [parameter]
    )
    return value if is_kept else None


def _collect_assigned(node: ast.ClassDef) -> dict[str, list[tuple[ast.AST, ast.arg, ast.expr]]]:
    found: dict[str, list[tuple[ast.AST, ast.arg, ast.expr]]] = {}
    for method in members.body(node.body):
        if members.is_function(method):
            for receiver, name, value in later.without_overwritten(method, _self_stores(method)):
                found.setdefault(name, []).append((method, receiver, value))
    return found


def _self_stores(
    method: ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[tuple[ast.arg, str, ast.expr]]:
    receiver = next(iter((*method.args.posonlyargs, *method.args.args)), None)
    if receiver is None:
        return
    stores = [
        each
        for each in statements(method.body)
        if isinstance(each, ast.Assign | ast.AnnAssign) and each.value is not None
    ]
    for statement in sorted(stores, key=lambda each: (each.lineno, each.col_offset)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            for part, value in _pairs(target, statement.value):
                if (
                    isinstance(part, ast.Attribute)
                    and isinstance(part.value, ast.Name)
                    and part.value.id == receiver.arg
                    and value is not None
                ):
                    yield receiver, part.attr, value


def _pairs(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    if not isinstance(target, ast.Tuple | ast.List):
        yield target, value
    elif isinstance(value, ast.Tuple | ast.List):
        for index, part in enumerate(target.elts):
            yield part, value.elts[index] if index < len(value.elts) else None
    elif value is not None and not any(isinstance(each, ast.Starred) for each in target.elts):
        for index, part in enumerate(target.elts):
            item = ast.Subscript(value, ast.Constant(index), ast.Load())
            yield part, ast.fix_missing_locations(ast.copy_location(item, value))


def _member(
    evaluator: Evaluator, instance: Instance, member: ast.stmt, module: SourceFile, frame: Frame
) -> Values:
    if members.is_function(member):
        function = Function(member, module, instance)
        decorators = {ast.unparse(decorator) for decorator in member.decorator_list}
        if decorators & _PROPERTIES or any(each.endswith(".setter") for each in decorators):
            return evaluator.run(function, None, frame)
        return (function,)
    if isinstance(member, ast.ClassDef):
        return (Class(member, module),)
    home = frame.elsewhere(module)
    if isinstance(member, ast.AnnAssign):
        return _field(evaluator, instance, member, home)
    value = getattr(member, "value", None)
    if not isinstance(value, ast.expr):
        return unknown("a member that cannot be read")
    return lift(evaluator.values(value, home), Rung.CONSTANT)


def _field(evaluator: Evaluator, instance: Instance, member: ast.AnnAssign, home: Frame) -> Values:
    """A dataclass, attrs or pydantic field: what the constructor was given, else its default."""
    assert isinstance(member.target, ast.Name)
    name = member.target.id
    perhaps: Values = ()
    if instance.call is not None and isinstance(instance.arguments, BoundArguments):
        frame = instance.arguments.frame
        perhaps, settled = spreading.field(evaluator, instance.call, instance.of, name, frame)
        if settled:
            return perhaps
    default = class_fields.default_of(member.value)
    if default is None or getattr(default, "value", ...) is None:
        named = _named_in_help(member.value) or registry.field_on_command_line()(
            evaluator, name, home.module
        )
        if named:
            evaluator.leave_open(f"the field {name} may be given another value")
            return named
    made = _given_where_made(evaluator, instance, name, home) if instance.call is None else ()
    if made and (default is None or getattr(default, "value", ...) is None):
        evaluator.leave_open(f"the field {name} may be given another value")
        return made
    if default is None:
        nested = _annotated_class(evaluator, member.annotation, home)
        return nested or unknown(f"the field {name} has no default")
    if instance.call is None or class_fields.spreads(instance.call):
        evaluator.leave_open(f"the field {name} may be given another value")
    values = evaluator.values(default, home)
    if isinstance(default, ast.Name | ast.Attribute) and default is not member.value:
        values = union(
            *((Instance(value),) if isinstance(value, Class) else (value,) for value in values)
        )
    if instance.call is None:
        values = registry.field_on_command_line()(evaluator, name, home.module, values)
    return lift(values, Rung.ONE_OF_SEVERAL if perhaps else Rung.DEFAULT)


def _given_where_made(evaluator: Evaluator, instance: Instance, name: str, home: Frame) -> Values:
    """What the calls that make objects of the class give to a field."""
    found: list[Values] = []
    for made in making_calls(evaluator.project, instance.of.node, home.callers):
        given = class_fields.given(made.call, instance.of, name, evaluator.project)
        if given is not None:
            outer = Frame(made.module, calls=home.calls, callers=home.callers + 1)
            found.append(lift(evaluator.values(given, outer), Rung.CALLER))
    return union(*found)


def _named_in_help(value: ast.expr | None) -> Values:
    """The file that the help of a field without a default names."""
    if not isinstance(value, ast.Call):
        return ()
    return registry.named_in_help()(value)


def _annotated_class(evaluator: Evaluator, annotation: ast.expr | None, frame: Frame) -> Values:
    """An object of the project's class that an annotation names."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        name = annotation.value
        found = frame.module.bindings.module_definitions(name) if name.isidentifier() else ()
        nodes = [each.node for each in found if isinstance(each.node, ast.ClassDef)]
        return tuple(Instance(Class(node, frame.module)) for node in nodes)
    if isinstance(annotation, ast.BinOp):
        left = _annotated_class(evaluator, annotation.left, frame)
        return left or _annotated_class(evaluator, annotation.right, frame)
    if isinstance(annotation, ast.Subscript) and _is_optional(annotation):
        return _annotated_class(evaluator, annotation.slice, frame)
    if isinstance(annotation, ast.Subscript):
        from torchload_lint.source.state import enumerations  # noqa: PLC0415 - few questions lead here

        return enumerations.literals(annotation)
    if not isinstance(annotation, ast.Name | ast.Attribute):
        return ()
    dotted = frame.module.bindings.qualified(annotation)
    definitions = evaluator.project.definitions(dotted, frame.module.path) if dotted else ()
    return tuple(
        Instance(Class(found.node, found.module))
        for found in definitions
        if isinstance(found.node, ast.ClassDef)
    )


def _is_optional(annotation: ast.Subscript) -> bool:
    return ast.unparse(annotation.value).rpartition(".")[2] == "Optional"


def annotated(evaluator: Evaluator, annotation: ast.expr | None, frame: Frame) -> Values:
    """An object of the class that a parameter is annotated with, where it is the project's and
    has fields of its own.
    """
    return _annotated_class(evaluator, annotation, frame)


def class_attribute(evaluator: Evaluator, of: Class, name: str, frame: Frame) -> Values:
    """``Class.name``; for ``cls.name`` also what a subclass says."""
    found = subclasses(evaluator, of) if of.or_subclass else []
    others = [Class(node, module) for node, module in found if name in says(evaluator, node)]
    return union(*(class_members.value(evaluator, each, name, frame) for each in (of, *others)))


def method(
    evaluator: Evaluator, of: Class, name: str, receiver: Instance | None
) -> Function | None:
    """The method of that name, inherited or not."""
    for node, module in classes.ancestry(of.node, of.module, evaluator.project):
        member = members.member(node, name)
        if members.is_function(member):
            evaluator.relied.member(of, name, method=True)
            return Function(member, module, receiver)
    return None
