"""Displays and comprehensions: lists, tuples, sets and dictionaries that are written out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain import mappings, strings
from torchload_lint.source.domain.enum_members import EnumMember
from torchload_lint.source.domain.sequences import elements, item
from torchload_lint.source.domain.values import Record, Sequence, Text, union
from torchload_lint.source.evaluation.written_out import written_out
from torchload_lint.source.state import handing, spreading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator


def display(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    """A list, tuple or set."""
    assert isinstance(node, ast.List | ast.Tuple | ast.Set)
    if constants := written_out(node, frame.module):
        return constants
    items: list[Values] = []
    others: list[Values] = []
    for element in node.elts:
        if isinstance(element, ast.Starred):
            others.append(elements(evaluator.values(element.value, frame)))
        elif others:
            others.append(evaluator.values(element, frame))
        else:
            values = evaluator.values(element, frame)
            items.append(handing.on(evaluator, element, values, frame))
    kind = type(node).__name__.lower()
    return (Sequence(tuple(items), union(*others), kind=kind),)


def dictionary(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    """A dictionary; ``**`` spreads what is known."""
    assert isinstance(node, ast.Dict)
    if constants := written_out(node, frame.module):
        return constants
    entries: Mapping[str, Values] = {}
    since: dict[str, Values] = {}  # the last ``**``
    others: list[Values] = []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            spread = spreading.spread(evaluator, evaluator.values(value, frame), frame)
            entries = mappings.over(spread.entries, mappings.over(since, entries))
            since = {}
            others.append(spread.others)
            continue
        given = evaluator.values(key, frame)
        names = [each.as_key() if isinstance(each, EnumMember) else each for each in given]
        content = evaluator.values(value, frame)
        if len(names) == 1 and isinstance(names[0], Text) and not names[0].why:
            since[names[0].text] = content
        else:
            others.append(content)
    return (Record(mappings.over(since, entries), union(*others)),)


def comprehension(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    """A list or set comprehension, or a generator."""
    assert isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp)
    source = _copied_by_dict(node, frame)
    if source is not None:
        return (spreading.spread(evaluator, evaluator.values(source, frame), frame),)
    return (Sequence(others=evaluator.values(node.elt, frame)),)


def _copied_by_dict(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp, frame: Frame
) -> ast.expr | None:
    """The mapping ``x`` of ``dict((k, v) for k, v in x.items())``; None for all others."""
    around = frame.module.parents.get(node)
    if not isinstance(around, ast.Call) or ast.unparse(around.func) != "dict":
        return None
    if not isinstance(node.elt, ast.Tuple) or len(node.elt.elts) != 2:  # noqa: PLR2004 - a pair
        return None
    key, value = node.elt.elts
    return mappings.copied(ast.DictComp(key, value, node.generators))


def dictionary_comprehension(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    """A dictionary comprehension: a copy of another mapping, one of pairs that are written out, or
    one whose keys are not known.
    """
    assert isinstance(node, ast.DictComp)
    source = mappings.copied(node)
    if source is not None:
        if mappings.may_leave_out(node):
            evaluator.relied.changes.setdefault("a comprehension leaves out keys")
        return (spreading.spread(evaluator, evaluator.values(source, frame), frame),)
    entries = _of_pairs(evaluator, node, frame)
    return (Record(entries) if entries else Record({}, evaluator.values(node.value, frame)),)


def _of_pairs(evaluator: Evaluator, node: ast.DictComp, frame: Frame) -> dict[str, Values]:
    """``{name: digest for digest, name in [("fb9de5b3", "resnet50"), …]}``; empty for others."""
    loop = node.generators[0]
    names = [ast.unparse(part) for part in getattr(loop.target, "elts", [])]
    wanted = ast.unparse(node.key), ast.unparse(node.value)
    if len(node.generators) > 1 or loop.ifs or not names or not set(wanted) <= set(names):
        return {}
    key_at, value_at = map(names.index, wanted)
    found: dict[str, Values] = {}
    for row in _rows(evaluator.values(loop.iter, frame)):
        keys = item(row, key_at)
        if len(keys) != 1 or not isinstance(keys[0], Text) or keys[0].why:
            return {}
        found[keys[0].text] = item(row, value_at)
    return found


def _rows(values: Values) -> list[Value]:
    """The items of one list that is written out, each of one possibility; empty for others."""
    listed = values[0] if len(values) == 1 else None
    if not isinstance(listed, Sequence) or listed.others:
        return []
    rows = [row[0] for row in listed.items if len(row) == 1]
    return rows if len(rows) == len(listed.items) else []


def formatted_text(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    """``f"{folder}/last.pt"``."""
    assert isinstance(node, ast.JoinedStr)
    built: Values = (Text(""),)
    for piece in node.values:
        part = evaluator.values(piece, frame)
        if isinstance(piece, ast.FormattedValue):
            specification = _literal_specification(piece)
            shown = chr(piece.conversion) if piece.conversion > 0 else None
            part = tuple(strings.formatted(value, specification, shown) for value in part)
        built = strings.concatenate(built, part)
    return built


def _literal_specification(piece: ast.FormattedValue) -> str | None:
    """The format specification where it is literal text; None where it is computed."""
    if piece.format_spec is None:
        return ""
    parts = getattr(piece.format_spec, "values", [])
    if all(isinstance(part, ast.Constant) for part in parts):
        return "".join(str(part.value) for part in parts)
    return None
