"""Whether an object can be restored by its attributes alone, without any code of its class."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import member, odd_members
from torchload_lint.source.proofs.known.harmless import is_harmless_base
from torchload_lint.source.proofs.lineage import Holder, UnprovenError, lineage
from torchload_lint.source.proofs.steady import check_own_name, check_place
from torchload_lint.source.proofs.uses.decorators import gives_back
from torchload_lint.vetted import computes_when_called, is_restored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_PLAIN_BASES = frozenset(
    """
    abc.ABC builtins.object collections.abc.Hashable collections.abc.Mapping
    collections.abc.MutableMapping collections.abc.MutableSequence collections.abc.Sequence
    typing.Generic typing.Protocol torch.nn.Module torch.nn.Sequential
    torch.nn.ModuleList torch.nn.ModuleDict torch.nn.modules.module.Module
    torch.nn.modules.container.Sequential torch.utils.data.Dataset argparse.Namespace
    """.split()
)
"""Classes whose objects are their attributes, and that set them without code of their own."""

_OWN_WAYS = (
    "__del__", "__getnewargs__", "__getnewargs_ex__", "__new__", "__reduce__", "__reduce_ex__",
    "__setstate__", "__slots__",
)  # fmt: skip


def _is_plain(name: str) -> bool:
    return name in _PLAIN_BASES or is_restored(name) or computes_when_called(name)


_ASKED = ("__getattr__", "__getattribute__")


def _check_metaclasses(levels: list[Holder]) -> None:
    """Raise UnprovenError where a metaclass answers for each attribute of the class: also for those
    by which restoring finds out whether the class takes more than its attributes (``__del__``).
    """
    for level in levels:
        for meta in _metaclasses(level):
            for one in lineage(meta, lambda _: True):
                if any(member(one.node, name) is not None for name in _ASKED):
                    place = f"{level.module.path}:{level.node.lineno}"
                    raise UnprovenError(f"{place} its metaclass answers for any attribute")


def _metaclasses(level: Holder) -> Iterator[Holder]:
    home, project = level.module, level.project
    for keyword in level.node.keywords:
        dotted = home.bindings.qualified(keyword.value) if keyword.arg == "metaclass" else None
        for found in project.definitions(dotted, home.path) if dotted else ():
            if isinstance(found.node, ast.ClassDef):
                yield Holder(found.node, found.module, project)


def is_called(node: ast.ClassDef, module: Module, project: ProjectIndex) -> bool:
    """Whether objects of the class can be called: it has ``__call__``, or a base has, or may."""
    try:
        levels = list(lineage(Holder(node, module, project), lambda name: not is_restored(name)))
    except UnprovenError:
        return True
    return any(member(level, "__call__") is not None for level, _, _ in levels)


def computing_base(node: ast.ClassDef, module: Module, project: ProjectIndex) -> str:
    """Which base computes when the class is called, as distributions do; empty where none does."""
    computing: list[str] = []

    def is_plain(name: str) -> bool:
        if computes_when_called(name):
            computing.append(name)
        return bool(computing) or _is_plain(name) or is_harmless_base(name)

    try:
        list(lineage(Holder(node, module, project), is_plain))
    except UnprovenError:
        return ""  # nor is it proven
    return f"its base {computing[0]} computes with what it is called with" if computing else ""


def why_not_restorable(node: ast.ClassDef, module: Module, project: ProjectIndex) -> str:
    """Why an object of the class takes more than its attributes; empty where it does not."""
    try:
        check_own_name(node, module)
        check_place(module, project, by_attribute=False)
        levels = list(lineage(Holder(node, module, project), _is_plain))
        _check_metaclasses(levels)
    except UnprovenError as problem:
        return str(problem)
    for level, home, index in levels:
        for odd in odd_members(level):
            if any(name in ast.unparse(odd) for name in (*_OWN_WAYS, "*")):
                return f"{home.path}:{odd.lineno} may name what restoring calls"
        for name in _OWN_WAYS:
            if member(level, name) is not None:
                return f"{home.path}:{level.lineno} has {name}"
        for decorator in level.decorator_list:
            if gives_back(decorator, home, index, untouched=False):
                continue
            func = decorator.func if isinstance(decorator, ast.Call) else decorator
            slots = isinstance(decorator, ast.Call) and any(
                keyword.arg in {"slots", None} for keyword in decorator.keywords
            )
            if slots or home.bindings.qualified(func) != "dataclasses.dataclass":
                return f"{home.path}:{decorator.lineno} has the decorator {ast.unparse(func)}"
    return ""
