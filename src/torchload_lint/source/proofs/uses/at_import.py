"""Whether the import of a file is known to do no more than define things and make values.

A checkpoint chooses which file of the project a fix imports: a script without a guard would start
its work. What is not known to be quiet counts as work.
"""

from __future__ import annotations

import ast
from collections import deque
from typing import TYPE_CHECKING

from torchload_lint.source.facts.scripts import is_main_guard
from torchload_lint.source.names.members import body, is_function, member
from torchload_lint.source.project.classes import ancestry
from torchload_lint.source.project.imports import files_named_by
from torchload_lint.source.proofs.known.harmless import is_harmless, is_harmless_base
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.import_rows import absolute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import Found, ProjectIndex

_QUIET = (
    *("abc.", "argparse.", "collections.", "contextlib.", "copy.", "dataclasses.", "datetime."),
    *("enum.", "functools.", "inspect.", "itertools.", "math.", "operator."),
    *("os.environ.", "os.getenv", "os.path.", "platform.", "random.", "re.", "string."),
    *("sys.path.", "time.", "types.", "typing.", "typing_extensions.", "warnings."),
    *("importlib.metadata.", "matplotlib.use", "numpy.random.seed"),
    *("torch.backends.", "torch.cuda.is_available", "torch.jit.script", "torch.manual_seed"),
    *("torch.set_", "builtins.print", "builtins.super"),
)
"""Beginnings of names whose calls change nothing outside of the program."""
_QUIET_ALONE = frozenset(
    f"logging.{name}"
    for name in """
    Formatter Logger NullHandler StreamHandler addLevelName captureWarnings critical debug disable
    error getLevelName getLogger info log warning
    """.split()
) | frozenset(
    f"pathlib.{name}"
    for name in "Path Path.cwd Path.home PosixPath PurePath PurePosixPath WindowsPath".split()
)
"""Those of modules whose other names write files."""
_CALLING = frozenset(
    """
    builtins.filter builtins.map builtins.max builtins.min builtins.sorted functools.reduce
    itertools.accumulate itertools.dropwhile itertools.filterfalse itertools.groupby
    itertools.starmap itertools.takewhile re.sub re.subn
    """.split()
)
"""What calls a function that it is given."""
_KEEPING = (
    *("functools.partial", "functools.wraps", "functools.update_wrapper", "functools.lru_cache"),
    *("functools.cache", "functools.cached_property", "builtins.property", "builtins.staticmethod"),
    *("builtins.classmethod", "builtins.isinstance", "builtins.issubclass", "builtins.len"),
    *("builtins.dict", "builtins.tuple", "builtins.super", "builtins.type", "builtins.hasattr"),
    *("builtins.list", "builtins.set", "builtins.frozenset", "dataclasses.", "typing."),
    *("torch.jit.script", "argparse.", "collections.OrderedDict", "collections.namedtuple"),
)
"""Of these, what keeps the functions that it is given, and does not call them."""
_KEEPING_METHODS = frozenset(
    """
    add add_argument append extend get index insert pop set_defaults setdefault update
    """.split()
)
_RUNNING = ("operator.call", "operator.methodcaller", "types.FunctionType", "types.CodeType")
"""What calls by a name, or runs code that is given."""
_NAMING = (ast.Attribute, ast.Name)
_FOR_TYPES = frozenset({"typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING"})
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
_MOST_RUN = 200
"""How many files of the project one import may lead to and still be looked at."""


def why_not_quiet(module: SourceFile, project: ProjectIndex) -> str:
    """What importing a file does that is not known to do nothing but define; empty for nothing."""
    return project.remember(
        ("quiet import", module.path), lambda: next(_ImportSearch(project).file(module), "")
    )


def unsure_files(module: SourceFile, project: ProjectIndex) -> Iterator[tuple[str, str]]:
    """Each file that importing one runs, itself the last, and what it does that is not known to be
    quiet; where there are too many, a reason without a file.
    """
    for path in (found := run_by(module, project)):
        home = project.module_at(path)
        reason = f"{path} cannot be read" if home is None else why_not_quiet(home, project)
        if reason:
            yield path, reason
    if len(found) > _MOST_RUN:
        yield "", f"{module.path} leads to more than {_MOST_RUN} files"


def run_by(module: SourceFile, project: ProjectIndex) -> tuple[str, ...]:
    """The files of the project that importing a file runs, with the packages around them."""
    return project.remember(("run by import", module.path), lambda: _run_by(module, project))


def _run_by(module: SourceFile, project: ProjectIndex) -> tuple[str, ...]:
    waiting = deque([*files_named_by(project, module.name, ""), module.path])
    seen: dict[str, None] = {}
    while waiting and len(seen) <= _MOST_RUN:
        path = waiting.popleft()
        home = project.module_at(path) if path not in seen else None
        seen[path] = None
        if home is not None:
            names = dict.fromkeys(_imported(home))
            waiting.extend(one for name in names for one in files_named_by(project, name, path))
    return tuple(seen)


def _imported(home: SourceFile) -> Iterator[str]:
    for node in _run_at_import(home):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node.module or "", node.level, home.name, home.path)
            yield from (f"{base}.{one.name}".removesuffix(".*") for one in node.names)


def _run_at_import(module: SourceFile) -> Iterator[ast.AST]:
    """The parts of a file outside of functions and of what only runs in a program of its own."""
    waiting: deque[ast.AST] = deque([module.tree])
    while waiting:
        node = waiting.popleft()
        yield node
        if isinstance(node, FUNCTIONS):
            waiting.extend([*node.decorator_list, node.args, *filter(None, [node.returns])])
        elif isinstance(node, ast.If) and (is_main_guard(node) or is_for_types(node.test, module)):
            waiting.extend(node.orelse)
        elif not isinstance(node, ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def is_for_types(test: ast.expr, module: SourceFile) -> bool:
    """``if TYPE_CHECKING:``, which never runs: that of typing, or a name that is ``False``."""
    if module.bindings.qualified(test) in _FOR_TYPES:
        return True
    made = module.bindings.definitions(test) if isinstance(test, ast.Name) else ()
    values = [one.value for one in made if one.kind == "assign"]
    return len(values) == len(made) > 0 and all(
        isinstance(one, ast.Constant) and one.value is False for one in values
    )


class _ImportSearch:
    """One walk through the functions that a file calls; each is looked into once."""

    def __init__(self, project: ProjectIndex) -> None:
        self._project = project
        self._seen: set[ast.AST] = set()

    def file(self, module: SourceFile) -> Iterator[str]:
        """Each such call of a file."""
        for node in _run_at_import(module):
            for called in _called(node):
                given = _given(node) if isinstance(node, ast.Call) else []
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
            is_kept = called.attr in _KEEPING_METHODS or self._are_quiet(given, module, depth)
            known = (self._is_quiet_name(name, module, depth) for name in names - {""})
            return is_kept and not self._is_own(called.value, module) and all(known)
        is_kept = all(name.startswith(_KEEPING) for name in names)
        return (
            bool(names)
            and all(self._is_quiet_name(name, module, depth) for name in names)
            and (is_kept or self._are_quiet(given, module, depth))
            and (names.isdisjoint(_CALLING) or self._are_known(given, module))
        )

    def _are_known(self, given: list[ast.expr], module: SourceFile) -> bool:
        """Whether what a call is given by name, and calls at once, is quiet or the project's."""
        named = (module.bindings.possible(one) for one in given if isinstance(one, _NAMING))
        return all(
            self._is_quiet_name(name, module, 0)
            or any(self._definitions(frozenset({name}), module))
            for names in named
            for name in filter(None, names)
        )

    def _are_quiet(self, given: list[ast.expr], module: SourceFile, depth: int) -> bool:
        """Whether the functions that a call is given may be called by it."""
        for one in given:
            if isinstance(one, ast.Lambda) and not self._is_quiet_code(one.body, module, depth):
                return False
            names = module.bindings.possible(one) if isinstance(one, _NAMING) else frozenset[str]()
            for found in self._definitions(names, module):
                is_code = is_function(found.node) or isinstance(found.node, ast.ClassDef)
                if is_code and not (depth and self._is_quiet_definition(found, depth - 1)):
                    return False
            if any(name.startswith(_RUNNING) for name in names):
                return False
        return True

    def _is_own(self, receiver: ast.expr, module: SourceFile) -> bool:
        """Whether it is an object of a class of the project, whose method may do anything."""
        if isinstance(receiver, ast.Call):
            return any(
                isinstance(one.node, ast.ClassDef)
                for one in self._definitions(module.bindings.possible(receiver.func), module)
            )
        if not isinstance(receiver, _NAMING):
            return False
        found = self._definitions(module.bindings.possible(receiver), module)
        values: list[tuple[ast.expr | None, SourceFile]]
        values = [(one.value, one.module) for one in found]
        if isinstance(receiver, ast.Name):
            values += [(one.value, module) for one in module.bindings.definitions(receiver)]
        return any(
            isinstance(value, ast.Call) and self._is_own(value, home) for value, home in values
        )

    def _definitions(self, names: frozenset[str], module: SourceFile) -> Iterator[Found]:
        for name in filter(None, names):
            yield from self._project.definitions(name, module.path)

    def _is_quiet_name(self, name: str, module: SourceFile, depth: int) -> bool:
        if is_harmless(name) or is_harmless_base(name):
            return True
        if name.startswith(_QUIET) or name in _QUIET_ALONE:
            return not name.startswith(_RUNNING)
        found = list(self._project.definitions(name, module.path)) if name and depth else []
        return bool(found) and all(self._is_quiet_definition(one, depth - 1) for one in found)

    def _is_quiet_definition(self, found: Found, depth: int) -> bool:
        if is_function(found.node):
            return self._is_quiet_code(found.node, found.module, depth)
        if not isinstance(found.node, ast.ClassDef):
            return False
        levels = ancestry(found.node, found.module, self._project)
        methods = (
            (one, home)
            for level, home in levels
            for one in body(level.body)
            if is_function(one) and one.name.startswith("__")
        )
        return all(self._is_quiet_code(method, home, depth) for method, home in methods)

    def _is_quiet_code(self, node: ast.AST, module: SourceFile, depth: int) -> bool:
        if node in self._seen:
            return True
        self._seen.add(node)
        calls = (one for one in ast.walk(node) if isinstance(one, ast.Call))
        return all(self._is_quiet(one.func, _given(one), module, depth) for one in calls)


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


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
