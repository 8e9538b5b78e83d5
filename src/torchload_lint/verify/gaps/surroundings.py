"""What runs around a load beside its allowlist, and makes it another load than the one proven.

A program may change the folder that a path starts from, enter a block twice, or call what clears
the list in another file.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.notes import is_test_file
from torchload_lint.rules.blocks.far_allowances import far_allowances
from torchload_lint.rules.blocks.unread_allowances import unread_allowance
from torchload_lint.rules.met_needs import names_allowed
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name
from torchload_lint.verify.gaps.programs_around import program_around
from torchload_lint.verify.gaps.proof_gaps import surely_enters
from torchload_lint.verify.gaps.suspended import gap_while_suspended

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_WITHS = (ast.With, ast.AsyncWith)
_RUNS_AS_MADE = late_pattern(r"__init_subclass__|__set_name__|\bmetaclass\b")
"""What runs code as a class is made that may call its methods."""
_HOPS = 4
"""Names that are followed: to the ``__file__`` of a path, to the ``safe_globals`` of a function."""
_GIVERS = frozenset({"torch", "contextlib"})
_CHANGES_FOLDER = frozenset({"chdir", "fchdir"})


def gap_around(module: Module, load: LoadCall, project: ProjectIndex) -> str:
    """The first reason not to take a proof for the program; empty where there is none."""
    found = [*_of_folders(module, load, project)]
    if load.allowlists:
        found += [*gap_while_suspended(module, load), *_of_blocks_entered_twice(module, load)]
        found += [*_of_classes(module, load, project)]
        found += [*_of_other_meanings(module, load, project), *_of_clears(module, project)]
    return found[0] if found else ""


def may_be_allowed_by(
    module: Module, load: LoadCall, situation: Situation, context: Context
) -> str:
    """The place, as ``file:row``, of a block that may allow what a load lacks; empty where there is
    none. What is refused without it says nothing then.
    """
    elsewhere = _block_elsewhere(module, load, situation, context)
    return elsewhere or _block_around(module, load, context.project)


def _block_around(module: Module, load: LoadCall, project: ProjectIndex) -> str:
    """A block of the project's own around a load; where an allowlist is known, none is asked."""
    if load.allowlists:
        return ""
    allowing = project.remember(("what allows",), lambda: _what_allows(project))
    for parent in ancestors(module, load.node):
        if isinstance(parent, (*FUNCTIONS, ast.Lambda)):
            break
        for item in parent.items if isinstance(parent, _WITHS) else ():
            made = item.context_expr
            if isinstance(made, ast.Call) and last_name(made.func) in allowing:
                return f"{module.path}:{made.lineno}"
    return ""


def _block_elsewhere(module: Module, load: LoadCall, situation: Situation, context: Context) -> str:
    """The place of a block that does not stand around a load, and may be open when it runs, since
    it calls code of the program, with what the load is lacking; empty where there is none.
    """
    project = context.project
    program = {part.module.path for part in program_around(module, project)}
    for allowlist, home in far_allowances(project):
        is_block = allowlist.kind is not AllowlistKind.PROCESS and allowlist not in load.allowlists
        if is_block and home.path in program:
            for _, place in names_allowed(allowlist, home, situation.missing, context):
                return place
    unread = unread_allowance(project)
    return unread if unread.rpartition(":")[0] in program else ""


def _what_allows(project: ProjectIndex) -> frozenset[str]:
    """The functions and classes that call ``safe_globals``, or what does."""
    modules = [project.module_at(path) for path in project.holding("safe_globals")]
    used = {
        node.name: {last_name(one) for one in ast.walk(node) if isinstance(one, ast.expr)}
        for module in modules
        for node in (ast.walk(module.tree) if module is not None else ())
        if isinstance(node, (*FUNCTIONS, ast.ClassDef))
    }
    allowing = {"safe_globals", "add_safe_globals"}
    for _ in range(_HOPS):
        allowing |= {name for name, names in used.items() if not allowing.isdisjoint(names)}
    return frozenset(allowing)


def is_script(module: Module, folder: Path) -> bool:
    """Whether a file that is started finds first what lies beside it: one in no package, or one
    that imports, by its bare name, what lies beside it.
    """
    if not (folder / "__init__.py").exists():
        return True
    top = module.name.partition(".")[0]
    for node in ast.walk(module.tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for first in (name.partition(".")[0] for name in names):
            is_beside = (folder / f"{first}.py").is_file() or (folder / first).is_dir()
            if is_beside and first != top:
                return True
    return False


def _of_folders(module: Module, load: LoadCall, project: ProjectIndex) -> Iterator[str]:
    """Another current folder, where the path of the load is not one from the file's own place."""
    if load.file is not None and _starts_from_own_place(module, load.file, _HOPS):
        return
    holding = {*project.holding("chdir"), *project.holding("fchdir")}
    around = {part.module.path: part.module for part in program_around(module, project)}
    inside = [around[path] for path in sorted(holding & around.keys())]
    names = {name for one in inside for name in _other_names(one, _CHANGES_FOLDER)}
    names |= _CHANGES_FOLDER
    for other in around.values() if inside else ():
        if other not in inside and not any(name in other.text for name in names):
            continue
        for node in ast.walk(other.tree):
            if _changes_folder(node, names, other, module, load, project):
                row = getattr(node, "lineno", 0)
                yield f"{other.path}:{row} changes the current folder, where paths start"


def _starts_from_own_place(module: Module, path: ast.expr, hops: int) -> bool:
    """Whether a path is made from ``__file__``, or is spelled from the root."""
    if isinstance(path, ast.Constant):
        return isinstance(path.value, str) and path.value.startswith("/")
    names = [node for node in ast.walk(path) if isinstance(node, ast.Name)]
    if any(node.id == "__file__" for node in names):
        return True
    values = [one.value for node in names for one in module.bindings.definitions(node)]
    return hops > 0 and any(
        _starts_from_own_place(module, value, hops - 1) for value in values if value is not None
    )


def _changes_folder(
    node: ast.AST,
    names: set[str],
    place: Module,
    module: Module,
    load: LoadCall,
    project: ProjectIndex,
) -> bool:
    """Whether a node in a file leads to another folder before a load of ``module``: a call, or a
    name that is given to somebody. A script in the project's root that goes to its own folder goes
    where a proof is.
    """
    is_name = isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load)
    is_text = isinstance(node, ast.Constant) and node.value in _CHANGES_FOLDER
    if not is_text and not (is_name and last_name(node) in names):  # type: ignore[arg-type]
        return False
    call = place.parents.get(node)
    is_called = isinstance(call, ast.Call) and call.func is node
    given = call.args if isinstance(call, ast.Call) and is_called else []
    if "/" not in place.path and any("__file__" in ast.unparse(one) for one in given):
        return False
    function = place.function(node)
    row = getattr(node, "lineno", 0)
    if place is module:
        return function is not None or bool(load.function) or row <= load.node.lineno
    if not isinstance(function, FUNCTIONS) or function.decorator_list:
        return True
    outer = next((one for one in ancestors(place, node) if isinstance(one, ast.ClassDef)), None)
    name = outer.name if outer is not None else str(getattr(function, "name", ""))
    others = (part.module for part in program_around(module, project))
    return len(re.findall(rf"\b{name}\b", place.text)) > 1 or any(
        name in other.text for other in others if other is not place
    )


def _other_names(module: Module, names: frozenset[str]) -> set[str]:
    """What a file calls things of these names: ``from os import chdir as go``."""
    imports = [node for node in ast.walk(module.tree) if isinstance(node, ast.ImportFrom)]
    return {
        alias.asname
        for node in imports
        for alias in node.names
        if alias.name in names and alias.asname
    }


def _of_classes(module: Module, load: LoadCall, project: ProjectIndex) -> Iterator[str]:
    """A class that may load as it is made, before what its file registers below it."""
    around = [one for one in ancestors(module, load.node) if isinstance(one, ast.ClassDef)]
    registered = [one for one in load.allowlists if one.kind is AllowlistKind.PROCESS]
    if not around or all(one.span.start.row < around[-1].lineno for one in registered):
        return
    for part in program_around(module, project):
        if found := _RUNS_AS_MADE.search(part.module.text):
            yield (
                f"{part.module.path} has {found.group()}, and the class of row {around[-1].lineno} "
                "may load as it is made, before what is registered below it"
            )
            return


def _of_blocks_entered_twice(module: Module, load: LoadCall) -> Iterator[str]:
    """``with block:`` inside of ``with block:``: the inner one's end is the end of both."""
    entered: dict[str, list[int]] = {}
    for node in ast.walk(module.tree):
        for item in node.items if isinstance(node, (ast.With, ast.AsyncWith)) else ():
            if isinstance(item.context_expr, ast.Name):
                entered.setdefault(item.context_expr.id, []).append(item.context_expr.lineno)
    around = [one for one in ancestors(module, load.node) if isinstance(one, _WITHS)]
    for parent in around:
        for item in parent.items:
            name = getattr(item.context_expr, "id", "")
            rows = entered.get(name, [])
            if len(rows) > 1:
                yield f"the block of line {parent.lineno} is entered on line {max(rows)}, too"
            is_own = any(surely_enters(module, item.context_expr, a.node) for a in load.allowlists)
            for row in _other_uses(module, name) if is_own else ():
                yield f"row {row} may end the block of line {parent.lineno}"


def _other_uses(module: Module, name: str) -> Iterator[int]:
    """The rows where a name is used for something else than to enter what it stands for."""
    for node in ast.walk(module.tree):
        is_used = isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        if is_used and not isinstance(module.parents.get(node), ast.withitem):
            yield getattr(node, "lineno", 0)


def _of_other_meanings(module: Module, load: LoadCall, project: ProjectIndex) -> Iterator[str]:
    """``safe_globals`` that is another function by then: assigned, or imported by ``*``."""
    for allowlist in load.allowlists:
        name = allowlist.node.func
        if not isinstance(name, ast.Name):
            continue
        found = module.bindings.definitions(name)
        other = next((one for one in found if "import" not in one.kind), None)
        if other is not None and any("import" in one.kind for one in found):
            row = getattr(module.statement(other.node), "lineno", 0)
            yield f"{name.id} has another meaning from row {row} on"
        for node, source in _starred(module, project):
            if _binds(source, name.id, project, _HOPS):
                yield f"row {node.lineno} imports another {name.id}"


def _starred(module: Module, project: ProjectIndex) -> Iterator[tuple[ast.ImportFrom, Module]]:
    """The files of the project that a file imports all of."""
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom) and any(one.name == "*" for one in node.names):
            package = module.name.split(".")
            if not module.path.endswith("__init__.py"):
                package = package[:-1]
            base = package[: len(package) - node.level + 1] if node.level else []
            source = project.module(".".join([*base, *filter(None, [node.module])]))
            if source is not None and source is not module:
                yield node, source


def _binds(module: Module, name: str, project: ProjectIndex, hops: int) -> bool:
    """Whether a file gives a name that is not torch's own, or the stand-in of old releases."""
    for node in ast.walk(module.tree):
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node.name == name:
            return True
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            return True
        if isinstance(node, ast.ImportFrom):
            is_own = node.level or (node.module or "").partition(".")[0] not in _GIVERS
            if is_own and name in {alias.asname or alias.name for alias in node.names}:
                return True
    sources = [source for _, source in _starred(module, project)] if hops else []
    return any(_binds(source, name, project, hops - 1) for source in sources)


def _of_clears(module: Module, project: ProjectIndex) -> Iterator[str]:
    """Another file that clears torch's list, and is no test."""
    for path in project.holding("clear_safe_globals"):
        other = project.module_at(path)
        if path != module.path and other is not None and not is_test_file(path, other.text):
            for node in ast.walk(other.tree):
                if isinstance(node, ast.Call) and last_name(node.func) == "clear_safe_globals":
                    yield f"{path}:{node.lineno} clears what is allowed, and may run before it"
