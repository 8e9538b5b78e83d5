"""Names that an ``if`` about themselves sets anew: ``if path is None: path = "a.pt"``.

What the name was before decides whether that happens. Called with ``path="b.pt"``, the function
opens no ``a.pt``; behind ``if folder[-1] != "/": folder += "/"`` every folder ends with a slash.
"""

from __future__ import annotations

import ast
from itertools import chain
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.branches import guards

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import Definition


_READ = (ast.Attribute, ast.Subscript)


class Rebinding(NamedTuple):
    """A definition that stands alone in the branch of a test about the same name, or about what the
    name was given: ``folder = args.data`` before ``if args.data == "a": folder = "b"``.
    """

    statement: ast.If
    tested: ast.expr
    """The name, or what it was given, in the test."""


def values(
    name: ast.Name,
    ordered: Sequence[Definition],
    module: SourceFile,
    value_of: Callable[[Definition], Values],
) -> Values:
    """What a name can be by its definitions, in the order of the file; however many values."""
    if len(ordered) == 1:
        return value_of(ordered[0])
    found: dict[int, Values] = {}
    for number, definition in enumerate(ordered):
        again = _rebinding(name, definition, ordered[:number], module)
        before = _before(again, ordered[:number], module) if again is not None else None
        if again is None or before is None:
            found[number] = value_of(definition)
            continue
        answers = [
            guards.verdict(again.statement.test, again.tested, value, module)
            for one in before
            for value in found[one]
        ]
        taken = not answers or any(answer is not False for answer in answers)
        found[number] = value_of(definition) if taken else ()
        if _is_always_asked(_chain(again.statement, module)[-1], name, module):
            for one in before:
                found[one] = _failing(again, found[one], module)
    return tuple(dict.fromkeys(chain(*found.values())))


def _rebinding(
    name: ast.Name, definition: Definition, earlier: Sequence[Definition], module: SourceFile
) -> Rebinding | None:
    statement = definition.node
    around = module.parents.get(statement)
    if not isinstance(statement, ast.Assign | ast.AugAssign) or not isinstance(around, ast.If):
        return None
    if statement not in around.body:
        return None
    tested = [
        each
        for each in ast.walk(around.test)
        if isinstance(each, ast.Name) and each.id == name.id and isinstance(each.ctx, ast.Load)
    ]
    if tested:
        return Rebinding(around, tested[0]) if len(tested) == 1 else None
    given = [each.value for each in earlier if isinstance(each.value, _READ)]
    parts = [each for each in ast.walk(around.test) if isinstance(each, _READ)]
    same = [part for part in parts if any(guards.is_same(part, each) for each in given)]
    return Rebinding(around, same[0]) if len(same) == 1 else None


def _before(
    again: Rebinding, earlier: Sequence[Definition], module: SourceFile
) -> list[int] | None:
    """Which of the earlier definitions the test is about; None where it is about others, too."""
    if not isinstance(again.tested, ast.Name):
        same = guards.is_same
        return [
            number
            for number, one in enumerate(earlier)
            if one.value is not None and same(one.value, again.tested)
        ] or None
    asked = module.bindings.definitions(again.tested)
    numbers = [number for number, one in enumerate(earlier) if one in asked]
    return numbers if numbers and len(numbers) == len(asked) else None


def _is_always_asked(statement: ast.If, name: ast.Name, module: SourceFile) -> bool:
    """Whether no way leads to a place that does not pass the test."""
    block = getattr(module.parents.get(statement), "body", None)
    inner: ast.AST | None = name
    while inner is not None and not (isinstance(block, list) and inner in block):
        inner = module.parents.get(inner)
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            return False
    return isinstance(block, list) and inner is not None and inner is not statement


def _failing(again: Rebinding, before: Values, module: SourceFile) -> Values:
    """Of the values before, those that do not pass the test for certain, or one above it."""
    first, *above = [each.test for each in _chain(again.statement, module)]
    tested = again.tested
    return tuple(
        value
        for value in before
        if guards.verdict(first, tested, value, module) is not True
        or any(guards.verdict(each, tested, value, module) is not False for each in above)
    )


def _chain(statement: ast.If, module: SourceFile) -> list[ast.If]:
    """An ``if``, or an ``elif`` and those above it."""
    found = [statement]
    while isinstance(outer := module.parents.get(found[-1]), ast.If):
        if outer.orelse != [found[-1]]:
            break
        found.append(outer)
    return found
