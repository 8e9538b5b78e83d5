"""Whether a ``state_dict()`` holds tensors and plain numbers alone, or may hold more.

torch 2.13: ``torch/nn/modules/module.py`` adds what ``get_extra_state`` and hooks put there;
``torch/optim/optimizer.py`` saves the settings of each group as they were given or set, so a
learning rate of numpy makes a file that no weights-only load reads.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.values import Constant, Function, Instance, Made, Sequence
from torchload_lint.source.libraries import registry
from torchload_lint.source.names.members import member
from torchload_lint.source.project import classes
from torchload_lint.source.saving.contained import torch_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.evaluation.engine import Engine
    from torchload_lint.source.names.source_file import SourceFile

STATE_ELSEWHERE = (
    *("def get_extra_state(", "def _save_to_state_dict(", "def _load_from_state_dict("),
    *("state_dict_hook", "state_dict_pre_hook", "state_dict_post_hook"),
    *(".load_state_dict =", ".state_dict =", ".load_state_dict=", ".state_dict="),
    *('"load_state_dict"', "'load_state_dict'"),
    *(".get_extra_state =", ".get_extra_state=", '"get_extra_state"', "'get_extra_state'"),
    *("._save_to_state_dict =", "._save_to_state_dict=", '"_save_to_state', "'_save_to_state"),
    *("LazyLinear", "LazyConv", "LazyBatchNorm", "LazyInstanceNorm", "Uninitialized"),
    *("as_subclass(", "_make_subclass(", "_make_wrapper_subclass("),
)
"""What gives the state of a module, or of a part of it, more than tensors. (A lazy module that was
never called saves parameters of a class that torch does not allow; so is a tensor made
one of an own class.)
"""
_STATE_METHODS = ("get_extra_state", "state_dict", "_save_to_state_dict")
_GROUP_SETTINGS = ("lr", "initial_lr", "weight_decay", "momentum", "betas", "eps")
_GROUPS = ("param_groups", "add_param_group")
_WITH_NUMBERS = ("numpy", "pandas", "scipy")
_SET_UP = ("torch.optim.", "torch.amp.", "torch.cuda.amp.")
_NUMBERS = late_pattern(r"\b(?:np|numpy|pandas|scipy)\b")
_HOLDS = "what a state dict holds"


def doubt_about_state(engine: Engine, value: Made) -> str:
    """Why what ``value``, a call of ``state_dict()``, yields may hold more; empty where not."""
    project = engine.project
    for word in (*STATE_ELSEWHERE, "def state_dict("):
        for path in project.holding(word):
            return f"{path} says {_HOLDS}"
    if value.call is None or value.call.args or value.call.keywords:
        return f"this state_dict() is given something that says {_HOLDS}"
    owners = _owners(engine, value)
    if owners and all(_is_plain_module(engine, one) for one in owners):
        return ""
    for path in dict.fromkeys(path for word in _GROUPS for path in project.holding(word)):
        if _NUMBERS.search(project.files.text(path) or ""):
            return f"{path} may put numbers of numpy into {_HOLDS}"
    if owners and all(_is_plain_module(engine, one) or _is_set_up(engine, one) for one in owners):
        return ""
    paths = (path for word in _WITH_NUMBERS for path in project.holding(word))
    path = next(iter(paths), "")
    return f"{path} has numbers of numpy, which may get into {_HOLDS}" if path else ""


def what_it_adds(engine: Engine, value: Made) -> str:
    """What in sight puts more than tensors and plain numbers into the state that a call of
    ``state_dict()`` yields; empty where nothing does.
    """
    return next(
        filter(None, (more_than_tensors(engine, one) for one in _owners(engine, value))), ""
    )


def more_than_tensors(engine: Engine, owner: Value) -> str:
    """What in sight puts more into the state of an object: a method of its class, a number of
    numpy that an optimizer is made with or is given later; empty where nothing does.
    """
    if isinstance(owner, Instance):
        for level, home in classes.ancestry(owner.of.node, owner.of.module, engine.project):
            found = next((name for name in _STATE_METHODS if member(level, name)), "")
            if found:
                return f"{level.name} ({home.path}:{level.lineno}) has its own {found}()"
    elif isinstance(owner, Made) and owner.callee.startswith(_SET_UP) and owner.call:
        given = [*owner.call.args, *(keyword.value for keyword in owner.call.keywords)]
        if any(_is_of_numpy(engine, each, owner.module) for each in given):
            return f"{owner.callee}() is given a number of numpy"
        return next(_set_in_groups(engine), "")
    return ""


def _set_in_groups(engine: Engine) -> Iterator[str]:
    """The places that set a number of numpy in the groups of an optimizer."""
    for path in engine.project.holding("param_groups"):
        home = engine.project.module_at(path)
        for node in ast.walk(home.tree) if home is not None else ():
            if (
                isinstance(node, ast.Assign)
                and _is_group_setting(node.targets[0])
                and _is_of_numpy(engine, node.value, home)
            ):
                yield f"{path}:{node.lineno} sets a number of numpy in an optimizer"


def _is_group_setting(target: ast.expr) -> bool:
    key = target.slice if isinstance(target, ast.Subscript) else None
    return isinstance(key, ast.Constant) and key.value in _GROUP_SETTINGS


def _is_of_numpy(engine: Engine, setting: ast.expr, home: SourceFile | None) -> bool:
    values = engine.anywhere(setting, home) if home is not None else ()
    return any(isinstance(one, Made) and one.callee.startswith("numpy.") for one in values)


def _owners(engine: Engine, value: Made) -> Values:
    """The objects whose state it is."""
    owner = getattr(value.call.func, "value", None) if value.call is not None else None
    if owner is None or value.module is None:
        return ()
    return engine.anywhere(owner, value.module)


def _is_plain_module(engine: Engine, value: Value) -> bool:
    if isinstance(value, Made):
        return torch_modules.is_module_class(value.callee)
    if not isinstance(value, Instance):
        return False
    bases = classes.base_names(value.of.node, value.of.module, engine.project)
    return any(base.startswith("torch.nn.") or registry.is_module(base) for base in bases)


def _is_set_up(engine: Engine, value: Value) -> bool:
    """Whether it is an optimizer or the like, made with plain numbers."""
    if not isinstance(value, Made) or value.call is None or not value.callee.startswith(_SET_UP):
        return False
    given = [*value.call.args, *(keyword.value for keyword in value.call.keywords)]
    return all(_is_number(engine, each, value) for each in given[1:]) and all(
        _is_set_up_for(engine, each, value) for each in given[:1]
    )


def _is_set_up_for(engine: Engine, what: ast.expr, made: Made) -> bool:
    """Whether an argument is parameters without settings of their own, or an optimizer."""
    if isinstance(what, ast.Call) and getattr(what.func, "attr", "") == "parameters":
        return True
    values = engine.anywhere(what, made.module) if made.module is not None else ()
    return bool(values) and all(
        isinstance(one, Constant) or _is_set_up(engine, one) for one in values
    )


def _is_number(engine: Engine, setting: ast.expr, made: Made) -> bool:
    values = engine.anywhere(setting, made.module) if made.module is not None else ()
    return bool(values) and all(map(_is_constant, values))


def _is_constant(value: Value) -> bool:
    if isinstance(value, Sequence):
        return all(map(_is_constant, value.element()))
    return isinstance(value, Constant | Function)  # a scheduler leaves out functions
