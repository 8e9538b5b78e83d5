"""Which file of Python a command starts, as far as its words say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def program_of(words: Sequence[str]) -> Path | None:
    """``python -u train.py``, ``python -m app.train``; None where no file is there."""
    files = (Path.cwd() / word for word in words if word.endswith(".py"))
    found = next((path for path in files if path.is_file()), None)
    return found or next(_modules(words), None)


def _modules(words: Sequence[str]) -> Iterator[Path]:
    """The files of modules that are started by name, in the folders that Python is given."""
    given = os.environ.get("PYTHONPATH", "")
    folders = [Path.cwd(), *(Path(one).absolute() for one in given.split(os.pathsep) if one)]
    for word, following in zip(words, (*words[1:], ""), strict=True):
        name = following if word == "-m" else word[2:] if word.startswith("-m") else ""
        parts = name.split(".")
        if not all(part.isidentifier() for part in parts):
            continue
        for folder in folders:
            path = folder.joinpath(*parts)
            ways = (path.with_name(f"{path.name}.py"), path / "__main__.py", path / "__init__.py")
            yield from (way for way in ways if way.is_file())
