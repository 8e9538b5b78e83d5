"""What would run if the file were loaded without weights-only: names, calls and their arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.dangerous import why_dangerous
from torchload_lint.checkpoint.values import (
    DictValue,
    GlobalRef,
    Instance,
    SetValue,
    StorageValue,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.checkpoint.results import NameResolver
    from torchload_lint.checkpoint.unpickler import Unpickled

_MAX_TEXT = 80
_MAX_ITEMS = 4
_MAX_CALLS = 50


@dataclass(frozen=True, slots=True)
class Threat:
    """One dangerous global, or attribute of one."""

    name: str
    call: str
    """``os.system('id')``, or empty where the file only names it."""
    why: str


def find_threats(streams: Iterable[Unpickled], names: NameResolver) -> list[Threat]:
    """The dangerous callables in the streams, calls first, each name once."""
    found: dict[str, Threat] = {}
    for stream in streams:
        for call in stream.calls:
            threat = _call_threat(call, names)
            if threat is not None and len(found) < _MAX_CALLS:
                found.setdefault(threat.name, threat)
        for reference in stream.globals:
            name = str(reference.name)
            why = why_dangerous(name)
            if why and len(found) < _MAX_CALLS:
                found.setdefault(name, Threat(name, "", why))
    return list(found.values())


def _call_threat(call: Instance, names: NameResolver) -> Threat | None:
    callee = names.of(call.callee)
    if callee is None:
        return None
    written = str(call.callee.name) if isinstance(call.callee, GlobalRef) else str(callee)
    why = why_dangerous(written) or why_dangerous(str(callee))
    if not why and isinstance(call.callee, Instance):
        why = _attribute_call(callee.qualname)
    if not why:
        return None
    return Threat(written, f"{written}{render_arguments(call.args)}", why)


def _attribute_call(qualname: str) -> str:
    """A call of something that ``getattr`` found: harmless only where it looks like a class.

    Nested classes and their enum members are saved like that; functions and methods are not.
    """
    last = qualname.rpartition(".")[2]
    if last.startswith("__") or not last.lstrip("_")[:1].isupper():
        return "calls an attribute that it looks up by name"
    return ""


def render_arguments(args: Value) -> str:
    """The arguments of a call as text, shortened."""
    given = args if isinstance(args, tuple) else (args,)
    shown = [render(item, 2) for item in given[:_MAX_ITEMS]]
    if len(given) > _MAX_ITEMS:
        shown.append("…")
    return f"({', '.join(shown)})"


def render(value: Value, depth: int = 2) -> str:
    """A value as text, shortened: never more than a few hundred characters."""
    if isinstance(value, (str, bytes)):
        return repr(value) if len(value) <= _MAX_TEXT else repr(value[:_MAX_TEXT]) + "…"
    if isinstance(value, (int, float, bool, type(None))):
        return _number(value)
    if isinstance(value, GlobalRef):
        return str(value.name)
    if depth <= 0:
        return "…"
    if isinstance(value, Instance):
        name = render(value.callee, depth - 1)
        return f"{name}{_group(value.args, depth - 1)}"
    if isinstance(value, (list, tuple)):
        return _group(value, depth - 1)
    if isinstance(value, DictValue):
        pairs = [f"{render(k, 0)}: {render(v, depth - 1)}" for k, v in value.entries[:_MAX_ITEMS]]
        more = ", …" if len(value.entries) > _MAX_ITEMS else ""
        return "{" + ", ".join(pairs) + more + "}"
    if isinstance(value, SetValue):
        return _group(value.items, depth - 1)
    return "<tensor data>" if isinstance(value, StorageValue) else "…"


def _group(items: Value, depth: int) -> str:
    if not isinstance(items, (list, tuple)):
        return f"({render(items, depth)})"
    shown = ", ".join(render(item, depth) for item in items[:_MAX_ITEMS])
    more = ", …" if len(items) > _MAX_ITEMS else ""
    opening, closing = ("[", "]") if isinstance(items, list) else ("(", ")")
    return f"{opening}{shown}{more}{closing}"


def _number(value: float | None) -> str:
    try:
        return repr(value)
    except ValueError:  # an integer with more digits than Python writes
        return "<int>"
