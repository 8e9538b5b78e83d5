"""Path expression → exact path, pattern, or unknown and why.

The evaluator works on demand: it is asked about one expression, and follows names, attributes,
calls and imports only as far as that expression needs, within a budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.module import Module
    from torchload_lint.source.project import ProjectIndex


class Rung(str, Enum):
    """The step of the ladder that settled a path (the highest one that was needed)."""

    LITERAL = "literal"
    LOCAL = "local"
    CONSTANT = "constant"
    DEFAULT = "default"
    CONFIG_FILE = "config-file"
    CALLER = "caller"
    DOWNLOAD = "download"
    PRODUCER = "producer"
    CONFIGURATION = "configuration"
    RECORDED = "recorded"


@dataclass(frozen=True, order=True, slots=True)
class PathPattern:
    """A path as far as it is known. ``*`` stands for an unknown part (``**`` is not used).

    Literal ``*``, ``?`` and ``[`` in a known part are kept as a glob only where the source
    itself globs (``glob.glob("runs/*.pt")``); elsewhere they are escaped as ``[*]``.
    """

    text: str
    """With ``/`` between parts. Relative unless the code makes it absolute. A path made from
    ``__file__`` is relative to the project's root and has ``anchored`` set."""
    exact: bool
    """Whether no part is unknown."""
    rung: Rung
    anchored: bool = False
    """Whether the path starts at the project's root for certain (made from ``__file__``)."""
    in_archive: bool = False
    """Whether it is read through something else than the plain file (BytesIO of a response)."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a load reads, as far as the source tells."""

    patterns: tuple[PathPattern, ...] = ()
    """The possibilities, at most ``MAX_PATTERNS``; empty where nothing is known."""
    complete: bool = False
    """Whether the patterns are all there can be (no branch was left unknown)."""
    unknown: tuple[str, ...] = ()
    """Why parts are unknown: ``parameter 'path' of load() has no caller in the project``."""


MAX_PATTERNS = 16


def resolve_path(expression: ast.expr, module: Module, project: ProjectIndex) -> Resolution:
    """Resolve the first argument of a load in ``module``.

    A ``None``, ``False`` or empty-string possibility ("do not resume") is not a path and is left
    out; a URL is not a path unless a download rung maps it to a local cache.
    """
    raise NotImplementedError  # replaced by the resolver
