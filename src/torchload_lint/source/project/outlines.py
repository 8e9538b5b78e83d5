"""What is seen at once of a class, function or value that was found by its name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.names import GlobalName
from torchload_lint.source.project.classes import bases

if TYPE_CHECKING:
    from torchload_lint.source.project.index import Found

_CLASS_MAKERS = frozenset({"collections.namedtuple", "typing.NamedTuple", "enum.Enum"})


class Outline(NamedTuple):
    """What is seen of a class, function or value without any proof."""

    defined_as: GlobalName
    kind: str
    """``class``, ``function``, ``value`` or ``module``."""
    bases: tuple[GlobalName, ...] = ()
    """The direct bases of a class, as far as the file's imports say their names."""


def outline_of(found: Found) -> Outline:
    """What is seen of what was found, where nothing has to be proven of it."""
    name = GlobalName(found.module.name, found.qualname)
    maker = maker_of(found)
    if maker:
        return Outline(name, "class", (GlobalName.parse(maker),))
    if isinstance(found.node, ast.ClassDef):
        return Outline(name, "class", bases(found.node, found.module))
    return Outline(name, found.kind)


def maker_of(found: Found) -> str:
    """What makes the class of ``P = namedtuple("P", ...)``; empty for other values.

    The class must be given the name that it is assigned to, for that is what a pickle says.
    """
    call = found.value
    if not isinstance(call, ast.Call) or not call.args:
        return ""
    maker = found.module.bindings.qualified(call.func) or ""
    named = isinstance(call.args[0], ast.Constant) and call.args[0].value == found.qualname
    return maker if named and maker in _CLASS_MAKERS else ""
