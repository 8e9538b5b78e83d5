"""Classes that have moved since a file was saved: where the project has one of that name today."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from torchload_lint.source.loaders import known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.names import GlobalName
    from torchload_lint.source.project.index import ProjectIndex


def advice_for_moved(name: GlobalName, project: ProjectIndex) -> str:
    """What to write into the configuration, where just one class of the project has the name of a
    global that is neither the project's nor that of a package that is known; else empty.
    """
    root = name.module.partition(".")[0]
    is_of_package = (
        root in sys.stdlib_module_names
        or root in known.ROOTS
        or project.environment.package(root) is not None
    )
    if is_of_package or not name.qualname.isidentifier():
        return ""
    found = set(_classes(name.qualname, project))
    today = found.pop() if len(found) == 1 else ""
    if not today:
        return ""
    entry = f'"{name}" = "{today}"'
    return f"if that is {today} today, {entry} in [tool.torchload-lint.renames] says so"


def _classes(name: str, project: ProjectIndex) -> Iterator[str]:
    """The dotted names of the project's classes of that name, at the top of a module; empty for one
    of which it is not known from where it is imported.
    """
    for path in project.holding(f"class {name}"):
        module, home = project.module_at(path), project.module_name(path)
        body = module.tree.body if module is not None else []
        if any(isinstance(one, ast.ClassDef) and one.name == name for one in body):
            is_below_root = path.removeprefix("src/") == f"{(home or '').replace('.', '/')}.py"
            yield f"{home}.{name}" if is_below_root else ""
