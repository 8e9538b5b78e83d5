"""Whether a call is one of a certain function: what its name, or its object, stands for."""

from __future__ import annotations

import ast
import re
from enum import Enum
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.domain.values import Class
from torchload_lint.source.names import members
from torchload_lint.source.project import classes
from torchload_lint.source.project.called_objects import called_object
from torchload_lint.source.project.families import family
from torchload_lint.source.project.mentions import TooManyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.called_objects import Candidate
    from torchload_lint.source.project.index import ProjectIndex

_OF_LIBRARIES = frozenset({"from_pretrained", "load_from_checkpoint", "from_config"})


class Site(NamedTuple):
    """One call of a function."""

    module: SourceFile
    call: ast.Call
    skipped: int
    """Leading parameters that the call does not write (``self``)."""
    as_written: ast.Call | None = None
    """The call in the code, where ``call`` holds what others give besides (``partial``)."""
    under: tuple[tuple[ast.expr, bool], ...] = ()
    """Tests that hold where the call is one of this function."""

    @property
    def written(self) -> ast.Call:
        """The call as it stands in the code."""
        return self.as_written or self.call


class Other(Enum):
    """Why a call of the same name is not taken for one of the function: the doubtful first."""

    UNKNOWN = "what it calls is not known"
    CLASS = "its object is of another class"
    ARGUMENTS = "its arguments do not fit"
    FUNCTION = "it calls another function of that name"
    METHOD = "it calls a method"
    PACKAGE = "it calls a function of another package"


class CallTarget(NamedTuple):
    """The function whose callers are looked for."""

    project: ProjectIndex
    module: SourceFile
    function: ast.FunctionDef | ast.AsyncFunctionDef
    owner: ast.ClassDef | None

    def meaning(self, calling: SourceFile, call: ast.Call) -> Site | Other:
        """The call as one of this function, or why it is none."""
        skipped = self.left_out(calling, call.func)
        return skipped if isinstance(skipped, Other) else self.fitting(calling, call, skipped)

    def fitting(
        self, calling: SourceFile, call: ast.Call, skipped: int, written: ast.Call | None = None
    ) -> Site | Other:
        """A call of this function, unless it would fail. ``skipped``: parameters it leaves out;
        ``written``: as the code has it.
        """
        fits = _fits(call, self.function, skipped)
        return Site(calling, call, skipped, written) if fits else Other.ARGUMENTS

    def files_of_bases(self) -> set[str]:
        """The files of the classes that the method's class inherits from."""
        if self.owner is None:
            return set()
        lineage = classes.ancestry(self.owner, self.module, self.project)
        return {module.path for _, module in lineage}

    @property
    def name(self) -> str:
        """What callers write; empty where they write none (``__call__``, ``__getitem__``)."""
        name = self.function.name
        if self.owner is not None and name == "__init__":
            return self.owner.name
        return "" if name.startswith("__") and name.endswith("__") else name

    @property
    def kind(self) -> str:
        """``method``, ``function`` or ``class``."""
        if self.owner is None:
            return "function"
        return "class" if self.name == self.owner.name else "method"

    def left_out(self, calling: SourceFile, function: ast.expr) -> int | Other:
        """How many parameters in front are left out by whoever calls what ``function`` names; or
        why that is not this function.
        """
        of_self = _is_method_of_self(function, calling)
        dotted = calling.bindings.qualified(function)
        if dotted:
            found = self.project.definitions(dotted, calling.path)
            if any(each.node is self.owner for each in found) and self.owner is not None:
                return 1
            if self.owner is None or not of_self:  # a subclass may override what ``self`` has
                if any(each.node is self.function for each in found):
                    return self._left_out(calling, function)
                if found:
                    return Other.FUNCTION
            if self._is_foreign(calling, function, dotted):
                return Other.PACKAGE
        if isinstance(function, ast.Name):
            return self._by_local_name(calling, function, dotted)
        if not isinstance(function, ast.Attribute):
            return Other.UNKNOWN
        return Other.METHOD if self.owner is None else self._by_receiver(calling, function)

    def _is_foreign(self, calling: SourceFile, function: ast.expr, dotted: str) -> bool:
        """Whether a module has it, and no object: ``torch.load``, even beside a ``torch.py``."""
        owner = function.value if isinstance(function, ast.Attribute) else None
        definitions = calling.bindings.definitions(owner) if isinstance(owner, ast.Name) else ()
        if not any(each.qualified for each in definitions):
            return False
        found = self.project.definitions(dotted.rpartition(".")[0], calling.path)
        return all(isinstance(each.node, ast.Module) for each in found)

    def _left_out(self, calling: SourceFile, function: ast.expr) -> int:
        if self.owner is None or members.is_static(self.function):
            return 0
        if members.is_class_method(self.function):
            return 1
        if isinstance(function, ast.Name):  # ``read = self.load``
            values = [each.value for each in calling.bindings.definitions(function)]
            return int(
                any(each is not None and _is_method_of_self(each, calling) for each in values)
            )
        return 0

    def _by_local_name(
        self, calling: SourceFile, name: ast.Name, dotted: str | None
    ) -> int | Other:
        definitions = calling.bindings.definitions(name)
        for definition in definitions:
            if definition.node is self.function:
                return 0
            if definition.node is self.owner and self.owner is not None:
                return 1
        kinds = {each.kind for each in definitions}
        brought = [
            found.node
            for each in definitions
            if kinds == {"star-import"}
            for found in self.project.definitions(f"{each.qualified}.{name.id}", calling.path)
        ]
        if brought:
            return 0 if all(each is self.function for each in brought) else Other.FUNCTION
        if kinds == {"import"} and dotted and self.project.split(dotted, calling.path)[0] is None:
            return Other.PACKAGE
        return Other.FUNCTION if kinds and kinds <= {"function", "class"} else Other.UNKNOWN

    def _by_receiver(self, calling: SourceFile, function: ast.Attribute) -> int | Other:
        """``self.method(…)``, in the class, a subclass or a base that calls what its subclasses
        override; ``x.method(…)`` on an object that is made from, or declared as, such a class; or a
        method whose name only one class of the project has.
        """
        bound = 0 if members.is_static(self.function) else 1
        if is_super(function.value):
            around = _class_around(calling, function)
            if around is None:
                return Other.UNKNOWN
            return bound if self._is_next_after(around, calling) else Other.CLASS
        dotted = calling.bindings.qualified(function.value)
        for each in self.project.definitions(dotted, calling.path) if dotted else ():
            if isinstance(each.node, ast.ClassDef) and self._runs(Class(each.node, each.module)):
                return 1 if members.is_class_method(self.function) else 0  # the class itself
        known = called_object(self.project, calling, function.value)
        if any(map(self._may_run, known.candidates)):
            return bound
        if known.complete:
            return Other.CLASS
        return bound if not known.candidates and self._is_only_one() else Other.UNKNOWN

    def _may_run(self, candidate: Candidate) -> bool:
        """Whether the method, called on an object of the class, may be this one."""
        if candidate.of is None:
            return False
        if self._runs(candidate.of):
            return True
        return not candidate.exact and candidate.of.node in self._overridden()

    def _runs(self, of: Class) -> bool:
        """Whether a class has the method, or inherits it."""
        return self._first_of(classes.ancestry(of.node, of.module, self.project))

    def _first_of(self, levels: Iterable[tuple[ast.ClassDef, SourceFile]]) -> bool:
        for level, _ in levels:
            if level is self.owner:
                return True
            if members.is_function(members.member(level, self.function.name)):
                return False
        return False

    def _heirs(self) -> list[Class]:
        """The classes whose objects have this method: its own, and subclasses that keep it."""
        assert self.owner is not None
        try:
            found = family(self.owner, self.module, self.project).subclasses
        except TooManyError:
            found = {self.owner: self.module}
        every = (Class(node, module) for node, module in found.items())
        return [each for each in every if self._runs(each)]

    def _overridden(self) -> frozenset[ast.ClassDef]:
        """The classes one of whose subclasses has this method: what is called on an object that
        is declared as one of them may be it.
        """
        return self.project.remember(
            ("overridden", self.function),
            lambda: frozenset(
                level
                for each in self._heirs()
                for level, _ in classes.ancestry(each.node, each.module, self.project)
            ),
            stands=True,
        )

    def _is_next_after(self, around: ast.ClassDef, calling: SourceFile) -> bool:
        """Whether ``super()`` in a class leads to this method, in one of its subclasses perhaps."""
        for each in (Class(around, calling), *self._heirs()):
            levels = list(classes.ancestry(each.node, each.module, self.project))
            nodes = [level for level, _ in levels]
            if around in nodes and self._first_of(levels[nodes.index(around) + 1 :]):
                return True
        return False

    def _is_only_one(self) -> bool:
        name = self.function.name
        return name not in _OF_LIBRARIES and (
            self.project.remember(
                ("definitions of", name, self.module.tree),
                lambda: _count_definitions(self.project, name, self.module),
                stands=True,
            )
            == 1
        )


def _fits(call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef, skipped: int) -> bool:
    """Whether a call can be one of the function: it would fail otherwise, and is out of date or
    means another one.
    """
    arguments = function.args
    spreads = any(isinstance(each, ast.Starred) for each in call.args)
    if spreads or any(keyword.arg is None for keyword in call.keywords):
        return True
    positional = [*arguments.posonlyargs, *arguments.args]
    if len(call.args) > len(positional) - skipped and arguments.vararg is None:
        return False
    needed = positional[skipped + len(call.args) : len(positional) - len(arguments.defaults)]
    named = {keyword.arg for keyword in call.keywords}
    return all(each.arg in named for each in needed)


def _count_definitions(project: ProjectIndex, name: str, module: SourceFile) -> int:
    """How many functions of that name the project has (and the notebook that ``module`` may be)."""
    pattern = re.compile(rf"def {re.escape(name)}\b")  # a word at its start makes it fast
    texts = (
        module.text if path == module.path else project.files.text(path) or ""
        for path in holding(project, f"def {name}", module.path)
    )
    return sum(
        _begins_a_word(text, match.start()) for text in texts for match in pattern.finditer(text)
    )


def _begins_a_word(text: str, place: int) -> bool:
    before = text[place - 1 : place]
    return not (before.isalnum() or before == "_")


def holding(project: ProjectIndex, word: str, home: str) -> list[str]:
    """The files that hold a word, and a notebook, which is not among the project's Python files."""
    found = project.holding(word)
    return [*found] if home.endswith(".py") else [*dict.fromkeys((home, *found))]


def _class_around(module: SourceFile, node: ast.AST) -> ast.ClassDef | None:
    holder: ast.AST | None = node
    while holder is not None and not isinstance(holder, ast.ClassDef):
        holder = module.parents.get(holder)
    return holder


def _is_method_of_self(function: ast.expr, module: SourceFile) -> bool:
    """Whether it is ``self.method``, by whatever name the object goes."""
    return (
        isinstance(function, ast.Attribute)
        and module.bindings.class_of_self(function.value) is not None
    )


def is_super(node: ast.expr) -> bool:
    """Whether it is ``super()``."""
    return isinstance(node, ast.Call) and _is_named(node.func, "super")


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def may_concern(site: Site, of: Class, project: ProjectIndex) -> bool:
    """Whether a call may be about an object of this class: not where it stands in, or makes or
    uses an object of, a class that has nothing to do with it (another subclass of one base).
    """
    if is_through_super(site):
        other = _class_around(site.module, site.written)
        return other is None or _related(of, Class(other, site.module), project)
    dotted = site.module.bindings.qualified(site.call.func)
    made = project.definitions(dotted, site.module.path) if dotted else ()
    classes_made = [
        Class(each.node, each.module) for each in made if isinstance(each.node, ast.ClassDef)
    ]
    if classes_made:
        return any(_related(of, each, project) for each in classes_made)
    if not isinstance(site.call.func, ast.Attribute):
        return True
    known = called_object(project, site.module, site.call.func.value)
    return not known.complete or any(_may_be(of, each, project) for each in known.candidates)


def _may_be(of: Class, candidate: Candidate, project: ProjectIndex) -> bool:
    """Whether an object of a class may be the one that is known like this."""
    other = candidate.of
    if other is None:
        return False
    if candidate.exact:
        lineage = classes.ancestry(other.node, other.module, project)
        return any(level is of.node for level, _ in lineage)
    if _related(of, other, project):
        return True
    try:
        subclasses = [family(each.node, each.module, project).subclasses for each in (of, other)]
    except TooManyError:
        return True
    return not subclasses[0].keys().isdisjoint(subclasses[1])


def is_about_self(site: Site) -> bool:
    """Whether it is a method of the object whose method the call stands in."""
    return is_through_super(site) or _is_method_of_self(site.call.func, site.module)


def is_through_super(site: Site) -> bool:
    """Whether it is ``super().method(…)`` or ``Base.__init__(self, …)``."""
    function = site.call.func
    return isinstance(function, ast.Attribute) and (
        is_super(function.value) or function.attr == "__init__"
    )


def _related(one: Class, other: Class, project: ProjectIndex) -> bool:
    lineages = [
        [level for level, _ in classes.ancestry(each.node, each.module, project)]
        for each in (one, other)
    ]
    return one.node in lineages[1] or other.node in lineages[0]
