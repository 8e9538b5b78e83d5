"""Whom a question asks what a function is given: all callers, or those of its own file."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.project import callers
from torchload_lint.source.project.call_search import calls_named
from torchload_lint.source.project.call_targets import CallTarget, Site

if TYPE_CHECKING:
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import NamedFunction


def asked_callers(
    evaluator: Evaluator, module: SourceFile, function: NamedFunction
) -> callers.Sites:
    """The calls of a function that a question goes on to."""
    project = evaluator.project
    if not evaluator.is_near:
        return callers.sites(project, module, function)
    return project.remember(
        ("near callers", function), lambda: _near(project, module, function), stands=True
    )


def _near(project: ProjectIndex, module: SourceFile, function: NamedFunction) -> callers.Sites:
    """The calls in the function's own file; there may be more."""
    holder = module.parents.get(function)
    owner = holder if isinstance(holder, ast.ClassDef) else None
    target = CallTarget(project, module, function, owner)
    calls = calls_named(project, module, target.name) if target.name else ()
    meanings = (target.meaning(module, call) for call in calls)
    found = [each for each in meanings if isinstance(each, Site)]
    return callers.Sites(tuple(found[: callers.MAX_CALLS]), cut=True, name=target.name)
