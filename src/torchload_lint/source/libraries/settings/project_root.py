"""Rootutils, pyrootutils: the folder above a file that holds a file of a given name."""

from __future__ import annotations

import ast
from posixpath import dirname, join
from typing import TYPE_CHECKING

from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.patterns import known
from torchload_lint.source.domain.values import Text, unknown
from torchload_lint.source.state.evaluated_arguments import first

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known

_INDICATORS = (".project-root", "setup.cfg", "setup.py", ".git", "pyproject.toml")
"""What is looked for where nothing is asked for (rootutils 1.0, pyrootutils 1.0)."""
_REPOSITORY = ".git"


def _root(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``setup_root(__file__, indicator=".project-root")``: the nearest folder that has one."""
    named = _indicators(call)
    start = next(iter(first(evaluator, call, frame)), None)
    text = as_text(start) if start is not None else None
    if named is None or text is None or not text.anchored or text.why:
        return unknown("the folder or the file that the root is looked for by")
    folder = text.text
    while folder:
        folder = dirname(folder)
        if any(evaluator.project.files.exists(join(folder, name)) for name in named):
            return (Text(known(folder or "."), anchored=True, is_path=True),)
    if _REPOSITORY not in named:
        return unknown(f"no folder above has {' or '.join(named)}")
    evaluator.leave_open("the folder of the repository is taken for the project's")
    return (Text(known("."), anchored=True, is_path=True),)


def _indicators(call: ast.Call) -> tuple[str, ...] | None:
    """The names that are looked for; None where they are not written there."""
    given = [*call.args[1:2], *(each.value for each in call.keywords if each.arg == "indicator")]
    if not given:
        return _INDICATORS
    items = given[0].elts if isinstance(given[0], ast.List | ast.Tuple) else [given[0]]
    names = tuple(each.value for each in items if isinstance(each, ast.Constant))
    texts = tuple(name for name in names if isinstance(name, str))
    return texts if len(texts) == len(items) else None


CALLS: dict[str, Known] = {
    f"{library}.{name}": _root
    for library in ("rootutils", "pyrootutils")
    for name in ("setup_root", "find_root")
}
