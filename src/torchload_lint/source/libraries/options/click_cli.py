"""click and typer: options that decorators and defaults declare."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.values import (
    unknown,
)
from torchload_lint.source.libraries.options.declaration import Declaration, value_of

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, FromDecorator, FromDefault


def _from_decorator(
    evaluator: Evaluator, decorator: ast.Call, parameter: ast.arg, frame: Frame
) -> Values:
    """What ``@click.option("--x", default=…)`` gives to the parameter ``x``."""
    names = [
        argument.value
        for argument in decorator.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    spelled = {name.lstrip("-").replace("-", "_").lower() for name in names}
    if parameter.arg not in spelled:
        return ()
    keywords = {keyword.arg: keyword.value for keyword in decorator.keywords}
    shown = next((name for name in names if name.startswith("--")), names[0])
    scope = frame.module.tree
    declaration = Declaration(
        decorator, scope, keywords.get("default"), "is_flag" in keywords, shown
    )
    return value_of(evaluator, declaration, frame.module)


def _from_default(evaluator: Evaluator, default: ast.Call, frame: Frame) -> Values:
    """The default inside ``x: str = typer.Option("weights.pt", …)``."""
    given = [*default.args[:1], *(k.value for k in default.keywords if k.arg == "default")]
    if not given or (isinstance(given[0], ast.Constant) and given[0].value in {..., None}):
        from torchload_lint.source.libraries.options import option_hints  # noqa: PLC0415 - only without a default

        return option_hints.named_in_help(default) or unknown("the option has no default")
    evaluator.leave_open("the option may be given another value")
    return evaluator.anywhere(given[0], frame.module)


DECORATED: dict[str, FromDecorator] = dict.fromkeys(
    ("click.option", "click.argument", "rich_click.option", "rich_click.argument"), _from_decorator
)
DEFAULTS: dict[str, FromDefault] = dict.fromkeys(
    ("typer.Option", "typer.Argument", "fastapi.Query", "cyclopts.Parameter"), _from_default
)
RUNNERS = frozenset({"cyclopts.run", "typer.run"})
