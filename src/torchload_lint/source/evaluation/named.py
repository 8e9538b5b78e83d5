"""What a name can be: its definitions, in the order of the file."""

from __future__ import annotations

import ast
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.source.branches import guards, rebound
from torchload_lint.source.domain import strings
from torchload_lint.source.domain.patterns import MAX_DEFINITIONS, Rung, known
from torchload_lint.source.domain.sequences import elements, item
from torchload_lint.source.domain.values import (
    Class,
    Constant,
    Frame,
    Function,
    Made,
    Sequence,
    Text,
    lift,
    union,
    unknown,
)
from torchload_lint.source.evaluation import parameters
from torchload_lint.source.libraries import registry
from torchload_lint.source.state import beside, stores, taken
from torchload_lint.source.text.definitions import SCOPES

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import Definition


def values(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    """What a name can be at a place: what each of its definitions gives it."""
    assert isinstance(node, ast.Name)
    definitions = frame.module.bindings.definitions(node)
    if not definitions:
        of_import = set_by_import(node.id, frame.module.path)
        if of_import is not None:
            return (of_import,)
        return unknown(f"{node.id} is not defined in the file")
    ordered = sorted(definitions, key=_place)[:MAX_DEFINITIONS]
    possible = taken.possible(evaluator, node, ordered, frame)

    def value_of(one: Definition) -> Values:
        if one not in possible:
            return ()
        if isinstance(one.node, ast.AugAssign):  # asks what its test says of the values before
            return _defined(evaluator, one, node, frame)
        with evaluator.assuming(guards.of_steady_names(one.node, frame.module, but=node.id)):
            return _defined(evaluator, one, node, frame)

    found = rebound.values(node, ordered, frame.module, value_of)
    for definition in ordered:
        if isinstance(frame.module.bindings.scope(definition.node), ast.Module):
            evaluator.relied.module_names.setdefault((frame.module.path, node.id), frame.module)
    evaluator.relied.held[node] = frame.module, found
    _note_circles(evaluator, node, ordered, found, frame)
    perhaps_longer = any(isinstance(each.node, ast.AugAssign) for each in ordered[1:])
    if len(definitions) > MAX_DEFINITIONS:
        found = (*found, *unknown(f"{node.id} is set at more places than are followed"))
    return strings.with_open_ends(found) if perhaps_longer else union(found)


def _note_circles(
    evaluator: Evaluator, node: ast.Name, ordered: list[Definition], found: Values, frame: Frame
) -> None:
    """Note where a text or a number comes round to itself."""
    if len(ordered) > 1 and any(map(_is_single, found)):
        for each in ordered:
            if each.value is not None and _is_made_of_itself(each, node.id, frame.module):
                evaluator.relied.changes.setdefault(f"{node.id} changes in a loop")


def _is_made_of_itself(definition: Definition, name: str, module: SourceFile) -> bool:
    """Whether a definition comes round to itself: ``name = name + 1`` in a loop."""
    assert definition.value is not None
    return not isinstance(definition.value, ast.Constant) and any(
        isinstance(each, ast.Name)
        and each.id == name
        and any(before.node is definition.node for before in module.bindings.definitions(each))
        for each in ast.walk(definition.value)
    )


def set_by_import(name: str, path: str) -> Value | None:
    """What the import system gives a module: its file, its package's folder, its spec.

    ``path`` is the module's file.
    """
    if name == "__file__":
        return Text(known(path), anchored=True)
    if name == "__path__" and path.endswith("__init__.py"):
        return Sequence(((Text(known(dirname(path)), anchored=True),),))
    return Made("importlib.machinery.ModuleSpec") if name in {"__spec__", "__loader__"} else None


def _place(definition: Definition) -> tuple[int, int]:
    return getattr(definition.node, "lineno", 0), getattr(definition.node, "col_offset", 0)


def _defined(evaluator: Evaluator, definition: Definition, name: ast.Name, frame: Frame) -> Values:
    node = definition.node
    if definition.qualified:
        dotted = definition.qualified
        if definition.kind == "star-import":
            dotted = f"{dotted}.{name.id}"
        text = registry.text(dotted)
        of_library = Made(dotted) if text is None else Text(text, rung=Rung.CONSTANT)
        return evaluator.dotted(dotted, frame) or (of_library,)
    if isinstance(node, ast.arg):
        values = parameters.values(evaluator, node, frame)
        return beside.left(evaluator, name, node, values, frame)
    if isinstance(node, ast.ClassDef):
        return (Class(node, frame.module),)
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return (Function(node, frame.module),)
    rung = Rung.CONSTANT if _is_constant(node, name, frame.module) else Rung.LOCAL
    return lift(_assigned(evaluator, definition, name, frame), rung)


def _is_constant(definition: ast.AST, use: ast.Name, module: SourceFile) -> bool:
    """Whether a function uses what the module defines."""
    return isinstance(scope(definition, module), ast.Module) and not isinstance(
        scope(use, module), ast.Module
    )


def scope(node: ast.AST, module: SourceFile) -> ast.AST:
    """The function, class or module that holds a node."""
    while not isinstance(node, SCOPES):
        holder = module.parents.get(node)
        if holder is None:
            return module.tree
        node = holder
        if isinstance(node, SCOPES):
            break
    return node


def _assigned(evaluator: Evaluator, definition: Definition, name: ast.Name, frame: Frame) -> Values:
    node = definition.node
    if isinstance(node, ast.AugAssign):
        return _augmented(evaluator, node, frame)
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        items = evaluator.turn(node, elements(evaluator.values(node.iter, frame)))
        return _part(node.target, name.id, items)
    if definition.value is not None:
        values = taken.arm_values(evaluator, definition.value, name, frame)
        return stores.with_appended(evaluator, values, name, definition, frame)
    if isinstance(node, ast.Assign):
        return union(
            *(
                _part(target, name.id, evaluator.values(node.value, frame))
                for target in node.targets
            )
        )
    if definition.kind in {"delete", "unbound"}:
        return ()
    if isinstance(node, ast.MatchAs):
        return _captured(evaluator, node, frame)
    return unknown(f"{name.id} is set by {definition.kind}")


def _is_single(value: Value) -> bool:
    """Whether it is a text or a number, which is not the same any more once it is added to."""
    return isinstance(value, Text | Constant)


def _captured(evaluator: Evaluator, node: ast.MatchAs, frame: Frame) -> Values:
    """``case str() as path``: the subject of the ``match``, where the whole of it is captured."""
    case = frame.module.parents.get(node)
    match = frame.module.parents.get(case) if isinstance(case, ast.match_case) else None
    if not isinstance(match, ast.Match):
        why = f"{node.name} is a part of what is matched"
        evaluator.relied.changes.setdefault(why)
        return unknown(why)
    return evaluator.values(match.subject, frame)


def _part(target: ast.expr, name: str, values: Values) -> Values:
    """What a name inside a target gets when the target is given ``values``."""
    if isinstance(target, ast.Name):
        return values if target.id == name else ()
    if not isinstance(target, ast.Tuple | ast.List):
        return ()
    found: list[Values] = []
    starred = any(isinstance(part, ast.Starred) for part in target.elts)
    for index, part in enumerate(target.elts):
        if not any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(part)):
            continue
        if starred:
            return unknown(f"{name} is unpacked")
        found.append(_part(part, name, union(*(item(value, index) for value in values))))
    return union(*found)


def _augmented(evaluator: Evaluator, node: ast.AugAssign, frame: Frame) -> Values:
    target = node.target
    if not isinstance(target, ast.Name):
        return unknown("it is changed in place")
    before = frame.module.bindings.definitions(target)
    if taken.contradicts(evaluator, node, before, frame):
        return ()
    if not evaluator.once(key := (node, id(frame.arguments))):
        return unknown("it changes in a loop")
    try:
        first = evaluator.values(target, frame)  # what is found once is kept
        if any(each.node is node for each in before) and any(map(_is_single, first)):
            evaluator.relied.changes.setdefault(f"{target.id} changes in a loop")
        return strings.binary(node.op, first, evaluator.values(node.value, frame))
    finally:
        evaluator.done(key)
