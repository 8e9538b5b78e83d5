"""Names of libraries that are harmless in some uses only: is this one of them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.proofs.known.harmless import (
    CONVERTING,
    MAKING_CLASSES,
    MARKING,
    MODES,
    OF_NEW_MODULES,
)
from torchload_lint.source.proofs.uses.annotations import takes_names_of_fields
from torchload_lint.source.proofs.uses.fixed_values import (
    is_above_definition,
    is_compared,
    is_given_new_module,
    is_given_numbers,
    is_held_open,
)
from torchload_lint.source.proofs.uses.type_forms import is_given_types

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile


def misused(name: str, node: ast.expr, home: SourceFile) -> str:
    """What a harmless name is used for there that is not; empty where it may be used so."""
    for names, is_in_order, why in _USES:
        if name in names and not is_in_order(node, home):
            return f"{name}{why}"
    return ""


def asks_no_method(node: ast.expr, home: SourceFile) -> bool:
    """Whether a class is named for itself, or its method is given ``self``: ``UserDict.pop(x, y)``
    deletes an item of any ``x``, and ``UserDict.update(x, y)`` sets one of ``x.data``.
    """
    if home.bindings.qualified(node) in _MAPPINGS:
        return True
    call = home.parents.get(node)
    if not isinstance(call, ast.Call) or call.func is not node or not call.args:
        return False
    return (
        getattr(node, "attr", "") not in _DELETING
        and home.bindings.class_of_self(call.args[0]) is not None
    )


_MAPPINGS = frozenset(
    f"collections.{name}"
    for name in (
        "Counter UserDict UserList abc.Callable abc.Hashable abc.Iterable abc.Mapping "
        "abc.MutableMapping abc.Sequence"
    ).split()
)
"""Classes whose methods, written in Python, take any object for ``self``."""

_DELETING = frozenset({"__delitem__", "clear", "pop", "popitem"})

_READING_TEXTS = frozenset({"numpy.dtype", "typing.ParamSpec", "typing.TypeVar"})
"""Functions that take a text for source: the shape in a dtype, the bound of a variable."""

_USES = (
    (CONVERTING, is_given_numbers, " of what may say where numpy shall read"),
    (MARKING, is_above_definition, ", which changes what it is given"),
    (MODES, is_held_open, ", which holds for the whole program"),
    (MAKING_CLASSES, is_compared, ", which makes classes"),
    (OF_NEW_MODULES, is_given_new_module, " of a module that is not made there"),
    (_MAPPINGS, asks_no_method, ", which takes items of whatever it is given"),
    (_READING_TEXTS, is_given_types, " of what the file may choose"),
    ({"dataclasses.fields"}, takes_names_of_fields, " for more than the names of fields"),
)
