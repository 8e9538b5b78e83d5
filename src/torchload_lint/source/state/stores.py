"""What a function does to things that have no name of their own.

``args.out = …``, ``config["x"] = …``, ``params.update(vars(args))``, ``paths.append(…)``: looked
up by the text of the target, in the function that the use stands in and at module level.
"""

from __future__ import annotations

import ast
from itertools import chain
from typing import TYPE_CHECKING

from torchload_lint.source.branches import guards
from torchload_lint.source.domain import conversions, mappings
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    Instance,
    ParsedOptions,
    Record,
    Sequence,
    Text,
    Unknown,
    lift,
    union,
)
from torchload_lint.source.names.steps import always_before
from torchload_lint.source.state import loops
from torchload_lint.source.text.candidates import children, on_rows, rows_with
from torchload_lint.source.text.definitions import INNER, SCOPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import Definition
    from torchload_lint.source.text.text import Lines

_ADDS_ONE = frozenset({"append", "add", "appendleft"})
_ADDS_MANY = frozenset({"extend", "update"})
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


class ScopeStores:
    """The stores of one scope, in the order of the text."""

    def __init__(self) -> None:
        self.targets: dict[str, list[tuple[ast.expr, ast.stmt, ast.expr]]] = {}
        """Text of an attribute or item target → target, statement and value of each assignment."""
        self.of_names: dict[str, list[tuple[ast.expr, ast.stmt, ast.expr]]] = {}
        """The same under the name that a target begins with: a mapping is stored before the
        entries that are put into it.
        """
        self.calls: dict[str, list[tuple[str, ast.Call]]] = {}
        """Name → method calls on it that add something (``append``, ``update`` …)."""


def reaching(
    evaluator: Evaluator, node: ast.expr, frame: Frame, spelled: str = ""
) -> tuple[Values, bool]:
    """What was stored under this attribute or item before it is used here, and whether such a
    store has certainly happened. ``spelled``: the item, where ``node`` is the mapping.
    """
    module = frame.module
    if not isinstance(_root(node), ast.Name):
        return (), False
    scope = module.bindings.scope(node)
    targets = of_scope(evaluator, scope, module).targets
    if not targets and not of_scope(evaluator, module.tree, module).targets:
        return (), False
    spelled = spelled or ast.unparse(node)
    everything = targets.get(spelled, ())
    before = [each for each in everything if (each[1].end_lineno or 0) < node.lineno]
    stored = [
        (statement, value)
        for target, statement, value in before
        if _may_be_one(target, node, module)
        and not guards.exclude_each_other(statement, node, module)
    ]
    later = [
        (statement, value)
        for _, statement, value in everything
        if statement.lineno >= node.lineno and loops.around_both(statement, node, module)
    ]
    renamed = {each[1] for each in before if not _is_one(each[0], node, module)}
    settled = False
    for index in range(len(stored) - 1, -1, -1):
        if always_before(module, stored[index][0], node):
            settled = stored[index][0] not in renamed and all(
                loops.around_both(each, node, module)
                is loops.around_both(stored[index][0], node, module)
                for each, _ in later
            )
            stored = stored[index:]
            break
    stored += later
    if not isinstance(scope, ast.Module) and not settled:
        stored = [*_at_module_level(evaluator, node, spelled, module), *stored]
    values = union(*(evaluator.values(value, frame) for _, value in stored))
    return lift(values, Rung.LOCAL), settled


def left_by_tests(evaluator: Evaluator, node: ast.expr, values: Values, frame: Frame) -> Values:
    """What an attribute may still be of what it was, behind ``if not args.x: args.x = …``."""
    module = frame.module
    if not isinstance(_root(node), ast.Name):
        return values
    targets = of_scope(evaluator, module.bindings.scope(node), module).targets
    for target, statement, _ in targets.get(ast.unparse(node), ()) if targets else ():
        test = module.parents.get(statement)
        if (
            isinstance(test, ast.If)
            and statement in test.body
            and (test.end_lineno or 0) < node.lineno
            and _is_one(target, node, module)
            and always_before(module, test, node)
        ):
            values = tuple(
                value
                for value in values
                if guards.verdict(test.test, node, value, module) is not True
            )
    return values


def _at_module_level(
    evaluator: Evaluator, node: ast.expr, spelled: str, module: SourceFile
) -> list[tuple[ast.stmt, ast.expr]]:
    """Stores at module level to something that the module defines, not the function."""
    stored = of_scope(evaluator, module.tree, module).targets.get(spelled, [])
    if not stored:
        return []
    root = _root(node)
    assert isinstance(root, ast.Name)
    own = any(
        isinstance(each.node, ast.arg)
        or not isinstance(module.bindings.scope(each.node), ast.Module)
        for each in module.bindings.definitions(root)
    )
    return [] if own else [(statement, value) for _, statement, value in stored]


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node


def _is_one(target: ast.expr, node: ast.expr, module: SourceFile) -> bool:
    """Whether what stands before the dots is the same thing at both places."""
    return _defined(target, module) == _defined(node, module)


def _may_be_one(target: ast.expr, node: ast.expr, module: SourceFile) -> bool:
    first, second = _defined(target, module), _defined(node, module)
    return first == second or bool(first & second)


def _defined(node: ast.expr, module: SourceFile) -> frozenset[ast.AST]:
    root = _root(node)
    assert isinstance(root, ast.Name)
    return frozenset(each.node for each in module.bindings.definitions(root))


def of_scope(evaluator: Evaluator, scope: ast.AST, module: SourceFile) -> ScopeStores:
    """The stores of a scope; collected once."""
    return evaluator.project.remember(("stores", scope), lambda: _collect(scope, module.lines))


def _collect(scope: ast.AST, lines: Lines) -> ScopeStores:
    found = ScopeStores()
    for statement in _own_statements(scope):
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                _note(found, statement, target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            _note(found, statement, statement.target, statement.value)
    for node in on_rows(scope, rows_with(lines, _ADDS_ONE | _ADDS_MANY, scope), INNER):
        if isinstance(node, ast.Call):
            _note_call(found, node)
    _sort(found)
    for calls in found.calls.values():
        calls.sort(key=lambda pair: (pair[1].lineno, pair[1].col_offset))
    return found


def _sort(found: ScopeStores) -> None:
    for stored in found.targets.values():
        stored.sort(key=_row)
    for each in sorted(chain(*found.targets.values()), key=_row):
        if isinstance(root := _root(each[0]), ast.Name):
            found.of_names.setdefault(root.id, []).append(each)


def _note(found: ScopeStores, statement: ast.stmt, target: ast.expr, value: ast.expr) -> None:
    if isinstance(target, ast.Attribute | ast.Subscript):
        found.targets.setdefault(ast.unparse(target), []).append((target, statement, value))
    elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        for part, given in zip(target.elts, value.elts, strict=False):
            _note(found, statement, part, given)


def _note_call(found: ScopeStores, node: ast.Call) -> None:
    function = node.func
    if (
        isinstance(function, ast.Attribute)
        and function.attr in _ADDS_ONE | _ADDS_MANY
        and isinstance(function.value, ast.Name | ast.Attribute)
        and node.args
    ):
        found.calls.setdefault(ast.unparse(function.value), []).append((function.attr, node))


def _own_statements(scope: ast.AST) -> Iterator[ast.stmt]:
    """The statements of a scope, without those of the functions and classes inside it."""
    waiting = [scope]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if node is scope or not isinstance(node, SCOPES):
            for block in _BLOCKS:
                waiting.extend(getattr(node, block, ()))


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, without those of the functions and classes inside it."""
    waiting = children(scope)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, INNER):
            waiting.extend(children(node))


def updates(evaluator: Evaluator, base: ast.expr, name: str, frame: Frame) -> tuple[Values, bool]:
    """What ``base.update(…)`` calls before this place have put under ``name``, and whether one
    of them certainly has.
    """
    if not isinstance(base, ast.Name | ast.Attribute):
        return (), False
    module = frame.module
    scope = module.bindings.scope(base)
    calls = of_scope(evaluator, scope, module).calls.get(ast.unparse(base), ())
    found: Values = ()
    for method, call in reversed(calls):
        if method != "update" or (call.end_lineno or call.lineno) >= base.lineno:
            continue
        sources = evaluator.values(call.args[0], frame)
        entries = union(*(_entry(evaluator, source, name) for source in sources))
        found = union(found, entries)
        if entries and always_before(module, module.statement(call), base):
            return found, True
    return found, False


def _entry(evaluator: Evaluator, source: Value, name: str) -> Values:
    if isinstance(source, ParsedOptions):
        values = evaluator.option(source, name)
        return () if conversions.is_missing(values) else values
    if isinstance(source, Record) and name in source.entries:
        return mappings.entry(source, Text(name))
    return ()


def with_appended(
    evaluator: Evaluator, values: Values, name: ast.Name, definition: Definition, frame: Frame
) -> Values:
    """Sequences and mappings with what the function adds to them under this name."""
    return with_stored(evaluator, values, name.id, definition.node, frame)


def with_stored(
    evaluator: Evaluator, values: Values, name: str, definition: ast.AST, frame: Frame
) -> Values:
    """The same for a definition and its name; ``frame`` is a place in its file."""
    if not any(isinstance(value, Sequence | Record) for value in values):
        return values
    module = frame.module
    scope = module.bindings.scope(definition)
    stores = of_scope(evaluator, scope, frame.module)
    if not evaluator.once(key := ("appended", definition)):
        evaluator.relied.guesses.setdefault(f"{name} is made from itself")
        return values
    try:
        calls = [
            each for each in stores.calls.get(name, ()) if _concerns(each[1], definition, module)
        ]
        items = _appended(evaluator, calls, frame)
        entries, others = _stored(evaluator, stores, name, frame)
    finally:
        evaluator.done(key)
    return tuple(_extended(value, items, entries, others) for value in values)


def _concerns(call: ast.Call, definition: ast.AST, module: SourceFile) -> bool:
    """Whether a method is called on what this definition made, not on what another branch did."""
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(receiver, ast.Name):
        return True
    definitions = module.bindings.definitions(receiver)
    return not definitions or any(each.node is definition for each in definitions)


def _appended(evaluator: Evaluator, calls: Iterable[tuple[str, ast.Call]], frame: Frame) -> Values:
    found: list[Values] = []
    for method, call in calls:
        given = evaluator.values(call.args[0], frame)
        if method in _ADDS_ONE:
            found.append(given)
            continue
        for value in given:
            if isinstance(value, Sequence):
                found.append(value.element())
            elif not isinstance(value, Record | ParsedOptions | Instance):
                found.append((Unknown(conversions.why(value)),))
    return union(*found)


def _stored(
    evaluator: Evaluator, stores: ScopeStores, name: str, frame: Frame
) -> tuple[dict[str, Values], Values]:
    """What ``name.key = value`` and ``name[key] = value`` put into a mapping: at known keys
    (those of mappings inside it too), and at others.
    """
    entries: dict[str, Values] = {}
    others: Values = ()
    for target, _, value in stores.of_names.get(name, ()):
        keys = _keys(target)
        copied = _copied(evaluator, target, value, frame) if keys == [""] else ()
        for record in copied:
            for key, content in record.entries.items():
                entries[key] = _merged(entries.get(key, ()), lift(content, record.rung))
            others = union(others, record.others)
        if copied:
            continue
        content = evaluator.values(value, frame)
        if not all(keys):
            others = union(others, content if len(keys) == 1 else ())
            continue
        for key in reversed(keys[1:]):
            content = (Record({key: content}, kind="part"),)
        entries[keys[0]] = _merged(entries.get(keys[0], ()), content)
    return entries, others


def _row(stored: tuple[ast.expr, ast.stmt, ast.expr]) -> int:
    """Where a store stands."""
    return stored[1].lineno


def _copied(evaluator: Evaluator, target: ast.expr, value: ast.expr, frame: Frame) -> list[Record]:
    """What a mapping can be whose entries a loop stores one by one: ``for k, v in x.items():
    name[k] = v``; empty for other stores, and where one of the mappings is not known.
    """
    statement = frame.module.parents.get(target)
    loop = frame.module.parents.get(statement) if statement is not None else None
    if not isinstance(loop, ast.For) or not isinstance(target, ast.Subscript):
        return []
    turn = ast.comprehension(loop.target, loop.iter, [], 0)
    source = mappings.copied(ast.DictComp(target.slice, value, [turn]))
    values = evaluator.values(source, frame) if source is not None else ()
    records = [each for each in values if isinstance(each, Record)]
    is_known = all(isinstance(each.entries, dict) for each in records)
    return records if is_known and len(records) == len(values) else []


def _keys(target: ast.expr) -> list[str]:
    """The way from a name to the target; an empty text for a key that is not literal."""
    keys: list[str] = []
    while isinstance(target, ast.Attribute | ast.Subscript):
        if isinstance(target, ast.Attribute):
            keys.append(target.attr)
        else:
            literal = getattr(target.slice, "value", None)
            keys.append(literal if isinstance(literal, str) else "")
        target = target.value
    return keys[::-1]


def _merged(first: Values, second: Values) -> Values:
    """Both possibilities; mappings that were stored part by part become one."""
    for index, value in enumerate(first):
        for part in second:
            if isinstance(value, Record) and isinstance(part, Record) and part.kind == "part":
                merged = {
                    key: _merged(value.entries.get(key, ()), content)
                    for key, content in part.entries.items()
                }
                entries = mappings.over(merged, value.entries)
                whole = Record(entries, value.others, value.kind, rung=value.rung)
                return (*first[:index], whole, *first[index + 1 :])
    return union(first, second)


def _extended(value: Value, items: Values, entries: dict[str, Values], others: Values) -> Value:
    if isinstance(value, Sequence) and items:
        return Sequence(value.items, union(value.others, items), kind=value.kind, rung=value.rung)
    if isinstance(value, Record) and (entries or others):
        merged = {key: _merged(value.entries.get(key, ()), new) for key, new in entries.items()}
        perhaps = value.perhaps | {key for key in entries if key not in value.entries}
        whole = mappings.over(merged, value.entries)
        others = union(value.others, others)
        return Record(whole, others, value.kind, perhaps=perhaps, rung=value.rung)
    return value
