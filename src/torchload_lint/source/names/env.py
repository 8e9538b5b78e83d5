"""What each name may stand for at one place: a mapping that shares all that does not change.

Every statement of a file has one, and most differ from the one before in a single name, so that a
copy for each would take time and memory that grow with the square of the file. Names are numbered,
and the mapping is a tree of tuples over the numbers. To change one name makes the few tuples on the
way to it anew; where several ways meet, parts that are the same object are not looked into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from torchload_lint.source.text.definitions import Definition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BITS = 4
_WIDTH = 1 << _BITS
_Node: TypeAlias = "tuple[Any, ...]"
"""The ``_WIDTH`` nodes below it, or on the lowest level what names stand for; None for nothing."""
_EMPTY: _Node = (None,) * _WIDTH


class Either:
    """Any of several: kept as it came about, since most are never asked for."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Definition | Either, ...]) -> None:
        self.parts = parts


class Env:
    """What each name may stand for; never changed, only made anew with a difference."""

    __slots__ = ("_height", "_numbers", "_root")

    def __init__(
        self, numbers: dict[str, int] | None = None, root: _Node = _EMPTY, height: int = 0
    ) -> None:
        self._numbers = {} if numbers is None else numbers
        """Shared by all of one scope, and only added to."""
        self._root = root
        self._height = height

    def get(self, name: str) -> Definition | Either | None:
        """What a name may stand for; None where it has not been met."""
        number = self._numbers.get(name)
        if number is None or number >> (self._height + 1) * _BITS:
            return None
        found: Any = self._root
        for level in range(self._height, -1, -1):
            found = found[number >> level * _BITS & _WIDTH - 1]
            if found is None:
                return None
        meaning: Definition | Either = found
        return meaning

    def definitions(self, name: str) -> frozenset[Definition]:
        """The definitions among which a name has its own; none where it has not been met."""
        found: set[Definition] = set()
        seen: set[int] = set()
        waiting = [self.get(name)]
        while waiting:
            one = waiting.pop()
            if isinstance(one, Definition):
                found.add(one)
            elif one is not None and id(one) not in seen:
                seen.add(id(one))
                waiting += one.parts
        return frozenset(found)

    def having(self, name: str, meaning: Definition | Either) -> Env:
        """The same, but for one name."""
        number = self._numbers.setdefault(name, len(self._numbers))
        root, height = self._root, self._height
        while number >> (height + 1) * _BITS:
            root, height = (root, *_EMPTY[1:]), height + 1
        return Env(self._numbers, _replaced(root, height, number, meaning), height)

    def names(self) -> Iterator[str]:
        """The names that have been met."""
        return (name for name in self._numbers if self.get(name) is not None)

    @staticmethod
    def merged(envs: Iterable[Env], missing: Definition) -> Env:
        """What may hold where several ways meet; ``missing`` stands for a name not met on one."""
        distinct = list({id(env): env for env in envs}.values())
        if len(distinct) == 1:
            return distinct[0]
        height = max(env._height for env in distinct)  # noqa: SLF001 - of this class
        roots = [_raised(env._root, height - env._height) for env in distinct]  # noqa: SLF001
        return Env(distinct[0]._numbers, _merged(roots, height, missing), height)  # noqa: SLF001


def _replaced(node: _Node, level: int, number: int, meaning: Definition | Either) -> _Node:
    at = number >> level * _BITS & _WIDTH - 1
    new = meaning if level == 0 else _replaced(node[at] or _EMPTY, level - 1, number, meaning)
    return (*node[:at], new, *node[at + 1 :])


def _raised(root: _Node, levels: int) -> _Node:
    for _ in range(levels):
        root = (root, *_EMPTY[1:])
    return root


def _merged(nodes: list[_Node], level: int, missing: Definition) -> _Node:
    return tuple(
        parts[0]
        if all(part is parts[0] for part in parts)
        else _merged([part or _EMPTY for part in parts], level - 1, missing)
        if level
        else Either(tuple(missing if part is None else part for part in _distinct(parts)))
        for parts in zip(*nodes, strict=True)
    )


def _distinct(parts: tuple[Any, ...]) -> list[Any]:
    return list({id(part): part for part in parts}.values())
