"""Proves a class of the project harmless: whatever a weights-only load can reach in it.

Such a load builds an object of an allowed class with REDUCE (which calls the class, with arguments
that the file chooses), NEWOBJ and BUILD (torch 2.13 ``_weights_only_unpickler.py``). What torch
allows by itself then does more with it: ``_rebuild_from_type_v2`` calls any object that it is given
and sets attributes of what that returns (``_tensor.py``, ``_utils.py``); ``set``, ``OrderedDict``
and their like go through it; a key is hashed and compared. So every special method is within reach,
every property, and every method that torch or Python may call by name. All of it, and all that it
uses, must be known to be harmless; what is unknown is not.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from torchload_lint.source.names.members import base_expressions, body, is_function
from torchload_lint.source.proofs.code import CodeReader, Holder, Piece, UnprovenError
from torchload_lint.source.proofs.harmless import (
    ALWAYS_REACHED,
    DECORATORS,
    METACLASSES,
    is_harmless_base,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_MAX_PIECES = 400
"""How many functions, classes and values one proof looks into."""
_NOT_REACHED = frozenset({"__reduce__", "__reduce_ex__", "__getstate__", "__init_subclass__"})
"""Special methods that only saving, or the making of a class, calls."""
_MADE_BASES = frozenset({"collections.namedtuple", "typing.NamedTuple"})
_PLAIN_DECORATORS = DECORATORS - {"builtins.property", "functools.cached_property"}


class Proof(NamedTuple):
    """What came of trying to prove a class harmless."""

    unproven: str = ""
    """Why it is not proven; empty where it is."""
    asks: frozenset[str] = frozenset()
    """Attributes that its code asks of objects which may be of any class that is allowed."""
    loose: frozenset[str] = frozenset()
    """Its methods that no proof has looked at."""


def prove_class(node: ast.ClassDef, module: Module, project: ProjectIndex) -> Proof:
    """Prove that a checkpoint may build, fill and call objects of a class as it likes."""
    search = _Search(project)
    try:
        search.run(Piece(node, module))
    except UnprovenError as problem:
        return Proof(str(problem))
    loose = search.loose()
    mixed = loose & search.asks
    if mixed:
        name = min(mixed)
        return Proof(f"{module.path}: it may call {name}, which nothing shows to be harmless")
    return Proof("", frozenset(search.asks), loose)


class _Search:
    """All that one class leads to, each piece looked at once."""

    def __init__(self, project: ProjectIndex) -> None:
        self.project = project
        self.asks: set[str] = set()
        self._methods: dict[ast.AST, str] = {}
        self._waiting: list[Piece] = []
        self._seen: set[tuple[ast.AST, Holder | None, bool]] = set()

    def run(self, piece: Piece) -> None:
        """Look at a piece and at all that it leads to. Raises UnprovenError."""
        self._waiting.append(piece)
        while self._waiting:
            current = self._waiting.pop()
            key = (current.node, current.holder, current.unbound)
            if key in self._seen:
                continue
            self._seen.add(key)
            if len(self._seen) > _MAX_PIECES:
                raise UnprovenError(f"it leads to more than {_MAX_PIECES} pieces of code")
            if isinstance(current.node, ast.ClassDef):
                self._class(current.node, current.module)
            else:
                self._code(current)

    def loose(self) -> frozenset[str]:
        """The names of the methods that nothing led to."""
        reached = {node for node, *_ in self._seen}
        return frozenset(name for node, name in self._methods.items() if node not in reached)

    def _code(self, piece: Piece) -> None:
        reader = CodeReader(piece.module, self.project)
        if is_function(piece.node):
            _check_decorators(piece.node, piece.module)
            reader.function(piece.node)
        elif isinstance(piece.node, ast.expr):
            reader.value(piece.node)
        else:
            raise UnprovenError(f"{piece.module.path} has what is neither a function nor a value")
        self._waiting += reader.uses
        self.asks |= reader.others
        if piece.holder is None or piece.unbound:
            self.asks |= reader.own
        if piece.holder is None:
            return
        for level, home in lineage(*piece.holder, self.project):
            for statement in body(level.body):
                if is_function(statement) and statement.name in reader.own:
                    self._waiting.append(Piece(statement, home, piece.holder))

    def _class(self, node: ast.ClassDef, module: Module) -> None:
        for level, home in lineage(node, module, self.project):
            for statement in body(level.body):
                if is_function(statement):
                    self._methods[statement] = statement.name
                    if _is_within_reach(statement, home):
                        self._waiting.append(Piece(statement, home, Holder(node, module)))
                else:
                    self._member(statement, home)

    def _member(self, statement: ast.stmt, home: Module) -> None:
        """What a class body holds besides functions."""
        if isinstance(statement, ast.ClassDef):
            self._waiting.append(Piece(statement, home))
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            if statement.value is not None:
                self._class_value(statement.value, home)
        elif not isinstance(statement, ast.Pass | ast.Expr | ast.If | ast.Import | ast.ImportFrom):
            row = statement.lineno
            raise UnprovenError(f"{home.path}:{row} is a statement that is not expected in a class")

    def _class_value(self, value: ast.expr, home: Module) -> None:
        """A class attribute: plain, or a field whose default is."""
        reader = CodeReader(home, self.project)
        is_call = isinstance(value, ast.Call)
        made_by = home.bindings.qualified(value.func) if isinstance(value, ast.Call) else None
        if is_call and made_by not in {"dataclasses.field", "enum.auto"}:
            reader.value(value)
        elif isinstance(value, ast.Dict | ast.List | ast.Set) and not any(
            isinstance(part, ast.Name | ast.Attribute | ast.Call | ast.Lambda)
            for part in ast.walk(value)
        ):
            return
        else:
            reader.visit(value)
        self._waiting += reader.uses
        self.asks |= reader.own | reader.others


def lineage(
    node: ast.ClassDef, module: Module, project: ProjectIndex
) -> Iterator[tuple[ast.ClassDef, Module]]:
    """A class and its bases in the project; raises UnprovenError where one is not known."""
    waiting, seen = [(node, module)], set()
    while waiting:
        current, home = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        _check_decorators(current, home)
        _check_keywords(current, home)
        yield current, home
        for base in base_expressions(current):
            waiting += _base(base, home, project)


def _base(
    base: ast.expr, home: Module, project: ProjectIndex
) -> Iterator[tuple[ast.ClassDef, Module]]:
    if isinstance(base, ast.Call) and home.bindings.qualified(base.func) in _MADE_BASES:
        return
    meanings = home.bindings.possible(base)
    for dotted in meanings or ("",):
        if dotted and project.split(dotted, home.path)[0] is None and is_harmless_base(dotted):
            continue
        found = project.definitions(dotted, home.path) if dotted else ()
        if not found or not all(isinstance(one.node, ast.ClassDef) for one in found):
            named = dotted or ast.unparse(base)
            raise UnprovenError(f"{home.path}:{base.lineno} its base {named} is not known")
        for one in found:
            if isinstance(one.node, ast.ClassDef):
                yield one.node, one.module


def _check_decorators(
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, home: Module
) -> None:
    for decorator in node.decorator_list:
        if _is_accessor(decorator):
            continue
        func = decorator.func if isinstance(decorator, ast.Call) else decorator
        if home.bindings.qualified(func) not in DECORATORS:
            named = ast.unparse(func)
            raise UnprovenError(
                f"{home.path}:{decorator.lineno} the decorator {named} is not known"
            )


def _check_keywords(node: ast.ClassDef, home: Module) -> None:
    for keyword in node.keywords:
        if home.bindings.qualified(keyword.value) not in METACLASSES:
            named = ast.unparse(keyword)
            raise UnprovenError(f"{home.path}:{node.lineno} {named} is not known")


def _is_accessor(decorator: ast.expr) -> bool:
    """``@name.setter`` and its kin."""
    attributes = {"setter", "getter", "deleter"}
    return isinstance(decorator, ast.Attribute) and decorator.attr in attributes


def _is_within_reach(node: ast.FunctionDef | ast.AsyncFunctionDef, home: Module) -> bool:
    """Whether a load can reach a method without the class's own code asking for it."""
    special = node.name.startswith("__") and node.name.endswith("__")
    if special:
        return node.name not in _NOT_REACHED
    if node.name in ALWAYS_REACHED:
        return True
    funcs = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    return any(home.bindings.qualified(func) not in _PLAIN_DECORATORS for func in funcs)
