"""Decorators that give back what they are given, as their source shows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.source.names.members import is_function
from torchload_lint.source.proofs.installed import in_packages
from torchload_lint.source.proofs.known.harmless import DECORATORS, METACLASSES
from torchload_lint.source.proofs.lineage import UnprovenError
from torchload_lint.source.proofs.uses.missing import answered_elsewhere, defined_anew
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import Found, ProjectIndex

PROPERTIES = frozenset({"builtins.property", "functools.cached_property"})
_ACCESSORS = frozenset({"deleter", "getter", "setter"})
_DESCRIBING = frozenset({"__doc__", "__module__", "__name__", "__qualname__"})


def gives_back(
    decorator: ast.expr, home: Module, project: ProjectIndex, *, untouched: bool = True
) -> bool:
    """Whether ``@decorator`` leaves the very class or function that it stands above.

    ``untouched``: whether nothing but its docstring may be set, and it may be handed to nobody.
    """
    func = decorator.func if isinstance(decorator, ast.Call) else decorator
    functions = _functions(func, home, project)
    if not functions and not untouched and isinstance(decorator, ast.Call):
        return _is_given_back_by_registry(decorator, home, project)
    if functions and isinstance(decorator, ast.Call):
        given = bool(decorator.args or decorator.keywords)
        made = [(inner, one) for one in functions for inner in _made(one)]
        if given and any(inner is one for inner, one in made):
            return False  # ``@same(Other)`` gives back Other
        functions = [inner for inner, _ in made]
    return bool(functions) and all(_is_identity(one, untouched=untouched) for one in functions)


def check_decorators(
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, home: Module, project: ProjectIndex
) -> None:
    """Raise UnprovenError where one may change what stands below it."""
    for decorator in node.decorator_list:
        if is_accessor(decorator, home) or gives_back(decorator, home, project):
            continue
        func = decorator.func if isinstance(decorator, ast.Call) else decorator
        dotted = home.bindings.qualified(func)
        if dotted not in DECORATORS or project.definitions(dotted, home.path):
            named = ast.unparse(func)
            raise UnprovenError(
                f"{home.path}:{decorator.lineno} the decorator {named} is not known"
            )


def check_keywords(node: ast.ClassDef, home: Module) -> None:
    """Raise UnprovenError where a class has a metaclass that is not known."""
    for keyword in node.keywords:
        if home.bindings.qualified(keyword.value) not in METACLASSES:
            named = ast.unparse(keyword)
            raise UnprovenError(f"{home.path}:{node.lineno} {named} is not known")


def is_accessor(decorator: ast.expr, home: SourceFile) -> bool:
    """``@name.setter`` and its kin, where ``name`` is a property of the class."""
    if not isinstance(decorator, ast.Attribute) or decorator.attr not in _ACCESSORS:
        return False
    named = decorator.value
    made = home.bindings.definitions(named) if isinstance(named, ast.Name) else ()
    return bool(made) and all(
        is_function(one.node)
        and one.node is not home.parents.get(decorator)
        and any(_makes_property(mark, home) for mark in one.node.decorator_list)
        for one in made
    )


def _makes_property(mark: ast.expr, home: SourceFile) -> bool:
    return home.bindings.qualified(mark) in PROPERTIES or is_accessor(mark, home)


def _functions(func: ast.expr, home: Module, project: ProjectIndex) -> list[ast.AST]:
    dotted = home.bindings.qualified(func)
    if not dotted or defined_anew(func, home) or answered_elsewhere(dotted, home.path, project):
        return []
    return [one.node for _, one in _definitions(dotted, home, project)]


def _definitions(
    dotted: str, home: SourceFile, project: ProjectIndex
) -> list[tuple[ProjectIndex, Found]]:
    """What a name stands for in the project, or else in an installed package."""
    found = [(project, one) for one in project.definitions(dotted, home.path)]
    return found or in_packages(dotted, project)


def _is_given_back_by_registry(call: ast.Call, home: Module, project: ProjectIndex) -> bool:
    """Whether ``@REGISTRY.register(…)`` gives back the class, where the registry is made by the
    program (``REGISTRY = Registry("nets")``) and its method returns a function that does.
    """
    func = call.func
    dotted = home.bindings.qualified(func.value) if isinstance(func, ast.Attribute) else None
    if not isinstance(func, ast.Attribute) or not dotted or defined_anew(func.value, home):
        return False
    if answered_elsewhere(dotted, home.path, project):
        return False
    found = _definitions(dotted, home, project)
    if len(found) != 1 or not isinstance(found[0][1].value, ast.Call):
        return False
    index, module, made_by = found[0][0], found[0][1].module, found[0][1].value.func
    kind = module.bindings.qualified(made_by) or ""
    if defined_anew(made_by, module) or answered_elsewhere(kind, module.path, index):
        return False
    kinds = [one for _, one in _definitions(kind, module, index)]
    method = _method(kinds[0].node, func.attr) if len(kinds) == 1 else None
    return method is not None and _returns_identity(method, call, kinds[0].module)


def _method(node: ast.AST, name: str) -> ast.FunctionDef | None:
    """The method of a class that nothing else may stand for."""
    if not isinstance(node, ast.ClassDef) or node.keywords or node.decorator_list:
        return None
    if any(not isinstance(base, ast.Name) or base.id != "object" for base in node.bases):
        return None
    inside = [*ast.walk(node)]
    shown = {
        one.value
        for one in inside
        if isinstance(one, ast.Attribute) and one.attr in _DESCRIBING and _is_read(one)
    }
    stored = (
        isinstance(one, ast.Attribute)
        and (one.attr in {name, "__dict__"} or (one.attr == "__class__" and one not in shown))
        and not (one.attr == name and isinstance(one.ctx, ast.Load))
        for one in inside
    )
    words = {one.id for one in inside if isinstance(one, ast.Name)}
    named = [one for one in node.body if name in _names_of(one)]
    is_odd = any(stored) or not words.isdisjoint({"setattr", "vars", "exec", "eval"})
    if is_odd or any(isinstance(one, FUNCTIONS) and one.name in _ANSWERING for one in node.body):
        return None
    one = named[0] if len(named) == 1 else None
    return one if isinstance(one, ast.FunctionDef) and not one.decorator_list else None


def _is_read(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Load)


_ANSWERING = frozenset({"__getattr__", "__getattribute__", "__new__"})


def _names_of(statement: ast.stmt) -> set[str]:
    parts = ast.walk(statement)
    return {name for part in parts for bound in _bound(part) for name in bound}


def _returns_identity(method: ast.FunctionDef, call: ast.Call, home: SourceFile) -> bool:
    """Whether what a method returns for a call leaves what it is given: a function inside it that
    does, or a parameter that this call does not give, and that is nothing a class could be.
    """
    positional = [one.arg for one in (*method.args.posonlyargs, *method.args.args)][1:]
    named = {one.arg for one in call.keywords}
    spread = None in named or any(isinstance(one, ast.Starred) for one in call.args)
    defaults = [*zip(reversed(positional), reversed(method.args.defaults), strict=False)]
    constant = {name for name, default in defaults if isinstance(default, ast.Constant)}
    left_out = constant.intersection(positional[len(call.args) :]) - named
    whole = _own_nodes(method)
    no_classes = left_out | _texts_given(call, positional)
    own = set(whole) - _for_classes(whole, no_classes, method, home)
    inner = {one.name: one for one in own if isinstance(one, ast.FunctionDef)}
    returned = [one.value for one in own if isinstance(one, ast.Return)]
    names = {one.id for one in returned if isinstance(one, ast.Name)}
    functions = names & inner.keys()
    is_fixed = all(_bindings(name, method) == 1 for name in names)
    all_named = all(isinstance(one, ast.Name) for one in returned)
    return (
        not spread and bool(functions) and all_named and is_fixed
        and names - functions <= left_out
        and all(_is_identity(inner[name], untouched=False) for name in functions)
    )  # fmt: skip


def _texts_given(call: ast.Call, positional: list[str]) -> set[str]:
    """The parameters that a call gives a text."""
    given = [*zip(positional, call.args, strict=False)]
    given += [(one.arg, one.value) for one in call.keywords if one.arg]
    return {name for name, value in given if text_of(value)}


def _for_classes(
    own: list[ast.AST], no_classes: set[str], method: ast.FunctionDef, home: SourceFile
) -> set[ast.AST]:
    """The parts that only run for a class: ``if isinstance(name, type): …``."""
    plain = {name for name in no_classes if _bindings(name, method) == 1}
    left: set[ast.AST] = set()
    for one in own:
        if isinstance(one, ast.If) and isinstance(one.test, ast.Call):
            asked, *given = one.test.func, *one.test.args
            names = [home.bindings.qualified(part) for part in (asked, *given[1:])]
            is_plain = bool(given) and isinstance(given[0], ast.Name) and given[0].id in plain
            if is_plain and names == ["builtins.isinstance", "builtins.type"]:
                left.update(part for statement in one.body for part in ast.walk(statement))
    return left


def _made(function: ast.AST) -> Iterator[ast.AST]:
    """The inner functions that a function returns; itself for what is not only that."""
    if not is_function(function):
        yield function
        return
    inner = {
        one.name: one
        for one in function.body
        if is_function(one) and _bindings(one.name, function) == 1
    }
    returned = [node.value for node in _own_nodes(function) if isinstance(node, ast.Return)]
    for value in returned:
        yield inner.get(value.id, function) if isinstance(value, ast.Name) else function
    if not returned:
        yield function


def _is_identity(function: ast.AST, *, untouched: bool) -> bool:
    """Whether a function returns its only argument, and what it does with that."""
    if not isinstance(function, ast.FunctionDef) or function.decorator_list:
        return False
    positional = [*function.args.posonlyargs, *function.args.args]
    if len(positional) != 1 or not isinstance(function.body[-1], ast.Return):
        return False
    given = positional[0].arg
    if _bindings(given, function) != 1:
        return False
    allowed: set[ast.AST] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node in _own_nodes(function):
            if not isinstance(node.value, ast.Name) or node.value.id != given:
                return False
            allowed.add(node.value)
        elif isinstance(node, ast.Attribute) and node.attr in _DESCRIBING:
            allowed.add(node.value)
    named = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == given]
    is_kept = all(isinstance(node.ctx, ast.Load) for node in named)
    return is_kept and (not untouched or allowed.issuperset(named))


def _bindings(name: str, function: ast.AST) -> int:
    """How often a function, or one inside it, gives a name a meaning: the parameters of one inside
    it are names of that one alone.
    """
    parts = [part for part in ast.walk(function) if part is not function]
    inner = (part.args for part in parts if isinstance(part, (*FUNCTIONS, ast.Lambda)))
    others = {one for arguments in inner for one in ast.walk(arguments) if isinstance(one, ast.arg)}
    own = (part for part in parts if part not in others)
    return sum(name in bound for part in own for bound in _bound(part))


def _bound(part: ast.AST) -> Iterator[list[str]]:
    """The names that a part of a tree gives a meaning, as they stand in it."""
    if isinstance(part, ast.Name):
        yield [part.id] if not isinstance(part.ctx, ast.Load) else []
    elif isinstance(part, ast.alias):
        yield [part.asname or part.name.partition(".")[0], "*" if part.name == "*" else ""]
    elif not isinstance(part, ast.Attribute | ast.Constant | ast.keyword | ast.MatchClass):
        for value in vars(part).values():
            yield value if isinstance(value, list) else [value]


def _own_nodes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    waiting: list[ast.AST] = list(function.body)
    found: list[ast.AST] = []
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return found
