"""Calls that do not spell a function's name: under an alias, or by somebody else who is handed the
function (``partial(load, path)``, ``spawn(load, args=(path,))``, ``map(load, paths)``).
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.text.candidates import on_rows, rows_with
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.names.source_file import SourceFile

_UNSEEN = ast.Starred(ast.Constant(...), ast.Load())
"""Arguments that are added elsewhere."""


def aliases(text: str, name: str) -> set[str]:
    """The other names that a file gives to something: ``import x as y``, ``y = x``."""
    word = re.escape(name)
    lines = "\n".join(line for line in text.split("\n") if name in line)
    renamed = re.findall(rf"\b{word}[ \t]+as[ \t]+(\w+)", lines)
    assigned = re.findall(rf"^[ \t]*(\w+)[ \t]*=[ \t]*(?:\w+\.)*{word}[ \t]*$", lines, re.MULTILINE)
    return {*renamed, *assigned} - {name}


def may_hand_over(text: str, name: str) -> bool:
    """Whether a file gives something another name, or hands it to somebody who will call it."""
    size = len(name)
    place = text.find(name)
    while place >= 0:
        after = text[place + size : place + size + _NEAR].lstrip(" \t")
        before = text[max(0, place - _NEAR) : place]
        if after.startswith("as ") or (
            after[:1] in {",", ")", "\n", ""} and _HANDED.search(before) is not None
        ):
            return True
        place = text.find(name, place + size)
    return False


def handed_over(module: SourceFile, name: str) -> Iterator[ast.Call]:
    """The calls that somebody who is handed the function will make, as if they were written out.
    Their ``func`` is the place where the function is named.
    """
    for node in on_rows(module.tree, rows_with(module.lines, [name])):
        if isinstance(node, ast.Call):
            yield from _made_by(node, name)


def _made_by(node: ast.Call, name: str) -> Iterator[ast.Call]:
    keywords = {each.arg: each.value for each in node.keywords if each.arg}
    callee = last_name(node.func) or ""
    target = keywords.get("target") or keywords.get("fn") or keywords.get("func")
    places = [target] if target is not None else node.args
    for place in places:
        if isinstance(place, ast.Name | ast.Attribute) and last_name(place) == name:
            index = node.args.index(place) if place in node.args else -1
            make = _MAKERS.get(callee)
            made = None if make is None else make(node, index, keywords)
            if made is not None:
                yield ast.copy_location(ast.Call(place, *made), node)


PassedArguments = tuple[list[ast.expr], list[ast.keyword]]


def _partial(node: ast.Call, index: int, _: dict[str, ast.expr]) -> PassedArguments | None:
    return ([*node.args[1:], _UNSEEN], node.keywords) if index == 0 else None


def _following(node: ast.Call, index: int, _: dict[str, ast.expr]) -> PassedArguments | None:
    """``executor.submit(f, a, b=c)``: what follows the function."""
    return (node.args[index + 1 :], node.keywords) if index >= 0 else None


def _tuples(node: ast.Call, index: int, keywords: dict[str, ast.expr]) -> PassedArguments | None:
    """``Process(target=f, args=(a,), kwargs={…})``, ``pool.apply(f, (a,))``."""
    after = node.args[index + 1 :] if index >= 0 else []
    given = keywords.get("args") or (after[0] if after else None)
    unseen: list[ast.expr] = [_UNSEEN] if index >= 0 else []
    positional = unseen if given is None else _spread(given)
    further = keywords.get("kwargs") or keywords.get("kwds")
    return positional, [] if further is None else [ast.keyword(None, further)]


def _spread(given: ast.expr) -> list[ast.expr]:
    if isinstance(given, ast.Tuple | ast.List):
        return given.elts
    return [ast.copy_location(ast.Starred(given, ast.Load()), given)]


def _spawned(node: ast.Call, index: int, keywords: dict[str, ast.expr]) -> PassedArguments | None:
    """``torch.multiprocessing.spawn(f, args=(a,))`` calls ``f(rank, a)``."""
    positional, further = _tuples(node, index, keywords) or ([], [])
    return [ast.copy_location(ast.Constant(...), node), *positional], further


def _mapped(node: ast.Call, index: int, _: dict[str, ast.expr]) -> PassedArguments | None:
    """``map(f, xs, ys)``: one item of each."""
    if index != 0:
        return None
    return [_item_of(each) for each in node.args[1:]] or [_UNSEEN], []


def _star_mapped(node: ast.Call, index: int, _: dict[str, ast.expr]) -> PassedArguments | None:
    items = [_item_of(each) for each in node.args[index + 1 :][:1]] if index == 0 else []
    return [ast.copy_location(ast.Starred(each, ast.Load()), each) for each in items], []


def _item_of(sequence: ast.expr) -> ast.expr:
    """Any one item: an index that is not known."""
    return ast.copy_location(
        ast.Subscript(sequence, ast.copy_location(ast.Constant(...), sequence), ast.Load()),
        sequence,
    )


_MAKERS: dict[str, Callable[[ast.Call, int, dict[str, ast.expr]], PassedArguments | None]] = {
    "partial": _partial,
    **dict.fromkeys(("submit", "to_thread", "run_in_executor", "run_sync"), _following),
    **dict.fromkeys(
        ("Process", "Thread", "Timer", "apply", "apply_async", "start_process"), _tuples
    ),
    **dict.fromkeys(("spawn", "start_processes"), _spawned),
    **dict.fromkeys(("map", "imap", "imap_unordered", "map_async", "thread_map"), _mapped),
    **dict.fromkeys(("starmap", "starmap_async"), _star_mapped),
}
_NEAR = 80
_HANDED = late_pattern(
    rf"(?:\b(?:{'|'.join(_MAKERS)})\((?:\s*None,)?|\btarget\s*=|^[ \t]*\w+[ \t]*=)\s*(?:\w+\.)*\Z",
    re.MULTILINE,
)
"""What stands before a function that is handed over, or gets another name."""
