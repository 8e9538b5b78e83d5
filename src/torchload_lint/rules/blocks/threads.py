"""Threads that load: they share torch's one list of what is allowed.

The first of them that leaves its block takes its names from the loads of the others (torch 2.13,
``_weights_only_unpickler.py``, ``_safe_globals.__exit__``).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.rules.blocks.loading_names import leads_to_function, may_load
from torchload_lint.rules.blocks.servers import is_serving, serving, threaded_servers
from torchload_lint.source.text.definitions import parameters
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_STARTS_THREADS = frozenset(
    """
    Thread Timer start_new_thread submit map imap imap_unordered apply_async map_async starmap
    to_thread run_in_executor
    """.split()
)
_THREAD_WORDS = ("threading", "_thread", "ThreadPool", "to_thread", "run_in_executor")


class ThreadStart(NamedTuple):
    """A place, as ``file:row``, that hands a thread what may load: the nodes, and their names."""

    place: str
    parts: frozenset[ast.AST] | None
    """None where it may be anything: a server's requests, a function that others hand over."""
    names: frozenset[str]


def thread_that_loads(node: ast.AST, module: Module, project: ProjectIndex) -> str:
    """The place where the project gives a thread what may load, while this load may run; empty
    where there is none.
    """
    runs_once = not _definitions_around(node, module)
    starts = _thread_starts(project)
    return next((one.place for one in starts if not (runs_once and one.parts is None)), "")


def thread_that_runs(node: ast.AST, module: Module, project: ProjectIndex) -> str:
    """The place where the project gives a thread what may come to this load, so that two of them
    may run it at once; empty where there is none.
    """
    own = _definitions_around(node, module)
    if not own:
        return ""  # a module is run once, whoever imports it
    for start in _thread_starts(project):
        parts = start.parts
        within = any(parts is None or each in parts for each in (node, *own))
        if within or any(leads_to_function(project, name, own) for name in start.names):
            return start.place
    return ""


def _definitions_around(node: ast.AST, module: Module) -> tuple[ast.AST, ...]:
    """The functions and classes that a node stands in, the innermost first."""
    found: list[ast.AST] = []
    parent = module.parents.get(node)
    while parent is not None:
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            found.append(parent)
        parent = module.parents.get(parent)
    return tuple(found)


def _thread_starts(project: ProjectIndex) -> tuple[ThreadStart, ...]:
    return project.remember(("threads that load",), lambda: tuple(_starts(project)))


def _starts(project: ProjectIndex) -> Iterator[ThreadStart]:
    for path, server in threaded_servers(project):
        yield ThreadStart(f"{path} ({server})", None, frozenset())
    paths = dict.fromkeys(path for word in _THREAD_WORDS for path in project.holding(word))
    for module in filter(None, map(project.module_at, paths)):
        loads = {load.node for load in module.loads}
        for node in ast.walk(module.tree):
            parts = frozenset(part for each in _given_to_thread(node) for part in ast.walk(each))
            named = (each for each in parts if isinstance(each, ast.Name | ast.Attribute))
            names = frozenset(map(last_name, named))
            if any(_is_parameter(each, module) for each in _callables(node)) or any(
                _may_serve(name, project) for name in names
            ):
                yield ThreadStart(f"{module.path}:{getattr(node, 'lineno', 1)}", None, names)
            elif not loads.isdisjoint(parts) or any(may_load(project, name) for name in names):
                yield ThreadStart(f"{module.path}:{getattr(node, 'lineno', 1)}", parts, names)


def _may_serve(name: str, project: ProjectIndex) -> bool:
    """Whether what goes by a name may answer requests, with what nobody follows."""
    if is_serving(name):
        return True
    functions = project.remember(("functions that serve",), lambda: serving(project))
    return bool(functions) and leads_to_function(project, name, functions)


def _callables(node: ast.AST) -> list[ast.expr]:
    """What a call says that a thread shall run."""
    if not isinstance(node, ast.Call) or last_name(node.func) not in _STARTS_THREADS:
        return []
    first = 1 if last_name(node.func) in {"Thread", "Timer", "run_in_executor"} else 0
    named = (each.value for each in node.keywords if each.arg in {"target", "func", "fn"})
    return [*node.args[first : first + 1], *named]


def _is_parameter(node: ast.expr, module: Module) -> bool:
    """Whether a name is a parameter of the function around it, and so what its callers give."""
    function = module.function(node)
    if not isinstance(node, ast.Name) or function is None:
        return False
    return node.id in {each.arg for each in parameters(function.args)}


def _given_to_thread(node: ast.AST) -> list[ast.expr]:
    """What a call or a class hands to a thread."""
    if isinstance(node, ast.ClassDef) and "Thread" in map(last_name, node.bases):
        return [ast.Name(node.name, ast.Load())]
    if not isinstance(node, ast.Call) or last_name(node.func) not in _STARTS_THREADS:
        return []
    return [*node.args, *(keyword.value for keyword in node.keywords)]
