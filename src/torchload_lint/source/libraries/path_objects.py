"""pathlib: paths that are objects, for which ``/`` joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain import methods, strings
from torchload_lint.source.domain import values as domain
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.patterns import HOME
from torchload_lint.source.domain.values import (
    Constant,
    Text,
    Values,
)
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame
    from torchload_lint.source.evaluator import Evaluator, Known


def _path(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame)
    if not given.positional:
        return (Text(".", is_path=True),)
    first, *rest = given.positional
    known = tuple(as_text(value) for value in first if _is_some(value))
    joined = methods.join_paths(known, rest, is_path=True)
    return tuple(strings.path(as_text(value)) for value in joined) or first


def _is_some(value: domain.Value) -> bool:
    return not (isinstance(value, Constant) and value.value is None)


def _home(*_: object) -> Values:
    return (Text(HOME, is_path=True),)


def _here(*_: object) -> Values:
    return (Text("."),)


_CLASSES = ("Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath")
CALLS: dict[str, Known] = {
    **{f"pathlib.{name}": _path for name in _CLASSES},
    "pathlib.Path.home": _home,
    "pathlib.Path.cwd": _here,
}
CERTAIN = frozenset(
    """
    pathlib.Path pathlib.PurePath pathlib.PosixPath pathlib.PurePosixPath pathlib.Path.cwd
    pathlib.Path.home
    """.split()
)
