"""Which registrations have surely been made when a place of the file runs.

A file may make thousands of them and load as often, so no load asks each of them: they are kept
by the block that they stand in, in order, and a load takes those above its own place.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.names.steps import (
    ancestors,
    blocks_run_with,
    may_end_half_way,
    places_within,
    runs_with_its_statement,
)
from torchload_lint.source.text.candidates import walk
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.names.source_file import SourceFile


_HAS = "builtins.hasattr"
_LISTS = ["torch.serialization", "add_safe_globals"]
"""What torch has had since it has lists, and the name of it."""


class _Registered(NamedTuple):
    """The lists that are registered or pushed on a stack, in the order of the file."""

    lists: list[Allowlist]
    above: dict[int, tuple[list[tuple[int, int]], list[int]]]
    """For each block of statements: where lists come into force in it, and which they are."""
    at_import: tuple[list[int], list[int]]
    """The statements of the file that are such ones themselves, and which they are."""


def registered_before(
    module: SourceFile, allowlists: tuple[Allowlist, ...], place: ast.AST
) -> Sequence[Allowlist]:
    """Those that ``add_safe_globals`` or ``enter_context`` surely brought in before ``place``."""
    known = module.remember("registered lists", lambda: _collected(module, allowlists))
    if not known.lists:
        return ()
    numbers: set[int] = set()
    for block, where in places_within(module, place).items():
        places, there = known.above.get(block, ((), ()))
        numbers.update(there[: bisect_left(places, where)])
    numbers.update(_at_import(module, known, place))
    found = [known.lists[number] for number in sorted(numbers)]
    return [
        one for one in found if one.kind is AllowlistKind.PROCESS or _still_open(module, one, place)
    ]


def _collected(module: SourceFile, allowlists: tuple[Allowlist, ...]) -> _Registered:
    kinds = {AllowlistKind.PROCESS, AllowlistKind.STACK}
    lists = [one for one in allowlists if one.kind in kinds and _surely_runs(module, one)]
    above: dict[int, list[tuple[tuple[int, int], int]]] = {}
    for number, one in enumerate(lists):
        assert one.statement is not None
        for block, where in _blocks_run_with(module, one.statement):
            above.setdefault(id(block), []).append((where, number))
    in_file = {statement: index for index, statement in enumerate(module.tree.body)}
    statements = ((_with_its_test(module, one.statement), one) for one in lists)
    at_top = [
        (in_file[statement], number)
        for number, (statement, one) in enumerate(statements)
        if one.kind is AllowlistKind.PROCESS and statement in in_file
    ]
    return _Registered(lists, {key: _apart(each) for key, each in above.items()}, _apart(at_top))


def _blocks_run_with(
    module: SourceFile, statement: ast.stmt
) -> Iterator[tuple[list[ast.stmt], tuple[int, int]]]:
    """The blocks of which a registration has surely run, and where it stands in each."""
    for block, where in blocks_run_with(module, statement, may_end_half_way):
        yield block, where
        tested = _with_its_test(module, block[0])
        if tested is not block[0]:
            yield from _blocks_run_with(module, tested)


def _with_its_test(module: SourceFile, statement: ast.stmt | None) -> ast.stmt:
    """A statement, or the ``if hasattr(torch.serialization, "add_safe_globals"):`` around it: a
    torch for which this does not hold has no lists.
    """
    assert statement is not None
    around = module.parents.get(statement)
    if not isinstance(around, ast.If) or statement not in around.body:
        return statement
    test = around.test
    asks = isinstance(test, ast.Call) and module.bindings.qualified(test.func) == _HAS
    given = test.args if isinstance(test, ast.Call) and asks else ()
    if [*map(module.bindings.qualified, given[:1]), *map(text_of, given[1:])] != _LISTS:
        return statement
    return _with_its_test(module, around)


def _surely_runs(module: SourceFile, allowlist: Allowlist) -> bool:
    """Whether its statement, once it has run, has brought it in."""
    statement = allowlist.statement
    if statement is None or not runs_with_its_statement(module, allowlist.node):
        return False
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        return not may_end_half_way(module, statement)
    return True


def _apart(pairs: list) -> tuple[list, list[int]]:  # type: ignore[type-arg]
    """Places in their order, and the numbers that go with them."""
    ordered = sorted(pairs)
    return [place for place, _ in ordered], [number for _, number in ordered]


def _at_import(module: SourceFile, known: _Registered, place: ast.AST) -> list[int]:
    """What is registered at module level before the function or class around a place is there, or
    before anything at module level uses it.
    """
    indices, numbers = known.at_import
    if not indices or module.function(place) is None:
        return []
    body = module.tree.body
    outermost = [place, *ancestors(module, place)][-2]
    row = getattr(outermost, "lineno", 0)
    end = bisect_left(indices, row, key=lambda index: body[index].lineno)
    if isinstance(outermost, (*FUNCTIONS, ast.ClassDef)) and not outermost.decorator_list:
        uses = module.remember("statements that use names", lambda: _using(body))
        others = (one for one in uses.get(outermost.name, ()) if body[one] is not outermost)
        first = next(others, len(body))
        end = max(end, bisect_left(indices, first))
        while indices[end : end + 1] == [first] and not _is_used_above(
            outermost.name, known.lists[numbers[end]].node, body[first]
        ):
            end += 1
    return numbers[:end]


def _is_used_above(name: str, registration: ast.Call, statement: ast.stmt) -> bool:
    """Whether a statement uses a name and registers a list after that: ``[run(), add(…)]``."""
    place = registration.lineno, registration.col_offset
    named = (one for one in walk(statement) if isinstance(one, (ast.Name, ast.Attribute)))
    return any((one.lineno, one.col_offset) < place for one in named if last_name(one) == name)


def _using(body: list[ast.stmt]) -> dict[str, list[int]]:
    """The statements of a file in which a name stands, by name and in their order."""
    found: dict[str, list[int]] = {}
    for index, statement in enumerate(body):
        nodes = (one for one in walk(statement) if isinstance(one, (ast.Name, ast.Attribute)))
        for name in {last_name(node) for node in nodes}:
            found.setdefault(name, []).append(index)
    return found


def _still_open(module: SourceFile, allowlist: Allowlist, place: ast.AST) -> bool:
    """Whether the stack that was entered is still open: its ``with`` block holds the place too."""
    statement = allowlist.statement
    entered = module.parents.get(allowlist.node)
    if statement is None or not isinstance(entered, ast.Call):
        return False
    stack = entered.func.value if isinstance(entered.func, ast.Attribute) else None
    if not isinstance(stack, ast.Name):
        return True
    for definition in module.bindings.definitions(stack):
        if definition.kind == "with":
            block = module.parents.get(definition.node)
            return any(parent is block for parent in ancestors(module, place))
    return True
