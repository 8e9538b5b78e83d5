"""From what a load needs to the edits: keyword, block, import, in that order.

Only imported where there is something to fix.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.fixes.blocks.block import indentation_unit, put_in_block
from torchload_lint.fixes.blocks.function import through_function
from torchload_lint.fixes.blocks.shape import Shape, is_put_away, shape_of
from torchload_lint.fixes.edits import Change, Source, source_of
from torchload_lint.fixes.extend import extend
from torchload_lint.fixes.imports.import_lines import import_changes
from torchload_lint.fixes.imports.naming import Names, NewImport, Unreachable
from torchload_lint.fixes.imports.scopes import FUNCTIONS_AND_LAMBDAS, nodes_around
from torchload_lint.fixes.long_calls import folded
from torchload_lint.fixes.repair import Form, NotRepaired, Repair, Repaired
from torchload_lint.fixes.rewritten import Refusal, Rewritten
from torchload_lint.fixes.weights_only_keyword import weights_only_changes
from torchload_lint.names import GlobalName
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.facts.calls import CallKind, LoadCall
from torchload_lint.source.facts.cells import is_shown
from torchload_lint.source.facts.loading.special_methods import special_methods
from torchload_lint.source.facts.scripts import imports_at_top
from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.text.definitions import COMPREHENSIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.module import Module

_MODES = frozenset({"r", "rb", "br", "rt"})


def repair_load(module: Module, load: LoadCall, repair: Repair) -> Repaired | NotRepaired:
    """Write ``weights_only=True`` and see that ``repair.allow`` is allowed around the call."""
    source = source_of(module.text)
    try:
        _refuse_mistakes(load)
        _refuse_wrong_places(module, source, load)
        _refuse_lost_registrations(module, load, repair)
        outcome = _outcome(module, source, load, repair)
        changes = [*outcome.changes, *_registering_imports(module, load, repair)]
    except Refusal as refusal:
        return NotRepaired(refusal.reason, refusal.advice)
    except RecursionError:
        return NotRepaired("the statement is nested too deeply")
    except Unreachable as unreachable:
        return NotRepaired(
            f"what has to be allowed cannot be named here: {unreachable}",
            "write the safe_globals block by hand, with an import that works at this place",
        )
    if not changes:
        return NotRepaired("there is nothing to add at this call")
    return Repaired(source.edits(changes), outcome.how, outcome.keeps_meaning)


def allow_around(module: Module, load: LoadCall, repair: Repair) -> Rewritten:
    """The changes of a repair whose entries are known not to clash with a registration.

    Raises Refusal.
    """
    try:
        return _outcome(module, source_of(module.text), load, repair)
    except Unreachable as unreachable:
        raise Refusal(f"what has to be allowed cannot be named here: {unreachable}") from None


def _outcome(module: Module, source: Source, load: LoadCall, repair: Repair) -> Rewritten:
    if load.kind is CallKind.REFERENCE:
        return through_function(module, load, repair)
    restricts = repair.form is Form.RESTRICTED
    changes = weights_only_changes(module, source, load) if restricts else []
    unit = indentation_unit(module, source, load.statement)

    def within_lines(*, deeper: bool) -> list[Change]:
        return folded(module, source, load, changes, unit, repair.line_length, deeper=deeper)

    if not repair.allow:
        return Rewritten(within_lines(deeper=False), "keyword")
    others = calls_of_loaders(module, load, repair.loading)
    shown = is_shown(module, load.statement)
    apart = repair.limits_calls
    shape = shape_of(load.node, load.statement, module.parents, others, shown=shown, apart=apart)
    block = _block_around(module, load, shape)
    if block is not None:
        if apart and not is_put_away(load.node, load.statement):
            raise Refusal(*_USED_INSIDE)
        return extend(module, block, repair, within_lines(deeper=False))
    if load.kind is CallKind.PARTIAL or shape is Shape.FUNCTION:
        return through_function(module, load, repair)
    hoist = shape is Shape.HOIST
    return put_in_block(module, load, repair, within_lines(deeper=not hoist), hoist)


_USED_INSIDE = (
    "what is loaded is used inside of the block that is there, where its objects are still blank",
    "load it into a name there, and use that below the block",
)


def calls_of_loaders(
    module: Module, load: LoadCall, elsewhere: Collection[str] = ()
) -> list[ast.AST]:
    """The calls in a statement that run functions of this file which load or allow themselves, or
    hand over ``elsewhere``, those that do so in other files; and what runs a property or a special
    method among these, before the load.

    Such a function may leave a block of its own, and take the names of ours away before our load.
    """
    loads = module.remember("nodes of loads", lambda: {one.node for one in module.loads})
    own = module.remember("names of loaders", lambda: _own_loaders(module))
    names = own.union(elsewhere)
    nodes = ast.walk(load.statement)
    calls = [node for node in nodes if isinstance(node, ast.Call) and node not in loads]
    return [
        *(node for node in calls if not names.isdisjoint(map(_called, (node, *_given(node))))),
        *_unwritten_calls(module, load, names),
    ]


def _own_loaders(module: Module) -> set[str]:
    """The names of the file's functions that load, or allow something."""
    places = [*(one.function for one in module.loads), *(one.function for one in module.allowlists)]
    return {place.rpartition(".")[2] for place in places if place}


def _unwritten_calls(module: Module, load: LoadCall, names: set[str]) -> Iterator[ast.AST]:
    """What asks for a property or runs a special method among ``names``, beside the load: neither
    with what it loads, nor to give it its arguments. In a loop all of it comes before a load.
    """
    around = [one for one in ancestors(module, load.node) if isinstance(one, ast.expr)]
    loops = any(isinstance(one, COMPREHENSIONS) for one in around)
    apart = {*ast.walk(load.node), *(() if loops else around)}
    for one in ast.walk(load.statement):
        asked = {f".{one.attr}"} if isinstance(one, ast.Attribute) else special_methods(one)
        if one not in apart and not names.isdisjoint(asked):
            yield one


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _called(node: ast.expr) -> str:
    """The last word of what is called, or handed over."""
    named = node.func if isinstance(node, ast.Call) else node
    return str(getattr(named, "attr", getattr(named, "id", "")))


def _block_around(module: Module, load: LoadCall, shape: Shape) -> Allowlist | None:
    """The innermost allowlist around a load."""
    blocks = [one for one in load.allowlists if one.kind is not AllowlistKind.PROCESS]
    if blocks or shape is Shape.FUNCTION:
        return blocks[-1] if blocks else None
    # What runs right where it stands is inside every block of its function.
    around: list[ast.AST] = []
    for node in nodes_around(load.statement, module.parents):
        if isinstance(node, FUNCTIONS_AND_LAMBDAS):
            break
        around.append(node)
    inside = [
        one
        for one in module.allowlists
        if one.kind is AllowlistKind.BLOCK and one.statement in around
    ]
    return max(inside, key=lambda one: one.span) if inside else None


def _refuse_mistakes(load: LoadCall) -> None:
    """Calls that do not mean what they say are left for a person."""
    arguments = load.node.args if load.kind is CallKind.CALL else []
    for argument in arguments[1:]:
        if isinstance(argument, ast.Constant) and argument.value in _MODES:
            raise Refusal(
                f"{argument.value!r} is passed as map_location, which is not a file mode",
                "remove the argument",
            )
    if isinstance(load.pickle_module, ast.Constant) and load.kind is CallKind.CALL:
        raise Refusal(
            f"{load.pickle_module.value!r} is passed as pickle_module",
            "weights_only can only be given by keyword",
        )
    if load.mistake and load.kind is CallKind.CALL:
        raise Refusal(load.mistake, "correct the arguments")


def _refuse_wrong_places(module: Module, source: Source, load: LoadCall) -> None:
    """Before Python 3.12 ``ast`` misplaces some expressions inside f-strings; and ``f"{x=}"`` shows
    the code that is to be changed.
    """
    around = nodes_around(load.node, module.parents)
    strings = [node for node in around if isinstance(node, ast.JoinedStr)]
    if not strings:
        return
    texts = [one for node in strings for one in node.values if isinstance(one, ast.Constant)]
    if source.slice(load.node) in "".join(str(one.value) for one in texts):
        raise Refusal("its f-string shows how the call is written (`=`)")
    try:
        found = ast.parse(f"({source.slice(load.node)})", mode="eval").body
    except SyntaxError:
        found = None
    if found is None or ast.dump(found) != ast.dump(load.node):
        raise Refusal("this Python does not say where the call stands in its f-string")


def _refuse_lost_registrations(module: Module, load: LoadCall, repair: Repair) -> None:
    """Leaving a block takes its names out of torch's process-wide set, whoever added them."""
    wanted = {GlobalName(one.spelling.module, one.spelling.name) for one in repair.allow}
    keys = {one.key for one in repair.allow if one.key is not None}
    if not wanted:
        return
    for one in sorted(wanted & set(repair.registered)):
        raise Refusal(
            f"{one} is registered with add_safe_globals elsewhere in the project; "
            "leaving a safe_globals block here would take it away",
            "make sure that the registration runs before this load, and write weights_only=True",
        )
    for allowlist in module.allowlists:
        if allowlist in load.allowlists or not _shares(allowlist, wanted, keys):
            continue
        if allowlist.kind is AllowlistKind.PROCESS:
            registers = "registers" if allowlist.complete else "may register"
            raise Refusal(
                f"add_safe_globals on line {allowlist.span.start.row} {registers} the same names; "
                "leaving a safe_globals block here would take them away",
                "register them at the top of the module, before any load",
            )
        if _block_calls(module, allowlist, load.function):
            raise Refusal(
                f"the safe_globals block on line {allowlist.span.start.row} calls this function "
                "and allows the same names; a block here would take them away from it",
                "extend that block, or load inside it",
            )


def _shares(allowlist: Allowlist, wanted: set[GlobalName], keys: set[str]) -> bool:
    if not allowlist.complete and allowlist.kind is AllowlistKind.PROCESS:
        return True
    return any(entry.obj in wanted or entry.key in keys for entry in allowlist.entries)


def _block_calls(module: Module, allowlist: Allowlist, function: str) -> bool:
    """Whether the body of a block calls a function of this name."""
    name = function.rpartition(".")[2]
    if not name or not isinstance(allowlist.statement, (ast.With, ast.AsyncWith)):
        return False
    loads = {load.node for load in module.loads}
    return any(
        isinstance(node, ast.Call) and node not in loads and _called(node) == name
        for statement in allowlist.statement.body
        for node in ast.walk(statement)
    )


def _registering_imports(module: Module, load: LoadCall, repair: Repair) -> list[Change]:
    missing = [
        NewImport(name) for name in repair.import_modules if not imports_at_top(module, name)
    ]
    if not missing:
        return []
    names = Names.at(module, load.statement)
    return import_changes(module, missing, names.import_limit, repair.line_length)
