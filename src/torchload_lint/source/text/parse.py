"""Parse Python text into a tree; a file that cannot be parsed is a value, not an error."""

from __future__ import annotations

import ast
import re
import sys
import warnings

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text import newer_syntax
from torchload_lint.source.text.nesting import (
    DEEPEST_TO_AST,
    TooDeepError,
    refuse_too_deep,
    refuse_too_many_branches,
)
from torchload_lint.source.text.pieces import LONG, pieces_of

_AST_MAY_END_THE_PROCESS = sys.version_info < (3, 11)
_PYTHON_2 = " (this is Python 2; only Python 3 is read)"


class SyntaxProblem(NamedTuple):
    """A file that cannot be parsed: where, and why."""

    message: str
    row: int
    column: int


def parse(text: str, path: str = "") -> ast.Module | SyntaxProblem:
    """The tree of a file; where its syntax is newer than this Python's, with that masked.

    ``path``: the file's; one that is long is parsed in pieces, and those that were parsed before
    are the same objects.
    """
    if path and len(text) > LONG:
        found = pieces_of(path).tree(text, parse_piece)
        if found is not None:
            return found
    try:
        tree = _shallow(text)
    except TooDeepError as error:
        return SyntaxProblem(str(error), error.row, 1)
    except (RecursionError, MemoryError):
        return _too_deep(text)
    if isinstance(tree, ast.Module) or "\0" in text:
        return tree
    older = newer_syntax.masked(text)
    second = _tree(older) if older is not None else tree
    return second if isinstance(second, ast.Module) else tree


def _too_deep(text: str) -> SyntaxProblem:
    """What is said of code that ``ast`` gave up; its row is only looked for then: that may take as
    long as to parse it.
    """
    try:
        refuse_too_deep(text, DEEPEST_TO_AST)
    except TooDeepError as error:
        return SyntaxProblem(str(error), error.row, 1)
    return SyntaxProblem("the code is nested too deeply to be parsed", 1, 1)


def parse_piece(text: str) -> ast.Module | None:
    """The tree of a part of a file; None where it is better parsed as a whole."""
    try:
        tree = _shallow(text)
    except (RecursionError, MemoryError):
        return None
    return tree if isinstance(tree, ast.Module) else None


def _shallow(text: str) -> ast.Module | SyntaxProblem:
    """The tree of a text. Raises RecursionError or MemoryError where it is nested too deep."""
    if _AST_MAY_END_THE_PROCESS:
        refuse_too_deep(text, DEEPEST_TO_AST)
    refuse_too_many_branches(text)
    return _tree(text)


def _tree(text: str) -> ast.Module | SyntaxProblem:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        message = f"{error.msg}{_PYTHON_2 if _is_python_2(error) else ''}"
        return SyntaxProblem(message, max(error.lineno or 1, 1), max(error.offset or 1, 1))
    except ValueError as error:
        return SyntaxProblem(str(error), 1, 1)


def _is_python_2(error: SyntaxError) -> bool:
    line = error.text or ""
    statement = re.match(r"\s*(?:print\s+[^=(\s]|exec\s+[^=(\s]|raise\s+\w+\s*,)", line)
    literal = re.search(r"\b(?:0[0-7]+|\d+[lL])\b|\bur['\"]|<>|`", line)
    return bool(statement or literal)
