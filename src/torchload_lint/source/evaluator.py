"""What the rooms of the path resolver may ask of the engine, and nothing more.

``evaluation/engine.py`` answers. What lies below it (what was stored, what libraries do) names this
protocol alone, so that nothing below the engine imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from torchload_lint.source.domain.patterns import PathPattern
    from torchload_lint.source.domain.relied import Relied
    from torchload_lint.source.domain.values import (
        Class,
        Frame,
        Function,
        Instance,
        Made,
        ParsedOptions,
        Text,
        Value,
        Values,
    )
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import Found, ProjectIndex
    from torchload_lint.source.text.definitions import FunctionNode, NamedFunction

    Known: TypeAlias = Callable[["Evaluator", ast.Call, Frame], Values]
    """What is known of a callable outside the project: what a call of it yields."""
    KnownItem: TypeAlias = Callable[["Evaluator", ast.expr, Frame], Values]
    """What an item of something that a library offers is, by the expression of its key."""
    OfText: TypeAlias = Callable[[Text], Values]
    """What is made of one text or path that is given."""
    OfAddresses: TypeAlias = Callable[[tuple[PathPattern, ...]], tuple[PathPattern, ...]]
    """The copies of addresses that are read in their place."""
    KnownMethod: TypeAlias = Callable[["Evaluator", Made, ast.Call, Frame], Values]
    """What a method of an object that a library made yields."""
    OfAnything: TypeAlias = Callable[["Evaluator", ast.Call, Values, Frame], Values]
    """What a method yields whose name alone tells what it is, of whatever was found before it;
    empty where it is another method after all."""
    KnownAttribute: TypeAlias = Callable[["Evaluator", Made, str, Frame], Values]
    """An attribute of something that a library offers or made; empty where nothing is known."""
    KnownEntry: TypeAlias = Callable[["Evaluator", str, Values], Values]
    """What else an entry of a mapping may be, by its key."""
    FromDecorator: TypeAlias = Callable[["Evaluator", ast.Call, ast.arg, Frame], Values]
    """What a decorator gives to a parameter of the function below it; empty where nothing."""
    Inherited: TypeAlias = Callable[["Evaluator", Instance, str, Frame], Values]
    """An attribute that an object has from a library's class; empty for other objects."""
    FromOutside: TypeAlias = Callable[
        ["Evaluator", ast.arg, NamedFunction, Values, Frame], tuple[Values, ...]
    ]
    """What is given to a parameter by whoever calls its function unseen, one for each such call.
    The values are its default.
    """
    OfOption: TypeAlias = Callable[["Evaluator", ParsedOptions, str], Values]
    """What the option of a command line is that is stored under a name."""
    FromDefault: TypeAlias = Callable[["Evaluator", ast.Call, Frame], Values]
    """The default inside a call that stands as a parameter's default."""


class Evaluator(Protocol):
    """Answers what expressions can be, and keeps count of what stays open."""

    project: ProjectIndex
    relied: Relied
    """What must be as it looks for the answer to be all that there is."""
    asked_in: str
    """The file that the first question is about."""
    is_traced: bool
    """Whether somebody looks at the steps."""
    is_near: bool
    """Whether only the file that is asked in is looked into."""
    assumed: tuple[tuple[ast.expr, bool], ...]
    """What holds wherever the question has led, since another branch leads elsewhere."""
    flags_count: bool
    """Whether flags are what the code says: not where it turns off what is asked about."""

    def values(self, node: ast.expr, frame: Frame) -> Values:
        """What an expression can be at a place."""

    def anywhere(self, node: ast.expr, module: SourceFile) -> Values:
        """What an expression can be, whoever called the function that it stands in."""

    def aside(self, node: ast.expr, module: SourceFile) -> Values:
        """What an expression can be, found out by itself: nothing that this answer rests on."""

    def flag(self, node: ast.expr, module: SourceFile) -> Values:
        """The same of a flag, which no other flag decides."""

    def attribute(self, base: Value, name: str, frame: Frame) -> Values:
        """What an attribute of one possibility can be."""

    def option(self, options: ParsedOptions, name: str) -> Values:
        """The default of an option of a command line, as it is declared."""

    def run(self, function: Function, call: ast.Call | None, frame: Frame) -> Values:
        """What a function of the project returns for these arguments; ``call`` is None where
        nothing is given (a property, a fixture).
        """

    def parameter(self, node: ast.arg, frame: Frame) -> Values:
        """What a parameter can be in this frame."""

    def dotted(self, name: str, frame: Frame) -> Values:
        """What a dotted name stands for in the project; empty for what is not ours."""

    def found(self, found: Found, frame: Frame) -> Values:
        """What a name of the project is when seen from another place."""

    def library(self, name: str) -> Known | None:
        """What is known of the callable of that canonical name outside the project."""

    def turn(self, loop: ast.AST, items: Values) -> Values:
        """What a loop may be about in one turn: any of the items, or the one looked at now."""

    def assuming(self, tests: tuple[tuple[ast.expr, bool], ...]) -> AbstractContextManager[None]:
        """While some tests are taken to hold, wherever their expressions stand."""

    def once(self, key: object) -> bool:
        """Whether a way is taken for the first time (to cut circles); ``done`` gives it back."""

    def done(self, key: object) -> None:
        """Give a way back."""

    def leave_open(self, why: str) -> None:
        """Note that there may be further possibilities."""

    def hop(self, call: ast.expr | None, path: str, what: str, values: Values = ()) -> None:
        """Note a way to another place, for those who ask how an answer was found: a caller's call,
        or a file that is not Python. ``what``: what it does there, in words, and what it yields.
        """

    def ask_callers(
        self, function: FunctionNode, asked: set[ast.AST], home: SourceFile, of: Class | None
    ) -> None:
        """Note what callers are asked about: where it is more than one thing, each caller answers
        by itself. ``asked``: parameters, and tests of them; ``home``: the function's file; ``of``:
        the class of the object, for a method.
        """
