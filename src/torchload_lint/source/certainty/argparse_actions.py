"""What argparse hands to the actions of a parser: the options that it makes itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.project import classes
from torchload_lint.source.project.class_mentions import mentions

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_GIVEN_OPTIONS = late_pattern(r"\bparse_\w*args\((?!\s*\))(?!\s*[\w.]+(?:\[[^][]*\])?\s*\))")
"""A call that is given more than one plain argument: perhaps an object of the program's own."""
_PLACE = 2
"""``__call__(self, parser, namespace, values, option_string)``."""


def is_given_options(node: ast.expr, module: SourceFile, project: ProjectIndex) -> bool:
    """Whether an expression is the second argument that argparse gives to an action: a
    ``Namespace`` of its own, as long as no parser is given another object, and nobody else calls
    the action. Raises TooManyError.
    """
    function = module.function(node)
    if not isinstance(node, ast.Name) or not isinstance(function, ast.FunctionDef):
        return False
    holder = module.parents.get(function)
    given = [*function.args.posonlyargs, *function.args.args][_PLACE : _PLACE + 1]
    if function.name != "__call__" or [each.arg for each in given] != [node.id]:
        return False
    if not isinstance(holder, ast.ClassDef) or _is_bound_again(node, function):
        return False
    if "argparse.Action" not in classes.base_names(holder, module, project):
        return False
    return project.remember(
        ("definitions", "argparse action", holder), lambda: _argparse_alone(holder, module, project)
    )


def _is_bound_again(node: ast.Name, function: ast.FunctionDef) -> bool:
    return any(
        isinstance(each, ast.Name) and each.id == node.id and not isinstance(each.ctx, ast.Load)
        for each in ast.walk(function)
    )


def _argparse_alone(holder: ast.ClassDef, module: SourceFile, project: ProjectIndex) -> bool:
    """Whether argparse makes the objects of a class, and calls them with what it has made."""
    for path in project.holding("parse_"):
        text = project.files.text(path)
        if text is None or _GIVEN_OPTIONS.search(text):
            return False
    return all(
        isinstance(where.parents.get(place), ast.keyword)
        and getattr(where.parents[place], "arg", "") == "action"
        for where, place in mentions(holder, module, project)
    )
