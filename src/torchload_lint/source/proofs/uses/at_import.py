"""Whether the import of a file is known to do no more than define things and make values.

A checkpoint chooses which file of the project a fix imports: a script without a guard would start
its work. What is not known to be quiet counts as work.
"""

from __future__ import annotations

import ast
from collections import deque
from typing import TYPE_CHECKING

from torchload_lint.source.facts.scripts import is_main_guard
from torchload_lint.source.names.members import is_function, member
from torchload_lint.source.project.classes import ancestry
from torchload_lint.source.proofs.known.harmless import is_harmless, is_harmless_base
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import Found, ProjectIndex

_QUIET = (
    *("abc.", "argparse.", "collections.", "contextlib.", "copy.", "dataclasses.", "datetime."),
    *("enum.", "functools.", "inspect.", "itertools.", "logging.", "math.", "operator."),
    *("os.environ.", "os.getenv", "os.path.", "pathlib.", "platform.", "random.", "re.", "string."),
    *("sys.path.", "time.", "types.", "typing.", "typing_extensions.", "warnings."),
    *("importlib.metadata.", "importlib.util.find_spec", "matplotlib.use", "numpy.random.seed"),
    *("torch.backends.", "torch.cuda.is_available", "torch.jit.script", "torch.manual_seed"),
    *("torch.set_", "builtins.print", "builtins.super"),
)
"""Beginnings of names whose calls change nothing outside of the program."""
_CALLING = ("functools.reduce", "builtins.map", "builtins.filter", "itertools.starmap")
"""What calls the function that it is given first."""
_OF_VALUES = frozenset(
    """
    absolute add add_argument add_subparsers addHandler append capitalize clear copy count decode
    encode endswith error exists extend format get index info insert is_dir is_file
    items join
    joinpath keys lower lstrip pop resolve rsplit rstrip set_defaults setFormatter setLevel
    setdefault sort split splitlines startswith strip title update upper values warning
    """.split()
)
"""Methods of texts, lists, tables, paths, parsers and loggers."""
_DEPTH = 5


def why_not_quiet(module: SourceFile, project: ProjectIndex) -> str:
    """What importing a file does that is not known to do nothing but define; empty for nothing."""
    return project.remember(
        ("quiet import", module.path), lambda: next(_ImportSearch(project).file(module), "")
    )


def _run_at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """The parts of a file outside of functions and of what only runs in a program of its own."""
    waiting: deque[ast.AST] = deque([tree])
    while waiting:
        node = waiting.popleft()
        yield node
        if isinstance(node, FUNCTIONS):
            defaults = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            waiting.extend([*node.decorator_list, *defaults])
        elif isinstance(node, ast.If) and is_main_guard(node):
            waiting.extend(node.orelse)
        elif not isinstance(node, ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


class _ImportSearch:
    """One walk through the functions that a file calls; each is looked into once."""

    def __init__(self, project: ProjectIndex) -> None:
        self._project = project
        self._seen: set[ast.AST] = set()

    def file(self, module: SourceFile) -> Iterator[str]:
        """Each such call of a file."""
        for node in _run_at_import(module.tree):
            for called in _called(node):
                given = node.args if isinstance(node, ast.Call) else []
                if not self._is_quiet(called, given, module, _DEPTH):
                    yield f"{module.path}:{called.lineno} runs {ast.unparse(called)}"
            if isinstance(node, ast.ClassDef) and self._is_asked(node, module):
                yield f"{module.path}:{node.lineno} makes {node.name}"

    def _is_asked(self, node: ast.ClassDef, module: SourceFile) -> bool:
        """Whether a base or a metaclass of the project gets to see the new class."""
        levels = [level for level, _ in ancestry(node, module, self._project)]
        made = any(word.arg == "metaclass" for level in levels for word in level.keywords)
        return made or any(member(level, "__init_subclass__") is not None for level in levels[1:])

    def _is_quiet(
        self, called: ast.expr, given: list[ast.expr], module: SourceFile, depth: int
    ) -> bool:
        names = module.bindings.possible(called)
        if isinstance(called, ast.Attribute) and called.attr in _OF_VALUES:
            return all(self._is_quiet_name(name, module, depth) for name in names - {""})
        if not names.isdisjoint(_CALLING):
            return bool(given) and self._is_quiet(given[0], [], module, depth)
        return bool(names) and all(self._is_quiet_name(name, module, depth) for name in names)

    def _is_quiet_name(self, name: str, module: SourceFile, depth: int) -> bool:
        if is_harmless(name) or is_harmless_base(name) or name.startswith(_QUIET):
            return True
        found = list(self._project.definitions(name, module.path)) if name and depth else []
        return bool(found) and all(self._is_quiet_definition(one, depth - 1) for one in found)

    def _is_quiet_definition(self, found: Found, depth: int) -> bool:
        if is_function(found.node):
            return self._is_quiet_code(found.node, found.module, depth)
        if not isinstance(found.node, ast.ClassDef):
            return False
        levels = ancestry(found.node, found.module, self._project)
        methods = (
            (member(level, name), home)
            for level, home in levels
            for name in ("__init__", "__new__", "__post_init__")
        )
        return all(
            method is None or self._is_quiet_code(method, home, depth) for method, home in methods
        )

    def _is_quiet_code(self, node: ast.AST, module: SourceFile, depth: int) -> bool:
        if node in self._seen:
            return True
        self._seen.add(node)
        calls = (one for one in ast.walk(node) if isinstance(one, ast.Call))
        return all(self._is_quiet(call.func, call.args, module, depth) for call in calls)


def _called(node: ast.AST) -> list[ast.expr]:
    """What a part of a file calls: a call's function, and decorators."""
    if isinstance(node, ast.Call):
        return [node.func]
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return [one for one in node.decorator_list if not _is_of_property(one)]
    return []


def _is_of_property(decorator: ast.expr) -> bool:
    """``@x.setter``; a call is looked at as what it is."""
    if isinstance(decorator, ast.Attribute):
        return decorator.attr in {"deleter", "getter", "setter"}
    return isinstance(decorator, ast.Call)
