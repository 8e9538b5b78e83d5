"""Check the Python inside of a shell script, Makefile, Dockerfile or workflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import FileResult
from torchload_lint.late_patterns import late_pattern
from torchload_lint.rules.files import unparsable_source
from torchload_lint.source.text.embedded_python import embedded_python, may_embed_load
from torchload_lint.workspace.findings import findings_in
from torchload_lint.workspace.first_look import switches_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.source.text.notebooks.notebook import Notebook
    from torchload_lint.workspace.projects import Project

BY_HAND = "Python inside of another language is reported, and fixed by hand"


def check_script(path: str, data: bytes, project: Project) -> FileResult:
    """The findings in a script: in its Python, and in the environment variables that it sets.

    Nothing is fixed there: a new import has no place of its own. Code that the shell completes
    (``$NAME``) and that is no Python as it stands is passed over.
    """
    text = data.decode("utf-8", "replace")
    result = _check_python(python_of(text), Path(path), project)
    shown = (*result.diagnostics, *switches_in(text, path, project))
    return result._replace(diagnostics=shown, text=text)


def check_shell_cells(path: Path, notebook: Notebook, project: Project) -> FileResult:
    """The findings in the Python that cells of a notebook give to a shell (``!python -c "..."``),
    which knows nothing of what the notebook defines.
    """
    whole = FileResult(path)
    for number, text in notebook.shell_cells:
        if may_embed_load(text.encode("utf-8", "replace")):
            one = _check_python(embedded_python(text), path, project)
            placed = tuple(found._replace(cell=number) for found in one.diagnostics)
            whole = whole._replace(
                diagnostics=(*whole.diagnostics, *placed),
                untold=(*whole.untold, *(found._replace(cell=number) for found in one.untold)),
                loads=whole.loads.plus(one.loads),
                crashes=(*whole.crashes, *one.crashes),
            )
            project.context.project.restore(project.name_of(path))
    return whole


def _check_python(python: str, path: Path, project: Project) -> FileResult:
    found, loads, crashes, untold = findings_in(python, path, project, infers=False)
    shown = [_without_fix(one) for one in found if one.code != unparsable_source.RULE.code]
    return FileResult(path, tuple(shown), loads=loads, crashes=crashes, untold=untold)


_RUN = late_pattern(r"(?P<indent>[ ]*(?:- +)?)run:[ ]*[|>][-+\d]*\s*$")
_SHELL = late_pattern(r"""[ ]*(?:- +)?shell:[ ]*["']?python""")


def python_of(text: str) -> str:
    """The Python of a script, rows and columns as they are; steps of a workflow with ``shell:
    python`` among it.
    """
    python = embedded_python(text)
    if "shell:" not in text:
        return python
    rows, written = text.split("\n"), python.split("\n")
    for start, stop in _python_steps(rows):
        written[start : stop + 1] = ["if 1:", *rows[start + 1 : stop + 1]]
    return "\n".join(written)


def _python_steps(rows: list[str]) -> Iterator[tuple[int, int]]:
    """The row of ``run: |`` and the last row of its code, for each step that Python runs."""
    for start, row in enumerate(rows):
        found = _RUN.match(row)
        if not found:
            continue
        column = len(found["indent"])
        stop = _last(rows, start, column + 1)
        first = start
        while first and "-" not in rows[first][:column] and not _RUN.match(rows[first - 1]):
            first -= 1
        beside = (*rows[first:start], *rows[stop + 1 : _last(rows, stop, column) + 1])
        if any(_SHELL.match(line) and _key_column(line) == column for line in beside):
            yield start, stop


def _last(rows: list[str], row: int, column: int) -> int:
    """The last of the rows behind ``row`` that begin at a column or behind it, up to another
    ``run``.
    """
    while row + 1 < len(rows) and _depth(rows[row + 1]) >= column:
        if _RUN.match(rows[row + 1]):
            break
        row += 1
    return row


def _depth(line: str) -> int:
    """How far a row is indented; an empty one belongs to whatever is around it."""
    return len(line) - len(line.lstrip(" ")) if line.strip() else len(line) + 1_000


def _key_column(line: str) -> int:
    return len(line) - len(line.lstrip(" -"))


def _without_fix(found: Diagnostic) -> Diagnostic:
    if found.fix is None:
        return found
    return found._replace(fix=None, notes=(*found.notes, BY_HAND))
