"""Whether other code of a project puts something else in the place of what a proof has read.

A proof reads definitions where they stand. Any file of the program, and any function of it, may
store another function in a class or a module while it runs: ``Net.__init__ = f``,
``setattr(net, name, f)``, ``vars(models)["helper"] = f``, ``torch.zeros = f``. So every such place
outside of tests counts, unless what it sets, what it sets that on, or the name that it sets, shows
that the proof does not rest on it.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import body
from torchload_lint.source.names.reaching import BUILTINS
from torchload_lint.source.project.changes import reflection
from torchload_lint.source.project.changes.attribute_stores import (
    stored_value,
    stores_of,
    stores_on_imports,
)
from torchload_lint.source.project.changes.of_the_program import program_files
from torchload_lint.source.project.layout import PackageLayout
from torchload_lint.source.project.origins import origins
from torchload_lint.source.proofs.installed import in_packages
from torchload_lint.source.proofs.known.harmless import HELD_BY_FILES
from torchload_lint.source.proofs.replacing import stores_by_name
from torchload_lint.source.proofs.replacing.given_away import takers_in_program
from torchload_lint.source.proofs.replacing.handing_classes import (
    finds_class,
    handed_on,
    naming,
    packages_of,
)
from torchload_lint.source.proofs.replacing.hooks import HOOKS, WHERE
from torchload_lint.source.proofs.replacing.logging_hooks import (
    HUNG_ONTO,
    OF_STREAMS,
    STREAMS,
    hung_onto_loggers,
)
from torchload_lint.source.proofs.replacing.other_selves import takes_another
from torchload_lint.source.proofs.replacing.own_objects import (
    class_around,
    finds_module,
    is_data,
    is_object,
)
from torchload_lint.source.proofs.replacing.special_names import SPECIAL_NAMES
from torchload_lint.source.proofs.replacing.unseen_files import why_unparsed, why_unseen
from torchload_lint.source.text.definitions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.changes.reflection import ReflectedChange
    from torchload_lint.source.project.index import ProjectIndex

_MOSTLY_DATA = frozenset(
    """
    bool device dtype dim e exp field fields float id inf info int iter len list log long map max
    mean min name next ones range set size slice std str sum time tuple type types values var
    warning weight zip zeros
    """.split()
)
"""Names of libraries that many objects have for data of their own."""
_NOT_LED_TO = (
    *("torch.backends.", "torch.load", "torch.save", "torch.serialization.load", "torch.compile"),
    *("torch._dynamo.", "torch._inductor.", "torch.distributed.", "torch.onnx.", "torch.fx."),
    *("torch.hub.", "torch.profiler.", "torch.utils.data.", "matplotlib.", "builtins.print"),
)
"""What no proof leads to, where it does not say so itself."""
_PRINTING = frozenset({"builtins.print", "warnings.warn"})
_FINDING_MODULES = ("modules", "import_module", "__import__")
"""Words of what finds a module by a name."""

_MOST_SEARCHED = 1_000
"""Of a package with more files only those are looked into that name something of the proof."""


@dataclass(slots=True)
class Used:
    """All that a proof rests on."""

    nodes: set[ast.AST] = field(default_factory=set)
    """The classes and functions that it has read, and the trees of their files."""
    names: set[str] = field(default_factory=set)
    """What they, their methods and the values that they use are called."""
    outside: set[str] = field(default_factory=set)
    """Dotted names of Python and of libraries, whose definitions a table knows."""
    modules: set[str] = field(default_factory=set)
    """The dotted names of their files."""

    files: dict[str, SourceFile] = field(default_factory=dict)
    """The files by their paths."""
    indexes: list[ProjectIndex] = field(default_factory=list)
    """The project and the installed packages that they belong to."""

    def add(self, node: ast.AST, module: SourceFile) -> None:
        """Note a class, a function or the expression of a value."""
        self.nodes |= {node, module.tree}
        self.modules.add(module.name)
        self.files[module.path] = module
        if isinstance(node, ast.ClassDef):
            self.names.update(name for one in body(node.body) for name in bound(one))
        stated = module.parents.get(node) if isinstance(node, ast.expr) else node
        self.names.update(bound(stated))


def why_replaced(used: Used, project: ProjectIndex) -> str:
    """Where the program may replace what a proof rests on; empty where it does not.

    In an installed package a place that does not say what it changes counts where the package hands
    on a class or a module of the proof, or takes the class of what it is given.
    """
    search = _Search(used, project)
    if isinstance(project.layout, PackageLayout):
        inside = (search.rebound(), search.loggers_of_package(), search.places_in_package())
        return next(chain(*inside, why_unparsed(search.names, project)), "")
    found = (search.rebound(), search.hooks(), search.places(), search.given_away())
    return next(chain(*found, why_unseen(search.names, project)), "")


def why_replaced_at(used: Used, home: SourceFile, project: ProjectIndex) -> str:
    """The same of one file: a notebook, or a script without ``.py``, that loads and is imported by
    none.
    """
    return next(_Search(used, project).places_of(home), "")


def bound(node: ast.AST | None) -> Iterator[str]:
    """The names that a statement gives a meaning."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        parts = (part for target in targets for part in ast.walk(target))
        yield from (one.id for one in parts if isinstance(getattr(one, "ctx", None), ast.Store)
                    and isinstance(one, ast.Name))  # fmt: skip


class _Search:
    """Looks at every place that changes an attribute of something."""

    def __init__(self, used: Used, project: ProjectIndex) -> None:
        self._used = used
        self._project = project
        self._roots = {name.partition(".")[0] for name in used.outside} | {"builtins"}
        self._tails = {name.rpartition(".")[2] for name in used.outside}
        self.names = used.names | self._tails - _MOSTLY_DATA
        self.names |= HUNG_ONTO if self._asks_loggers() else set()
        self.names |= OF_STREAMS if used.outside & _PRINTING else set()
        self._packages = packages_of(used.modules)

    def rebound(self) -> Iterator[str]:
        """The functions of the proof's own files that give a global name another meaning.

        What is assigned there is among the name's definitions; loops, imports and the like are not.
        """
        for path, module in sorted(self._used.files.items()):
            if "global" not in module.text:
                continue
            for statement in ast.walk(module.tree):
                if isinstance(statement, ast.Global):
                    for name in self._tails.union(self._used.names).intersection(statement.names):
                        yield f"{path}:{statement.lineno} makes {name} global"

    def hooks(self) -> Iterator[str]:
        """The places that hang code onto loggers, or onto all modules."""
        if self._asks_loggers():
            yield from filter(None, (hung_onto_loggers(self._project),))
        programs = set(program_files(self._project))
        for start, word, pattern in HOOKS:
            if not start or any(name.startswith(start) for name in self._used.outside):
                for path in sorted(programs.intersection(self._project.holding(word))):
                    text = (self._project.files.text(path) or "").replace("\\\n", " ")
                    if re.search(pattern, text):
                        what = start.rstrip(".") or WHERE.get(word, "imports")
                        yield f"{path} hangs code of its own onto {what} ({word})"

    def _asks_loggers(self) -> bool:
        """Whether loggers get to see anything; a program may lead warnings to them."""
        starts = {name.partition(".")[0] for name in self._used.outside}
        return "logging" in starts or (
            "warnings" in starts and bool(self._project.holding("captureWarnings"))
        )

    def loggers_of_package(self) -> Iterator[str]:
        """The same of a package: what it hangs onto loggers."""
        if self._asks_loggers() and len(program_files(self._project)) <= _MOST_SEARCHED:
            yield from filter(None, (hung_onto_loggers(self._project),))
        elif self._asks_loggers():
            yield "the package is too large to be searched for what it does with loggers"

    def _may_be_logger(self, receiver: ast.expr, name: str | None, home: SourceFile) -> bool:
        is_own = home.bindings.class_of_self(receiver) is not None
        return not is_own and self._asks_loggers() and (name is None or name in HUNG_ONTO)

    def given_away(self) -> Iterator[str]:
        """Where a class is given to an installed file that changes what it does not say."""
        classes = {node.name for node in self._used.nodes if isinstance(node, ast.ClassDef)}
        for module, taker in takers_in_program(classes, self._project) if classes else ():
            names = origins(module.bindings.qualified(taker) or "", module.path, self._project)
            for index, found in chain(*(in_packages(one, self._project) for one in names)):
                search = _Search(self._used, index)
                for place, _ in search._changes_in_package([found.module.path]):
                    yield f"{module.path}:{taker.lineno} gives it to {ast.unparse(taker)}: {place}"

    def places_in_package(self) -> Iterator[str]:
        """The places of an installed package that change what the proof rests on, or may do so."""
        classes = {node.name for node in self._used.nodes if isinstance(node, ast.ClassDef)}
        within = program_files(self._project)
        is_own = not self._used.modules.isdisjoint(map(self._project.module_name, within))
        if not is_own:
            roots = {name.partition(".")[0] for name in self._used.modules}
            within = [path for path in within if self._names_any(roots, path)]
            unclear = ["what it is handed to may change it"]
        elif len(within) > _MOST_SEARCHED:
            within = naming(classes, self._used.modules, self._project)
            unclear = ["the package is too large to be searched for what changes it"]
        else:
            unclear = []
        for place, is_certain in self._changes_in_package(within):
            if is_certain:
                yield place
            unclear.append(place)
        if unclear:
            places = handed_on(classes, self._used.modules, self._is_used, self._project, within)
            yield from (f"{given}, and {unclear[0]}" for given in places)

    def _names_any(self, packages: set[str], path: str) -> bool:
        """Whether a file imports one of some packages."""
        text = self._project.files.text(path) or ""
        return any(
            re.search(rf"^\s*(?:from|import)\s[^\n]*\b{one}\b", text, re.MULTILINE)
            for one in packages
        )

    def _changes_in_package(self, within: Sequence[str]) -> Iterator[tuple[str, bool]]:
        """Each place, and whether it counts even where nobody hands a class to it."""
        names = self.names | self._tails | SPECIAL_NAMES
        for module, target, value in stores_of(names, self._project, within):
            if self._counts(target.value, target.attr, value, module):
                is_named = module.bindings.qualified(target) in self._used.outside
                yield _shown(target, module), is_named or self._is_certain(target.value, module)
        for change in reflection.changes_within(within, self._project):
            if change.kind not in {"attribute", "globals", "modules"}:
                continue
            if self._is_reflected(change):
                yield change.in_words, self._is_certainly_reflected(change)

    def _is_certain(self, receiver: ast.expr, home: SourceFile) -> bool:
        return self._is_used(receiver, home) or finds_class(receiver, home)

    def _is_certainly_reflected(self, change: ReflectedChange) -> bool:
        if change.receiver is not None:
            return self._is_certain(change.receiver, change.module)
        if change.kind == "attribute":  # unittest.mock names it by a text
            shown = ast.unparse(change.node)
            return any(getattr(node, "name", " ") in shown for node in self._used.nodes)
        entry = change.module.parents.get(change.node)
        key = entry.slice if isinstance(entry, ast.Subscript) else None
        if change.kind == "globals" or isinstance(key, ast.Constant):
            return True
        is_above = any(one.startswith(f"{change.module.name}.") for one in self._used.modules)
        return is_above or getattr(key, "id", "") == "__name__"

    def places(self) -> Iterator[str]:
        """The places, in words."""
        project = self._project
        stores = stores_of(self.names | SPECIAL_NAMES, project), stores_on_imports(project)
        for module, target, value in chain(*stores):
            if self._counts(target.value, target.attr, value, module):
                yield _shown(target, module)
        hidden = (self._tails - self.names).union(*self._packages.values())
        finding = {path for word in _FINDING_MODULES for path in project.holding(word)}
        for module, target, value in stores_of(hidden, project, finding):
            is_plain = value is not None and is_data(value, module)
            if finds_module(target.value, module) and not is_plain:
                yield _shown(target, module)
        for change in reflection.changes_in(program_files(project), project):
            if self._is_reflected(change):
                yield change.in_words
        for module in stores_by_name.files_looking_up(project):
            yield from self._computed(module)

    def _computed(self, home: SourceFile) -> Iterator[str]:
        return stores_by_name.stored_by_name(home, self._project, self._counts, self._is_used)

    def places_of(self, home: SourceFile) -> Iterator[str]:
        """The places of one file, whatever it is."""
        for node in ast.walk(home.tree):
            if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
                continue
            if self._counts(node.value, node.attr, stored_value(node, home), home):
                yield _shown(node, home)
        for change in reflection.changes_of(home, self._project):
            if self._is_reflected(change):
                yield change.in_words
        yield from self._computed(home)
        for start, word, pattern in HOOKS:
            is_used = not start or any(one.startswith(start) for one in self._used.outside)
            if is_used and re.search(pattern, home.text):
                yield f"{home.path} hangs code of its own onto what it uses ({word})"

    def _is_reflected(self, change: ReflectedChange) -> bool:
        if change.kind == "attribute" and change.receiver and _is_handed_on(change):
            return self._is_used(change.receiver, change.module)
        if getattr(change.node, "attr", "") == "f_locals":
            return False  # the variables of a function
        if change.kind == "attribute":
            return self._counts(change.receiver, change.name, change.value, change.module)
        if change.kind == "globals":
            home, name = change.module.name, change.name
            hidden = self._packages.get(home, set())
            own = home in self._used.modules
            return (own and self._may_be(name)) or (bool(hidden) and name in {None, *hidden})
        if change.kind == "modules":
            return self._replaces_module(change)
        if change.kind != "code":
            return False
        if change.words is not None:
            return bool(change.words & self._used.names)
        if getattr(change.node, "id", "") == "eval" and not stores_by_name.is_written_out(change):
            return False  # an expression; what it may call to set something has a place of its own
        return any(
            name.rpartition(".")[2] in change.module.text or name == change.module.name
            for name in self._used.modules
        )

    def _replaces_module(self, change: ReflectedChange) -> bool:
        """Whether ``sys.modules["models"] = …`` means one of its modules."""
        entry = change.module.parents.get(change.node)
        if not isinstance(entry, ast.Subscript):
            return isinstance(change.node, ast.Name | ast.Attribute) and not _is_reload(change.node)
        key = entry.slice
        if isinstance(key, ast.Name) and key.id == "__name__":
            package, _, last = change.module.name.rpartition(".")
            hides = package in self._used.modules and last in self.names | self._tails
            return hides or change.module.name in self._used.modules
        if not isinstance(key, ast.Constant):
            return True
        whole = self._used.modules | self._used.outside
        return any(f"{name}.".startswith(f"{key.value!s}.") for name in whole)

    def _is_used(self, receiver: ast.expr, home: SourceFile) -> bool:
        return not self._meanings(receiver, home)[0].isdisjoint(self._used.nodes)

    def _may_be(self, name: str | None) -> bool:
        return name is None or name in self.names or name in SPECIAL_NAMES

    def _counts(
        self, receiver: ast.expr | None, name: str | None, value: ast.expr | None, home: SourceFile
    ) -> bool:
        """Whether setting an attribute may change what the proof rests on."""
        if value is not None and is_data(value, home):
            return False
        if receiver is None:
            return self._may_be(name) or name in self._tails
        if is_object(receiver, home, self._project) and not self._may_be_logger(
            receiver, name, home
        ):
            return False
        if self._hides_module(receiver, name, home):
            return True
        nodes, outside, is_known = self._meanings(receiver, home)
        if self._hands_on(nodes, name):
            return True
        if nodes & self._used.nodes:
            is_module = any(isinstance(node, ast.Module) for node in nodes)
            hides = name in self._tails  # ``models.len = f``: what the module's own code calls
            return not is_module or hides or self._may_be(name)
        is_put_back = value is not None and (
            home.bindings.possible(value) == {f"{one}.{name}" for one in outside}
        )
        if any(self._is_of_library(dotted, name) for dotted in outside) and not is_put_back:
            return True
        return not is_known and self._may_be(name)

    def _hands_on(self, nodes: set[ast.AST], name: str | None) -> bool:
        """Whether a module gets a name that a file of the proof asks some module for."""
        is_module = any(isinstance(node, ast.Module) for node in nodes - self._used.nodes)
        return is_module and (
            name is None
            or any(re.search(rf"\b{name}\b", module.text) for module in self._used.files.values())
        )

    def _hides_module(self, receiver: ast.expr, name: str | None, home: SourceFile) -> bool:
        """Whether a package is given something else for one of its modules: ``app.net = other``."""
        packages = set(self._packages)
        if not finds_module(receiver, home):
            packages &= home.bindings.possible(receiver)
        return any(name is None or name in self._packages[one] for one in packages)

    def _is_of_library(self, dotted: str, name: str | None) -> bool:
        whole = f"{dotted}.{name}"
        if (
            dotted in HELD_BY_FILES
            or whole in self._used.outside
            or (name in self.names and not STREAMS.isdisjoint({dotted, whole}))
        ):
            return True
        if dotted.partition(".")[0] not in self._roots or whole.startswith(_NOT_LED_TO):
            return False
        return dotted != "builtins" or name is None or name in BUILTINS

    def _meanings(
        self, receiver: ast.expr, home: SourceFile
    ) -> tuple[set[ast.AST], set[str], bool]:
        """The definitions that it may be, names of libraries, and whether that is all."""
        holder = class_around(receiver, home)
        if holder is not None:
            return {holder}, set(), not takes_another(receiver, home, self._project)
        possible = home.bindings.possible(receiver)
        nodes: set[ast.AST] = set()
        outside: set[str] = set()
        is_known = bool(possible) and "" not in possible
        for dotted in filter(None, possible):
            found = self._project.definitions(dotted, home.path)
            names = origins(dotted, home.path, self._project)
            inside = [one for name in names for _, one in in_packages(name, self._project)]
            nodes.update(one.node for one in (*found, *inside))
            outside |= names
            known = found or inside or names
            is_known &= bool(known) and all(one.kind != "value" for one in found)
        return nodes, outside, is_known


def _is_handed_on(change: ReflectedChange) -> bool:
    """``vars(x)`` and ``x.__dict__`` given to somebody, who mostly reads them."""
    node = change.node
    called = node.func if isinstance(node, ast.Call) else node
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    user = change.module.parents.get(node)
    return name in {"vars", "__dict__"} and not isinstance(user, ast.Subscript | ast.Attribute)


def _is_reload(node: ast.expr) -> bool:
    return (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) == "reload"


def _shown(target: ast.Attribute, module: SourceFile) -> str:
    return f"{module.path}:{target.lineno} sets {ast.unparse(target)}"
