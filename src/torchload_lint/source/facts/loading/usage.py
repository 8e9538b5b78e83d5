"""What becomes of a loaded value, as far as the function that loads it shows.

Where the whole of it goes into ``load_state_dict`` and nowhere else, it is a state dict, and
needs no allowlist whatever file it comes from.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.facts.calls import Use
from torchload_lint.source.facts.loading import asked_before
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import Definition

_ITEM = "item"
_WHOLE = "whole"
_OBJECT = "object"
_NOTHING = "nothing"
_OTHER = "other"
_MOVED = "moved"
"""As modules and tensors are, and no dictionaries."""
_SETTING = "setting"
"""An item of it is an object by its use: settings."""
_STATE = "state_dict"
_MOST_USES = 200
"""Places that use one value, beyond which nothing is known of its use."""
_TELLING_MANY = 3
"""So many different attributes no tensor is given."""
_DEPTH = 6
"""How many names a value is followed through."""
_DICT_METHODS = frozenset({"get", "pop", "keys", "items", "values", "copy", "update", "setdefault"})
_MODULE_METHODS = frozenset(
    """eval train forward parameters named_parameters modules named_modules children state_dict
    load_state_dict zero_grad apply predict fuse generate encode decode fit transform""".split()
)
"""Methods of modules and of other whole objects, which no dictionary has."""
_MOVES = frozenset("to cuda cpu half float double bfloat16 share_memory requires_grad_".split())
"""Methods of modules and tensors alike, which return the same kind of thing."""
_OF_DATA = frozenset(
    """shape dtype device data grad requires_grad ndim layout is_cuda T mT H mH real imag __dict__
    __class__ _metadata names is_sparse is_quantized is_leaf is_meta is_mkldnn is_cpu grad_fn nbytes
    itemsize output_nr retains_grad name size strides base flat flags type index""".split()
)
"""Attributes of tensors, arrays, devices and dictionaries."""
_TAKE_MODULES = frozenset(
    {
        *("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.DataParallel"),
        *("torch.nn.parallel.DistributedDataParallel", "torch.jit.script", "torch.jit.trace"),
        *("torch.compile", "torch.fx.symbolic_trace", "torch.export.export", "torch.onnx.export"),
    }
)
"""Functions of torch that are given modules, and no state."""
_TAKING_OBJECTS = frozenset({"add_module", "register_module", "vars"})
SETTINGS_KEYS = frozenset(
    "args cfg config configs hparams hyper_parameters hyperparams opt opts options params".split()
)
"""Items that are no tensors by their name: settings, which hold what they like."""
_COPIES = frozenset({"collections.OrderedDict", "builtins.dict", "copy.copy", "copy.deepcopy"})
_LOOKERS = frozenset(
    {"builtins.print", "builtins.len", "builtins.type", "builtins.isinstance", "builtins.list"}
)


def use_of(module: SourceFile, call: ast.expr) -> Use:
    """What becomes of the value that ``call`` returns."""
    uses = set(_Follower(module).uses(call, _DEPTH)) - {_NOTHING}
    if _OBJECT in uses:
        return Use.OBJECT
    if uses & {_OTHER, _MOVED, _SETTING} or not uses:
        return Use.UNKNOWN
    return Use.STATE_DICT if uses == {_WHOLE} else Use.STATE_DICT_ITEM


def may_be_object(module: SourceFile, call: ast.expr) -> bool:
    """Whether the value is used as no state dict can be: as an object, or moved as a module is, or
    for settings in it that are an object.
    """
    return not {_OBJECT, _MOVED, _SETTING}.isdisjoint(_Follower(module).uses(call, _DEPTH))


def object_use(module: SourceFile, call: ast.expr) -> ast.AST | None:
    """What shows that the value, or settings in it, is an object of a class, which no weights-only
    load gives by itself; None also where a test may keep other values away from there.
    """
    follower = _Follower(module)
    used = set(follower.uses(call, _DEPTH))
    if used.isdisjoint({_OBJECT, _SETTING}) or not follower.shown:
        return None
    shown = follower.shown[0]
    call_of = module.parents.get(shown)
    whole = call_of if isinstance(call_of, ast.Call) and call_of.func is shown else shown
    return None if follower.is_asked_before(shown) else whole


def state_receivers(module: SourceFile, call: ast.expr) -> list[ast.expr]:
    """The objects into whose ``load_state_dict`` the value of ``call`` goes; empty where one of
    these calls leaves out what does not fit (``strict=False``).
    """
    follower = _Follower(module)
    list(follower.uses(call, _DEPTH))
    if any(not _is_strict(each) for each in follower.fed):
        return []
    return [each.func.value for each in follower.fed if isinstance(each.func, ast.Attribute)]


def _is_strict(call: ast.Call) -> bool:
    given = [*call.args[1:2], *(each.value for each in call.keywords if each.arg == "strict")]
    spread = any(each.arg is None for each in call.keywords)
    return not spread and all(getattr(each, "value", None) is True for each in given)


class _Follower:
    """Follows a value from name to name; each assignment is followed once."""

    def __init__(self, module: SourceFile) -> None:
        self._module = module
        self._seen: set[tuple[ast.AST, str]] = set()
        self.fed: list[ast.Call] = []
        """The calls of ``load_state_dict`` that get the value."""
        self.shown: list[ast.AST] = []
        """What only an object allows: an attribute that is read, a call."""

    def is_asked_before(self, use: ast.AST) -> bool:
        """Whether the program asks what the value is, or does without it where that fails."""
        names = frozenset(name for _, name in self._seen)
        return asked_before.is_asked_before(use, names, self._module)

    def uses(self, node: ast.expr, depth: int) -> Iterator[str]:
        """What is done with the value of an expression at the place where it stands."""
        if depth == 0:
            yield _OTHER
            return
        parent = self._module.parents.get(node)
        while isinstance(parent, ast.Await):
            node, parent = parent, self._module.parents.get(parent)
        if isinstance(parent, ast.Call):
            yield from self._passed(parent, node, depth)
        elif isinstance(parent, ast.keyword):
            yield self._named(parent)
        elif isinstance(parent, ast.Subscript) and parent.value is node:
            yield from self._item(parent, depth)
        elif isinstance(parent, ast.Attribute):
            yield from self._attribute(parent, depth)
        elif isinstance(parent, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            yield from self._assigned(parent, depth)
        elif isinstance(parent, (ast.Return, ast.BoolOp)):
            yield self._given_up(parent, depth)
        elif isinstance(parent, ast.IfExp) and parent.test is not node:
            yield from self.uses(parent, depth - 1)
        else:
            yield _NOTHING if _only_looks(parent) else _OTHER

    def _given_up(self, parent: ast.Return | ast.BoolOp, depth: int) -> str:
        """What a function returns, or what may be another value (``held.get("ema") or other``)."""
        if isinstance(parent, ast.BoolOp):
            return self._object_or_other([parent], depth)
        said = self._is_module(getattr(self._module.function(parent), "returns", None))
        if said:
            self.shown.append(parent)
        return _OBJECT if said else self._object_or_other(self._calls_of(parent), depth)

    def _named(self, keyword: ast.keyword) -> str:
        call = self._module.parents.get(keyword)
        if isinstance(call, ast.Call) and _loads_state(call) and keyword.arg == _STATE:
            self.fed.append(call)
            return _WHOLE
        return _OTHER

    def _passed(self, call: ast.Call, node: ast.expr, depth: int) -> Iterator[str]:
        if call.func is node:
            yield self._object(call)
        elif _loads_state(call):
            self.fed.append(call)
            yield _WHOLE if call.args[:1] == [node] else _OTHER
        else:
            called = self._module.bindings.qualified(call.func)
            if called in _LOOKERS:
                yield self._object(call) if self._asserted(call) else _NOTHING
            elif called in _COPIES:
                yield from self.uses(call, depth - 1)
            elif called in _TAKE_MODULES or last_name(call.func) in _TAKING_OBJECTS:
                yield self._object(call)
            elif called == "builtins.getattr" and _asks_for_part(call, node):
                yield _OBJECT if call.args[2:] else self._object(call)
            else:
                yield self._object_or_other(self._inside(call, node), depth)

    def _item(self, item: ast.Subscript, depth: int) -> Iterator[str]:
        """An item of the value: harmless where it too goes into ``load_state_dict``."""
        if not isinstance(item.ctx, ast.Load):
            yield _ITEM
            return
        if isinstance(item.slice, ast.Constant) and item.slice.value in SETTINGS_KEYS:
            used = set(self.uses(item, depth - 1))
            yield _OTHER if used.isdisjoint({_OBJECT, _SETTING}) else _SETTING
            return
        before = len(self.shown)
        yield _of_item(set(self.uses(item, depth - 1)))
        doubtful = {one for one in self.shown[before:] if _may_be_of_tensor(one)}
        if len({one.attr for one in doubtful if isinstance(one, ast.Attribute)}) < _TELLING_MANY:
            self.shown[before:] = [one for one in self.shown[before:] if one not in doubtful]

    def _attribute(self, attribute: ast.Attribute, depth: int) -> Iterator[str]:
        call = self._module.parents.get(attribute)
        called = isinstance(call, ast.Call) and call.func is attribute
        if attribute.attr in _MODULE_METHODS or self._is_of_object(attribute, called=called):
            is_read = isinstance(attribute.ctx, ast.Load)  # a tensor may get any attribute
            yield self._object(attribute) if is_read else _OBJECT
        elif called and attribute.attr in _MOVES:
            assert isinstance(call, ast.Call)
            dropped = isinstance(self._module.parents.get(call), ast.Expr)  # a module moves itself
            moved = dropped or _OBJECT in set(self.uses(call, depth - 1))
            yield _OBJECT if moved else _MOVED
        elif not called or attribute.attr not in _DICT_METHODS:
            yield _OTHER
        elif attribute.attr in {"get", "pop"}:
            assert isinstance(call, ast.Call)
            taken = _of_item(set(self.uses(call, depth - 1)))
            # What is left of it is not the whole, whatever becomes of what is taken out.
            yield _ITEM if taken == _NOTHING and attribute.attr == "pop" else taken
        elif attribute.attr == "copy":
            assert isinstance(call, ast.Call)
            yield from self.uses(call, depth - 1)
        else:
            yield _ITEM

    def _is_of_object(self, attribute: ast.Attribute, *, called: bool) -> bool:
        """Whether an attribute is read or set that neither tensors nor dictionaries have."""
        return not called and attribute.attr not in _OF_DATA | _DICT_METHODS

    def _object(self, use: ast.AST) -> str:
        self.shown.append(use)
        return _OBJECT

    def _asserted(self, call: ast.Call) -> bool:
        """``assert isinstance(value, torch.nn.Module)``."""
        statement = self._module.parents.get(call)
        return isinstance(statement, ast.Assert) and any(map(self._is_module, call.args[1:]))

    def _inside(self, call: ast.Call, node: ast.expr) -> list[ast.expr]:
        """Where a function of the file uses what a call gives it."""
        if not isinstance(call.func, ast.Name):
            return []
        functions = [each.node for each in self._module.bindings.definitions(call.func)]
        function = functions[0] if len(functions) == 1 else None
        if not isinstance(function, ast.FunctionDef) or node not in call.args:
            return []
        index = call.args.index(node)
        if any(isinstance(each, ast.Starred) for each in call.args[:index]):
            return []
        given = [*function.args.posonlyargs, *function.args.args][index : index + 1]
        return [
            place
            for arg in given
            for place in self._module.bindings.uses(arg.arg, function).get(arg, ())
        ]

    def _is_module(self, annotation: ast.expr | None) -> bool:
        named = self._module.bindings.qualified(annotation) if annotation is not None else None
        return named is not None and named.startswith("torch.nn.")

    def _assigned(
        self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr, depth: int
    ) -> Iterator[str]:
        """Follow a local name to every place where this very value may be used."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if isinstance(node, ast.AnnAssign) and self._is_module(node.annotation):
            yield self._object(node)
        if len(targets) == 1 and isinstance(targets[0], ast.Attribute):
            yield self._object_or_other(self._reads_of(targets[0], node), depth)
            return
        if not all(isinstance(target, ast.Name) for target in targets):
            yield self._unpacked(node, targets, depth)
            return
        if isinstance(node, ast.NamedExpr):
            yield from self.uses(node, depth - 1)
        for target in targets:
            assert isinstance(target, ast.Name)
            yield from self._name_uses(node, target.id, depth)

    def _unpacked(self, node: ast.AST, targets: Sequence[ast.expr], depth: int) -> str:
        """``net, epoch = …``: whether a part of the value is an object by its use."""
        before = len(self.shown)
        for target in (part for each in targets for part in getattr(each, "elts", ())):
            if isinstance(target, ast.Name):
                list(self._name_uses(node, target.id, depth))
        self.shown[before:] = [one for one in self.shown[before:] if not _may_be_of_tensor(one)]
        return _OBJECT if self.shown[before:] else _OTHER

    def _object_or_other(self, places: list[ast.expr], depth: int) -> str:
        """What places where the value is known to be seen say of it: that it is an object."""
        used = {use for place in places for use in self.uses(place, depth - 1)}
        return next((use for use in (_OBJECT, _SETTING, _MOVED) if use in used), _OTHER)

    def _calls_of(self, statement: ast.Return) -> list[ast.expr]:
        """The calls in the file of a function that returns the value, and nothing else."""
        function = self._module.function(statement)
        name = getattr(function, "name", "")
        if function is None or not name:
            return []
        returns = self._module.remember(
            ("returns of", function),
            lambda: [each for each in ast.walk(function) if isinstance(each, ast.Return)],
        )
        is_only = returns == [statement]
        return _calls_by_function(self._module, name).get(function, []) if is_only else []

    def _reads_of(self, target: ast.Attribute, stored: ast.AST) -> list[ast.expr]:
        """The reads of ``self.name`` in a class that sets it to the value, and else to None."""
        holder = self._module.bindings.class_of_self(target.value)
        if holder is None:
            return []
        reads, setting = self._module.remember(
            ("attribute of self", holder, target.attr),
            lambda: _reads_and_settings(self._module, holder, target.attr),
        )
        return reads if setting <= {stored} else []

    def _name_uses(self, node: ast.AST, name: str, depth: int) -> Iterator[str]:
        if (node, name) in self._seen:
            return
        self._seen.add((node, name))
        scope = self._module.bindings.scope(self._module.statement(node))
        if isinstance(scope, ast.ClassDef) or _escapes(self._module, scope, name):
            yield _OTHER
            return
        places = self._module.bindings.uses(name, scope).get(node, ())
        if len(places) > _MOST_USES:
            yield _OTHER
            return
        for place in places:
            definitions = self._module.bindings.definitions(place)
            yield from self._name_use(place, definitions, depth)

    def _name_use(
        self, place: ast.Name, definitions: tuple[Definition, ...], depth: int
    ) -> Iterator[str]:
        """What is done with the name; an object's method may belong to another branch's value."""
        before = len(self.shown)
        uses = set(self.uses(place, depth - 1))
        if len(definitions) > 1:
            del self.shown[before:]
        yield from {_OTHER} if len(definitions) > 1 and _OBJECT in uses else uses


def _reads_and_settings(
    module: SourceFile, holder: ast.ClassDef, name: str
) -> tuple[list[ast.expr], set[ast.AST]]:
    """Where methods of a class read ``self.name``, and the statements that set it to anything but
    None.
    """
    reads: list[ast.expr] = []
    setting: set[ast.AST] = set()
    for node in module.carrying(name):
        if not isinstance(node, ast.Attribute):
            continue
        if module.bindings.class_of_self(node.value) is not holder:
            continue
        if isinstance(node.ctx, ast.Load):
            reads.append(node)
            continue
        statement = module.statement(node)
        value = getattr(statement, "value", None)
        if not isinstance(value, ast.Constant) or value.value is not None:
            setting.add(statement)
    return reads, setting


def _calls_by_function(module: SourceFile, name: str) -> dict[ast.AST, list[ast.expr]]:
    """The calls of what has a name, by the one function of the file that they run."""

    def find() -> dict[ast.AST, list[ast.expr]]:
        calls: dict[ast.AST, list[ast.expr]] = {}
        for node in module.carrying(name):
            call = module.parents.get(node)
            if isinstance(node, ast.Name) and isinstance(call, ast.Call) and call.func is node:
                made = [each.node for each in module.bindings.definitions(node)]
                if len(made) == 1:
                    calls.setdefault(made[0], []).append(call)
        return calls

    return module.remember(("calls by function", name), find)


def _may_be_of_tensor(use: ast.AST) -> bool:
    """Whether only an attribute is read, which a tensor in a dictionary may have been given: it
    comes back with a weights-only load.
    """
    return isinstance(use, ast.Attribute) and use.attr not in _MODULE_METHODS


def _only_looks(parent: ast.AST | None) -> bool:
    """Whether a statement or an expression does nothing with what stands in it."""
    if isinstance(parent, ast.Compare):
        return all(isinstance(operator, ast.In | ast.NotIn) for operator in parent.ops)
    return isinstance(parent, ast.Delete | ast.Expr)


def _asks_for_part(call: ast.Call, node: ast.expr) -> bool:
    """``getattr(value, "module", value)``, with a name that no dictionary or tensor has."""
    name = getattr(call.args[1], "value", None) if len(call.args) > 1 else None
    asked = isinstance(name, str) and call.args[0] is node
    return asked and name not in _OF_DATA | _DICT_METHODS


def _of_item(uses: set[str]) -> str:
    """What the use of an item says of the whole: of one that is only looked at, nothing."""
    for use in (_OBJECT, _SETTING):
        if use in uses:
            return use
    if not uses <= {_WHOLE, _ITEM, _NOTHING}:
        return _OTHER
    return _ITEM if uses - {_NOTHING} else _NOTHING


def _loads_state(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "load_state_dict"


def _escapes(module: SourceFile, scope: ast.AST, name: str) -> bool:
    """Whether other functions can see the name: a module's names, or a ``global`` one."""
    if isinstance(scope, ast.Module):
        return False
    return name in module.bindings.flow(scope).outward
