"""What a ``torch.save`` writes, as far as its own function and the classes it names show."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.names import GlobalName
from torchload_lint.source.project.called_objects import RETURNING_SELF
from torchload_lint.source.proofs import class_lookup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

MODULE_ROOTS = ("torch.nn.Module", "torch.nn.modules.module.Module")
_DEPTH = 6
_LOADABLE_PROTOCOLS = (2, 3)
"""torch 2.13 loads 3 with a warning, where no bytes are saved."""
DEFAULT_PROTOCOL = "leave `pickle_protocol` out, or say 2"
_FILLING = frozenset({"append", "appendleft", "extend", "insert", "setdefault", "update"})
_FILLED = {
    "collections.defaultdict": "a filled defaultdict",
    "collections.deque": "a filled deque",
}


def saved_modules(
    save: SaveCall, module: Module, project: ProjectIndex
) -> Iterator[tuple[ast.expr, str]]:
    """The module objects that are saved whole, by themselves or in a display, and their classes.

    Known where an object is made in sight (``Net()``, ``model = Net().to(device)``).
    """
    for part in _parts(save.obj, module, _DEPTH) if save.obj is not None else ():
        name = _module_class(part, module, project, _DEPTH)
        if name is not None:
            yield part, name


def _parts(node: ast.expr, module: Module, depth: int) -> Iterator[ast.expr]:
    """What a display holds (also one that has a name, or a display in it), or the node itself."""
    shown = node
    if isinstance(node, ast.Name):
        definitions = module.bindings.definitions(node)
        if len(definitions) == 1 and definitions[0].value is not None:
            shown = definitions[0].value
    held: list[ast.expr] | None = None
    if isinstance(shown, ast.Dict):
        held = shown.values
    elif isinstance(shown, ast.List | ast.Tuple):
        held = shown.elts
    elif isinstance(shown, ast.Call) and module.bindings.qualified(shown.func) == "builtins.dict":
        held = [keyword.value for keyword in shown.keywords]
    if held is None or depth == 0:
        yield node
        return
    for part in held:
        yield from _parts(part, module, depth - 1)


def _module_class(node: ast.expr, module: Module, project: ProjectIndex, depth: int) -> str | None:
    if depth == 0:
        return None
    if isinstance(node, ast.Name):
        own = _class_of_self(node, module, project)
        if own is not None:
            return own
        values = [definition.value for definition in module.bindings.definitions(node)]
        classes = {
            _module_class(value, module, project, depth - 1) if value is not None else None
            for value in values
        }
        return classes.pop() if len(classes) == 1 else None
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr in RETURNING_SELF:
        return _module_class(node.func.value, module, project, depth - 1)
    made = module.bindings.qualified(node.func)
    return made if made and is_module_class(made, module, project, depth) else None


def _class_of_self(node: ast.Name, module: Module, project: ProjectIndex) -> str | None:
    """The class of a method's first parameter, where it is seen to be a module."""
    method = module.function(node)
    owner = module.parents.get(method) if method is not None else None
    if method is None or not isinstance(owner, ast.ClassDef) or method.decorator_list:
        return None
    if [argument.arg for argument in method.args.args[:1]] != [node.id]:
        return None
    bases = (module.bindings.qualified(base) for base in owner.bases)
    if not any(is_module_class(base, module, project) for base in bases if base):
        return None
    return module.bindings.qualname(owner)


def is_module_class(name: str, module: Module, project: ProjectIndex, depth: int = _DEPTH) -> bool:
    """Whether a dotted name is ``torch.nn.Module`` or a class below it."""
    if name in MODULE_ROOTS:
        return True
    if name.startswith("torch.nn."):
        last = name.rpartition(".")[2]
        return last[:1].isupper() and not last.endswith("Parameter")
    found = (
        class_lookup.find_outline(project, GlobalName.parse(name), module.path) if depth else None
    )
    if found is None or found.kind != "class":
        return False
    return any(is_module_class(str(base), module, project, depth - 1) for base in found.bases)


def stays_in_memory(save: SaveCall, module: Module) -> bool:
    """Whether a save is seen to go into an ``io.BytesIO``."""
    target = save.file
    values: list[ast.expr | None] = [target]
    if isinstance(target, ast.Name):
        values = [definition.value for definition in module.bindings.definitions(target)]
    made = [module.bindings.qualified(one.func) for one in values if isinstance(one, ast.Call)]
    return bool(values) and len(made) == len(values) and set(made) <= {"io.BytesIO"}


def why_unloadable(save: SaveCall, module: Module) -> str:
    """Why a weights-only load will refuse what is saved here; empty where nothing is seen."""
    refused = refused_protocol(save, module)
    if refused:
        return f"the loader refuses pickle protocol {refused}; {DEFAULT_PROTOCOL}"
    return next(_doubts(save.obj, module), "") if save.obj is not None else ""


def refused_protocol(save: SaveCall, module: Module) -> str:
    """The pickle protocol that a save chooses, where no weights-only load takes it."""
    return _refused_protocol(save.protocol, module, _DEPTH)


def _refused_protocol(node: ast.expr | None, module: Module, depth: int) -> str:
    """The protocol that is given, where it is known to be one that does not load."""
    if node is None or depth == 0:
        return ""
    if isinstance(node, ast.Constant):
        known = isinstance(node.value, int) and node.value not in _LOADABLE_PROTOCOLS
        return str(node.value) if known else ""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return f"{ast.unparse(node)} (the highest)"
    named = module.bindings.qualified(node) or ""
    if named.endswith((".HIGHEST_PROTOCOL", ".DEFAULT_PROTOCOL")) and named[:6] != "torch.":
        return f"{named.rpartition('.')[2]} (4 or 5)"
    values = _protocols(node, module)
    refused = [_refused_protocol(value, module, depth - 1) for value in values]
    return refused[0] if refused and all(refused) else ""


def _protocols(node: ast.expr, module: Module) -> list[ast.expr | None]:
    """What a name or an attribute is given; None where it comes from elsewhere."""
    if isinstance(node, ast.Attribute):
        return [*module.bindings.member_values(node)]
    if not isinstance(node, ast.Name):
        return []
    return [each.value for each in module.bindings.definitions(node)]


def _doubts(node: ast.expr, module: Module) -> Iterator[str]:
    """What in a display that is saved cannot be loaded."""
    for value in _held(node, module, _DEPTH):
        if isinstance(value, ast.Lambda):
            yield "a lambda cannot be pickled"
        elif isinstance(value, ast.GeneratorExp):
            yield "a generator cannot be pickled"
        elif isinstance(value, ast.Call):
            made = module.bindings.qualified(value.func) or ""
            given = [*value.args[1:], *value.keywords]
            filled = given if made.endswith("defaultdict") else value.args
            if made in _FILLED and (filled or _is_filled(value, node.lineno, module)):
                yield f"{_FILLED[made]} is refused since torch 2.10"


def _is_filled(call: ast.Call, row: int, module: Module) -> bool:
    """Whether something is put into what a call makes, under the name that it gets, above a row."""
    statement = module.parents.get(call)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if len(targets) != 1 or not isinstance(targets[0], ast.Name):
        return False
    scope = module.bindings.scope(module.statement(call))
    places = module.bindings.uses(targets[0].id, scope).get(statement, ())
    return any(place.lineno < row and _fills(place, module) for place in places)


def _fills(place: ast.expr, module: Module) -> bool:
    """``held[key].append(value)`` fills a defaultdict, ``held.append(value)`` a deque."""
    use = module.parents.get(place)
    if isinstance(use, ast.Subscript):
        return use.value is place and not isinstance(use.ctx, ast.Del)
    return isinstance(use, ast.Attribute) and use.attr in _FILLING


def _held(node: ast.expr, module: Module, depth: int) -> Iterator[ast.expr]:
    """The parts of what an expression stands for: values of displays, of locals, one by one."""
    if depth == 0:
        return
    if isinstance(node, ast.Dict):
        parts = node.values
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        parts = node.elts
    elif isinstance(node, ast.Name):
        definitions = module.bindings.definitions(node)
        parts = [one.value for one in definitions if one.value is not None]
        parts = parts if len(definitions) == 1 else []
    elif isinstance(node, ast.Call):
        yield node
        made = module.bindings.qualified(node.func)
        parts = [keyword.value for keyword in node.keywords] if made == "builtins.dict" else []
    else:
        yield node
        return
    for part in parts:
        yield from _held(part, module, depth - 1)
