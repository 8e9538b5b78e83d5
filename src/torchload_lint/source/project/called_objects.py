"""The object that a method is called on: of which classes it may be."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.domain.values import Class
from torchload_lint.source.names import members
from torchload_lint.source.project import classes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.names.bindings import Definition
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import Found, ProjectIndex

_STATIONS = 3
"""How many names and attributes are followed from an object to where it was made."""
_STRUCTURAL = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
GIVING_BACK = frozenset({"torch.compile", "torch.nn.SyncBatchNorm.convert_sync_batchnorm"})
"""They give back their first argument, or what stands for it (torch 2.13)."""
RETURNING_SELF = frozenset({"cpu", "cuda", "double", "eval", "float", "half", "to", "train"})
"""Methods of torch.nn.Module that return ``self`` (torch 2.13, nn/modules/module.py)."""


class Candidate(NamedTuple):
    """A class that an object may be of."""

    of: Class | None
    """None for a class of another package."""
    exact: bool = False
    """Whether it is this class itself, and never a subclass."""


class CalledObject(NamedTuple):
    """What is known of an object."""

    candidates: tuple[Candidate, ...] = ()
    complete: bool = False
    """Whether it is certainly of one of them."""


def called_object(project: ProjectIndex, module: SourceFile, receiver: ast.expr) -> CalledObject:
    """What is known of the object that an expression stands for: ``self``, what a class was called
    for, what an annotation says.
    """
    found = tuple(dict.fromkeys(_Looking(project, module).at(receiver, _STATIONS)))
    known = tuple(each for each in found if each is not None)
    return CalledObject(known, bool(found) and None not in found)


class _Looking:
    """Yields candidates, and None for what is not known."""

    def __init__(self, project: ProjectIndex, module: SourceFile) -> None:
        self._project = project
        self._module = module

    def at(self, node: ast.expr, stations: int) -> Iterator[Candidate | None]:
        """What an expression may be."""
        bindings = self._module.bindings
        holder = bindings.class_of_self(node)
        if holder is not None:
            yield Candidate(Class(holder, self._module))
        elif isinstance(node, ast.Call):
            same = self._handed_back(node, stations)
            made = self._made_by(node.func, stations) if same is None else self.at(same, stations)
            yield from made
        elif isinstance(node, ast.IfExp | ast.BoolOp | ast.NamedExpr):
            for each in _parts(node):
                yield from self.at(each, stations)
        elif isinstance(node, ast.Name) and stations:
            for definition in bindings.definitions(node) or (None,):
                yield from self._defined(definition, stations - 1)
        elif isinstance(node, ast.Attribute | ast.Subscript) and stations:
            yield from self._part(node, stations - 1)
        elif not (isinstance(node, ast.Constant) and node.value is None):
            yield None

    def _defined(self, definition: Definition | None, stations: int) -> Iterator[Candidate | None]:
        node = definition.node if definition is not None else None
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield from self.annotated(node.annotation)
        elif definition is not None and definition.value is not None and definition.kind != "with":
            yield from self.at(definition.value, stations)
        else:
            yield None

    def _part(
        self, node: ast.Attribute | ast.Subscript, stations: int
    ) -> Iterator[Candidate | None]:
        if isinstance(node, ast.Attribute):
            yield from self._attribute(node, stations)
            return
        for each in self._entries(node):
            yield from self.at(each, stations)
        yield None

    def _attribute(self, node: ast.Attribute, stations: int) -> Iterator[Candidate | None]:
        holder = self._module.bindings.class_of_self(node.value)
        declared = members.member(holder, node.attr) if holder is not None else None
        if isinstance(declared, ast.AnnAssign):
            yield from self.annotated(declared.annotation)
            return
        values = self._module.bindings.member_values(node)
        for value in values:
            yield from self.at(value, stations)
        if not values and holder is None:
            yield from self._of_other(node, stations)
        if not values and holder is not None:
            yield from self._by_property(declared, self._module, stations)

    def _of_other(self, node: ast.Attribute, stations: int) -> Iterator[Candidate | None]:
        """``app.reader``: what the class of ``app`` sets, and perhaps something else."""
        for owner in self.at(node.value, stations):
            if owner is None or owner.of is None:
                continue
            for level, where in classes.ancestry(owner.of.node, owner.of.module, self._project):
                values = where.bindings.class_values(level, node.attr)
                there = _Looking(self._project, where)
                for value in values:
                    yield from there.at(value, stations)
                declared = members.member(level, node.attr)
                if isinstance(declared, ast.AnnAssign):
                    yield from there.annotated(declared.annotation)
                elif not values:
                    yield from self._by_property(declared, where, stations)
        yield None

    def _by_property(
        self, declared: ast.stmt | None, module: SourceFile, stations: int
    ) -> Iterator[Candidate | None]:
        """What a property yields; a subclass may have another one."""
        if members.is_function(declared) and members.is_computed(declared):
            yield from _Looking(self._project, module).returned(declared, stations)
        yield None

    def returned(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef, stations: int
    ) -> Iterator[Candidate | None]:
        """What a function says that it returns, or else what stands behind its ``return``."""
        if function.returns is not None:
            yield from self.annotated(function.returns)
            return
        found = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Return)
            and node.value is not None
            and self._module.function(node) is function
        ]
        for value in found if stations else ():
            yield from self.at(value, stations - 1)
        if not (found and stations):
            yield None

    def _entries(self, node: ast.Subscript) -> Iterator[ast.expr]:
        """What displays of a dictionary hold under a key that is written."""
        bindings, key = self._module.bindings, node.slice
        shown: list[ast.expr | None] = []
        if isinstance(node.value, ast.Name):
            shown = [one.value for one in bindings.definitions(node.value)]
        elif isinstance(node.value, ast.Attribute):
            shown = [*bindings.member_values(node.value)]
        if not isinstance(key, ast.Constant):
            return
        for display in shown:
            if isinstance(display, ast.Dict):
                for name, value in zip(display.keys, display.values, strict=True):
                    if isinstance(name, ast.Constant) and name.value == key.value:
                        yield value

    def _handed_back(self, call: ast.Call, stations: int) -> ast.expr | None:
        """The object that a call gives back as it was: ``net.cuda()`` of a module of ours."""
        if call.args and self._module.bindings.qualified(call.func) in GIVING_BACK:
            return call.args[0]
        func = call.func
        if not isinstance(func, ast.Attribute) or func.attr not in RETURNING_SELF:
            return None
        found = tuple(self.at(func.value, stations))
        own = [each.of for each in found if each is not None and each.of is not None]
        is_kept = bool(own) and all(self._keeps_itself(of, func.attr) for of in own)
        return func.value if is_kept else None

    def _keeps_itself(self, of: Class, method: str) -> bool:
        """Whether a class is a torch module with torch's own method of that name."""
        levels = tuple(classes.ancestry(of.node, of.module, self._project))
        bases = {str(base) for node, module in levels for base in classes.bases(node, module)}
        has_own = any(members.member(node, method) is not None for node, _ in levels)
        return not has_own and any(base.startswith("torch.nn.") for base in bases)

    def _made_by(self, maker: ast.expr, stations: int) -> Iterator[Candidate | None]:
        """What a call yields: an object of the class, or what a function returns."""
        if isinstance(maker, ast.Subscript):
            for entry in self._entries(maker) if stations else ():
                yield from self._made_by(entry, stations - 1)
            yield None
            return
        dotted = self._module.bindings.qualified(maker)
        found = self._project.definitions(dotted, self._module.path) if dotted else ()
        for each in found:
            if isinstance(each.node, ast.ClassDef):
                yield Candidate(_class(each), exact=True)
            elif members.is_function(each.node) and not _is_odd(each.node):
                yield from _Looking(self._project, each.module).returned(each.node, stations)
            else:
                yield None
        own = tuple(self._class_asked(dotted or ""))
        yield from own
        if not found and not own:
            yield from _of_another_package(dotted or "")

    def _class_asked(self, dotted: str) -> Iterator[Candidate | None]:
        """What ``Net.from_pretrained(…)`` most likely yields: an object of that class of ours."""
        owner = dotted.rpartition(".")[0]
        for each in self._project.definitions(owner, self._module.path) if owner else ():
            if isinstance(each.node, ast.ClassDef):
                yield Candidate(_class(each))
                yield None

    def annotated(self, annotation: ast.expr) -> Iterator[Candidate | None]:
        """The classes that an annotation names: the object may be of a subclass, too."""
        if isinstance(annotation, ast.Constant) and annotation.value is None:
            return
        if isinstance(annotation, ast.BinOp):
            yield from self.annotated(annotation.left)
            yield from self.annotated(annotation.right)
            return
        if isinstance(annotation, ast.Subscript) and _is_optional(annotation.value):
            yield from self.annotated(annotation.slice)
            return
        found = tuple(self._named(annotation))
        for each in found:
            structural = isinstance(each.node, ast.ClassDef) and not _STRUCTURAL.isdisjoint(
                map(str, classes.bases(each.node, each.module))
            )
            yield None if structural else Candidate(_class(each))
        if not found:
            dotted = self._module.bindings.qualified(annotation) or ""
            yield Candidate(None) if dotted.startswith("builtins.") else None

    def _named(self, annotation: ast.expr) -> Iterator[Found]:
        """The classes of the project that a name stands for, be it written as a text."""
        bindings = self._module.bindings
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            dotted = [
                each.qualified or bindings.qualname(each.node)
                for each in bindings.module_definitions(annotation.value)
            ]
        else:
            dotted = [bindings.qualified(annotation) or ""]
        for name in dotted:
            for found in self._project.definitions(name, self._module.path) if name else ():
                if isinstance(found.node, ast.ClassDef):
                    yield found


def _class(found: Found) -> Class:
    assert isinstance(found.node, ast.ClassDef)
    return Class(found.node, found.module)


def _parts(node: ast.IfExp | ast.BoolOp | ast.NamedExpr) -> list[ast.expr]:
    """The expressions one of which a choice is, or what is given a name on the way."""
    if isinstance(node, ast.BoolOp):
        return node.values
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node.value]


def _is_odd(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a call may yield something else than what is returned, where nothing is said."""
    is_plain = isinstance(function, ast.FunctionDef) and not function.decorator_list
    return function.returns is None and not is_plain


def _is_optional(node: ast.expr) -> bool:
    return ast.unparse(node).rpartition(".")[2] == "Optional"


def _of_another_package(dotted: str) -> Iterator[Candidate | None]:
    """What another package makes: an object of its own class, or, where it is a function of a
    library, perhaps one of ours; ``hydra.utils.instantiate`` makes what a configuration names.
    """
    package, name = dotted.partition(".")[0], dotted.rpartition(".")[2]
    if package in {"", "self", "__main__"} or name == "instantiate":
        yield None
        return
    yield Candidate(None)
    is_class = name[:1].isupper()
    if not is_class and package not in {"builtins", *sys.stdlib_module_names}:
        yield None
