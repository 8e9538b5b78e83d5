"""Whether an attribute, or a name of a module, is given another value somewhere else."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.source.certainty.argparse_actions import is_given_options
from torchload_lint.source.certainty.escaping.seen_changes import stored
from torchload_lint.source.certainty.escaping.uses import PlaceOfUse
from torchload_lint.source.certainty.module_objects import is_handed_about
from torchload_lint.source.domain.values import (
    Class,
    Constant,
    Function,
    Instance,
    Made,
    ParsedOptions,
    Record,
    Sequence,
    Text,
    Unknown,
)
from torchload_lint.source.project.changes import reflection
from torchload_lint.source.project.mentions import modules_with

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from torchload_lint.source.certainty.escaping.seen_changes import OneProgram
    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.changes.reflection import ReflectedChange
    from torchload_lint.source.project.families import Family
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import FunctionNode


def attribute_stores(name: str, home: SourceFile, project: ProjectIndex) -> Iterator[PlaceOfUse]:
    """Every ``….name = value`` of the project, and whatever else gives it a value."""
    # What is called, or of which a part is taken, is not given a value there.
    stored = re.compile(rf"\.{re.escape(name)}\b(?!\s*[(.\[])")
    for module in modules_with(project, f".{name}", home, stored):
        if f".{name}" not in module.text:
            continue
        for node in module.carrying(name):
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                yield PlaceOfUse(module, node)


class Receivers:
    """Tells what the object may be on which an attribute is set."""

    def __init__(self, evaluator: Evaluator, project: ProjectIndex) -> None:
        self._evaluator = evaluator
        self._project = project

    def may_be_of(self, node: ast.expr, module: SourceFile, family: Family) -> bool:
        """Whether an expression may be an object of a family of classes, or one of them."""
        holder = module.bindings.class_of_self(node)
        if holder is not None:
            return holder in family.members
        if is_given_options(node, module, self._project):
            return False
        named = self._named(node, module)
        if named is not None:
            return any(each in family.members for each in named)
        return any(
            value.of.node in family.members
            if isinstance(value, Instance)
            else value.node in family.members
            if isinstance(value, Class)
            else not isinstance(value, _NO_OBJECTS)
            and not (isinstance(value, Made) and value.call is None)
            for value in self._values(node, module)
        )

    def may_be_module(self, node: ast.expr, module: SourceFile, target: SourceFile) -> bool:
        """Whether an expression may be a module of the project."""
        if module.bindings.class_of_self(node) is not None:
            return False
        if is_given_options(node, module, self._project):
            return False
        if "__main__" in module.bindings.possible(node):
            return True  # whichever file was started
        named = self._named(node, module)
        if named is not None:
            return any(each is target.tree for each in named)
        if not is_handed_about(target, self._project, module):
            return False
        return any(
            value.kind == "module"
            if isinstance(value, Record)
            else not isinstance(value, (*_NO_OBJECTS, Instance, Class))
            for value in self._values(node, module)
        )

    def may_be_namespace(self, node: ast.expr, module: SourceFile) -> bool:
        """Whether an expression may be a namespace, the options of a program, a configuration."""
        if module.bindings.class_of_self(node) is not None:
            return False
        if self._named(node, module) is not None:
            return False
        return any(
            not isinstance(value, Instance | Class | Sequence | Text | Constant | Made | Function)
            and not (isinstance(value, Record) and value.kind == "module")
            for value in self._values(node, module)
        )

    def is_known(self, node: ast.expr, module: SourceFile) -> bool:
        """Whether it is known what an expression is, other than what a function has just made: to
        that it gives its first attributes, which is followed.
        """
        function = module.function(node)
        if function is not None and isinstance(node, ast.Name):
            made = module.bindings.definitions(node)
            if made and all(isinstance(each.value, ast.Call) for each in made):
                return False
        values = self._values(node, module)
        return bool(values) and not any(isinstance(each, Unknown) for each in values)

    def _named(self, node: ast.expr, module: SourceFile) -> list[ast.AST] | None:
        """What an expression stands for by its name alone: classes, modules of the project (none,
        for what is another package's); None where names do not tell.
        """
        meanings = module.bindings.possible(node)
        if not meanings or "" in meanings:
            return None
        found: list[ast.AST] = []
        for meaning in meanings:
            definitions = self._project.definitions(meaning, module.path)
            if any(each.kind == "value" for each in definitions):
                return None
            if not definitions and self._project.split(meaning, module.path)[0] is not None:
                return None
            found.extend(each.node for each in definitions)
        return found

    def _values(self, node: ast.expr, module: SourceFile) -> Values:
        return self._evaluator.aside(node, module)


_NO_OBJECTS = (Record, ParsedOptions, Sequence, Text, Constant, Function)


_OF_A_FILE = ("code", "globals")
"""Changes by which a program that is a file sets its own names (``exec``, ``globals()``)."""


def _only_computes(change: ReflectedChange) -> bool:
    return isinstance(change.node, ast.Name) and change.node.id == "eval"


def by_reflection(
    name: str,
    program: OneProgram,
    may_be: Callable[[ast.expr, SourceFile], bool],
    is_known: Callable[[ast.expr, SourceFile], bool],
    *,
    in_module: SourceFile | None = None,
    of: SourceFile | None = None,
) -> str:
    """Why a name may be changed by ``setattr`` or its kind; empty where it is not. ``is_known``:
    whether it is known what an object is.
    """
    home = program.home
    for change in reflection.changes(program.project, home):
        if change.name not in {None, name}:
            continue
        if change.kind == "globals" and change.module is not in_module:
            continue
        if change.kind == "modules" and in_module is None:
            continue
        if change.kind == "innards" or (
            change.kind == "code" and not may_speak_of(name, change, in_module or of or home)
        ):
            continue
        if change.receiver is not None and not may_be(change.receiver, change.module):
            continue
        why = f"{change.shown} may set {name}"
        own = change.module is home and change.kind in _OF_A_FILE
        if change.name == name or (own and not _only_computes(change)):
            return program.seen(why, change.module, None)
        receiver = change.receiver
        if receiver is None or change.value is None or not is_known(receiver, change.module):
            return why
        return program.seen(why, change.module, change.value)
    return ""


_TO_A_NOTEBOOK = (
    r"import __main__|modules\W+__main__|_getframe|currentframe|stack\(|get_ipython|user_ns|\bgc\."
)
"""What a file holds that gets at the names of a notebook, which nobody imports."""


def may_speak_of(name: str, change: ReflectedChange, home: SourceFile) -> bool:
    """Whether code that a file makes up may speak of a name of another file (or of its own)."""
    if change.words is not None and name not in change.words:
        return False
    module, word = change.module, home.name.rpartition(".")[2]
    spelled = rf"\b{re.escape(word)}\b" if word else _TO_A_NOTEBOOK
    is_own = module is home or module.path == home.path
    return is_own or re.search(spelled, module.text) is not None


def by_assignment(
    name: str,
    program: OneProgram,
    may_be: Callable[[ast.expr, SourceFile], bool],
    known: Collection[ast.AST],
) -> str:
    """Why a name may be assigned to from elsewhere: in the program of the load, if it is there;
    ``known`` are the targets that were seen.
    """
    first = ""
    for module, node, *_ in attribute_stores(name, program.home, program.project):
        assert isinstance(node, ast.Attribute)
        if node in known or (first and not program.holds(module.path)):
            continue
        if may_be(node.value, module):
            why = f"{module.path}:{node.lineno} sets {ast.unparse(node)}"
            if program.comes_by(node, module):
                return stored(why, node, module)
            first = first or why
    return first


def made_for(change: ReflectedChange) -> ast.AST | None:
    """The enumeration whose own ``__new__`` sets the value of the member that it makes."""
    function = change.module.function(change.node)
    if getattr(function, "name", "") != "__new__" or not isinstance(change.receiver, ast.Name):
        return None
    definitions = change.module.bindings.definitions(change.receiver)
    made = definitions and all(
        change.module.function(each.node) is function for each in definitions
    )
    holder = change.module.parents.get(function) if function and made else None
    return holder if isinstance(holder, ast.ClassDef) else None


def may_call(change: ReflectedChange, function: FunctionNode, module: SourceFile) -> bool:
    """Whether code that is made up may call a function."""
    name = getattr(function, "name", "__call__")
    if name.startswith("__"):
        change = change._replace(words=None)  # it is called without its name
    return may_speak_of(name, change, module)
