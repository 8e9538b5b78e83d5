"""IPython's magics in a cell, replaced by Python of the same length so that columns survive."""

from __future__ import annotations

import re

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple

PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "python", "python3"})
"""Cell magics whose body is Python; a cell with any other one is not code of the notebook."""

SHELL_CELL_MAGICS = frozenset({"bash", "sh", "script", "shell", "system", "sx"})
"""Cell magics whose body a shell runs."""
_SHELL_LINE = late_pattern(r"[ \t]*(?:[A-Za-z_]\w*[ \t]*=[ \t]*)?!.*")

_LINE_MAGIC = late_pattern(r"[ \t]*(?P<magic>[%!?].*)")
_HELP = late_pattern(r"[ \t]*(?P<magic>[%\w.*]+\?{1,2}[ \t]*)$")
_TARGETS = r"[ \t]*[A-Za-z_][\w.]*(?:\[[^\]]*\])?(?:\s*,\s*[A-Za-z_][\w.]*)*\s*=\s*"
_ASSIGNED = late_pattern(_TARGETS + r"(?P<magic>[%!].*)")
_TIMING = r"(?P<magic>%(?:time|timeit|prun|memit)(?:[ \t]+-\w+(?:[ \t]+\d+)?)*[ \t]+)\S"
_TIMED = late_pattern(r"[ \t]*" + _TIMING)
_TIMED_INTO_NAME = late_pattern(_TARGETS + _TIMING)
_AUTOMAGIC = late_pattern(
    r"(?P<magic>(?:pip3?|conda|mamba|micromamba|uv|cd|ls|ll|cat|cp|mv|rm|rmdir|mkdir|pwd|clear|who|whos)"
    r"(?:[ \t]+[^=(\s].*)?$)"
)
_STRING = late_pattern(
    r"""(?P<quote>'''|\"\"\"|'|")|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comment>\#.*)""", re.DOTALL
)
_CELL_MAGIC = late_pattern(r"\s*%%(?P<name>\w*)")


class Masked(NamedTuple):
    """A cell's text as Python, with the spans (offsets in the text) that are not what they seem."""

    text: str
    spans: tuple[tuple[int, int], ...]


def cell_magic(text: str) -> str | None:
    """The name of the cell magic (``%%name``) that a cell starts with."""
    found = _CELL_MAGIC.match(text)
    return found["name"] if found else None


def shell_text(text: str) -> str:
    """What a shell runs of a cell, in its rows: the whole body under ``%%bash``, or the lines that
    begin with ``!``, with those that a backslash continues; empty rows where it runs nothing.
    """
    magic, rows = cell_magic(text), re.split(r"\r\n|\r|\n", text)
    if magic in SHELL_CELL_MAGICS:
        return "\n".join(["", *rows[1:]])
    if magic is not None:
        return ""
    kept: list[str] = []
    for row in rows:
        continues = bool(kept) and kept[-1].endswith("\\")
        is_shell = continues or _SHELL_LINE.fullmatch(row) is not None
        kept.append((row if continues else row.replace("!", " ", 1)) if is_shell else "")
    return "\n".join(kept)


def mask(text: str, *, automagic: bool = False, timed: bool = True) -> Masked:
    """Mask magics, shell lines and help lines.

    ``automagic`` also takes lines such as ``pip install x`` for magics, which may be Python;
    ``timed`` keeps the statement after ``%time``, which may be more than a simple one.
    """
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    offset = 0
    state = _State()
    continued = False
    for line in re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text):
        body = line.rstrip("\r\n")
        found = _whole_line(body) if continued else None
        if not continued and state.at_statement:
            found = _find(body, automagic=automagic, timed=timed)
        if found is None:
            state = state.after(body)
            masked = body
        else:
            start, end, stand_in = found
            masked = body[:start] + stand_in.ljust(end - start) + body[end:]
            spans.append((offset + start, offset + end))
            continued = end == len(body) and body.endswith("\\")
        parts.append(masked + line[len(body) :])
        offset += len(line)
    return Masked("".join(parts), tuple(spans))


def _whole_line(body: str) -> tuple[int, int, str]:
    return 0, len(body), ""


def _find(body: str, *, automagic: bool, timed: bool) -> tuple[int, int, str] | None:
    """The span in a line to be masked, and the Python to put there."""
    if timed and (found := _TIMED.match(body)):
        return *found.span("magic"), "pass;"
    if timed and (found := _TIMED_INTO_NAME.match(body)):
        return *found.span("magic"), "0;"
    if found := _LINE_MAGIC.match(body) or _HELP.match(body):
        start, end = found.span("magic")
        # At the margin a comment says it best; in a block there has to be a statement.
        return start, end, "#" if start == 0 else "pass" if end - start >= len("pass") else "0"
    if found := _ASSIGNED.match(body):
        return *found.span("magic"), "0"
    if automagic and (found := _AUTOMAGIC.match(body)):
        return *found.span("magic"), "#"
    return None


class _State(NamedTuple):
    """Where a line starts: inside a string, inside brackets, after a backslash, or anew."""

    quote: str = ""
    depth: int = 0
    joined: bool = False

    @property
    def at_statement(self) -> bool:
        return not (self.quote or self.depth or self.joined)

    def after(self, body: str) -> _State:
        """The state at the start of the next line."""
        quote, depth, at = self.quote, self.depth, 0
        while at < len(body):
            if quote:
                at, quote = _string_end(body, at, quote)
                continue
            found = _STRING.search(body, at)
            if found is None or found["comment"] is not None:
                break
            at = found.end()
            quote = found["quote"] or ""
            depth = max(0, depth + bool(found["open"]) - bool(found["close"]))
        if len(quote) == 1 and not body.endswith("\\"):
            quote = ""  # a string left open is an error in the cell, and not one of ours
        commented = "#" in body and not quote
        return _State(quote, depth, joined=body.endswith("\\") and not commented)


def _string_end(body: str, at: int, quote: str) -> tuple[int, str]:
    """Past the end of the string that is open at ``at``; with its quote where it stays open."""
    while at < len(body):
        if body[at] == "\\":
            at += 2
        elif body.startswith(quote, at):
            return at + len(quote), ""
        else:
            at += 1
    return len(body), quote
