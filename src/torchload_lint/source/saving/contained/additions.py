"""What is put into objects before they are saved, other than by the expressions that make them.

``state.update(args=args)``, ``self.logs["best"] = score``, ``net.tag = Tag()``, a function that
fills the dictionary that it is given: looked for over the whole file of the save, by how objects
are spelled, and in the functions of the project that an object is handed to.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.names.references import PARTIALS
from torchload_lint.source.project import classes
from torchload_lint.source.project.mentions import TooManyError
from torchload_lint.source.saving.contained.puts import (
    FILLING,
    SELF,
    Objects,
    Put,
    each_argument,
    inner,
    puts_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import FunctionNode

_STATES = frozenset({"state_dict", "parameters", "named_parameters"})
"""Methods whose results hold, of a module, nothing of the attributes that somebody adds to it."""
_MOST_FILES_FILLING = 10
"""Other files that are looked into for what fills an object, or for a method of that name."""
_SIGNS = ("[", " |=", " +=", *(f".{name}(" for name in sorted(FILLING)))
_MOST_DEFINITIONS = 32
_MOST_ALIASES = 3
_MOST_CALLS_DOWN = 2


class Addition(NamedTuple):
    """A value that is put into an object, and the file that says so."""

    value: ast.expr
    home: SourceFile
    is_certain: bool
    """Whether it is put right into what is saved, and not into something that this may hold."""
    into_state: bool = False
    """Whether it is put into an object of which the state is saved, which may not hold it."""

    @property
    def place(self) -> str:
        """``train.py:12``."""
        return f"{self.home.path}:{self.value.lineno}"


def additions(saved: ast.expr, home: SourceFile, project: ProjectIndex) -> Iterator[Addition]:
    """The values that are put into what a saved expression names, anywhere in it. Raises
    TooManyError where more would have to be looked into than is.
    """
    parts = [*_spelled_out(saved, home)]
    made = [each for each in parts if isinstance(each, ast.Call)]
    objects, itself = _objects(home, parts), _objects(home, [saved])
    for put in (
        *_into(objects, home.tree, project, _MOST_CALLS_DOWN),
        *_in_makers(made, home, project),
        *_in_other_files(objects, project),
    ):
        is_certain = put.home is home and itself.holds(put.receivers[0])
        yield from (Addition(value, put.home, is_certain) for value in put.values)
    states = _objects(home, filter(None, map(_owner_of_state, made)))
    for put in _into(states, home.tree, project, _MOST_CALLS_DOWN):
        yield from (Addition(value, put.home, False, into_state=True) for value in put.values)


def _objects(home: SourceFile, nodes: Iterable[ast.AST]) -> Objects:
    found = Objects(home)
    for node in nodes:
        found.add(node)
    return found


def _into(objects: Objects, within: ast.AST, project: ProjectIndex, depth: int) -> Iterator[Put]:
    """What is put into some objects of a file, inside a function or the whole file."""
    found = puts_of(within, objects.home, project)
    for _ in range(_MOST_ALIASES):
        if not [one for one in found.aliases if _is_alias(one, objects)]:
            break
    yield from (one for one in found.puts if any(map(objects.holds, one.receivers)))
    for call in found.calls if depth else ():
        yield from _by_function(call, objects, project, depth)


def _is_alias(given: tuple[ast.expr, ast.expr], objects: Objects) -> bool:
    """Whether a name is given one of the objects, or a part of one, and was not known for that."""
    target, value = given
    return any(map(objects.holds, inner(value))) and objects.add(target)


def _by_function(
    call: ast.Call, objects: Objects, project: ProjectIndex, depth: int
) -> Iterator[Put]:
    """What a function of the project puts into an object that it is handed."""
    handed = [place for place, each in each_argument(call) if objects.holds(each)]
    for function, home in _functions(call, objects.home, project) if handed else ():
        yield from _into(_given(function, home, handed), function, project, depth - 1)


def _given(function: FunctionNode, home: SourceFile, places: Iterable[int | str]) -> Objects:
    """The parameters of a function that get the arguments at some places."""
    found = Objects(home)
    for parameter in filter(None, (_parameter(function, place) for place in places)):
        found.add_parameter(parameter)
    return found


def _in_makers(made: list[ast.Call], home: SourceFile, project: ProjectIndex) -> Iterator[Put]:
    """What the functions of the project put into what they are given and into what they return:
    ``args = prepare(parser.parse_args())``.
    """
    for call in made:
        for function, other in _functions(call, home, project):
            inside = _given(function, other, (place for place, _ in each_argument(call)))
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value is not None:
                    for part in _whole(node.value):
                        inside.add(part)
            yield from _into(inside, function, project, 0)


def _in_other_files(objects: Objects, project: ProjectIndex) -> Iterator[Put]:
    """What other files put into the attributes and the global names of this one."""
    home = objects.home
    for dotted in objects.shared():
        known = project.definitions(dotted, home.path)
        if any(one.kind == "value" for one in known):
            for put in _puts_elsewhere(dotted.rpartition(".")[2], home, project):
                meanings = map(put.home.bindings.qualified, put.receivers)
                if dotted in meanings:
                    yield put
    for name in objects.attributes():
        for put in _puts_elsewhere(name, home, project):
            if any(_is_attribute(each, name, put.home, home, project) for each in put.receivers):
                yield put


def _puts_elsewhere(word: str, home: SourceFile, project: ProjectIndex) -> Iterator[Put]:
    """What the other files put into things that seem to be called so; only these are parsed."""
    signs = [f"{word}{sign}" for sign in _SIGNS]
    texts = ((path, project.files.text(path) or "") for path in project.holding(word))
    paths = [
        path for path, text in texts if path != home.path and any(sign in text for sign in signs)
    ]
    for other in _modules_at(paths, project):
        yield from puts_of(other.tree, other, project).puts


def _modules_at(paths: Sequence[str], project: ProjectIndex) -> Iterator[SourceFile]:
    """The parsed files. Raises TooManyError."""
    if len(paths) > _MOST_FILES_FILLING:
        raise TooManyError
    yield from filter(None, map(project.module_at, paths))


def _is_attribute(
    receiver: ast.expr, name: str, other: SourceFile, home: SourceFile, project: ProjectIndex
) -> bool:
    """Whether an object in another file may be that attribute of an object of a class at home."""
    if not isinstance(receiver, ast.Attribute) or receiver.attr != name:
        return False
    owner = other.bindings.class_of_self(receiver.value)
    if owner is None:
        last = home.name.rpartition(".")[2]
        return other.bindings.qualified(receiver) is None and last in other.text
    return any(level is home for _, level in classes.ancestry(owner, other, project))


def _functions(
    call: ast.Call, home: SourceFile, project: ProjectIndex
) -> Iterator[tuple[FunctionNode, SourceFile]]:
    """The functions that a call may run: those of its name, or its file's methods so called."""
    dotted = home.bindings.qualified(call.func)
    for found in project.definitions(dotted, home.path) if dotted else ():
        if isinstance(found.node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield found.node, found.module
    if isinstance(call.func, ast.Attribute) and _is_of_object(call.func, home):
        name = call.func.attr
        for other in _modules_at(project.holding(f"def {name}("), project):
            yield from ((node, other) for node in _called_so(name, other))


def _called_so(name: str, module: SourceFile) -> list[ast.FunctionDef]:
    """The functions and methods of a file that have that name."""

    def find() -> list[ast.FunctionDef]:
        nodes = ast.walk(module.tree)
        return [one for one in nodes if isinstance(one, ast.FunctionDef) and one.name == name]

    return module.remember(("functions called so", name), find)


def _is_of_object(method: ast.Attribute, home: SourceFile) -> bool:
    """Whether it is asked of an object, and not of a module."""
    own = isinstance(method.value, ast.Name) and method.value.id in SELF
    return own or home.bindings.qualified(method) is None


def _parameter(function: FunctionNode, place: int | str) -> ast.arg | None:
    """The parameter that gets an argument; a method's own object is none of them."""
    given = function.args
    positional = [each for each in (*given.posonlyargs, *given.args) if each.arg not in SELF]
    if isinstance(place, int):
        return positional[place] if place < len(positional) else None
    named = [each for each in (*positional, *given.kwonlyargs) if each.arg == place]
    return named[0] if named else None


def _whole(node: ast.expr) -> Iterator[ast.AST]:
    """An expression and its parts, but for the objects of which only the state is saved."""
    waiting: list[ast.AST] = [node]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, ast.Call) and _owner_of_state(part) is not None:
            waiting.extend((*part.args, *part.keywords))
        else:
            waiting.extend(ast.iter_child_nodes(part))


def _owner_of_state(call: ast.Call) -> ast.expr | None:
    """``net`` of ``net.state_dict()``; None for other calls."""
    method = call.func
    return method.value if isinstance(method, ast.Attribute) and method.attr in _STATES else None


def partials(saved: ast.expr, home: SourceFile) -> Iterator[ast.Call]:
    """The calls of ``functools.partial`` in what is saved."""
    for node in _spelled_out(saved, home):
        if isinstance(node, ast.Call) and home.bindings.qualified(node.func) in PARTIALS:
            yield node


def keys(saved: ast.expr, home: SourceFile) -> Iterator[ast.expr]:
    """The keys that are more than literals, in the mappings that are written out in it."""
    for node in _spelled_out(saved, home):
        found = node.keys if isinstance(node, ast.Dict) else []
        found = [node.key] if isinstance(node, ast.DictComp) else found
        yield from (each for each in found if each and not isinstance(each, ast.Constant))


def _spelled_out(saved: ast.expr, home: SourceFile) -> Iterator[ast.AST]:
    """An expression and what its names are given, each with its parts."""
    waiting, seen = [saved], {saved}
    while waiting:
        if len(seen) > _MOST_DEFINITIONS:
            raise TooManyError
        for part in _whole(waiting.pop(0)):
            yield part
            for each in home.bindings.definitions(part) if isinstance(part, ast.Name) else ():
                if each.value is not None and each.value not in seen:
                    seen.add(each.value)
                    waiting.append(each.value)
