"""How safe a repair is: whether anything that works today can stop working.

A call that is restricted already, and is only allowed more, cannot break: then a default or a
pattern whose files were read is good enough. A call that unpickles freely, and becomes restricted,
can: then every file that it can read must be known for certain, must have been read, and must load.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Applicability
from torchload_lint.late_patterns import late_pattern
from torchload_lint.rules.evidence import Evidence
from torchload_lint.rules.on_torch import Mode
from torchload_lint.source.domain.values import Instance, Made
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.loading.usage import state_receivers
from torchload_lint.source.names import members
from torchload_lint.source.project import classes
from torchload_lint.source.project.families import family
from torchload_lint.source.project.mentions import TooManyError
from torchload_lint.source.text.settings_files import VARIABLE

if TYPE_CHECKING:
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.domain.values import Class, Value
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_VOUCHED = frozenset({Evidence.FILES, Evidence.CONFIGURED})
_READ = _VOUCHED | {Evidence.RECORDED, Evidence.PATTERN}
_REPLACES = late_pattern(
    r"(?:torch|serialization)\s*\.\s*load\s*=[^=]|setattr\(\s*torch|[\"']torch\.(?:\w+\.)?load[\"']",
    re.MULTILINE,
)
_MODULES = ("torch.nn.", "torchvision.models.")
_CONFIGS = ("pyproject.toml", "torchload-lint.toml")
_OWN_STATE = ("load_state_dict", "state_dict", "get_extra_state", "set_extra_state")
_STATE_OF_PARTS = ("get_extra_state", "_save_to_state_dict", "register_state_dict_hook")


def applicability(situation: Situation, context: Context) -> Applicability:
    """How safe it is to write what a load needs, and ``weights_only=True``."""
    only_added = is_restricted_today(situation, context)
    certain = situation.evidence in (_READ if only_added else _VOUCHED)
    known = certain and (only_added or not (situation.left_out or situation.unsure))
    return Applicability.SAFE if known else Applicability.UNSAFE


def is_restricted_today(situation: Situation, context: Context) -> bool:
    """Whether the call unpickles freely on no torch, whatever the project does to that."""
    if situation.mode is not Mode.RESTRICTED or situation.unsafe_on:
        return False
    return situation.load.weights_only is WeightsOnly.TRUE or not weakened(situation, context)


def weakened(situation: Situation, context: Context) -> str:
    """Where the project makes loads unsafe that do not say ``weights_only=True``; else empty."""
    own = situation.module
    if own.environment or _patched_unsafely(own):
        return own.path
    return context.project.remember(("definitions", "weakened"), lambda: _weakened(context))


def _weakened(context: Context) -> str:
    project = context.project
    for path in project.holding(VARIABLE):
        module = project.module_at(path)
        if module is not None and module.environment and not _is_other_project(path, project):
            return path
    for path in project.holding("load"):
        if not _is_other_project(path, project) and _REPLACES.search(
            project.files.text(path) or ""
        ):
            module = project.module_at(path)
            if module is not None and _patched_unsafely(module):
                return path
    configs = project.files.configs_holding(VARIABLE)
    return next((path for path in configs if not _is_other_project(path, project)), "")


def _patched_unsafely(module: Module) -> bool:
    """Whether what stands in the place of ``torch.load`` may be less safe than that."""
    return any(patch.how != "mock" and patch.unsafe is not False for patch in module.patches)


def _is_other_project(path: str, project: ProjectIndex) -> bool:
    """Whether a file lies in a folder with a configuration of its own."""
    parts = path.split("/")[:-1]
    folders = ("/".join(parts[:size]) for size in range(1, len(parts) + 1))
    return any(project.files.exists(f"{folder}/{name}") for folder in folders for name in _CONFIGS)


def feeds_modules_only(situation: Situation, context: Context) -> bool:
    """Whether the value goes into ``load_state_dict`` of what is certainly a ``torch.nn.Module``,
    whose state is tensors alone.
    """
    receivers = state_receivers(situation.module, situation.load.node)
    if not receivers or any(
        context.project.holding(f"def {name}(" if name[0] != "r" else name)
        for name in _STATE_OF_PARTS
    ):
        return False
    engine = Engine(context.project)
    values = [v for each in receivers for v in engine.anywhere(each, situation.module)]
    return bool(values) and all(_is_module(value, context) for value in values)


def _is_module(value: Value, context: Context) -> bool:
    if isinstance(value, Made):
        return value.call is not None and value.callee.startswith(_MODULES)
    return isinstance(value, Instance) and _is_plain_module(value.of, context)


def _is_plain_module(of: Class, context: Context) -> bool:
    bases = classes.base_names(of.node, of.module, context.project)
    if not any(base.startswith("torch.nn.") for base in bases):
        return False
    try:
        relatives = family(of.node, of.module, context.project).members
    except TooManyError:
        return False
    return not any(members.member(level, name) for level in relatives for name in _OWN_STATE)
