"""Downloaders that put a file where the program says, or under a name that nobody can know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain import patterns, strings
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Text, lift, unknown
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known

_LOCAL_OR_HASHED = (
    *("cached_path.cached_path", "transformers.file_utils.cached_path"),
    "datasets.utils.file_utils.cached_path",
)


def _to_argument(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``gdown.download(url, output)`` yields ``output``."""
    given = arguments(evaluator, call, frame)
    return lift(given.at(1, "output") or given.at(1, "out"), Rung.DOWNLOAD) or unknown(
        "the name that a download gets"
    )


def _local_or_hashed(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """A local path stays what it is; a URL is kept under a name that nobody can know."""
    given = arguments(evaluator, call, frame)
    return tuple(
        strings.hole(each, "a download under a hashed name")
        if isinstance(each, Text) and patterns.is_url(each.text)
        else each
        for each in given.at(0)
    )


CALLS: dict[str, Known] = {
    **dict.fromkeys(
        ("gdown.download", "wget.download", "urllib.request.urlretrieve"), _to_argument
    ),
    **dict.fromkeys(_LOCAL_OR_HASHED, _local_or_hashed),
}
