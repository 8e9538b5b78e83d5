"""What runs code while an object is unpickled: methods of its class, and what these call.

A weights-only load builds an object of an allowed class with REDUCE (which calls the class, with
arguments that the file chooses), NEWOBJ and BUILD (torch 2.13 _weights_only_unpickler.py). What
torch allows by itself then does more with it: ``_rebuild_from_type_v2`` calls any object that it is
given and sets attributes of what that returns, ``set``, ``OrderedDict`` and their like go through
it, and BUILD asks whether a state is true.
"""

from __future__ import annotations

import ast
from collections import deque
from typing import TYPE_CHECKING

from torchload_lint.source.facts.scripts import is_main_guard
from torchload_lint.source.names.members import body, is_function, member
from torchload_lint.source.project.classes import ancestry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import Found, ProjectIndex

    Lineage = list[tuple[ast.ClassDef, SourceFile]]

_CONSTRUCTORS = ("__init__", "__new__", "__post_init__", "__attrs_post_init__")
_RUN_BY_UNPICKLING = (
    *_CONSTRUCTORS,  # REDUCE calls the class
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__getattr__",
    "__getattribute__",
    "__setattr__",
    "__hash__",  # an object as a key
    "__eq__",
    "__del__",
    "__call__",  # _rebuild_from_type_v2
    "__torch_function__",
    "as_subclass",
    *("__iter__", "__next__", "__getitem__", "__len__", "__length_hint__"),  # set, f(*object)
    *("__bool__", "keys", "items"),  # a state; OrderedDict
    *("__index__", "__int__", "__float__", "__complex__", "__bytes__"),
    *("__get__", "__set__"),
)
_RUNS_CODE = frozenset(
    {
        *(f"builtins.{name}" for name in ("eval", "exec", "compile", "__import__", "execfile")),
        *(f"os.{name}" for name in ("system", "popen", "startfile", "remove", "unlink")),
        *(f"os.{name}" for name in ("rename", "replace", "rmdir", "removedirs", "truncate", "kill",
          "killpg", "fork", "link", "symlink", "chmod", "chown", "renames", "posix_spawn")),
        *(f"hydra.utils.{name}" for name in ("instantiate", "call", "get_method", "get_class")),
        *("torch.ops.load_library", "torch.classes.load_library", "ctypes.PyDLL"),
        *("pandas.read_pickle", "pydoc.locate", "socket.create_connection", "socket.socket"),
        *("urllib.request.urlopen", "urllib.request.urlretrieve", "torch.hub.load"),
        *(f"shutil.{name}" for name in ("move", "copy", "copy2", "copyfile", "copytree", "rmtree",
          "unpack_archive", "make_archive")),
        *("yaml.unsafe_load", "yaml.full_load", "webbrowser.open"),
        *("importlib.import_module", "importlib.__import__", "code.interact", "pty.spawn"),
        *("ctypes.CDLL", "ctypes.cdll"),
        *(f"{module}.{name}" for module in ("marshal", "dill", "cloudpickle", "joblib", "shelve")
          for name in ("load", "loads", "open")),
        *(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen")),
    }
)  # fmt: skip
_RUNS_CODE_WITH_ANY_NAME = (
    "subprocess.",
    "commands.",
    "runpy.",
    "pickle.",
    "os.exec",
    "os.spawn",
    "posix.",
)
_HARMLESS = frozenset({"pickle.dump", "pickle.dumps"})
_TORCH_LOAD = frozenset({"torch.load", "torch.serialization.load"})
_PROGRAM = frozenset(
    {"setuptools.setup", "distutils.core.setup", "sys.exit", "builtins.exit", "builtins.quit"}
)
_AT_IMPORT = _PROGRAM | {
    *(f"os.{name}" for name in ("system", "popen", "remove", "unlink", "rename", "rmdir", "kill")),
    *(f"subprocess.{name}" for name in ("run", "call", "check_call", "Popen")),
    *("shutil.rmtree", "shutil.move"),
}
"""What must not happen because a file is imported. Its arguments are the project's own, so that
imports by name and a question to another program (``git rev-parse``) are in order."""
_MAX_DEPTH = 5
_MAX_FUNCTIONS = 200


def run_by_class(node: ast.ClassDef, module: SourceFile, project: ProjectIndex) -> tuple[str, ...]:
    """The dangerous callables that making or filling an object of this class calls."""
    search = _PickleSearch(project)
    lineage = list(ancestry(node, module, project))
    search.methods(lineage, _RUN_BY_UNPICKLING, _MAX_DEPTH)
    search.setters(lineage, _MAX_DEPTH)
    for level, home in lineage:
        for metaclass in search.classes(home, _metaclasses(level)):
            search.methods(metaclass, ("__call__",), _MAX_DEPTH)
    return tuple(search.found)


def run_by_function(node: ast.AST, module: SourceFile, project: ProjectIndex) -> tuple[str, ...]:
    """The dangerous callables that calling this function calls."""
    search = _PickleSearch(project)
    search.function(node, module, [], _MAX_DEPTH)
    return tuple(search.found)


def run_by_import(module: SourceFile, project: ProjectIndex) -> tuple[str, ...]:
    """The dangerous callables that importing a file of the project calls."""
    search = _PickleSearch(project)
    search.calls(_calls_at_import(module.tree), module, [], _MAX_DEPTH, _PROGRAM)
    return tuple(name for name in search.found if name in _AT_IMPORT)


def _calls_at_import(tree: ast.Module) -> Iterator[ast.Call]:
    """The calls outside of functions and of what only runs in a program of its own."""
    waiting: deque[ast.AST] = deque([tree])
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(node.decorator_list)
        elif isinstance(node, ast.If) and is_main_guard(node):
            waiting.extend(node.orelse)
        elif not isinstance(node, ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Call):
            yield node


def _metaclasses(node: ast.ClassDef) -> list[ast.expr]:
    return [keyword.value for keyword in node.keywords if keyword.arg == "metaclass"]


class _PickleSearch:
    """One walk through functions that call each other; each is looked into once."""

    def __init__(self, project: ProjectIndex) -> None:
        self.found: dict[str, None] = {}
        self._project = project
        self._seen: set[ast.AST] = set()

    def methods(self, lineage: Lineage, names: Iterable[str], depth: int) -> None:
        """Look into these methods of a class and of its bases."""
        for node, module in lineage:
            for name in names:
                method = member(node, name)
                if is_function(method):
                    self.function(method, module, lineage, depth)
                elif isinstance(method, ast.Assign | ast.AnnAssign) and method.value is not None:
                    self._callee(method.value, module, depth)

    def function(self, node: ast.AST, module: SourceFile, lineage: Lineage, depth: int) -> None:
        """Look into one function, and into those of the project that it calls."""
        if node in self._seen or depth == 0 or len(self._seen) > _MAX_FUNCTIONS:
            return
        self._seen.add(node)
        inner = (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))
        self.calls(inner, module, lineage, depth)

    def setters(self, lineage: Lineage, depth: int) -> None:
        """Look into the setters of properties, which a state with slots goes through."""
        for node, module in lineage:
            for item in body(node.body):
                if is_function(item) and any(map(_is_setter, item.decorator_list)):
                    self.function(item, module, lineage, depth)

    def calls(
        self,
        calls: Iterable[ast.Call],
        module: SourceFile,
        lineage: Lineage,
        depth: int,
        also: frozenset[str] = frozenset(),
    ) -> None:
        """Look at calls, and into the project's functions that they call.

        ``also``: further callables that count as dangerous where they are called right here.
        """
        for call in calls:
            if _loads_unsafely(call, module):
                self.found["torch.load"] = None
            if _opens_to_write(call, module):
                self.found["builtins.open"] = None
            self._callee(call.func, module, depth - 1)
            self.found.update(dict.fromkeys(sorted(also & module.bindings.possible(call.func))))
            self._inherited(call.func, module, lineage, depth - 1)
            for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
                if isinstance(argument, ast.Name | ast.Attribute):
                    given = _RUNS_CODE & module.bindings.possible(argument)
                    self.found.update(dict.fromkeys(sorted(given)))

    def _callee(self, expression: ast.expr, module: SourceFile, depth: int) -> None:
        for dotted in sorted(filter(None, module.bindings.possible(expression))):
            if _is_dangerous(dotted):
                self.found[dotted] = None
                continue
            for found in self._project.definitions(dotted, module.path):
                self._definition(found, depth)

    def _definition(self, found: Found, depth: int) -> None:
        if isinstance(found.node, ast.ClassDef):
            lineage = list(ancestry(found.node, found.module, self._project))
            self.methods(lineage, _CONSTRUCTORS, depth)
        elif is_function(found.node):
            self.function(found.node, found.module, [], depth)
        elif found.value is not None and depth:
            self._callee(found.value, found.module, depth - 1)

    def _inherited(self, func: ast.expr, module: SourceFile, lineage: Lineage, depth: int) -> None:
        """``self.method()`` where a base class has the method."""
        if isinstance(func, ast.Attribute) and module.bindings.class_of_self(func.value):
            self.methods(lineage, (func.attr,), depth)

    def classes(self, module: SourceFile, expressions: Iterable[ast.expr]) -> Iterator[Lineage]:
        """The classes of the project that expressions name, each with its bases."""
        for expression in expressions:
            for dotted in filter(None, module.bindings.possible(expression)):
                for found in self._project.definitions(dotted, module.path):
                    if isinstance(found.node, ast.ClassDef):
                        yield list(ancestry(found.node, found.module, self._project))


def _is_setter(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Attribute) and decorator.attr == "setter"


def _is_dangerous(dotted: str) -> bool:
    if dotted in _HARMLESS:
        return False
    return dotted in _RUNS_CODE or dotted.startswith(_RUNS_CODE_WITH_ANY_NAME)


def _opens_to_write(call: ast.Call, module: SourceFile) -> bool:
    """Whether it is an ``open`` that says it changes the file."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    for mode in (*call.args[1:2], *named):
        if isinstance(mode, ast.Constant) and isinstance(mode.value, str):
            changes = not set(mode.value).isdisjoint("wax+")
            return changes and "builtins.open" in module.bindings.possible(call.func)
    return False


def _loads_unsafely(call: ast.Call, module: SourceFile) -> bool:
    """Whether it is a torch.load that says it is not restricted."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if "pickle_module" not in given and "weights_only" not in given:
        return False
    if not _TORCH_LOAD & module.bindings.possible(call.func):
        return False
    restricted = given.get("weights_only")
    is_true = isinstance(restricted, ast.Constant) and restricted.value is True
    return "pickle_module" in given or not is_true
