"""click and typer: options that decorators and defaults declare."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import Record, unknown
from torchload_lint.source.libraries.options.declaration import Declaration, value_of
from torchload_lint.source.text.definitions import parameters

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, FromDecorator, FromDefault


def _from_decorator(
    evaluator: Evaluator, decorator: ast.Call, parameter: ast.arg, frame: Frame
) -> Values:
    """What ``@click.option("--x", default=…)`` gives to the parameter ``x``, or all options
    together to ``**options``.
    """
    function = frame.module.parents.get(decorator)
    if isinstance(function, ast.FunctionDef) and function.args.kwarg is parameter:
        return _all_options(evaluator, function, frame)
    if parameter.arg not in _parameter_names(decorator):
        return ()
    return _value(evaluator, decorator, frame)


def _all_options(evaluator: Evaluator, function: ast.FunctionDef, frame: Frame) -> Values:
    """The options that no parameter is named for; a decorator that is not known may add others."""
    own = {each.arg for each in parameters(function.args)}
    entries = {
        name: _value(evaluator, decorator, frame)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        and frame.module.bindings.qualified(decorator.func) in DECORATED
        for name in _parameter_names(decorator)[:1]
        if name not in own
    }
    others = unknown(f"an option of {function.name}() that is not declared here")
    return (Record(entries, others, rung=Rung.DEFAULT),)


def _parameter_names(decorator: ast.Call) -> list[str]:
    """What the parameter of an option may be called, first what click calls it (8.5, ``core.py``,
    ``Option._parse_decls``): a name without dashes, else the first with the most of them.
    """
    ordered = sorted(
        _spelled(decorator),
        key=lambda name: (name.isidentifier(), name.startswith("--")),
        reverse=True,
    )
    return [name.lstrip("-").replace("-", "_").lower() for name in ordered]


def _spelled(decorator: ast.Call) -> list[str]:
    return [
        argument.value
        for argument in decorator.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def _value(evaluator: Evaluator, decorator: ast.Call, frame: Frame) -> Values:
    names = _spelled(decorator)
    keywords = {keyword.arg: keyword.value for keyword in decorator.keywords}
    shown = next((name for name in names if name.startswith("--")), names[0] if names else "?")
    declaration = Declaration(
        decorator, frame.module.tree, keywords.get("default"), "is_flag" in keywords, shown
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
