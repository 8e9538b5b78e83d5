"""Where something else is put in the place of ``torch.load``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.calls import LoadCall, WeightsOnly
from torchload_lint.source.facts.keyword.answers import KEY
from torchload_lint.source.facts.keyword.truth import Reader
from torchload_lint.source.facts.loading.loads import LOADERS
from torchload_lint.source.text.candidates import carrying, on_rows, rows_with
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import code_of, last_name, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Span
    from torchload_lint.source.names.source_file import SourceFile

_OWNERS = frozenset({"torch", "torch.serialization"})
_SETTERS = frozenset({"setattr", "object"})
_DEPTH = 4


class Patch(NamedTuple):
    """One place that replaces ``torch.load``."""

    node: ast.stmt | ast.expr
    """The assignment, or the call."""
    span: Span
    function: str
    statement: ast.stmt
    how: str
    """``assignment``, ``setattr`` or ``mock`` (a test tool that undoes it)."""
    replacement: ast.expr | None
    unsafe: bool | None
    """Whether what is put there loads unsafely; None where that is not known."""
    because: str = ""
    part: str = ""
    """What of ``torch.load`` is changed, as code; empty where all of it is replaced."""


def collect(module: SourceFile, loads: tuple[LoadCall, ...]) -> tuple[Patch, ...]:
    """Every replacement, but for those that put the real one back; ``loads`` are the file's."""
    if "torch" not in module.text:
        return ()
    found = [
        _judged(module, patch, loads)
        for patch in (*_patches(module), *_parts(module))
        if not _restores(module, patch.replacement)
    ]
    return tuple(sorted(found, key=lambda patch: patch.span))


def _patches(module: SourceFile) -> Iterator[Patch]:
    words = carrying(module.tree, module.lines, ["load", "torch.load", "torch.serialization.load"])
    for node in words.pop("load"):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if _OWNERS & module.bindings.possible(node.value):
                yield from _assigned(module, node)
        elif isinstance(node, ast.Constant):
            call = module.parents.get(node)
            if isinstance(call, ast.Call) and node in call.args[1:2]:
                yield from _set(module, call, 2)
    for nodes in words.values():
        for node in nodes:
            call = module.parents.get(node)
            if not isinstance(call, ast.Call) or node not in call.args[:1]:
                continue
            if last_name(call.func) in {"patch", "setattr"}:
                yield _patch(module, call, "mock", _argument(call, 1))


def _parts(module: SourceFile) -> Iterator[Patch]:
    """``torch.load.__kwdefaults__["weights_only"] = False``, and what torch asks on the way."""
    for word, owner in _PARTS:
        for node in module.carrying(word) if word in module.text else ():
            if isinstance(node, ast.Attribute) and owner in module.bindings.possible(node.value):
                change = _change_of(module, node)
                if change is not None:
                    yield _patch(module, change, "assignment", None)._replace(part=code_of(node))


def _change_of(module: SourceFile, node: ast.Attribute) -> ast.stmt | ast.expr | None:
    """The statement that sets an attribute or an item of it, or the call that updates it."""
    parent = module.parents.get(node)
    if not isinstance(node.ctx, ast.Load):
        return module.statement(node)
    if isinstance(parent, ast.Subscript) and not isinstance(parent.ctx, ast.Load):
        return module.statement(node)
    call = module.parents.get(parent) if isinstance(parent, ast.Attribute) else None
    return call if isinstance(call, ast.Call) and last_name(call.func) in _UPDATING else None


_UPDATING = frozenset({"update", "clear", "pop", "setdefault", "__setitem__"})
_UNPICKLER = "torch._weights_only_unpickler"
_PARTS = (
    *((word, "torch.load") for word in ("__kwdefaults__", "__defaults__", "__code__")),
    *(
        (word, "torch.serialization.load")
        for word in ("__kwdefaults__", "__defaults__", "__code__")
    ),
    ("_default_to_weights_only", "torch.serialization"),
    ("_weights_only_unpickler", "torch.serialization"),
    ("_weights_only_unpickler", "torch"),
    ("Unpickler", _UNPICKLER),
    ("load", _UNPICKLER),
    ("_get_allowed_globals", _UNPICKLER),
)
"""What decides how ``torch.load`` loads: a word, and what it is an attribute of (torch 2.13,
``torch/serialization.py`` and ``torch/_weights_only_unpickler.py``)."""


def _assigned(module: SourceFile, target: ast.Attribute) -> Iterator[Patch]:
    parent = module.parents.get(target)
    if isinstance(parent, (ast.Assign, ast.AnnAssign)):
        yield _patch(module, parent, "assignment", parent.value)
    elif isinstance(parent, ast.Tuple):
        statement = module.statement(parent)
        yield _patch(module, statement, "assignment", None)


def _set(module: SourceFile, call: ast.Call, place: int) -> Iterator[Patch]:
    """``setattr(torch, "load", x)``, ``monkeypatch.setattr(...)``, ``patch.object(...)``."""
    name = last_name(call.func)
    if name in _SETTERS and _OWNERS & module.bindings.possible(call.args[0]):
        plain = module.bindings.qualified(call.func) == "builtins.setattr"
        yield _patch(module, call, "setattr" if plain else "mock", _argument(call, place))


def _argument(call: ast.Call, place: int) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg in {"new", "side_effect", "value", "wraps"}:
            return keyword.value
    return call.args[place] if len(call.args) > place else None


def _restores(module: SourceFile, replacement: ast.expr | None) -> bool:
    return replacement is not None and bool(LOADERS & module.bindings.possible(replacement))


def _patch(
    module: SourceFile, node: ast.stmt | ast.expr, how: str, replacement: ast.expr | None
) -> Patch:
    return Patch(
        node=node,
        span=module.span(node),
        function=module.qualname(node),
        statement=module.statement(node),
        how=how,
        replacement=replacement,
        unsafe=None,
    )


def _judged(module: SourceFile, patch: Patch, loads: tuple[LoadCall, ...]) -> Patch:
    """The same, with whether its replacement loads unsafely."""
    if patch.replacement is None:
        return patch
    unsafe, because = _judge(module, patch.replacement, loads, _DEPTH)
    return patch._replace(unsafe=unsafe, because=because)


def _judge(
    module: SourceFile, node: ast.expr, loads: tuple[LoadCall, ...], depth: int
) -> tuple[bool | None, str]:
    """Whether a replacement loads unsafely: a partial, a lambda, or a function of this file."""
    if any(part.node is node and part.weights_only is WeightsOnly.FALSE for part in loads):
        return True, "the partial gives weights_only=False"
    if isinstance(node, ast.Lambda):
        return _judge_body(module, node, loads)
    if not depth:
        return None, ""
    if isinstance(node, ast.Name):
        for definition in module.bindings.definitions(node):
            if isinstance(definition.node, FUNCTIONS):
                return _judge_body(module, definition.node, loads)
            if definition.value is not None:
                return _judge(module, definition.value, loads, depth - 1)
    parts = [node.func, *node.args] if isinstance(node, ast.Call) else []
    answers = [_judge(module, part, loads, depth - 1) for part in parts]
    return next((answer for answer in answers if answer[0]), (None, ""))


def _judge_body(
    module: SourceFile, function: ast.AST, loads: tuple[LoadCall, ...]
) -> tuple[bool | None, str]:
    for node in on_rows(function, rows_with(module.lines, [KEY])):
        value = _value_for_key(module, node)
        if value is not None and Reader(module).value(value).verdict is WeightsOnly.FALSE:
            return True, f"it gives weights_only={code_of(value)} (line {value.lineno})"
    inside = set(ast.walk(function))
    values = {load.weights_only for load in loads if load.node in inside}
    return (False, "") if values == {WeightsOnly.TRUE} else (None, "")


def _value_for_key(module: SourceFile, node: ast.AST) -> ast.expr | None:
    """The value that ``weights_only`` is given here, by keyword, by key or by ``setdefault``."""
    if isinstance(node, ast.keyword):
        return node.value if node.arg == KEY else None
    if not isinstance(node, ast.Constant) or text_of(node) != KEY:
        return None
    parent = module.parents.get(node)
    if isinstance(parent, ast.Subscript):
        holder = module.parents.get(parent)
        return holder.value if isinstance(holder, ast.Assign) else None
    if isinstance(parent, ast.Dict):
        return next(
            value for key, value in zip(parent.keys, parent.values, strict=True) if key is node
        )
    if isinstance(parent, ast.Call) and last_name(parent.func) == "setdefault":
        return parent.args[1] if len(parent.args) > 1 else None
    return None
