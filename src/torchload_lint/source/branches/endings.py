"""Tests of how a path ends or begins: behind ``if path.endswith(".safetensors"): … else:`` it ends
otherwise, and a file that another reader takes does not reach the load.
"""

from __future__ import annotations

import ast
import sys
from bisect import bisect_left
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.branches import name_shapes
from torchload_lint.source.branches.tests_apart import all_parts
from torchload_lint.source.domain import patterns
from torchload_lint.source.domain.methods import ANY_ENTRY
from torchload_lint.source.domain.patterns import GLOB_ANY, HOLE
from torchload_lint.source.domain.values import Cause, Text, unknown
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.names.source_file import SourceFile

_MOST_ENDINGS = 4
"""How many endings in one test are taken apart."""
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_ENDING_WORDS = (
    "endswith",
    "startswith",
    "splitext",
    "suffix",
    "split(",
    "] == ",
    "] != ",
    "isabs(",
    "isdir(",
    '" in ',
    "' in ",
    "match(",
    "re.search(",
    "re.compile(",
)
_DIGEST = late_pattern(r"(?:^|/)[0-9a-f]{32,}[^/]*$")
"""A file of a cache, named by a digest of its address."""
_CHANGING = frozenset({"lower", "strip"})
_WRAPPERS = ("str", "Path", "pathlib.Path", "os.fspath")


class TextTest(NamedTuple):
    """What a test asks of a path."""

    asks: Callable[[str], bool]
    of_beginning: bool = False
    beginnings: tuple[str, ...] = ()
    """With which of them a text is to begin, where it is asked for that."""
    of_folder: bool = False
    """Whether it is asked if there is such a folder."""
    endings: tuple[str, ...] = ()
    """With which of them a text is to end, where it is asked for that."""
    any_case: bool = False
    """Whether letters count as small ones, or spaces at the end do not count."""
    inside: str = ""
    """What is to stand somewhere in a text, where it is asked for that."""
    shape: str = ""
    """What a regular expression makes of an entry of a folder."""
    of_name: bool = False
    """Whether that is asked of the name alone that a path ends with."""


def passing(
    node: ast.Name | ast.Attribute | ast.Subscript,
    values: Values,
    around: list[tuple[ast.expr, bool]],
    module: SourceFile,
) -> Values:
    """The paths that the tests of their end and beginning leave at a place. ``around``: the tests
    of the ``if`` statements around it, and whether they hold there.
    """
    if not _may_test_endings(module.text):
        return values
    tests = [
        (asked, holds)
        for test, holds in (*around, *all_parts(left_before(node, module)))
        if (asked := _text_test(test, node, module)) is not None
    ]
    left = tuple(
        value for value in values if all(_passes(value, test, holds=holds) for test, holds in tests)
    )
    if left or not values:
        return _narrowed(left, [asked for asked, holds in tests if holds])
    why = f"no value known of {ast.unparse(node)} passes the tests around the load"
    return unknown(why, Cause.NOT_THE_DEFAULT)


def _narrowed(values: Values, tests: list[TextTest]) -> Values:
    """The same with what the tests find at the beginning, inside and at the end of what is open
    there: ``ckpt_*.pt`` for ``*``.
    """
    for test in tests:
        if len(test.beginnings) == 1:
            values = tuple(_known_in_part(value, test.beginnings[0] + HOLE) for value in values)
        if test.shape:
            values = tuple(_named_so(value, test) for value in values)
    for test in tests:
        if test.inside:
            values = tuple(_known_in_part(value, HOLE + test.inside + HOLE) for value in values)
    for test in tests:
        if 0 < len(test.endings) <= _MOST_ENDINGS and not test.any_case:
            values = tuple(one for value in values for one in _ending_in(value, test.endings))
    return values


def _known_in_part(value: Value, text: str) -> Value:
    is_open = isinstance(value, Text) and value.text == HOLE
    return value.changed(text=text) if is_open else value


def _named_so(value: Value, test: TextTest) -> Value:
    """The same with what a regular expression says of its name, where nothing is known of that."""
    if not isinstance(value, Text):
        return value
    folder, cut, name = value.text.rpartition("/")
    is_open = bool(name) and not name.strip(HOLE + GLOB_ANY) and (test.of_name or not cut)
    return value.changed(text=f"{folder}{cut}{test.shape}") if is_open else value


def _ending_in(value: Value, endings: tuple[str, ...]) -> Values:
    """An entry of a folder is then searched for, as ``glob`` does it; it holds no ``/``. What is
    known already may be the ending's first letters, too.
    """
    if not isinstance(value, Text) or not value.text.endswith(HOLE):
        return (value,)
    start = value.text.removesuffix(HOLE)
    if any(start.endswith(each[:length]) for each in endings for length in range(1, len(each) + 1)):
        return (value,)
    is_entry = set(ANY_ENTRY.why) & set(value.why) and HOLE not in start.rpartition("/")[2]
    mark = GLOB_ANY if is_entry else HOLE
    return tuple(value.changed(text=f"{start}{mark}{each}") for each in endings)


@lru_cache(maxsize=4)
def _may_test_endings(text: str) -> bool:
    """Whether a file has such a test, perhaps; asked for every name of a file."""
    return any(word in text for word in _ENDING_WORDS)


def _passes(value: Value, test: TextTest, *, holds: bool) -> bool:
    """Whether a path may pass a test; one of which too little is known may."""
    if not isinstance(value, Text) or (test.of_beginning and value.anchored):
        return True
    if test.of_folder:
        return not holds or test.asks(value.text)
    if test.shape:
        return True  # a stranger's regular expression is not run
    if patterns.is_exact(value.text):
        return test.asks(value.text) is holds
    if test.inside:
        return True
    begin, *_, end = patterns.known_parts(value.text)
    if test.of_beginning:
        return _may_begin(value.text, begin, test) if holds else not test.asks(begin)
    if test.endings:
        return _may_end(end, test) if holds else not end.endswith(test.endings)
    end = end.rpartition("/")[2]
    return "." not in end or test.asks(f"a{end}") is holds


def _may_end(end: str, test: TextTest) -> bool:
    """Whether a text of which the end is known as far as ``end`` may be what is asked for."""
    end = end.lower() if test.any_case else end
    return any(end.endswith(each) or each.endswith(end) for each in test.endings)


def verdict(test: ast.expr, node: ast.expr, value: Value, module: SourceFile) -> bool | None:
    """What a test of the end or beginning of ``node`` says of a path; None where it is no such
    test, or too little of the path is known.
    """
    asked = _text_test(test, node, module) if _may_test_endings(module.text) else None
    if asked is None or asked.shape or not isinstance(value, Text) or value.why:
        return None
    if not patterns.is_exact(value.text):
        return None
    above = value.anchored or value.text.startswith(patterns.HOME)
    is_certain = not ((asked.of_beginning or asked.inside) and above)
    return asked.asks(value.text) if is_certain else None


def _may_begin(text: str, begin: str, test: TextTest) -> bool:
    """Whether a text of which the beginning is known as far as ``begin`` may be what is asked for;
    what is joined below a folder is no address.
    """
    if not test.beginnings:
        return True
    if text.startswith(f"{HOLE}/"):
        return not all("http".startswith(each[:4]) for each in test.beginnings)
    return any(each.startswith(begin) or begin.startswith(each) for each in test.beginnings)


def left_before(
    node: ast.AST, module: SourceFile, most: int = sys.maxsize
) -> Iterator[tuple[ast.expr, bool]]:
    """The tests before a place whose branch ends the function or the turn of a loop, and those that
    are asserted. ``most``: how many statements of a body are looked at, the last ones.
    """
    inner: ast.AST = node
    while not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        outer = module.parents.get(inner)
        if outer is None:
            return
        for name in ("body", "orelse"):
            block = getattr(outer, name, None)
            if not isinstance(block, list):
                continue
            key = ("tests of a block", outer, name)
            places, rows, tests = module.remember(key, partial(_tests_among, block))
            if inner in places:
                first, last = places[inner] - most, places[inner]
                yield from tests[bisect_left(rows, first) : bisect_left(rows, last)]
        inner = outer


def _tests_among(
    block: list[ast.stmt],
) -> tuple[dict[ast.AST, int], list[int], list[tuple[ast.expr, bool]]]:
    """The places of a block's statements, and of its tests that leave or assert, with these."""
    rows: list[int] = []
    tests: list[tuple[ast.expr, bool]] = []
    for row, statement in enumerate(block):
        if isinstance(statement, ast.If) and isinstance(statement.body[-1], _LEAVES):
            tests.append((statement.test, False))
        elif isinstance(statement, ast.Assert):
            tests.append((statement.test, True))
        else:
            continue
        rows.append(row)
    return {one: row for row, one in enumerate(block)}, rows, tests


def _text_test(test: ast.expr, node: ast.expr, module: SourceFile) -> TextTest | None:
    """What a test asks of the end or beginning of ``node``; None for other tests."""
    asked = name_shapes.asked_of(test, module)
    if asked is not None:
        return _of_shape(*asked, node, module)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return _or_flag(test, node, module)
    if isinstance(test, ast.Call):
        return _text_test_of_call(test, node, module)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        inside = _literal(test.left)
        if isinstance(inside, str) and _is_inside(test, node, module):
            return TextTest(lambda text: inside in text, inside=inside)
        part = _part(test.left, node, module)
        cut = part.of if part is not None else _cut(test.left, node, module)
        of_beginning = part is not None and part.is_first
        compared = _literal(test.comparators[0])
        if cut is not None and isinstance(test.ops[0], ast.Eq | ast.NotEq):
            is_equal = isinstance(test.ops[0], ast.Eq)
            is_ending = (
                is_equal
                and not of_beginning
                and _keeps_case(test.left)
                and not isinstance(test.left, ast.Name)
            )
            ending = (compared,) if is_ending and isinstance(compared, str) else ()
            return TextTest(
                lambda text: (cut(text) == compared) is is_equal, of_beginning, endings=ending
            )
        if cut is not None and isinstance(test.ops[0], ast.In) and isinstance(compared, tuple):
            return TextTest(lambda text: cut(text) in compared)
    return None


def _of_shape(matched: ast.expr, shape: str, node: ast.expr, module: SourceFile) -> TextTest | None:
    """A regular expression's test of an entry of a folder, or of the name of a path."""
    is_name = isinstance(matched, ast.Attribute) and matched.attr == "name"
    path = matched.value if isinstance(matched, ast.Attribute) and is_name else matched
    if isinstance(path, ast.Call) and last_name(path.func) == "basename" and path.args:
        path, is_name = path.args[0], True
    if not _is_path(path, node, module) or ("/" in shape and is_name):
        return None
    return TextTest(lambda _: True, shape=shape, of_name=is_name)


def _is_inside(test: ast.Compare, node: ast.expr, module: SourceFile) -> bool:
    """Whether it is asked if something stands in the path, letter by letter."""
    path = test.comparators[0]
    return isinstance(test.ops[0], ast.In) and _keeps_case(path) and _is_path(path, node, module)


def _text_test_of_call(test: ast.Call, node: ast.expr, module: SourceFile) -> TextTest | None:
    """The same of ``path.endswith(".pt")`` and ``os.path.isdir(path)``."""
    if not isinstance(test.func, ast.Attribute) or len(test.args) != 1:
        return None  # `endswith(".pt", 0, 8)` asks about a part
    if test.func.attr == "isabs" and _is_path(test.args[0], node, module):
        return TextTest(patterns.is_absolute, of_beginning=True)
    if test.func.attr == "isdir" and _is_path(test.args[0], node, module):
        return TextTest(lambda text: _DIGEST.search(text) is None, of_folder=True)
    wanted = _literal(test.args[0])
    if wanted is None or not _is_path(test.func.value, node, module):
        return None
    several = (wanted,) if isinstance(wanted, str) else wanted
    if test.func.attr == "endswith":
        any_case = not _keeps_case(test.func.value)
        return TextTest(
            lambda text: text.lower().endswith(wanted), endings=several, any_case=any_case
        )
    if test.func.attr == "startswith":
        beginnings = several
        return TextTest(lambda text: text.startswith(wanted), True, beginnings)
    return None


def _keeps_case(expression: ast.expr) -> bool:
    """Whether what is tested has its letters as the path has them, and nothing cut from its end."""
    attributes = (one.attr for one in ast.walk(expression) if isinstance(one, ast.Attribute))
    return not any(attribute in _CHANGING for attribute in attributes)


def _or_flag(test: ast.BoolOp, node: ast.expr, module: SourceFile) -> TextTest | None:
    """``os.path.isdir(path) or from_tf``: a flag beside it makes no folder of a file."""
    others = [each for each in test.values if not isinstance(each, ast.Name)]
    asked = _text_test(others[0], node, module) if len(others) == 1 else None
    return asked if asked is not None and asked.of_folder else None


class TextPart(NamedTuple):
    """Some letters of a text."""

    of: Callable[[str], str]
    is_first: bool
    """Whether they are the first ones, and not the last."""


def _part(expression: ast.expr, node: ast.expr, module: SourceFile) -> TextPart | None:
    """The letters that ``path[-1]``, ``path[0]``, ``path[-4:]`` or ``path[:4]`` is."""
    if not isinstance(expression, ast.Subscript) or not _is_path(expression.value, node, module):
        return None
    place = expression.slice
    if isinstance(place, ast.Slice):
        first, last = _number(place.lower), _number(place.upper)
        if place.step is not None or (first is None) is (last is None):
            return None
        if first is not None and first < 0 and place.upper is None:
            return TextPart(lambda text: text[first:], is_first=False)
        if last is not None and last > 0 and place.lower is None:
            return TextPart(lambda text: text[:last], is_first=True)
        return None
    at = _number(place)
    return TextPart(lambda text: text[at:][:1], at == 0) if at in {0, -1} else None


def _number(node: ast.expr | None) -> int | None:
    try:
        value = ast.literal_eval(node) if node is not None else None
    except ValueError:
        return None
    return value if type(value) is int else None


def _literal(node: ast.expr) -> str | tuple[str, ...] | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    items = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else []
    texts = [each.value for each in items if isinstance(each, ast.Constant)]
    known = tuple(each for each in texts if isinstance(each, str))
    return known if known and len(known) == len(items) else None


def _cut(expression: ast.expr, node: ast.expr, module: SourceFile) -> Callable[[str], str] | None:
    """How an expression cuts the ending out of the path ``node``; None where it is another one."""
    expression = _plain(expression)
    if isinstance(expression, ast.Name):
        return _cut_before(expression, node, module)
    if isinstance(expression, ast.Attribute) and expression.attr == "suffix":
        return _suffix if _is_path(expression.value, node, module) else None
    if not isinstance(expression, ast.Subscript) or not isinstance(expression.value, ast.Call):
        return None
    call, last = expression.value, ast.unparse(expression.slice)
    if _splits(call, node, module) and last in {"1", "-1"}:
        return _suffix
    is_split = isinstance(call.func, ast.Attribute) and call.func.attr in {"split", "rsplit"}
    if is_split and last == "-1" and call.args and _literal(call.args[0]) == ".":
        assert isinstance(call.func, ast.Attribute)
        is_path = _is_path(call.func.value, node, module)
        return (lambda text: _suffix(text).lstrip(".")) if is_path else None
    return None


def _cut_before(name: ast.Name, node: ast.expr, module: SourceFile) -> Callable[[str], str] | None:
    """The same of a name: ``ext = Path(path).suffix``, ``_, ext = os.path.splitext(path)``."""
    definitions = module.bindings.definitions(name)
    if len(definitions) != 1:
        return None
    value, statement = definitions[0].value, definitions[0].node
    if value is not None and not isinstance(value, ast.Name):
        return _cut(value, node, module)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if isinstance(statement, ast.Assign) and isinstance(target, ast.Tuple):
        is_second = isinstance(target.elts[-1], ast.Name) and target.elts[-1].id == name.id
        if is_second and _splits(statement.value, node, module):
            return _suffix
    return None


def _splits(call: ast.expr, node: ast.expr, module: SourceFile) -> bool:
    """Whether it is ``os.path.splitext(node)``."""
    return (
        isinstance(call, ast.Call)
        and ast.unparse(call.func).rpartition(".")[2] == "splitext"
        and bool(call.args)
        and _is_path(call.args[0], node, module)
    )


def _suffix(text: str) -> str:
    name = text.rpartition("/")[2]
    return f".{name.rpartition('.')[2].lower()}" if "." in name else ""


def _plain(node: ast.expr) -> ast.expr:
    """An expression without ``.lower()``, ``str(…)`` and ``Path(…)``, which leave the ending."""
    while isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
            node = node.func.value
        elif ast.unparse(node.func) in _WRAPPERS and len(node.args) == 1:
            node = node.args[0]
        else:
            break
    return node


def _is_path(expression: ast.expr, node: ast.expr, module: SourceFile) -> bool:
    """Whether an expression is the path ``node``, spelled alike and not set anew in between."""
    expression, node = _plain(expression), _plain(node)
    if ast.unparse(expression) != ast.unparse(node):
        return False
    roots = (
        [each for each in ast.walk(part) if isinstance(each, ast.Name)]
        for part in (expression, node)
    )
    return all(
        module.bindings.definitions(one) == module.bindings.definitions(other)
        for one, other in zip(*roots, strict=True)
    )
