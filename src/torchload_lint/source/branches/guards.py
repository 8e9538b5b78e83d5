"""Tests around an expression that rule some of its possible values out, or say what it is.

Inside ``if opt.epoch != 0:`` the default 0 of ``--epoch`` is not what ``opt.epoch`` is, and
the program does not read ``model_0.pth``. After ``assert order in (3, 4)`` it is one of the two.
"""

from __future__ import annotations

import ast
import operator
import re
from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.source.branches import endings
from torchload_lint.source.branches.set_since import rows_storing, still_about
from torchload_lint.source.branches.tests_apart import all_parts, conjuncts, is_of_kind
from torchload_lint.source.domain.mappings import may_be
from torchload_lint.source.domain.patterns import Rung, is_exact, known
from torchload_lint.source.domain.values import Cause, Constant, Text, Unknown, union, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import Definition

_COMPARISONS: dict[type[ast.cmpop], Callable[[object, object], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.eq,
    ast.IsNot: operator.ne,
    ast.Lt: operator.lt,  # type: ignore[dict-item]
    ast.LtE: operator.le,  # type: ignore[dict-item]
    ast.Gt: operator.gt,  # type: ignore[dict-item]
    ast.GtE: operator.ge,  # type: ignore[dict-item]
    ast.In: lambda content, others: content in others,  # type: ignore[operator]
    ast.NotIn: lambda content, others: content not in others,  # type: ignore[operator]
}
_TESTED = (Constant, Text, Unknown)
Tests: TypeAlias = "tuple[tuple[ast.expr, bool], ...]"
"""Tests, and whether they hold."""
_WRITTEN = (ast.Constant, ast.Tuple, ast.List, ast.Set)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.comprehension)
_SAYS = {(ast.Eq, True), (ast.NotEq, False)}
_SAYS_ONE_OF = {(ast.In, True), (ast.NotIn, False)}


def allowed(
    node: ast.Name | ast.Attribute | ast.Subscript,
    values: Values,
    module: SourceFile,
    assumed: Tests = (),
) -> Values:
    """The values that the tests around ``node``, and those that are assumed, leave; where none of
    them is known, those that the tests name.
    """
    if not any(isinstance(value, _TESTED) for value in values):
        return values
    elsewhere = (each for each in assumed if _is_unchanged(node, each, module))
    around = [*still_about(node, _around(node, module), module), *elsewhere]
    values = endings.passing(node, values, [*all_parts(around)], module)
    tests = _about(node, around)
    left = _passing(values, tests, module)
    if not all(_is_open(value) for value in left):
        return left
    tests += _about(node, _asserted(node, module))
    if not tests:
        return values
    named = next(filter(None, (named_by(each, module) for each in tests)), ())
    if left:
        named = tuple(each for each in named if any(_may_be(value, each) for value in left))
    return (
        _passing(named, tests, module)
        or _passing(left, tests, module)
        or unknown(
            f"{ast.unparse(node)} is not its default below {module.path}:{tests[0][0].lineno}",
            Cause.NOT_THE_DEFAULT,
        )
    )


def _about(node: ast.expr, tests: Iterable[tuple[ast.expr, bool]]) -> list[tuple[ast.expr, bool]]:
    """The parts of tests that are about this very expression."""
    return [part for part in all_parts(tests) if _is_about(part[0], node)]


def _passing(values: Values, tests: list[tuple[ast.expr, bool]], module: SourceFile) -> Values:
    return tuple(value for value in values if all(_passes(value, each, module) for each in tests))


def _may_be(value: Value, named: Value) -> bool:
    return not isinstance(named, Text) or may_be(value, named.text)


def _is_open(value: Value) -> bool:
    return isinstance(value, Unknown) or (isinstance(value, Text) and bool(value.why))


def named_by(part: tuple[ast.expr, bool], module: SourceFile) -> Values:
    """The texts and numbers of which a value must be one to pass the test; empty for others."""
    test, holds = part
    if not isinstance(test, ast.Compare):
        return ()
    kind, other = (type(test.ops[0]), holds), test.comparators[0]
    if kind in _SAYS:
        return _literals([other])
    return _literals(_listed(other, module)) if kind in _SAYS_ONE_OF else ()


def _listed(node: ast.expr, module: SourceFile) -> list[ast.expr]:
    """The items of a tuple, list or set, or the keys of a mapping, in place or under a name that
    is given it once.
    """
    if isinstance(node, ast.Name):
        defined = module.bindings.definitions(node)
        node = defined[0].value or node if len(defined) == 1 else node
    if isinstance(node, ast.Dict):
        return [key or ast.Constant(...) for key in node.keys]
    return node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else []


def _literals(nodes: list[ast.expr]) -> Values:
    found: list[Value] = []
    for node in nodes:
        content = node.value if isinstance(node, ast.Constant) else None
        if isinstance(content, str):
            found.append(Text(known(content), rung=Rung.LOCAL))
        elif isinstance(content, int | float) and not isinstance(content, bool):
            found.append(Constant(content, rung=Rung.LOCAL))
        else:
            return ()
    return union(found)


def _around(node: ast.AST, module: SourceFile) -> Iterator[tuple[ast.expr, bool]]:
    """The tests of the ``if`` statements and expressions around a node, and whether they hold."""
    inner: ast.AST = node
    while not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        outer = module.parents.get(inner)
        if outer is None:
            return
        if isinstance(outer, ast.If):
            if inner in outer.body:
                yield outer.test, True
            elif inner in outer.orelse:
                yield outer.test, False
        elif isinstance(outer, ast.IfExp) and inner is not outer.test:
            yield outer.test, inner is outer.body
        elif isinstance(outer, _COMPREHENSIONS) and not isinstance(inner, ast.comprehension):
            yield from ((test, True) for part in outer.generators for test in part.ifs)
        inner = outer


def _asserted(node: ast.AST, module: SourceFile) -> Iterator[tuple[ast.expr, bool]]:
    """The assertions before a name, about what it still is at its place."""
    if not isinstance(node, ast.Name) or not module.holds("assert "):
        return
    inner: ast.AST = node
    while not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        outer = module.parents.get(inner)
        if outer is None:
            return
        body = getattr(outer, "body", None)
        if isinstance(body, list) and inner in body:
            for statement in body[: body.index(inner)]:
                if isinstance(statement, ast.Assert) and _means(statement.test, node, module):
                    yield statement.test, True
        inner = outer


def _means(test: ast.expr, name: ast.Name, module: SourceFile) -> bool:
    """Whether a name in a test is what it is at another place."""
    same = [each for each in ast.walk(test) if isinstance(each, ast.Name) and each.id == name.id]
    known_here = module.bindings.definitions(name)
    return bool(same) and all(module.bindings.definitions(each) == known_here for each in same)


def comparing(node: ast.AST, module: SourceFile) -> Tests:
    """The tests around a place of a name or an attribute, or that compare one with what is
    written there.
    """
    return tuple(
        (test, holds)
        for (test, holds), subject in tested_around(node, module)
        if not isinstance(test, ast.Compare)
        or _asks_for_a_part(test)
        or isinstance(test.comparators[0], _WRITTEN)
    )


def of_steady_names(node: ast.AST, module: SourceFile, but: str = "") -> Tests:
    """Those of them about a name that no loop sets, or an attribute that the file does not set: it
    was the same when ``node`` was computed. ``but``: a name that they are not asked for.
    """

    def find() -> Tests:
        return tuple(
            (test, holds)
            for test, holds in comparing(node, module)
            if (subject := about_what(test)) is not None
            and _is_steady(subject, module)
            and getattr(subject, "id", "") != (but or None)
        )

    return module.remember(("steady tests", node, but), find)


def about_what(test: ast.expr) -> ast.Name | ast.Attribute | None:
    """What a test is about: a name or an attribute."""
    subject = main_side(test) if isinstance(test, ast.Compare) else test
    return subject if isinstance(subject, ast.Name | ast.Attribute) else None


def gainsaid(test: ast.expr, *, holds: bool, given: Callable[[str], Value | None]) -> bool:
    """Whether a test fails for what is given to the option of that name."""
    subject = about_what(test)
    if subject is None:
        return False
    value = given(subject.id if isinstance(subject, ast.Name) else subject.attr)
    return value is not None and not _passes(value, (test, holds), None)


def _is_steady(subject: ast.expr, module: SourceFile) -> bool:
    if isinstance(subject, ast.Attribute):
        return re.search(rf"\.{subject.attr}\s*=[^=]", module.text) is None
    if not isinstance(subject, ast.Name):
        return False
    nodes = [each.node for each in module.bindings.definitions(subject)]
    while nodes:
        if any(isinstance(each, _LOOPS) for each in nodes):
            return False
        nodes = [outer for each in nodes if (outer := module.parents.get(each)) is not None]
    return True


def _is_unchanged(
    node: ast.Name | ast.Attribute | ast.Subscript,
    assumed: tuple[ast.expr, bool],
    module: SourceFile,
) -> bool:
    """Whether a test is about this very expression of this file, which is set once alone."""
    test = assumed[0]
    if not isinstance(test, ast.Compare) or main_side(test) not in module.parents:
        return False
    subject = main_side(test)
    if not is_same(subject, node):
        return False
    if isinstance(node, ast.Attribute) and not _is_steady(node, module):
        return False
    return _roots(subject, module) == _roots(node, module)


def _roots(expression: ast.expr, module: SourceFile) -> list[tuple[Definition, ...]]:
    """What the names in an expression may have been given."""
    names = (each for each in ast.walk(expression) if isinstance(each, ast.Name))
    return [tuple(module.bindings.definitions(each)) for each in names]


def is_ruled_out(
    node: ast.AST, module: SourceFile, given: Callable[[ast.arg], ast.Constant | None]
) -> bool:
    """Whether a test around a place fails for what is given to the parameter that it is about."""
    for test, subject in tested_around(node, module):
        literal = None
        if isinstance(subject, ast.Name):
            definitions = module.bindings.definitions(subject)
            parameter = definitions[0].node if len(definitions) == 1 else None
            literal = given(parameter) if isinstance(parameter, ast.arg) else None
        if literal is not None and says(test, subject, written(literal), module) is False:
            return True
    return False


def exclude_each_other(one: ast.AST, other: ast.AST, module: SourceFile) -> bool:
    """Whether the tests around two places cannot both hold: what ``if kind == "a":`` sets is not
    what ``if kind == "b":`` uses.
    """
    there = [*tested_around(other, module)]
    return bool(there) and any(
        _differ(here, part, subject, module)
        for here, about in tested_around(one, module)
        for part, subject in there
        if _is_still(about, subject, module)
    )


def gainsays(assumed: Tests, node: ast.AST, module: SourceFile) -> bool:
    """Whether a test around a place cannot hold with those that are assumed: what one branch stores
    is not there in the other.
    """
    there = [(test, about) for test in assumed if (about := about_what(test[0])) is not None]
    there = [each for each in there if each[1] in module.parents]
    return bool(there) and any(
        _differ(part, test, about, module)
        for part, subject in tested_around(node, module)
        for test, about in there
        if _is_still(subject, about, module)
    )


def _differ(
    first: tuple[ast.expr, bool],
    second: tuple[ast.expr, bool],
    subject: ast.expr,
    module: SourceFile,
) -> bool:
    """Whether no value passes two tests of one thing."""
    if first[0] is second[0] or is_same(first[0], second[0]):
        return first[1] is not second[1]
    return any(
        bool(named := named_by(one, module))
        and all(says(other, subject, each, module) is False for each in named)
        for one, other in ((first, second), (second, first))
    )


def _is_still(one: ast.expr, other: ast.expr, module: SourceFile) -> bool:
    """Whether two tests are about one thing, which nothing sets in between."""
    if not is_same(one, other) or _roots(one, module) != _roots(other, module):
        return False
    if not isinstance(one, ast.Attribute):
        return _is_steady(one, module)
    function = module.function(one)
    first = function.lineno if function is not None else 0
    last = min(one.lineno, other.lineno)
    return all(first <= row < last for row in rows_storing(one.attr, module))


def written(literal: ast.Constant) -> Value:
    """The value of a constant."""
    content = literal.value
    if isinstance(content, str):
        return Text(known(content))
    if content is None or isinstance(content, int | float):
        return Constant(content)
    return Unknown("neither a text nor a number")


def tested_around(
    node: ast.AST, module: SourceFile
) -> Iterator[tuple[tuple[ast.expr, bool], ast.expr]]:
    """The parts of the tests around a place that are about a name or an attribute, and that."""
    for part, subject in asked_around(node, module):
        if isinstance(subject, ast.Name | ast.Attribute):
            yield part, subject


def asked_around(
    node: ast.AST, module: SourceFile
) -> tuple[tuple[tuple[ast.expr, bool], ast.expr], ...]:
    """The parts of the tests around a place, and what each is about; found once."""

    def find() -> Iterator[tuple[tuple[ast.expr, bool], ast.expr]]:
        for part in all_parts(_around(node, module)):
            subject = main_side(part[0]) if isinstance(part[0], ast.Compare) else part[0]
            if _is_about(part[0], subject):
                yield part, subject

    return module.remember(("tests around", node), lambda: tuple(find()))


def says(
    part: tuple[ast.expr, bool], subject: ast.expr, value: Value, module: SourceFile
) -> bool | None:
    """Whether a part of a test holds for a value of what it is about; None where nobody knows."""
    test, holds = part
    answer = verdict(test, subject, value, module)
    return None if answer is None else answer is holds


def _is_about(test: ast.expr, node: ast.expr) -> bool:
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return type(test.ops[0]) in _COMPARISONS and is_same(main_side(test), node)
    return is_same(test, node)


def main_side(test: ast.Compare) -> ast.expr:
    """What a comparison is about: the left side, but the right one of ``"unet" in name``."""
    return test.comparators[0] if _asks_for_a_part(test) else test.left


def _asks_for_a_part(test: ast.Compare) -> bool:
    return isinstance(test.ops[0], ast.In | ast.NotIn) and isinstance(test.left, ast.Constant)


def is_same(one: ast.expr, other: ast.expr) -> bool:
    """Whether two expressions are spelled alike."""
    if isinstance(one, ast.Name) and isinstance(other, ast.Name):
        return one.id == other.id
    if isinstance(one, ast.Attribute) and isinstance(other, ast.Attribute):
        return one.attr == other.attr and is_same(one.value, other.value)
    return one.__class__ is other.__class__ and ast.unparse(one) == ast.unparse(other)


def verdict(test: ast.expr, node: ast.expr, value: Value, module: SourceFile) -> bool | None:
    """What a test about ``node`` says where that is the value; None where that is not known."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        answers = [verdict(each, node, value, module) for each in test.values]
        return True if True in answers else None if None in answers else False
    pieces = [*conjuncts(test, holds=True)]
    if len(pieces) != 1:
        return None
    piece, holds = pieces[0]
    of_ending = endings.verdict(piece, node, value, module)
    if of_ending is not None:
        return of_ending is holds
    of_kind = is_of_kind(piece, node, value)
    if of_kind is not None:
        return of_kind is holds
    if not _is_about(piece, node) or not _is_known(value):
        return None
    passes, fails = (_passes(value, (piece, each), module) for each in (True, False))
    return None if passes is fails else passes is holds


def _is_known(value: Value) -> bool:
    is_text = isinstance(value, Text) and not value.why and is_exact(value.text)
    return is_text or isinstance(value, Constant)


def _passes(value: Value, part: tuple[ast.expr, bool], module: SourceFile | None) -> bool:
    """Whether a value may pass a test; what is not known may."""
    test, holds = part
    if not _is_known(value):
        return True
    assert isinstance(value, Text | Constant)
    content: object = value.text if isinstance(value, Text) else value.value
    if not isinstance(test, ast.Compare):
        return bool(content) is holds
    try:
        if _asks_for_a_part(test):
            content, other = ast.literal_eval(test.left), content
        else:
            compared = test.comparators[0]
            items = []
            if module is not None and isinstance(compared, ast.Name):
                items = _listed(compared, module)
            other = ast.literal_eval(ast.Tuple(items) if items else compared)
        return bool(_COMPARISONS[type(test.ops[0])](content, other)) is holds
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return True
