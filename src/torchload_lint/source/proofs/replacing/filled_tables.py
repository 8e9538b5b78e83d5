"""Tables that the program fills with more than data: ``Net.hooks.append(f)``, ``TABLE["x"] = f``.

A proof takes what stands in the list or dictionary of a class or a module for all that it holds.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.names.members import body
from torchload_lint.source.project.changes.attribute_stores import program_files
from torchload_lint.source.project.classes import ancestry
from torchload_lint.source.proofs.replacing.own_objects import is_data
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_ADDING = (
    "add append appendleft extend insert setdefault update __setitem__ __iadd__ __ior__".split()
)
_TABLES = (ast.Dict, ast.List, ast.Set)


class _Table(NamedTuple):
    """A list, set or dictionary that a class or a module has under a name."""

    name: str
    value: ast.expr
    home: SourceFile
    owner: ast.ClassDef | None


def why_filled(nodes: Iterable[ast.AST], files: Iterable[SourceFile], project: ProjectIndex) -> str:
    """Where the program may put something into a table of a proof; empty where it does not.

    ``nodes``: what the proof has read, in these files.
    """
    read = set(nodes)
    programs = set(program_files(project))
    for table in _tables(read, list(files)):
        name = re.escape(table.name)
        filling = re.compile(
            rf"\b{name}\s*(?:\[[^\n]*?\]\s*[|+]?=(?!=)|[|+]=|\.\s*(?:{'|'.join(_ADDING)})\s*\()"
        )
        for path in sorted(programs.intersection(project.holding(table.name))):
            if not filling.search(project.files.text(path) or ""):
                continue
            module = project.module_at(path)
            for use in _filled(table, module) if module is not None else ():
                if module is not None and _may_be(use, table, read, module, project):
                    return f"{path}:{use.lineno} puts something into {table.name}"
    return ""


def _tables(nodes: set[ast.AST], files: list[SourceFile]) -> Iterator[_Table]:
    for home in files:
        for statement in body(home.tree.body):
            if getattr(statement, "value", None) in nodes:
                yield from _named(statement, home, None)
        for owner in (one for one in ast.walk(home.tree) if one in nodes):
            if isinstance(owner, ast.ClassDef):
                for statement in body(owner.body):
                    yield from _named(statement, home, owner)


def _named(statement: ast.stmt, home: SourceFile, owner: ast.ClassDef | None) -> Iterator[_Table]:
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return
    value = statement.value
    if value is None or not any(isinstance(one, _TABLES) for one in ast.walk(value)):
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    for target in targets:
        if isinstance(target, ast.Name) and not target.id.startswith("__"):
            yield _Table(target.id, value, home, owner)


def _filled(table: _Table, home: SourceFile) -> Iterator[ast.Name | ast.Attribute]:
    """The uses of a name in a file that put more than data into what it stands for."""
    for node in ast.walk(home.tree):
        if isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name == table.name and _puts_in(node, home):
                yield node


def _puts_in(node: ast.expr, home: SourceFile) -> bool:
    user = home.parents.get(node)
    while isinstance(user, ast.Subscript) and user.value is node and isinstance(user.ctx, ast.Load):
        node, user = user, home.parents.get(user)
    if isinstance(user, ast.Subscript) and user.value is node:
        statement = home.parents.get(user)
        if isinstance(user.ctx, ast.Del):
            return False
        return not isinstance(statement, ast.Assign) or not is_data(statement.value, home)
    if isinstance(user, ast.AugAssign):
        return user.target is node and not is_data(user.value, home)
    call = home.parents.get(user) if isinstance(user, ast.Attribute) else None
    if not isinstance(user, ast.Attribute) or user.attr not in _ADDING:
        return False
    if not isinstance(call, ast.Call) or call.func is not user:
        return True
    given = (*call.args, *(one.value for one in call.keywords))
    return not all(is_data(one, home) for one in given)


def _may_be(
    use: ast.Name | ast.Attribute,
    table: _Table,
    read: set[ast.AST],
    home: SourceFile,
    project: ProjectIndex,
) -> bool:
    """Whether a name in a file may stand for the table."""
    whole = f"{table.home.name}.{table.name}"
    if isinstance(use, ast.Name):
        if table.home is home or table.home.path == home.path:
            return any(one.value is table.value for one in home.bindings.definitions(use))
        return whole in home.bindings.possible(use)
    if table.owner is None and isinstance(use.value, ast.Name):
        possible = home.bindings.possible(use.value)
        return not possible or "" in possible or table.home.name in possible
    holder = home.bindings.class_of_self(use.value)
    if holder is None:
        return table.owner is not None or not isinstance(use.value, ast.Name)
    if table.owner is None or _sets_its_own(holder, table.name, home):
        return False
    return holder in read or any(
        level is table.owner for level, _ in ancestry(holder, home, project)
    )


def _sets_its_own(holder: ast.ClassDef, name: str, home: SourceFile) -> bool:
    """Whether each object has a table of its own: ``self.hooks = []`` in ``__init__``."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == name
        and isinstance(node.ctx, ast.Store)
        and home.bindings.class_of_self(node.value) is not None
        for one in body(holder.body)
        if isinstance(one, FUNCTIONS) and one.name == "__init__"
        for node in ast.walk(one)
    )
