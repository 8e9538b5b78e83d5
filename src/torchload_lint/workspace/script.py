"""Check the Python inside of a shell script, Makefile, Dockerfile or workflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import FileResult
from torchload_lint.rules.files import unparsable_source
from torchload_lint.source.text.embedded_python import embedded_python
from torchload_lint.workspace.findings import findings_in
from torchload_lint.workspace.first_look import switches_in

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.workspace.projects import Project

BY_HAND = "Python inside of another language is reported, and fixed by hand"


def check_script(path: str, data: bytes, project: Project) -> FileResult:
    """The findings in a script: in its Python, and in the environment variables that it sets.

    Nothing is fixed there: a new import has no place of its own. Code that the shell completes
    (``$NAME``) and that is no Python as it stands is passed over.
    """
    text = data.decode("utf-8", "replace")
    found, loads, crashes = findings_in(embedded_python(text), Path(path), project, infers=False)
    shown = [_without_fix(one) for one in found if one.code != unparsable_source.RULE.code]
    shown += switches_in(text, path, project)
    return FileResult(Path(path), tuple(shown), text, loads=loads, crashes=crashes)


def _without_fix(found: Diagnostic) -> Diagnostic:
    if found.fix is None:
        return found
    return found._replace(fix=None, notes=(*found.notes, BY_HAND))
