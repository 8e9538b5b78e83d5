"""What each local name stands for: imports, aliases, shadowing, partials, reaching definitions."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING

from torchload_lint.source.names.reaching import BUILTINS, Reaching
from torchload_lint.source.text.candidates import statements
from torchload_lint.source.text.definitions import FUNCTIONS, Definition, defaults
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from torchload_lint.source.text.text import Lines

__all__ = ["Bindings", "Definition"]

_DEPTH = 12
"""How many aliases are followed one after another."""
_STEPS = 500
"""How many expressions are looked at for one question."""
STATIC = "builtins.staticmethod"
"""What a class calls a function by that gets no ``self``."""
CUSTOMARY = {"torch": "torch", "th": "torch", "os": "os", "sys": "sys", "np": "numpy",
             "osp": "os.path", "Path": "pathlib.Path", "functools": "functools",
             "partial": "functools.partial", "json": "json", "glob": "glob"}  # fmt: skip
"""What an unbound name means where ``from x import *`` may have brought it: by custom."""


def _of_torch_itself(name: str) -> str:
    """``torch.load`` for ``torch.nn.functional.torch.load``: its modules import it by its name."""
    if ".torch." in name and name.startswith("torch"):
        return "torch." + name.rpartition(".torch.")[2]
    return name


class Bindings(Reaching):
    """Answers about names in one file. Built lazily: asking for one name costs one function."""

    def __init__(
        self,
        tree: ast.Module,
        parents: Mapping[ast.AST, ast.AST],
        *,
        name: str = "",
        is_package: bool = False,
        lines: Lines,
    ) -> None:
        """``name``: the module's dotted name; ``is_package``: whether this is an ``__init__``;
        ``lines``: the source, in which words are looked up before the tree is searched for them.
        """
        super().__init__(tree, parents, name=name, is_package=is_package, lines=lines)
        self._possible: dict[ast.expr, frozenset[str]] = {}
        self._assigned: dict[ast.ClassDef, dict[str, list[ast.expr]]] = {}
        self._of_self: dict[ast.Name, ast.ClassDef | None] = {}
        self._budget = 0
        self._asking = False

    def imports_module(self, name: str) -> bool:
        """Whether importing this file always imports the module ``name`` (or a part of it)."""
        return any(f"{imported}.".startswith(f"{name}.") for imported in self._always_imported)

    @cached_property
    def _always_imported(self) -> frozenset[str]:
        """What the imports name that stand at the top of the file, in no branch and no ``try``
        (which may end above them).
        """
        return frozenset(
            imported
            for definitions in self.flow(self.tree).all.values()
            for definition in definitions
            if definition.kind in {"import", "star-import"}
            for imported in self._imported_at_top(definition)
        )

    def _imported_at_top(self, definition: Definition) -> tuple[str, ...]:
        alias = definition.node
        assert isinstance(alias, ast.alias)
        statement = self._parents.get(alias)
        if statement is None or self._parents.get(statement) is not self.tree:
            return ()
        if isinstance(statement, ast.ImportFrom):
            return (f"{definition.qualified}",)
        return (alias.name,)

    # which meaning

    def qualified(self, expression: ast.expr) -> str | None:
        """The dotted name that an expression stands for when imports and aliases are undone.

        ``torch.load`` for ``t.load`` after ``import torch as t``; for an alias assigned once
        (``tl = torch.load``) what it was assigned; ``builtins.open`` for a builtin; a class or
        function of the file itself as ``<module name>.<qualname>``. None where it cannot be said,
        or where different branches disagree.
        """
        found = self.possible(expression)
        return next(iter(found)) if len(found) == 1 and "" not in found else None

    def possible(self, expression: ast.expr) -> frozenset[str]:
        """Every dotted name that an expression may stand for; ``""`` among them where it may also
        be something unknown. A branch that leaves None (``except ImportError: torch = None``) is
        left out: it can be neither called nor looked into.
        """
        known = self._possible.get(expression)
        if known is None:
            outermost = not self._asking
            if outermost:
                self._budget, self._asking = _STEPS, True
            found = map(_of_torch_itself, self._meanings(expression, _DEPTH))
            known = self._possible[expression] = frozenset(found)
            if outermost:
                self._asking = False
        return known

    def exported(self, name: str) -> frozenset[str]:
        """Every dotted name that a module-level name may stand for when the file has run."""
        self._budget = _STEPS
        return frozenset(
            meaning
            for definition in self.module_definitions(name)
            for meaning in self.meanings_of(definition, name)
        )

    def _meanings(self, node: ast.expr, depth: int) -> Iterator[str]:
        self._budget -= 1
        if depth == 0 or self._budget < 0:
            yield ""
        elif isinstance(node, ast.Name):
            yield from self._name_meanings(node, depth)
        elif isinstance(node, ast.Attribute):
            yield from self._attribute_meanings(node, depth)
        elif isinstance(node, ast.Call):
            yield from self._call_meanings(node, depth)
        elif isinstance(node, ast.Subscript):
            yield from self._subscript_meanings(node, depth)
        elif not isinstance(node, ast.Constant):
            for choice in _choices(node):
                yield from self._meanings(choice, depth - 1) if choice is not None else ("",)

    def _name_meanings(self, node: ast.Name, depth: int) -> Iterator[str]:
        reaching = self.definitions(node)
        if not reaching:
            yield f"builtins.{node.id}" if node.id in BUILTINS else ""
        for definition in reaching:
            yield from self.meanings_of(definition, node.id, depth)

    def meanings_of(self, definition: Definition, name: str, depth: int = _DEPTH) -> Iterator[str]:
        """The dotted names that one definition may give to a name."""
        kind = definition.kind
        if kind == "import":
            yield definition.qualified
        elif kind == "star-import":
            yield self._star_meaning(definition.qualified, name)
        elif kind in {"function", "class"}:
            yield self.qualname(definition.node)
        elif kind in {"assign", "walrus"} and definition.value is not None:
            yield from self._meanings(definition.value, depth - 1)
        elif kind == "parameter":
            default = self.parameter_default(definition)
            if default is not None:
                yield from self._meanings(default, depth - 1)
            yield ""
        elif kind not in {"delete", "typing-import"}:
            yield ""

    def _star_meaning(self, origin: str, name: str) -> str:
        """What ``from origin import *`` makes of a name; torch's own ``__all__`` holds ``load``."""
        if origin.partition(".")[0] != "torch" and name in CUSTOMARY:
            return CUSTOMARY[name]
        return f"{origin}.{name}"

    def _attribute_meanings(self, node: ast.Attribute, depth: int) -> Iterator[str]:
        holder = self.class_of_self(node.value)
        if holder is not None:
            yield from self._member_meanings(holder, node.attr, depth)
            return
        for meaning in self._meanings(node.value, depth - 1):
            local = self._local_class(meaning) if meaning else None
            if local is not None and self._class_assignments(local, node.attr):
                yield from self._member_meanings(local, node.attr, depth)
            else:
                yield f"{meaning}.{node.attr}" if meaning else ""

    def member_values(self, node: ast.Attribute) -> list[ast.expr]:
        """What the class around assigns to ``self.x`` or ``cls.x`` (or ``Class.x``)."""
        holder = self.class_of_self(node.value)
        if holder is None:
            meaning = self.qualified(node.value)
            holder = self._local_class(meaning) if meaning else None
        return list(self._class_assignments(holder, node.attr)) if holder is not None else []

    def class_values(self, holder: ast.ClassDef, name: str) -> list[ast.expr]:
        """What a class of this file assigns to an attribute of its objects."""
        return list(self._class_assignments(holder, name))

    def _class_assignments(self, holder: ast.ClassDef, name: str) -> Sequence[ast.expr]:
        """What a class assigns to an attribute; all of a class is looked through once."""
        if holder not in self._assigned:
            self._assigned[holder] = _assigned_in(holder)
        return self._assigned[holder].get(name, ())

    def _member_meanings(self, holder: ast.ClassDef, name: str, depth: int) -> Iterator[str]:
        values = self._class_assignments(holder, name)
        for value in values:
            yield from self._meanings(value, depth - 1)
        if not values:
            methods = [
                part for part in holder.body if isinstance(part, FUNCTIONS) and part.name == name
            ]
            yield self.qualname(methods[-1]) if methods else ""

    def _call_meanings(self, node: ast.Call, depth: int) -> Iterator[str]:
        """``getattr(torch, "load")``, ``attrgetter("load")(torch)``, ``__import__("torch")``,
        ``importlib.import_module("torch")`` and ``staticmethod(torch.load)``.
        """
        path = self._path_of_getter(node.func, depth)
        if path and len(node.args) == 1:
            for meaning in self._meanings(node.args[0], depth - 1):
                yield f"{meaning}.{path}" if meaning else ""
            return
        texts = [text_of(part) for part in node.args]
        for function in self._meanings(node.func, depth - 1):
            if function in {"importlib.import_module", "builtins.__import__"} and texts:
                yield texts[0]
            elif function == "builtins.getattr" and len(texts) > 1 and texts[1]:
                for meaning in self._meanings(node.args[0], depth - 1):
                    yield f"{meaning}.{texts[1]}" if meaning else ""
            elif function == STATIC and len(node.args) == 1:
                yield from self._meanings(node.args[0], depth - 1)
            else:
                yield ""

    def _path_of_getter(self, node: ast.expr, depth: int) -> str:
        """``load`` of ``operator.attrgetter("load")``; empty for any other expression."""
        if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
            return ""
        path = text_of(node.args[0])
        is_getter = path and "operator.attrgetter" in self._meanings(node.func, depth - 1)
        return path if is_getter else ""

    def _subscript_meanings(self, node: ast.Subscript, depth: int) -> Iterator[str]:
        """``sys.modules["torch"]`` and ``vars(torch)["load"]``, ``torch.__dict__["load"]``."""
        key = text_of(node.slice)
        if isinstance(node.slice, ast.Name) and node.slice.id == "__name__":
            key = self.name
        if not key:
            yield ""
            return
        holder = node.value
        if isinstance(holder, ast.Call) and self.qualified(holder.func) == "builtins.vars":
            for meaning in self._meanings(holder.args[0], depth - 1) if holder.args else ():
                yield f"{meaning}.{key}" if meaning else ""
            return
        for meaning in self._meanings(holder, depth - 1):
            if meaning == "sys.modules":
                yield key
            elif meaning.endswith(".__dict__"):
                yield f"{meaning.removesuffix('.__dict__')}.{key}"
            else:
                yield ""

    # where things stand

    def qualname(self, node: ast.AST) -> str:
        """``<module name>.<qualname>`` of a class or function, without ``<locals>``."""
        parts = self.enclosing_names(node)
        return ".".join(part for part in (self.name or "__main__", *parts) if part)

    def enclosing_names(self, node: ast.AST) -> list[str]:
        """The names of the functions and classes around a place, its own first where it is one."""
        names: list[str] = []
        current: ast.AST | None = node
        while current is not None:
            if isinstance(current, (*FUNCTIONS, ast.ClassDef)):
                names.append(current.name)
            current = self._parents.get(current)
        return names[::-1]

    def class_of_self(self, node: ast.expr) -> ast.ClassDef | None:
        """The class whose instance (or which class) ``self`` and ``cls`` are, in a method."""
        if not isinstance(node, ast.Name):
            return None
        if node not in self._of_self:
            self._of_self[node] = self._class_of_self(node)
        return self._of_self[node]

    def _class_of_self(self, node: ast.Name) -> ast.ClassDef | None:
        if not self._may_be_self(node):
            return None
        found: ast.ClassDef | None = None
        for definition in self.definitions(node):  # all of them: it may be given anew in between
            function = self._function_of_parameter(definition)
            if function is None:
                return None
            first = [*function.args.posonlyargs, *function.args.args][:1]
            holder = self._parents.get(function)
            if first != [definition.node] or not isinstance(holder, ast.ClassDef):
                return None
            if any(self.qualified(mark) == STATIC
                   for mark in function.decorator_list):  # fmt: skip
                return None
            found = holder
        return found

    def _may_be_self(self, node: ast.Name) -> bool:
        """Whether a function around has a first parameter of that name: its definitions, which
        take longer, need not be looked at otherwise.
        """
        around = self._parents.get(node)
        while around is not None:
            if isinstance(around, FUNCTIONS):
                first = [*around.args.posonlyargs, *around.args.args][:1]
                if any(argument.arg == node.id for argument in first):
                    return True
            around = self._parents.get(around)
        return False

    def _function_of_parameter(
        self, definition: Definition
    ) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        if definition.kind != "parameter":
            return None
        node = self._parents.get(definition.node)
        node = self._parents.get(node) if node is not None else None
        return node if isinstance(node, FUNCTIONS) else None

    def parameter_default(self, definition: Definition) -> ast.expr | None:
        """The default of a parameter, where it has one."""
        function = self._function_of_parameter(definition)
        if function is None or not isinstance(definition.node, ast.arg):
            return None
        return defaults(function.args).get(definition.node.arg)

    def _local_class(self, meaning: str) -> ast.ClassDef | None:
        """The class of this file of that dotted name, if it stands at module level."""
        prefix, _, name = meaning.rpartition(".")
        if prefix != (self.name or "__main__"):
            return None
        for definition in self.flow(self.tree).all.get(name, ()):
            if isinstance(definition.node, ast.ClassDef):
                return definition.node
        return None


def _assigned_in(holder: ast.ClassDef) -> dict[str, list[ast.expr]]:
    """Attribute → what a class assigns to it: in its body, and through ``self`` in its methods."""
    found: dict[str, list[ast.expr]] = {}
    for part in holder.body:
        if isinstance(part, FUNCTIONS):
            receiver = [*part.args.posonlyargs, *part.args.args][:1]
            for target, value in _assignments(statements(part.body)) if receiver else ():
                if not isinstance(target, ast.Attribute):
                    continue
                if isinstance(target.value, ast.Name) and target.value.id == receiver[0].arg:
                    found.setdefault(target.attr, []).append(value)
        else:
            for target, value in _assignments([part]):
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(value)
    return found


def _assignments(nodes: Iterable[ast.stmt]) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The targets of the assignments among some statements, with what each is given, in the order
    of the file.
    """
    found = [node for node in nodes if isinstance(node, (ast.Assign, ast.AnnAssign))]
    for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if node.value is not None:
                yield from _paired(target, node.value)


def _paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """``a, b = x, y`` one by one, where nothing is starred."""
    many = isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List))
    if not many:
        yield target, value
        return
    assert isinstance(target, (ast.Tuple, ast.List))
    assert isinstance(value, (ast.Tuple, ast.List))
    starred = any(isinstance(each, ast.Starred) for each in (*target.elts, *value.elts))
    if not starred and len(target.elts) == len(value.elts):
        for part, given in zip(target.elts, value.elts, strict=True):
            yield from _paired(part, given)


def _choices(node: ast.expr) -> list[ast.expr] | list[None]:
    """The expressions that one expression may be equal to; [None] where it is something new."""
    if isinstance(node, ast.NamedExpr):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    return list(node.values) if isinstance(node, ast.BoolOp) else [None]
