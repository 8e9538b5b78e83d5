"""Configurations at a place, without those that the tests around it rule out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.branches import configured
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Cause, Record, lift, unknown
from torchload_lint.source.libraries import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.source.branches.configured import AskedOf
    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile


def fitting(
    evaluator: Evaluator,
    node: ast.Name | ast.Attribute | ast.Subscript,
    values: Values,
    module: SourceFile,
) -> Values:
    """The values of which nothing fails that the tests around ``node`` ask of their entries."""
    if not any(isinstance(each, Record) for each in values):
        return values
    asked = configured.asked_of(node, module, evaluator.assumed)
    failed = [one for one in asked if any(configured.fails(one, each, module) for each in values)]
    if not failed:
        return values
    failing = [
        each for each in values if any(configured.fails(one, each, module) for one in failed)
    ]
    row = f"{module.path}:{failed[0].test[0].lineno}"
    evaluator.leave_open(f"{ast.unparse(node)} is another configuration below {row}")
    left = tuple(each for each in values if each not in failing)
    instead = () if left else _instead(evaluator, failing, asked, module)
    return (*left, *instead) or unknown(
        f"no configuration is known that passes the test at {row}", Cause.NOT_THE_DEFAULT
    )


def _instead(
    evaluator: Evaluator, failing: list[Value], asked: Sequence[AskedOf], module: SourceFile
) -> Values:
    """What is known where no configuration fits: another choice of its parts."""
    found: list[Value] = []
    for each in failing:
        assert isinstance(each, Record)
        other = registry.chosen_otherwise()(evaluator, each, asked, module)
        found += lift(other, Rung.ONE_OF_SEVERAL) if len(other) > 1 else other
    return tuple(found)
