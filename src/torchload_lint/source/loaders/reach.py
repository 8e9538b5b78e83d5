"""Whether a function ends in a load of the path that it is given: its source is followed there.

For packages that no table knows, and for the project's own wrappers. Everything is bounded: calls
inside calls, names after names, and the number of functions that are looked into.
"""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.calls import CallKind, WeightsOnly
from torchload_lint.source.facts.keyword.answers import KEY
from torchload_lint.source.facts.keyword.given import given
from torchload_lint.source.facts.keyword.truth import Reader
from torchload_lint.source.facts.loading.loads import LOADERS
from torchload_lint.source.loaders.path_parameters import (
    Place,
    is_asked_for,
    is_of_object,
    is_of_self,
    is_parameter_itself,
    made_of,
    parameters_of,
    positional,
    stored_in,
)
from torchload_lint.source.loaders.receivers import Kind, kinds, library_bases
from torchload_lint.source.names import members
from torchload_lint.source.project import classes
from torchload_lint.source.project.packages import definitions_anywhere
from torchload_lint.source.text.candidates import walk
from torchload_lint.source.text.definitions import defaults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import Found, ProjectIndex

_DEEPEST = 5
"""How many functions are followed one inside another."""
_OF_TORCH = ("f", "map_location", "pickle_module")
_MOST_CALLS = 60
"""How many calls of one function are looked at."""


class Followed(NamedTuple):
    """A call, and the function that it runs."""

    call: ast.Call
    place: Place


class Reach(NamedTuple):
    """The load that a function comes to."""

    paths: tuple[str, ...]
    """The parameters that the file's path is made of."""
    parameters: tuple[str, ...]
    """The positional parameters, without ``self`` and ``cls``."""
    keyword: str
    """The parameter that becomes ``weights_only``; empty without one."""
    unsaid: WeightsOnly
    """What the load says where the caller says nothing."""
    place: str
    """Where the load stands: ``pkg/io.py:12``."""
    allows: frozenset[str] = frozenset()
    """The globals that are allowed around it."""
    opens: ast.expr | None = None
    """What the load itself is given, in the last function; None for an object like a partial."""
    hops: tuple[Followed, ...] = ()
    """The calls that lead from the function to that one."""
    plain: bool = True
    """Whether whatever is given is the path: not one of its fields (``args.resume``), and not only
    where it is found to be a text (``if isinstance(net, str)``).
    """


class InstalledLoad(NamedTuple):
    """Where a call enters an installed package."""

    reach: Reach
    file: str
    """The file of what is called, from the folder that packages are installed in."""
    place: Place | None
    """The function; None for an object like a partial."""


def installed_loads(
    function: ast.expr, module: Module, project: ProjectIndex
) -> Iterator[InstalledLoad]:
    """The loads of installed packages that calling ``function`` comes to."""
    for place in callees(function, module, project):
        reach = reached(place) if place.project is not project else None
        paths = tuple(one for one in reach.paths if not is_of_object(one)) if reach else ()
        if reach is not None and paths:
            yield InstalledLoad(reach._replace(paths=paths), place.module.path, place)
    for dotted in sorted(module.bindings.possible(function) - {""}):
        for home, one in definitions_anywhere(dotted, module.path, project):
            reach = _of_object(one) if home is not project else None
            if reach is not None:
                yield InstalledLoad(reach, one.module.path, None)


def _of_object(found: Found) -> Reach | None:
    """What calling a partial of ``torch.load`` comes to, or ``torch.load`` by another name."""
    value = found.value
    where = f"{found.module.path}:{getattr(value, 'lineno', 0)}"
    for load in found.module.loads if isinstance(value, ast.Call) else ():
        if load.node is value and load.kind is CallKind.PARTIAL and load.file is None:
            return Reach(("f",), _OF_TORCH, KEY, load.weights_only, where)
    if value is not None and found.module.bindings.possible(value) & LOADERS:
        return Reach(("f",), _OF_TORCH, KEY, WeightsOnly.ABSENT, where)
    return None


def reached(place: Place, depth: int = _DEEPEST) -> Reach | None:
    """The load of a path that a function is given; None where none is found."""
    key = ("reached", place.function, depth)
    return place.project.remember(key, lambda: _reached(place, depth))


def _reached(place: Place, depth: int) -> Reach | None:
    of_object: Reach | None = None
    for found in _reaches(place, depth):
        if not all(map(is_of_object, found.paths)):
            return found
        of_object = of_object or found
    return of_object


def _reaches(place: Place, depth: int) -> Iterator[Reach]:
    for load in place.module.loads:
        if load.file is not None and _is_inside(load.statement, place):
            paths = made_of(load.file, place)
            if paths:
                yield _direct(load, load.file, paths, place)
    if depth:
        calls = (node for node in walk(place.function) if isinstance(node, ast.Call))
        for call in islice(calls, _MOST_CALLS):
            found = _through(call, place, depth - 1)
            if found is not None:
                yield found


def _is_inside(node: ast.AST, place: Place) -> bool:
    current: ast.AST | None = node
    while current is not None and current is not place.function:
        current = place.module.parents.get(current)
    return current is not None


def _direct(load: LoadCall, file: ast.expr, paths: tuple[str, ...], place: Place) -> Reach:
    keyword, unsaid = "", load.weights_only
    if load.weights_only is WeightsOnly.UNDECIDED and load.passes_on:
        keyword = KEY if load.passes_on.startswith("**") else load.passes_on
        unsaid = load.passes_on_default
    allows = frozenset(
        str(entry.obj) for one in load.allowlists for entry in one.entries if entry.obj
    )
    where = f"{place.module.path}:{load.span.start.row}"
    plain = is_parameter_itself(file, place) and not is_asked_for(load.node, place)
    return Reach(paths, positional(place), keyword, unsaid, where, allows, file, plain=plain)


def _through(call: ast.Call, place: Place, depth: int) -> Reach | None:
    """The load behind a call inside a function, in terms of the function's own parameters."""
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    of_self = is_of_self(call.func)
    if not of_self and not any(made_of(argument, place) for argument in arguments):
        return None
    for callee in callees(call.func, place.module, place.project):
        inner = reached(callee, depth) if callee.function is not place.function else None
        if inner is None:
            continue
        named = given(call.args, list(call.keywords), inner.parameters).named
        handed = [named[one] for one in inner.paths if one in named]
        kept = []
        for one in inner.paths if of_self else ():
            stored = list(stored_in(one, place))
            handed += stored
            kept += [] if stored or not is_of_object(one) else [one]
        names = [name for one in handed for name in made_of(one, place)]
        paths = tuple(dict.fromkeys([*names, *kept]))
        if paths:
            keyword, unsaid = _passed(named.get(inner.keyword), inner, call, place)
            return inner._replace(
                paths=paths,
                parameters=positional(place),
                keyword=keyword,
                unsaid=unsaid,
                hops=(Followed(call, callee), *inner.hops),
                plain=inner.plain
                and any(is_parameter_itself(one, place) for one in handed)
                and not is_asked_for(call, place),
            )
    return None


def _passed(
    node: ast.expr | None, inner: Reach, call: ast.Call, place: Place
) -> tuple[str, WeightsOnly]:
    """What becomes of ``weights_only`` on the way: a parameter of the outer one, or a value."""
    if isinstance(node, ast.Name) and node.id in parameters_of(place):
        default = defaults(place.function.args).get(node.id)
        known = Reader(place.module).value(default).verdict if default is not None else None
        return node.id, known or WeightsOnly.ABSENT
    if node is not None:
        return "", Reader(place.module).value(node).verdict
    unpacked = any(keyword.arg is None for keyword in call.keywords)
    takes_more = place.function.args.kwarg is not None
    return (KEY if inner.keyword and unpacked and takes_more else ""), inner.unsaid


def callees(function: ast.expr, module: Module, index: ProjectIndex) -> Iterator[Place]:
    """The functions that a call may run, in the files of an index and in installed packages.
    ``function``: what is called.
    """
    if isinstance(function, ast.Subscript):
        yield from _in_table(function, module, index)
    else:
        yield from _called(_behind_partial(function, module), module, index)


def _behind_partial(function: ast.expr, module: Module) -> ast.expr:
    """What a ``partial`` that adds only keywords calls; else the expression itself."""
    definitions = module.bindings.definitions(function) if isinstance(function, ast.Name) else ()
    for value in [one.value for one in definitions]:
        if not isinstance(value, ast.Call) or len(value.args) != 1:
            continue
        if module.bindings.qualified(value.func) == "functools.partial":
            return value.args[0]
    return function


def _called(function: ast.expr, module: Module, index: ProjectIndex) -> Iterator[Place]:
    found = False
    for dotted in sorted(module.bindings.possible(function) - {""}):
        for home, one in definitions_anywhere(dotted, module.path, index):
            if members.is_function(one.node):
                found = True
                yield Place(one.node, one.module, home)
            elif isinstance(one.node, ast.ClassDef):
                found = True
                kind = Kind(node=one.node, module=one.module)
                yield from _method(kind, "__init__", one.module, home)
    if found:
        return
    if isinstance(function, ast.Attribute):
        for kind in kinds(function.value, module, index):
            yield from _method(kind, function.attr, module, index)
    elif isinstance(function, (ast.Name, ast.Call)):
        for kind in kinds(function, module, index):
            yield from _method(kind, "__call__", module, index)


def _in_table(function: ast.Subscript, module: Module, index: ProjectIndex) -> Iterator[Place]:
    """The functions of a dictionary, ``MODELS["large"]``; all where the key is not known."""
    for dotted in sorted(module.bindings.possible(function.value) - {""}):
        for home, one in definitions_anywhere(dotted, module.path, index):
            if isinstance(one.value, ast.Dict):
                pairs = zip(one.value.keys, one.value.values, strict=True)
                for value in [value for key, value in pairs if _may_be_same(key, function.slice)]:
                    yield from _called(value, one.module, home)


def _may_be_same(key: ast.expr | None, asked: ast.expr) -> bool:
    known = isinstance(key, ast.Constant) and isinstance(asked, ast.Constant)
    return not known or ast.dump(key) == ast.dump(asked)  # type: ignore[arg-type]


def _member(node: ast.ClassDef, module: Module, name: str, index: ProjectIndex) -> Iterator[Place]:
    """The method of a class of that name, its own or that of the nearest base."""
    for holder, home in classes.ancestry(node, module, index):
        member = members.member(holder, name)
        facts = index.module_at(home.path) if members.is_function(member) else None
        if members.is_function(member) and facts is not None:
            yield Place(member, facts, index)
            return


def _method(kind: Kind, name: str, module: Module, index: ProjectIndex) -> Iterator[Place]:
    if kind.node is not None and kind.module is not None:
        found = list(_member(kind.node, kind.module, name, index))
        yield from found
        if found:
            return
    names, own = library_bases([kind], name, index)
    for dotted in () if own else sorted(names):
        for home_index, one in definitions_anywhere(dotted, module.path, index):
            if isinstance(one.node, ast.ClassDef) and home_index is not index:
                yield from _method(Kind(node=one.node, module=one.module), name, module, home_index)
