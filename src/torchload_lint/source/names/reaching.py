"""Which definitions reach a use of a name: scopes, nested functions and flow together."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from torchload_lint.source.names.flow import STAR, UNBOUND, Flow
from torchload_lint.source.text.candidates import on_rows, rows_with
from torchload_lint.source.text.definitions import (
    COMPREHENSIONS,
    FUNCTIONS,
    SCOPES,
    Definition,
    Scope,
    parameters,
)
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torchload_lint.source.text.text import Lines

BUILTINS = frozenset(dir(builtins))
_USING_UP = frozenset(
    """
    sorted list tuple set frozenset dict sum max min any all next join extend update Counter
    OrderedDict deque array fromkeys stack cat concat
    """.split()
)
"""Functions and methods that ask a generator for its items at once."""


class Reaching:
    """Reaching definitions of one file. Built lazily: asking for one name costs one function."""

    def __init__(
        self,
        tree: ast.Module,
        parents: Mapping[ast.AST, ast.AST],
        *,
        name: str = "",
        is_package: bool = False,
        lines: Lines,
    ) -> None:
        """``name``: the module's dotted name; ``is_package``: whether this is an ``__init__``;
        ``lines``: the source, in which words are looked up before the tree is searched for them.
        """
        self.tree = tree
        self.name = name
        self.package = name if is_package else name.rpartition(".")[0] or None
        self._parents = parents
        self.lines = lines
        self._walrus = ":=" in lines.text
        self._nonlocals = "nonlocal" in lines.text
        self._flows: dict[ast.AST, Flow] = {}
        self._scopes: dict[ast.AST, Scope] = {}
        self._uses: dict[tuple[ast.AST, str], dict[ast.AST, list[ast.Name]]] = {}
        self._definitions: dict[ast.Name, tuple[Definition, ...]] = {}
        self._seen: dict[tuple[str, ast.stmt, bool, bool], tuple[Definition, ...]] = {}
        self._written: dict[str, list[Definition]] | None = None

    def definitions(self, name: ast.Name) -> tuple[Definition, ...]:
        """The definitions that may reach this use of a name, by flow (all branches; a loop's body
        may reach its own start). Empty for a builtin or an unbound name.
        """
        known = self._definitions.get(name)
        if known is None:
            known = self._definitions[name] = self.definitions_at(name.id, name)
        return known

    def module_definitions(self, name: str) -> tuple[Definition, ...]:
        """The definitions of ``name`` at module level (as another file would import it)."""
        flow = self.flow(self.tree)
        found = [*flow.exit.definitions(name), *self._global_writes().get(name, ())]
        return _ordered(found) or self._stars(name)

    def importable(self, name: str) -> tuple[Definition, ...]:
        """The same, and the star imports below an import of the name, which may bring another."""
        own = self.module_definitions(name)
        if not own or any(each.kind != "import" for each in own):
            return own
        last = max(getattr(each.node, "lineno", 0) for each in own)
        later = (star for star in self._stars(name) if getattr(star.node, "lineno", 0) > last)
        return (*own, *later)

    def definitions_at(self, identifier: str, place: ast.AST) -> tuple[Definition, ...]:
        """The definitions of a name as seen from any place in the file."""
        parents = self._parents
        before: ast.AST | None = None
        child: ast.AST = place
        deferred = nested = False
        while not isinstance(child, ast.stmt):
            node = parents.get(child)
            if node is None:
                return ()
            if isinstance(node, COMPREHENSIONS):
                bound = _bound_by_comprehension(node, child, before, identifier)
                is_inside = not _is_first_iterable(node, child, before)
                nested = nested or is_inside
                deferred = deferred or (is_inside and _runs_later(node, parents))
            elif isinstance(node, ast.Lambda) and child is node.body:
                bound = _parameter(node.args, identifier)
                deferred = nested = True
            else:
                bound = ()
            if bound:
                return bound
            before, child = child, node
        return self._seen_from(identifier, child, deferred=deferred, nested=nested)

    def uses(self, name: str, scope: Scope) -> Mapping[ast.AST, list[ast.Name]]:
        """Where a name is read in a scope (and in the functions inside it), by the node of each
        definition that may reach the place.
        """
        found = self._uses.get((scope, name))
        if found is None:
            found = self._uses[scope, name] = {}
            for place in on_rows(scope, rows_with(self.lines, [name], scope)):
                if isinstance(place, ast.Name) and place.id == name:
                    if isinstance(place.ctx, ast.Store):
                        continue
                    for definition in self.definitions(place):
                        found.setdefault(definition.node, []).append(place)
        return found

    def flow(self, owner: ast.AST) -> Flow:
        """The reaching definitions of one scope (a module, a function or a class)."""
        flow = self._flows.get(owner)
        if flow is None:
            assert isinstance(owner, SCOPES)
            flow = self._flows[owner] = Flow(owner, self.package, walrus=self._walrus)
        return flow

    def scope(self, statement: ast.AST) -> Scope:
        """The scope that a node stands in (for a ``def`` and its defaults, the scope around it)."""
        known = self._scopes.get(statement)
        if known is None:
            known = self._scopes[statement] = self._scope(statement)
        return known

    def _scope(self, statement: ast.AST) -> Scope:
        parents = self._parents
        below, inner, node = None, statement, parents.get(statement)
        while node is not None:
            if isinstance(node, SCOPES) and not _is_of_outside(inner, below):
                return node
            below, inner, node = inner, node, parents.get(node)
        return self.tree

    def _seen_from(
        self, identifier: str, statement: ast.stmt, *, deferred: bool, nested: bool = False
    ) -> tuple[Definition, ...]:
        """``deferred``: the use runs later than the statement, so what is defined after it counts
        too; ``nested``: the use is inside a function, a comprehension or a class there, to which
        the body of a class around it is invisible.
        """
        key = identifier, statement, deferred, nested
        known = self._seen.get(key)
        if known is None:
            known = self._seen[key] = self._looked_for(*key)
        return known

    def _looked_for(
        self, identifier: str, statement: ast.stmt, deferred: bool, nested: bool
    ) -> tuple[Definition, ...]:
        owner = self.scope(statement)
        flow = self.flow(owner)
        if isinstance(owner, ast.ClassDef) and nested:
            return self._seen_from(identifier, owner, deferred=deferred, nested=True)
        found = self._reaching(flow, identifier, statement, deferred=deferred)
        if isinstance(owner, ast.Module):
            return self._module_names(identifier, found)
        if isinstance(owner, FUNCTIONS) and identifier not in flow.outward:
            if self._nonlocals and identifier in flow.all:
                found |= self._nonlocal_writes(owner, identifier)
            if identifier in flow.all or identifier in flow.declared:
                return _ordered(found)
        elif found and UNBOUND not in found:
            return _ordered(found)
        later = deferred or isinstance(owner, FUNCTIONS)
        outer = self._seen_from(identifier, owner, deferred=later, nested=True)
        return _ordered([*found, *outer])

    def _reaching(
        self, flow: Flow, identifier: str, statement: ast.stmt, *, deferred: bool
    ) -> frozenset[Definition]:
        found = flow.before.get(statement, flow.exit).definitions(identifier) or frozenset(
            (UNBOUND,)
        )
        everything = flow.all.get(identifier)
        if everything is None:
            return frozenset()
        if deferred:
            row = statement.lineno
            later = [part for part in everything if _position(part)[0] >= row]
            return found.union(later)
        if not self._walrus:
            return found
        inside = [
            part for part in everything if part.kind == "walrus" and _holds(statement, part.node)
        ]
        return found.union(inside)

    def _module_names(
        self, identifier: str, found: frozenset[Definition]
    ) -> tuple[Definition, ...]:
        written = self._global_writes().get(identifier, ())
        return _ordered([*found, *written]) or self._stars(identifier)

    def _stars(self, identifier: str) -> tuple[Definition, ...]:
        """The star imports that may have brought a name that nothing else defines."""
        if identifier in BUILTINS or identifier.startswith("__"):
            return ()
        return tuple(self.flow(self.tree).all.get(STAR, ()))

    def _global_writes(self) -> dict[str, list[Definition]]:
        """Module names that functions define by ``global``."""
        if self._written is None:
            self._written = {}
            if "global" in self.lines.text:
                for node in on_rows(self.tree, rows_with(self.lines, ["global"])):
                    if isinstance(node, ast.Global):
                        flow = self.flow(self.scope(node))
                        for name in node.names:
                            self._written.setdefault(name, []).extend(flow.all.get(name, ()))
        return self._written

    def _nonlocal_writes(self, owner: Scope, identifier: str) -> frozenset[Definition]:
        """What nested functions assign to a name of ``owner`` by ``nonlocal``."""
        return frozenset(
            definition
            for node in on_rows(owner, rows_with(self.lines, ["nonlocal"], owner))
            if isinstance(node, ast.Nonlocal) and identifier in node.names
            for definition in self.flow(self.scope(node)).all.get(identifier, ())
        )


def _is_of_outside(part: ast.AST, below: ast.AST | None) -> bool:
    """Whether a part of a ``def`` or ``class`` is evaluated around it: decorators, bases, what is
    returned by its annotation, and the defaults (``below`` is what lies next under the part).
    """
    is_default = isinstance(part, ast.arguments) and isinstance(below, ast.expr)
    return is_default or isinstance(part, ast.expr | ast.keyword)


def _holds(statement: ast.stmt, node: ast.AST) -> bool:
    """Whether an expression stands in a statement, by its rows."""
    row = getattr(node, "lineno", 0)
    return statement.lineno <= row <= (statement.end_lineno or statement.lineno)


def _is_first_iterable(node: ast.expr, child: ast.AST, before: ast.AST | None) -> bool:
    """Whether a part of a comprehension is evaluated around it."""
    first: ast.comprehension = getattr(node, "generators", [])[0]
    return child is first and before is first.iter


def _runs_later(node: ast.expr, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """Whether a comprehension is a generator that is kept: its items are made when somebody asks,
    and names are then what they have become.
    """
    if not isinstance(node, ast.GeneratorExp):
        return False
    outer = parents.get(node)
    if not isinstance(outer, ast.Call):
        return not isinstance(outer, ast.Starred | ast.Compare)
    return last_name(outer.func) not in _USING_UP


def _bound_by_comprehension(
    node: ast.expr, child: ast.AST, before: ast.AST | None, identifier: str
) -> tuple[Definition, ...]:
    """The comprehension variable of that name, unless the use stands in the first iterable,
    which is evaluated outside.
    """
    generators: list[ast.comprehension] = getattr(node, "generators", [])
    if _is_first_iterable(node, child, before):
        return ()
    return tuple(
        Definition("comprehension", generator)
        for generator in generators
        for target in ast.walk(generator.target)
        if isinstance(target, ast.Name) and target.id == identifier
    )


def _parameter(arguments: ast.arguments, identifier: str) -> tuple[Definition, ...]:
    return tuple(
        Definition("parameter", arg) for arg in parameters(arguments) if arg.arg == identifier
    )


def _ordered(found: Iterable[Definition]) -> tuple[Definition, ...]:
    """Each real definition once, in the order of the file (so that answers never vary)."""
    distinct = {part for part in found if part is not UNBOUND}
    return tuple(sorted(distinct, key=_position))


def _position(definition: Definition) -> tuple[int, int]:
    node = definition.node
    if isinstance(node, ast.withitem):
        node = node.context_expr
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
