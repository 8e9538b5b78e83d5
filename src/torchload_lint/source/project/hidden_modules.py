"""Modules that their package hides behind something else of the same name.

With ``from .net import net`` in ``pkg/__init__.py`` the attribute ``pkg.net`` is a function;
``from pkg.net import Net`` still finds the module, ``pkg.net.Net`` does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex


def is_hidden(module: str, near: str, project: ProjectIndex) -> bool:
    """Whether a file at ``near`` may not get to a module by the attributes of its packages."""
    parts = module.split(".")
    for length in range(1, len(parts)):
        package, name = ".".join(parts[:length]), parts[length]
        path = project.layout.locate(package, near)
        holder = None if path is None else project.module_at(path)
        if holder is not None and _is_replaced(holder, name, f"{package}.{name}", near, project):
            return True
    return False


def _is_replaced(holder: Module, name: str, module: str, near: str, project: ProjectIndex) -> bool:
    if holder.bindings.module_definitions("__getattr__"):
        return True  # it may answer anything, before the module is imported
    definitions = holder.bindings.module_definitions(name)
    if not definitions:
        return False
    found = tuple(project.in_module(holder, [name]))
    if found:
        own = project.layout.locate(module, near)
        return any(one.kind != "module" or one.module.path != own for one in found)
    brought = [one.qualified for one in definitions if one.kind == "star-import"]
    is_ours = [project.layout.locate(origin, holder.path) is not None for origin in brought]
    return len(brought) < len(definitions) or not all(is_ours)
