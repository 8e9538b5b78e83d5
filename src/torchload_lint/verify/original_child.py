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
        self._owners = [
            (one, _kind(one), set(vars(one))) for each in modules for one in _owners(each)
        ]
        self._tables = [table for one in modules for table in _tables(one)]

    def restore(self) -> list[str]:
        """Put back what was replaced, take out what was put in front of it, and name both."""
        changed = self._put_back() | self._taken_out()
        for name, table, entries in self._tables:
            if table != entries:
                table.clear()
                (table.update if isinstance(table, dict) else table.extend)(entries)
                changed.add(name)
        return sorted(changed)[:_MOST_NAMED]

    def _put_back(self) -> set[str]:
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
        return changed

    def _taken_out(self) -> set[str]:
        """What was not there and is found first: before a builtin, or what a class inherits."""
        changed = set()
        for owner, kind, names in self._owners:
            if _kind(owner) != kind:
                setattr(owner, *kind)
                changed.add(f"{owner.__name__}.{kind[0]}")
            for name in set(vars(owner)) - names:
                if _is_found_first(owner, name):
                    delattr(owner, name)
                    changed.add(f"{owner.__name__}.{name}")
        return changed


def _members(module: ModuleType) -> list[tuple[Any, str, Any]]:
    """The functions and classes of a module, and those in its classes; of some, a few of them."""
    found: list[tuple[Any, str, Any]] = []
    _, *classes = _owners(module)
    names = _GUARDED_NAMES.get(module.__name__, tuple(vars(module)))
    for name, value in [(name, vars(module)[name]) for name in names if name in vars(module)]:
        if isinstance(value, (FunctionType, type, ModuleType)) or callable(value):
            found.append((module, name, value))
    return found + [
        (owner, name, value)
        for owner in classes
        for name, value in vars(owner).items()
        if callable(value)
    ]


def _owners(module: ModuleType) -> list[Any]:
    """A module, and its own classes: those of builtins cannot be changed."""
    names = _GUARDED_NAMES.get(module.__name__, tuple(vars(module)))
    values = [] if module is builtins else [vars(module).get(name) for name in names]
    classes = [value for value in values if isinstance(value, type)]
    # that of torch._C calls itself torch's
    return [module, *(one for one in classes if module.__name__ in (one.__module__, "torch._C"))]


def _kind(owner: Any) -> tuple[str, Any]:  # noqa: ANN401 - a module or a class
    """Where an owner has what it does not hold itself, and the attribute that says so."""
    is_class = isinstance(owner, type)
    return ("__bases__", owner.__bases__) if is_class else ("__class__", type(owner))


def _is_found_first(owner: Any, name: str) -> bool:  # noqa: ANN401 - a module or a class
    if not isinstance(owner, type):
        return name in vars(builtins)
    value = vars(owner)[name]
    does = callable(value) or hasattr(type(value), "__get__")
    is_special = name.startswith("__") and name.endswith("__")
    return does and (is_special or any(name in vars(base) for base in owner.__mro__[1:]))


def _tables(module: ModuleType) -> list[tuple[str, Any, Any]]:
    """What torch asks and is no function: what it allows by itself, and who reads for a device."""
    if module.__name__ not in _GUARDED:
        return []
    allowed = vars(module).get("_get_allowed_globals", dict)()
    packages = vars(module).get("_package_registry", [])
    of_module = {"_get_allowed_globals": allowed, "_package_registry": packages}
    return [(f"{module.__name__}.{name}", one, one.copy()) for name, one in of_module.items()]


def _insides(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - any object
    """What a function does, which can be changed while it stays the same object."""
    if not isinstance(value, FunctionType):
        return ()
    return value.__code__, value.__defaults__, tuple((value.__kwdefaults__ or {}).items())
