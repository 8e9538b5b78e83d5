"""Whether an object can be restored by its attributes alone, without any code of its class."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import base_expressions, member
from torchload_lint.source.project.classes import ancestry
from torchload_lint.source.project.origins import origins

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_PLAIN_BASES = frozenset(
    """
    abc.ABC builtins.object typing.Generic typing.Protocol torch.nn.Module torch.nn.Sequential
    torch.nn.ModuleList torch.nn.ModuleDict torch.nn.modules.module.Module
    torch.nn.modules.container.Sequential torch.utils.data.Dataset argparse.Namespace
    """.split()
)
"""Classes whose objects are their attributes, and that set them without code of their own."""

_OWN_WAYS = (
    "__del__", "__getnewargs__", "__getnewargs_ex__", "__new__", "__reduce__", "__reduce_ex__",
    "__setstate__", "__slots__",
)  # fmt: skip


def why_not_restorable(node: ast.ClassDef, module: SourceFile, project: ProjectIndex) -> str:
    """Why an object of the class takes more than its attributes; empty where it does not."""
    for level, home in ancestry(node, module, project):
        for name in _OWN_WAYS:
            if member(level, name) is not None:
                return f"{home.path}:{level.lineno} has {name}"
        for decorator in level.decorator_list:
            func = decorator.func if isinstance(decorator, ast.Call) else decorator
            slots = isinstance(decorator, ast.Call) and any(
                keyword.arg in {"slots", None} for keyword in decorator.keywords
            )
            if slots or home.bindings.qualified(func) != "dataclasses.dataclass":
                return f"{home.path}:{decorator.lineno} has the decorator {ast.unparse(func)}"
        for base in base_expressions(level):
            named = home.bindings.possible(base) or frozenset({""})
            known = all(_is_known(one, home, project) for one in named)
            if not known:
                return f"{home.path}:{base.lineno} has the base {ast.unparse(base)}"
    return ""


def _is_known(dotted: str, home: SourceFile, project: ProjectIndex) -> bool:
    """Whether a base is plain, or a class of the project (which is looked at by itself)."""
    if not dotted:
        return False
    found = project.definitions(dotted, home.path)
    if found:
        return all(isinstance(one.node, ast.ClassDef) for one in found)
    foreign = origins(dotted, home.path, project)
    return bool(foreign) and foreign <= _PLAIN_BASES
