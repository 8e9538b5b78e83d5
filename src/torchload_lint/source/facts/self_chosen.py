"""Allowlists whose items a checkpoint chooses: its own list of globals is followed to them."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.names.references import find
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.names.source_file import SourceFile

_WORD = "get_unsafe_globals_in_checkpoint"
_SOURCES = {_WORD: f"torch.serialization.{_WORD}", "genops": "pickletools.genops"}
"""What lists the names in a file: the last word, and the whole name."""
_ROUNDS = 8
"""How often names that are given to names are looked for in turn."""
_STORING = frozenset({"append", "extend", "add", "update", "insert", "setdefault"})
_ANSWERING = frozenset(
    {"len", "print", "bool", "any", "all", "isinstance", "hasattr", "debug", "info", "warning"}
)
"""Calls whose result says nothing of which names there are."""
_CHECKING = frozenset({"startswith", "match", "fullmatch", "issubset"})


class SelfChosen(NamedTuple):
    """An allowlist that holds what the file asks for."""

    allowlist: Allowlist
    source: str
    """What the names come from, as code."""


def collect(
    file: SourceFile, loads: Sequence[LoadCall], allowlists: Sequence[Allowlist]
) -> tuple[SelfChosen, ...]:
    """The allowlists of a file that a checkpoint fills, in its order."""
    if not allowlists:
        return ()
    names = _HeldNames(file, loads)
    if not names.sources and not names.errors:
        return ()
    names.spread()
    return tuple(
        SelfChosen(allowlist, names.origin)
        for allowlist in allowlists
        if any(names.holds(argument) for argument in _arguments(allowlist.node))
    )


def functions_that_tell(file: SourceFile, loads: Sequence[LoadCall]) -> frozenset[str]:
    """The functions of a file that return what a checkpoint says of itself."""
    if not any(word in file.text for word in _SOURCES):
        return frozenset()
    names = _HeldNames(file, loads)
    names.spread()
    return frozenset(names.returning)


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


class _HeldNames:
    """The names of a file that hold what a checkpoint says of itself."""

    def __init__(self, file: SourceFile, loads: Sequence[LoadCall]) -> None:
        self._file = file
        self.sources = {
            call: word
            for word, dotted in _SOURCES.items()
            for reference in find(file, word, frozenset({dotted}))
            if isinstance(call := file.parents.get(reference.node), ast.Call)
            and call.func is reference.node
        }
        self.errors = {handler for handler in self._failed_loads(loads) if handler.name}
        word = next(iter(self.sources.values()), "")
        self.origin = f"{word}()" if word else "the error of a load"
        self._held: set[tuple[ast.AST | None, str]] = set()
        self.returning: set[str] = set()

    def _failed_loads(self, loads: Sequence[LoadCall]) -> Iterator[ast.ExceptHandler]:
        """The handlers of a load that fails: the error names what the file wants."""
        for load in loads:
            node: ast.AST | None = load.statement
            while node is not None and not isinstance(node, FUNCTIONS):
                parent = self._file.parents.get(node)
                if isinstance(parent, ast.Try) and node in parent.body:
                    yield from parent.handlers
                node = parent

    def spread(self) -> None:
        """Follow the names from where they are made, until nothing new holds one."""
        for handler in self.errors:
            self._hold(handler, handler.name or "")
        for _ in range(_ROUNDS):
            before = len(self._held), len(self.returning)
            for node in ast.walk(self._file.tree):
                self._step(node)
            if before == (len(self._held), len(self.returning)):
                return

    def _step(self, node: ast.AST) -> None:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if node.value is not None and self.holds(node.value):
                self._hold_in(targets)
        elif isinstance(node, (ast.For, ast.comprehension)):
            if self.holds(node.iter) and not _is_checked(node):
                self._hold_in([node.target])
        elif isinstance(node, (ast.Return, ast.Yield)) and node.value is not None:
            function = self._file.function(node)
            if function is not None and self.holds(node.value):
                self.returning.add(function.name)
        elif isinstance(node, ast.Call):
            self._call(node)

    def _call(self, call: ast.Call) -> None:
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr in _STORING:
            if any(map(self.holds, _arguments(call))):
                self._hold_in([function.value])
        elif isinstance(function, ast.Name):
            for definition in self._file.bindings.definitions(function):
                if isinstance(definition.node, FUNCTIONS):
                    self._give(call, definition.node)
        elif isinstance(function, ast.Attribute) and _is_own(function.value):
            for method in self._methods.get(function.attr, ()):
                self._give(call, method, receivers=_receivers(method))

    @cached_property
    def _methods(self) -> dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]]:
        """The functions in the classes of the file, by their names."""
        found: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        for node in ast.walk(self._file.tree):
            if isinstance(node, FUNCTIONS) and isinstance(self._file.parents[node], ast.ClassDef):
                found.setdefault(node.name, []).append(node)
        return found

    def _give(
        self, call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef, receivers: int = 0
    ) -> None:
        """What a call hands to the parameters of a function of the file."""
        parameters = (*function.args.posonlyargs, *function.args.args)
        positions = [arg.arg for arg in parameters[receivers:]]
        given = dict(zip(positions, call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        self._held |= {(function, name) for name, value in given.items() if self.holds(value)}

    def _hold_in(self, targets: Sequence[ast.expr]) -> None:
        for target in targets:
            if isinstance(target, ast.Attribute):
                self._held.add((None, f".{target.attr}"))  # in whatever method it is read
                continue
            for part in ast.walk(target):
                if isinstance(part, ast.Name):
                    self._hold(part, part.id)

    def _hold(self, node: ast.AST, name: str) -> None:
        self._held.add((self._file.function(node), name))

    def holds(self, node: ast.expr) -> bool:
        """Whether an expression is made of such names."""
        if isinstance(node, ast.Name):
            scope = self._file.function(node)
            return (scope, node.id) in self._held or (None, node.id) in self._held
        if isinstance(node, ast.Call):
            return self._call_holds(node)
        if isinstance(node, ast.Attribute) and (None, f".{node.attr}") in self._held:
            return True
        if isinstance(node, ast.Subscript):
            return self.holds(node.value)  # the program's own table is not chosen by the file
        if isinstance(node, (ast.Compare, ast.Lambda)):
            return False
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            return self.holds(node.elt)
        return any(self.holds(part) for part in ast.iter_child_nodes(node)
                   if isinstance(part, ast.expr))  # fmt: skip

    def _call_holds(self, call: ast.Call) -> bool:
        if call in self.sources:
            return True
        name = last_name(call.func)
        receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
        if name in self.returning and (_is_own(receiver) or isinstance(call.func, ast.Name)):
            return True
        if name in _ANSWERING:
            return False
        if name in {"get", "pop"} and receiver is not None:
            return self.holds(receiver)
        parts = [*_arguments(call), *([receiver] if receiver is not None else [])]
        if isinstance(call.func, ast.Call):  # attrgetter(name)(module)
            parts.append(call.func)
        return any(map(self.holds, parts))


def _is_own(receiver: ast.expr | None) -> bool:
    """Whether a method of the same object is called."""
    return isinstance(receiver, ast.Name) and receiver.id in {"self", "cls"}


def _receivers(method: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many parameters a method has that no call gives."""
    return 0 if "staticmethod" in map(last_name, method.decorator_list) else 1


def _is_checked(loop: ast.For | ast.comprehension) -> bool:
    """Whether the names that a loop goes through are compared with something."""
    wanted = {part.id for part in ast.walk(loop.target) if isinstance(part, ast.Name)}
    tests: list[ast.AST] = [loop] if isinstance(loop, ast.For) else list(loop.ifs)
    for test in tests:
        for node in ast.walk(test):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
                compared: ast.AST = node.left
            elif isinstance(node, ast.Call) and last_name(node.func) in _CHECKING:
                compared = node
            else:
                continue
            if any(isinstance(p, ast.Name) and p.id in wanted for p in ast.walk(compared)):
                return True
    return False
