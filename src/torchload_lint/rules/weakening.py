"""Where a project makes loads unsafe that do not say ``weights_only=True``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.facts.force_variable import may_be_set_elsewhere
from torchload_lint.source.text.imports_in_text import joined_rows
from torchload_lint.source.text.settings_files import VARIABLE, switches

if TYPE_CHECKING:
    from torchload_lint.rules.context import Context
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_CONFIGS = ("pyproject.toml", "torchload-lint.toml")
_REPLACES = late_pattern(r"\.\s*load\s*(?:,[^\n=]*)?=[^=]|[\"'](?:torch\.(?:\w+\.)?)?load[\"']")
"""What a file holds that puts something in the place of ``torch.load``."""
_MAY_REPLACE = late_pattern(r"load(?:\s*(?:,[^\n=]*)?=[^=]|[\"'])")
"""A part of it that is found as fast as a plain word."""
_OF_FUNCTION = late_pattern(r"load(?<!\wload)\s*\.\s*__(?:kwdefaults|defaults|code|wrapped)__")
_SETS_LOAD = r"\s*(?:\[\s*[\"']load[\"']\s*\]\s*=[^=]|\.\s*update\()"
_REPLACES_UNSEEN = {
    "__kwdefaults__": _OF_FUNCTION,
    "__defaults__": _OF_FUNCTION,
    "__code__": _OF_FUNCTION,
    "__wrapped__": _OF_FUNCTION,
    "__dict__": late_pattern(rf"torch(?<!\wtorch)[\w.]*\.__dict__{_SETS_LOAD}"),
    "vars(": late_pattern(rf"vars\(\s*torch[\w.]*\s*\){_SETS_LOAD}"),
    "sys.modules[": late_pattern(
        r"sys\.modules\[\s*[\"']torch(?:\.serialization)?[\"']\s*\]\s*\.\s*load\s*=[^=]"
    ),
    "_default_to_weights_only": late_pattern(
        r"\.\s*_default_to_weights_only\s*=[^=]"
        r"|[\"'](?:torch\.serialization\.)?_default_to_weights_only"
    ),
    "serialization._": late_pattern(
        r"serialization(?<!\wserialization)\.(?:_load|_legacy_load|_weights_only_unpickler)\s*=[^=]"
    ),
}
"""The same by ways whose replacement is not looked at, behind a plain word that each of them has:
to look for that is much faster.
"""
_REPLACES_ANY_NAME = late_pattern(r"\bsetattr\(\s*([A-Za-z_]\w*)[\w.]*\s*,\s*(?![\"'\s])")
_TORCH_AS = late_pattern(r"\bimport[ \t]+torch(?:\.serialization)?[ \t]+as[ \t]+(\w+)")
_CUSTOMARY = ("torch", "th", "serialization")
_VARIABLE_IN_PARTS = late_pattern(r"TORCH_FORCE_(?!NO_WEIGHTS_ONLY_LOAD|WEIGHTS_ONLY_LOAD)")


def weakened(module: Module, context: Context) -> str:
    """The file that makes a load in ``module`` unsafe unless it says otherwise; else empty."""
    if module.environment or _is_patched_unsafely(module):
        return module.path
    return context.project.remember(
        ("definitions", "weakened"), lambda: _weakened(context.project), stands=True
    )


def _weakened(project: ProjectIndex) -> str:
    of_torch = set(project.holding("torch"))
    loading = (path for path in project.holding("load") if path in of_torch)
    paths = (*project.holding("TORCH_FORCE"), *loading)
    for path in dict.fromkeys(paths):
        if not _is_other_project(path, project) and _is_weakening(path, project):
            return path
    for path in project.files.settings_holding(VARIABLE):
        if not _is_other_project(path, project) and any(switches(project.files.text(path) or "")):
            return path
    configs = project.files.configs_holding(VARIABLE)
    return next((path for path in configs if not _is_other_project(path, project)), "")


def _is_weakening(path: str, project: ProjectIndex) -> bool:
    return project.remember(("weakens", path), lambda: _weakens(path, project), stands=True)


def _weakens(path: str, project: ProjectIndex) -> bool:
    text = project.files.text(path) or ""
    if "torch" in text and (_replaces_unseen(text) or _replaces_any_name(text)):
        return True
    if "environ" in text and _VARIABLE_IN_PARTS.search(text):
        return True
    if VARIABLE not in text and not ("torch" in text and _replaces(text)):
        return False
    module = project.module_at(path)
    if module is None:
        return False
    sets = bool(module.environment) or may_be_set_elsewhere(module)
    return sets or _is_patched_unsafely(module)


def _replaces_unseen(text: str) -> bool:
    return any(word in text and way.search(text) for word, way in _REPLACES_UNSEEN.items())


def _replaces_any_name(text: str) -> bool:
    """``setattr(torch, name, …)``, where the name does not stand there."""
    changed = set(_REPLACES_ANY_NAME.findall(text)) if "setattr(" in text else set()
    return bool(changed) and not changed.isdisjoint(
        {*_CUSTOMARY, *_TORCH_AS.findall(joined_rows(text))}
    )


def _replaces(text: str) -> bool:
    return bool(_MAY_REPLACE.search(text) and _REPLACES.search(text))


def _is_patched_unsafely(module: Module) -> bool:
    """Whether what stands in the place of ``torch.load`` may be less safe than that; of what a
    test puts there for a while, only what is known to be.
    """
    return any(
        patch.unsafe if patch.how == "mock" else patch.unsafe is not False
        for patch in module.patches
    )


def _is_other_project(path: str, project: ProjectIndex) -> bool:
    """Whether a file lies in a folder with a configuration of its own."""
    parts = path.split("/")[:-1]
    folders = ("/".join(parts[:size]) for size in range(1, len(parts) + 1))
    return any(project.files.exists(f"{folder}/{name}") for folder in folders for name in _CONFIGS)
