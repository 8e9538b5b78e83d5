"""Those who call a function that they are handed: ``partial(load, path)``,
``spawn(load, args=(path,))``, ``map(load, paths)``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from collections.abc import Callable

PassedArguments = tuple[list[ast.expr], list[ast.keyword]]


def unseen(node: ast.Call) -> ast.expr:
    """Arguments that are added elsewhere."""
    hidden = ast.copy_location(ast.Constant(...), node)
    return ast.copy_location(ast.Starred(hidden, ast.Load()), node)


def arguments_given(node: ast.Call, place: ast.expr) -> PassedArguments | None:
    """What a function is given by the one that it is handed to, at a ``place`` in that call; None
    where it is not known to be called.
    """
    keywords = {each.arg: each.value for each in node.keywords if each.arg}
    target = keywords.get("target") or keywords.get("fn") or keywords.get("func")
    make = _MAKERS.get(last_name(node.func))
    if make is None or (target is not None and target is not place):
        return None
    return make(node, node.args.index(place) if place in node.args else -1, keywords)


def is_partial(node: ast.Call) -> bool:
    """Whether a call yields a function that is given the other arguments later."""
    return last_name(node.func) == "partial"


def _partial(node: ast.Call, index: int, _: dict[str, ast.expr]) -> PassedArguments | None:
    return (node.args[1:], node.keywords) if index == 0 else None


def _following(node: ast.Call, index: int, _: dict[str, ast.expr]) -> PassedArguments | None:
    """``executor.submit(f, a, b=c)``: what follows the function."""
    return (node.args[index + 1 :], node.keywords) if index >= 0 else None


def _tuples(node: ast.Call, index: int, keywords: dict[str, ast.expr]) -> PassedArguments | None:
    """``Process(target=f, args=(a,), kwargs={…})``, ``pool.apply(f, (a,))``."""
    after = node.args[index + 1 :] if index >= 0 else []
    given = keywords.get("args") or (after[0] if after else None)
    hidden = [unseen(node)] if index >= 0 else []
    positional = hidden if given is None else _spread(given)
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


def _launched(node: ast.Call, index: int, keywords: dict[str, ast.expr]) -> PassedArguments | None:
    """``launch(f, …, args=(a,))`` (detectron2); Lightning's ``fabric.launch(f, a)`` calls
    ``f(fabric, a)``.
    """
    if "args" in keywords:
        return _spread(keywords["args"]), []
    launcher = _receiver(node)
    if index != 0 or not last_name(launcher).lower().endswith("fabric"):
        return None
    return [launcher, *node.args[1:]], node.keywords


def _run_in_parallel(node: ast.Call, index: int, _: dict[str, ast.expr]) -> PassedArguments | None:
    """Of ignite 0.5 (``distributed/launcher.py``): ``parallel.run(f, a, b=c)`` calls
    ``f(rank, a, b=c)``.
    """
    if index != 0 or not last_name(_receiver(node)).lower().endswith("parallel"):
        return None
    return [ast.copy_location(ast.Constant(...), node), *node.args[1:]], node.keywords


def _receiver(node: ast.Call) -> ast.expr:
    return node.func.value if isinstance(node.func, ast.Attribute) else node.func


def _mapped(node: ast.Call, index: int, _: dict[str, ast.expr]) -> PassedArguments | None:
    """``map(f, xs, ys)``: one item of each."""
    if index != 0:
        return None
    return [_item_of(each) for each in node.args[1:]] or [unseen(node)], []


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
    "launch": _launched,
    "run": _run_in_parallel,
    **dict.fromkeys(("map", "imap", "imap_unordered", "map_async", "thread_map"), _mapped),
    **dict.fromkeys(("starmap", "starmap_async"), _star_mapped),
}
