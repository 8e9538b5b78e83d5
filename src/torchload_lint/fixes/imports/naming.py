"""How a place in a file writes an object: through what is imported already, or a new import."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from torchload_lint.fixes.imports.imported import (
    binds_unseen_names,
    imported_before,
    imported_names,
    is_unbound,
    path_from,
    same_object_only,
)
from torchload_lint.fixes.imports.scopes import (
    FUNCTIONS_AND_LAMBDAS,
    enclosing_scopes,
    is_visible,
    names_in_use,
)
from torchload_lint.fixes.repair import Allow
from torchload_lint.fixes.restoring import ONLY_WITH
from torchload_lint.helper_module import NAME
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.names import Spelling, is_dotted_name
from torchload_lint.source.facts.scripts import first_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.fixes.imports.imported import Imported
    from torchload_lint.fixes.imports.scopes import FunctionOrClass
    from torchload_lint.fixes.repair import Repair
    from torchload_lint.names import HeldCall
    from torchload_lint.source.facts.module import Module

SAFE_GLOBALS = Spelling("torch.serialization", "safe_globals")


class Unreachable(Exception):  # noqa: N818 - a refusal, not an error
    """The object cannot be named at this place; the message says why."""


class NewImport(NamedTuple):
    """A name to be imported: ``from module import name as asname``, or ``import module``."""

    module: str
    name: str = ""
    asname: str = ""
    first_party: bool = False


class Names:
    """The names that one statement can use, and the imports that have to be added for it."""

    def __init__(
        self,
        module: Module,
        row: int,
        scopes: list[FunctionOrClass],
        torch: str = "",
        near: Sequence[Imported] = (),
    ) -> None:
        """``torch``: what the load itself calls it; empty if it does not. ``near``: names that
        the statements before this one have imported into the same function.
        """
        self.module = module
        self.row = row
        self.scopes = scopes
        self.torch = torch
        self.near = near
        self.is_load = False
        """Whether the place is that of the load itself, or of a block around it."""
        self.helper = ""
        """The module that offers ``restore_only`` and its own ``safe_globals``, where needed."""
        self.top: list[NewImport] = []
        self.local: list[NewImport] = []
        """To be written right before the block."""

    @classmethod
    def at(cls, module: Module, statement: ast.stmt, torch: str = "") -> Names:
        """The names at a statement."""
        scopes = enclosing_scopes(statement, module.parents)
        return cls(module, statement.lineno, scopes, torch, imported_before(module, statement))

    @classmethod
    def at_top(cls, module: Module, row: int) -> Names:
        """The names inside a new function at module level that is written at a row."""
        function = ast.parse("def f(): pass").body[0]
        assert isinstance(function, ast.FunctionDef)
        return cls(module, row, [function])

    @property
    def in_function(self) -> bool:
        """Whether the place runs later than the import of its file."""
        return any(isinstance(scope, FUNCTIONS_AND_LAMBDAS) for scope in self.scopes)

    @property
    def import_limit(self) -> int:
        """The row that imports have to stay above to have run when the place is reached."""
        return first_run(self.module) if self.in_function else self.row

    def entry(self, allow: Allow) -> str:
        """One item of an allowlist, as source text."""
        expression = allow.spelling.expression(self.reference(allow))
        if allow.restore_only:
            function = self._of_helper(NAME)
            listed = expression if allow.key is None else f'{expression}, "{allow.key}"'
            return f"{function}({listed})"
        if allow.calls:
            function = self._of_helper(ONLY_WITH)
            given = ", ".join(self._arguments(call) for call in allow.calls)
            named = "" if allow.key is None else f', name="{allow.key}"'
            return f"{function}({expression}, {given}{named})"
        if allow.key is None:
            return expression
        if not allow.key.isprintable():
            raise Unreachable(f"{allow.key!r} cannot be written on one line")
        key = allow.key.replace("\\", "\\\\").replace('"', '\\"')
        return f'({expression}, "{key}")'

    def _arguments(self, call: HeldCall) -> str:
        return call.text([one.expression(self.reference(Allow(one))) for one in call.objects])

    def reference(self, allow: Allow) -> str:
        """The object of an entry."""
        module, name = allow.spelling.module, allow.spelling.name
        if not is_dotted_name(f"{module}.{name}"):
            raise Unreachable(f"{f'{module}.{name}'!r} cannot be written as code")
        if any(isinstance(scope, ast.ClassDef) for scope in self.scopes):
            for word in f"{module}.{name}".split("."):
                if word.startswith("__") and not word.endswith("__"):
                    raise Unreachable(f"{word} means another name inside of a class")
        if module == "builtins":
            return self._builtin(name)
        if allow.defined_in == self.module.path or module == self.module.name:
            return self._own(name)
        shared = allow.rebound or binds_unseen_names(self.module, module)
        known = self._known(module, name, by_name=allow.hidden, near_only=shared)
        if known is not None:
            return known
        in_class = bool(self.scopes) and isinstance(self.scopes[0], ast.ClassDef)
        own_place = self.in_function or self.is_load
        local = (allow.at_load or allow.not_at_top) and own_place and not in_class
        if allow.not_at_top and not local:
            raise Unreachable(
                f"importing {module} above would close a circle of imports, or come before what "
                "the file sets up for it"
            )
        first_party = bool(allow.defined_in)
        return self._new(
            module, name, first_party, local=local, by_name=allow.hidden, shared=shared
        )

    def for_load(self, repair: Repair) -> Names:
        """The same names, for a load or the block around it, with what its entries need."""
        self.is_load = True
        if repair.limits_calls or repair.guards_arrays:
            self.helper = repair.helper
        return self

    def safe_globals(self) -> str:
        """``safe_globals`` itself: imported by name, unless torch is an optional import."""
        if self.helper:
            return self._of_helper(SAFE_GLOBALS.name)
        module, name = SAFE_GLOBALS.module, SAFE_GLOBALS.name
        known = self._known(module, name)
        if known is not None and not known.endswith(f".{module.partition('.')[2]}.{name}"):
            return known
        if self._imports_torch():
            clash = self._clashes(name, f"{module}.{name}") or binds_unseen_names(self.module)
            return known if clash and known else self._new(module, name)
        if self.torch:
            return f"{self.torch}.{module.partition('.')[2]}.{name}"
        return self._new(module, name, local=self.in_function)

    def _imports_torch(self) -> bool:
        """Whether torch has certainly been imported when this place is reached, by the file."""
        return any(
            found.loads.partition(".")[0] == "torch" and self._in_time(found.statement)
            for found in imported_names(self.module)
        )

    def _of_helper(self, name: str) -> str:
        """What the module ``restore_only`` offers. It imports torch, as may not every file."""
        local = self.in_function and not self._imports_torch()
        return self._known(self.helper, name) or self._new(
            self.helper, name, first_party=True, local=local
        )

    def loader(self, module: str, name: str) -> str:
        """A loader (``torch.load``), to be called at this place."""
        known = self._known(module, name)
        if known is not None:
            return known
        self.local.append(NewImport(module))
        self.torch = "torch"
        return f"{module}.{name}"

    def _builtin(self, name: str) -> str:
        root = name.partition(".")[0]
        if root not in names_in_use(self.module.tree) or not self._rebinds(root):
            return name
        return self._new("builtins", name)

    def _rebinds(self, name: str) -> bool:
        at_module_level = self.module.bindings.module_definitions(name)
        return bool(at_module_level) or not is_visible(name, self.scopes)

    def _own(self, name: str) -> str:
        """An object that this very file defines: by its bare name, if it exists by then."""
        root = name.partition(".")[0]
        if not is_visible(root, self.scopes):
            raise Unreachable(f"{root} means something else in this scope")
        if self.in_function:
            return name
        for statement in self.module.tree.body:
            defines = isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            if defines and getattr(statement, "name", "") == root:
                if (statement.end_lineno or 0) < self.row:
                    return name
                raise Unreachable(f"{root} is defined further down, after this load has run")
        return name

    def _in_time(self, statement: ast.stmt) -> bool:
        return statement.lineno < self.import_limit

    def _known(
        self, module: str, name: str, *, by_name: bool = False, near_only: bool = False
    ) -> str | None:
        """The object through a name that is bound at this place already; ``near_only``: by the
        function around it, since those of the file may stand for something else.
        """
        root, dot, rest = name.partition(".")
        for new in [*self.top, *self.local]:
            if new.module == module and new.name == root:
                return f"{new.asname or root}{dot}{rest}"
        paths = [
            path
            for found in imported_names(self.module)
            if (path := path_from(found, module, name, by_name=by_name)) is not None
            and (not near_only or path.startswith("torch."))
            and self._in_time(found.statement)
            and is_visible(found.name, self.scopes)
            and self._means_only(found.name, found.target)
        ]
        paths += [
            path
            for found in self.near
            if (path := path_from(found, module, name, by_name=by_name)) is not None
            and same_object_only(self.module, found.name, found.target)
        ]
        return min(paths, key=lambda path: path.count("."), default=None)

    def _means_only(self, name: str, target: str) -> bool:
        """Whether nothing else is bound to the name at module level, and it stays bound."""
        definitions = self.module.bindings.module_definitions(name)
        return not is_unbound(self.module, name) and all(
            one.kind == "import" and one.qualified in {"", target, *_prefixes(target)}
            for one in definitions
        )

    def _clashes(self, name: str, target: str) -> bool:
        taken = {new.asname or new.name for new in [*self.top, *self.local]}
        if name in taken or hasattr(builtins, name) or not is_visible(name, self.scopes):
            return True
        in_use = name in names_in_use(self.module.tree)
        return in_use and not same_object_only(self.module, name, target)

    def _new(
        self,
        module: str,
        name: str,
        first_party: bool = False,
        local: bool = False,
        by_name: bool = False,
        shared: bool | None = None,
    ) -> str:
        root, _, rest = name.partition(".")
        where = self.local if local else self.top
        own_scope = local and self.in_function
        if shared is None:
            shared = binds_unseen_names(self.module, module)
        shared = shared and not own_scope
        if not shared and not self._clashes(root, f"{module}.{root}"):
            where.append(NewImport(module, root, first_party=first_party))
            return name
        package = module.partition(".")[0]
        if not local and not shared and not by_name and not self._clashes(package, package):
            where.append(NewImport(module, first_party=first_party))
            return f"{module}.{name}"
        alias = self._free(f"_{root}")
        where.append(NewImport(module, root, alias, first_party))
        return f"{alias}.{rest}" if rest else alias

    def _free(self, name: str) -> str:
        return free_name(self.module, name)


def _prefixes(dotted: str) -> set[str]:
    parts = dotted.split(".")
    return {".".join(parts[:count]) for count in range(1, len(parts))}


def free_name(module: Module, wish: str) -> str:
    """``wish``, or with a number where the file uses that name already."""
    used = names_in_use(module.tree)
    if wish not in used:
        return wish
    number = 2
    while f"{wish}_{number}" in used:
        number += 1
    return f"{wish}_{number}"


def torch_at(module: Module, loader: ast.expr) -> str:
    """What an expression such as ``t.load`` calls torch; empty where it does not name torch."""
    node = loader
    while isinstance(node, ast.Attribute):
        node = node.value
    is_torch = isinstance(node, ast.Name) and module.bindings.qualified(node) == "torch"
    return node.id if isinstance(node, ast.Name) and is_torch else ""
