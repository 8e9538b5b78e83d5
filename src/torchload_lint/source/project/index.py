"""ProjectIndex: class → import path, callers, save sites; answered on demand.

Nothing is indexed ahead of a question. The workspace hands over a ``ProjectFiles``, which knows
the project's Python files and finds those that hold a word at the speed of a byte search; the
few that matter are parsed, once.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeVar, cast

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts import module as modules
from torchload_lint.source.names import members
from torchload_lint.source.project.between_edits.standing_answers import NotedFiles, StandingAnswers
from torchload_lint.source.project.files import Environment, NoEnvironment
from torchload_lint.source.project.layout import Layout
from torchload_lint.source.text.pieces import LONG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.names.bindings import Definition
    from torchload_lint.source.project.files import ProjectFiles
    from torchload_lint.source.text.parse import SyntaxProblem

T = TypeVar("T")
_MOST_REEXPORTS = 32
"""Names that are looked up on the way from one to what it stands for."""
_OF_ONE_TEXT = frozenset(
    {"assigned", "attributes set", "calls", "configuration", "holding", "returns", "stores"}
)
"""What is remembered of one text or tree alone. All other answers may lead to nodes of several
files, and hold only while each of them has the text that it had.
"""

_OF_SAVES = frozenset({"saved as", "written"})
"""Paths as texts. A fix writes allowlists and arguments of loads, and nothing that a path of
another file is made of.
"""


class Found(NamedTuple):
    """What a dotted name stands for in the project."""

    module: Module
    node: ast.AST
    """A ClassDef, a function, the defining statement of a value, or the ast.Module itself."""
    kind: str
    """``class``, ``function``, ``value`` or ``module``."""
    qualname: str
    value: ast.expr | None = None
    """For a value: the expression that is assigned."""


class ProjectIndex:
    """Questions about the project as a whole."""

    def __init__(
        self,
        files: ProjectFiles,
        source_roots: Sequence[str] = ("src", "."),
        environment: Environment | None = None,
        layout: Layout | None = None,
    ) -> None:
        """``source_roots``: where first-party modules live, relative to the project's root;
        ``environment``: the packages that the project runs with; ``layout``: how modules are
        named, where that is not as in a project.
        """
        self.files = files
        self.environment: Environment = environment or NoEnvironment()
        self.layout = layout or Layout(files, source_roots)
        self.packages: dict[str, ProjectIndex | None] = {}
        """The indexes of installed packages by name, shared among all that lead to them."""
        self._memory: dict[object, object] = {}
        self._of_one_file: dict[tuple[str, str], tuple[object, object]] = {}
        """What was found out about a file, by what was asked and its path; with its source."""
        self._modules: dict[str, Module | None] = {}
        self._parsed = 0
        self._originals: dict[str, Module] = {}
        self._beneath: dict[object, object] = {}
        """What is remembered of the originals, while a file is looked at with another text."""
        self._outlasting: frozenset[str] = frozenset()
        """The kinds of it that hold with the other texts, too."""
        self._parsed_before: dict[str, Module] = {}
        self._standing: StandingAnswers | None = None
        """What outlives a change: of files that have changed once, which may change again."""

    def take_over(self, before: ProjectIndex, changed: Mapping[str, str | None]) -> None:
        """Know what ``before`` knew that cannot be otherwise now.

        Files that have the same text are the same modules, not parsed again: a module remembers
        nothing but what its own text says. ``changed``: the others, with the text that they had;
        None where that is unknown, or where anything may rest on it.
        """
        self._parsed_before = {
            **before._parsed_before,
            **{path: module for path, module in before._modules.items() if module is not None},
        }
        self._of_one_file = before._of_one_file
        standing = StandingAnswers(self.files)
        if before._standing is not None and before._is_laid_out_as_before(changed):
            self.layout = before.layout
            standing = before._standing.after(changed)
        self._standing = standing
        self.files = NotedFiles(self.files, standing)

    def _is_laid_out_as_before(self, changed: Mapping[str, str | None]) -> bool:
        """Whether each file is still imported by the same name. A long file is not asked: parts
        of it that have not changed are the same nodes in another module.
        """
        texts = ((old, self.files.text(path)) for path, old in changed.items())
        return all(
            old is not None
            and new is not None
            and max(len(old), len(new)) <= LONG
            and self.layout.is_same_with(old, new)
            for old, new in texts
        )

    def remember(self, key: object, find: Callable[[], T], *, stands: bool = False) -> T:
        """What ``find`` answers, asked once.

        For siblings of this room. Only answers that depend on nothing but the files may be kept
        like this, so that the order of questions never shows. ``stands``: the answer holds nodes
        and words alone, found without an evaluator, so that it may be kept while the files that
        ``find`` has read are as they were.
        """
        if self._standing is not None:
            if stands:
                return self._standing.remember(key, find)
            self._standing.note_unknown()
        if key not in self._memory:
            self._memory[key] = self._beneath[key] if self._outlasts(key) else find()
        return cast("T", self._memory[key])

    def _outlasts(self, key: object) -> bool:
        of_a_kind = isinstance(key, tuple) and key[0] in self._outlasting
        return of_a_kind and key in self._beneath

    def remember_of(self, what: str, path: str, source: object, find: Callable[[], T]) -> T:
        """What ``find`` answers of one file's text or tree alone, asked once for each ``source``.

        It is kept while other files change, and given up when this one has another.
        """
        known = self._of_one_file.get((what, path))
        if known is None or known[0] != source:
            known = self._of_one_file[what, path] = (source, find())
        return cast("T", known[1])

    def holding(self, word: str) -> Sequence[str]:
        """The Python files that hold a word; each word is searched for once."""
        found = self.remember(("holding", word), lambda: self.files.holding(word), stands=True)
        if not self._originals:
            return found
        return self.remember(("as looked at", word), lambda: self._as_looked_at(found, word))

    def _as_looked_at(self, found: Sequence[str], word: str) -> Sequence[str]:
        """The files that hold a word, where some are looked at with another text than the disk's:
        a fix has written a function, say, which they call.
        """
        changed = {path: self.module_at(path) for path in self._originals if path.endswith(".py")}
        now = {path for path, module in changed.items() if module and word in module.text}
        return sorted({*found} - {*changed} | now)

    def module_name(self, path: str) -> str:
        """The dotted name a file is imported by (src layout, namespace packages, several packages
        in one repository); for a script, its stem.
        """
        return self.layout.module_name(path)

    def module(self, name: str) -> Module | None:
        """The parsed first-party module of that dotted name (package ``__init__`` included)."""
        path = self.layout.locate(name)
        return None if path is None else self.module_at(path)

    def module_at(self, path: str) -> Module | None:
        """The parsed file at a path of the project; None where it cannot be read or parsed."""
        if self._standing is not None:
            self._standing.note(path)
        if path not in self._modules:
            text = self.files.text(path)
            read = None if text is None else self._reread(text, path)
            self._modules[path] = read if isinstance(read, modules.Module) else None
            self._parsed += len(text or "")
        return self._modules[path]

    def _reread(self, text: str, path: str) -> Module | SyntaxProblem:
        name, known = self.module_name(path), self._parsed_before.get(path)
        if known and (known.text, known.name) == (text.removeprefix("\ufeff"), name):
            return known
        return modules.reread(text, path, name)

    def adopt(self, module: Module) -> None:
        """Take over a file that is parsed already, so that it is not parsed again."""
        self._modules.setdefault(module.path, module)

    def read(self, text: str, path: str, *, fixed: bool = False) -> Module | SyntaxProblem:
        """A file that is looked at with this text, which need not be what the disk has.

        It is the very module that questions from other files lead to: whether a call means a
        function is identified by its node. ``restore`` goes back to the text before. ``fixed``:
        whether fixes alone have changed it.
        """
        known = self._modules.get(path)
        if known is not None and known.text == text.removeprefix("\ufeff"):
            return known
        read = self._reread(text, path)
        if isinstance(read, modules.Module):
            if known is not None:
                if not self._originals:
                    self._beneath, self._memory = self._memory, {}
                    self._outlasting = _OF_ONE_TEXT | _OF_SAVES
                self._originals.setdefault(path, known)
            self._put(read, _OF_ONE_TEXT | _OF_SAVES if fixed else _OF_ONE_TEXT)
        return read

    def restore(self, path: str) -> None:
        """Let a file have the text again with which it was first seen."""
        if (original := self._originals.pop(path, None)) is not None:
            self._put(original)
            if not self._originals:  # every file is the one of which this was known
                self._memory, self._beneath = self._beneath, {}

    def _put(self, module: Module, kept: frozenset[str] = _OF_ONE_TEXT) -> None:
        if self._modules.get(module.path) is not None:
            if self._standing is not None:
                self._standing.forget()
            self._outlasting &= kept
            self._memory = {
                key: value
                for key, value in self._memory.items()
                if isinstance(key, tuple) and key[0] in kept
            }
        self._modules[module.path] = module
        self._parsed += len(module.text)

    @property
    def parsed(self) -> int:
        """How many characters were parsed so far, in packages, too."""
        packages = (each for each in self.packages.values() if each is not None)
        return self._parsed + sum(each._parsed for each in packages)  # noqa: SLF001

    def definitions(self, dotted: str, near: str = "") -> tuple[Found, ...]:
        """What a dotted name stands for, as a file at ``near`` would import it; re-exports are
        followed. Several, where branches define it differently; none, for what is not ours.
        A name that starts with dots is relative to ``near``.
        """
        return self.remember(
            ("definitions", dotted, near),
            lambda: tuple(self._definitions(dotted, near, set())),
            stands=True,
        )

    def _definitions(self, dotted: str, near: str, seen: set[object]) -> Iterator[Found]:
        if (dotted, near) in seen or len(seen) > _MOST_REEXPORTS:
            return
        seen.add((dotted, near))
        module, rest = self.split(dotted, near)
        if module is None:
            return
        if rest:
            yield from self.in_module(module, rest, seen)
            return
        bound = self._bound_by_package(dotted, near, seen)
        yield from bound or (Found(module, module.tree, "module", ""),)

    def _bound_by_package(self, dotted: str, near: str, seen: set[object]) -> tuple[Found, ...]:
        """What a package itself binds under the name of a module in it, which Python then yields:
        ``from .net import net`` in the package of ``net.py``.
        """
        package, dot, name = dotted.rpartition(".")
        if not package.strip("."):
            package += dot
        module, rest = self.split(package, near) if package else (None, [])
        if module is None or rest or not module.path.endswith("__init__.py"):
            return ()
        found = tuple(self.in_module(module, [name], seen))
        return () if any(each.kind == "module" for each in found) else found

    def split(self, dotted: str, near: str = "") -> tuple[Module | None, list[str]]:
        """The module of the project that a dotted name starts with, and the names inside it."""
        dots = len(dotted) - len(dotted.lstrip("."))
        parts = dotted[dots:].split(".")
        for length in range(len(parts), -1 if dots else 0, -1):
            path = self.layout.locate("." * dots + ".".join(parts[:length]), near)
            module = None if path is None else self.module_at(path)
            if module is not None:
                return module, parts[length:]
        return None, parts

    def in_module(
        self, module: Module, names: Sequence[str], seen: set[object] | None = None
    ) -> Iterator[Found]:
        """What a name inside a file stands for, from the outermost name inwards."""
        seen = set() if seen is None else seen
        found: dict[ast.AST, Found] = {}
        for definition in module.bindings.importable(names[0]):
            for each in self._follow(module, definition, names, seen):
                found.setdefault(each.node, each)
        yield from found.values()

    def _follow(
        self, module: Module, definition: Definition, names: Sequence[str], seen: set[object]
    ) -> Iterator[Found]:
        node, rest = definition.node, names[1:]
        if definition.qualified:
            target = definition.qualified
            starred = definition.kind == "star-import"
            if starred and not self._may_bring(target, names[0], module.path):
                return
            names_to_find = names if starred else rest
            yield from self._definitions(".".join((target, *names_to_find)), module.path, seen)
        elif isinstance(node, ast.ClassDef):
            yield from self._in_class(module, node, names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not rest:
            yield Found(module, node, "function", names[0])
        elif definition.value is not None:
            alias = module.bindings.qualified(definition.value) if not rest else None
            followed = tuple(self._definitions(alias, module.path, seen)) if alias else ()
            yield from followed
            if not followed and not rest:
                yield Found(module, node, "value", names[0], definition.value)

    def _may_bring(self, origin: str, name: str, near: str) -> bool:
        """Whether ``import *`` of a module may bring a name: where it holds the word, or has names
        of further modules by ``import *``. Packages hold many such rows.
        """
        path = self.layout.locate(origin, near)
        text = self.files.text(path) if path and path not in self._originals else None
        return text is None or name in text or "import *" in text

    def _in_class(
        self, module: Module, node: ast.ClassDef, names: Sequence[str]
    ) -> Iterator[Found]:
        qualname = names[0]
        current: ast.AST = node
        for name in names[1:]:
            if not isinstance(current, ast.ClassDef):
                return
            if (member := members.member(current, name)) is None:
                return
            current, qualname = member, f"{qualname}.{name}"
        if isinstance(current, ast.ClassDef):
            yield Found(module, current, "class", qualname)
        elif isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Found(module, current, "function", qualname)
        elif isinstance(current, ast.Assign | ast.AnnAssign):
            yield Found(module, current, "value", qualname, current.value)
