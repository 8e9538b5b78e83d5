"""Whether all calls of a function are known: nobody else may give its parameters other values."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.certainty.escaping.uses import BY_UNKNOWN_NAME
from torchload_lint.source.project.call_search import naming_own_class
from torchload_lint.source.project.class_mentions import makes_nothing, mentions
from torchload_lint.source.project.families import Family, family
from torchload_lint.source.project.mentions import modules_with

if TYPE_CHECKING:
    from collections.abc import Collection

    from torchload_lint.source.certainty.overwriting import Receivers
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import FunctionNode

_BY_TEXT = ("attrgetter", "methodcaller")
_ANY_NAME = (*_BY_TEXT, "getmembers", "vars", "__dict__")
_BY_NAME = frozenset({"getattr", "methodcaller", "attrgetter", "globals", "vars", "get", "hasattr"})


class Callers:
    """Looks for whoever may call a function, besides the calls that were found."""

    def __init__(self, project: ProjectIndex, receivers: Receivers) -> None:
        self._project = project
        self._receivers = receivers

    def unknown(
        self, function: FunctionNode, module: SourceFile, found: Collection[ast.Call]
    ) -> str:
        """Where another call may be; empty where there is none. Raises TooManyError."""
        if isinstance(function, ast.Lambda):
            return "a lambda may be called by anybody"
        holder = module.parents.get(function)
        if isinstance(holder, ast.ClassDef) and function.name == "__init__":
            return self._of_class(holder, module, found)
        by_unknown_name = self._by_unknown_name(module, holder)
        if by_unknown_name:
            return by_unknown_name
        relatives = (
            family(holder, module, self._project) if isinstance(holder, ast.ClassDef) else None
        )
        return self._of_name(function.name, function, module, relatives, found)

    def _by_unknown_name(self, home: SourceFile, holder: ast.AST | None) -> str:
        """``getattr(module, name)(…)``, where the name is made up."""
        relatives = (
            family(holder, home, self._project) if isinstance(holder, ast.ClassDef) else None
        )
        for module in modules_with(self._project, "getattr", home, BY_UNKNOWN_NAME):
            for node in module.carrying("getattr"):
                call = module.parents.get(node)
                if not isinstance(call, ast.Call) or call.func is not node or not call.args[1:]:
                    continue
                if isinstance(call.args[1], ast.Constant):
                    continue
                if self._may_be(call.args[0], module, home, relatives):
                    return f"{module.path}:{call.lineno} may call it by a name that is made up"
        return self._of_any_name(home, relatives)

    def _of_any_name(self, home: SourceFile, relatives: Family | None) -> str:
        """Who asks for all that a module or an object has, or for one part by a text."""
        for word in _ANY_NAME:
            for module in modules_with(self._project, word, home):
                for node in module.carrying(word):
                    if not isinstance(node, ast.Name | ast.Attribute):
                        continue
                    if word in _BY_TEXT:
                        reaches = _by_made_up_text(node, module)
                    else:
                        asked = _asked_for_parts(node, module)
                        reaches = asked is not None and self._may_be(asked, module, home, relatives)
                    if reaches:
                        return f"{module.path}:{node.lineno} may call it among others"
        return ""

    def _may_be(
        self, asked: ast.expr, module: SourceFile, home: SourceFile, relatives: Family | None
    ) -> bool:
        if relatives is not None:
            return self._receivers.may_be_of(asked, module, relatives)
        return self._receivers.may_be_module(asked, module, home)

    def _of_name(
        self,
        name: str,
        target: ast.AST,
        home: SourceFile,
        relatives: Family | None,
        found: Collection[ast.Call],
    ) -> str:
        functions = {id(call.func) for call in found}
        names = [name]
        while names:
            word = names.pop()
            for module in modules_with(self._project, word, home):
                for node in module.carrying(word):
                    if isinstance(node, ast.alias):
                        if node.asname and node.asname not in {node.name, word}:
                            names.append(node.asname)
                        continue
                    if id(node) in functions or self._is_other(
                        node, module, target, home, relatives
                    ):
                        continue
                    if word != name and isinstance(node, ast.Constant | ast.keyword):
                        continue
                    return f"{module.path}:{getattr(node, 'lineno', 0)} may call {name}"
        return ""

    def _is_other(
        self,
        node: ast.AST,
        module: SourceFile,
        target: ast.AST,
        home: SourceFile,
        relatives: Family | None,
    ) -> bool:
        """Whether a node that carries the name certainly means something else, or calls nothing."""
        if isinstance(node, ast.keyword):
            return True
        if isinstance(node, ast.Constant):
            return not _names_a_function(node, module)
        if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.Name):
            return self._is_other_name(node, module, target, relatives)
        if relatives is not None:
            return not self._receivers.may_be_of(node.value, module, relatives)
        if module.bindings.class_of_self(node.value) is not None:
            return True
        return not self._receivers.may_be_module(node.value, module, home)

    def _is_other_name(
        self, node: ast.Name, module: SourceFile, target: ast.AST, relatives: Family | None
    ) -> bool:
        definitions = module.bindings.definitions(node)
        if relatives is not None:
            return not any(each.node is target for each in definitions)
        if any(each.node is target for each in definitions):
            return False
        meanings = module.bindings.possible(node)
        return not any(
            each.node is target
            for meaning in meanings
            if meaning
            for each in self._project.definitions(meaning, module.path)
        )

    def _of_class(self, owner: ast.ClassDef, home: SourceFile, found: Collection[ast.Call]) -> str:
        relatives = family(owner, home, self._project)
        functions = {id(call.func) for call in found}
        for subclass, where in relatives.subclasses.items():
            for module, node in mentions(subclass, where, self._project):
                if id(node) not in functions:
                    return f"{module.path}:{node.lineno} may make an object of {subclass.name}"
        for level, where in relatives.members.items():
            for named in naming_own_class(level, where):
                call = where.parents.get(named.node)
                is_called = isinstance(call, ast.Call) and call.func is named.node
                if is_called and id(named.node) not in functions:
                    return f"{where.path}:{named.node.lineno} makes an object of its own class"
                if not is_called and named.is_certain and not makes_nothing(named.node, where):
                    return f"{where.path}:{named.node.lineno} hands its own class on"
        return self._by_unknown_name(home, None)


def _asked_for_parts(node: ast.Name | ast.Attribute, module: SourceFile) -> ast.expr | None:
    """What is asked for all its parts: ``vars(x)``, ``getmembers(x)``, ``x.__dict__``."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return node.value
    call = module.parents.get(node)
    given = call.args if isinstance(call, ast.Call) and call.func is node else []
    return given[0] if given else None


def _by_made_up_text(node: ast.Name | ast.Attribute, module: SourceFile) -> bool:
    """``attrgetter(text)``, ``methodcaller(text)``, where the text does not stand there."""
    call = module.parents.get(node)
    given = call.args if isinstance(call, ast.Call) and call.func is node else []
    return not given or not isinstance(given[0], ast.Constant)


def _names_a_function(node: ast.Constant, module: SourceFile) -> bool:
    """Whether a text may be the name under which something is looked up and called."""
    parent = module.parents.get(node)
    if isinstance(parent, ast.Call):
        name = (
            parent.func.attr
            if isinstance(parent.func, ast.Attribute)
            else getattr(parent.func, "id", "")
        )
        return name in _BY_NAME or name.startswith(("get", "call", "load", "import"))
    if isinstance(parent, ast.Subscript):
        held = parent.value
        if isinstance(held, ast.Call):
            return getattr(held.func, "id", "") in {"globals", "locals", "vars"}
        return isinstance(held, ast.Attribute) and held.attr == "__dict__"
    return False
