"""The one way in which what a stranger has written is shown to people.

File names, source, checkpoints and configuration may all be hostile. Formats for programs have
escapes of their own besides.
"""

from __future__ import annotations

from torchload_lint.late_patterns import late_pattern

_UNPRINTABLE = late_pattern(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Characters that move the cursor or the direction, or that nobody sees: ``a.py`` with one of these
is another file than ``a.py`` and looks the same.
"""
_COMMAND = late_pattern(r"^(\s*):(?=:)|#(?=#(?:\[|vso\[))")
"""Where a line is a command to GitHub's or Azure's runner: ``::`` at its start, ``##[`` or
``##vso[`` anywhere (``ActionCommand.cs``, ``Command.cs``)."""


def escaped(text: str) -> str:
    r"""``text`` with control characters, direction marks, invisible characters and lone surrogates
    written as ``\xNN``.

    Nothing in it moves the cursor, starts a new line of the report, or fails to be encoded.
    """
    return _UNPRINTABLE.sub(lambda found: ascii(found.group())[1:-1], text)


def printable(text: str) -> str:
    """The same for a line that people read: nothing in it is taken for a command by the program
    that runs CI either.
    """
    return _COMMAND.sub(lambda found: f"{found[1] or ''}{_coded(found.group()[-1])}", escaped(text))


def _coded(sign: str) -> str:
    return f"\\x{ord(sign):02x}"
