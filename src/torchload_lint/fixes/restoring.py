"""Entries that let a checkpoint restore a class and not call it, and the module that they need.

The module (``restore_only.txt`` beside this file) is written into the project once: into the
package of the file that loads, or beside a script.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.helper_module import NAME
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from pathlib import Path

    from torchload_lint.source.names.source_file import SourceFile

ONLY_WITH = "only_with"
_IMPORT = late_pattern(
    rf"""(?:^|"|\\n)\s*(?:from (?P<dots>\.*)|import )(?P<package>(?:\w+\.)*){NAME}\b""",
    re.MULTILINE,
)
"""In a notebook a row of source is a text, or a part of one."""


def helper_of(module: SourceFile) -> str:
    """The dotted name under which a file imports the module: ``myapp.restore_only``."""
    package, dot, _ = module.name.partition(".")
    is_package = module.path.rpartition("/")[2] == "__init__.py"
    return f"{package}.{NAME}" if dot or is_package else NAME


def missing_helper(path: Path, text: str) -> Path | None:
    """Where the module has to be written that the text of a file imports; None if it is there."""
    place = helper_place(path, text)
    return None if place is None or place.exists() else place


def helper_place(path: Path, text: str) -> Path | None:
    """Where the module lies, or would, that the text of a file imports; None if it imports none."""
    found = _IMPORT.search(text)
    if found is None:
        return None
    folders = path.absolute().parents
    level, package = len(found["dots"] or ""), found["package"].partition(".")[0]
    if level:
        folder = folders[min(level, len(folders)) - 1].joinpath(*found["package"].split("."))
    elif package:
        folder = next((one for one in folders if one.name == package), folders[0])
    else:
        folder = folders[0]
    return folder / f"{NAME}.py"
