"""The places that name a function without calling it: by their words first."""

from __future__ import annotations

import ast
import sys
from bisect import bisect_right
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.text.candidates import carrying
from torchload_lint.source.text.expressions import last_name
from torchload_lint.source.text.imports_in_text import imported_words, joined_with_imports
from torchload_lint.source.text.word_places import places_of, stands_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.imports_in_text import TextImport

_KEEPING = frozenset({"builtins", "torch", *sys.stdlib_module_names})
"""Packages whose decorators leave a function to its callers."""
_NO_CODE = ("#", "def ", "class ", "async def ")
_NEAR = 8
_AFTER_A_CALL = ("(", ".", ":")
_BEHIND_A_DOT, _ALONE = "behind a dot", "alone"


class Mention(NamedTuple):
    """A place that names a function, and from which it goes where it is not followed."""

    module: SourceFile
    node: ast.expr
    what: str
    """What happens there: ``is returned by make()``."""

    @property
    def place(self) -> str:
        """``train.py:12``."""
        return f"{self.module.path}:{self.node.lineno}"


def decorated(
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, module: SourceFile
) -> Iterator[Mention]:
    """The decorators that may keep what they are given: ``@register("net")``."""
    for mark in node.decorator_list:
        function = mark.func if isinstance(mark, ast.Call) else mark
        dotted = module.bindings.qualified(function) or ""
        if dotted.partition(".")[0] not in _KEEPING:
            shown = last_name(function)
            yield Mention(module, mark, f"is handed to the decorator {shown}()")


def may_pass_on(text: str, name: str, *, of_object: bool, home: bool) -> bool:
    """Whether a file may hand on what has that name, or call it by another one.

    ``of_object``: whether it is a method, which others name behind a dot; ``home``: whether the
    file defines it. Others import it, where they name it without a module.
    """
    if not stands_in(name, text):
        return False
    joined, imports = joined_with_imports(text)
    listed = [each for each in imports if joined.find(name, each.start, each.end) >= 0]
    if any(alias for each in listed for one, alias in each.names if one == name):
        return True
    named = set(_named_outside(text, name, listed))
    if _BEHIND_A_DOT in named:
        return True
    is_imported = home or bool(listed) or "*" in imported_words(text)
    return is_imported and _ALONE in named and (home or not of_object)


def _named_outside(text: str, name: str, listed: list[TextImport]) -> Iterator[str]:
    """How a text names it besides some imports: not where it calls it, gives or defines it."""
    starts = [each.start for each in listed]
    for place in places_of(name, text):
        around = bisect_right(starts, place) - 1
        if around >= 0 and place < listed[around].end:
            continue
        before = text[text.rfind("\n", 0, place) + 1 : place]
        end = place + len(name)
        after = text[end : end + _NEAR].lstrip(" \t")
        if before.lstrip().startswith(_NO_CODE) and not before.rstrip().endswith("="):
            continue  # and no default either
        if not after.startswith(_AFTER_A_CALL) and (after[:1] != "=" or after[:2] == "=="):
            yield _BEHIND_A_DOT if before.endswith(".") else _ALONE


def places(module: SourceFile, name: str) -> Iterator[ast.Name | ast.Attribute]:
    """The expressions that name it and do not call it, or call it by an import's other name."""
    words = {name}
    for node in carrying(module.tree, module.lines, words)[name]:
        if isinstance(node, ast.alias) and node.asname:
            words.add(node.asname)
    for word, nodes in carrying(module.tree, module.lines, words).items():
        for node in nodes:
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                around = module.parents.get(node)
                is_call = isinstance(around, ast.Call) and around.func is node
                if not (is_call and word == name):
                    yield node
