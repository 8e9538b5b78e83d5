"""What runs code while an object is unpickled: methods of its class, and what these call.

A weights-only load builds an object of an allowed class with REDUCE (which calls the class, with
arguments that the file chooses), NEWOBJ and BUILD (torch 2.13 _weights_only_unpickler.py).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.classes import ancestry, is_function, member

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.module import Module
    from torchload_lint.source.project import Found, ProjectIndex

    Lineage = list[tuple[ast.ClassDef, Module]]

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
)
_RUNS_CODE = frozenset(
    {
        *(f"builtins.{name}" for name in ("eval", "exec", "compile", "__import__", "execfile")),
        *(f"os.{name}" for name in ("system", "popen", "startfile", "remove", "unlink")),
        *("importlib.import_module", "importlib.__import__", "code.interact", "pty.spawn"),
        *("shutil.rmtree", "ctypes.CDLL", "ctypes.cdll", "socket.socket", "torch.hub.load"),
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
_MAX_DEPTH = 5
_MAX_FUNCTIONS = 200


def run_by_class(node: ast.ClassDef, module: Module, project: ProjectIndex) -> tuple[str, ...]:
    """The dangerous callables that making or filling an object of this class calls."""
    search = _Search(project)
    lineage = list(ancestry(node, module, project))
    search.methods(lineage, _RUN_BY_UNPICKLING, _MAX_DEPTH)
    for level, home in lineage:
        for metaclass in search.classes(home, _metaclasses(level)):
            search.methods(metaclass, ("__call__",), _MAX_DEPTH)
    return tuple(search.found)


def run_by_function(node: ast.AST, module: Module, project: ProjectIndex) -> tuple[str, ...]:
    """The dangerous callables that calling this function calls."""
    search = _Search(project)
    search.function(node, module, [], _MAX_DEPTH)
    return tuple(search.found)


def _metaclasses(node: ast.ClassDef) -> list[ast.expr]:
    return [keyword.value for keyword in node.keywords if keyword.arg == "metaclass"]


class _Search:
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

    def function(self, node: ast.AST, module: Module, lineage: Lineage, depth: int) -> None:
        """Look into one function, and into those of the project that it calls."""
        if node in self._seen or depth == 0 or len(self._seen) > _MAX_FUNCTIONS:
            return
        self._seen.add(node)
        for call in (inner for inner in ast.walk(node) if isinstance(inner, ast.Call)):
            if _loads_unsafely(call, module):
                self.found["torch.load"] = None
            self._callee(call.func, module, depth - 1)
            self._inherited(call.func, module, lineage, depth - 1)
            for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
                if isinstance(argument, ast.Name | ast.Attribute):
                    given = _RUNS_CODE & module.bindings.possible(argument)
                    self.found.update(dict.fromkeys(sorted(given)))

    def _callee(self, expression: ast.expr, module: Module, depth: int) -> None:
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

    def _inherited(self, func: ast.expr, module: Module, lineage: Lineage, depth: int) -> None:
        """``self.method()`` where a base class has the method."""
        if isinstance(func, ast.Attribute) and module.bindings.class_of_self(func.value):
            self.methods(lineage, (func.attr,), depth)

    def classes(self, module: Module, expressions: Iterable[ast.expr]) -> Iterator[Lineage]:
        """The classes of the project that expressions name, each with its bases."""
        for expression in expressions:
            for dotted in filter(None, module.bindings.possible(expression)):
                for found in self._project.definitions(dotted, module.path):
                    if isinstance(found.node, ast.ClassDef):
                        yield list(ancestry(found.node, found.module, self._project))


def _is_dangerous(dotted: str) -> bool:
    if dotted in _HARMLESS:
        return False
    return dotted in _RUNS_CODE or dotted.startswith(_RUNS_CODE_WITH_ANY_NAME)


def _loads_unsafely(call: ast.Call, module: Module) -> bool:
    """Whether it is a torch.load that says it is not restricted."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if "pickle_module" not in given and "weights_only" not in given:
        return False
    if not _TORCH_LOAD & module.bindings.possible(call.func):
        return False
    restricted = given.get("weights_only")
    is_true = isinstance(restricted, ast.Constant) and restricted.value is True
    return "pickle_module" in given or not is_true
