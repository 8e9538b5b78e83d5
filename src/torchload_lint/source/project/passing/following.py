"""From a place that names a function, and does not call it, to the calls that it leads to.

The function gets another name, goes through ``partial``, is taken out of a dictionary, or is what
another function returns. Where that ends without a call, the place is kept, to be shown.
"""

from __future__ import annotations

import ast
from copy import copy
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.project.class_mentions import makes_nothing
from torchload_lint.source.project.passing import callbacks, higher_order
from torchload_lint.source.project.passing.named_places import Mention
from torchload_lint.source.text.candidates import statements
from torchload_lint.source.text.definitions import FUNCTIONS
from torchload_lint.source.text.word_places import stands_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.call_targets import Site
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.text.definitions import NamedFunction

_DEEPEST = 5
"""How many names, dictionaries and functions are followed in turn."""
_MOST_FILES = 8
"""Files in which one name of a module is looked up."""
_FROM_A_PACKAGE = late_pattern(r"(?m)^\s*from\s+\.+\s+import\b")
"""An import that does not spell the package: ``from . import name``."""


class CallFound(NamedTuple):
    """A call of a function that goes by another name there."""

    module: SourceFile
    call: ast.Call
    """As if it were written out: all its arguments."""
    written: ast.Call
    """As it stands there."""
    is_all: bool = False
    """Whether nobody else has got the function from the place that named it."""
    under: tuple[tuple[ast.expr, bool], ...] = ()
    """Tests that hold where it is this function that is called: the key that it is taken by."""


class _Given(NamedTuple):
    """The arguments that a partial has already."""

    args: tuple[ast.expr, ...] = ()
    keywords: tuple[ast.keyword, ...] = ()

    def and_then(self, args: Sequence[ast.expr], keywords: Sequence[ast.keyword]) -> _Given:
        """Those and further ones; a keyword that is given again is the later one."""
        again = {each.arg for each in keywords if each.arg}
        kept = (each for each in self.keywords if each.arg not in again)
        return _Given((*self.args, *args), (*kept, *keywords))


class Following:
    """Follows what a project's files do with a function that they name."""

    def __init__(
        self,
        project: ProjectIndex,
        callers_of: Callable[[SourceFile, NamedFunction], tuple[Sequence[Site], str]],
    ) -> None:
        """``callers_of`` yields the calls that spell a function's name, or why there are none."""
        self._project = project
        self._callers_of = callers_of
        self._cut: set[ast.AST] = set()
        """Statements whose name more files ask for than are looked into."""

    def from_place(self, named: ast.expr, module: SourceFile) -> Iterator[CallFound | Mention]:
        """The calls that a place which names the function leads to."""
        for each in self._from(named, module, _Given(), _DEEPEST):
            if isinstance(each, CallFound) and each.is_all:
                call = ast.Call(named, each.call.args, each.call.keywords)
                yield each._replace(call=ast.copy_location(call, each.written))
            else:
                yield each

    def from_entry(
        self, statement: ast.Assign | ast.AnnAssign, module: SourceFile, key: ast.Constant
    ) -> Iterator[CallFound | Mention]:
        """The calls of what a dictionary keeps under a key. ``statement``: makes the dictionary."""
        for place, node in self._uses(statement, module)[0]:
            taken = _taken_from(node, place)
            if taken is not None and _is_key(taken.key, key):
                for each in self._from(taken.node, place, _Given(), _DEEPEST):
                    yield each._replace(is_all=False) if isinstance(each, CallFound) else each

    def _from(
        self, node: ast.expr, module: SourceFile, given: _Given, depth: int
    ) -> Iterator[CallFound | Mention]:
        around = module.parents.get(node)
        if isinstance(around, ast.keyword):
            around = module.parents.get(around)
        if makes_nothing(node, module) or _is_tested(node, around):
            return
        if not depth:
            yield Mention(module, node, "goes on from there, which is not followed")
        elif isinstance(around, ast.Call):
            yield from self._in_call(node, around, module, given, depth)
        elif isinstance(around, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            yield from self._assigned(around, module, given, depth)
        elif isinstance(around, ast.IfExp | ast.BoolOp):
            yield from self._from(around, module, given, depth - 1)
        elif isinstance(around, ast.Dict) and node in around.values:
            key = around.keys[around.values.index(node)]
            yield from self._in_dictionary(around, key, module, given, depth)
        elif isinstance(around, ast.Return):
            yield from self._returned(around, node, module, given, depth)
        else:
            yield Mention(module, node, "is named, not called")

    def _in_call(
        self, node: ast.expr, around: ast.Call, module: SourceFile, given: _Given, depth: int
    ) -> Iterator[CallFound | Mention]:
        if around.func is node:
            yield _passed(module, node, around, given.and_then(around.args, around.keywords))
            return
        functions = self._functions(around.func, module)
        inside = [
            each
            for function in functions
            for each in higher_order.handed_arguments(function, around, node)
        ]
        for args, keywords in inside:
            call = _passed(module, copy(node), around, given.and_then(args, keywords))
            yield call._replace(is_all=False)
        if inside:
            return
        further = None if functions else callbacks.arguments_given(around, node)
        if further is None:
            yield Mention(module, node, f"is handed to {ast.unparse(around.func)}()")
        elif not callbacks.is_partial(around):
            yield _passed(module, node, around, given.and_then(*further))
        else:
            found = list(self._from(around, module, given.and_then(*further), depth - 1))
            yield from found
            if not found or not all(isinstance(each, CallFound) and each.is_all for each in found):
                some = given.and_then(*further).and_then([callbacks.unseen(around)], [])
                yield _passed(module, copy(node), around, some)._replace(is_all=False)

    def _functions(self, called: ast.expr, module: SourceFile) -> list[NamedFunction]:
        """The functions of the project that a call may mean."""
        dotted = module.bindings.qualified(called)
        found = self._project.definitions(dotted, module.path) if dotted else ()
        return [each.node for each in found if isinstance(each.node, FUNCTIONS)]

    def _assigned(
        self,
        around: ast.Assign | ast.AnnAssign | ast.NamedExpr,
        module: SourceFile,
        given: _Given,
        depth: int,
    ) -> Iterator[CallFound | Mention]:
        """``read = load``; ``self.read = load``."""
        uses, is_all = self._uses(around, module)
        found = [
            each
            for place, node in uses
            if place is module or given == _Given()
            for each in self._from(node, place, given, depth - 1)
        ]
        is_all = is_all and all(isinstance(each, CallFound) and each.is_all for each in found)
        for each in found:
            yield each._replace(is_all=is_all) if isinstance(each, CallFound) else each
        if not found and around.value is not None:
            what = f"gets a name that nobody is seen to call{self._beyond(around)}"
            yield Mention(module, around.value, what)

    def _uses(
        self, around: ast.Assign | ast.AnnAssign | ast.NamedExpr, module: SourceFile
    ) -> tuple[list[tuple[SourceFile, ast.expr]], bool]:
        """The places that read what is assigned, and whether these are all."""
        targets = around.targets if isinstance(around, ast.Assign) else [around.target]
        (target, *others) = targets
        if isinstance(target, ast.Attribute):
            same = module.carrying(target.attr)
            holder = module.bindings.class_of_self(target.value)
            return [
                (module, node)
                for node in same
                if isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Load)
                and holder is not None
                and module.bindings.class_of_self(node.value) is holder
            ], False
        if not isinstance(target, ast.Name):
            return [], False
        scope = module.bindings.scope(module.statement(around))
        uses = module.bindings.uses(target.id, scope).get(around, [])
        elsewhere: list[tuple[SourceFile, ast.expr]] = []
        is_all = not others and isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(scope, ast.Module):
            paths = self._importing(target.id, module)
            elsewhere = list(self._elsewhere(target.id, around, module, paths))
            is_all = not others and not paths
        return [*((module, node) for node in uses), *elsewhere], is_all

    def _importing(self, name: str, module: SourceFile) -> list[str]:
        """The other files that may ask a module for one of its names."""
        last = module.name.rpartition(".")[2]
        is_package = module.path.endswith("__init__.py")
        texts = {
            path: self._project.files.text(path) or ""
            for path in self._project.holding(name)
            if path != module.path
        }
        return [
            path
            for path, text in texts.items()
            if stands_in(name, text)
            and (stands_in(last, text) or (is_package and _FROM_A_PACKAGE.search(text)))
        ]

    def _elsewhere(
        self, name: str, statement: ast.AST, module: SourceFile, paths: list[str]
    ) -> Iterator[tuple[SourceFile, ast.expr]]:
        """Where other files read a name of a module."""
        if len(paths) > _MOST_FILES:
            self._cut.add(statement)
        for path in paths[:_MOST_FILES]:
            other = self._project.module_at(path)
            for node in other.carrying(name) if other else ():
                if other is not None and isinstance(node, ast.Name | ast.Attribute):
                    dotted = other.bindings.qualified(node)
                    found = self._project.definitions(dotted, path) if dotted else ()
                    if dotted == f"{module.name}.{name}" or any(
                        each.node is statement for each in found
                    ):
                        yield other, node

    def _in_dictionary(
        self,
        dictionary: ast.Dict,
        key: ast.expr | None,
        module: SourceFile,
        given: _Given,
        depth: int,
    ) -> Iterator[CallFound | Mention]:
        """``READERS = {"a": load}``; ``READERS[kind](path)``, ``READERS.get(kind)(path)``."""
        around = module.parents.get(dictionary)
        uses: list[tuple[SourceFile, ast.expr]] = [(module, dictionary)]
        if isinstance(around, ast.Assign | ast.AnnAssign):
            uses, _ = self._uses(around, module)
        is_only_one = len({ast.unparse(each) for each in dictionary.values}) == 1
        found: list[CallFound | Mention] = []
        for place, node in uses:
            taken = _taken_from(node, place)
            if taken is None or not (place is module or given == _Given()):
                continue
            if is_only_one or _is_key(taken.key, key):
                found.extend(self._from(taken.node, place, given, depth - 1))
            elif not isinstance(taken.key, ast.Constant):
                found.extend(self._by_computed_key(taken, key, place, given, depth - 1))
        for each in found:
            yield each._replace(is_all=False) if isinstance(each, CallFound) else each
        if not found:
            what = f"is put into a dictionary{self._beyond(around)}"
            yield Mention(module, key or dictionary, what)

    def _by_computed_key(
        self, taken: _Taken, key: ast.expr | None, place: SourceFile, given: _Given, depth: int
    ) -> Iterator[CallFound | Mention]:
        """``READERS[kind](path)`` calls what is kept by ``"a"`` where ``kind`` is that.

        Not followed where it is handed on, since the name of the key may be another one's there;
        nor by a key that no test could be about.
        """
        calls = list(self._from(taken.node, place, given, depth))
        is_here = all(_is_called_beside(taken.node, each, place) for each in calls)
        if isinstance(key, ast.Constant) and _may_be_tested(taken.key, place) and is_here:
            test = _is_equal(taken, key, place)
            for each in calls:
                if isinstance(each, CallFound):
                    yield each._replace(under=(*each.under, (test, True)))
            return
        yield Mention(place, taken.node, "is taken from a dictionary, or another is")

    def _beyond(self, statement: ast.AST | None) -> str:
        return f", which more than {_MOST_FILES} files may name" if statement in self._cut else ""

    def _returned(
        self, around: ast.Return, node: ast.expr, module: SourceFile, given: _Given, depth: int
    ) -> Iterator[CallFound | Mention]:
        """``make_loader()(path)``."""
        function = module.function(around)
        if function is None:
            return
        if len(_returned_by(function)) > 1:
            yield Mention(module, node, f"is one of those that {function.name}() returns")
            return
        calls, why_none = self._callers_of(module, function)
        if not calls:
            yield Mention(module, node, f"is returned by {function.name}(), which has {why_none}")
        for call in calls:
            if call.module is module or given == _Given():
                for each in self._from(call.written, call.module, given, depth - 1):
                    yield each._replace(is_all=False) if isinstance(each, CallFound) else each


def _passed(module: SourceFile, node: ast.expr, written: ast.Call, given: _Given) -> CallFound:
    call = ast.copy_location(ast.Call(node, list(given.args), list(given.keywords)), written)
    return CallFound(module, call, written, is_all=True)


def _is_tested(node: ast.expr, around: ast.AST | None) -> bool:
    """Whether it is only asked whether there is a function, or nothing is done with it."""
    if isinstance(around, ast.IfExp | ast.If | ast.While | ast.Assert):
        return around.test is node
    return isinstance(around, ast.Expr | ast.UnaryOp)


class _Taken(NamedTuple):
    """An entry that is taken out of a dictionary."""

    node: ast.expr
    key: ast.expr


def _taken_from(node: ast.expr, module: SourceFile) -> _Taken | None:
    """``READERS[kind]``, ``READERS.get(kind)``."""
    around = module.parents.get(node)
    if isinstance(around, ast.Subscript) and isinstance(around.ctx, ast.Load):
        return _Taken(around, around.slice) if around.value is node else None
    if isinstance(around, ast.Attribute) and around.attr in {"get", "pop"}:
        call = module.parents.get(around)
        if isinstance(call, ast.Call) and call.args:
            return _Taken(call, call.args[0])
    return None


def _is_equal(taken: _Taken, key: ast.Constant, module: SourceFile) -> ast.Compare:
    """``kind == "a"``, as a test around the place where an entry is taken by ``kind``."""

    def make() -> ast.Compare:
        made = ast.copy_location(ast.Compare(taken.key, [ast.Eq()], [key]), taken.node)
        module.parents.adopt(made, taken.node)
        return made

    return module.remember(("taken by", taken.node, key.value), make)


def _is_called_beside(taken: ast.expr, found: CallFound | Mention, module: SourceFile) -> bool:
    """Whether what is taken somewhere is called in the function that it is taken in."""
    return (
        isinstance(found, CallFound)
        and found.module is module
        and module.function(found.written) is module.function(taken)
    )


def _may_be_tested(key: ast.expr, module: SourceFile) -> bool:
    """Whether a key is a name or what one holds, so that it can be told which arguments go with it:
    of the attributes of ``self`` it is not known which object has them.
    """
    while isinstance(key, ast.Attribute) or (
        isinstance(key, ast.Subscript) and isinstance(getattr(key.slice, "value", None), str)
    ):
        key = key.value
    return isinstance(key, ast.Name) and module.bindings.class_of_self(key) is None


def _is_key(asked: ast.expr, key: ast.expr | None) -> bool:
    if not isinstance(asked, ast.Constant) or not isinstance(key, ast.Constant):
        return False
    return ast.dump(asked) == ast.dump(key)


def _returned_by(function: NamedFunction) -> set[str]:
    """The expressions that a function returns."""
    returned = (node.value for node in statements(function.body) if isinstance(node, ast.Return))
    return {
        ast.unparse(value)
        for value in returned
        if value is not None and not (isinstance(value, ast.Constant) and value.value is None)
    }
