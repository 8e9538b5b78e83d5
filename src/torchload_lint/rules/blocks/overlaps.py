"""Whether blocks run inside of one another or side by side, across the files of a project.

Torch has one list of what is allowed, for all threads. A block that ends takes its names from the
list, also from another block that has allowed the same and goes on (torch 2.13,
``_weights_only_unpickler.py``, ``_safe_globals.__exit__``): what is loaded there then is refused.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.helper_module import was_written
from torchload_lint.names import GlobalName
from torchload_lint.rules.blocks.loading_names import calls_in, is_property, may_load, names_in
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.facts.loading.special_methods import special_methods
from torchload_lint.source.names import members
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchload_lint.fixes.repair import Allow
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex


def names_that_load(situation: Situation, project: ProjectIndex) -> frozenset[str]:
    """The functions that a load's statement calls and that may load, or allow something, too; a
    property that it asks for has a dot in front (``.model``), and a special method is one that an
    operator or a builtin function calls (``__getitem__``).
    """
    statement = situation.load.statement
    nodes = list(ast.walk(statement))
    asked = {f".{each.attr}" for each in nodes if isinstance(each, ast.Attribute)}
    properties = (name for name in asked if is_property(project, name[1:]))
    special = (name for each in nodes for name in special_methods(each))
    named = {*names_in(calls_in([statement], situation.module)), *properties, *special}
    return frozenset(name for name in named if may_load(project, name.lstrip(".")))


def callback_that_loads(situation: Situation, project: ProjectIndex) -> str:
    """What a load is given to call while it runs (``map_location``), and that may load, or allow
    something, itself: its own block would take away what the load around it needs. Empty for none.
    """
    call = situation.load.node
    given = [*call.args[1:2], *(each.value for each in call.keywords)]
    inner = [part for each in given for part in ast.walk(each)]
    names = map(last_name, (*given, *(part.func for part in inner if isinstance(part, ast.Call))))
    return next((name for name in names if name and may_load(project, name)), "")


def block_that_calls(situation: Situation, entries: Sequence[Allow], project: ProjectIndex) -> str:
    """The place of a block that allows one of these entries, too, and whose code may come to the
    load; empty where there is none. Blocks around the load itself are left out.
    """
    wanted = {GlobalName(one.spelling.module, one.spelling.name) for one in entries}
    keys = {one.key for one in entries if one.key is not None}
    if not members.is_function(situation.module.function(situation.load.node)):
        return ""
    for path in _holding_blocks(project):
        module = situation.module if path == situation.module.path else project.module_at(path)
        for allowlist in module.allowlists if module is not None else ():
            if allowlist in situation.load.allowlists or not _shares(allowlist, wanted, keys):
                continue
            if module is not None and _calls_what_loads(module, allowlist, project):
                return f"{path}:{allowlist.span.start.row}"
    return ""


def call_within(module: Module, load: LoadCall, project: ProjectIndex) -> str:
    """The place, as ``file:row``, of a call in a block around a load that may load, or allow
    something, too: when its own block ends, the outer one has lost what both allow.
    """
    for allowlist in load.allowlists:
        for call in calls_in(getattr(allowlist.statement, "body", ()), module):
            if any(may_load(project, name) for name in names_in([call])):
                return f"{module.path}:{call.lineno}"
    return ""


def block_that_takes(
    module: Module, load: LoadCall, needed: Iterable[GlobalName], project: ProjectIndex
) -> str:
    """The place of a block that takes away what a load needs, where no block is around that, so
    that it is registered for the whole process; empty where there is none.
    """
    if any(one.kind is not AllowlistKind.PROCESS for one in load.allowlists):
        return ""  # a block around it allows what it needs
    registered = {*needed}
    since = max((one.span.start.row for one in load.allowlists), default=0)
    for path in _holding_blocks(project) if registered else ():
        home = module if path == module.path else project.module_at(path)
        for allowlist in home.allowlists if home is not None else ():
            if home is None or not _shares(allowlist, registered, set()):
                continue
            if _may_run_after(home, allowlist, since if home is module else 0, project):
                return f"{path}:{allowlist.span.start.row}"
    return ""


def _holding_blocks(project: ProjectIndex) -> list[str]:
    """The files with blocks of their own: that of the module that fixes write is entered where its
    ``safe_globals`` is called, and those places count.
    """
    texts = {path: project.files.text(path) or "" for path in project.holding("safe_globals")}
    return [path for path, text in texts.items() if not was_written(path, text)]


def _may_run_after(home: Module, block: Allowlist, row: int, project: ProjectIndex) -> bool:
    """Whether a block may run after a row of its file: one in a function where that is named."""
    place = block.statement
    if not isinstance(place, ast.With | ast.AsyncWith):
        return False
    function = home.function(place)
    if function is None:
        return place.lineno > row
    named = re.compile(rf"(?<!def )\b{re.escape(function.name)}\b")
    texts = (project.files.text(path) or "" for path in project.holding(function.name))
    return any(named.search(text) for text in texts)


def _shares(allowlist: Allowlist, wanted: set[GlobalName], keys: set[str]) -> bool:
    """Whether a block allows one of the entries, or may, since not all of its list is known."""
    if allowlist.kind not in {AllowlistKind.BLOCK, AllowlistKind.STACK}:
        return False
    every = allowlist.entries
    return not allowlist.complete or any(one.obj in wanted or one.key in keys for one in every)


def _calls_what_loads(module: Module, allowlist: Allowlist, project: ProjectIndex) -> bool:
    if allowlist.kind is AllowlistKind.STACK:  # in force until something else closes it
        return _body_loads(module.function(allowlist.node) or module.tree, module, project)
    if _is_entered_here(allowlist):
        return _body_loads(allowlist.statement, module, project)
    return _enters_what_loads(module, allowlist, project)


def _is_entered_here(allowlist: Allowlist) -> bool:
    """Whether the block is the ``with`` statement itself, and is left when its body ends."""
    block = allowlist.statement
    if not isinstance(block, ast.With | ast.AsyncWith):
        return False
    entered = any(item.context_expr is allowlist.node for item in block.items)
    return entered and not any(isinstance(each, ast.Yield) for each in ast.walk(block))


def _enters_what_loads(module: Module, allowlist: Allowlist, project: ProjectIndex) -> bool:
    """Whether code may come to a load in a block that a function gives to those who call it.

    So does one that goes by a name. Either that is used otherwise than in a ``with`` statement may
    be entered around anything.
    """
    place, function = allowlist.statement, module.function(allowlist.node)
    if isinstance(place, ast.Assign) and place.value is allowlist.node:
        target = place.targets[0]
        name = target.id if isinstance(target, ast.Name) and len(place.targets) == 1 else ""
        users = [module, *(one for one in _holding(project, name) if _imports(one, name))]
    else:
        hands_over = function is not None and _hands_over(allowlist, function)
        name = function.name if function is not None and hands_over else ""
        users = _holding(project, name)
    return not name or any(_enters_around_load(user, name, project) for user in users)


def _holding(project: ProjectIndex, name: str) -> list[Module]:
    return list(filter(None, map(project.module_at, project.holding(name) if name else ())))


def _imports(module: Module, name: str) -> bool:
    return any(isinstance(node, ast.alias) and node.name == name for node in ast.walk(module.tree))


def _hands_over(allowlist: Allowlist, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function returns the block, or is a context manager that is suspended in it."""
    place = allowlist.statement
    if isinstance(place, ast.Return):
        return place.value is allowlist.node and not function.decorator_list
    decorators = [last_name(each) for each in function.decorator_list]
    return isinstance(place, ast.With) and decorators == ["contextmanager"]


def _enters_around_load(user: Module, name: str, project: ProjectIndex) -> bool:
    """Whether a file uses a function otherwise than in ``with``, or in one that may load."""
    for node in ast.walk(user.tree):
        if isinstance(node, ast.alias) and node.name == name and node.asname:
            return True
        if not isinstance(node, ast.Name | ast.Attribute) or last_name(node) != name:
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            continue
        call = user.parents.get(node)
        entered = call if isinstance(call, ast.Call) and call.func is node else node
        item = user.parents.get(entered)
        if not isinstance(item, ast.withitem) or item.context_expr is not entered:
            return True
        if _body_loads(user.parents.get(item), user, project):
            return True
    return False


def _body_loads(block: ast.AST | None, module: Module, project: ProjectIndex) -> bool:
    calls = calls_in(getattr(block, "body", ()), module)
    return any(may_load(project, name) for name in names_in(calls))
