"""A small reader for the YAML that configuration files consist of.

Nested mappings and lists of scalars by indentation, quotes, comments, flow lists of scalars.
Anchors, tags and block texts are not followed: such a value reads as ``UnreadValue``. Reads line by
line, never builds more than the file holds, and never raises.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from torchload_lint.late_patterns import late_pattern

_KEY = late_pattern(
    r"""(?P<key>"[^"]*"|'[^']*'|[^\s\[\]{}#&*!|>'"%@`-][^#:]*?|-?[\w./-]+)\s*:(?:\s+(?P<value>.*))?$"""
)
_COMMENT = late_pattern(r"(^|\s)#.*$")
_INTEGER = late_pattern(r"[-+]?\d+")
_FLOAT = late_pattern(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?")
_DEEPEST = 40


class UnreadValue:
    """A value that this reader does not understand."""


class _Line(NamedTuple):
    indent: int
    content: str


def parse(text: str) -> object:
    """The content of a document: dictionaries, lists, texts, numbers, booleans, None."""
    lines = list(_lines(text))
    value, _ = _block(lines, 0, -1, _DEEPEST)
    return value


def _lines(text: str) -> list[_Line]:
    found: list[_Line] = []
    skipping: int | None = None
    for raw in text.splitlines():
        line = raw.expandtabs(2).rstrip()
        indent = len(line) - len(line.lstrip())
        if not line.strip() or line.lstrip().startswith("#") or line.startswith(("---", "%")):
            continue
        if skipping is not None and indent > skipping:
            continue
        skipping = None
        content = _without_comment(line.strip())
        found.append(_Line(indent, content))
        if re.search(r":\s*[|>][-+\d]*$", content):
            skipping = indent
    return found


def _without_comment(content: str) -> str:
    if "#" not in content or content.count('"') % 2 or content.count("'") % 2:
        return content
    if re.search(r"""["'][^"']*#[^"']*["']""", content):
        return content
    return _COMMENT.sub("", content).rstrip()


def _block(lines: list[_Line], start: int, outside: int, depth: int) -> tuple[object, int]:
    """The value of the lines from ``start`` on that are indented deeper than ``outside``."""
    if start >= len(lines) or lines[start].indent <= outside or depth == 0:
        return None, start
    if lines[start].content == "-" or lines[start].content.startswith("- "):
        return _list(lines, start, lines[start].indent, depth)
    return _mapping(lines, start, lines[start].indent, depth)


def _mapping(lines: list[_Line], start: int, indent: int, depth: int) -> tuple[object, int]:
    found: dict[str, object] = {}
    index = start
    while index < len(lines) and lines[index].indent >= indent:
        match = _KEY.match(lines[index].content) if lines[index].indent == indent else None
        if match is None:
            if lines[index].indent == indent and lines[index].content.startswith("-"):
                break
            index += 1
            continue
        key, written = match["key"].strip("\"'"), (match["value"] or "").strip()
        index += 1
        if written and not re.fullmatch(r"&\w+", written):
            found[key] = scalar(written)
            continue
        is_list = index < len(lines) and lines[index].content.startswith("-")
        outside = indent - 1 if is_list and lines[index].indent == indent else indent
        found[key], index = _block(lines, index, outside, depth - 1)
    return found, index


def _list(lines: list[_Line], start: int, indent: int, depth: int) -> tuple[object, int]:
    found: list[object] = []
    index = start
    while index < len(lines) and lines[index].indent == indent:
        content = lines[index].content
        if content != "-" and not content.startswith("- "):
            break
        inner = content[1:].strip()
        if not inner:
            value, index = _block(lines, index + 1, indent, depth - 1)
        elif _KEY.match(inner):
            offset = len(content) - len(inner)
            lines[index] = _Line(indent + offset, inner)
            value, index = _mapping(lines, index, indent + offset, depth - 1)
        else:
            value, index = scalar(inner), index + 1
        found.append(value)
        while index < len(lines) and lines[index].indent > indent:
            index += 1
    return found, index


def scalar(written: str) -> object:
    """The value of one scalar, or of a flow list of scalars."""
    if len(written) > 1 and written[0] == written[-1] and written[0] in "\"'":
        return written[1:-1]
    if written.startswith("!ref "):
        return scalar(written.removeprefix("!ref ").strip())
    if written.startswith("[") and written.endswith("]"):
        inner = written[1:-1].strip().removesuffix(",").strip()  # a comma may stand behind the last
        return [scalar(each.strip()) for each in inner.split(",")] if inner else []
    if written == "{}":
        return {}
    if not written or written[0] in "&*!{[|>@`":
        return UnreadValue()
    lowered = written.lower()
    if lowered in {"null", "~", "none"}:
        return None
    if lowered in {"true", "false", "yes", "no", "on", "off"}:
        return lowered in {"true", "yes", "on"}
    if _INTEGER.fullmatch(written):
        return int(written[:18])
    if _FLOAT.fullmatch(written):
        return float(written)
    return written
