"""Which save belongs to a load: signs other than a path that both resolve to.

The same file under the same name, two functions that are each other's counterpart, and the keys
that the loading side asks for.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, TypeVar

from torchload_lint.source.project.call_search import calls_among
from torchload_lint.source.saving import carried
from torchload_lint.source.saving.states import state_objects
from torchload_lint.source.saving.states.state_values import objects_of_state
from torchload_lint.source.state.stores import own_nodes
from torchload_lint.source.text.expressions import TOO_DEEP, code_of, last_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall, SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_STATIONS = 4
_ASKING = frozenset({"get", "pop"})
"""How many names and returns a loaded value is followed through."""
_TOO_COMMON = frozenset(
    {"path", "file", "filename", "filepath", "fname", "f", "fp", "buffer", "name", "model_path"}
)
_Display = TypeVar("_Display", ast.Dict, ast.Tuple)
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
    loaded, saved = core(load.file), core(save.file)
    if isinstance(loaded, ast.Constant) or not _spelled_alike(loaded, saved):
        return False
    if home is module and _same_root(loaded, saved, module):
        return True
    too_common = ast.unparse(loaded).rpartition(".")[2].lower() in _TOO_COMMON
    return near and not too_common and not isinstance(loaded, ast.Name)


def is_same_name(first: ast.expr, second: ast.expr, module: Module) -> bool:
    """Whether two expressions of one function name a file alike."""
    one, other = core(first), core(second)
    if not _spelled_alike(one, other):
        return False
    return isinstance(one, ast.Constant) or _same_root(one, other, module)


def _spelled_alike(first: ast.expr, second: ast.expr) -> bool:
    """Whether two expressions are the same text. Most differ in their last name, which costs
    nothing to compare.
    """
    return (
        type(first) is type(second)
        and last_name(first) == last_name(second)
        and code_of(first) == code_of(second) != TOO_DEEP
    )


def core(node: ast.expr) -> ast.expr:
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
    return frozenset(_keys_of(load.node, module, _STATIONS))


def reads_by_key(load: LoadCall, module: Module) -> Iterator[tuple[ast.expr, str]]:
    """Where what is loaded is asked for literal keys: ``[…]``, ``.get(…)`` and ``.pop(…)``."""
    for place in _places(load.node, module, _STATIONS):
        parent = module.parents.get(place)
        if key := _key_read(parent, place) or _key_asked(parent, module):
            yield place, key


def surely_asked(load: LoadCall, module: Module) -> frozenset[str]:
    """Those of these keys that are read whenever the value is loaded, in no branch of their own."""
    return frozenset(
        key
        for place in _places(load.node, module, _STATIONS)
        if (key := _key_read(module.parents.get(place), place))
        and not _is_in_arm(place, load, module)
    )


def _is_in_arm(place: ast.AST, load: LoadCall, module: Module) -> bool:
    """Whether a place stands in a branch that the load does not stand in."""
    around = {load.node, *_above(load.node, module)}
    inner = place
    for outer in _above(place, module):
        if outer in around:
            return False
        if isinstance(outer, ast.If | ast.IfExp) and inner is not outer.test:
            return True
        if isinstance(outer, ast.BoolOp) and inner is not outer.values[0]:
            return True
        if isinstance(outer, ast.Try):
            return True
        inner = outer
    return False


def _above(node: ast.AST, module: Module) -> Iterator[ast.AST]:
    outer = module.parents.get(node)
    while outer is not None:
        yield outer
        outer = module.parents.get(outer)


def may_lack(key: str, module: Module) -> bool:
    """Whether a file asks if there is such a key before it reads it."""
    return re.search(rf"""['"]{re.escape(key)}['"] (?:not )?in\b""", module.text) is not None


def _keys_of(node: ast.expr, module: Module, depth: int) -> Iterator[str]:
    for place in _places(node, module, depth):
        key = _key_read(module.parents.get(place), place)
        if key:
            yield key


def _key_read(parent: ast.AST | None, node: ast.expr) -> str:
    """The literal key by which an item of ``node`` is read."""
    if isinstance(parent, ast.Subscript) and parent.value is node:
        key = parent.slice
        is_read = isinstance(parent.ctx, ast.Load)
        if is_read and isinstance(key, ast.Constant) and isinstance(key.value, str):
            return key.value
    return ""


def _key_asked(method: ast.AST | None, module: Module) -> str:
    """The literal key that ``x.get`` or ``x.pop`` is called with."""
    call = module.parents.get(method) if isinstance(method, ast.Attribute) else None
    if isinstance(call, ast.Call) and call.func is method and last_name(method) in _ASKING:
        key = getattr(call.args[0], "value", None) if call.args else None
        return key if isinstance(key, str) else ""
    return ""


def _places(
    node: ast.expr, module: Module, depth: int, *, anew: bool = False
) -> Iterator[ast.expr]:
    """Where a value is used: in place, under the names that it is given, and, where a function
    returns it, where that function's calls in the file stand. ``anew``: also in mappings that hold
    the same values.
    """
    yield node
    parent = module.parents.get(node)
    if isinstance(parent, ast.IfExp) and node is not parent.test:
        yield from _places(parent, module, depth, anew=anew)
    elif isinstance(parent, ast.Assign) and depth and len(parent.targets) == 1:
        target = parent.targets[0]
        if isinstance(target, ast.Name):
            scope = module.bindings.scope(parent)
            for place in module.bindings.uses(target.id, scope).get(parent, ()):
                yield from _places(place, module, depth - 1, anew=anew)
    elif isinstance(parent, ast.Return) and depth:
        function = module.function(parent)
        names = {function.name} if function is not None else set()
        for call in calls_among(module.tree, module.lines, names):
            yield from _places(call, module, depth - 1, anew=anew)
    elif depth and anew:
        for held in carried.onwards(node, module):
            yield from _places(held, module, depth - 1, anew=anew)


def restored(
    load: LoadCall, module: Module, project: ProjectIndex, *, loosely: bool = False
) -> frozenset[tuple[str, str]]:
    """What is restored from the loaded value, and by which key: ``net.load_state_dict(loaded)``
    is ``("net", "")``, ``net.load_state_dict(loaded["model"])`` is ``("net", "model")``; the parts
    of a tuple count as keys: ``("net", "#0")``. ``loosely``: also with ``strict=False``. What need
    not fit is mostly the state of something else: weights to begin with.
    """
    return frozenset(
        (name, key)
        for node, key in _restorations(load, module)
        if loosely or not _need_not_fit(node, module)
        for name in state_objects.spellings(node, module, project)
    )


def made_by(
    load: LoadCall, module: Module, project: ProjectIndex
) -> frozenset[tuple[ast.AST, str]]:
    """What of the project makes the objects that are restored, and by which keys."""
    return frozenset(
        (maker, key)
        for node, key in _restorations(load, module)
        if not _need_not_fit(node, module)
        for maker in state_objects.makers(node, module, project)
    )


def _restorations(load: LoadCall, module: Module) -> Iterator[tuple[ast.expr, str]]:
    """The objects that are restored from the loaded value, each with the key of its state."""
    for place in _places(load.node, module, _STATIONS, anew=True):
        parent = module.parents.get(place)
        key = _key_read(parent, place)
        if not key or not isinstance(parent, ast.expr):
            yield from ((one, "") for one in _restored_from(place, module))
            continue
        for use in _places(parent, module, _STATIONS, anew=True):
            yield from ((one, key) for one in _restored_from(use, module))
    for index, places in enumerate(_unpacked(load, module)):
        for place in places:
            yield from ((one, f"#{index}") for one in _restored_from(place, module))


def _restored_from(value: ast.expr, module: Module) -> Iterator[ast.expr]:
    """The object that a value is put into: by ``object.load_state_dict(value)``, a method that is
    called alike, or a function (``load_weights(object, value)``).
    """
    call = module.parents.get(value)
    if not isinstance(call, ast.Call) or value not in call.args or not call.args:
        return
    name = last_name(call.func)
    if value is call.args[0] and isinstance(call.func, ast.Attribute):
        if name.startswith("load_"):
            yield call.func.value
    elif value in call.args[1:2] and "load" in name:
        yield call.args[0]


def _need_not_fit(restored_object: ast.expr, module: Module) -> bool:
    """Whether an object is restored with ``strict=False``."""
    call = module.parents.get(restored_object)
    call = module.parents.get(call) if isinstance(call, ast.Attribute) else call
    return isinstance(call, ast.Call) and any(
        each.arg == "strict" and getattr(each.value, "value", None) is False
        for each in call.keywords
    )


def _unpacked(load: LoadCall, module: Module) -> list[list[ast.Name]]:
    """Where each part is used of a tuple that is taken apart where it is loaded; empty for
    anything else.
    """
    statement = module.parents.get(load.node)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if statement is None or not isinstance(target, ast.Tuple | ast.List):
        return []
    scope = module.bindings.scope(statement)
    return [
        module.bindings.uses(each.id, scope).get(statement, [])
        if isinstance(each, ast.Name)
        else []
        for each in target.elts
    ]


def parts(load: LoadCall, module: Module) -> int:
    """Of how many parts the tuple is that is loaded; 0 where it is not taken apart."""
    return len(_unpacked(load, module))


def saved_objects(
    save: SaveCall, module: Module, project: ProjectIndex
) -> list[tuple[ast.expr, Module]]:
    """What a save writes, as it is spelled: in place, and where it is a parameter of the function
    (``save_checkpoint(state)``), what callers give, each with its file.
    """
    if save.obj is None:
        return []
    return [(save.obj, module), *state_objects.given_by_callers(save.obj, module, project)]


def saved_parts(saved: ast.expr, module: Module) -> int:
    """Of how many parts the tuple is that is saved; 0 where it is something else."""
    shown = [len(each.elts) for each in _shown(saved, ast.Tuple, module)]
    return shown[0] if len(shown) == 1 else 0


def stored(saved: ast.expr, module: Module, project: ProjectIndex) -> frozenset[tuple[str, str]]:
    """Whose state is saved, and under which key; as ``restored`` has it."""
    return frozenset(
        (name, key)
        for node, key in _states(saved, module)
        for name in state_objects.spellings(node, module, project)
    )


def makers_of_stored(
    saved: ast.expr, module: Module, project: ProjectIndex
) -> frozenset[tuple[ast.AST, str]]:
    """What of the project makes the objects whose state is saved, and under which keys."""
    return frozenset(
        (maker, key)
        for node, key in _states(saved, module)
        for maker in state_objects.makers(node, module, project)
    )


def _states(saved: ast.expr, module: Module) -> Iterator[tuple[ast.expr, str]]:
    """The objects whose states are saved, each with its key."""
    given = [("", saved)]
    for display in _shown(saved, ast.Dict, module):
        given += [
            (key.value, value)
            for key, value in zip(display.keys, display.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        ]
    for listed in _shown(saved, ast.Tuple, module):
        given += [(f"#{index}", value) for index, value in enumerate(listed.elts)]
    for key, value in given:
        yield from ((one, key) for one in objects_of_state(value, module))


def _shown(node: ast.expr, kind: type[_Display], module: Module) -> Iterator[_Display]:
    """The displays, in place or under a name, that an expression is."""
    if isinstance(node, kind):
        yield node
    elif isinstance(node, ast.Name):
        for definition in module.bindings.definitions(node):
            if isinstance(definition.value, kind):
                yield definition.value


def saved_keys(saved: ast.expr, module: Module) -> frozenset[str]:
    """The literal keys of the dictionary that is saved; empty where it is something else."""
    return frozenset(_display_keys(saved, module))


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
