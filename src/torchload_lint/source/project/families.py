"""The classes that inherit from one another: ancestors and subclasses, over the whole project."""

from __future__ import annotations

import ast
import re
from functools import partial
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.project import classes
from torchload_lint.source.project.mentions import modules_with
from torchload_lint.source.text.candidates import on_rows, rows_with

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_MOST = 200
_CLASS_WITH_BASES = late_pattern(r"class\s+\w+\s*(?:\[[^\]]*\]\s*)?\(")
_WORD = late_pattern(r"\w+")
_END_OF_BASES = late_pattern(r"\)\s*(?:\\\s*|#[^\n]*\s*)?:")


class Family(NamedTuple):
    """A class with its ancestors, its subclasses and their ancestors."""

    subclasses: dict[ast.ClassDef, SourceFile]
    """The class itself, and all that inherit from it."""
    members: dict[ast.ClassDef, SourceFile]
    """The subclasses, and whatever they inherit from."""


def family(node: ast.ClassDef, module: SourceFile, project: ProjectIndex) -> Family:
    """The family of a class; worked out once. Raises TooManyError."""
    return project.remember(
        ("definitions", "family", node), lambda: _family(node, module, project), stands=True
    )


def _family(node: ast.ClassDef, module: SourceFile, project: ProjectIndex) -> Family:
    subclasses = {node: module}
    waiting = [(node, module)]
    while waiting and len(subclasses) < _MOST:
        current, home = waiting.pop()
        for found, where in _direct_subclasses(current, home, project):
            if found not in subclasses:
                subclasses[found] = where
                waiting.append((found, where))
    members = {
        level: where
        for subclass, home in subclasses.items()
        for level, where in classes.ancestry(subclass, home, project)
    }
    return Family(subclasses, members)


def may_inherit(name: str, text: str, in_bases: frozenset[str]) -> bool:
    """Whether a class in a text may name the class ``name`` among its bases, by its own name or by
    one that the text gives it (``import Net as Base``, ``Base = Net``): asked before it is parsed.
    ``in_bases``: the words of all bases in the text (``words_of_bases``).
    """
    if name in in_bases or "lambda" in in_bases:
        return True
    name = re.escape(name)
    # Each begins with a plain text, and so is found at the speed of one.
    imported_as = rf"{name}(?<!\w{name})\b\s*(?:\\\s*)?as\b"
    assigned = rf"=\s*(?:[(\\]\s*)?[^=\n]*\b{name}\b(?!\s*[(.])"
    return bool(re.search(imported_as, text) or re.search(assigned, text))


def words_of_bases(text: str) -> frozenset[str]:
    """The words between the brackets behind the names of all classes of a text."""
    words: set[str] = set()
    for begun in _CLASS_WITH_BASES.finditer(text):
        ended = _END_OF_BASES.search(text, begun.end())
        words.update(_WORD.findall(text, begun.end(), ended.start() if ended else len(text)))
    return frozenset(words)


def _direct_subclasses(
    node: ast.ClassDef, home: SourceFile, project: ProjectIndex
) -> list[tuple[ast.ClassDef, SourceFile]]:
    """The classes that name a class among their bases, under whatever name."""
    found = []

    def worth_parsing(path: str, text: str) -> bool:
        find = partial(words_of_bases, text)
        return may_inherit(node.name, text, project.remember_of("bases", path, text, find))

    for module in modules_with(project, node.name, home, worth_parsing=worth_parsing):
        lineages = project.remember(
            ("lineages", module.tree), partial(_lineages, module, project), stands=True
        )
        found += [(each, module) for each, above in lineages if each is not node and node in above]
    return found


def _lineages(
    module: SourceFile, project: ProjectIndex
) -> list[tuple[ast.ClassDef, set[ast.ClassDef]]]:
    """The classes of a file, each with those that it inherits from and itself."""
    nodes = on_rows(module.tree, rows_with(module.lines, ["class"]))
    found = (node for node in nodes if isinstance(node, ast.ClassDef))
    return [(one, {level for level, _ in classes.ancestry(one, module, project)}) for one in found]
