"""Every step on the way to a path: expression, place, value, and why it stops."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.domain.conversions import why
from torchload_lint.source.domain.patterns import render
from torchload_lint.source.domain.values import (
    Constant,
    Handle,
    Made,
    ParsedOptions,
    Record,
    Sequence,
    Text,
    Unknown,
)
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.evaluation.reasons import ReasonPlaces
from torchload_lint.source.text.expressions import code_of, last_name

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

MAX_HOPS = 200
"""Steps that are shown; what is left out is inside them, and counted."""
_LONGEST_CODE = 60


class Hop(NamedTuple):
    """One expression that was looked at."""

    depth: int
    """How many others were waiting for it."""
    place: str
    """``train.py:12``."""
    code: str
    values: tuple[str, ...] = ()
    """What it can be, or why that is not known."""
    does: str = ""
    """What happens there, where it is not an expression that was followed: ``calls run()``."""
    stopped_at: tuple[str, ...] = ()
    """Where this package gives the reasons that no step before it has: ``source/paths.py:161``."""


class Trace(NamedTuple):
    """How an answer was found."""

    hops: list[Hop]
    reasons: dict[str, str]
    """What is not known, and where this package says so (empty where that was not seen)."""


class TracingEngine(Engine):
    """An engine that notes each expression it is asked about, in the order of the questions."""

    is_traced = True

    def __init__(self, project: ProjectIndex) -> None:
        super().__init__(project)
        self._hops: dict[int, Hop | None] = {}
        self._asking: list[ast.expr] = []
        """The expressions that wait for an answer, the outermost first."""
        self.reasons = ReasonPlaces()
        self._explained: set[str] = set()
        """The reasons that a step shows already."""

    def values(self, node: ast.expr, frame: Frame) -> Values:
        """What an expression can be."""
        number = len(self._hops)
        self._hops[number] = None
        stands_inside = bool(self._asking) and self._asking[-1] in _around(node, frame.module)
        self._asking.append(node)
        found = super().values(node, frame)
        self._asking.pop()
        if _parses_options(node, found):
            self._leave_out_parser(number)
        place = f"{frame.module.path}:{getattr(node, 'lineno', 1)}"
        shown = tuple(dict.fromkeys(map(_shown, found))) or ("nothing",)
        given = [each for value in found for each in _reasons(value) if each not in self._explained]
        self._explained.update(given)
        stopped = tuple(dict.fromkeys(filter(None, map(self.reasons.at, given))))
        hop = Hop(len(self._asking), place, _cut(code_of(node)), shown, stopped_at=stopped)
        if not (stands_inside and _is_literal(hop)):
            self._hops[number] = hop
        return found

    def _leave_out_parser(self, number: int) -> None:
        """Leave out the steps to a parser, which is no known value and need not be one."""
        inner = self._hops.get(number + 1)
        for later in range(number + 1, len(self._hops)):
            hop = self._hops[later]
            if later > number + 1 and (hop is None or inner is None or hop.depth <= inner.depth):
                break
            self._hops[later] = None

    def hop(self, call: ast.expr | None, path: str, what: str, values: Values = ()) -> None:
        """Note a way to another place."""
        place = path if call is None else f"{path}:{call.lineno}"
        code = path if call is None else _cut(code_of(call))
        shown = tuple(dict.fromkeys(map(_shown, values)))
        self._hops[len(self._hops)] = Hop(len(self._asking), place, code, shown, what)

    def leave_open(self, why: str) -> None:
        """Note that there may be further possibilities, and who says so."""
        self.reasons.note(why, sys._getframe(1))  # noqa: SLF001 - the way to one's caller
        super().leave_open(why)

    @property
    def hops(self) -> list[Hop]:
        """The steps. A literal that the step before it shows is left out."""
        return _outermost(list(_without_repeated_literals(filter(None, self._hops.values()))))


def _outermost(hops: list[Hop]) -> list[Hop]:
    """The steps; where there are too many, those that the fewest others waited for."""
    if len(hops) <= MAX_HOPS:
        return hops
    deepest_kept = sorted(hop.depth for hop in hops)[MAX_HOPS] - 1
    kept = [hop for hop in hops if hop.depth <= deepest_kept] or hops[:MAX_HOPS]
    beyond = len(hops) - len(kept)
    return [*kept, Hop(0, "", "…", does=f"and {beyond} further steps inside these")]


def _reasons(value: Value) -> tuple[str, ...]:
    if isinstance(value, Handle):
        return value.source.why
    if isinstance(value, Text):
        return value.why
    return (value.why,) if isinstance(value, Unknown) else ()


def _around(node: ast.expr, module: SourceFile) -> Iterator[ast.AST]:
    """What an expression stands in, the innermost first."""
    outer = module.parents.get(node)
    while outer is not None:
        yield outer
        outer = module.parents.get(outer)


def _parses_options(node: ast.expr, found: Values) -> bool:
    """Whether it is ``parser.parse_args()``, and known to be."""
    return last_name(node).startswith("parse_") and any(
        isinstance(value, ParsedOptions) for each in found for value in _parts(each)
    )


def _parts(value: Value) -> Iterator[Value]:
    """A value, or the items of what is several at once."""
    if isinstance(value, Sequence):
        yield from (part for item in value.items for part in item)
    else:
        yield value


def _without_repeated_literals(hops: Iterable[Hop]) -> Iterator[Hop]:
    """The steps; a literal (a default that many calls leave as it is) is shown once."""
    seen = set()
    for hop in hops:
        literal = (hop.code, hop.place)
        if not _is_literal(hop) or hop.does or literal not in seen:
            yield hop
        seen.add(literal)


def _is_literal(hop: Hop) -> bool:
    return hop.code[:1] in {"'", '"'} or hop.values == (hop.code,)


def _cut(code: str) -> str:
    line = " ".join(code.split())
    return line if len(line) <= _LONGEST_CODE else f"{line[: _LONGEST_CODE - 1]}…"


def _shown(value: Value) -> str:
    if isinstance(value, Text | Handle):
        text = value.source if isinstance(value, Handle) else value
        reasons = f" ({'; '.join(text.why)})" if text.why else ""
        return f"{render(text.text)!r}{reasons}"
    if isinstance(value, Constant):
        return repr(value.value)
    if isinstance(value, ParsedOptions):
        return "the options of a command line"
    if isinstance(value, Made) and value.call is None:
        return value.callee
    if isinstance(value, Made):
        return f"what {value.callee}() gives"
    if isinstance(value, Unknown):
        return f"unknown: {why(value)}"
    if isinstance(value, Record):
        return f"a mapping of {_cut(', '.join(value.entries))}" if value.entries else "a mapping"
    return type(value).__name__.lower()
