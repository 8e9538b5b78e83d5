"""What code does to the whole process: it draws random numbers, or says something.

The numbers that a training draws next depend on how many a file has had drawn before: they are no
longer those that the program's seed says. What is printed, warned of or logged goes to terminals,
files and over networks, with texts of the file's choice.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.source.names.source_file import SourceFile

_DRAWING = frozenset(
    f"torch.{name}"
    for name in """
    bernoulli dropout multinomial normal poisson rand rand_like randint randint_like randn
    randn_like randperm rrelu
    """.split()
)
_GENERATORS = ("random.", "numpy.random.", "torch.nn.init.")
_OWN_GENERATORS = frozenset({"numpy.random.default_rng"})
"""What makes a generator of its own, as ``random.Random`` does."""
_SAYING = frozenset({"builtins.print", "warnings.warn"})
_MESSAGES = frozenset("critical debug error exception fatal handle info log warn warning".split())
"""Methods of loggers, and functions of ``logging``."""
_ONLY_READ = (ast.Compare, ast.Attribute, ast.Subscript, ast.FormattedValue)


def reaches_process(piece: ast.AST, home: SourceFile) -> str:
    """Where a piece of code draws random numbers or says something; empty where it does not."""
    for node in ast.walk(piece):
        if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        meanings = home.bindings.possible(node)
        row = f"{home.path}:{node.lineno}"
        if any(map(_draws, filter(None, meanings))):
            return f"{row} draws random numbers, which changes those of the whole process"
        if any(map(_says, filter(None, meanings))) or _is_message(node, home):
            return f"{row} prints, warns or logs what the file may have chosen"
    return ""


def _draws(dotted: str) -> bool:
    if dotted in _OWN_GENERATORS:
        return False
    name = dotted.rpartition(".")[2]
    return dotted in _DRAWING or (dotted.startswith(_GENERATORS) and name[:1].islower())


def _says(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    return dotted in _SAYING or (module == "logging" and name in _MESSAGES)


def _is_message(node: ast.expr, home: SourceFile) -> bool:
    """``logger.info``, ``self.logger.info``, and no method of the class itself."""
    if not isinstance(node, ast.Attribute) or node.attr not in _MESSAGES:
        return False
    is_own = home.bindings.class_of_self(node.value) is not None or _is_super(node.value)
    return not is_own and not isinstance(home.parents.get(node), _ONLY_READ)


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "super"
