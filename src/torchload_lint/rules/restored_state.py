"""How safe it is that only tensors are loaded, where the whole value goes into ``load_state_dict``.

What a ``torch.nn.Module`` restores is tensors, unless something in the project gives its state
more; an optimizer, or an object of another class, may take anything by a method of that name.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability
from torchload_lint.source.certainty.doubts import doubts
from torchload_lint.source.domain.values import Instance, Made, Unknown
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.facts.loading.usage import state_receivers
from torchload_lint.source.names import members
from torchload_lint.source.project import classes
from torchload_lint.source.project.changes.reflection import changes
from torchload_lint.source.project.families import family
from torchload_lint.source.project.mentions import TooManyError
from torchload_lint.source.saving.contained.state_dicts import (
    STATE_ELSEWHERE,
    more_than_tensors,
)
from torchload_lint.source.saving.saving_files import saving_files
from torchload_lint.source.text.expressions import code_of, last_name

if TYPE_CHECKING:
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.domain.values import Class, Value
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.changes.reflection import ReflectedChange
    from torchload_lint.source.project.index import ProjectIndex

_MODULES = ("torch.nn.", "torchvision.models.")
_OWN_STATE = ("load_state_dict", "state_dict", "get_extra_state", "set_extra_state")


def restored_state(situation: Situation, context: Context) -> tuple[Applicability | None, str]:
    """How safe it is, and why; None where an object in sight keeps more in its state."""
    engine = Engine(context.project)
    for receiver in state_receivers(situation.module, situation.load.node):
        for value in engine.top(receiver, situation.module):
            more = more_than_tensors(engine, value)
            if more:
                return None, f"its state may hold more than tensors: {more}"
    if unsure := _may_take_more(situation, context):
        return Applicability.UNSAFE, (
            "the whole value goes into load_state_dict; only a plain torch.nn.Module is sure to "
            f"take tensors alone, and {unsure}"
        )
    known = "the whole value goes straight into load_state_dict, which takes tensors only"
    return Applicability.SAFE, known


def _may_take_more(situation: Situation, context: Context) -> str:
    """Why what the value goes into may take more than tensors; empty where it is certainly a
    ``torch.nn.Module``, whose state is tensors alone.
    """
    module, project = situation.module, context.project
    receivers = state_receivers(module, situation.load.node)
    if not receivers:
        return "what takes it is not seen"
    if _chooses_by_error(situation.load.node, module):
        return "an `except` around it tells files apart by the error that they raise"
    for word in STATE_ELSEWHERE:
        for path in project.holding(word):
            return f"{_named_in(path, word, project)}, which may give a state more"
    if place := _saves_own_object(project):
        return f"{place}, which may be the file"
    for change in changes(project, module):
        if _replaces_methods(change):
            return change.in_words
    reasons = (_may_be_more(each, module, context) for each in receivers)
    return next(filter(None, reasons), "")


def _saves_own_object(project: ProjectIndex) -> str:
    """Where an object of a class of the project is saved as it is made: ``save(Table(state), f)``;
    empty where that is nowhere seen.
    """
    for path in saving_files(project):
        home = project.module_at(path)
        for save in home.saves if home is not None else ():
            made = save.obj if isinstance(save.obj, ast.Call) else None
            name = home.bindings.qualified(made.func) if home is not None and made else None
            found = project.definitions(name, path) if name else ()
            if any(each.kind == "class" for each in found):
                return f"{path}:{save.node.lineno} saves an object of {name}"
    return ""


def _named_in(path: str, word: str, project: ProjectIndex) -> str:
    """Where a file holds a word, and the whole name that it is of."""
    text = project.files.text(path) or ""
    found = re.search(rf"\w*{re.escape(word)}\w*", text)
    if found is None:
        return f"{path} names `{word.strip(' =')}`"
    row = text.count("\n", 0, found.start()) + 1
    return f"{path}:{row} names `{found.group().strip(' =')}`"


def _chooses_by_error(node: ast.AST, module: Module) -> bool:
    """Whether a handler around a load catches what ``load_state_dict`` raises for another kind of
    file (``except KeyError``, ``suppress(KeyError)``), and would not catch that it is refused.
    """
    while (parent := module.parents.get(node)) is not None and not members.is_function(parent):
        if isinstance(parent, ast.With) and any(map(_suppresses_some, parent.items)):
            return True
        if isinstance(parent, ast.Try) and node in parent.body and parent.handlers:
            caught = parent.handlers[0].type
            if caught is not None and last_name(caught) not in {"Exception", "BaseException"}:
                return True
        node = parent
    return False


def _suppresses_some(item: ast.withitem) -> bool:
    call = item.context_expr
    if not isinstance(call, ast.Call) or last_name(call.func) not in {"suppress", "raises"}:
        return False
    return not {"Exception", "BaseException"} & set(map(last_name, call.args))


def _may_be_more(receiver: ast.expr, module: Module, context: Context) -> str:
    """Why the receiver may be something else; empty where it certainly is nothing else."""
    engine, shown = Engine(context.project), code_of(receiver)
    values = engine.top(receiver, module)
    if not values or engine.open_ends:
        return next(filter(None, engine.open_ends), f"it is not known what `{shown}` is")
    for value in values:
        if reason := _is_no_module(value, context):
            return f"`{shown}` may not be one: {reason}"
    return next(filter(None, doubts(engine, module, relative=False, objects=False)), "")


def _replaces_methods(change: ReflectedChange) -> bool:
    """Whether an attribute of one of torch's classes is set by a name that is not known."""
    receiver = change.receiver
    if change.name is not None or change.kind != "attribute" or receiver is None:
        return False
    return any(one.startswith("torch.") for one in change.module.bindings.possible(receiver))


def _is_no_module(value: Value, context: Context) -> str:
    """Why it is perhaps no module with plain state; empty where it certainly is one."""
    if isinstance(value, Instance):
        return _is_no_plain_module(value.of, context)
    if isinstance(value, Made):
        is_module = value.call is not None and value.callee.startswith(_MODULES)
        return "" if is_module else f"{value.callee}() gives it"
    return value.why if isinstance(value, Unknown) else "something else than a module"


def _is_no_plain_module(of: Class, context: Context) -> str:
    bases = classes.base_names(of.node, of.module, context.project)
    name = f"{of.node.name} ({of.module.path}:{of.node.lineno})"
    if not any(base.startswith("torch.nn.") for base in bases):
        return f"{name} is not seen to be a class of modules"
    try:
        relatives = family(of.node, of.module, context.project).members
    except TooManyError as error:
        return f"{name}: {error}"
    for level in relatives:
        for own in _OWN_STATE:
            if members.member(level, own):
                return f"{name}: {level.name} has its own {own}"
    return ""
