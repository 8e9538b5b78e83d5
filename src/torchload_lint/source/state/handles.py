"""Open files and buffers: whether a load finds in them what they were opened or made with.

A load begins to read where the handle stands. Files of torch before 1.6 hold several objects where
several were saved, so that what comes first is not what a second load reads.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.values import Handle
from torchload_lint.source.text.candidates import carrying, on_rows, rows_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.names.source_file import SourceFile

_WRITING = frozenset({"write", "writelines", "truncate", "getbuffer"})
"""Methods that change what a buffer holds."""
_QUIET = frozenset({"close", "closed", "name", "mode", "fileno", "flush", "tell"})
"""What leaves a file where it is."""
_LOOKING = frozenset({"builtins.print", "builtins.isinstance", "builtins.type", "builtins.str"})
_REPEATED = (ast.For, ast.AsyncFor, ast.While)


def is_written(made: ast.Call, module: SourceFile) -> bool:
    """Whether something is written into a buffer, under the name that it has where it is made."""
    if not any(module.holds(f".{method}") for method in _WRITING):
        return False
    names = set(map(_last_name, _targets(made, module))) - {""}
    written = module.remember(
        "what is written into",
        lambda: {
            _last_name(node.value)
            for nodes in carrying(module.tree, module.lines, _WRITING).values()
            for node in nodes
            if isinstance(node, ast.Attribute)
        },
    )
    return not names.isdisjoint(written)


def is_moved_where_made(made: ast.Call, module: SourceFile) -> bool:
    """Whether a file is read, or handed to more than one reader, by the name that it is given; what
    is kept in an attribute may be read at any time.
    """
    holder = module.parents.get(made)
    return holder is not None and any(
        not isinstance(each, ast.Name) or _is_moved(each.id, {holder}, module)
        for each in _targets(made, module)
    )


def moved(held: Mapping[ast.expr, tuple[SourceFile, Values]]) -> Iterator[str]:
    """The names among some expressions that stand for such a file, in words."""
    for node, (module, values) in held.items():
        is_open = any(isinstance(value, Handle) for value in values)
        if is_open and isinstance(node, ast.Name) and _is_moved_by_name(node, module):
            yield f"{node.id} is read before, or by several"


def _is_moved_by_name(name: ast.Name, module: SourceFile) -> bool:
    holders = {each.node for each in module.bindings.definitions(name)}
    return bool(holders) and _is_moved(name.id, holders, module)


def _targets(made: ast.Call, module: SourceFile) -> list[ast.expr]:
    holder = module.parents.get(made)
    if isinstance(holder, ast.Assign):
        return holder.targets
    given = getattr(holder, "target", None) or getattr(holder, "optional_vars", None)
    return [given] if isinstance(given, ast.expr) else []


def _is_moved(name: str, holders: set[ast.AST], module: SourceFile) -> bool:
    return module.remember(
        ("moved", name, frozenset(holders)), lambda: _find_moves(name, holders, module)
    )


def _find_moves(name: str, holders: set[ast.AST], module: SourceFile) -> bool:
    readers = 0
    for use in _uses(name, holders, module):
        parent = module.parents.get(use)
        if isinstance(parent, ast.Attribute):
            if parent.attr not in _QUIET and not _goes_to_the_beginning(parent, module):
                return True
        elif isinstance(parent, ast.Call | ast.keyword):
            call = parent if isinstance(parent, ast.Call) else module.parents.get(parent)
            called = module.bindings.qualified(call.func) if isinstance(call, ast.Call) else None
            readers += called not in _LOOKING
            is_again = _is_repeated(use, holders, module) or _is_elsewhere(use, holders, module)
            if is_again or readers > 1:
                return True
        elif not isinstance(parent, ast.Expr | ast.withitem):
            return True
    return False


def _uses(name: str, holders: set[ast.AST], module: SourceFile) -> Iterator[ast.Name]:
    scopes = {module.function(holder) or module.tree for holder in holders}
    for scope in scopes:
        named = _named(name, scope, module)
        yield from dict.fromkeys(place for holder in holders for place in named.get(holder, ()))


def _named(name: str, scope: ast.AST, module: SourceFile) -> dict[ast.AST, list[ast.Name]]:
    """Where a name stands in a scope, by what may define it there; many files may be opened by one
    name.
    """

    def find() -> dict[ast.AST, list[ast.Name]]:
        found: dict[ast.AST, list[ast.Name]] = {}
        for node in on_rows(scope, rows_with(module.lines, [name], scope)):
            if isinstance(node, ast.Name) and node.id == name:
                for definition in module.bindings.definitions(node):
                    found.setdefault(definition.node, []).append(node)
        return found

    return module.remember(("named", name, scope), find)


def _goes_to_the_beginning(attribute: ast.Attribute, module: SourceFile) -> bool:
    call = module.parents.get(attribute)
    given = call.args if isinstance(call, ast.Call) and call.func is attribute else []
    start = given[0].value if given and isinstance(given[0], ast.Constant) else None
    return attribute.attr == "seek" and start == 0 and len(given) == 1


def _is_repeated(use: ast.Name, holders: set[ast.AST], module: SourceFile) -> bool:
    """Whether a loop that begins after the file was opened goes over a place again."""
    around: ast.AST | None = module.parents.get(use)
    within = {id(each) for holder in holders for each in _above(holder, module)}
    while around is not None and id(around) not in within:
        if isinstance(around, _REPEATED):
            return True
        around = module.parents.get(around)
    return False


def _is_elsewhere(use: ast.Name, holders: set[ast.AST], module: SourceFile) -> bool:
    """Whether it stands in another function, which may be called again."""
    return not any(
        isinstance(holder, ast.arg) or module.function(use) is module.function(holder)
        for holder in holders
    )


def _above(node: ast.AST, module: SourceFile) -> Iterator[ast.AST]:
    above: ast.AST | None = node
    while above is not None:
        yield above
        above = module.parents.get(above)


def _last_name(node: ast.AST | None) -> str:
    return getattr(node, "attr", "") or getattr(node, "id", "")
