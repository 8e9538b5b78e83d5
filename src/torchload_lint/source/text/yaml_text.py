"""YAML as plain data: what PyYAML composes, with aliases and merge keys, and nothing constructed.

Configuration files come from strangers: a document that is too large, nested too deeply or that
grows through its aliases is not read, and a tag (``!new:``, ``!!python/object``) is a value that
is not known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    import yaml

MOST_VALUES = 50_000
"""How many values a document may have, each use of an alias counted."""
MOST_DOCUMENTS = 64
"""How many documents of one text are read."""
DEEPEST = 50
"""How deep its mappings and lists may be nested."""
_COMPACT_NESTING = late_pattern(rf"(?:[-?][ \t]+){{{DEEPEST}}}")
_MISSING = "???"
"""How OmegaConf writes what has to be given."""
_PREFIX = "tag:yaml.org,2002:"
_TRUE = frozenset({"yes", "true", "on"})


class UnreadValue:
    """A value that is not known: a tag's, a missing one, or a key that is no text."""


class _TooMuchError(Exception):
    """The document is larger than what is read."""


def parse(text: str) -> object:
    """The first document: dictionaries, lists, texts, numbers, booleans, None; None, too, where
    it is not YAML or too large.
    """
    documents = parse_all(text, most=1)
    return documents[0] if documents else None


def parse_all(text: str, most: int = MOST_DOCUMENTS) -> list[object]:
    """The documents, as :func:`parse` gives one; empty where they are not YAML, or too much."""
    import yaml  # noqa: PLC0415 - 15 ms, where a configuration file leads to a path

    if _nests_too_deeply(text):
        return []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    reader = _YamlReader()
    found: list[object] = []
    try:
        while len(found) < most and loader.check_node():
            node = loader.get_node()
            found += [] if node is None else [reader.value(node, DEEPEST)]
    except (yaml.YAMLError, _TooMuchError, RecursionError, ValueError):
        return []
    finally:
        loader.dispose()
    return found


def _nests_too_deeply(text: str) -> bool:
    """Whether brackets or dashes nest deeper than a parser in C should be given."""
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", text):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > DEEPEST:
            return True
    return _COMPACT_NESTING.search(text) is not None


class _YamlReader:
    """Turns nodes into values, and counts them."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def value(self, node: yaml.Node, depth: int) -> object:
        self._left -= 1
        if self._left < 0 or depth == 0:
            raise _TooMuchError
        if node.tag == "!ref":  # HyperPyYAML: a text with places for other values
            return node.value if isinstance(node.value, str) else UnreadValue()
        if not node.tag.startswith(_PREFIX):
            return UnreadValue()
        kind = node.tag.removeprefix(_PREFIX)
        if kind == "map":
            return dict(self._entries(node, depth - 1))
        if kind == "seq":
            return [self.value(item, depth - 1) for item in node.value]
        return _scalar(kind, node.value)

    def _entries(self, node: yaml.Node, depth: int) -> Iterator[tuple[str, object]]:
        """The entries of a mapping; what it merges comes first, so that its own keys win."""
        own = []
        for key, item in node.value:
            if key.tag == f"{_PREFIX}merge":
                merged = item.value if item.tag == f"{_PREFIX}seq" else [item]
                for one in reversed(merged):
                    if one.tag == f"{_PREFIX}map":
                        yield from self._entries(one, depth)
            elif isinstance(key.value, str):
                own.append((key.value, item))
        for name, item in own:
            yield name, self.value(item, depth)


def _scalar(kind: str, text: str) -> object:
    """The value of a scalar, as PyYAML's resolver has named its kind."""
    if text == _MISSING:
        return UnreadValue()
    if kind in {"str", "timestamp"}:
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in _TRUE
    if kind in {"int", "float"}:
        return _number(text.replace("_", ""))
    return UnreadValue()


def _number(text: str) -> object:
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:  # octal, sexagesimal, .inf, or more digits than Python reads
        return UnreadValue()
