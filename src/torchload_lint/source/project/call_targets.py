"""Whether a call is one of a certain function: what its name, or its object, stands for."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from torchload_lint.source.domain.values import Class
from torchload_lint.source.names import members
from torchload_lint.source.project import classes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex


class Site(NamedTuple):
    """One call of a function."""

    module: SourceFile
    call: ast.Call
    skipped: int
    """Leading parameters that the call does not write (``self``)."""


class CallTarget(NamedTuple):
    """The function whose callers are looked for."""

    project: ProjectIndex
    module: SourceFile
    function: ast.FunctionDef | ast.AsyncFunctionDef
    owner: ast.ClassDef | None

    def among(self, calling: SourceFile, calls: Iterable[ast.Call]) -> Iterator[Site]:
        """Those of the calls in a file that call it."""
        for call in calls:
            skipped = self.skipped(calling, call)
            if skipped is not None and _fits(call, self.function, skipped):
                yield Site(calling, call, skipped)

    def skipped(self, calling: SourceFile, call: ast.Call) -> int | None:
        """How many parameters the call leaves out in front; None where it calls another thing."""
        dotted = calling.bindings.qualified(call.func)
        if dotted:
            found = self.project.definitions(dotted, calling.path)
            if any(each.node is self.owner for each in found) and self.owner is not None:
                return 1
            if any(each.node is self.function for each in found):
                return self._left_out(call)
            if found or self._is_foreign(calling, call.func, dotted):
                return None
        if isinstance(call.func, ast.Name):
            return self._by_local_name(calling, call.func)
        if self.owner is None or not isinstance(call.func, ast.Attribute):
            return None
        return self._by_receiver(calling, call.func)

    def _is_foreign(self, calling: SourceFile, function: ast.expr, dotted: str) -> bool:
        """Whether it is a function of an imported module that is not the project's: a method
        ``load`` of ours is not what ``torch.load(…)`` calls.
        """
        if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
            return False
        imported = any(each.qualified for each in calling.bindings.definitions(function.value))
        owner = dotted.rpartition(".")[0]
        return imported and not self.project.definitions(owner, calling.path)

    def _left_out(self, call: ast.Call) -> int:
        if self.owner is None or members.is_static(self.function):
            return 0
        if members.is_class_method(self.function):
            return 1
        through_self = isinstance(call.func, ast.Attribute) and _is_self(call.func.value)
        return int(through_self)

    def _by_local_name(self, calling: SourceFile, name: ast.Name) -> int | None:
        for definition in calling.bindings.definitions(name):
            if definition.node is self.function:
                return 0
            if definition.node is self.owner and self.owner is not None:
                return 1
        return None

    def _by_receiver(self, calling: SourceFile, function: ast.Attribute) -> int | None:
        """``self.method(…)`` in the class or a subclass, ``x.method(…)`` on an object made from the
        class, or a method whose name only one class of the project has.
        """
        bound = 0 if members.is_static(self.function) else 1
        holder = calling.bindings.class_of_self(function.value)
        if holder is not None:
            return bound if self._inherits(holder, calling) else None
        if is_super(function.value):
            around = _class_around(calling, function)
            return bound if around is not None and self._inherits(around, calling) else None
        made = self._made_from(calling, function.value)
        if made is not None:
            return bound if made else None
        return bound if self._is_only_one() else None

    def _made_from(self, calling: SourceFile, receiver: ast.expr) -> bool | None:
        """Whether the receiver is an object of the class; None where that cannot be said."""
        answers = {self._is_own(calling, each) for each in _makers(calling, receiver)}
        answers |= {self._is_declared(calling, each) for each in _annotations(calling, receiver)}
        return any(answers) if answers - {None} else None

    def _is_own(self, calling: SourceFile, maker: ast.expr) -> bool | None:
        """Whether the class that makes an object is this one, or inherits the method from it."""
        dotted = calling.bindings.qualified(maker)
        for found in self.project.definitions(dotted, calling.path) if dotted else ():
            if isinstance(found.node, ast.ClassDef):
                return self._inherits(found.node, found.module)
        return False if dotted and dotted.partition(".")[0] not in {"", "self"} else None

    def _is_declared(self, calling: SourceFile, annotation: ast.expr) -> bool | None:
        """The same of a class that an annotation names: the object may be of a subclass."""
        dotted = calling.bindings.qualified(annotation)
        for found in self.project.definitions(dotted, calling.path) if dotted else ():
            if isinstance(found.node, ast.ClassDef) and self.owner is not None:
                declared, own = Class(found.node, found.module), Class(self.owner, self.module)
                inherits = self._inherits(found.node, found.module)
                return inherits or (None if _related(declared, own, self.project) else False)
        return None

    def _inherits(self, node: ast.ClassDef, module: SourceFile) -> bool:
        lineage = classes.ancestry(node, module, self.project)
        for level, _ in lineage:
            if level is self.owner:
                return True
            if members.is_function(members.member(level, self.function.name)):
                return level is self.owner
        return False

    def _is_only_one(self) -> bool:
        name = self.function.name
        return (
            self.project.remember(
                ("definitions of", name, self.module.tree),
                lambda: _count_definitions(self.project, name, self.module),
            )
            == 1
        )


def _makers(module: SourceFile, receiver: ast.expr) -> Iterator[ast.expr]:
    """What is called to make an object: in place, for the name that it has, or for the attribute
    of ``self`` that it is.
    """
    made: list[ast.expr | None] = [receiver]
    if isinstance(receiver, ast.Name):
        made = [each.value for each in module.bindings.definitions(receiver)]
    elif isinstance(receiver, ast.Attribute):
        made = [*module.bindings.member_values(receiver)]
    for value in made:
        for each in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
            if isinstance(each, ast.Call):
                yield each.func


def _annotations(module: SourceFile, receiver: ast.expr) -> Iterator[ast.expr]:
    """The annotations of the parameter or attribute that a receiver is."""
    declared: list[object] = []
    if isinstance(receiver, ast.Name):
        declared = [each.node for each in module.bindings.definitions(receiver)]
    elif isinstance(receiver, ast.Attribute):
        holder = module.bindings.class_of_self(receiver.value)
        declared = [members.member(holder, receiver.attr)] if holder is not None else []
    for each in declared:
        if isinstance(each, ast.arg | ast.AnnAssign) and each.annotation is not None:
            yield each.annotation


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
    pattern = re.compile(rf"\bdef {re.escape(name)}\b")
    texts = (
        module.text if path == module.path else project.files.text(path) or ""
        for path in holding(project, f"def {name}", module.path)
    )
    return sum(len(pattern.findall(text)) for text in texts)


def holding(project: ProjectIndex, word: str, home: str) -> list[str]:
    """The files that hold a word, and a notebook, which is not among the project's Python files."""
    found = project.holding(word)
    return [*found] if home.endswith(".py") else [*dict.fromkeys((home, *found))]


def _class_around(module: SourceFile, node: ast.AST) -> ast.ClassDef | None:
    holder: ast.AST | None = node
    while holder is not None and not isinstance(holder, ast.ClassDef):
        holder = module.parents.get(holder)
    return holder


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


def is_super(node: ast.expr) -> bool:
    """Whether it is ``super()``."""
    return isinstance(node, ast.Call) and _is_named(node.func, "super")


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def may_concern(site: Site, of: Class, project: ProjectIndex) -> bool:
    """Whether a call may be about an object of this class: not where it stands in, or makes an
    object of, a class that is neither an ancestor nor a subclass (another subclass of one base).
    """
    if is_through_super(site):
        other = _class_around(site.module, site.call)
        return other is None or _related(of, Class(other, site.module), project)
    dotted = site.module.bindings.qualified(site.call.func)
    made = project.definitions(dotted, site.module.path) if dotted else ()
    classes_made = [each for each in made if isinstance(each.node, ast.ClassDef)]
    return not classes_made or any(
        _related(of, Class(each.node, each.module), project)
        for each in classes_made
        if isinstance(each.node, ast.ClassDef)
    )


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
