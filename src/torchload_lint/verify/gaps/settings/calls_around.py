"""The calls that lead to a load: a function among them that calls itself may come near Python's
limit of recursion, and the program's own context manager around one may change what the load meets.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from torchload_lint.source.domain.values import Instance, Made
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.facts.allowed.contexts import is_from_helper
from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.project.callers import sites
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name
from torchload_lint.verify.gaps.proof_gaps import surely_enters
from torchload_lint.verify.gaps.settings.quiet_managers import is_quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Value
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import NamedFunction

_MOST_FUNCTIONS = 64
"""Functions around a load whose callers are looked for, the nearest first."""
_HOPS = 4
"""Names that are followed from a ``with`` to what is entered."""
_WITHS = (ast.With, ast.AsyncWith)
_ENTERS = frozenset({"enter_context", "enter_async_context"})
_KNOWN = (frozenset(sys.stdlib_module_names) - {"unittest"}) | frozenset(
    """
    torch numpy tqdm rich click pytest accelerate lightning pytorch_lightning lightning_fabric
    transformers fsspec huggingface_hub filelock h5py PIL wandb mlflow tensorboard zstandard
    deepspeed jax tensorflow torchload_lint anyio trio safetensors alive_progress
    """.split()
)
"""Libraries whose context managers leave a load as it is, but for those that are looked for by name
(``contextlib.chdir``).
"""


def gap_in_calls(module: Module, load: LoadCall, project: ProjectIndex) -> str:
    """The first reason not to take a proof for the program; empty where there is none."""
    callers: dict[NamedFunction, list[NamedFunction]] = {}
    for home, node in _calls(module, load, project, callers):
        for made in _entered(home, node):
            if not _leaves(made, home, load, project):
                row = made.lineno
                return f"{home.path}:{row} enters {ast.unparse(made):.60}, which may change it"
        if name := _lambda_of_itself(home, node):
            return f"{name}() calls itself around it, perhaps to the limit of recursion"
    around = next((one for one in callers if _calls_itself(one, callers)), None)
    if around is None:
        return ""
    return f"{around.name}() calls itself around it, perhaps to the limit of recursion"


def _calls(
    module: Module,
    load: LoadCall,
    project: ProjectIndex,
    callers: dict[NamedFunction, list[NamedFunction]],
) -> Iterator[tuple[Module, ast.AST]]:
    """The load, each call of its function, each of theirs, with their files; notes which function
    calls which.
    """
    waiting: list[tuple[Module, ast.AST]] = [(module, load.node)]
    while waiting and len(callers) < _MOST_FUNCTIONS:
        home, node = waiting.pop(0)
        yield home, node
        function = home.function(node)
        if function is None or function in callers:
            continue
        callers[function] = [function] if _calls_its_object(function) else []
        for site in sites(project, home, function).calls:
            place = home if site.module is home else project.module_at(site.module.path)
            if place is None:
                continue
            waiting.append((place, site.written))
            calling = place.function(site.written)
            callers[function] += [calling] if calling is not None else []


def _calls_its_object(function: NamedFunction) -> bool:
    """Whether a ``__call__`` calls the object that it is of."""
    own = {one.arg for one in function.args.args[:1]}
    called = (one.func for one in ast.walk(function) if isinstance(one, ast.Call))
    return function.name == "__call__" and any(getattr(one, "id", "") in own for one in called)


def _calls_itself(
    function: NamedFunction, callers: dict[NamedFunction, list[NamedFunction]]
) -> bool:
    waiting, seen = [*callers[function]], set[ast.AST]()
    while waiting:
        one = waiting.pop()
        if one is function:
            return True
        if one not in seen:
            seen.add(one)
            waiting += callers.get(one, [])
    return False


def _lambda_of_itself(home: Module, node: ast.AST) -> str:
    """``f = lambda: f()`` around a place: its name; empty where there is none."""
    for around in ancestors(home, node):
        named = home.parents.get(around) if isinstance(around, ast.Lambda) else None
        targets = named.targets if isinstance(named, ast.Assign) else []
        names = {last_name(one) for one in targets} - {""}
        used = (last_name(one) for one in ast.walk(around) if isinstance(one, ast.expr))
        if names and (found := names.intersection(used)):
            return min(found)
    return ""


# -- blocks ---------------------------------------------------------------------------------------


def _entered(home: Module, node: ast.AST) -> Iterator[ast.expr]:
    """What the blocks around a place enter, and what its function gives to a stack."""
    function = home.function(node)
    for parent in ancestors(home, node):
        if parent is function:
            break
        for item in parent.items if isinstance(parent, _WITHS) else ():
            if node not in ast.walk(item.context_expr):
                yield item.context_expr
    for one in ast.walk(function or home.tree):
        if isinstance(one, ast.Call) and last_name(one.func) in _ENTERS:
            yield from one.args[:1]


def _leaves(
    made: ast.expr, home: Module, load: LoadCall, project: ProjectIndex, hops: int = _HOPS
) -> bool:
    """Whether entering something leaves a load as it is."""
    if any(surely_enters(home, made, one.node) for one in load.allowlists):
        return True
    if isinstance(made, ast.NamedExpr):
        return _leaves(made.value, home, load, project, hops)
    if isinstance(made, ast.IfExp):
        return all(_leaves(one, home, load, project, hops) for one in (made.body, made.orelse))
    if isinstance(made, ast.Name) and hops:
        found = home.bindings.definitions(made)
        values = [one.value for one in found if one.value is not None and one.kind == "assign"]
        if values:
            return all(_leaves(one, home, load, project, hops - 1) for one in values)
    if not isinstance(made, ast.Call):
        return all(map(_is_quiet_value, Engine(project).top(made, home)))
    return is_from_helper(home, made) or _is_known(made, home, project)


def _is_quiet_value(value: Value) -> bool:
    """Whether an object that is entered is none of the project's own, or a quiet one."""
    if isinstance(value, Made):
        return value.callee.partition(".")[0] in _KNOWN
    return not isinstance(value, Instance) or is_quiet(value.of.node, value.of.module)


def _is_known(made: ast.Call, home: Module, project: ProjectIndex) -> bool:
    """Whether what a call makes is a manager of a known library, or one of the project that does
    nothing a load meets.
    """
    whole = home.bindings.qualified(made.func) or ""
    own = [(one.node, one.module) for one in project.definitions(whole, home.path)] if whole else []
    if isinstance(made.func, ast.Name):
        own += [(one.node, home) for one in home.bindings.definitions(made.func)]
    elif isinstance(made.func, ast.Attribute) and not whole:
        own = [(one, home) for one in _named(made.func.attr, home)]
    own = [(node, place) for node, place in own if isinstance(node, (*FUNCTIONS, ast.ClassDef))]
    if own:
        return all(is_quiet(node, place) for node, place in own)
    return not whole or whole.partition(".")[0] in _KNOWN | {"builtins"}


def _named(name: str, home: Module) -> Iterator[ast.AST]:
    """The methods of a file that have a name."""
    for node in ast.walk(home.tree):
        if isinstance(node, FUNCTIONS) and node.name == name:
            yield node
