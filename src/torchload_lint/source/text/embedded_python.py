"""Python inside of shell scripts, Makefiles, Dockerfiles and workflows: heredocs and ``-c``."""

from __future__ import annotations

import re

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.text.text import rows as rows_of

_PYTHON = r"(?:\bpython[\d.]*\b|\$\{?\w*PY\w*\b[\"}]*)"
_HEREDOC = late_pattern(
    rf"""(?P<by>{_PYTHON} [^\n#|;<]{{0,200}} | \bcat\b [^\n#|;<>]{{0,200}} >\s*[^\s<]+\.py\s*)?
    <<-?\s* (["']?) (?P<end>\w+) \2 (?(by)|\s*(?:\| [^\n#|]{{0,200}}{_PYTHON} | >\s*\S+\.py\b))""",
    re.VERBOSE,
)
_COMMAND = late_pattern(rf"""{_PYTHON} (?:\s+-[a-zA-Z]+)*? \s+-c\s+ (?P<quote>["'])""", re.VERBOSE)
_BLOCK = "if 1:"
"""What stands in the row above indented code, so that it parses where it stands."""


def may_embed_load(data: bytes) -> bool:
    """The cheap question: whether a script may hold Python that calls ``torch.load``."""
    if b"torch" not in data or b"load" not in data:
        return False
    by_python = b"python" in data or b"PY" in data or b".py" in data
    return by_python and (b"<<" in data or b"-c" in data or b"shell:" in data)


def embedded_python(text: str) -> str:
    """The Python of a script with every other row empty: rows and columns are the script's.

    A row's code keeps its column: ``if 1:`` takes the place of the shell in front of it, or the row
    above. What the shell puts into the code (``$NAME``) is left as it is, and may not parse.
    """
    rows = rows_of(text)
    python = [""] * len(rows)
    row = 0
    while row < len(rows):
        heredoc, command = _HEREDOC.search(rows[row]), _COMMAND.search(rows[row])
        if heredoc:
            row = _take_heredoc(rows, python, row, heredoc["end"])
        elif command:
            row = _take_command(rows, python, row, command)
        row += 1
    return "\n".join(python) + "\n"


def _take_heredoc(rows: list[str], python: list[str], start: int, end: str) -> int:
    """Copy the rows up to the one that is ``end`` alone; the number of that row."""
    row = start + 1
    while row < len(rows) and rows[row].strip() != end:
        python[row] = rows[row]
        row += 1
    if any(code[:1].isspace() for code in python[start + 1 : row] if code.strip()):
        python[start] = _BLOCK
    return row


def _take_command(rows: list[str], python: list[str], start: int, found: re.Match[str]) -> int:
    """Copy what stands between the quotes, over rows if it must be; the number of the last row."""
    quote, column = found["quote"], found.end()
    row, code = start, rows[start][column:]
    while quote not in code and row + 1 < len(rows):
        python[row] = code if row > start else _behind_block(code, column)
        row += 1
        code = rows[row]
    code = code.partition(quote)[0]
    python[row] = code if row > start else _behind_block(code, column)
    if row > start and not python[start].removeprefix(_BLOCK).strip():
        indented = any(code[:1].isspace() for code in python[start + 1 : row + 1] if code.strip())
        python[start] = _BLOCK if indented else ""
    return row


def _behind_block(code: str, column: int) -> str:
    """A row of code that begins at a column, behind ``if 1:``, which is shorter than any call."""
    return _BLOCK.ljust(column) + code
