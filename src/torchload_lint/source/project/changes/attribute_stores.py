"""Where the files of a project give attributes another value, by name: one index over all of them.

Texts are searched first, and only files in which an attribute of that name may be a target are
parsed: 8 MB of source take 0.05 s, to parse them would take 1.4 s.
"""

from __future__ import annotations

import ast
import re
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


class _Targets(NamedTuple):
    names: frozenset[str]
    """Attributes that may be targets somewhere in a text."""
    receivers: frozenset[str]
    """First names of what attributes may be set on, where they may stand for what is imported."""


def stores_of(
    names: Collection[str], project: ProjectIndex, within: Collection[str] | None = None
) -> Iterator[AttributeStore]:
    """Every place outside of tests that stores an attribute of one of these names.

    ``within``: the files that are looked into; all where it is None.
    """
    for path in program_files(project):
        if within is not None and path not in within:
            continue
        wanted = _targets(path, project).names & set(names)
        if wanted and (module := project.module_at(path)) is not None:
            yield from _stores(module, wanted)


def unread_stores(names: Collection[str], project: ProjectIndex) -> Iterator[str]:
    """The files that may store one of these attributes, and that cannot be parsed here."""
    for path in program_files(project):
        targets = _targets(path, project)
        if (targets.names & set(names) or targets.receivers) and project.module_at(path) is None:
            yield path


def stores_on_imports(project: ProjectIndex) -> Iterator[AttributeStore]:
    """Every place outside of tests that stores any attribute of something that is imported."""
    for path in program_files(project):
        targets = _targets(path, project)
        if not targets.receivers:
            continue
        module = project.module_at(path)
        for store in _stores(module, targets.names) if module is not None else ():
            if _root(store.target) in targets.receivers:
                yield store


def _targets(path: str, project: ProjectIndex) -> _Targets:
    text = project.files.text(path) or ""
    return project.remember_of("stored names", path, text, lambda: _read(text))


def _read(text: str) -> _Targets:
    text = _CONTINUED.sub(" ", text)
    shorter = _NO_TARGETS.sub("", text)
    receivers = frozenset(_ON_A_NAME.findall(shorter))
    if receivers and "import *" not in text:
        bound = (*_IMPORTED.findall(text), *chain.from_iterable(_ASSIGNED.findall(text)))
        receivers &= {word for one in bound for word in _WORD.findall(one)}
    names = (*_TARGET.findall(shorter), *_IN_PARENTHESES.findall(shorter))
    return _Targets(frozenset(names), receivers)


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
