"""Load through a small function that carries the block.

For places where a block around the statement would be wrong: a lambda, a generator that runs later,
a ``while`` condition, a loader that is handed on to others. The function runs exactly where the
load ran, so it keeps the order of evaluation; it is offered as an unsafe fix because it adds a
definition to the module, and a loader compared or patched by name is no longer the same object.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.fixes.blocks.block import indentation_unit
from torchload_lint.fixes.blocks.list_rows import with_header
from torchload_lint.fixes.blocks.shim import block_function, shim_changes
from torchload_lint.fixes.edits import Change, Source, apply_changes, changes_inside, source_of
from torchload_lint.fixes.imports.import_lines import import_changes, local_statements
from torchload_lint.fixes.imports.naming import Names, free_name
from torchload_lint.fixes.repair import Allow, Form
from torchload_lint.fixes.rewritten import Refusal, Rewritten
from torchload_lint.fixes.weights_only_keyword import without_weights_only
from torchload_lint.names import Spelling
from torchload_lint.source.facts.calls import CallKind

if TYPE_CHECKING:
    from torchload_lint.fixes.repair import Repair
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module

HELPER = "load_with_safe_globals"


def through_function(module: Module, load: LoadCall, repair: Repair) -> Rewritten:
    """Call (or hand on) a helper in the place of the loader."""
    source = source_of(module.text)
    _refuse_other_loaders(module, load)
    start, end = _loader_span(source, load)
    restricts = repair.form is Form.RESTRICTED
    dropped = without_weights_only(module, source, load) if restricts else []
    if not repair.allow:
        return _partial(module, load, repair, (start, end))
    _refuse_unborn_classes(module, load, repair)
    names = Names.at_top(module, load.statement.lineno).for_load(repair)
    text = _helper(names, load, repair, source.newline, indentation_unit(module, source))
    name, needed = _name_for(module, text)
    place = _place(module, source)
    imports = import_changes(module, names.top, load.statement.lineno, repair.line_length)
    imports += shim_changes(names, repair, indentation_unit(module, source))
    helper = [Change(place, place, _framed(source, place, text.replace(HELPER, name, 1)))]
    # One change from the loader to the end of the call, so that it meets every other fix of it.
    last = end if load.kind is CallKind.REFERENCE else source.end(load.node)
    inside = changes_inside([Change(start, end, name), *dropped], start, last)
    call = Change(start, last, apply_changes(source.text[start:last], inside))
    changes = [*imports, *(helper if needed else []), call]
    return Rewritten(changes, "function", keeps_meaning=False)


def _refuse_other_loaders(module: Module, load: LoadCall) -> None:
    """A name that merely holds torch.load (before it is patched, say) is not to be replaced."""
    loader = load.node.func if load.kind is CallKind.CALL else None
    while isinstance(loader, ast.Attribute):
        loader = loader.value
    if loader is None:
        return
    definitions = module.bindings.definitions(loader) if isinstance(loader, ast.Name) else ()
    if not definitions or any("import" not in one.kind for one in definitions):
        raise Refusal(
            "the loader is reached through a name that is assigned, not imported",
            "load in a function of its own, with safe_globals and weights_only=True",
        )


def _refuse_unborn_classes(module: Module, load: LoadCall, repair: Repair) -> None:
    """Raises Unreachable where the load may run before a class of the file itself exists."""
    names = Names.at(module, load.statement)
    for allow in repair.allow:
        if allow.defined_in == module.path:
            names.reference(allow)


def _loader_span(source: Source, load: LoadCall) -> tuple[int, int]:
    """Where the loader itself is written."""
    if load.kind is CallKind.CALL:
        return source.start(load.node.func), source.end(load.node.func)
    if load.kind is CallKind.PARTIAL and load.node.args:
        return source.start(load.node.args[0]), source.end(load.node.args[0])
    return source.offset_of(load.span.start), source.offset_of(load.span.end)


def _partial(module: Module, load: LoadCall, repair: Repair, span: tuple[int, int]) -> Rewritten:
    """``functools.partial(torch.load, weights_only=True)`` in the place of ``torch.load``."""
    source = source_of(module.text)
    names = Names.at(module, load.statement)
    partial = names.reference(Allow(Spelling("functools", "partial")))
    imports = import_changes(module, names.top, names.import_limit, repair.line_length)
    loader = source.text[span[0] : span[1]]
    change = Change(*span, f"{partial}({loader}, weights_only=True)")
    return Rewritten([*imports, change], "function", keeps_meaning=False)


def _helper(names: Names, load: LoadCall, repair: Repair, newline: str, unit: str) -> str:
    """The text of the helper."""
    module, _, name = load.loader.rpartition(".")
    loader = names.loader(module, name)
    entries = [names.entry(allow) for allow in repair.allow]
    safe_globals = block_function(names, repair)
    header = with_header(safe_globals, entries, unit, unit, repair.line_length)
    imports = local_statements(names.local, unit, repair.line_length)
    rows = [f"def {HELPER}(*args, **kwargs):"]
    rows += [f"{unit}{row}" for row in "\n".join(imports).split("\n") if imports]
    rows += [""] if imports else []
    rows += [f"{unit}{row}" for row in header.split("\n")]
    keyword = "weights_only=True, " if repair.form is Form.RESTRICTED else ""
    rows += [f"{unit * 2}return {loader}(*args, {keyword}**kwargs)", ""]
    return newline.join(rows)


def _name_for(module: Module, text: str) -> tuple[str, bool]:
    """The helper's name, and whether it still has to be written."""
    source = source_of(module.text)
    for statement in module.tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name.startswith(HELPER):
            written = source.slice(statement)
            if written == text.replace(HELPER, statement.name, 1).rstrip():
                return statement.name, False
    return free_name(module, HELPER), True


def _place(module: Module, source: Source) -> int:
    """Behind the imports at the top: one place for every helper, whatever load it serves."""
    last: ast.stmt | None = None
    for index, statement in enumerate(module.tree.body):
        docstring = index == 0 and ast.get_docstring(module.tree, clean=False) is not None
        if isinstance(statement, (ast.Import, ast.ImportFrom)) or docstring:
            last = statement
        elif not isinstance(statement, (ast.If, ast.Try)):
            break
    if last is None:
        return source.row_start(module.tree.body[0].lineno)
    assert last.end_lineno is not None
    return source.row_start(last.end_lineno + 1)


def _framed(source: Source, place: int, text: str) -> str:
    """The helper with two blank rows around it, counting those that are there."""
    newline = source.newline
    before = newline * 2 if place else ""
    if place and not source.text[:place].endswith(("\n", "\r")):
        before += newline
    following = source.text[place : place + 4 * len(newline)]
    blanks = 0
    while following.startswith(newline):
        blanks += 1
        following = following[len(newline) :]
    return before + text + newline * max(0, 2 - blanks)
