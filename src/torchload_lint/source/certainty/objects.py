"""Whether objects of the project's classes, or modules, get into hands that are not followed."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from torchload_lint.source.certainty.escaping.asked import Asked
from torchload_lint.source.certainty.escaping.escapes import Watch
from torchload_lint.source.certainty.escaping.uses import PlaceOfUse
from torchload_lint.source.certainty.module_objects import as_values
from torchload_lint.source.names import members
from torchload_lint.source.project.class_mentions import mentions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.families import Family


def given_away(name: str, relatives: Family, evaluator: Evaluator) -> str:
    """Who, outside the project, may set an attribute of an object of a family of classes (or of
    one of the classes); empty where nobody may. Raises TooManyError.
    """
    watch = Watch(evaluator)
    methods = [
        (method, where) for level, where in relatives.members.items() for method in _of(level)
    ]
    giving = frozenset(
        method.name
        for method, where in methods
        if where.remember(("gives itself", method), partial(_gives_itself, method))
    )
    asked = Asked(name, 0, items=False, given_by=giving)
    for node, where in relatives.subclasses.items():
        for module, place in mentions(node, where, evaluator.project):
            parent = module.parents.get(place)
            made = parent if isinstance(parent, ast.Call) and parent.func is place else place
            why = watch.use(PlaceOfUse(module, made), asked, 0)
            if why:
                return why
    for method, where in methods:
        for receiver in _receiver(method):
            why = watch.parameter(receiver, method, where, asked, 0)
            if why:
                return why
    return ""


def module_given_away(name: str, target: SourceFile, home: SourceFile, evaluator: Evaluator) -> str:
    """The same for a name of a module."""
    watch = Watch(evaluator)
    asked = Asked(name, 0, items=False)
    places = as_values(target, evaluator.project, home)
    return next(
        filter(None, (watch.use(PlaceOfUse(module, node), asked, 0) for module, node in places)), ""
    )


def _of(level: ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for method in members.body(level.body):
        if members.is_function(method) and not members.is_static(method):
            yield method


def _receiver(method: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [*method.args.posonlyargs, *method.args.args][:1]


def _gives_itself(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method may return its object (not a part of it)."""
    names = {receiver.arg for receiver in _receiver(method)}
    for node in ast.walk(method):
        if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
            parts = {each.value for each in ast.walk(node.value) if isinstance(each, ast.Attribute)}
            for each in ast.walk(node.value):
                if isinstance(each, ast.Name) and each.id in names and each not in parts:
                    return True
    return False
