"""Where the files of a project give attributes another value, by name: one index over all of them.

Texts are searched first, and only files in which an attribute of that name may be a target are
parsed: 9 MB of source (speechbrain) take 0.2 s for a name, and 2 s for what may be set on imports.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.project.changes.of_the_program import program_files
from torchload_lint.source.text.candidates import carrying

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_TARGET = late_pattern(
    r"\.\s*([^\W\d]\w*)\b"
    r"(?:[ \t)\]]*(?:\\?\s)*(?:=(?!=)|[-+*/|&^%@<>]+=|,|in\b|[;#]|$)|[ \t]*:)",
    re.MULTILINE,
)
"""An attribute that may be a target: what stands behind it shows that it is not called or used."""
_IN_PARENTHESES = late_pattern(r"\bas\b[ \t]*\([^\n:]*?\.\s*([^\W\d]\w*)[ \t]*[)\]]+[ \t]*:")
"""``with opened as (net.forward):``."""
_NO_TARGETS = late_pattern(
    r"^[ \t]*(?:class|(?:async[ \t]+)?def)[ \t]+\w+[ \t]*"
    r"\(.*\)(?:[ \t]*->[^:\n]*)?[ \t]*:[ \t]*(?:#.*)?$"
    r"|^[ \t]*(?!(?:else|try|except|finally)\b)[^\W\d]\w*[ \t]*:[ \t]*[\w.\[\] ,|]+"
    r"|^[ \t]*\)[ \t]*->[^:\n]*:"
    r"|\b(?:isinstance|issubclass)\([^()\n]*(?:\([^()\n]*\))?[^()\n]*\)",
    re.MULTILINE,
)
"""Headers of classes and functions, annotations, tests of classes: most of what names a class."""
_ON_A_NAME = late_pattern(
    r"(?:^|[:;])[ \t(\[*]*(?:(?:del|for|with|async\s+for|async\s+with)\b[^\n]*?[\s(,])?"
    r"(?:[\w.]+[ \t]*,[ \t(\[*]*)*?(?!self\b)([^\W\d]\w*)[ \t]*\.\s*\w[\w.]*[ \t)\]]*"
    r"(?:,|=(?!=)|[-+*/|&^%@]+=|:|in\b|[;#]|$)",
    re.MULTILINE,
)
"""A statement that may set an attribute of something with a name, and that name."""
_IMPORTED = late_pattern(
    r"\bimport\b[ \t]*(?:\\\r?\n[ \t]*)?(\((?:[^)#]|#[^\n]*)*\)|(?:[^\n\\]|\\\r?\n)*)"
)
"""What an import lists."""
_ASSIGNED = late_pattern(
    r"(?<![\w.])([^\W\d]\w*)[ \t]*:?=(?!=)[ \t]*\(?[^\W\d][\w.]*(?![\w.(\[])"
    r"|^[ \t]*((?:\w+[ \t]*,[ \t]*)+\w+)[ \t]*=(?!=)",
    re.MULTILINE,
)
"""A name that is given what another one stands for, or several names."""
_WORD = late_pattern(r"\w+")
_CONTINUED = late_pattern(r"\\\r?\n")


class AttributeStore(NamedTuple):
    """One place that gives an attribute another value, or deletes it."""

    module: SourceFile
    target: ast.Attribute
    value: ast.expr | None
    """What is stored; None where it is not an expression of its own (loops, tuples, ``del``)."""


def stores_of(
    names: Collection[str], project: ProjectIndex, within: Collection[str] | None = None
) -> Iterator[AttributeStore]:
    """Every place outside of tests that stores an attribute of one of these names.

    ``within``: the files that are looked into; all where it is None.
    """
    by_path = _files_storing(names, project)
    for path in sorted(by_path if within is None else by_path.keys() & set(within)):
        wanted = by_path[path] & _names(path, project)
        if wanted and (module := project.module_at(path)) is not None:
            yield from _stores(module, wanted)


def unread_stores(names: Collection[str], project: ProjectIndex) -> Iterator[str]:
    """The files that may store one of these attributes, and that cannot be parsed here."""
    storing = {*_files_storing(names, project), *_files_with_receivers(project)}
    yield from (path for path in sorted(storing) if project.module_at(path) is None)


def stores_on_imports(project: ProjectIndex) -> Iterator[AttributeStore]:
    """Every place outside of tests that stores any attribute of something that is imported."""
    for path in _files_with_receivers(project):
        if (module := project.module_at(path)) is not None:
            yield from _stores_on_imports(module, project)


def _stores_on_imports(module: SourceFile, project: ProjectIndex) -> list[AttributeStore]:
    def find() -> list[AttributeStore]:
        receivers = _receivers(module.path, project)
        stores = _stores(module, _names(module.path, project))
        return [store for store in stores if _root(store.target) in receivers]

    return project.remember_of("stores on imports", module.path, module, find)


def _files_storing(names: Collection[str], project: ProjectIndex) -> dict[str, set[str]]:
    """Where some attributes may be targets: by file, which of them.

    Whole texts are searched here, which is quick; headers are taken away only of those found.
    """
    found: dict[str, set[str]] = {}
    for name in names:
        for path in _files_with_target(name, project):
            found.setdefault(path, set()).add(name)
    return found


def _files_with_target(name: str, project: ProjectIndex) -> list[str]:
    """The files of the program in which an attribute of that name may be a target; each name is
    looked up once, so that many questions about many files stay linear.
    """
    return project.remember(
        ("stores", "with target", name),
        lambda: [path for path, targets in _all_targets(project) if name in targets],
    )


def _all_targets(project: ProjectIndex) -> list[tuple[str, frozenset[str]]]:
    return project.remember(
        ("stores", "targets"),
        lambda: [(path, _named_targets(path, project)) for path in program_files(project)],
    )


def _files_with_receivers(project: ProjectIndex) -> list[str]:
    return project.remember(
        ("stores", "with receivers"),
        lambda: [path for path in program_files(project) if _receivers(path, project)],
    )


def _named_targets(path: str, project: ProjectIndex) -> frozenset[str]:
    text = project.files.text(path) or ""
    return project.remember_of("named targets", path, text, lambda: _targets(text))


def _names(path: str, project: ProjectIndex) -> frozenset[str]:
    """The attributes that may be targets somewhere in a file."""
    text = project.files.text(path) or ""
    return project.remember_of("stored names", path, text, lambda: _targets(_without_headers(text)))


def _receivers(path: str, project: ProjectIndex) -> frozenset[str]:
    """First names of what attributes may be set on, where they may stand for what is imported."""
    text = project.files.text(path) or ""
    return project.remember_of("receivers of stores", path, text, lambda: _read_receivers(text))


def _targets(text: str) -> frozenset[str]:
    text = _CONTINUED.sub(" ", text)
    return frozenset((*_TARGET.findall(text), *_IN_PARENTHESES.findall(text)))


@lru_cache(maxsize=1)  # its names and its receivers are mostly asked for one after the other
def _without_headers(text: str) -> str:
    return _NO_TARGETS.sub("", _CONTINUED.sub(" ", text))


def _read_receivers(text: str) -> frozenset[str]:
    receivers = frozenset(_ON_A_NAME.findall(_without_headers(text)))
    if not receivers or "import *" in text:
        return receivers
    text = _CONTINUED.sub(" ", text)
    bound = (*_IMPORTED.findall(text), *chain.from_iterable(_ASSIGNED.findall(text)))
    return receivers & {word for one in bound for word in _WORD.findall(one)}


def _stores(module: SourceFile, names: Collection[str]) -> Iterator[AttributeStore]:
    for nodes in carrying(module.tree, module.lines, sorted(names)).values():
        for node in nodes:
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                yield AttributeStore(module, node, stored_value(node, module))


def stored_value(target: ast.Attribute, module: SourceFile) -> ast.expr | None:
    """What is stored, where it is an expression of its own."""
    statement = module.parents.get(target)
    return statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
