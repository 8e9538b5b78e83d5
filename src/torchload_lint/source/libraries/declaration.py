"""Declaration: one option of a command line, as the code declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ast


class Declaration(NamedTuple):
    """One ``add_argument`` (or ``DEFINE_string``)."""

    call: ast.Call
    scope: ast.AST
    """The function (or module) that it stands in."""
    default: ast.expr | None
    is_flag: bool
    shown: str
    """As the user would write it: ``--resume``."""
    names: tuple[str, ...] = ()
    """All its spellings, ``-r`` too."""
