"""Tables that the program may fill with more than data: ``Net.hooks.append(f)``, ``fill(TABLE)``.

A proof takes what stands in the list or dictionary of a class or a module for all that it holds. So
whoever has the table besides may read it, or put data into it; any other use of it counts.
"""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.names.members import body
from torchload_lint.source.project.changes.of_the_program import program_files
from torchload_lint.source.project.classes import ancestry
from torchload_lint.source.proofs.replacing.own_objects import is_data
from torchload_lint.source.proofs.uses.shared import depth_of, is_only_read
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_ADDING = frozenset(
    "add append appendleft extend insert setdefault update __setitem__ __iadd__ __ior__".split()
)
_TAKING = frozenset("clear discard pop popitem popleft remove reverse".split())
"""Methods that put nothing in."""
_SHOWING = frozenset(
    """
    builtins.print copy.copy copy.deepcopy json.dump json.dumps pprint.pformat pprint.pprint
    random.choice random.choices random.sample
    """.split()
)
"""Functions that only read what they are given."""
_ALL_NAMES = {"vars": "builtins.vars", "dir": "builtins.dir", "getmembers": "inspect.getmembers"}
"""Functions that give all that a class or a module has."""
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
    tables = list(_tables(read, list(files)))
    found = (place for table in tables for place in _filled(table, read, project))
    return next(found, "") or (next(_gone_through(read, project), "") if tables else "")


def _filled(table: _Table, read: set[ast.AST], project: ProjectIndex) -> Iterator[str]:
    """The places that may put code into one table."""
    depth = depth_of(table.value, table.home)
    for module in _programs_with(table.name, project):
        for use in _uses(table, module):
            is_it = _may_be(use, table, read, module, project)
            if is_it and not _leaves_data(use.node, depth, module):
                yield f"{module.path}:{use.node.lineno} may put something into {table.name}"


def _gone_through(read: set[ast.AST], project: ProjectIndex) -> Iterator[str]:
    """Where the program takes all that a class or a module of the proof has: ``vars(Net)``."""
    for word in (*_ALL_NAMES, "__dict__"):
        for module in _programs_with(word, project):
            for node in (one for one in ast.walk(module.tree) if isinstance(one, ast.expr)):
                given = _all_of(node, module)
                if given is not None and _is_of(given, read, module, project):
                    whose = ast.unparse(given)
                    yield f"{module.path}:{node.lineno} takes all that {whose} has"


def _is_of(node: ast.expr, read: set[ast.AST], home: SourceFile, project: ProjectIndex) -> bool:
    """Whether it names a class or a module of the proof."""
    return any(
        one.node in read
        for dotted in filter(None, home.bindings.possible(node))
        for one in project.definitions(dotted, home.path)
    )


def _programs_with(word: str, project: ProjectIndex) -> Iterator[SourceFile]:
    for path in sorted({*program_files(project)}.intersection(project.holding(word))):
        module = project.module_at(path)
        if module is not None:
            yield module


def _all_of(node: ast.AST, home: SourceFile) -> ast.expr | None:
    """Whose names are taken, all at once."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return node.value
    if isinstance(node, ast.Call) and node.args:
        is_known = home.bindings.qualified(node.func) in _ALL_NAMES.values()
        return node.args[0] if is_known else None
    return None


def _tables(nodes: set[ast.AST], files: list[SourceFile]) -> Iterator[_Table]:
    for home in files:
        for statement in body(home.tree.body):
            if getattr(statement, "value", None) in nodes:
                yield from _named(statement, home, None)
        for owner in home.remember("its classes", partial(_classes, home.tree)):
            for statement in body(owner.body) if owner in nodes else ():
                yield from _named(statement, home, owner)


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


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


class _Use(NamedTuple):
    """A place that names a table, or asks something for it."""

    node: ast.expr
    receiver: ast.AST | None
    """What is asked for it: ``Net`` in ``Net.hooks``, ``getattr(Net, "hooks")``."""


def _uses(table: _Table, home: SourceFile) -> Iterator[_Use]:
    """The places of a file that may get hold of a table."""
    for node in ast.walk(home.tree):
        if isinstance(node, ast.Name):
            yield _Use(node, None)
        elif isinstance(node, ast.Attribute) and node.attr == table.name:
            yield _Use(node, node.value)
        elif isinstance(node, ast.Constant) and node.value == table.name:
            yield from _by_text(node, home)
        elif isinstance(node, ast.MatchClass) and table.name in node.kwd_attrs:
            yield _Use(node.cls, node)


def _by_text(name: ast.Constant, home: SourceFile) -> Iterator[_Use]:
    """``getattr(Net, "hooks")``, ``attrgetter("hooks")`` and ``f.__globals__["TABLE"]``."""
    user = home.parents.get(name)
    if isinstance(user, ast.Call):
        called = home.bindings.qualified(user.func)
        if called == "builtins.getattr" and name in user.args[1:2]:
            yield _Use(user, user.args[0])
        elif called == "operator.attrgetter":
            yield _Use(user, user)
    elif isinstance(user, ast.Subscript) and user.slice is name:
        names = user.value
        if getattr(names, "attr", "") in {"__globals__", "f_globals"}:
            yield _Use(user, names)


def _leaves_data(node: ast.expr, depth: int, home: SourceFile) -> bool:
    """Whether a use of a table leaves nothing but data in it."""
    user = home.parents.get(node)
    if isinstance(user, ast.AugAssign) and user.target is node:
        return is_data(user.value, home)
    if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
        return True  # another table under its name: that is looked at elsewhere
    if is_only_read(node, home, depth):
        return True
    if isinstance(user, ast.Subscript) and user.value is node:
        return _leaves_item(user, depth, home)
    call = home.parents.get(user) if isinstance(user, ast.Attribute) else user
    if not isinstance(call, ast.Call):
        return False
    given = (*call.args, *(one.value for one in call.keywords))
    if call.func is user and isinstance(user, ast.Attribute):
        is_given_data = user.attr in _ADDING and all(is_data(one, home) for one in given)
        return is_given_data or user.attr in _TAKING
    return home.bindings.qualified(call.func) in _SHOWING and user is call


def _leaves_item(item: ast.Subscript, depth: int, home: SourceFile) -> bool:
    if isinstance(item.ctx, ast.Load):
        return _leaves_data(item, depth - 1, home)
    statement = home.parents.get(item)
    if isinstance(item.ctx, ast.Del):
        return True
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return False
    return is_data(statement.value, home)


def _may_be(
    use: _Use,
    table: _Table,
    read: set[ast.AST],
    home: SourceFile,
    project: ProjectIndex,
) -> bool:
    """Whether a place in a file may stand for the table."""
    whole = f"{table.home.name}.{table.name}"
    receiver = use.receiver
    if receiver is None:
        if isinstance(use.node, ast.Name) and table.home.path == home.path:
            return any(one.value is table.value for one in home.bindings.definitions(use.node))
        return table.owner is None and whole in home.bindings.possible(use.node)
    if not isinstance(receiver, ast.expr):
        return True
    if table.owner is None and isinstance(receiver, ast.Name):
        possible = home.bindings.possible(receiver)
        return not possible or "" in possible or table.home.name in possible
    holder = home.bindings.class_of_self(receiver)
    if holder is None:
        return table.owner is not None or not isinstance(receiver, ast.Name)
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
