"""Whether code of an installed package hands on a class of a proof, or the module that defines it.

What only makes objects of a class, derives from it or asks whether something is one leaves it as it
is. What keeps it, gives it away or looks it up may end in code that sets attributes of whatever it
is given.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.project.changes.of_the_program import program_files
from torchload_lint.source.text.candidates import carrying
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.imports_in_text import joined_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_ASKING = frozenset(
    """
    builtins.isinstance builtins.issubclass builtins.super builtins.hasattr builtins.id
    builtins.repr builtins.str typing.cast typing.TypeVar
    """.split()
)
"""Functions that leave a class that they are given as it is."""
_LEADS_ON = frozenset("__base__ __bases__ __class__ __dict__ __mro__ __subclasses__ mro".split())
"""Attributes of a class or module that lead to it, or to others of its kind."""
_FINDING_CLASSES = frozenset(
    """
    __base__ __bases__ __class__ __mro__ __subclasses__ eval getmembers globals import_module
    locate modules type vars __import__
    """.split()
)
"""Names by which code comes to classes and modules that nobody has handed to it."""
_OWN_NAMESPACE = late_pattern(r"\b(?:globals|vars|locals|dir)\(\)|\bmodules\s*[\[.]")
_FINDS_MODULES = late_pattern(r"\b(?:import_module|__import__|walk_packages|iter_modules)\b")
_MOST_FILES = 60
"""How many files that name something of a proof are looked into."""
_DISPLAYS = (ast.Tuple, ast.List, ast.Set)


def handed_on(
    classes: Collection[str],
    modules: Collection[str],
    is_used: Callable[[ast.expr, SourceFile], bool],
    project: ProjectIndex,
    within: Collection[str],
) -> Iterator[str]:
    """The places that hand on a class or a module of a proof, in words.

    ``classes``: the names of the classes; ``modules``: the dotted names of their files;
    ``is_used`` says whether an expression may stand for one of them; ``within``: the files that are
    looked into.
    """
    yield from _found_by_path(modules, project)
    words = {*classes, *modules, *(name.rpartition(".")[2] for name in modules)}
    paths = [path for path in naming(classes, modules, project) if path in within]
    if len(paths) > _MOST_FILES:
        yield f"more than {_MOST_FILES} files name {min(classes, default=min(modules))}"
    for path in paths:
        module = project.module_at(path)
        found = carrying(module.tree, module.lines, words) if module is not None else {}
        for word, node in ((word, node) for word, nodes in found.items() for node in nodes):
            if module is not None and _hands_on(node, word, module):
                is_path = isinstance(node, ast.Constant)
                if is_path or (isinstance(node, ast.expr) and is_used(node, module)):
                    yield f"{path}:{getattr(node, 'lineno', 0)} hands on {word}"


def naming(classes: Collection[str], modules: Collection[str], project: ProjectIndex) -> list[str]:
    """The files that name a class, or bind a module, of the proof."""
    patterns = {name: rf"\b{re.escape(name)}\b" for name in classes}
    for name in modules:
        package, _, last = name.rpartition(".")
        inside = re.escape(f"{package.rpartition('.')[2]}.{last}")
        patterns[last] = (
            rf"\bimport\b[^\n#]*\b{last}\b|\bimport\s*\((?:[^)#]|#[^\n]*\n)*?\b{last}\b|[\"']{re.escape(name)}[\"']"
            rf"|^(?!\s*from\s)[^\n#]*\b{inside}\b"
        )
    found = {
        path
        for word, pattern in patterns.items()
        for path in project.holding(word)
        if re.search(pattern, joined_rows(project.files.text(path) or ""), re.MULTILINE)
    }
    return [path for path in program_files(project) if path in found]


def _found_by_path(modules: Collection[str], project: ProjectIndex) -> Iterator[str]:
    """The files that look into a module of the proof, or for the modules of its package."""
    for name in sorted(modules):
        own = project.module(name)
        if own is not None and _OWN_NAMESPACE.search(own.text):
            yield f"{own.path} looks into its own names"
        package = name.rpartition(".")[0]
        while package:
            above = project.module(package)
            if above is not None and _FINDS_MODULES.search(above.text):
                yield f"{above.path} looks for modules"
            package = package.rpartition(".")[0]


def _hands_on(node: ast.AST, word: str, module: SourceFile) -> bool:
    if isinstance(node, ast.Constant):
        return "." in word
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return False
    inner: ast.AST = node
    outer = module.parents.get(inner)
    while isinstance(outer, (*_DISPLAYS, ast.BinOp, ast.Subscript, ast.Starred)):
        inner, outer = outer, module.parents.get(outer)
        if isinstance(inner, ast.Subscript) and not _is_form_of_type(inner, module):
            return not _is_annotation(inner, module)
    return not (_only_asks(inner, outer, module) or _is_annotation(inner, module))


def _is_form_of_type(node: ast.Subscript, module: SourceFile) -> bool:
    dotted = module.bindings.qualified(node.value) or ""
    return dotted.startswith(("typing.", "typing_extensions.", "collections.abc.", "builtins."))


def _is_annotation(node: ast.AST, module: SourceFile) -> bool:
    outer = module.parents.get(node)
    while isinstance(outer, (*_DISPLAYS, ast.BinOp, ast.Subscript)):
        node, outer = outer, module.parents.get(outer)
    if isinstance(outer, ast.arg | ast.AnnAssign):
        return outer.annotation is node
    return isinstance(outer, FUNCTIONS) and outer.returns is node


def _only_asks(node: ast.AST, outer: ast.AST | None, module: SourceFile) -> bool:
    """Whether a class is only called, derived from, asked about or compared there."""
    if isinstance(outer, ast.Call):
        if outer.func is node:
            return True
        return module.bindings.qualified(outer.func) in _ASKING
    if isinstance(outer, ast.Attribute):
        return outer.attr not in _LEADS_ON
    if isinstance(outer, ast.ClassDef):
        return node in outer.bases or node in outer.decorator_list
    if isinstance(outer, FUNCTIONS):
        return node in outer.decorator_list
    return isinstance(outer, ast.Compare | ast.ExceptHandler | ast.MatchClass | ast.Expr)


def finds_class(receiver: ast.expr, module: SourceFile) -> bool:
    """Whether it is the class of some object, or comes from a search among classes or modules."""
    comes_from = [receiver]
    if isinstance(receiver, ast.Name):
        for one in module.bindings.definitions(receiver):
            loop = one.node.iter if isinstance(one.node, ast.For | ast.comprehension) else None
            comes_from += [value for value in (one.value, loop) if value is not None]
    return any(map(_finds_class, comes_from))


def _finds_class(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        name = getattr(value.func, "attr", "") or getattr(value.func, "id", "")
        is_made = name == "__new__" or isinstance(value.func, ast.Call)
        if is_made or (name == "type" and len(value.args) != 1):
            return False  # an object, or a class that is new
    return any(
        (isinstance(node, ast.Attribute) and node.attr in _FINDING_CLASSES)
        or (isinstance(node, ast.Name) and node.id in _FINDING_CLASSES)
        for node in ast.walk(value)
    )


def packages_of(modules: set[str]) -> dict[str, set[str]]:
    """The packages around some modules, and what each of them calls the next one."""
    found: dict[str, set[str]] = {}
    for one in modules:
        package, _, last = one.rpartition(".")
        while package:
            found.setdefault(package, set()).add(last)
            package, _, last = package.rpartition(".")
    return found
