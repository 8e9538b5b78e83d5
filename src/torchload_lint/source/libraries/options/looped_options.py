"""Options that a loop declares: ``for name in ("a", "b"): parser.add_argument(f"--{name}")``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.definitions import SCOPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torchload_lint.source.names.source_file import SourceFile

    Turn = Mapping[str, ast.expr]
    """The loop's names → what each is in one turn."""

_MOST_TURNS = 64
_NO_LOOP: tuple[Turn, ...] = ({},)


def turns(call: ast.Call, module: SourceFile) -> tuple[Turn, ...]:
    """The turns of the literal loop around a call; one without names where there is none."""
    node: ast.AST | None = call
    while node is not None and not isinstance(node, SCOPES):
        if isinstance(node, ast.For):
            return tuple(_turns(node, module))[:_MOST_TURNS] or _NO_LOOP
        node = module.parents.get(node)
    return _NO_LOOP


def _turns(loop: ast.For, module: SourceFile) -> Iterator[Turn]:
    for item in _items(loop.iter, module):
        targets, values = [loop.target], [item]
        if isinstance(loop.target, ast.Tuple) and isinstance(item, ast.Tuple | ast.List):
            targets, values = loop.target.elts, item.elts
        if len(targets) == len(values):
            pairs = zip(targets, values, strict=True)
            yield {target.id: value for target, value in pairs if isinstance(target, ast.Name)}


def _items(node: ast.expr, module: SourceFile) -> list[ast.expr]:
    """What a literal list, tuple or dictionary (with a name, or in place) is looped over."""
    method = ""
    function = node.func if isinstance(node, ast.Call) and not node.args else None
    if isinstance(function, ast.Attribute):
        node, method = function.value, function.attr
    if isinstance(node, ast.Name):
        definitions = module.bindings.definitions(node)
        node = (definitions[0].value if len(definitions) == 1 else None) or node
    if isinstance(node, ast.Tuple | ast.List) and not method:
        return node.elts
    if isinstance(node, ast.Dict):
        pairs = [(k, v) for k, v in zip(node.keys, node.values, strict=True) if k is not None]
        if method == "items":
            return [ast.Tuple([key, value], ast.Load()) for key, value in pairs]
        return [value if method == "values" else key for key, value in pairs]
    return []


def literal(node: ast.expr, turn: Turn) -> str | None:
    """The text that an expression is in one turn; None where it is not literal."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return literal(turn[node.id], {}) if node.id in turn else None
    if isinstance(node, ast.FormattedValue):
        return literal(node.value, turn)
    parts: list[ast.expr] = []
    if isinstance(node, ast.JoinedStr):
        parts = node.values
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [node.left, node.right]
    texts = [literal(part, turn) for part in parts]
    known = [text for text in texts if text is not None]
    return "".join(known) if parts and len(known) == len(texts) else None


def keywords(call: ast.Call, turn: Turn) -> dict[str, ast.expr]:
    """The keywords of a call in one turn, those of a literal ``**options`` too."""
    found: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        value = keyword.value
        if isinstance(value, ast.Name):
            value = turn.get(value.id, value)
        if keyword.arg is not None:
            found[keyword.arg] = value
        elif isinstance(value, ast.Dict):
            for key, each in zip(value.keys, value.values, strict=True):
                if isinstance(key, ast.Constant):
                    found[str(key.value)] = each
    return found
