"""Values of a pickle as text, shortened: for calls and their arguments in messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    SetValue,
    StorageValue,
)

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue

_MAX_TEXT = 80
_MAX_ITEMS = 4


def render_arguments(args: PickledValue) -> str:
    """The arguments of a call as text, shortened."""
    given = args if isinstance(args, tuple) else (args,)
    shown = [shortened(item, 2) for item in given[:_MAX_ITEMS]]
    if len(given) > _MAX_ITEMS:
        shown.append("…")
    return f"({', '.join(shown)})"


def shortened(value: PickledValue, depth: int = 2) -> str:
    """A value as text, shortened: never more than a few hundred characters."""
    if isinstance(value, (str, bytes)):
        return repr(value) if len(value) <= _MAX_TEXT else repr(value[:_MAX_TEXT]) + "…"
    if isinstance(value, (int, float, bool, type(None))):
        return _number(value)
    if isinstance(value, GlobalRef):
        return str(value.name)
    if depth <= 0:
        return "…"
    if isinstance(value, ObjectValue):
        name = shortened(value.callee, depth - 1)
        return f"{name}{_group(value.args, depth - 1)}"
    if isinstance(value, (list, tuple)):
        return _group(value, depth - 1)
    if isinstance(value, DictValue):
        pairs = [
            f"{shortened(k, 0)}: {shortened(v, depth - 1)}" for k, v in value.entries[:_MAX_ITEMS]
        ]
        more = ", …" if len(value.entries) > _MAX_ITEMS else ""
        return "{" + ", ".join(pairs) + more + "}"
    if isinstance(value, SetValue):
        return _group(value.items, depth - 1)
    return "<tensor data>" if isinstance(value, StorageValue) else "…"


def _group(items: PickledValue, depth: int) -> str:
    if not isinstance(items, (list, tuple)):
        return f"({shortened(items, depth)})"
    shown = ", ".join(shortened(item, depth) for item in items[:_MAX_ITEMS])
    more = ", …" if len(items) > _MAX_ITEMS else ""
    opening, closing = ("[", "]") if isinstance(items, list) else ("(", ")")
    return f"{opening}{shown}{more}{closing}"


def _number(value: float | None) -> str:
    try:
        return repr(value)
    except ValueError:  # an integer with more digits than Python writes
        return "<int>"
