"""What ``child.py`` loads with, as it is before anything of the project is imported, and put back.

Run by the user's interpreter.
"""

from __future__ import annotations

import builtins
import sys
from types import FunctionType, ModuleType
from typing import Any

_GUARDED = (
    "torch.serialization", "torch._weights_only_unpickler", "torch._utils", "torch._tensor",
    "torch.storage",
)  # fmt: skip
"""The modules of torch in which a restricted load takes place. Of Python's, which these ask, all
are guarded that were imported with torch."""
_PYTHONS = getattr(sys, "stdlib_module_names", frozenset()) | {
    "pickle", "_compat_pickle", "builtins", "io", "os", "posixpath", "ntpath", "struct", "tarfile",
    "collections", "contextlib", "copyreg", "functools", "pathlib", "warnings", "threading", "re",
    "json", "shutil", "tempfile", "typing", "types", "enum", "operator", "weakref", "zipfile",
}  # fmt: skip
"""Python's own; before 3.10, which does not say, those that a load may ask."""
_GUARDED_NAMES = {
    "torch": ("load", "serialization"),
    "torch._C": ("PyTorchFileReader",),
}
"""Modules of which a load uses a few names only: what reads the file is among them."""
_MOST_NAMED = 100
"""Replaced names that are told."""


class Original:
    """What the guarded modules hold, and which module has which name, before the project runs.

    Those are Python's and torch's, the loader that is asked, and these scripts: no name leads to
    the loader, and still a search through all functions finds it.
    """

    def __init__(self, loader: ModuleType, *scripts: ModuleType) -> None:
        """Keep all of it."""
        modules = [sys.modules[name] for name in _GUARDED if name in sys.modules]
        known = dict(sys.modules)
        modules += [one for name, one in known.items() if name.partition(".")[0] in _PYTHONS]
        unpickler = getattr(loader, "_weights_only_unpickler", None)
        modules += [sys.modules[name] for name in _GUARDED_NAMES if name in sys.modules]
        modules += [loader, *scripts]
        modules += [unpickler] if isinstance(unpickler, ModuleType) else []
        self._modules = dict(sys.modules)
        self._known = [
            (owner, name, value, _insides(value))
            for module in modules
            for owner, name, value in _members(module)
        ]

    def restore(self) -> list[str]:
        """Put back what was replaced, and name it."""
        changed = set()
        for owner, name, value, insides in self._known:
            is_there = vars(owner).get(name) is value
            if is_there and _insides(value) == insides:
                continue
            if not is_there:
                setattr(owner, name, value)
            if insides:
                value.__code__, value.__defaults__ = insides[:2]
                value.__kwdefaults__ = dict(insides[2]) or None
            changed.add(f"{owner.__name__}.{name}")
        for name, module in self._modules.items():
            if sys.modules.get(name) is not module:
                sys.modules[name] = module
                changed.add(f"sys.modules[{name!r}]")
        return sorted(changed)[:_MOST_NAMED]


def _members(module: ModuleType) -> list[tuple[Any, str, Any]]:
    """The functions and classes of a module, and those in its classes; of some, a few of them."""
    found: list[tuple[Any, str, Any]] = []
    names = _GUARDED_NAMES.get(module.__name__, tuple(vars(module)))
    for name, value in [(name, vars(module)[name]) for name in names if name in vars(module)]:
        if isinstance(value, (FunctionType, type, ModuleType)) or callable(value):
            found.append((module, name, value))
        # that of torch._C calls itself torch's; those of builtins cannot be changed
        own = (value.__module__, "torch._C") if isinstance(value, type) else ()
        if module.__name__ in own and module is not builtins:
            found += [(value, inner, one) for inner, one in vars(value).items() if callable(one)]
    return found


def _insides(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any object
    """What a function does, which can be changed while it stays the same object."""
    if not isinstance(value, FunctionType):
        return ()
    return value.__code__, value.__defaults__, tuple((value.__kwdefaults__ or {}).items())
