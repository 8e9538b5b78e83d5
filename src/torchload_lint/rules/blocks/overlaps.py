"""Whether blocks run inside of one another or side by side, across the files of a project.

Torch has one list of what is allowed, for all threads. A block that ends takes its names from the
list, also from another block that has allowed the same and goes on (torch 2.13,
``_weights_only_unpickler.py``, ``_safe_globals.__exit__``): what is loaded there then is refused.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.names import GlobalName
from torchload_lint.rules.blocks.loading_names import calls_in, may_load, names_in
from torchload_lint.source.facts.allowed.allowlists import AllowlistKind
from torchload_lint.source.names import members
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torchload_lint.fixes.repair import Allow
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex


def names_that_load(situation: Situation, project: ProjectIndex) -> frozenset[str]:
    """The functions that a load's statement calls and that may load, or allow something, too."""
    calls = calls_in([situation.load.statement], situation.module)
    return frozenset(name for name in names_in(calls) if may_load(project, name))


def block_that_calls(situation: Situation, entries: Sequence[Allow], project: ProjectIndex) -> str:
    """The place of a block that allows one of these entries, too, and whose code may come to the
    load; empty where there is none. Blocks around the load itself are left out.
    """
    wanted = {GlobalName(one.spelling.module, one.spelling.name) for one in entries}
    keys = {one.key for one in entries if one.key is not None}
    if not members.is_function(situation.module.function(situation.load.node)):
        return ""
    for path in project.holding("safe_globals"):
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
    for path in project.holding("safe_globals") if registered else ():
        home = module if path == module.path else project.module_at(path)
        for allowlist in home.allowlists if home is not None else ():
            if home is None or not _shares(allowlist, registered, set()):
                continue
            if _may_run_after(home, allowlist, since if home is module else 0, project):
                return f"{path}:{allowlist.span.start.row}"
    return ""


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
    """Whether a block allows one of the entries."""
    is_block = allowlist.kind in {AllowlistKind.BLOCK, AllowlistKind.STACK}
    every = allowlist.entries
    return is_block and any(entry.obj in wanted or entry.key in keys for entry in every)


def _calls_what_loads(module: Module, allowlist: Allowlist, project: ProjectIndex) -> bool:
    within: ast.AST | None = allowlist.statement
    if allowlist.kind is AllowlistKind.STACK:  # in force until something else closes it
        within = module.function(allowlist.node) or module.tree
    calls = calls_in(getattr(within, "body", ()), module)
    return any(may_load(project, name) for name in names_in(calls))
