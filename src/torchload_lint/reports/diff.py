"""Unified diffs that ``git apply`` and ``patch`` take."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.escaping import escaped, printable
from torchload_lint.reports.colors import Palette

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic, FileResult

_NO_NEWLINE = "\\ No newline at end of file\n"


def unified_diff(before: str, after: str, path: str, *, is_new: bool = False) -> str:
    """The change of one file, or a new one; empty where nothing changed.

    ``path`` is written with ``a/`` and ``b/`` before it, so that it must be relative to where the
    patch is applied. Line ends are kept; a last line without one gets the marker that difflib
    leaves out.
    """
    from difflib import unified_diff as difference  # noqa: PLC0415 - only where there is a change

    old, new = _lines(before), _lines(after)
    origin = "/dev/null" if is_new else f"a/{_header(path)}"
    lines = difference(old, new, origin, f"b/{_header(path)}")
    return "".join(_terminated(lines))


def diffs_of(changed: Sequence[FileResult], *, whole: bool = True) -> list[str]:
    """What is shown of each file, and of the modules that come with them; without ``whole`` the
    latter are only named: in a terminal, 300 rows would push the rest out of sight.
    """
    shown = [
        risks_of(one) + unified_diff(one.original, one.text, one.path.as_posix()) for one in changed
    ]
    return [*shown, _new_modules(changed, whole=whole)]


def _new_modules(changed: Iterable[FileResult], *, whole: bool) -> str:
    """The diffs of the modules that fixed files import and the project does not have yet."""
    from torchload_lint.fixes.restoring import missing_helper  # noqa: PLC0415 - rarely
    from torchload_lint.helper_module import helper_text  # noqa: PLC0415 - rarely

    missing = {
        place: one.path.is_absolute()
        for one in changed
        if (place := missing_helper(one.path, one.text)) is not None
    }
    names = [str(one) if absolute else os.path.relpath(one) for one, absolute in missing.items()]
    rows = helper_text().count("\n") if missing else 0
    if not whole:
        return "".join(
            f"# {printable(name)}: a new module of {rows} lines, which fixes import; "
            "the diff holds it where it is written into a file\n"
            for name in names
        )
    return "".join(
        unified_diff("", helper_text(), Path(one).as_posix(), is_new=True) for one in names
    )


def risks_of(result: FileResult) -> str:
    """What may go wrong with the unsafe fixes of a file, one row each, to stand before its diff;
    ``patch`` and ``git apply`` pass over such rows.
    """
    rows = (
        f"{found.code} {_where(found)}: {fix.explained}"
        for found in result.fixed
        if (fix := found.fix) is not None and fix.risk
    )
    return "".join(f"# {printable(row)}\n" for row in rows)


def _where(found: Diagnostic) -> str:
    cell = f"in cell {found.cell}, " if found.cell else "on "
    return f"{cell}line {found.span.start.row}"


def diff_to_see(diff: str, *, color: bool) -> str:
    """A diff for a terminal, which no row of the source can send commands to; in colour: removed
    lines red, added ones green, places blue.
    """
    palette = Palette(enabled=color)
    return "".join(_colored(line, palette) for line in _lines(diff))


def _colored(line: str, palette: Palette) -> str:
    row = line.rstrip("\r\n")
    body, end = escaped(row), line[len(row) :]
    if body.startswith(("---", "+++")):
        return palette.bold(body) + end
    if body.startswith("-"):
        return palette.red(body) + end
    if body.startswith("+"):
        return palette.green(body) + end
    return (palette.blue(body) if body.startswith("@@") else body) + end


def _lines(text: str) -> list[str]:
    """Cut at LF only, as git does; ``str.splitlines`` knows a dozen other ends."""
    lines = text.split("\n")
    ended = [line + "\n" for line in lines[:-1]]
    return ended + lines[-1:] if lines[-1] else ended


def _header(path: str) -> str:
    return printable(path.lstrip("/"))


def _terminated(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if not line.endswith("\n"):
            yield "\n" + _NO_NEWLINE
