"""An allowlist as the code has it: its expressions, and the imports that give their names."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.allowed.contexts import is_from_helper
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.verify.gaps.proof_gaps import changed_lists, dotted, names_given_by, rebound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module

_BUILTINS = frozenset(dir(builtins))
_IMPORTS = (ast.Import, ast.ImportFrom)


class Written(NamedTuple):
    """What has to be run to get the objects of an allowlist: text of the file, as it stands."""

    imports: tuple[str, ...]
    """The import statements of the file and of the functions around the load, in their order, with
    the ``try`` and ``if`` around them; and what gives an imported thing another name."""
    expressions: tuple[str, ...]
    """Each gives a list of items."""
    own_names: tuple[str, ...] = ()
    """Names in the expressions that the file itself defines; it has to be imported for them."""
    helped: tuple[int, ...] = ()
    """Which of the expressions are given to the ``safe_globals`` of the module ``restore_only``."""
    at_top: int = 0
    """How many of the import statements stand at the top of the file; they come first."""


class NotReadableError(Exception):
    """A load cannot be tried by itself as it is written; the message says why."""


def written_around(module: Module, load: LoadCall) -> Written:
    """The allowlists in force at a load. Raises NotReadableError."""
    at_top = list(_at_top(module))
    if not load.function:
        at_top = [statement for statement in at_top if statement.lineno <= load.node.lineno]
    statements = [*at_top, *_in_functions(module, load)]
    bound = set(_bound_by(statements))
    known = _Known(bound, _defined_at_top(module), _local_to_functions(module, load))
    given = [
        (text, is_from_helper(module, allowlist.node))
        for allowlist in load.allowlists
        for text in _expressions(module, allowlist, known)
    ]
    expressions = [text for text, _ in given]
    parsed = [ast.parse(text, mode="eval") for text in expressions]
    used = _names_used(parsed)
    lists = {name for one in parsed for name in _lists_in(one.body)}
    changed = rebound(module, frozenset(used & bound), at_top)
    imported = frozenset(name for name in lists if name.partition(".")[0] in bound)
    changed = changed or changed_lists(module, imported, frozenset(lists - imported))
    if changed:
        raise NotReadableError(changed)
    return Written(
        imports=tuple(module.source(statement) for statement in statements),
        expressions=tuple(expressions),
        own_names=tuple(sorted((used & known.own) - bound)),
        helped=tuple(number for number, (_, is_helped) in enumerate(given) if is_helped),
        at_top=len(at_top),
    )


class _Known(NamedTuple):
    """Which names mean the same where an allowlist stands and where it is evaluated."""

    imported: set[str]
    own: set[str]
    """What the file defines at module level."""
    local: set[str]
    """What the functions around give a meaning of their own, besides imports."""

    def unknown(self, nodes: Iterable[ast.AST]) -> list[str]:
        """The names in expressions that cannot be evaluated by themselves."""
        used = _names_used(nodes)
        others = used - self.imported - self.own - _BUILTINS if "*" not in self.imported else set()
        return sorted(others | (used & self.local))


def _expressions(module: Module, allowlist: Allowlist, known: _Known) -> Iterator[str]:
    """The list as it is given; where its name is a local one, the items that were found for it."""
    given = [*allowlist.node.args[:1], *(keyword.value for keyword in allowlist.node.keywords)]
    if given and not known.unknown(given):
        yield f"({module.source(given[0])})"
        return
    if not allowlist.complete:
        raise NotReadableError(
            f"not every item of the allowlist on line {_row(allowlist)} is known"
        )
    for entry in allowlist.entries:
        unknown = known.unknown([entry.node])
        if unknown:
            raise NotReadableError(f"{unknown[0]} on line {entry.span.start.row} is not known here")
        yield f"[{module.source(entry.node)}]"


def _local_to_functions(module: Module, load: LoadCall) -> set[str]:
    """Parameters of the functions around a load, and what is assigned in them, or in the class
    whose body it stands in.
    """
    found: set[str] = set()
    in_function = False
    node: ast.AST | None = load.node
    while node is not None:
        node = module.parents.get(node)
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            given = node.args
            named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
            found.update(one.arg for one in named if one is not None)
            if isinstance(node, FUNCTIONS):
                found.update(name for part in node.body for name in _names_in(part))
            in_function = True
        elif isinstance(node, ast.ClassDef) and not in_function:
            found.update(name for part in node.body for name in _names_in(part))
    return found


def _names_in(statement: ast.stmt) -> Iterator[str]:
    """What a statement gives a meaning, imports left out."""
    for node in ast.walk(statement):
        if not isinstance(node, _IMPORTS):
            yield from names_given_by(node)


def _row(allowlist: Allowlist) -> int:
    return allowlist.span.start.row


def _at_top(module: Module) -> Iterator[ast.stmt]:
    """The statements of the file that do nothing but import, or name what was imported."""
    return (statement for statement in module.tree.body if _only_imports(statement))


def _only_imports(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return statement.module != "__future__"
    if isinstance(statement, ast.Assign):
        simple = all(isinstance(target, ast.Name) for target in statement.targets)
        return simple and _is_dotted(statement.value)
    if isinstance(statement, (ast.If, ast.Try)):
        inner = [*statement.body, *statement.orelse, *getattr(statement, "finalbody", ())]
        for handler in getattr(statement, "handlers", ()):
            inner += handler.body
        return any(map(_holds_import, inner)) and all(
            isinstance(one, (ast.Pass, ast.Raise)) or _only_imports(one) for one in inner
        )
    return isinstance(statement, ast.Import)


def _holds_import(statement: ast.stmt) -> bool:
    return any(isinstance(node, _IMPORTS) for node in ast.walk(statement))


def _is_dotted(node: ast.expr) -> bool:
    """``Name`` or ``pkg.mod.Name``: another name for something."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _in_functions(module: Module, load: LoadCall) -> list[ast.stmt]:
    """The imports in the functions around a load that stand before it, outermost first."""
    found: list[ast.stmt] = []
    node: ast.AST | None = load.node
    while node is not None:
        node = module.parents.get(node)
        if isinstance(node, FUNCTIONS):
            found[:0] = [
                inner
                for inner in ast.walk(node)
                if isinstance(inner, _IMPORTS) and inner.lineno <= load.node.lineno
            ]
    return found


def _bound_by(statements: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, _IMPORTS):
                for alias in node.names:
                    yield alias.asname or alias.name.partition(".")[0]
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _defined_at_top(module: Module) -> set[str]:
    """The names that the file itself gives a meaning at module level."""
    found: set[str] = set()
    for statement in module.tree.body:
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            found.add(statement.name)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.Try)):
            found.update(_names_of(statement))
    return found


def _names_of(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            yield node.name


def _lists_in(node: ast.expr) -> Iterator[str]:
    """What stands for a list: ``NAMES``, ``[*net.NAMES, Model]``, ``NAMES + [Model]``."""
    inner: list[ast.expr] = []
    if isinstance(node, (ast.Name, ast.Attribute)):
        yield dotted(node)
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        inner = [item for item in node.elts if isinstance(item, ast.Starred)]
    elif isinstance(node, ast.BinOp):
        inner = [node.left, node.right]
    elif isinstance(node, ast.IfExp):
        inner = [node.body, node.orelse]
    elif isinstance(node, (ast.Starred, ast.Subscript)):
        inner = [node.value]
    elif isinstance(node, ast.Call):
        inner = node.args
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
        inner = [one.iter for one in node.generators]
    for part in inner:
        yield from _lists_in(part)


def _names_used(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that expressions take from around them."""
    names = [one for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)]
    stored = {one.id for one in names if isinstance(one.ctx, ast.Store)}
    return {one.id for one in names} - stored
