"""The files of a project that mention a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

MAX_FILES = 60
"""Files that are parsed to see where one name is used."""


class TooManyError(Exception):
    """A name stands in more files than are looked into."""


def modules_with(
    project: ProjectIndex,
    word: str,
    home: SourceFile,
    telling: re.Pattern[str] | None = None,
    worth_parsing: Callable[[str, str], bool] | None = None,
) -> Iterator[SourceFile]:
    """The files that hold a word, the file at home among them. Raises TooManyError.

    ``telling``: what a file's text must hold besides, asked before it is counted and parsed;
    ``worth_parsing``: which of the counted ones are parsed, by their path and text.
    """
    paths = [path for path in project.holding(word) if path != home.path]
    if telling is not None:
        texts = {path: project.files.text(path) for path in paths}
        paths = [path for path, text in texts.items() if text is None or telling.search(text)]
    if len(paths) > MAX_FILES:
        raise TooManyError(f"{word} stands in too many files to look into")
    yield home
    for path in paths:
        text = project.files.text(path) if worth_parsing is not None else None
        if worth_parsing is not None and text is not None and not worth_parsing(path, text):
            continue
        module = project.module_at(path)
        if module is None:
            raise TooManyError(f"{path} holds {word} and cannot be read")
        yield module
