"""Options that a loop declares, one for each entry of a dictionary.

``for key, value in defaults.items(): parser.add_argument(f"--{key}", default=value)``, perhaps in a
function that is given the parser and the dictionary.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.branches import guards
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    Cause,
    Constant,
    Frame,
    Text,
    Unknown,
    lift,
    union,
    unknown,
)
from torchload_lint.source.libraries.options import (
    looped_options,
    replaced_defaults,
    written_commands,
)
from torchload_lint.source.names import members
from torchload_lint.source.project import call_search
from torchload_lint.source.state import spreading
from torchload_lint.source.state.matching import match
from torchload_lint.source.text.definitions import INNER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile

_KEEPING = frozenset(f"builtins.{name}" for name in ("str", "type", "int", "float", "bool"))
_ORDERED = frozenset({"sorted", "list", "tuple", "reversed"})
"""What a loop may be over an order of."""


class _Loop(NamedTuple):
    """A loop that declares options."""

    call: ast.Call
    module: SourceFile
    scope: ast.AST
    dictionary: ast.expr
    is_default: bool
    """Whether the entry is the default as it is."""


def of_entries(
    evaluator: Evaluator, scopes: Sequence[tuple[SourceFile, ast.AST]], name: str
) -> Values:
    """What an option is that a loop declares in one of the functions which set up the parser; empty
    where none does. ``scopes``: those functions.
    """
    names = (f"--{name}",)
    loops = [*_loops(evaluator, scopes, name)]
    if not loops:
        return ()
    evaluator.leave_open(f"the option --{name} may be given another value")
    found: list[Values] = []
    for loop in loops:
        default = _default(evaluator, loop, scopes, name)
        if any(_says_something(each) for each in default):
            known = lift(default, Rung.DEFAULT if loop.is_default else Rung.ONE_OF_SEVERAL)
            found.append(replaced_defaults.beside(evaluator, known, names, scopes[0][0]))
    if found:
        return union(*found)
    place = f"{loops[0].module.path}:{loops[0].call.lineno}"
    why = f"the option --{name} ({place}) has no default, and no written command line gives it"
    written = written_commands.given(evaluator, names, scopes[0][0])
    return written or unknown(why, Cause.NO_DEFAULT)


def _says_something(value: Value) -> bool:
    if isinstance(value, Text):
        return bool(value.text)
    return isinstance(value, Constant) and value.value is not None


def _loops(
    evaluator: Evaluator, scopes: Iterable[tuple[SourceFile, ast.AST]], name: str
) -> Iterator[_Loop]:
    for module, scope in scopes:
        for call in call_search.calls_named(evaluator.project, module, "add_argument"):
            if module.bindings.scope(module.statement(call)) is scope:
                yield from _loop(call, module, scope, name)


def _loop(call: ast.Call, module: SourceFile, scope: ast.AST, name: str) -> Iterator[_Loop]:
    around: ast.AST | None = module.statement(call)
    while around is not None and around is not scope and not isinstance(around, ast.For):
        around = module.parents.get(around)
    if not isinstance(around, ast.For) or not call.args:
        return
    key, value = _targets(around.target)
    dictionary = _looped_over(around.iter, pairs=value is not None)
    if key is None or dictionary is None:
        return
    if looped_options.literal(call.args[0], {key.id: ast.Constant(name)}) == f"--{name}":
        given = next((each.value for each in call.keywords if each.arg == "default"), None)
        is_default = isinstance(given, ast.Name) and value is not None and given.id == value.id
        is_kept = is_default and not _may_convert(call, module)
        yield _Loop(call, module, scope, dictionary, is_kept)


def _may_convert(call: ast.Call, module: SourceFile) -> bool:
    """Whether ``type=`` may make another text of a text: it is no class of Python's, nor what
    ``type(value)`` says. A function for switches (``elif isinstance(value, bool):``) is not asked.
    """
    given = next((each.value for each in call.keywords if each.arg == "type"), None)
    if given is None:
        return False
    values = [given]
    if isinstance(given, ast.Name):
        values = [each.value for each in module.bindings.definitions(given) if each.value] or values
    return not all(_keeps_texts(each, module) for each in values)


def _keeps_texts(node: ast.expr, module: SourceFile) -> bool:
    if isinstance(node, ast.IfExp):
        return _keeps_texts(node.body, module) and _keeps_texts(node.orelse, module)
    maker = node.func if isinstance(node, ast.Call) else node
    if module.bindings.qualified(maker) in _KEEPING:
        return True
    return isinstance(node, ast.Name) and any(
        holds
        and isinstance(test, ast.Call)
        and [ast.unparse(each) for each in test.args[1:]] == ["bool"]
        for (test, holds), _ in guards.asked_around(node, module)
    )


def _targets(target: ast.expr) -> tuple[ast.Name | None, ast.Name | None]:
    """The names of the key and of the value in a turn."""
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    first, *rest = (each if isinstance(each, ast.Name) else None for each in names)
    return (first, rest[0] if rest else None) if len(names) in (1, 2) else (None, None)


def _looped_over(node: ast.expr, *, pairs: bool) -> ast.expr | None:
    """The dictionary of which the entries are looped over."""
    while isinstance(node, ast.Call) and getattr(node.func, "id", "") in _ORDERED and node.args:
        node = node.args[0]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        return node.func.value if node.func.attr == ("items" if pairs else "keys") else None
    return None if pairs else node


def _default(
    evaluator: Evaluator,
    loop: _Loop,
    scopes: Iterable[tuple[SourceFile, ast.AST]],
    name: str,
) -> Values:
    """What the dictionary holds for the option, as far as that is known."""
    values = union(
        *(
            spreading.named(evaluator, expression, name, Frame(module))
            for module, expression in _dictionaries(loop, scopes)
        )
    )
    return tuple(each for each in values if not isinstance(each, Unknown))


def _dictionaries(
    loop: _Loop, scopes: Iterable[tuple[SourceFile, ast.AST]]
) -> Iterator[tuple[SourceFile, ast.expr]]:
    """The dictionary, or where it is given to the function around the loop, what is given."""
    defined = (
        loop.module.bindings.definitions(loop.dictionary)
        if isinstance(loop.dictionary, ast.Name)
        else ()
    )
    parameter = defined[0].node if len(defined) == 1 else None
    if not isinstance(parameter, ast.arg) or not members.is_function(loop.scope):
        yield loop.module, loop.dictionary
        return
    for module, scope in scopes:
        names = {loop.scope.name}
        for call in call_search.calls_among(scope, module.lines, names, INNER):
            given = match(call, loop.scope).get(parameter)
            if isinstance(given, ast.expr):
                yield module, given
