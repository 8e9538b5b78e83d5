"""Where the program gives a class of a proof to what may be a function of a library.

A library's function that is given a class may set attributes of it (``extend(Net, f)``), and so may
a decorator that finds the class by an annotation (``@patch def forward(self: Net)``).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.proofs.replacing.handing_classes import naming
from torchload_lint.source.text.candidates import carrying
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_HOLDING = (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Starred, ast.Attribute, ast.keyword)
"""What a class may stand in where it is given to somebody; an attribute of it may lead to it."""
_WORD = late_pattern(r"\w+")


def takers_in_program(
    classes: Collection[str], project: ProjectIndex
) -> Iterator[tuple[SourceFile, ast.expr]]:
    """What is given one of some classes, by whatever expression names it, and the file of that."""
    for path in naming(classes, (), project):
        module = project.module_at(path)
        if module is None:
            continue
        found = carrying(module.tree, module.lines, classes)
        for node in (node for nodes in found.values() for node in nodes):
            yield from ((module, taker) for taker in _takers(node, module))
        yield from ((module, one) for one in _decorators_that_find(classes, module))


def _takers(node: ast.AST, module: SourceFile) -> Iterator[ast.expr]:
    """What is called with a class; bases that it is a keyword of; what decorates a derived one."""
    inner, outer = node, module.parents.get(node)
    while isinstance(outer, _HOLDING):
        inner, outer = outer, module.parents.get(outer)
    if isinstance(outer, ast.Call) and inner is not outer.func:
        yield outer.func
    elif isinstance(outer, ast.Call):  # ``Net()``, whose object leads to its class
        yield from _takers(outer, module)
    elif isinstance(outer, ast.ClassDef) and isinstance(inner, ast.keyword):
        yield from outer.bases
    elif isinstance(outer, ast.ClassDef):  # whoever is given a derived class finds its bases
        yield from (_called(one) for one in outer.decorator_list)


def _decorators_that_find(classes: Collection[str], module: SourceFile) -> Iterator[ast.expr]:
    """The decorators of functions with one of some classes in an annotation."""
    by_word = module.remember("decorators by annotation", lambda: _by_annotation(module.tree))
    found = (one for name in sorted(classes) for one in by_word.get(name, ()))
    yield from dict.fromkeys(found)


def _by_annotation(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """What decorates functions, under each word of the functions' parameters and annotations."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS) and node.decorator_list:
            said = [ast.unparse(part) for part in (node.args, node.returns) if part is not None]
            for word in set(_WORD.findall(" ".join(said))):
                found.setdefault(word, []).extend(map(_called, node.decorator_list))
    return found


def _called(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator
