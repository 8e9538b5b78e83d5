"""How the objects of a class are pickled, where it is not by their class and their attributes.

``object.__reduce_ex__`` with protocol 2, which ``torch.save`` writes, names the class and keeps
what ``__getstate__`` yields, else the attributes (CPython 3.13 ``Objects/typeobject.c`` and
``Lib/copyreg.py``). A class, a base or a registration may say otherwise; then the file names what
that says.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.names import GlobalName
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.names.members import base_expressions, is_function, member
from torchload_lint.source.project.classes import ancestry, base_names
from torchload_lint.source.project.origins import origins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.domain.relied import Relied
    from torchload_lint.source.domain.values import Frame, Text
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_DATE = late_pattern(r"\d{4}-\d\d?-\d\d?(?:[Tt \t]|$)")
_REDUCING = ("__reduce_ex__", "__reduce__")
_ADDING = ("__getstate__", "__getnewargs__")
_OTHER_WAYS = ("__getnewargs_ex__", "__getattribute__", "__getattr__", "__class__")
_PLAIN_DECORATORS = frozenset(
    """
    dataclasses.dataclass functools.total_ordering typing.final typing.runtime_checkable
    typing_extensions.final typing_extensions.runtime_checkable enum.unique
    """.split()
)
_PLAIN_BASES = frozenset(
    """
    abc.ABC builtins.object builtins.int builtins.float builtins.str enum.Enum enum.IntEnum
    enum.StrEnum enum.Flag enum.IntFlag typing.Generic typing.NamedTuple typing.Protocol
    torch.nn.Module torch.nn.modules.module.Module torch.utils.data.Dataset argparse.Namespace
    types.SimpleNamespace
    """.split()
)
"""Classes whose objects are pickled by their class and their attributes (or their value)."""
_REGISTERED = (
    "copyreg",
    "copy_reg",
    "dispatch_table",
    "reducer_override",
    "register_pickle_by_value",
)
_SET_LATER = late_pattern(
    r"\.__(?:reduce|reduce_ex|getstate|getnewargs)__\s*=[^=]"
    r"|[\"']__(?:reduce|getstate|getnewargs)",
    re.MULTILINE,
)


class OwnWay(NamedTuple):
    """What a class says of how its objects are pickled."""

    reduce: tuple[ast.FunctionDef, SourceFile] | None = None
    """The method that yields what is called in the place of the class."""
    more: tuple[tuple[ast.FunctionDef, SourceFile], ...] = ()
    """The methods that yield more of what is kept: the state, arguments of ``__new__``."""
    state_is_own: bool = False
    """Whether one of these yields the state, in the place of the attributes."""
    unknown: str = ""
    """Why it is not known what the file names; empty where it is."""


def own_way(node: ast.ClassDef, module: SourceFile, project: ProjectIndex) -> OwnWay:
    """What a class, its bases and the project say of how its objects are pickled."""
    lineage = tuple(ancestry(node, module, project))
    reduce = _method(_REDUCING, lineage)
    added = {name: _method((name,), lineage) for name in _ADDING}
    unknown = next(_reasons(lineage, project), "")
    for level, home in lineage:
        for name in (*_REDUCING, *_ADDING):
            found = member(level, name)
            if found is not None and not _is_plain_method(found):
                unknown = unknown or f"{home.path}:{found.lineno} makes its {name} in its own way"
    more = tuple(filter(None, added.values()))
    return OwnWay(reduce, more, added["__getstate__"] is not None, unknown)


def _method(
    names: tuple[str, ...], lineage: tuple[tuple[ast.ClassDef, SourceFile], ...]
) -> tuple[ast.FunctionDef, SourceFile] | None:
    """The method that an object of the class has under one of these names, the first name first."""
    for name in names:
        for level, home in lineage:
            found = member(level, name)
            if isinstance(found, ast.FunctionDef):
                return found, home
    return None


def _is_plain_method(statement: ast.stmt) -> bool:
    return is_function(statement) and not statement.decorator_list


def _reasons(
    lineage: tuple[tuple[ast.ClassDef, SourceFile], ...], project: ProjectIndex
) -> Iterator[str]:
    for level, home in lineage:
        for name in _OTHER_WAYS:
            if member(level, name) is not None:
                yield f"class {level.name} has {name}, which pickling asks"
        for decorator in level.decorator_list:
            func = decorator.func if isinstance(decorator, ast.Call) else decorator
            if home.bindings.qualified(func) not in _PLAIN_DECORATORS:
                yield f"the decorator {ast.unparse(func)} may change how it is pickled"
        if any(keyword.arg == "metaclass" for keyword in level.keywords):
            yield f"class {level.name} has a metaclass"
        for base in base_expressions(level):
            if not _is_plain(base, home, project):
                yield f"its base {ast.unparse(base)} may be pickled in a way of its own"
    yield from _registrations(project)


def _is_plain(base: ast.expr, home: SourceFile, project: ProjectIndex) -> bool:
    """Whether a base says nothing of pickling, or is a class of the project (looked at itself)."""
    meanings = home.bindings.possible(base)
    if not meanings or "" in meanings:
        return False
    return all(_is_plain_name(dotted, home, project) for dotted in meanings)


def _is_plain_name(dotted: str, home: SourceFile, project: ProjectIndex) -> bool:
    found = project.definitions(dotted, home.path)
    if found:
        return all(isinstance(each.node, ast.ClassDef) for each in found)
    foreign = origins(dotted, home.path, project)
    return bool(foreign) and all(
        each in _PLAIN_BASES or each.startswith("torch.nn.") for each in foreign
    )


def _registrations(project: ProjectIndex) -> Iterator[str]:
    """What may say it for any class: ``copyreg``, ``Net.__reduce__ = …``."""
    yield from project.remember(("definitions", "pickled"), lambda: tuple(_registered(project)))


def _registered(project: ProjectIndex) -> Iterator[str]:
    for word in _REGISTERED:
        for path in project.holding(word):
            yield f"{path} speaks of {word}, which may say how it is pickled"
    for path in project.holding("__reduce"):
        if _SET_LATER.search(project.files.text(path) or ""):
            yield f"{path} may set how it is pickled"
    for path in project.holding("__get"):
        if _SET_LATER.search(project.files.text(path) or ""):
            yield f"{path} may set how it is pickled"


def other_types(relied: Relied, project: ProjectIndex) -> Iterator[str]:
    """What was followed as if it were a plain value, which is all that a path asks for: a member
    of an enumeration, which is pickled by its class, and what functions of numpy and pandas give
    back, who make texts and numbers of their own types.
    """
    looked_into = {node: module for (node, _, _), module in relied.members.items()}
    for node, module in looked_into.items():
        if any(base.startswith("enum.") for base in base_names(node, module, project)):
            yield f"a member of {module.bindings.qualname(node)} may be saved"
    for callee in relied.strangers:
        if callee.startswith(("numpy.", "pandas.")):
            yield f"the type of what {callee}() gives"


def is_own_class(node: ast.expr, frame: Frame) -> bool:
    """Whether it is ``type(self)`` or ``self.__class__``."""
    if isinstance(node, ast.Attribute) and node.attr == "__class__":
        owner = node.value
    elif isinstance(node, ast.Call) and len(node.args) == 1:
        if frame.module.bindings.qualified(node.func) != "builtins.type":
            return False
        owner = node.args[0]
    else:
        return False
    return frame.module.bindings.class_of_self(owner) is not None


def global_of(dotted: str, module: str) -> GlobalName:
    """The module's own name apart from the qualified name inside it."""
    if module and dotted.startswith(f"{module}."):
        return GlobalName(module, dotted.removeprefix(f"{module}."))
    return GlobalName.parse(dotted)


def may_be_date(value: Text) -> bool:
    """Whether a text of a configuration file is what YAML takes for a date."""
    return value.rung is Rung.CONFIG_FILE and bool(_DATE.match(value.text))
