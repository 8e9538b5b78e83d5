"""Functions and methods that code hands on as values, so that a file may get hold of them.

Most functions of Python and of programs may give back what they are given, and torch's
``_rebuild_from_type_v2`` asks what it has made for ``as_subclass``, calls that with what the file
says, and sets attributes of the result. So an object that has such a function under a name of the
file's choice (``setattr(self, name, self.step)``, a ``__getattr__`` that returns one, a list that
it is put into) lets the file set attributes of ``torch.Tensor``, or of a logger, for the whole
program. Nobody can say where a function goes that is once a value, so a class counts that makes a
value of one.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.proofs.installed import in_packages
from torchload_lint.source.proofs.restoring import is_called
from torchload_lint.source.proofs.uses.decorators import PROPERTIES, is_accessor
from torchload_lint.source.proofs.uses.fixed_values import is_compared
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.expressions import text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import Found, ProjectIndex

_OF_CONTAINERS = frozenset(
    "__call__ __getitem__ __next__ choice get pop popitem popleft scale setdefault".split()
)
"""Methods of dictionaries, lists, ``random.Random`` and ``GradScaler`` that give back what they are
given, or what a file has put there."""
_NO_FUNCTIONS = frozenset(
    """
    bfloat16 bool channels_last complex64 complex128 contiguous_format device double dtype e finfo
    float float16 float32 float64 half iinfo inf int int16 int32 int64 int8 long nan newaxis
    ndarray pi preserve_format strided tau uint8
    ascii_letters ascii_lowercase ascii_uppercase digits punctuation
    date datetime time timedelta timezone defaultdict deque __version__
    """.split()
)
"""Names of torch, numpy and Python that begin with a small letter, and are types or constants."""
_TAKING = frozenset(
    """
    builtins.callable builtins.filter builtins.getattr builtins.hasattr builtins.id
    builtins.isinstance builtins.issubclass builtins.map builtins.print builtins.repr builtins.str
    functools.reduce
    """.split()
)
"""Functions that call what they are given first, or look at it, and keep it nowhere: what ``map``
makes is gone through at once."""
_SORTING = frozenset({"builtins.max", "builtins.min", "builtins.sorted"})
_SHARED = frozenset(
    """
    http.HTTPStatus signal.Handlers signal.Signals torch.amp.grad_scaler.OptState uuid.SafeUUID
    """.split()
)
"""Enumerations of libraries: called, they give a member, which the whole program shares."""
_LOOKING_UP = frozenset({"__getattr__", "__getattribute__", "__getitem__", "get"})
_BY_GET = "get()"
"""What stands for what ``x.get(name)`` gives, where ``x`` looks up its attributes so."""
_ONLY_SEEN = (
    *(ast.Assert, ast.Attribute, ast.Compare, ast.ExceptHandler, ast.Expr, ast.FormattedValue),
    *(ast.If, ast.UnaryOp, ast.While),
)


def names_of_function(method: ast.FunctionDef | ast.AsyncFunctionDef, home: SourceFile) -> set[str]:
    """The names under which others get at a method, or at any by it; none for a property."""
    if comes_as_value(method, home):
        return set()
    inside = (one for one in ast.walk(method) if isinstance(one, ast.Name))
    looks_up = method.name == "get" and any(one.id == "getattr" for one in inside)
    return {method.name, _BY_GET} if looks_up else {method.name}


def comes_as_value(method: ast.FunctionDef | ast.AsyncFunctionDef, home: SourceFile) -> bool:
    """Whether a method is a plain property: nobody can call it but by an object."""
    return any(
        is_accessor(one, home) or home.bindings.qualified(one) in PROPERTIES
        for one in method.decorator_list
    )


class HandedFunctions(NamedTuple):
    """What a piece of code makes values of."""

    where: str
    """Where it hands on a function; empty where it does not."""
    passes: set[str]
    """Attributes that are functions where the object is of a class that has such."""


def look_for_functions(
    piece: ast.AST, home: Module, project: ProjectIndex, methods: Collection[str]
) -> HandedFunctions:
    """Look where a piece of code hands on a function.

    ``methods``: names under which the classes of the proof have functions.
    """
    where, passes = "", set()
    for node in _values(piece):
        row = getattr(node, "lineno", 1)
        if not _is_used_here(node, home):
            passes.update(_asked(node, home))
            if _is_function(node, home, project, methods):
                where = where or f"{home.path}:{row} hands on a function, {_CALLED_BY_TORCH}"
        if isinstance(node, ast.Name | ast.Attribute) and _makes_called(node, home, project):
            where = (
                where or f"{home.path}:{row} makes an object that can be called, {_CALLED_BY_TORCH}"
            )
    return HandedFunctions(where, passes)


_CALLED_BY_TORCH = "which a file may have torch call"


def _asked(node: ast.AST, home: Module) -> list[str]:
    """The attributes that a part asks of what may be an object of any class."""
    if isinstance(node, ast.MatchClass):
        return node.kwd_attrs
    if isinstance(node, ast.Attribute):
        return [] if any(home.bindings.possible(node)) else [node.attr]
    if not isinstance(node, ast.Call):
        return []
    if _is_getattr(node, home):
        return [text_of(one) for one in node.args[1:2]]
    return [_BY_GET] if getattr(node.func, "attr", "") == "get" else []


def _values(piece: ast.AST) -> Iterator[ast.AST]:
    """The parts of a piece, without annotations and decorators."""
    waiting = [piece]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            body = node.body if isinstance(node.body, list) else [node.body]
            waiting += [*node.args.defaults, *filter(None, node.args.kw_defaults), *body]
        elif isinstance(node, ast.AnnAssign):
            waiting += [node.target, *([node.value] if node.value else [])]
        else:
            waiting += ast.iter_child_nodes(node)


def _is_function(
    node: ast.AST, home: Module, project: ProjectIndex, methods: Collection[str]
) -> bool:
    if isinstance(node, ast.Lambda):
        return True
    if isinstance(node, ast.Call | ast.MatchClass):
        named = any(one in methods or one in _OF_CONTAINERS for one in _asked(node, home))
        return named or _looks_one_up(node, home)
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return False
    if isinstance(node, ast.Name) and any(
        isinstance(one.node, FUNCTIONS) for one in home.bindings.definitions(node)
    ):
        return True
    meanings = filter(None, home.bindings.possible(node))
    is_named = any(_is_named(one, home, project) for one in meanings)
    return is_named or any(one in methods or one in _OF_CONTAINERS for one in _asked(node, home))


def _is_named(dotted: str, home: Module, project: ProjectIndex) -> bool:
    found = _definitions(dotted, home, project)
    module, _, name = dotted.rpartition(".")
    if found or name in _NO_FUNCTIONS:
        return any(isinstance(one.node, FUNCTIONS) for _, one in found)
    if module == "builtins":
        return callable(getattr(builtins, name, None)) and not _is_class(name)
    return name[:1].islower() or dotted in _SHARED


def _makes_called(node: ast.expr, home: Module, project: ProjectIndex) -> bool:
    """Whether it names a class whose objects can be called: torch's own, or one with a method."""
    if is_compared(node, home):
        return False
    return any(
        isinstance(one.node, ast.ClassDef) and is_called(one.node, one.module, index)
        for dotted in filter(None, home.bindings.possible(node))
        for index, one in _definitions(dotted, home, project)
    )


def _definitions(
    dotted: str, home: Module, project: ProjectIndex
) -> list[tuple[ProjectIndex, Found]]:
    """What a name stands for in the project, or else in an installed package."""
    found = [(project, one) for one in project.definitions(dotted, home.path)]
    return found or in_packages(dotted, project)


def _is_class(name: str) -> bool:
    return isinstance(getattr(builtins, name), type) and name != "type"


def _looks_one_up(call: ast.AST, home: Module) -> bool:
    """``getattr(self, name)`` of a name that is not the one which is asked for."""
    if not isinstance(call, ast.Call) or not _is_getattr(call, home) or len(call.args) < 2:  # noqa: PLR2004 - object, name
        return False
    name, function = call.args[1], home.function(call)
    asked = [one.arg for one in function.args.args[1:2]] if function is not None else []
    only: list[str] = []
    if isinstance(name, ast.Name) and [name.id] == asked:
        only = [one.kind for one in home.bindings.definitions(name)]
    is_method = getattr(function, "name", "") in _LOOKING_UP
    return not text_of(name) and not (is_method and only == ["parameter"])


def _is_getattr(call: ast.Call, home: Module) -> bool:
    return home.bindings.qualified(call.func) == "builtins.getattr"


def _is_used_here(node: ast.AST, home: Module) -> bool:
    """Whether a function is called right there, or only looked at."""
    user = home.parents.get(node)
    if isinstance(user, ast.Call):
        is_given_first = user.args[:1] == [node]
        return user.func is node or (
            is_given_first and home.bindings.qualified(user.func) in _TAKING
        )
    if isinstance(user, ast.keyword):
        return _takes_keyword(user, home)
    if isinstance(user, ast.IfExp):
        return user.test is node
    return isinstance(user, _ONLY_SEEN)


def _takes_keyword(keyword: ast.keyword, home: Module) -> bool:
    call = home.parents.get(keyword)
    func = call.func if isinstance(call, ast.Call) else keyword.value
    dotted = home.bindings.qualified(func)
    if keyword.arg == "default_factory":
        return dotted == "dataclasses.field"
    is_sorting = dotted in _SORTING or getattr(func, "attr", "") == "sort"
    return keyword.arg == "key" and is_sorting
