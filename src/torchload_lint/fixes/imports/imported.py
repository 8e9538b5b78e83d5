"""What the import statements of a file bind, at module level, and how each target is reached."""

from __future__ import annotations

import ast
import sys
from functools import partial
from typing import TYPE_CHECKING

from torchload_lint.fixes.imports.scopes import FUNCTIONS_AND_LAMBDAS, bindings_of
from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module

ImportNode = ast.Import | ast.ImportFrom

# Packages that import these submodules themselves, so that `import torch` is enough to reach them
# (torch/__init__.py and torch/nn/__init__.py of 2.4 to 2.13; numpy/__init__.py of 1.21 to 2.4).
_EAGER = {
    "torch": (
        "torch.serialization",
        "torch.nn",
        "torch.nn.functional",
        "torch.nn.init",
        "torch.nn.modules",
        "torch.nn.parallel",
        "torch.nn.parameter",
        "torch.nn.utils",
        "torch.nn.utils.parametrizations",
        "torch.nn.utils.parametrize",
        "torch.nn.utils.rnn",
        "torch.optim",
        "torch.storage",
        "torch.distributions",
        "torch.utils.data",
        "torch.cuda",
        "torch.random",
        "torch.torch_version",
        "torch._utils",
        "torch._tensor",
    ),
    "numpy": ("numpy.random", "numpy.ma"),
}

_REACHING_ALL = late_pattern(
    r"\bglobals\(|\b(?:locals|vars)\(\)|\bsys\.modules\b|\bmodules\[|\bimport\s+__main__\b"
    r"|\b__globals__\b|\bf_globals\b|\bexec\("
)
"""What gets at the names of a module without spelling them."""


class Imported(NamedTuple):
    """One name that a top-level import binds."""

    name: str
    target: str
    """Dotted and absolute: ``torch.nn`` for ``from torch import nn``."""
    loads: str
    """The module that is loaded for certain: ``torch.nn`` for ``import torch.nn``."""
    statement: ImportNode


def top_level_imports(module: Module) -> list[ImportNode]:
    """The import statements that always run when the file is imported."""
    return module.remember(
        "imports of a file",
        lambda: [one for one in module.tree.body if isinstance(one, (ast.Import, ast.ImportFrom))],
    )


def imported_names(module: Module) -> list[Imported]:
    """The names that those statements bind; one that is bound to the same again, once."""
    return module.remember("imported names", lambda: _imported_names(module))


def _imported_names(module: Module) -> list[Imported]:
    first: dict[tuple[str, str, str], Imported] = {}
    for statement in top_level_imports(module):
        for one in names_of(statement, module):
            first.setdefault((one.name, one.target, one.loads), one)
    return list(first.values())


def names_of(statement: ImportNode, module: Module) -> Iterator[Imported]:
    """The names that one import statement binds."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            root = alias.name.partition(".")[0]
            name, target = (alias.asname, alias.name) if alias.asname else (root, root)
            yield Imported(name, target, alias.name, statement)
        return
    origin = origin_of(statement, module)
    if origin is None:
        return
    for alias in statement.names:
        if alias.name != "*":
            target = f"{origin}.{alias.name}" if origin else alias.name
            yield Imported(alias.asname or alias.name, target, origin, statement)


def imported_before(module: Module, statement: ast.stmt) -> list[Imported]:
    """The names that a function's imports bind which have run when a statement of it runs."""
    found: list[Imported] = []
    inner: ast.AST = statement
    while not isinstance(inner, FUNCTIONS_AND_LAMBDAS):
        outer = module.parents.get(inner)
        if outer is None:
            return []
        if not isinstance(outer, ast.Module):  # above it no function follows
            found += [
                name
                for one in _imports_above(module, outer, inner)
                for name in names_of(one, module)
            ]
        inner = outer
    return found


def _imports_above(module: Module, outer: ast.AST, inner: ast.AST) -> list[ImportNode]:
    """The imports that stand above a statement in its own block."""
    for field in ("body", "orelse", "finalbody"):
        find = partial(_ImportPlaces, outer, field)
        block = module.remember(("imports of a block", outer, field), find)
        if inner in block.places:
            return block.imports[: block.places[inner]]
    return []


class _ImportPlaces:
    """The statements of a block, and the imports among them."""

    def __init__(self, outer: ast.AST, field: str) -> None:
        self.imports: list[ImportNode] = []
        self.places: dict[ast.AST, int] = {}
        """How many imports stand above each statement."""
        body = getattr(outer, field, [])
        for one in body if isinstance(body, list) else ():
            self.places[one] = len(self.imports)
            if isinstance(one, (ast.Import, ast.ImportFrom)):
                self.imports.append(one)


def origin_of(statement: ast.ImportFrom, module: Module) -> str | None:
    """The absolute module of a ``from`` import; None where a relative one cannot be resolved."""
    if not statement.level:
        return statement.module or ""
    if not module.name:
        return None
    package = package_of(module).split(".")
    kept = package[: len(package) - statement.level + 1]
    if not kept or not kept[0]:
        return None
    return ".".join([*kept, *([statement.module] if statement.module else [])])


def package_of(module: Module) -> str:
    """The package that a file's relative imports start from."""
    if module.path.rpartition("/")[2] == "__init__.py":
        return module.name
    return module.name.rpartition(".")[0]


def same_object_only(module: Module, name: str, target: str) -> bool:
    """Whether every binding of ``name``, anywhere in the file, imports this same object.

    A relative import of a file whose package is unknown may bring any object.
    """
    bound = module.remember("what names are bound to", lambda: _bound_to(module))
    return bound.get(name, set()) <= {target}


def _bound_to(module: Module) -> dict[str, set[str]]:
    """What each name is bound to anywhere in a file; nothing in a text stands for what is not an
    import, or cannot be told.
    """
    found: dict[str, set[str]] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            known = [(one.name, one.target) for one in names_of(node, module)]
            named = {name for name, _ in known}
            known += [(name, "") for one in node.names if (name := bound_by(one)) not in named]
        elif isinstance(node, ast.alias):
            continue
        else:
            known = [(name, "") for name in bindings_of(node)]
        for name, target in known:
            found.setdefault(name, set()).add(target)
    return found


def bound_by(alias: ast.alias) -> str:
    """The name that one part of an import binds."""
    return alias.asname or alias.name.partition(".")[0]


def binds_unseen_names(module: Module, origin: str = "") -> bool:
    """Whether names of a file may come from where they are not spelled: ``from x import *``, but
    for the standard library, torch, and ``origin`` itself, or what gets at all names of a module.
    """
    unseen = module.remember("modules whose names are unseen", lambda: _starred(module))
    return not unseen <= {origin} or module.remember(
        "all names are reached", lambda: _REACHING_ALL.search(module.text) is not None
    )


def _starred(module: Module) -> set[str]:
    """The modules of ``from x import *``, but for the standard library, torch and numpy."""
    found = set()
    for statement in ast.walk(module.tree) if "*" in module.text else ():
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            named = origin_of(statement, module) or ""
            if named.partition(".")[0] not in {*sys.stdlib_module_names, "torch", "numpy"}:
                found.add(named)
    return found


def is_unbound(module: Module, name: str) -> bool:
    """Whether a file takes a name away: ``del name``, or ``except Error as name`` at its end."""
    return name in module.remember("unbound names", lambda: _unbound(module))


def _unbound(module: Module) -> set[str | None]:
    return {
        node.name if isinstance(node, ast.ExceptHandler) else node.id
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del))
    }


def path_from(found: Imported, module: str, name: str, *, by_name: bool = False) -> str | None:
    """How ``module.name`` is written through an imported name; None where it cannot be.

    ``by_name``: only where the object itself (or what it is nested in) was imported from there.
    """
    full = f"{module}.{name}"
    if by_name and len(found.target) <= len(module):
        return None
    if found.target != full and not full.startswith(f"{found.target}."):
        return None
    reaches_module = (
        len(found.target) >= len(module)
        or found.loads == module
        or found.loads.startswith(f"{module}.")
        or is_eager(found.target, module)
    )
    return found.name + full[len(found.target) :] if reaches_module else None


def is_eager(package: str, module: str) -> bool:
    """Whether importing ``package`` alone makes its submodule ``module`` reachable."""
    below = package == "torch" and module.startswith("torch.nn.modules.")  # it imports all of them
    return below or module in _EAGER.get(package, ())
