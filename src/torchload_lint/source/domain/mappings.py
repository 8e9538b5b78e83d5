"""Mappings laid over one another, copied, and their entries."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from itertools import chain

from torchload_lint.source.domain.enum_members import EnumMember
from torchload_lint.source.domain.patterns import HOLE
from torchload_lint.source.domain.values import (
    Record,
    Sequence,
    Text,
    Value,
    Values,
    lift,
    union,
    unknown,
)


class Layered(Mapping[str, Values]):
    """Several mappings, the first that has a key answers; nothing is looked up ahead."""

    def __init__(self, *layers: Mapping[str, Values]) -> None:
        self.layers = tuple(chain.from_iterable(map(_layers_of, layers)))

    def __getitem__(self, key: str) -> Values:
        for layer in self.layers:
            found = layer.get(key)
            if found is not None:
                return found
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter({key: None for layer in reversed(self.layers) for key in layer})

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _layers_of(mapping: Mapping[str, Values]) -> tuple[Mapping[str, Values], ...]:
    """Those of a layered one: a thousand laid over one another do not ask each other in turn."""
    return mapping.layers if isinstance(mapping, Layered) else (mapping,)


def over(first: Mapping[str, Values], second: Mapping[str, Values]) -> Mapping[str, Values]:
    """The second mapping with the entries of the first put into it."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {**second, **first}
    layers = [each for each in (first, second) if each or not isinstance(each, dict)]
    return layers[0] if len(layers) == 1 else Layered(*layers)


def as_kind(values: Values, kind: str, lists: str = "list") -> Values:
    """The same mappings as objects of another class, those inside of them too. ``lists``: what the
    lists in them become.
    """
    return tuple(_as_kind(value, kind, lists) for value in values)


class _Converted(Mapping[str, Values]):
    """A mapping of which each entry is converted when it is asked for."""

    def __init__(self, entries: Mapping[str, Values], kind: str, lists: str) -> None:
        self._entries = entries
        self._kinds = kind, lists

    def __getitem__(self, key: str) -> Values:
        return as_kind(self._entries[key], *self._kinds)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _as_kind(value: Value, kind: str, lists: str) -> Value:
    if isinstance(value, Record):
        entries = _Converted(value.entries, kind, lists)
        return value.changed(entries=entries, others=as_kind(value.others, kind, lists), kind=kind)
    if isinstance(value, Sequence) and (value.kind == "list" or "." in value.kind):
        items = tuple(as_kind(each, kind, lists) for each in value.items)
        return value.changed(items=items, others=as_kind(value.others, kind, lists), kind=lists)
    return value


def copied(node: ast.DictComp) -> ast.expr | None:
    """What a comprehension copies entry by entry: ``x`` in ``{k: v for k, v in x.items()}`` and
    in ``{a.dest: getattr(x, a.dest) for a in actions}``; None for all others.
    """
    key, value = ast.unparse(node.key), node.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        arguments = value.args
        is_get = value.func.id == "getattr" and len(arguments) > 1
        return arguments[0] if is_get and ast.unparse(arguments[1]) == key else None
    if isinstance(value, ast.Subscript):
        return value.value if ast.unparse(value.slice) == key else None
    source = node.generators[0].iter
    targets = ast.unparse(node.generators[0].target).strip("()")
    if (
        len(node.generators) == 1
        and isinstance(source, ast.Call)
        and isinstance(source.func, ast.Attribute)
        and source.func.attr == "items"
        and not source.args
        and targets == f"{key}, {ast.unparse(value)}"
    ):
        return source.func.value
    return None


def may_leave_out(node: ast.DictComp) -> bool:
    """Whether a comprehension asks which key it is: ``{… if key != "name"}``."""
    tests = [test for loop in node.generators for test in loop.ifs]
    key = ast.unparse(node.key)
    return any(ast.unparse(each) == key for test in tests for each in ast.walk(test))


def entry(record: Record, key: Value, default: Values = ()) -> Values:
    """``record[key]``; ``default`` is what a missing key yields, where something does."""
    if isinstance(key, EnumMember):
        key = key.as_key()
    if isinstance(key, Text) and not key.why:
        found = record.entries.get(key.text)
        if found is not None and record.kind.endswith("defaultdict") and key.text in record.perhaps:
            return union(
                lift(found, record.rung), unknown("what is made for a key that is missing")
            )
        if found is not None:
            return lift(found, record.rung)
        if record.others:
            return lift(union(record.others, default), record.rung)
        return default or unknown(f"no entry {key.text!r} is seen to be stored")
    known = [record.entries[name] for name in record.entries if may_be(key, name)]
    if not known and not record.others:
        return default or unknown("no entry that is seen has such a key")
    return lift(union(*known, record.others, default), record.rung)


def may_be(value: Value, text: str) -> bool:
    """Whether what is known in part may be this text: ``f"a_{width}"`` is no ``b_1``."""
    if not isinstance(value, Text):
        return True
    pattern = ".*".join(map(re.escape, value.text.split(HOLE)))
    return re.fullmatch(pattern, text, re.DOTALL) is not None
