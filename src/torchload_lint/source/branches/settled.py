"""Tests that fail whatever happens, by what the code itself says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.branches import guards
from torchload_lint.source.domain.patterns import Rung

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Values
    from torchload_lint.source.names.source_file import SourceFile


def fails(
    part: tuple[ast.expr, bool], subject: ast.expr, values: Values, module: SourceFile
) -> bool:
    """Whether a test fails for all that the code itself says of what it is about: neither a
    caller nor the command line has a say in it.
    """
    return bool(values) and all(
        value.rung.height < Rung.DEFAULT.height
        and guards.says(part, subject, value, module) is False
        for value in values
    )
