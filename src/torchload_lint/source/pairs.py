"""Which save belongs to a load: signs other than a path that both resolve to.

The same file under the same name, two functions that are each other's counterpart, and the keys
that the loading side asks for.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.stores import own_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.calls import LoadCall, SaveCall
    from torchload_lint.source.module import Module

_TOO_COMMON = frozenset(
    {"path", "file", "filename", "filepath", "fname", "f", "fp", "buffer", "name", "model_path"}
)
_WRAPPERS = frozenset({"BytesIO", "str", "open", "Path", "fspath"})
_CONTENTS = frozenset({"getvalue", "getbuffer", "read", "name"})
_TWINS = (("load", "save"), ("restore", "save"), ("resume", "save"), ("read", "write"))


def same_file_expression(
    load: LoadCall, module: Module, save: SaveCall, home: Module, *, near: bool
) -> bool:
    """Whether both name the file alike, and the spelling says that it is the same file.

    In one function that is so where the name has the same definition; elsewhere the name itself
    has to say more than ``path``.
    """
    if load.file is None or save.file is None:
        return False
    loaded, saved = _core(load.file), _core(save.file)
    if isinstance(loaded, ast.Constant) or ast.unparse(loaded) != ast.unparse(saved):
        return False
    if home is module and _same_root(loaded, saved, module):
        return True
    too_common = ast.unparse(loaded).rpartition(".")[2].lower() in _TOO_COMMON
    return near and not too_common and not isinstance(loaded, ast.Name)


def _core(node: ast.expr) -> ast.expr:
    """The file itself: without ``BytesIO(…)``, ``str(…)``, ``.getvalue()`` and ``.name``."""
    while True:
        if isinstance(node, ast.Attribute) and node.attr in _CONTENTS:
            node = node.value
        elif not isinstance(node, ast.Call):
            return node
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _CONTENTS:
            node = node.func.value
        elif node.args and ast.unparse(node.func).rpartition(".")[2] in _WRAPPERS:
            node = node.args[0]
        else:
            return node


def _same_root(first: ast.expr, second: ast.expr, module: Module) -> bool:
    """Whether both expressions, spelled alike, start from one definition (or one ``self``)."""
    roots = [[n for n in ast.walk(each) if isinstance(n, ast.Name)] for each in (first, second)]
    if not roots[0] or len(roots[0]) != len(roots[1]):
        return False
    for one, other in zip(*roots, strict=True):
        holder = module.bindings.class_of_self(one)
        if holder is not None and holder is module.bindings.class_of_self(other):
            continue
        defined = module.bindings.definitions(one)
        if not set(defined) & set(module.bindings.definitions(other)):
            return False
    return True


def are_counterparts(loading: str, saving: str, *, here: bool) -> bool:
    """Whether the functions are a ``load…`` and a ``save…`` of one class or file (``here``), or
    of two files beside each other (then what follows the verb must be the same).
    """
    owner, _, first = loading.rpartition(".")
    other, _, second = saving.rpartition(".")
    if not first or not second or (here and owner != other):
        return False
    for word, twin in _TWINS:
        if word in first and twin in second:
            rests = first.replace(word, "", 1).strip("_"), second.replace(twin, "", 1).strip("_")
            if rests[0] == rests[1]:
                return here or bool(rests[0])
            return here and bool(owner) and "" in rests
    return False


def asked_keys(load: LoadCall, module: Module) -> frozenset[str]:
    """The literal keys that are taken out of what is loaded, in the function that loads it."""
    return frozenset(_keys_of(load.node, module, depth=2))


def _keys_of(node: ast.expr, module: Module, depth: int) -> Iterator[str]:
    parent = module.parents.get(node)
    if isinstance(parent, ast.Subscript) and parent.value is node:
        key = parent.slice
        is_read = isinstance(parent.ctx, ast.Load)
        if is_read and isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value
    elif isinstance(parent, ast.Assign) and depth and len(parent.targets) == 1:
        target = parent.targets[0]
        if isinstance(target, ast.Name):
            scope = module.bindings.scope(parent)
            for place in module.bindings.uses(target.id, scope).get(parent, ()):
                yield from _keys_of(place, module, depth - 1)


def saved_keys(save: SaveCall, module: Module) -> frozenset[str]:
    """The literal keys of the dictionary that is saved; empty where it is something else."""
    return frozenset() if save.obj is None else frozenset(_display_keys(save.obj, module))


def _display_keys(node: ast.expr, module: Module) -> Iterator[str]:
    if isinstance(node, ast.Dict):
        for key in node.keys:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value
    elif isinstance(node, ast.Call) and module.bindings.qualified(node.func) == "builtins.dict":
        yield from (keyword.arg for keyword in node.keywords if keyword.arg)
    elif isinstance(node, ast.Name):
        for definition in module.bindings.definitions(node):
            if definition.value is not None and not isinstance(definition.value, ast.Name):
                yield from _display_keys(definition.value, module)
        yield from _stored_keys(node, module)


def _stored_keys(name: ast.Name, module: Module) -> Iterator[str]:
    """``name["key"] = …`` in the function that saves it."""
    for node in own_nodes(module.bindings.scope(name)):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == name.id
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            yield node.slice.value
