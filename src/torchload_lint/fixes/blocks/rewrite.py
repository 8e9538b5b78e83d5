"""The codemod: a statement's rows in, the same rows with an allowlist around the load out.

The only module of this room that imports libcst at its top; it is imported itself where there is
a statement to rewrite. It sees the rows of one statement, not the file, so its cost follows the
statement. ``if 1:`` in front of indented rows makes them a module; nothing is dedented, and strings
that span rows keep their bytes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from torchload_lint.fixes.rewritten import Refusal
from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.nesting import TooDeepError, refuse_too_deep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_LONE_RETURN = late_pattern(r"\r(?!\n)")
_MOST_KEPT = 4096
"""Rewritten statements that are kept: rules ask for the same, and each pass over a file again."""
_LONGEST_KEPT = 2000
"""Characters of a statement with its block, up to which it is kept."""


class Rewrite(NamedTuple):
    """What is to be done to a statement."""

    header: str
    """``with safe_globals([...]):``, perhaps over several rows."""
    before: tuple[str, ...] = ()
    """Statements to be written right before the block (imports inside a function)."""
    hoist: str = ""
    """A name to load into first; empty to put the whole statement in the block."""
    unit: str = "    "
    """One step of indentation."""


class NotFound(Exception):  # noqa: N818 - a refusal, not an error
    """The call cannot be found in the rows again."""


def rewrite(rows: str, ordinal: int, call: str, request: Rewrite) -> str:
    """Rewrite the rows of a statement around one call.

    ``ordinal`` counts the calls in the rows in the order in which they start (an outer one before
    an inner one); ``call`` is its text, which decides where the two do not agree.
    """
    is_short = len(rows) + len(request.header) <= _LONGEST_KEPT
    find = _rewritten if is_short else _rewritten.__wrapped__
    return find(rows, ordinal, call, request)


@lru_cache(maxsize=_MOST_KEPT)
def _rewritten(rows: str, ordinal: int, call: str, request: Rewrite) -> str:
    def change(module: cst.Module, config: cst.PartialParserConfig) -> cst.Module:
        finder = _Finder(ordinal, call)
        module.visit(finder)
        return module.visit(_Rewriter(finder.target(), request, config))

    return _changed(rows, request.unit, change)


def unwrapped(rows: str, unit: str) -> str:
    """The rows of a ``with``, or of a ``try`` with one handler: its body, and that of its
    ``else``.
    """

    def change(module: cst.Module, config: cst.PartialParserConfig) -> cst.Module:
        del config
        first = module.body[0]
        if isinstance(first, cst.If) and isinstance(first.body, cst.IndentedBlock):
            block = first.body.with_changes(body=_flattened(first.body.body))
            return module.with_changes(body=[first.with_changes(body=block)])
        return module.with_changes(body=_flattened(module.body))

    return _changed(rows, unit, change)


def _flattened(statements: Sequence[cst.BaseStatement]) -> list[cst.BaseStatement]:
    """The statements with those of a leading ``try`` or ``with`` in its place."""
    first, *rest = statements
    assert isinstance(first, (cst.Try, cst.With))
    bodies = [first.body]
    if isinstance(first, cst.Try) and first.orelse:
        bodies.append(first.orelse.body)
    kept: list[cst.BaseStatement] = []
    for body in bodies:
        if isinstance(body, cst.SimpleStatementSuite):
            line = cst.SimpleStatementLine(body.body, trailing_whitespace=body.trailing_whitespace)
            kept.append(line)
        elif isinstance(body, cst.IndentedBlock):
            kept += [_below(body.header.comment, body.body[0]), *body.body[1:]]
    return [*kept, *rest]


def _below(comment: cst.Comment | None, statement: cst.BaseStatement) -> cst.BaseStatement:
    """The statement with the comment, which stood behind the ``:`` before it, in a row above it."""
    if comment is None:
        return statement
    above = (cst.EmptyLine(comment=comment), *getattr(statement, "leading_lines", ()))
    return statement.with_changes(leading_lines=above)


def _changed(
    rows: str,
    unit: str,
    change: Callable[[cst.Module, cst.PartialParserConfig], cst.Module],
) -> str:
    """Rows through libcst and back. To libcst a carriage return alone ends no row."""
    newline = next((found for found in ("\r\n", "\n", "\r") if found in rows), "\n")
    ends = "\r\n" if newline == "\r\n" else "\n"
    text = _LONE_RETURN.sub(ends, rows)
    try:
        refuse_too_deep(text)
    except TooDeepError as error:
        raise Refusal(str(error)) from None
    # libcst takes the first newline that it sees for that of the module.
    prefix = f"if 1:{ends}" if text[:1] in {" ", "\t", "\f"} else ""
    config: cst.PartialParserConfig = cst.PartialParserConfig(
        default_indent=unit, default_newline=ends
    )
    code = change(cst.parse_module(prefix + text, config), config).code.removeprefix(prefix)
    return code.replace("\n", "\r") if newline == "\r" else code


class _Finder(cst.CSTVisitor):
    """Find the call again: by its number, checked against its text."""

    def __init__(self, ordinal: int, call: str) -> None:
        self.ordinal = ordinal
        self.text = call
        self.calls: list[cst.Call] = []

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - libcst names it
        self.calls.append(node)

    def target(self) -> cst.Call:
        if self.ordinal < len(self.calls) and self._matches(self.calls[self.ordinal]):
            return self.calls[self.ordinal]
        matching = [node for node in self.calls if self._matches(node)]
        if len(matching) != 1:
            raise NotFound
        return matching[0]

    def _matches(self, node: cst.Call) -> bool:
        return _squeezed(_bare_code(node)) == _squeezed(self.text)


def _bare_code(node: cst.Call) -> str:
    return cst.Module([]).code_for_node(node.with_changes(lpar=[], rpar=[]))


def _squeezed(text: str) -> str:
    """Without white space: how continuation rows are indented is not the question here."""
    return "".join(text.split())


_Holder = (cst.BaseStatement, cst.SimpleStatementSuite)


class _Rewriter(cst.CSTTransformer):
    """Put the statement that holds the call into a block, or load into a name before it."""

    def __init__(self, call: cst.Call, request: Rewrite, config: cst.PartialParserConfig) -> None:
        self.call = call
        self.request = request
        self.config = config
        self.stack: list[cst.CSTNode] = []
        self.holder: cst.CSTNode | None = None
        self.small = -1

    def on_visit(self, node: cst.CSTNode) -> bool:
        if node is self.call:
            self.holder = self.stack[-1]
            self.small = self._small_index(self.holder)
            return True
        if isinstance(node, _Holder):
            self.stack.append(node)
        return True

    def _small_index(self, holder: cst.CSTNode) -> int:
        if not isinstance(holder, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
            return -1
        for index, small in enumerate(holder.body):
            if any(node is self.call for node in _walk(small)):
                return index
        raise NotFound

    def on_leave(  # type: ignore[override]
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode | cst.FlattenSentinel[cst.CSTNode]:
        if original_node is self.call and self.request.hoist:
            assert isinstance(updated_node, cst.Call)
            return cst.Name(self.request.hoist, lpar=updated_node.lpar, rpar=updated_node.rpar)
        if isinstance(updated_node, cst.EmptyLine) and updated_node.comment is None:
            return updated_node.with_changes(indent=False)  # no white space on a blank row
        if isinstance(original_node, _Holder):
            self.stack.pop()
        if original_node is not self.holder:
            return updated_node
        if isinstance(updated_node, cst.SimpleStatementLine):
            lines = self._lines(updated_node)
            return cst.FlattenSentinel(lines)
        if isinstance(updated_node, cst.SimpleStatementSuite):
            as_line = cst.SimpleStatementLine(
                updated_node.body, trailing_whitespace=updated_node.trailing_whitespace
            )
            return cst.IndentedBlock(self._lines(as_line), indent=self.request.unit)
        return cst.FlattenSentinel(self._before_compound(updated_node))

    def _lines(self, line: cst.SimpleStatementLine) -> list[cst.BaseStatement]:
        """The statements of one row: those before, the block, those after."""
        before, small, after = _split(line.body, self.small)
        result: list[cst.BaseStatement] = []
        if before:
            result.append(cst.SimpleStatementLine(before))
        if self.request.hoist:
            inside, after = self._loading(), [small, *after]
            end = None
        else:
            inside = cst.SimpleStatementLine([small.with_changes(semicolon=_NO_SEMICOLON)])
            end = None if after else line.trailing_whitespace
        if end is not None:
            inside = inside.with_changes(trailing_whitespace=end)
        result += [*self._imports(), self._block(inside)]
        if after:
            rest = cst.SimpleStatementLine(after, trailing_whitespace=line.trailing_whitespace)
            result.append(rest)
        result[0] = result[0].with_changes(leading_lines=line.leading_lines)
        return result

    def _before_compound(self, statement: cst.CSTNode) -> list[cst.CSTNode]:
        """Load into a name in front of a compound statement."""
        leading: Sequence[cst.EmptyLine] = getattr(statement, "leading_lines", ())
        first: list[cst.BaseStatement] = [*self._imports(), self._block(self._loading())]
        first[0] = first[0].with_changes(leading_lines=leading)
        return [*first, statement.with_changes(leading_lines=())]

    def _imports(self) -> list[cst.BaseStatement]:
        return [cst.parse_statement(text, self.config) for text in self.request.before]

    def _block(self, inside: cst.SimpleStatementLine) -> cst.BaseStatement:
        newline = str(self.config.default_newline)
        header = self.request.header.replace("\n", newline)
        block = cst.parse_statement(f"{header}{newline}    pass{newline}", self.config)
        # A blank row sets imports apart from the code, as isort does.
        blank = [cst.EmptyLine(indent=False)] if self.request.before else []
        body = cst.IndentedBlock([inside], indent=self.request.unit)
        return block.with_changes(body=body, leading_lines=blank)

    def _loading(self) -> cst.SimpleStatementLine:
        """``name = torch.load(...)``."""
        value = self.call.with_changes(lpar=[], rpar=[])
        if "\n" in cst.Module([]).code_for_node(value.func):
            value = self.call.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        target = cst.AssignTarget(cst.Name(self.request.hoist))
        return cst.SimpleStatementLine([cst.Assign([target], value)])


_NO_SEMICOLON = cst.MaybeSentinel.DEFAULT


def _walk(node: cst.CSTNode) -> list[cst.CSTNode]:
    found = [node]
    for child in node.children:
        found += _walk(child)
    return found


def _split(
    body: Sequence[cst.BaseSmallStatement], index: int
) -> tuple[list[cst.BaseSmallStatement], cst.BaseSmallStatement, list[cst.BaseSmallStatement]]:
    """The small statements of a row before, at and after one, without dangling semicolons."""
    before, after = list(body[:index]), list(body[index + 1 :])
    if before:
        before[-1] = before[-1].with_changes(semicolon=_NO_SEMICOLON)
    return before, body[index], after
