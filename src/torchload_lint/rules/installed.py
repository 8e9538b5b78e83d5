"""What the names of installed packages mean: where a class is defined, how a module is reached."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.torch_names import defined_in_torch, is_hidden_in_torch
from torchload_lint.names import GlobalName
from torchload_lint.source.facts.allowed.allowlists import EntryKind
from torchload_lint.source.project.hidden_modules import is_hidden
from torchload_lint.source.project.packages import any_package_index

if TYPE_CHECKING:
    from torchload_lint.rules.context import Context
    from torchload_lint.source.facts.allowed.allowlists import AllowlistEntry

_BY_TABLE = frozenset({"builtins", "numpy", "scipy", "sklearn", "torch"})
"""Packages whose names are known without their source (``checkpoint/known/public_names.py``)."""


def is_hidden_module(module: str, near: str, context: Context) -> bool:
    """Whether attributes may lead to something else than this module, so that what it defines has
    to be imported from it by name. ``near`` is the file that would import it.
    """
    root = module.partition(".")[0]
    if root == module or root in sys.stdlib_module_names:
        return False
    if root == "torch":
        return is_hidden_in_torch(module)
    if context.project.split(module, near)[0] is not None:
        return is_hidden(module, near, context.project)
    package = any_package_index(root, context.project)
    return root not in _BY_TABLE if package is None else is_hidden(module, "", package)


def definition_of(name: GlobalName, context: Context) -> GlobalName | None:
    """The name that a class or function of an installed package carries: the one that it is defined
    by. None where the package's source is not there, or does not tell.
    """
    root = name.module.partition(".")[0]
    if root == "torch":
        return GlobalName.parse(defined_in_torch(str(name)))
    if root in _BY_TABLE or root in sys.stdlib_module_names:
        return name
    package = any_package_index(root, context.project)
    found = package.definitions(str(name)) if package is not None else ()
    places = {GlobalName(one.module.name, one.qualname) for one in found if one.kind != "module"}
    return places.pop() if len(places) == 1 else None


def may_mean(entry: AllowlistEntry, name: GlobalName, near: str, context: Context) -> bool:
    """Whether an item of an allowlist is perhaps the object of that name: a package that is not
    here offers it by another path (``torch_geometric.data.Data`` is defined one module further in).
    ``near`` is the file of the allowlist. What the project defines is known, and no guess; what its
    packages make up when they are asked (``__getattr__``) is not.
    """
    given = entry.obj
    if entry.kind is not EntryKind.OBJECT or given is None or given == name:
        return False
    root, last = given.module.partition(".")[0], given.qualname.rpartition(".")[2]
    alike = name.module.partition(".")[0] == root and name.qualname.rpartition(".")[2] == last
    if not alike:
        return False
    if context.project.split(str(given), near)[0] is not None:
        return not context.project.definitions(str(given), near)
    return definition_of(given, context) is None
