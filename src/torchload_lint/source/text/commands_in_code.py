"""Command lines that stand in Python: in its comments, its texts (how a program is used, what is
given to ``os.system``), and lists of words (``subprocess.run([sys.executable, "test.py", …])``).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.text.command_lines import Command, commands
from torchload_lint.source.text.text import rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_STARTS = late_pattern(
    r"\b(?:python[\d.]*|torchrun|\w+ launch)[ \t][^\n]{0,200}?"
    r"(?:\.py\b|-m[ \t]+\w)"
)
"""How a command line begins that starts a Python file or module."""
_COMPUTED = "{}"
"""What stands for a word, or a part of one, that is not written there."""
_MOST_TEXTS = 200
"""Texts and lists of one file in which command lines are looked for."""


def in_python(text: str, tree: ast.Module) -> Iterator[Command]:
    """The command lines of a Python file: those of its comments, then those of its code."""
    comments = "\n".join(_comment(row) for row in rows(text))
    if _STARTS.search(comments):
        yield from commands(comments)
    left = _MOST_TEXTS
    parts = {id(part) for node in ast.walk(tree) for part in _parts(node)}
    for node in ast.walk(tree):
        found = [] if id(node) in parts else [*_of(node)]
        yield from found
        left -= bool(found)
        if not left:
            return


def _comment(row: str) -> str:
    return row.lstrip().lstrip("#").lstrip() if row.lstrip().startswith("#") else ""


def _parts(node: ast.AST) -> Sequence[ast.expr]:
    """The texts that a longer one is put together of."""
    return node.values if isinstance(node, ast.JoinedStr) else ()


def _of(node: ast.AST) -> Iterator[Command]:
    if isinstance(node, ast.List | ast.Tuple):
        yield from _of_list(node)
    elif isinstance(node, ast.Constant | ast.JoinedStr):
        written = _written(node)
        if _STARTS.search(written):
            for command in commands(written):
                yield command._replace(row=node.lineno + command.row - 1)


def _of_list(node: ast.List | ast.Tuple) -> Iterator[Command]:
    """``[sys.executable, "test.py", "--model", path]``."""
    words = [_written(each) or _COMPUTED for each in node.elts]
    for index, word in enumerate(words):
        is_module = index > 0 and words[index - 1] == "-m"
        if (word.endswith(".py") or is_module) and " " not in word:
            yield Command(node.lineno, word, tuple(words[index + 1 :]), {})
            return


def _written(node: ast.AST) -> str:
    """A text, with braces for what is computed; empty for anything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_written(each) or _COMPUTED for each in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
