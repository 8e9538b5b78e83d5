"""What a program does before a load, and a proof does not: other folders of modules, other things
under the names of an allowlist, another file in the checkpoint's place.

A proof imports what the load's file imports. What that file does beside, and what functions of
others do, never runs in it.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.rules.blocks.written_anew import writer_of
from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import last_name
from torchload_lint.verify.gaps.computed_names import changed_by_any_name
from torchload_lint.verify.gaps.conditional_classes import (
    OF_THE_RUN,
    conditional_class,
    given_by_module,
)
from torchload_lint.verify.gaps.decided_names import decided_anew
from torchload_lint.verify.gaps.files_taken import files_of, taken_before
from torchload_lint.verify.gaps.notebook_lines import notebook_gap
from torchload_lint.verify.gaps.programs_around import program_around
from torchload_lint.verify.gaps.search_paths import gap_in_search_path
from torchload_lint.verify.gaps.settings.calls_around import gap_in_calls
from torchload_lint.verify.gaps.settings.compiled_functions import made_of_function
from torchload_lint.verify.gaps.settings.process_settings import process_set_before
from torchload_lint.verify.gaps.started_programs import started_before
from torchload_lint.verify.gaps.surroundings import may_be_allowed_by
from torchload_lint.verify.gaps.torch_changed import torch_changed_before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import Found, ProjectIndex

_HOPS = 3
"""Names that are followed to what they stand for."""
_IDENTITY = frozenset({"__module__", "__qualname__"})
"""What torch knows a class by."""
_ASKED = frozenset(
    """
    __new__ __init__ __setstate__ __setattr__ __getattribute__ __getattr__ __setitem__ __hash__
    __eq__ __bases__ __call__ __code__ __defaults__ __kwdefaults__ __torch_function__
    """.split()
)
"""What a load asks of an object and its class, by whatever name a program has that class."""
_SETTERS = frozenset("setattr delattr __setattr__ __delattr__ patch object setitem".split())
"""What sets an attribute by its name; the last three are those of mocks."""
_READING = frozenset(
    "safe_globals add_safe_globals print len list tuple set sorted iter isinstance".split()
)
"""What leaves alone a list that it is given."""
_CHANGING = frozenset(
    """
    append extend insert remove pop clear sort reverse update add discard setdefault popitem
    __setitem__ __delitem__
    """.split()
)
_OF_TORCH = frozenset({"", "torch"})
"""Modules that programs set things of that are nothing to a load (``torch.backends`` …)."""


_OF_ONE_RUN = ("random.", "secrets.", "time.", "uuid.", "gc.", "inspect.", "numpy.random.")
"""Beginnings of whole names that give each run something else."""


def gap_before(
    module: Module, load: LoadCall, situation: Situation, context: Context, *, brought: bool
) -> str:
    """The first reason not to take a proof for the program; empty where there is none.

    ``brought``: whether the file is as a fix leaves it.
    """
    project = context.project
    if writer := writer_of(situation, context):
        return f"{writer} may write the file, and put more into it than it holds today"
    paths = frozenset(report.path for report in situation.reports)
    files = files_of(paths, Path(context.config.root).absolute())
    found = taken_before(module, load, files, project, brought=brought)
    found = found or started_before(module, load, files, project)
    found = found or notebook_gap(module, situation.load, files)
    found = found or torch_changed_before(module, load, project)
    found = found or process_set_before(module, load, project)
    found = found or gap_in_calls(module, load, project)
    if found:
        return found
    if made := made_of_function(module, load, project):
        around = may_be_allowed_by(module, load, situation, context)
        return f"{made}; the block in {around} may allow it" if around else made
    if not load.allowlists:
        return ""
    whole = [module.bindings.qualified(one) or "" for one in _things(load)]
    return (
        gap_in_search_path(module, whole, context)
        or _other_things(module, load, project)
        or _of_a_run(module, load, project)
    )


# -- names ----------------------------------------------------------------------------------------


def _things(load: LoadCall) -> Iterator[ast.expr]:
    """The names in the allowlists of a load, each as a whole (``pkg.net.Model``)."""
    for allowlist in load.allowlists:
        given = [*allowlist.node.args, *(keyword.value for keyword in allowlist.node.keywords)]
        waiting: list[ast.AST] = [*given, *(entry.node for entry in allowlist.entries)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, (ast.Name, ast.Attribute)):
                yield node
            else:
                waiting += ast.iter_child_nodes(node)


def _other_things(module: Module, load: LoadCall, project: ProjectIndex) -> str:
    """A place that gives a class another name, or a name of the allowlists another meaning."""
    allowing = {getattr(allowlist.node.func, "id", "") for allowlist in load.allowlists} - {""}
    whole = {module.bindings.qualified(one) or "" for one in _things(load)}
    names = {one.rpartition(".")[2] for one in whole if one}
    homes = {one.rpartition(".")[0] for one in whole} - _OF_TORCH
    own = {one.id for one in _things(load) if isinstance(one, ast.Name)} - names
    lists = {
        last_name(one)
        for one in _things(load)
        if any(found.kind == "value" for found in _meant(one, module, project))
    }
    program = program_around(module, project)
    others = {name for part in program for name in _called_otherwise(part.module, lists)}
    names, lists = names | others, lists | others
    for part in program:
        home = part.module
        reached = own | allowing if home is not module else set()
        for node in part.unseen():
            changed = _changed_by(node, names, reached) or _handed_on(node, home, module, lists)
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                holder = home.bindings.qualified(node.value) or ""
                changed = changed or ast.unparse(node) * (holder in homes)
            changed = changed or changed_by_any_name(node, home)
            if changed and not (home is module and changed in own):
                return f"{home.path}:{getattr(node, 'lineno', 0)} may change {changed}"
    return ""


def _called_otherwise(home: Module, lists: set[str]) -> Iterator[str]:
    """Further names of lists, as a proof sees them given: ``OTHER = ALLOWED``."""
    for node in home.tree.body:
        is_list = isinstance(node, ast.Assign) and isinstance(node.value, (ast.Name, ast.Attribute))
        if isinstance(node, ast.Assign) and is_list and last_name(node.value) in lists:
            yield from (one.id for one in node.targets if isinstance(one, ast.Name))


def _handed_on(node: ast.AST, home: Module, module: Module, lists: set[str]) -> str:
    """A list of the allowlists, where it is changed, gets another name, or is given to somebody."""
    given: list[ast.expr] = []
    if isinstance(node, (ast.Assign, ast.NamedExpr)):
        given = [node.value]
    elif isinstance(node, ast.Call) and last_name(node.func) not in _READING:
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
            given.append(node.func.value)
    if home is module:  # which is looked at as a whole where its expressions are read
        return ""
    names = [one for one in given if isinstance(one, (ast.Name, ast.Attribute))]
    return next((ast.unparse(one) for one in names if last_name(one) in lists), "")


def _changed_by(node: ast.AST, names: set[str], own: set[str]) -> str:
    """Which of some names, or what of a class, a node changes; empty for none.

    ``names`` are imported, ``own`` are those that the load's file defines, which others reach
    through that module alone.
    """
    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        holder = last_name(node.value) * isinstance(node.value, (ast.Name, ast.Attribute))
        is_asked = node.attr in _ASKED and holder not in {"self", "cls"}
        if node.attr in _IDENTITY or holder in names or is_asked:
            return f"{holder}.{node.attr}"
        return node.attr if node.attr in names | own and holder not in {"self", "cls"} else ""
    if isinstance(node, ast.Global):
        return next((name for name in node.names if name in names), "")
    if isinstance(node, (ast.Subscript, ast.AugAssign)):
        target = node.value if isinstance(node, ast.Subscript) else node.target
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            return ""
        key = getattr(getattr(node, "slice", None), "value", None)  # vars(module)["Model"] = …
        is_known = key in names | own | _IDENTITY
        return str(key) if is_known else _known_as(target, names, own)
    if isinstance(node, ast.Call) and last_name(node.func) in _SETTERS:
        return _set_by(node, names | own)
    changer = node.func if isinstance(node, ast.Call) else None
    if not isinstance(changer, ast.Attribute) or changer.attr not in _CHANGING:
        return ""
    named = {keyword.arg for keyword in getattr(node, "keywords", ())} & (names | own)
    return str(next(iter(named), "")) or _known_as(changer.value, names, own)


def _known_as(target: ast.expr, names: set[str], own: set[str]) -> str:
    """A list of the allowlists, or ``sys.modules``."""
    name = last_name(target)
    is_reached = name in names or (name in own and isinstance(target, ast.Attribute))
    return name if is_reached else ast.unparse(target) * _is_sys_modules(target)


def _is_sys_modules(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.modules"


def _set_by(call: ast.Call, names: set[str]) -> str:
    """What ``setattr(thing, "name", value)`` changes, where that concerns an allowlist."""
    texts = [one.value for one in call.args if isinstance(one, ast.Constant)]
    found = {str(one).rpartition(".")[2] for one in texts} & (names | _IDENTITY | _ASKED)
    holders = [one for one in call.args[:1] if last_name(one) in names]
    holders += [one.value for one in call.args if isinstance(one, ast.Subscript)]
    if not found and not any(last_name(one) in names or _is_sys_modules(one) for one in holders):
        return ""
    return str(next(iter(found), "")) or ast.unparse(call.args[0])[:60]


# -- what a run decides ---------------------------------------------------------------------------


def _of_a_run(module: Module, load: LoadCall, project: ProjectIndex) -> str:
    """A list that is made of what one run alone has: arguments, the environment, a state."""
    for allowlist in load.allowlists:
        for call in (one for one in ast.walk(allowlist.node) if isinstance(one, ast.Call)):
            if f"{module.bindings.qualified(call.func) or ''}.".startswith(_OF_ONE_RUN):
                return f"row {call.lineno} makes the list of what another run may not have"
    meant = [found for thing in _things(load) for found in _meant(thing, module, project)]
    if reason := _depends(meant, project) or next(filter(None, map(conditional_class, meant)), ""):
        return reason
    for thing in _things(load):
        whole = module.bindings.qualified(thing) or ""
        if reason := given_by_module(whole, module, project) or decided_anew(
            whole, module, project
        ):
            return reason
    return ""


def _meant(thing: ast.expr, module: Module, project: ProjectIndex) -> tuple[Found, ...]:
    dotted = module.bindings.qualified(thing)
    if dotted:
        return project.definitions(dotted, module.path)
    if isinstance(thing, ast.Name) and module.bindings.module_definitions(thing.id):
        return tuple(project.in_module(module, [thing.id]))
    return ()


def _depends(meant: list[Found], project: ProjectIndex) -> str:
    """Where what some names stand for depends on the run; empty where it does not. Of a class only
    that it is one is asked. What many of them are made of is looked at once.
    """
    seen: set[ast.AST] = set()
    for _ in range(_HOPS):
        further: list[Found] = []
        for found in meant:
            if found.kind not in {"value", "function"} or found.node in seen:
                continue
            seen.add(found.node)
            if reason := _of_the_run(found):
                return reason
            used = [
                one for one in ast.walk(found.node) if isinstance(one, (ast.Name, ast.Attribute))
            ]
            loaded = (one for one in used if isinstance(one.ctx, ast.Load))
            further += [inner for one in loaded for inner in _meant(one, found.module, project)]
        meant = further
    return ""


def _of_the_run(found: Found) -> str:
    """Where a definition, or a test around it, asks for what one run has."""
    home, node = found.module, found.node
    tests = [one.test for one in ancestors(home, node) if isinstance(one, ast.If)]
    for part in (node, *tests):
        for one in ast.walk(part):
            word = one.id if isinstance(one, ast.Name) else getattr(one, "attr", "")
            if word in OF_THE_RUN or (found.kind == "function" and _keeps_state(one)):
                row = getattr(one, "lineno", getattr(node, "lineno", 0))
                return f"{home.path}:{row} makes {found.qualname} of what another run may not have"
    return ""


def _keeps_state(node: ast.AST) -> bool:
    """Whether a part of a function keeps something for its next call."""
    if isinstance(node, FUNCTIONS):
        defaults = [*node.args.defaults, *node.args.kw_defaults]
        return any(isinstance(one, (ast.List, ast.Dict, ast.Set, ast.Call)) for one in defaults)
    is_store = isinstance(node, (ast.Attribute, ast.Subscript))
    return isinstance(node, (ast.Global, ast.Nonlocal)) or (
        is_store and not isinstance(getattr(node, "ctx", None), ast.Load)
    )
