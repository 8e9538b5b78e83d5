"""Classes that are another one as the run decides: defined below an ``if`` that asks for more than
releases and what is installed, or given by a module's ``__getattr__``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.steps import ancestors
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import Found, ProjectIndex

_SAME_IN_EACH_RUN = frozenset(
    """
    sys version_info hexversion platform os name typing TYPE_CHECKING torch __version__ version cuda
    hasattr parse Version packaging find_spec importlib util is_available not_available metadata
    is_compiled hip any all int str len
    isinstance issubclass tuple split startswith
    __name__ __debug__
    """.split()
)
"""Names that a test of releases, or of what is installed, is made of."""

OF_THE_RUN = frozenset(
    """
    argv orig_argv environ getenv modules parse_args parse_known_args input random getpid getcwd
    time stdin __main__ exists isfile is_file isdir is_dir listdir iterdir glob open read_text
    """.split()
)
"""Names of what one run has, and another has not."""


def conditional_class(found: Found) -> str:
    """Where a class depends on what one run has, in words; empty where it does not."""
    if found.kind != "class":
        return ""
    home, node = found.module, found.node
    inside = [
        one for one in ast.walk(node) if isinstance(one, ast.If) and _is_of_body(one, node, home)
    ]
    for one in (*ancestors(home, node), *inside):
        test = one.test if isinstance(one, (ast.If, ast.While)) else None
        if test is None or is_same_in_each_run(test, home):
            continue
        return f"{home.path}:{test.lineno} decides in each run anew what {found.qualname} is"
    return ""


def _is_of_body(one: ast.AST, node: ast.AST, home: Module) -> bool:
    """Whether a statement of a class's body runs where the class is made."""
    for parent in ancestors(home, one):
        if parent is node:
            return True
        if isinstance(parent, FUNCTIONS):
            return False
    return False


def is_same_in_each_run(test: ast.expr, home: Module) -> bool:
    """Whether a test asks for no more than releases, and what is installed."""
    for one in ast.walk(test):
        if isinstance(one, ast.Name) and one.id not in _SAME_IN_EACH_RUN:
            if not _is_settled(one, home):
                return False
        elif isinstance(one, ast.Attribute) and one.attr not in _SAME_IN_EACH_RUN:
            return False
    return True


def _is_settled(name: ast.Name, home: Module) -> bool:
    """A name that is imported, or a constant that says whether an import went well."""
    found = home.bindings.definitions(name)
    of_the_run = (home.bindings.qualified(name) or "") in {"__main__", "builtins"}
    return (
        bool(found)
        and not of_the_run
        and all(
            "import" in one.kind or isinstance(one.value, ast.Constant) or _is_test(one.value)
            for one in found
        )
    )


def _is_test(value: ast.expr | None) -> bool:
    """``HAS_X = find_spec("x") is not None``."""
    parts = list(ast.walk(value)) if value is not None else []
    words = {one.id for one in parts if isinstance(one, ast.Name)}
    words |= {one.attr for one in parts if isinstance(one, ast.Attribute)}
    return bool(words) and words <= _SAME_IN_EACH_RUN


def given_by_module(whole: str, module: Module, project: ProjectIndex) -> str:
    """Where ``__getattr__`` of a module of the project gives what a name leads to, and keeps count
    of it, or asks for more than the name; empty where it does not.
    """
    home, names = project.split(whole, module.path) if "." in whole else (None, [])
    if home is None or not names:
        return ""
    for node in home.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
            kept = [one for one in ast.walk(node) if _asks_for_more(one)]
            if kept and not project.definitions(whole, module.path):
                row = getattr(kept[0], "lineno", node.lineno)
                return f"{home.path}:{row} gives {names[0]} as its state is"
    return ""


def _asks_for_more(one: ast.AST) -> bool:
    """Whether a part of ``__getattr__`` keeps something, or its answer is one run's alone."""
    if isinstance(one, ast.Attribute):
        return one.attr in OF_THE_RUN
    if isinstance(one, ast.Name):
        return one.id in OF_THE_RUN
    return isinstance(one, (ast.Global, ast.Nonlocal))
