"""Options that documents name beside a value, in no command line: ``add `--model last.pt` ``."""

from __future__ import annotations

import re
from posixpath import dirname
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.project.index import ProjectIndex

_DOCUMENTS = (".md", ".rst")


def mentioned(
    project: ProjectIndex, names: tuple[str, ...], script: str
) -> Iterator[tuple[str, str]]:
    """What documents in the folders above a program say that an option may be given, and where."""
    for name in names:
        spoken = re.compile(rf"`{re.escape(name)}[ =]([^\s`]+)`")
        for path in project.files.commands_holding(name):
            folder = dirname(path)
            if not path.endswith(_DOCUMENTS) or (folder and not script.startswith(f"{folder}/")):
                continue
            text = project.files.text(path) or ""
            for match in spoken.finditer(text):
                yield match[1], f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
