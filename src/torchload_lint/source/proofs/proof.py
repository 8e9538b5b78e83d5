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
from collections import deque
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.names import all_called
from torchload_lint.source.names.members import body, is_function, odd_members
from torchload_lint.source.proofs.code import CodeReader
from torchload_lint.source.proofs.known.harmless import (
    ALWAYS_REACHED,
    DECORATORS,
    OF_OPERATORS,
    OPERATORS,
    SETTING_SELF,
    asked_by_libraries,
    is_harmless_base,
)
from torchload_lint.source.proofs.lineage import Holder, UnprovenError, lineage
from torchload_lint.source.proofs.piece_reader import Piece
from torchload_lint.source.proofs.replaced import Used, bound, why_replaced
from torchload_lint.source.proofs.replacing.changed import why_changed, why_changed_elsewhere
from torchload_lint.source.proofs.steady import (
    check_namesakes,
    check_own_name,
    check_place,
    check_steady,
)
from torchload_lint.source.proofs.uses.beyond.handed_functions import (
    comes_as_value,
    look_for_functions,
    names_of_function,
)
from torchload_lint.source.proofs.uses.computing import acts, computing
from torchload_lint.source.proofs.uses.decorators import (
    PROPERTIES,
    check_decorators,
    check_keywords,
)
from torchload_lint.source.proofs.uses.fixed_values import is_plain_maker
from torchload_lint.source.proofs.uses.given_back import ASKED_BY_TORCH, gives_what_is_set
from torchload_lint.source.proofs.uses.of_members import (
    held_by_members,
    is_enumeration,
    may_change_member,
    sets_on_member,
)
from torchload_lint.source.proofs.uses.own_self import is_of_class
from torchload_lint.source.proofs.uses.shared import default_by_place, depth_of
from torchload_lint.source.proofs.uses.unasked.kept_iterators import kept_iterator
from torchload_lint.source.proofs.uses.unasked.meanwhile import named_otherwise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import Found, ProjectIndex

_MAX_PIECES = 400
"""How many functions, classes and values one proof looks into."""
_ATTRIBUTES_ALONE = frozenset(
    "abc.ABC argparse.Namespace builtins.object types.SimpleNamespace typing.Generic".split()
)
"""Bases with nothing in them that does harm, by whatever name it is looked up."""
_PLAIN_DECORATORS = DECORATORS - PROPERTIES


Definable = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Proof(NamedTuple):
    """What came of trying to prove a class harmless."""

    unproven: str = ""
    """Why it is not proven; empty where it is."""
    asks: frozenset[str] = frozenset()
    """Attributes that its code asks of objects which may be of any class that is allowed."""
    loose: frozenset[str] = frozenset()
    """Its methods that no proof has looked at."""
    hands: frozenset[str] = frozenset()
    """Attributes of any object that its code calls with something, or hands on."""
    of_objects: frozenset[str] = frozenset()
    """Its methods that nothing but an object may be given to as ``self``."""
    leads: frozenset[tuple[str, str]] = frozenset()
    """Its methods, and what of ``self`` each of them calls with something."""
    used: Used | None = None
    """What a proof rests on."""
    computes: str = ""
    """Where it computes with what the file may give; empty where it does not."""
    passes: frozenset[str] = frozenset()
    """Attributes of any object that its code makes a value of, for the file to have."""
    functions: frozenset[str] = frozenset()
    """Names under which its objects have functions."""


def prove_class(node: ast.ClassDef, module: Module, project: ProjectIndex) -> Proof:
    """Prove that a checkpoint may build, fill and call objects of a class as it likes."""
    return project.remember(("proof", node), lambda: _prove(node, module, project))


def _prove(node: ast.ClassDef, module: Module, project: ProjectIndex) -> Proof:
    search = _ProofSearch()
    try:
        check_own_name(node, module)
        search.run(Piece(node, module, project))
    except UnprovenError as problem:
        return Proof(str(problem))
    loose = search.loose() | search.shared
    mixed = search.loose() & search.asks
    if mixed:
        name = min(mixed)
        return Proof(f"{module.path}: it may call {name}, which nothing shows to be harmless")
    shared = search.changed()
    if shared:
        return Proof(f"{module.path}: it may change {min(shared)}, which all its objects share")
    own = search.own_methods()
    search.hands |= {OPERATORS} if search.meets_operators() else set()
    functions = search.functions()
    handed = [look_for_functions(*one, functions) for one in search.pieces]
    search.computes = search.computes or next((one.where for one in handed if one.where), "")
    given = (own.of_objects | SETTING_SELF) & all_called(search.hands, own.leads)
    if given:
        return Proof(f"{module.path}: it may give its {min(given)} what is not the file's")
    used = search.used
    return Proof(
        why_changed(used, project)
        or (why_changed_elsewhere(used, project, [project]) if len(used.indexes) > 1 else ""),
        frozenset(search.asks),
        loose,
        frozenset(search.hands),
        own.of_objects,
        own.leads,
        search.used,
        search.computes,
        frozenset(name for one in handed for name in one.passes),
        frozenset(functions),
    )


def why_made_unproven(found: Found, project: ProjectIndex) -> str:
    """Why a class that a call makes (``P = namedtuple("P", "x y")``) may be another than it seems;
    empty where it is not.
    """
    module = found.module
    try:
        check_steady(module)
        check_place(module, project, by_attribute=False)
    except UnprovenError as problem:
        return str(problem)
    if not (isinstance(found.value, ast.Call) and is_plain_maker(found.value, module)):
        return f"{module.path}: {found.qualname} is made with values that are not plain"
    used = Used()
    used.add(found.value, module)
    used.nodes.add(found.node)
    used.outside.add(module.bindings.qualified(found.value.func) or "")
    return why_replaced(used, project)


class OwnMethods(NamedTuple):
    """What the methods of a class do with another ``self``, which may be a class."""

    of_objects: frozenset[str]
    leads: frozenset[tuple[str, str]]


class _ProofSearch:
    """All that one class leads to, each piece looked at once."""

    def __init__(self) -> None:
        self.asks: set[str] = set()
        self.hands: set[str] = set()
        self.shared: set[str] = set()
        """Attributes of classes that hold what something may be put into."""
        self.used = Used()
        self.computes = ""
        self._deep: set[str] = set()
        """Those of them that hold further ones."""
        self._kept: set[str] = set()
        self._opened: set[str] = set()
        self._operands: set[str] = set()
        self._keeps_any = False
        self._enumerations: set[ast.ClassDef] = set()
        self._methods: dict[ast.FunctionDef | ast.AsyncFunctionDef, str] = {}
        self._aliases: list[tuple[str, str]] = []
        """Further names that class bodies give to their methods."""
        self._homes: dict[ast.AST, tuple[Module, ProjectIndex]] = {}
        self.pieces: list[tuple[ast.AST, Module, ProjectIndex]] = []
        self._functions: set[str] = set()
        """Names that class bodies give to functions of others, and to lambdas."""
        self._waiting: list[Piece] = []
        self._steady: set[str] = set()
        self._seen: set[tuple[ast.AST, Holder | None, bool, bool]] = set()

    def run(self, piece: Piece) -> None:
        """Look at a piece and at all that it leads to. Raises UnprovenError."""
        self._waiting.append(piece)
        while self._waiting:
            current = self._waiting.pop()
            key = (current.node, current.holder, current.unbound, current.any_self)
            if key in self._seen:
                continue
            self._seen.add(key)
            if len(self._seen) > _MAX_PIECES:
                raise UnprovenError(f"it leads to more than {_MAX_PIECES} pieces of code")
            if current.module.path not in self._steady:
                check_steady(current.module)
                is_first = not self._steady  # its class is named by its module
                check_place(current.module, current.project, by_attribute=not is_first)
                if not is_first:
                    check_namesakes(current.module, piece.module.path, current.project)
                self._steady.add(current.module.path)
            self.used.add(current.node, current.module)
            if current.project not in self.used.indexes:
                self.used.indexes.append(current.project)
            if isinstance(current.node, ast.ClassDef):
                self._class(Holder(current.node, current.module, current.project))
            else:
                self._code(current)

    def loose(self) -> frozenset[str]:
        """The names of the methods that nothing led to."""
        reached = {node for node, *_ in self._seen}
        return frozenset(name for node, name in self._methods.items() if node not in reached)

    def changed(self) -> set[str]:
        """The attributes that the code may change for all objects of a class."""
        changed = (self.shared & self._kept) | (self._deep & self._opened)
        return self.shared if self._keeps_any else changed

    def meets_operators(self) -> bool:
        """Whether operators of other classes are given what all objects of a class share."""
        return not self.shared.isdisjoint(self._operands)

    def functions(self) -> set[str]:
        """The names under which objects of the classes have functions."""
        named = self._functions | {alias for alias, _ in self._aliases}
        for one in self._methods:
            named |= names_of_function(one, self._homes[one][0])
        return named

    def own_methods(self) -> OwnMethods:
        """What the methods of the class and of its bases would do with another ``self``."""
        of_objects: set[str] = set()
        leads: set[tuple[str, str]] = set()
        for node, name in self._methods.items():
            module, project = self._homes[node]
            of_objects.update((OPERATORS,) if name in OF_OPERATORS else ())
            if is_of_class(node, module) or comes_as_value(node, module):
                continue
            reader = CodeReader(module, project, any_self=True)
            try:
                reader.function(node)
            except UnprovenError:
                of_objects.add(name)
            leads.update((name, one) for one in reader.leads)
        for alias, name in self._aliases:
            of_objects.update((alias,) if name in of_objects else ())
            leads.add((alias, name))
        return OwnMethods(frozenset(of_objects), frozenset(leads))

    def _code(self, piece: Piece) -> None:
        reader = CodeReader(piece.module, piece.project, piece.any_self)
        self.pieces.append((piece.node, piece.module, piece.project))
        if is_function(piece.node):
            self.computes = self.computes or computing(piece.node, piece.module)
            kept = kept_iterator(piece.node, piece.module)
            if kept:
                raise UnprovenError(kept)
            self._decorated(piece.node, piece.module, piece.project)
            reader.function(piece.node)
        elif isinstance(piece.node, ast.expr):
            self.computes = self.computes or acts(piece.node, piece.module)
            reader.value(piece.node)
        else:
            raise UnprovenError(f"{piece.module.path} has what is neither a function nor a value")
        self._waiting += reader.uses
        self.asks |= reader.others
        self.hands |= reader.hands
        self._kept |= reader.kept
        self._operands |= reader.operands
        self._opened |= reader.opened
        self._keeps_any |= reader.asks_any
        self.used.outside |= reader.outside
        if piece.holder is None or piece.unbound:
            self.asks |= reader.own
            self.hands |= reader.leads
        if piece.holder is None:
            return
        own, of_class = self._meant(reader.own), self._meant(reader.of_class)
        if reader.asks_any:
            deque(lineage(piece.holder, _ATTRIBUTES_ALONE.__contains__), maxlen=0)
        for level in self._levels(piece.holder):
            for statement in body(level.node.body):
                if is_function(statement) and (reader.asks_any or statement.name in own):
                    is_member = piece.holder.node in self._enumerations
                    is_given = statement.name in of_class or (
                        is_member and sets_on_member(statement)
                    )
                    method = Piece(statement, level.module, level.project, piece.holder)
                    self._waiting.append(method._replace(any_self=is_given))

    def _meant(self, names: set[str]) -> set[str]:
        """Names of methods, and what these are called where they are defined (``put = _put``)."""
        found = set(names)
        for _ in self._aliases:
            found |= {name for alias, name in self._aliases if alias in found}
        return found

    def _class(self, holder: Holder) -> None:
        levels = list(self._levels(holder))
        is_shared = self._members([(one.node, one.module) for one in levels])
        for level in levels:
            self.used.add(level.node, level.module)
            kept = default_by_place(level.node, level.module)
            if kept:
                raise UnprovenError(f"{level.module.path}: {kept} has a default that all share")
            for odd in odd_members(level.node):
                place = f"{level.module.path}:{odd.lineno}"
                raise UnprovenError(f"{place} is a statement that is not expected in a class")
            for statement in body(level.node.body):
                if is_function(statement):
                    given = gives_what_is_set(statement, level.module, is_shared=is_shared)
                    if given:
                        raise UnprovenError(given)
                    self._methods[statement] = statement.name
                    self._homes[statement] = (level.module, level.project)
                    if _is_within_reach(statement, level.module):
                        is_set = is_shared and sets_on_member(statement)
                        method = Piece(statement, level.module, level.project, holder)
                        self._waiting.append(method._replace(any_self=is_set))
                else:
                    if not ASKED_BY_TORCH.isdisjoint(bound(statement)):
                        place = f"{level.module.path}:{statement.lineno}"
                        raise UnprovenError(f"{place} torch sets attributes of what this gives")
                    self._member(statement, level.module, level.project)

    def _members(self, levels: list[tuple[ast.ClassDef, Module]]) -> bool:
        """Whether it is an enumeration, whose members every user of it shares."""
        if not is_enumeration(levels):
            return False
        what = may_change_member(levels)
        if what:
            raise UnprovenError(f"{levels[0][1].path}: {what} makes members that may change")
        for name, depth in held_by_members(levels):
            self._share(name, depth)
        self._enumerations.add(levels[0][0])
        return True

    def _share(self, name: str, depth: int) -> None:
        self.shared.update((name,) if depth else ())
        self._deep.update((name,) if depth > 1 else ())

    def _member(self, statement: ast.stmt, home: Module, project: ProjectIndex) -> None:
        """What a class body holds besides functions."""
        if isinstance(statement, ast.ClassDef):
            self._waiting.append(Piece(statement, home, project))
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            self._class_value(statement.value, home, project)
            if isinstance(statement.value, ast.Name):
                self._aliases += [(name, statement.value.id) for name in bound(statement)]
            if look_for_functions(statement.value, home, project, ()).where:
                self._functions.update(bound(statement))
            meanwhile = named_otherwise(bound(statement), statement.value, home)
            self.computes = self.computes or meanwhile
            depth = depth_of(statement.value, home)
            for name in bound(statement):
                self._share(name, 0 if name.startswith("__") else depth)

    def _class_value(self, value: ast.expr, home: Module, project: ProjectIndex) -> None:
        """A class attribute: plain, or a field whose default is."""
        reader = CodeReader(home, project)
        self.computes = self.computes or acts(value, home)
        for part in (one for one in ast.walk(value) if isinstance(one, ast.Lambda)):
            self.computes = self.computes or computing(part, home)
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
        self.hands |= reader.leads | reader.hands
        self.used.outside |= reader.outside

    def _levels(self, holder: Holder) -> Iterator[Holder]:
        """A class and its bases; raises UnprovenError where one is not known to be harmless."""
        for level in lineage(holder, self._is_plain_base):
            self._decorated(level.node, level.module, level.project)
            check_keywords(level.node, level.module)
            yield level

    def _decorated(self, node: Definable, home: Module, project: ProjectIndex) -> None:
        check_decorators(node, home, project)
        funcs = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
        self.used.outside |= DECORATORS.intersection(map(home.bindings.qualified, funcs))

    def _is_plain_base(self, dotted: str) -> bool:
        is_plain = is_harmless_base(dotted)
        self.used.outside.update((dotted,) if is_plain else ())
        return is_plain


def _is_within_reach(node: ast.FunctionDef | ast.AsyncFunctionDef, home: Module) -> bool:
    """Whether a load can reach a method without the class's own code asking for it."""
    special = node.name.startswith("__") and node.name.endswith("__")
    if special or node.name in ALWAYS_REACHED or node.name in asked_by_libraries():
        return True
    funcs = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    return any(home.bindings.qualified(func) not in _PLAIN_DECORATORS for func in funcs)
