"""Whether something that can be changed may have been changed where nobody looked.

A dictionary, a list, an object of the project is what it was made as only for as long as everybody
who can see it leaves it alone. Every use of its name is looked at: what reads it is let pass, what
hands it to another function of the project is followed there, and what changes it, gives it away
or is not understood is a reason not to be certain.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from torchload_lint.source.certainty.escaping import handed_on, seen_in, unnamed_uses, uses
from torchload_lint.source.certainty.escaping.asked import shown
from torchload_lint.source.certainty.escaping.seen_changes import SeenChange, changed
from torchload_lint.source.certainty.escaping.uses import PlaceOfUse
from torchload_lint.source.project.mentions import TooManyError
from torchload_lint.source.text.candidates import on_rows, rows_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torchload_lint.source.certainty.escaping.asked import Asked
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.text.definitions import FunctionNode

_DEEPEST = 8
"""How many names one thing is followed through."""


def _names_in(function: FunctionNode) -> dict[str, list[ast.Name]]:
    """The names in a function, by how they are spelled; found once, whoever of its loads asks."""
    found: dict[str, list[ast.Name]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            found.setdefault(node.id, []).append(node)
    return found


class Watch:
    """Follows one thing through its uses; ``evaluator`` tells what functions are known."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._seen: set[object] = set()

    def variable(self, name: ast.Name, module: SourceFile, asked: Asked, depth: int = 0) -> str:
        """Why what a name stands for may be another than it was made as; empty where it is not."""
        project = self.evaluator.project
        why = self._each_of(uses.of_variable(name, module, project), asked, depth)
        if why or not uses.is_of_module(name, module):
            return why
        return self._each_of(unnamed_uses.of_module(name.id, module, project), asked, depth)

    def module_name(self, name: str, module: SourceFile, asked: Asked) -> str:
        """The same for a name of a module that is seen from another file."""
        project = self.evaluator.project
        listed = (
            uses.of_module_name(name, module, project),
            unnamed_uses.of_module(name, module, project),
        )
        return next(filter(None, (self._each_of(each, asked, 0) for each in listed)), "")

    def attribute(self, name: str, home: SourceFile, asked: Asked, depth: int = 0) -> str:
        """The same for what an attribute holds, of whatever object."""
        if ("attribute", name) in self._seen:
            return ""
        self._seen.add(("attribute", name))
        return self._each_of(uses.of_attribute(name, home, self.evaluator.project), asked, depth)

    def parameter(
        self, arg: ast.arg, function: FunctionNode, module: SourceFile, asked: Asked, depth: int
    ) -> str:
        """The same for what a function is given."""
        if (arg, asked.deep) in self._seen:
            return ""
        self._seen.add((arg, asked.deep))
        if depth > _DEEPEST:
            return f"{arg.arg} is handed on too often to be followed"
        names = module.remember(("names of", function), lambda: _names_in(function))
        for node in names.get(arg.arg, ()):
            defined = module.bindings.definitions(node)
            if isinstance(node.ctx, ast.Load) and all(d.node is not arg for d in defined):
                continue
            why = self.use(PlaceOfUse(module, node), asked, depth + 1)
            if why:
                return why
        return ""

    def _each_of(self, listed: Iterator[PlaceOfUse], asked: Asked, depth: int) -> str:
        """The same of places that are found one by one: its own file's come first, and where there
        are too many others, these are looked at all the same.
        """
        try:
            return self.any_of(listed, asked, depth)
        except TooManyError as error:
            return str(error)

    def any_of(self, listed: Iterable[PlaceOfUse], asked: Asked, depth: int) -> str:
        """The first reason that one of some uses gives."""
        if depth > _DEEPEST:
            return "it is handed on too often to be followed"
        for use in listed:
            why = self.use(use, asked, depth)
            if why:
                return why
        return ""

    def use(self, use: PlaceOfUse, asked: Asked, depth: int) -> str:
        """Why this use may change the thing; empty where it does not."""
        module, node, within, key = use
        if within:
            asked = asked._replace(key=key, deep=asked.deep + 1, items=False)
        if (node, asked.deep, asked.items) in self._seen:
            return ""
        self._seen.add((node, asked.deep, asked.items))
        parent = module.parents.get(node)
        if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
            return self._rebound(use, parent, asked, depth)
        handler = None if parent is None else _HANDLERS.get(type(parent))
        if handler is None:
            return (
                ""
                if isinstance(parent, _HARMLESS)
                else shown(node, "is used in a way that is not followed")
            )
        return handler(self, use, parent, asked, depth)

    def _rebound(self, use: PlaceOfUse, parent: ast.AST | None, asked: Asked, depth: int) -> str:
        """Where it is given a value: ``thing = other = []`` gives that another name, too."""
        if isinstance(parent, ast.AugAssign) and asked.items:
            return changed(use.node, "is changed in place")
        if isinstance(parent, ast.NamedExpr):  # ``(thing := value)`` is another place of it
            return self.use(PlaceOfUse(use.module, parent), asked, depth)
        targets = parent.targets if isinstance(parent, ast.Assign) else []
        others = (each for each in targets if each is not use.node)
        return next(filter(None, (self.stored_in(use, each, asked, depth) for each in others)), "")

    def part(self, use: PlaceOfUse, asked: Asked, depth: int, key: str | None = None) -> str:
        """A part of the thing, where parts can be changed."""
        if not asked.deep or (key is not None and asked.key not in {None, key}):
            return ""
        return self.use(
            use, asked._replace(key=None, place=None, items=True, deep=asked.deep - 1), depth
        )

    def copied(self, use: PlaceOfUse, asked: Asked, depth: int) -> str:
        """Something new that holds the same parts."""
        if not asked.deep:
            return ""
        return self.use(use, asked._replace(key=None, place=None, items=False), depth)

    def stored_in(self, use: PlaceOfUse, target: ast.expr, asked: Asked, depth: int) -> str:
        """Why what a target is given may be changed there."""
        module = use.module
        if isinstance(target, ast.Name):
            return self._renamed(target, module, asked, depth)
        if isinstance(target, ast.Attribute):
            project = self.evaluator.project
            if project.holding("def __setattr__(") or project.holding(f"{target.attr}.setter"):
                return shown(use.node, "is given to a setter")
            return self.attribute(
                target.attr, module, asked._replace(key=None, place=None), depth + 1
            )
        if isinstance(target, ast.Tuple | ast.List):
            if not asked.deep:
                return ""
            parts = asked._replace(key=None, place=None, items=True, deep=asked.deep - 1)
            return next(
                filter(None, (self.stored_in(use, part, parts, depth) for part in target.elts)), ""
            )
        return shown(use.node, "is kept in something else")

    def _renamed(self, target: ast.Name, module: SourceFile, asked: Asked, depth: int) -> str:
        scope = module.bindings.scope(module.statement(target))
        read, augmented = module.remember(
            ("renamed to", target), lambda: _places_of(target, scope, module)
        )
        places = [PlaceOfUse(module, node) for node in read]
        if augmented and asked.items:
            return SeenChange(f"{target.id} is changed in place")
        if isinstance(scope, ast.Module | ast.ClassDef):
            try:
                places += list(uses.of_attribute(target.id, module, self.evaluator.project))
                places += [
                    use
                    for use in uses.of_module_name(target.id, module, self.evaluator.project)
                    if use.module is not module
                ]
            except TooManyError as error:
                return str(error)
        return self.any_of(places, asked._replace(key=None, place=None), depth + 1)


def _places_of(target: ast.Name, scope: ast.AST, module: SourceFile) -> tuple[list[ast.Name], bool]:
    """Where a name in a scope may stand for what the target is given; whether it is changed in
    place somewhere (``name += …``).
    """
    nodes = on_rows(scope, rows_with(module.lines, [target.id], scope))
    named = [one for one in nodes if isinstance(one, ast.Name) and one.id == target.id]
    around = ((node, module.parents.get(node)) for node in named)
    augmented = any(
        isinstance(parent, ast.AugAssign) and parent.target is node for node, parent in around
    )
    read = [
        node
        for node in named
        if isinstance(node.ctx, ast.Load)
        and (
            not (found := module.bindings.definitions(node))
            or any(_binds(each.node, target) for each in found)
        )
    ]
    return read, augmented


def _binds(definition: ast.AST, target: ast.Name) -> bool:
    return any(node is target for node in ast.walk(definition))


_HARMLESS = (
    ast.Expr,
    ast.FormattedValue,
    ast.JoinedStr,
    ast.Assert,
    ast.If,
    ast.While,
    ast.UnaryOp,
    ast.Delete,
    ast.Slice,
    ast.Raise,
)
_HANDLERS: dict[type[ast.AST], Callable[[Watch, PlaceOfUse, Any, Asked, int], str]] = {
    ast.Subscript: seen_in.of_part,
    ast.Attribute: handed_on.of_attribute,
    ast.Call: handed_on.of_call,
    ast.keyword: handed_on.of_call,
    ast.Starred: handed_on.of_call,
    ast.Assign: seen_in.of_assignment,
    ast.AnnAssign: seen_in.of_assignment,
    ast.NamedExpr: seen_in.of_assignment,
    ast.Return: seen_in.of_return,
    ast.For: seen_in.of_loop,
    ast.AsyncFor: seen_in.of_loop,
    ast.comprehension: seen_in.of_loop,
    ast.BoolOp: seen_in.of_choice,
    ast.IfExp: seen_in.of_choice,
    ast.List: seen_in.of_display,
    ast.Tuple: seen_in.of_display,
    ast.Set: seen_in.of_display,
    ast.Dict: seen_in.of_display,
    ast.BinOp: seen_in.of_operator,
    ast.Compare: seen_in.of_comparison,
    ast.arguments: seen_in.of_default,
    ast.AugAssign: seen_in.of_value,
}
