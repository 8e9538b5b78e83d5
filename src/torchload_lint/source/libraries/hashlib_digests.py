"""File names that are digests of texts: ``hashlib.sha256(url.encode()).hexdigest()``.

Caches name downloads by the digest of their URL. Where the text is known, so is its digest.
"""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain import patterns, strings
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.values import Made, Text, unknown
from torchload_lint.source.state import stores

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator, KnownMethod

_MAKERS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
_DEPENDS_ON_THE_MACHINE = late_pattern(r"\b(?:abspath|realpath|resolve|absolute|expanduser)\b")
_WHY = "a digest of what is not known"


def _hexadecimal(evaluator: Evaluator, made: Made, node: ast.Call, frame: Frame) -> Values:
    """``digest.hexdigest()`` of what ``hashlib`` made, fed by its constructor and by ``update``."""
    name = made.callee.rpartition(".")[2]
    fed = _fed(evaluator, made, node, frame)
    if name not in _MAKERS or made.module is None or fed is None:
        return unknown(_WHY)
    own_folder = _DEPENDS_ON_THE_MACHINE.search(made.module.text) is not None
    return tuple(_digest(name, value, own_folder=own_folder) for value in fed)


def _fed(evaluator: Evaluator, made: Made, node: ast.Call, frame: Frame) -> Values | None:
    """The text that is digested; None where it is not known."""
    call, function = made.call, node.func
    if call is None or not isinstance(function, ast.Attribute):
        return None
    bindings = frame.module.bindings
    if bindings.scope(call) is not bindings.scope(node):
        return None
    parts = [*call.args[:1], *_updates(evaluator, call, function.value, frame)]
    built: Values = ()
    for number, part in enumerate(parts):
        values = evaluator.values(part, frame)
        built = strings.concatenate(built, values) if number else values
    return built or None


def _updates(
    evaluator: Evaluator, call: ast.Call, receiver: ast.expr, frame: Frame
) -> list[ast.expr]:
    """What ``update`` was given between the constructor and the digest. One that stands in another
    block may not have run, or more than once, and its text stands for nothing that is known.
    """
    if receiver is call or not isinstance(receiver, ast.Name):
        return []
    module = frame.module
    block = module.parents.get(module.statement(call))
    calls = stores.of_scope(evaluator, module.bindings.scope(call), module).calls
    return [
        update.args[0]
        if module.parents.get(module.statement(update)) is block
        else ast.copy_location(ast.Constant(...), update)
        for method, update in calls.get(receiver.id, ())
        if method == "update" and call.lineno <= update.lineno <= receiver.lineno
    ]


def _digest(name: str, value: Value, *, own_folder: bool) -> Value:
    """The digest of a text that is the same wherever the program runs."""
    text = as_text(value)
    settled = isinstance(value, Text) and not text.why and patterns.is_exact(text.text)
    is_place = text.anchored or text.is_path or text.text.startswith(("~", patterns.HOME))
    if not settled or is_place or (own_folder and not patterns.is_url(text.text)):
        return strings.hole(text, _WHY)
    made = hashlib.new(name, text.text.encode(), usedforsecurity=False).hexdigest()
    return Text(made, rung=text.rung)


_OTHERS = ("blake2b", "blake2s", "sha3_224", "sha3_256", "sha3_384", "sha3_512", "new")
METHODS: dict[str, KnownMethod] = {
    f"hashlib.{maker}.hexdigest": _hexadecimal for maker in (*sorted(_MAKERS), *_OTHERS)
}
