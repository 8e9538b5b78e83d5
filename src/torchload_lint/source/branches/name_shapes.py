r"""What a regular expression says of the names that pass it: ``model_*.pth`` for
``re.match(r"model_(\d+)\.pth$", name)``. It is read, and never run.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import HOLE

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_METHODS = frozenset({"match", "search", "fullmatch"})
_OF_REGEX = 2
"""``re.match(regex, name)``: how many arguments say all; a third one are flags."""
_LONGEST = 200
"""Letters of a regular expression that is read."""
_MANY = "*?{"
_PLAIN_GROUPS = ("(?:", "(?P<")


def asked_of(test: ast.expr, module: SourceFile) -> tuple[ast.expr, str] | None:
    """What is matched, and the shape of what passes; None where a test is no such match."""
    call = _matched(test, module)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr not in _METHODS or call.keywords:
        return None
    if module.bindings.qualified(call.func.value) in {"re", "regex"}:
        regex, given = (call.args[0], call.args[1:]) if call.args else (None, [])
    else:
        regex, given = _compiled(call.func.value, module), call.args
    text = _text(regex)
    shape = shape_of(text, call.func.attr) if text is not None and len(given) == 1 else ""
    return (given[0], shape) if shape else None


def _matched(test: ast.expr, module: SourceFile) -> ast.expr | None:
    """The match that is asked for: in place, under a name, or as ``… is not None``."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        is_none = getattr(test.comparators[0], "value", ...) is None
        return _matched(test.left, module) if is_none and _is_not(test.ops[0]) else None
    if isinstance(test, ast.NamedExpr):
        return test.value
    return _only_value(test, module) if isinstance(test, ast.Name) else test


def _is_not(operator: ast.cmpop) -> bool:
    return isinstance(operator, ast.IsNot | ast.NotEq)


def _only_value(name: ast.Name, module: SourceFile) -> ast.expr | None:
    definitions = module.bindings.definitions(name)
    return definitions[0].value if len(definitions) == 1 else None


def _compiled(pattern: ast.expr, module: SourceFile) -> ast.expr | None:
    """The text of a pattern that ``re.compile(text)`` makes, in place or under a name."""
    made = _only_value(pattern, module) if isinstance(pattern, ast.Name) else pattern
    if not isinstance(made, ast.Call) or len(made.args) != 1 or made.keywords:
        return None
    return made.args[0] if module.bindings.qualified(made.func) == "re.compile" else None


def _text(regex: ast.expr | None) -> str | None:
    """A regular expression as it is written, with ``.*`` for what is not known of it."""
    if isinstance(regex, ast.Constant) and isinstance(regex.value, str):
        return regex.value
    if not isinstance(regex, ast.JoinedStr):
        return None
    parts = (each.value if isinstance(each, ast.Constant) else ".*" for each in regex.values)
    return "".join(map(str, parts))


def shape_of(regex: str, method: str = "fullmatch") -> str:
    """The text that a match has, with a hole for all that may be several things; empty for what
    is not read. ``method``: ``match`` begins at the start, ``fullmatch`` ends at the end, too.
    """
    begins, ends = method != "search", method == "fullmatch"
    if regex.startswith("^"):
        begins, regex = True, regex[1:]
    if regex.endswith("$") and not regex.endswith("\\$"):
        ends, regex = True, regex[:-1]
    if len(regex) > _LONGEST:
        return ""
    parts = _RegexReader(regex).parts()
    if parts is None or not any(HOLE not in each for each in parts):
        return ""
    return ("" if begins else HOLE) + "".join(parts) + ("" if ends else HOLE)


class _RegexReader:
    """Takes a regular expression apart, from left to right."""

    def __init__(self, regex: str) -> None:
        self._regex = regex
        self._at = 0

    def parts(self) -> list[str] | None:
        """Letters and holes, one after the other; None where there is another thing."""
        found: list[str] = []
        while self._at < len(self._regex):
            piece = self._piece()
            if piece is None:
                return None
            found += self._repeated(piece)
        return found

    def _piece(self) -> list[str] | None:
        letter = self._regex[self._at]
        self._at += 1
        if letter == "\\":
            return self._escaped()
        if letter == "[":
            return self._through(self._end_of_class())
        if letter == "(":
            return self._group()
        if letter in "|^$*+?{)":
            return None
        return [HOLE] if letter == "." else [letter]

    def _escaped(self) -> list[str] | None:
        letter = self._regex[self._at : self._at + 1]
        self._at += 1
        if letter.isalnum():  # a kind of letter
            return [HOLE] if letter in "dDwWsS" else None
        return [letter] if letter else None

    def _end_of_class(self) -> int:
        start = self._at + (self._regex[self._at : self._at + 1] == "^")
        return self._regex.find("]", start + 1)

    def _through(self, end: int) -> list[str] | None:
        """A hole for all up to an end."""
        self._at = end + 1
        return [HOLE] if end >= 0 else None

    def _group(self) -> list[str] | None:
        """What stands in brackets, as far as that is one thing."""
        end = self._regex.find(")", self._at)
        inside = self._regex[self._at : end]
        if end < 0 or any(letter in inside for letter in "(["):
            return None
        if inside.startswith("?"):
            start = next((each for each in _PLAIN_GROUPS if f"({inside}".startswith(each)), "")
            inside = inside[len(start) - 1 :].rpartition(">")[2] if start else ""
            if not start:
                return None
        self._at = end + 1
        parts = _RegexReader(inside).parts()
        return [HOLE] if parts is None else parts

    def _repeated(self, piece: list[str]) -> list[str]:
        """What a piece is with the sign behind it that says how often it comes."""
        sign = self._regex[self._at : self._at + 1]
        if not sign or sign not in f"{_MANY}+":
            return piece
        self._at = self._regex.find("}", self._at) + 1 if sign == "{" else self._at + 1
        if not self._at:
            self._at = len(self._regex)
        if self._regex[self._at : self._at + 1] == "?":
            self._at += 1
        return [*piece, HOLE] if sign == "+" else [HOLE]
