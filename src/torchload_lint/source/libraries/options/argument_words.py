"""Which word of a command line a positional argument is: the words of options are passed over."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.project import call_search

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex

_FLAGS = ("store_true", "store_false", "store_const", "append_const", "count", "help", "version")
_SEVERAL_WORDS = ("$@", "$*", "${@", "${*", "[@]", "[*]")
"""A shell's words that may stand for any number of words."""


class WordPlace(NamedTuple):
    """Where the words of one positional argument stand."""

    before: int
    """How many words of other positional arguments come first."""
    takes: Mapping[str, int | None]
    """The spelling of each option → how many words follow it; None for any number."""


def word(position: WordPlace, words: Iterable[str]) -> str:
    """The word that is the argument; empty where it is missing, or where that is not certain."""
    before = position.before
    left = iter(words)
    for each in left:
        if any(sign in each for sign in _SEVERAL_WORDS):
            return ""
        if each.startswith("-"):
            name, equals, _ = each.partition("=")
            taken = 0 if equals else position.takes.get(name)
            if taken is None:
                return ""
            for _ in range(taken):
                next(left, "")
        elif before:
            before -= 1
        else:
            return each
    return ""


def in_parser(project: ProjectIndex, module: SourceFile, call: ast.Call) -> WordPlace | None:
    """That of ``parser.add_argument("checkpoint")``; None where it may be another word."""
    scope = module.bindings.scope(module.statement(call))
    calls = [
        each
        for each in call_search.calls_named(project, module, "add_argument")
        if module.bindings.scope(module.statement(each)) is scope
    ]
    if "add_subparsers" in module.text or _inherits(project, module):
        return None
    names = {each: _texts(each) for each in calls}
    positional = [each for each in calls if names[each] and not names[each][0].startswith("-")]
    takes = {
        spelled: _taken(_keywords(each))
        for each in calls
        for spelled in names[each]
        if spelled.startswith("-")
    }
    return _position(call, positional, takes)


def _inherits(project: ProjectIndex, module: SourceFile) -> bool:
    """Whether a parser has the arguments of another one."""
    parsers = call_search.calls_named(project, module, "ArgumentParser")
    return any(keyword.arg == "parents" for each in parsers for keyword in each.keywords)


def in_decorators(decorators: list[ast.expr], call: ast.expr) -> WordPlace | None:
    """That of ``@click.argument("checkpoint")`` among the decorators of a function."""
    calls = [each for each in decorators if isinstance(each, ast.Call)]
    kinds = {each: ast.unparse(each.func).rpartition(".")[2] for each in calls}
    positional = [each for each in calls if kinds[each] == "argument"]
    takes = {
        spelled: _taken(_keywords(each))
        for each in calls
        if kinds[each] == "option"
        for name in _texts(each)
        for spelled in name.split("/")
    }
    return _position(call, positional, takes)


def _position(
    call: ast.expr, positional: list[ast.Call], takes: dict[str, int | None]
) -> WordPlace | None:
    if call not in positional:
        return None
    widths = [_width(_keywords(each)) for each in positional[: positional.index(call) + 1]]
    before = widths[:-1]
    if any(width is None for width in widths):
        return None
    return WordPlace(sum(width or 0 for width in before), {**takes, "-h": 0, "--help": 0})


def _keywords(call: ast.Call) -> dict[str, object]:
    """The keywords of a call with their literals; what is not literal as it is spelled."""
    return {
        keyword.arg or "**": keyword.value.value
        if isinstance(keyword.value, ast.Constant)
        else ast.unparse(keyword.value)
        for keyword in call.keywords
    }


def _texts(call: ast.Call) -> list[str]:
    literals = (getattr(each, "value", None) for each in call.args)
    return [each for each in literals if isinstance(each, str)]


def _taken(keywords: dict[str, object]) -> int | None:
    """How many words an option takes."""
    action = str(keywords.get("action", ""))
    if action in _FLAGS or "BooleanOptional" in action:
        return 0
    if keywords.get("is_flag") or keywords.get("count"):
        return 0
    return _width(keywords)


def _width(keywords: dict[str, object]) -> int | None:
    """How many words stand for one value; None for any number."""
    count = keywords.get("nargs", 1)
    if "**" in keywords:
        return None
    return count if isinstance(count, int) and count >= 0 else None
