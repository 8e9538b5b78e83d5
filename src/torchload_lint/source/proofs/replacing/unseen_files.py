"""Files of the program of which nobody can say what they change."""

from __future__ import annotations

import io
import tokenize
import unicodedata
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.project.changes import reflection
from torchload_lint.source.project.changes.attribute_stores import unread_stores
from torchload_lint.source.project.changes.of_the_program import imported_unseen, program_files
from torchload_lint.source.proofs.replacing.special_names import SPECIAL_NAMES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from torchload_lint.source.project.index import ProjectIndex

_WORD = late_pattern(r"\w+")


def why_unseen(names: Collection[str], project: ProjectIndex) -> Iterator[str]:
    """Why there may be places that change what is called so, and that are not seen."""
    yield from filter(None, (imported_unseen(project),))
    yield from why_unparsed(names, project)


def why_unparsed(names: Collection[str], project: ProjectIndex) -> Iterator[str]:
    """The same of the files that are looked at."""
    yield from filter(None, (_spelled_otherwise(project),))
    unread = (*unread_stores({*names, *SPECIAL_NAMES}, project), *reflection.unread(project))
    yield from (f"{path} cannot be parsed here" for path in unread)


def _spelled_otherwise(project: ProjectIndex) -> str:
    """A file with a name in wide letters, or the like, which Python reads as another one, so that
    no search for that finds it; empty where there is none.
    """
    return project.remember(
        ("stores", "spelled otherwise"), lambda: next(_spelling_otherwise(project), "")
    )


def _spelling_otherwise(project: ProjectIndex) -> Iterator[str]:
    for path in program_files(project):
        text = project.files.text(path) or ""
        if not _is_read_otherwise(text):
            continue
        if not any(map(_is_read_otherwise, {*_WORD.findall(text)})):
            continue
        for token in _tokens(text):
            if token.type == tokenize.NAME and _is_read_otherwise(token.string):
                row = token.start[0]
                yield f"{path}:{row} spells a name in letters that Python reads as others"


def _is_read_otherwise(word: str) -> bool:
    return not (word.isascii() or unicodedata.is_normalized("NFKC", word))


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, SyntaxError):
        return
