"""Which calls of a file are worth following into an installed package.

Two kinds: calls that look like a load (a loader's name, or the name of a checkpoint among what is
given), and in files that import a package whose source holds a ``torch.load``, all calls that may
lead into it and are given what may be a path.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, TypeGuard

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.loaders.prefilter import imports_loading_package, is_loading_package
from torchload_lint.source.loaders.receivers import kinds, library_bases
from torchload_lint.source.text.candidates import on_rows, rows_with, walk
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_NAMED = late_pattern(r"\.(?:pt|pth|ckpt|th|chkpt|bin|pkl|model)['\"]")
_TELLING = ("load", "restore", "resume", "checkpoint", "ckpt")
"""Parts of the names of functions that load."""
_MOST_LIKELY = 80
"""How many calls of one file are followed that look like a load."""
_MOST_OTHERS = 120
"""How many others."""
_NOT_LOADING = frozenset(
    "open print join exists Path load_dotenv isfile remove len str download urlretrieve".split()
)
"""The last words of calls that are given paths and load nothing."""
_TEXTS = frozenset({"Path", "PurePath", "str", "fspath", "join", "format", "abspath", "expanduser"})
"""The last words of calls that give a path."""
_NAMES = (ast.Name, ast.Attribute)
"""How a function is named that is handed on."""
_PASSED_ON = (
    ast.Name, ast.Attribute, ast.Subscript, ast.IfExp, ast.BoolOp, ast.List, ast.Tuple, ast.Starred,
    ast.NamedExpr, ast.Call,
)  # fmt: skip
"""What may be a path as far as one can see."""
_DEPTH = 3


def likely_calls(module: Module) -> list[ast.Call]:
    """The calls that are given the name of a checkpoint, or are called like a loader."""
    text, lines = module.text, module.lines
    rows = set(rows_with(lines, _called_like_a_loader(text)))
    for match in _NAMED.finditer(text):
        rows.add(lines.position(match.start()).row)
    names = {
        target.id
        for node in on_rows(module.tree, sorted(rows))
        if isinstance(node, (ast.Assign, ast.For, ast.comprehension))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    rows |= set(rows_with(lines, names))
    nodes = on_rows(module.tree, sorted(rows))
    return [node for node in nodes if _is_given_something(node)][:_MOST_LIKELY]


def _called_like_a_loader(text: str) -> set[str]:
    """The names that hold a loader's word, in any case, and are called somewhere.

    The words are searched for one by one, which is much faster than a pattern that may begin with
    any letter.
    """
    lowered = text.replace("İ", "I").lower()  # the only letter that would get longer
    found = set()
    for word in _TELLING:
        for match in re.finditer(rf"{word}\w*(?=\s*\()", lowered):
            begin = match.start()
            while begin and (text[begin - 1].isalnum() or text[begin - 1] == "_"):
                begin -= 1
            found.add(text[begin : match.end()])
    return found


def other_calls(module: Module, project: ProjectIndex) -> list[ast.Call]:
    """The calls that may lead into a package whose source holds a load, whatever their name."""
    if not imports_loading_package(module.text.encode(), project.environment):
        return []
    found: list[ast.Call] = []
    for node in walk(module.tree):
        if _is_given_something(node):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if not any(isinstance(one, _PASSED_ON) or is_text(one, module) for one in given):
                continue  # asked first, for it costs less
            functions = [node.func, *(one for one in given if isinstance(one, _NAMES))]
            if any(_may_lead_there(one, module, project) for one in functions):
                found.append(node)
                if len(found) == _MOST_OTHERS:
                    break
    return found


def _is_given_something(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and bool(node.args or node.keywords)
        and last_name(node.func) not in _NOT_LOADING
    )


def _may_lead_there(function: ast.expr, module: Module, project: ProjectIndex) -> bool:
    """Whether what is called may be such a package's, or a method of what one cannot see."""
    names = module.bindings.possible(function) - {""}
    if not names and isinstance(function, ast.Attribute):
        return _may_be_method_there(function, module, project)
    if not names:
        return isinstance(function, (ast.Subscript, ast.Call))
    own = (module.name or "__main__") + "."
    for name in names:
        root = name.partition(".")[0]
        is_own_class = name.startswith(own) and name.rpartition(".")[2][:1].isupper()
        if is_own_class or (is_loading_package(root, project.environment)):
            return True
    return False


def _may_be_method_there(method: ast.Attribute, module: Module, project: ProjectIndex) -> bool:
    """Whether a method is that of a class of such a package, or of a class with such a base."""
    found = kinds(method.value, module, project)
    names, own = library_bases(found, method.attr, project)
    roots = {name.partition(".")[0] for name in names}
    return not own and any(is_loading_package(root, project.environment) for root in roots)


def is_text(node: ast.expr, module: Module, depth: int = _DEPTH) -> bool:
    """Whether an expression is certainly a text or a path, as far as the file shows."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(node.value)
    if isinstance(node, ast.BinOp):
        return is_text(node.left, module, depth) or is_text(node.right, module, depth)
    if isinstance(node, ast.Call):
        return last_name(node.func) in _TEXTS
    if isinstance(node, ast.Name) and depth:
        values = [one.value for one in module.bindings.definitions(node)]
        return bool(values) and all(
            value is not None and is_text(value, module, depth - 1) for value in values
        )
    return isinstance(node, ast.JoinedStr)
