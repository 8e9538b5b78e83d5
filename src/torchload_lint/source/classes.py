"""What the source says about a class: members, bases, slots, and whether making one runs code."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from torchload_lint.names import ClassFacts, GlobalName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.module import Module
    from torchload_lint.source.project import Found, ProjectIndex

_RUN_BY_UNPICKLING = (
    "__init__",  # REDUCE calls the class
    "__new__",
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__getattr__",
    "__setattr__",
)
_RUNS_CODE = frozenset(
    {
        *(f"builtins.{name}" for name in ("eval", "exec", "compile", "__import__", "execfile")),
        *(f"os.{name}" for name in ("system", "popen", "startfile", "remove", "unlink")),
        *("importlib.import_module", "importlib.__import__", "code.interact", "pty.spawn"),
        *("shutil.rmtree", "ctypes.CDLL", "ctypes.cdll", "socket.socket", "torch.hub.load"),
        *(f"{module}.{name}" for module in ("marshal", "dill", "cloudpickle", "joblib", "shelve")
          for name in ("load", "loads", "open")),
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
_ENUMS = frozenset(
    f"enum.{name}" for name in ("Enum", "IntEnum", "Flag", "IntFlag", "StrEnum", "ReprEnum")
)
_DEEPEST_HIERARCHY = 12


def body(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a class or module body, those inside ``if``, ``try`` and ``with`` too."""
    for statement in statements:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            for name in ("body", "orelse", "finalbody"):
                yield from body(getattr(statement, name, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from body(handler.body)


def member(node: ast.ClassDef, name: str) -> ast.stmt | None:
    """The statement of a class body that defines ``name`` last."""
    found = None
    for statement in body(node.body):
        if _defines(statement, name):
            found = statement
    return found


def _defines(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return statement.name == name
    if isinstance(statement, ast.Assign):
        return any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        )
    return (
        isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and statement.target.id == name
    )


def is_function(node: ast.AST | None) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Whether the node is a ``def``."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def facts(found: Found, project: ProjectIndex) -> ClassFacts:
    """What is known about a class, function or value that was found in the project."""
    node, module = found.node, found.module
    name = GlobalName(module.name, found.qualname)
    row = getattr(node, "lineno", 1)
    if not isinstance(node, ast.ClassDef):
        runs = tuple(dict.fromkeys(_calls(node, module))) if is_function(node) else ()
        return ClassFacts(name, found.kind, module.path, row, runs=runs)
    lineage = tuple(ancestry(node, module, project))
    return ClassFacts(
        defined_as=name,
        kind="class",
        path=module.path,
        row=row,
        bases=_bases(node, module),
        methods=frozenset(item.name for item in body(node.body) if is_function(item)),
        slots=_slots(node),
        is_enum=any(_ENUMS & set(map(str, _bases(*level))) for level in lineage),
        runs=tuple(dict.fromkeys(call for level in lineage for call in _run_by_unpickling(*level))),
    )


def ancestry(
    node: ast.ClassDef, module: Module, project: ProjectIndex
) -> Iterator[tuple[ast.ClassDef, Module]]:
    """The class and those of its bases that the project defines, nearest first."""
    waiting = [(node, module)]
    seen: set[ast.ClassDef] = set()
    while waiting and len(seen) < _DEEPEST_HIERARCHY:
        current, home = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        yield current, home
        for base in current.bases:
            dotted = home.bindings.qualified(_without_parameters(base))
            waiting.extend(
                (found.node, found.module)
                for found in (project.definitions(dotted, home.path) if dotted else ())
                if isinstance(found.node, ast.ClassDef)
            )


def _without_parameters(base: ast.expr) -> ast.expr:
    """``Base`` for ``Base[int]``."""
    return base.value if isinstance(base, ast.Subscript) else base


def _bases(node: ast.ClassDef, module: Module) -> tuple[GlobalName, ...]:
    names = (module.bindings.qualified(_without_parameters(base)) for base in node.bases)
    return tuple(GlobalName.parse(name) for name in names if name)


def base_names(node: ast.ClassDef, module: Module, project: ProjectIndex) -> frozenset[str]:
    """The dotted names of every base, direct or not, as far as the project's source goes."""
    return frozenset(
        str(base) for level in ancestry(node, module, project) for base in _bases(*level)
    )


def _slots(node: ast.ClassDef) -> tuple[str, ...] | None:
    statement = member(node, "__slots__")
    value = getattr(statement, "value", None)
    if value is None:
        return None
    try:
        literal = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    items = (literal,) if isinstance(literal, str) else tuple(literal)
    return tuple(item for item in items if isinstance(item, str))


def _run_by_unpickling(node: ast.ClassDef, module: Module) -> Iterator[str]:
    for name in _RUN_BY_UNPICKLING:
        method = member(node, name)
        if is_function(method):
            yield from _calls(method, module)


def _calls(node: ast.AST, module: Module) -> Iterator[str]:
    """The code-running callables that a function's body calls."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            dotted = module.bindings.qualified(inner.func)
            if dotted and (dotted in _RUNS_CODE or dotted.startswith(_RUNS_CODE_WITH_ANY_NAME)):
                yield dotted
