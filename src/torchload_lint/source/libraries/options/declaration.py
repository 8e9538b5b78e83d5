"""One option of a command line: as the code declares it, and what it is where nobody gives it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    Cause,
    Constant,
    Text,
    lift,
    unknown,
)
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile


_NUMBERS = {"int": int, "float": float}


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


def value_of(evaluator: Evaluator, declaration: Declaration, module: SourceFile) -> Values:
    """What an option is where nobody gives it: its default, or the file that its help names."""
    shown = declaration.shown
    if declaration.is_flag:
        return (Constant(False, rung=Rung.DEFAULT),)
    values = evaluator.anywhere(declaration.default, module) if declaration.default else ()
    if all(map(_is_nothing, values)):
        from torchload_lint.source.libraries.options import option_hints  # noqa: PLC0415 - only without a default

        hinted = option_hints.hinted(evaluator, module, declaration.call, shown) or _written(
            evaluator, declaration, module
        )
        if not hinted and not any(isinstance(each, Text) for each in values):
            place = f"{module.path}:{declaration.call.lineno}"
            reason = (
                f"the option {shown} ({place}) has no default, and no written command line gives it"
            )
            return unknown(reason, Cause.NO_DEFAULT)
        values = hinted or values
    else:
        from torchload_lint.source.libraries.options import replaced_defaults  # noqa: PLC0415 - only with a default

        names = declaration.names or (shown,)
        values = tuple(converted(each, declaration) for each in values)
        values = replaced_defaults.beside(evaluator, values, names, module, declaration.call)
        if any(isinstance(each, Text) for each in values) and _may_convert(declaration, module):
            evaluator.leave_open(f"the type of {shown} may make something else of its default")
            values = lift(values, Rung.ONE_OF_SEVERAL)
    evaluator.leave_open(f"the option {shown} may be given another value")
    return tuple(map(_by_default, values))


def converted(value: Value, declaration: Declaration) -> Value:
    """What an option is given, or its default, as ``type=float`` makes a number of a text."""
    given = {each.arg: getattr(each.value, "id", "") for each in declaration.call.keywords}
    convert = _NUMBERS.get(given.get("type", ""))
    if convert is None or not isinstance(value, Text) or value.why:
        return value
    try:
        return Constant(convert(value.text), rung=value.rung)
    except ValueError:
        return value


def _by_default(value: Value) -> Value:
    """A default as such; an empty text is there for something to be put in its place."""
    is_empty = isinstance(value, Text) and not value.text
    return lift((value,), Rung.ONE_OF_SEVERAL if is_empty else Rung.DEFAULT)[0]


_ADDING = frozenset({"add_argument", "add_arg", "add"})
"""What declares an option whose default goes through its ``type``."""


def _may_convert(declaration: Declaration, module: SourceFile) -> bool:
    """Whether ``type=`` is a function of the project, or a lambda, that may return another text
    than it is given: argparse hands it the default, too.
    """
    given = [each.value for each in declaration.call.keywords if each.arg == "type"]
    if not given or last_name(declaration.call.func) not in _ADDING:
        return False
    if isinstance(given[0], ast.Lambda):
        return True
    if not isinstance(given[0], ast.Name):
        return False
    functions = [each.node for each in module.bindings.definitions(given[0])]
    return any(
        isinstance(each, ast.FunctionDef) and not _yields_what_it_is_given(each)
        for each in functions
    )


def _yields_what_it_is_given(function: ast.FunctionDef) -> bool:
    own = {each.arg for each in (*function.args.posonlyargs, *function.args.args)}
    stored = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    yielded = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    return all(isinstance(each, ast.Name) and each.id in own - stored for each in yielded)


def _written(evaluator: Evaluator, declaration: Declaration, module: SourceFile) -> Values:
    """What command lines that are written somewhere give."""
    from torchload_lint.source.libraries.options import argument_words, written_commands  # noqa: PLC0415 - only without a default

    names, call = declaration.names or (declaration.shown,), declaration.call
    if names[0].startswith("-"):
        return written_commands.given(evaluator, names, module, call)
    function = module.parents.get(call)
    if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        position = argument_words.in_decorators(function.decorator_list, call)
    else:
        position = argument_words.in_parser(evaluator.project, module, call)
    return written_commands.given_at(evaluator, position, module, call) if position else ()


def _is_nothing(value: Value) -> bool:
    """Whether a default stands for none: ``None``, ``False``, or the empty text."""
    return (isinstance(value, Constant) and (value.value is None or value.value is False)) or (
        isinstance(value, Text) and not value.text
    )
