"""Parse once; the facts of one file."""

from __future__ import annotations

import ast
import re
import warnings
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from torchload_lint.source.facts import contexts, environment, fallbacks, loads, patches
from torchload_lint.source.facts import wrappers as own_wrappers
from torchload_lint.source.names.bindings import Bindings
from torchload_lint.source.text import newer_syntax
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.parents import Parents
from torchload_lint.source.text.suppressions import Suppressions
from torchload_lint.source.text.text import Lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torchload_lint.diagnostic import Span
    from torchload_lint.source.facts.allowlists import Allowlist
    from torchload_lint.source.facts.calls import LoadCall, SaveCall


class Module:
    """One Python file, parsed, with the facts that rules and fixes need.

    The facts are collected when they are first asked for, so that a file that is only read for
    the names it defines costs no more than its parse.
    """

    def __init__(
        self,
        path: str,
        name: str,
        text: str,
        tree: ast.Module,
        aliases: Mapping[str, frozenset[str]],
    ) -> None:
        self.path = path
        """Relative to the project's root, with ``/``; ``-`` for standard input without a name."""
        self.name = name
        """The dotted module name it is imported by (``myapp.models``); empty where unknown."""
        self.text = text
        """Without a byte-order mark; newlines as in the file."""
        self.tree = tree
        self.parents: Mapping[ast.AST, ast.AST] = Parents(tree)
        self.lines = Lines(text)
        self.bindings = Bindings(
            tree,
            self.parents,
            name=name,
            is_package=path.rpartition("/")[2] == "__init__.py",
            lines=self.lines,
        )
        self.aliases = aliases
        """Names under which other files of the project offer ``torch.load``
        (``reexports.loaders``)."""

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offset in code points of each row's first character."""
        return self.lines.starts

    @cached_property
    def _found(self) -> loads.Found:
        return loads.collect(self)

    @property
    def loads(self) -> tuple[LoadCall, ...]:
        """Every place where ``torch.load`` is called or handed on, in the order of the file."""
        return self._found.loads

    @property
    def saves(self) -> tuple[SaveCall, ...]:
        """Every ``torch.save`` call, in the order of the file."""
        return self._found.saves

    @cached_property
    def allowlists(self) -> tuple[Allowlist, ...]:
        """Every ``safe_globals`` and ``add_safe_globals`` call of the file."""
        return contexts.collect(self)

    @cached_property
    def wrappers(self) -> tuple[own_wrappers.Wrapper, ...]:
        """The functions of the file that pass a parameter on as ``weights_only``."""
        return own_wrappers.wrappers(self)

    @cached_property
    def wrapper_calls(self) -> tuple[own_wrappers.WrapperCall, ...]:
        """Every call of one of them in the file, in its order."""
        return own_wrappers.calls(self)

    @cached_property
    def environment(self) -> tuple[environment.EnvironmentSwitch, ...]:
        """Every place that sets the variable by which torch drops its restricted loader."""
        return environment.collect(self)

    @cached_property
    def patches(self) -> tuple[patches.Patch, ...]:
        """Every place that puts something else in the place of ``torch.load``."""
        return patches.collect(self)

    @cached_property
    def fallbacks(self) -> tuple[fallbacks.UnsafeFallback, ...]:
        """Every safe load that is tried again unsafely when it fails."""
        return fallbacks.collect(self)

    @cached_property
    def suppressions(self) -> Suppressions:
        """The comments that silence findings, and which of them were needed so far."""
        return Suppressions.of(self.text)

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """Where a node stands, in rows and columns of code points."""
        return self.lines.span(node)

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        return self.lines.source(node)

    def statement(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that holds a node."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The innermost function in whose body a node stands; None at module or class level.

        What stands in a decorator, a default or an annotation belongs to the scope around.
        """
        scope = self.bindings.scope(self.statement(node))
        while isinstance(scope, ast.ClassDef):
            scope = self.bindings.scope(scope)
        return scope if isinstance(scope, FUNCTIONS) else None

    def qualname(self, node: ast.AST) -> str:
        """The qualified name of the function or class body around a node; empty at module level."""
        scope = self.bindings.scope(self.statement(node))
        return ".".join(self.bindings.enclosing_names(scope))


_PYTHON_2 = " (this is Python 2; only Python 3 is read)"


class SyntaxProblem(NamedTuple):
    """A file that cannot be parsed: where, and why."""

    message: str
    row: int
    column: int


_TOO_DEEP = SyntaxProblem("the code is nested too deeply to be parsed", 1, 1)


def read(
    text: str, path: str, name: str = "", aliases: Mapping[str, frozenset[str]] | None = None
) -> Module | SyntaxProblem:
    """Parse ``text``; the facts are collected when asked for. Never raises, never looks at the
    disk. ``aliases``: what ``reexports.loaders`` says of the project.
    """
    text = text.removeprefix("\ufeff")
    tree = _parse(text)
    if isinstance(tree, SyntaxProblem):
        return tree
    return Module(path, name, text, tree, aliases or {})


def _parse(text: str) -> ast.Module | SyntaxProblem:
    tree = _tree(text)
    if isinstance(tree, ast.Module) or "\0" in text or tree is _TOO_DEEP:
        return tree
    older = newer_syntax.masked(text)
    second = _tree(older) if older is not None else tree
    return second if isinstance(second, ast.Module) else tree


def _tree(text: str) -> ast.Module | SyntaxProblem:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        message = f"{error.msg}{_PYTHON_2 if _is_python_2(error) else ''}"
        return SyntaxProblem(message, max(error.lineno or 1, 1), max(error.offset or 1, 1))
    except ValueError as error:
        return SyntaxProblem(str(error), 1, 1)
    except (RecursionError, MemoryError):
        return _TOO_DEEP


def _is_python_2(error: SyntaxError) -> bool:
    line = error.text or ""
    statement = re.match(r"\s*(?:print\s+[^=(\s]|exec\s+[^=(\s]|raise\s+\w+\s*,)", line)
    literal = re.search(r"\b(?:0[0-7]+|\d+[lL])\b|\bur['\"]|<>|`", line)
    return bool(statement or literal)
