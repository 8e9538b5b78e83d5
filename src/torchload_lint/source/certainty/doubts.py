"""The door: why what was found may not be all that there can be.

An answer says which files a load opens. It is called exact only where nothing else can make it
another one: what it rests on is looked into, over the whole project, and whatever is not understood
is a doubt.
"""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.certainty import decorated, hierarchies, working_folder
from torchload_lint.source.certainty.calls_known import Callers
from torchload_lint.source.certainty.decorated import HARMLESS_DECORATORS, last_word
from torchload_lint.source.certainty.escaping.asked import Asked, asked_of, is_changeable
from torchload_lint.source.certainty.escaping.escapes import Watch
from torchload_lint.source.certainty.escaping.seen_changes import OneProgram, SeenChange
from torchload_lint.source.certainty.objects import given_away, module_given_away
from torchload_lint.source.certainty.overwriting import (
    Receivers,
    by_assignment,
    by_reflection,
    made_for,
    may_call,
)
from torchload_lint.source.certainty.whole_program import more_than_read
from torchload_lint.source.domain.values import Instance, Made, Unknown
from torchload_lint.source.evaluation.objects import instances
from torchload_lint.source.libraries import registry
from torchload_lint.source.names import members
from torchload_lint.source.names.flow import STAR, UNBOUND
from torchload_lint.source.project.changes import reflection
from torchload_lint.source.project.families import Family, family
from torchload_lint.source.project.mentions import TooManyError, modules_with
from torchload_lint.source.state import handles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.evaluation.engine import Engine
    from torchload_lint.source.evaluator import Evaluator
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.changes.reflection import ReflectedChange

_SHARING = frozenset({"lru_cache", "cache"})
_UNUSUAL_MEMBERS = (
    "__new__",
    "__getattribute__",
    "__setattr__",
    "__init_subclass__",
    "__set_name__",
)
_USUAL_METACLASSES = frozenset({"ABCMeta", "EnumMeta", "type"})
_MADE_AGAIN = late_pattern(
    r"^(?!\s*super\([^()\n]*\)\.__init__\((?:(?!\.__init__\()[^\n])*$)[^\n]*\.__init__\(",
    re.MULTILINE,
)
"""A row with a call of ``__init__`` that is not just ``super().__init__(…)``."""
_SAME_MODULE = {"posixpath": "os.path", "posix": "os", "pathlib._local": "pathlib"}


def doubts(
    evaluator: Evaluator, module: SourceFile, *, relative: bool, objects: bool = True
) -> Iterator[str]:
    """Reasons, the cheap ones first; ``relative``: whether a path depends on the folder in which
    the program runs; ``objects``: whether it counts what the attributes of an object are, and not
    only which object it is.
    """
    looking = _Doubts(evaluator, module, objects=objects)
    try:
        if left_out := evaluator.project.files.left_out():
            yield left_out
        yield from handles.moved(evaluator.relied.held)
        yield from evaluator.relied.guesses
        yield from evaluator.relied.changes
        yield from more_than_read(evaluator, module)
        yield from looking.strangers()
        yield from decorated.of_functions(evaluator)
        yield from looking.functions()
        yield from looking.classes()
        if relative:
            yield from looking.folder()
        yield from looking.held()
        yield from looking.module_names()
        yield from looking.members()
        yield from looking.attributes()
        yield from looking.callers()
    except TooManyError as error:
        yield str(error)


def seen(evaluator: Evaluator, module: SourceFile, *, relative: bool) -> Iterator[str]:
    """Those reasons alone among which there may be places that are seen (and others)."""
    looking = _Doubts(evaluator, module)
    yield from map(SeenChange, evaluator.relied.changes)
    for each in (
        decorated.of_functions(evaluator),
        looking.functions(),
        hierarchies.metaclasses(evaluator),
        looking.strangers(),
        looking.held(),
        looking.module_names(),
        looking.members(),
        looking.attributes(),
        looking.folder() if relative else (),
    ):
        with suppress(TooManyError):  # the others are looked at all the same
            yield from each


def _is_all(engine: Engine, module: SourceFile) -> bool:
    """Whether what an engine found, which is no relative path, is all that there can be."""
    return not engine.open_ends and not any(doubts(engine, module, relative=False))


class _Doubts:
    def __init__(self, evaluator: Evaluator, module: SourceFile, *, objects: bool = True) -> None:
        self._evaluator = evaluator
        self._left_alone = () if objects else (Instance, Made)
        self._relied = evaluator.relied
        self._project = evaluator.project
        self._home = module
        self._receivers = Receivers(evaluator, evaluator.project)
        self._program = OneProgram(module, evaluator.project, self._relied.files())

    def strangers(self) -> Iterator[str]:
        """Functions of other packages: whether they are what their name says."""
        for name in self._relied.strangers:
            if not registry.is_certain(name):
                yield f"what {name}() yields is only likely"
        owners: dict[str, set[str]] = {}
        for name in self._relied.strangers:
            owner, _, word = name.rpartition(".")
            if owner:
                owners.setdefault(word, set()).add(_SAME_MODULE.get(owner, owner))
        for word in sorted(owners):

            def may_be(node: ast.expr, module: SourceFile, of: set[str] = owners[word]) -> bool:
                return self._may_be_strange(node, module, of)

            why = by_assignment(word, self._program, may_be, frozenset())
            if why:
                yield why
            for change in reflection.changes(self._project, self._home):
                receiver = change.receiver
                if change.name == word and (receiver is None or may_be(receiver, change.module)):
                    yield f"{change.shown} may set {word}"

    def _may_be_strange(self, node: ast.expr, module: SourceFile, owners: set[str]) -> bool:
        """Whether an expression may name one of some modules (or classes) of other packages."""
        return any(_SAME_MODULE.get(one, one) in owners for one in module.bindings.possible(node))

    def functions(self) -> Iterator[str]:
        """Functions that were followed: whether a call of them runs what they say."""
        relied = self._relied
        counting = (relied.functions, relied.called, relied.classes, relied.members)
        # Nothing relied on: nothing counts, and no file of the project is parsed to see it.
        for change in self._innards() if any((*counting, relied.module_names)) else ():
            if self._counts(change):
                yield SeenChange(f"{change.shown} changes what a function or a class is")
        for node, module in self._relied.functions.items():
            if isinstance(node, ast.Lambda):
                continue
            for decorator in node.decorator_list:
                word = last_word(decorator)
                if word in _SHARING and self._yields_changeable(node, module):
                    yield f"{node.name}() gives the same object to all its callers"
            if any(isinstance(each, ast.YieldFrom) for each in ast.walk(node)):
                yield f"{node.name}() yields from something else"

    def _innards(self) -> Iterator[ReflectedChange]:
        every = reflection.changes(self._project, self._home)
        return (change for change in every if change.kind == "innards")

    def _counts(self, change: ReflectedChange) -> bool:
        """Whether the answer rests on what may be changed there."""
        relied = self._relied
        wanted = dict(relied.classes)
        wanted.update({node: module for (node, _, _), module in relied.members.items()})
        if change.name in reflection.OF_FUNCTIONS:
            return bool(relied.functions or relied.called or wanted)
        receiver = change.receiver
        if change.name == "__class__" and any(
            receiver is None or self._receivers.may_be_module(receiver, change.module, module)
            for module in relied.module_names.values()
        ):
            return True
        families = [family(node, module, self._project) for node, module in wanted.items()]
        if change.name == "_value_":
            only = made_for(change)
            return any(
                hierarchies.is_enumeration(each, self._project)
                and (only is None or only in each.members)
                for each in families
            )
        return any(
            receiver is None or self._receivers.may_be_of(receiver, change.module, each)
            for each in families
        )

    def _yields_changeable(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, module: SourceFile
    ) -> bool:
        return any(
            is_changeable(value)
            for each in ast.walk(node)
            if isinstance(each, ast.Return) and each.value is not None
            for value in self._evaluator.aside(each.value, module)
        )

    def classes(self) -> Iterator[str]:
        """Classes: whether their objects have the attributes that stand in them."""
        wanted = dict(self._relied.classes)
        wanted.update({node: module for (node, _, _), module in self._relied.members.items()})
        for node, module in wanted.items():
            relatives = family(node, module, self._project)
            for level, where in relatives.members.items():
                yield from self._unusual(level)
                yield from hierarchies.strange_bases(level, where, self._evaluator)
            yield from hierarchies.made_elsewhere(
                relatives, self._evaluator, self._receivers, self._home
            )
            yield from self._made_again(relatives)

    def _made_again(self, relatives: Family) -> Iterator[str]:
        """``thing.__init__(…)``, which sets the attributes of an object that is there already."""
        for module in modules_with(self._project, ".__init__(", self._home, _MADE_AGAIN):
            for node in module.carrying("__init__"):
                if not isinstance(node, ast.Attribute):
                    continue
                call = module.parents.get(node)
                first = call.args[0] if isinstance(call, ast.Call) and call.args else None
                if first is not None and module.bindings.class_of_self(first) is not None:
                    continue
                if ast.unparse(node.value).startswith("super("):
                    continue
                if self._receivers.may_be_of(node.value, module, relatives):
                    yield f"{module.path}:{node.lineno} makes an object again"

    def _unusual(self, node: ast.ClassDef) -> Iterator[str]:
        for decorator in node.decorator_list:
            if last_word(decorator) not in HARMLESS_DECORATORS:
                yield f"the decorator {last_word(decorator)} may change class {node.name}"
        for keyword in node.keywords:
            if keyword.arg != "metaclass" or last_word(keyword.value) not in _USUAL_METACLASSES:
                yield f"class {node.name} is made in an unusual way"
        for name in _UNUSUAL_MEMBERS:
            if members.member(node, name) is not None:
                yield SeenChange(f"class {node.name} has {name}")

    def folder(self) -> Iterator[str]:
        """Whether the program may run in another folder than the project's."""
        yield from working_folder.changes(self._home, self._project, _is_all)

    def held(self) -> Iterator[str]:
        """What names and attributes hold: whether it was changed under another one."""
        for node, (module, values) in self._relied.held.items():
            yield from hierarchies.written_out(node, module, self._evaluator)
            counted = tuple(each for each in values if not isinstance(each, self._left_alone))
            asked = asked_of(counted, node, module)
            if asked is None:
                continue
            watch = Watch(self._evaluator)
            meanings = module.bindings.possible(node)
            of_modules = [
                each
                for meaning in meanings
                if meaning
                for each in self._project.definitions(meaning, module.path)
                if each.kind == "value" and "." not in each.qualname
            ]
            if of_modules:
                why = next(
                    filter(
                        None,
                        (
                            watch.module_name(each.qualname, each.module, asked)
                            for each in of_modules
                        ),
                    ),
                    "",
                )
            elif isinstance(node, ast.Name):
                why = watch.variable(node, module, asked)
            else:
                assert isinstance(node, ast.Attribute)
                why = watch.attribute(node.attr, module, asked)
            if why:
                yield why

    def module_names(self) -> Iterator[str]:
        """Names that modules define: whether they are set from outside."""
        is_known = self._receivers.is_known
        for (_, name), module in self._relied.module_names.items():
            yield from self._brought(name, module)

            def may_be(node: ast.expr, where: SourceFile, target: SourceFile = module) -> bool:
                return self._receivers.may_be_module(node, where, target)

            yield from filter(
                None,
                (
                    by_reflection(name, self._program, may_be, is_known, in_module=module),
                    by_assignment(name, self._program, may_be, frozenset()),
                    module_given_away(name, module, self._home, self._evaluator),
                ),
            )

    def _brought(self, name: str, module: SourceFile) -> Iterator[str]:
        """Whether a star import may bring a name that the file defines itself."""
        flow = module.bindings.flow(module.tree)
        stars, own = flow.all.get(STAR, ()), flow.all.get(name, ())
        if not stars or not own:
            return
        may_lack = UNBOUND in flow.exit.definitions(name)
        first = min(getattr(each.node, "lineno", 0) for each in own)
        for star in stars:
            row = getattr(star.node, "lineno", 0)
            before = row < first and not may_lack
            origin = f"{star.qualified}.{name}"
            ours = self._project.split(star.qualified, module.path)
            made_up = ours[0] is None or "globals" in ours[0].text
            if not before and (made_up or self._project.definitions(origin, module.path)):
                why = f"{module.path}:{row} may bring another {name}"
                yield self._program.seen(why, module, None)

    def members(self) -> Iterator[str]:
        """Members of classes: whether they are set from outside."""
        for (node, name, method), module in self._relied.members.items():
            relatives = family(node, module, self._project)
            known: set[ast.AST] = set()
            for level in relatives.members if not method else ():
                for _, receiver, value in instances.assigned(self._evaluator, level).get(name, ()):
                    del receiver
                    known.add(value)
            yield from hierarchies.beside(node, name, relatives, self._evaluator)
            yield from filter(None, [given_away(name, relatives, self._evaluator)])
            targets = self._targets(name, relatives.members, known)

            def may_be(each: ast.expr, where: SourceFile, of: Family = relatives) -> bool:
                return self._receivers.may_be_of(each, where, of)

            yield from filter(
                None,
                (
                    by_reflection(name, self._program, may_be, self._receivers.is_known, of=module),
                    self._replaced(node, name, may_be, targets),
                ),
            )

    def _replaced(
        self,
        node: ast.ClassDef,
        name: str,
        may_be: Callable[[ast.expr, SourceFile], bool],
        known: set[ast.AST],
    ) -> str:
        """Where a member is assigned to from outside: another method, whatever it is."""
        why = by_assignment(name, self._program, may_be, known)
        of_method = members.is_function(members.member(node, name))
        return SeenChange(why) if of_method and isinstance(why, SeenChange) else why

    def _targets(
        self, name: str, levels: dict[ast.ClassDef, SourceFile], values: set[ast.AST]
    ) -> set[ast.AST]:
        """The places ``self.name = value`` of values that were seen."""
        found: set[ast.AST] = set()
        for level, module in levels.items():
            for node in module.carrying(name):
                is_inside = level.lineno <= getattr(node, "lineno", 0) <= (level.end_lineno or 0)
                if not isinstance(node, ast.Attribute) or node.attr != name or not is_inside:
                    continue
                statement = module.parents.get(node)
                while isinstance(statement, ast.Tuple | ast.List | ast.Starred):
                    statement = module.parents.get(statement)
                value = getattr(statement, "value", None)
                if not isinstance(statement, ast.Assign | ast.AnnAssign) or value is None:
                    continue
                given = value.elts if isinstance(value, ast.Tuple | ast.List) else []
                if value in values or any(each in values for each in given):
                    found.add(node)
        return found

    def attributes(self) -> Iterator[str]:
        """Attributes of namespaces and options: whether they are set where nobody looked."""
        may_be = self._receivers.may_be_namespace
        for name, places in self._relied.attributes.items():
            for node, (module, _) in places.items():
                yield from self._intercepted(name, node, module)
                yield from filter(None, [self._changed_since(name, node, module)])
            known = {
                target
                for node, (module, spelled) in places.items()
                for target in self._before(node, module, spelled)
            }
            yield from filter(
                None,
                (
                    by_reflection(name, self._program, may_be, self._receivers.is_known),
                    by_assignment(name, self._program, may_be, known),
                ),
            )

    def _intercepted(self, name: str, node: ast.expr, module: SourceFile) -> Iterator[str]:
        """Whether an attribute may be computed where it is set or read, and not just kept."""
        receiver = node.value if isinstance(node, ast.Attribute) else node
        for value in self._evaluator.aside(receiver, module):
            if isinstance(value, Instance):
                yield from hierarchies.computed(name, value.of, self._evaluator)
            elif isinstance(value, Unknown) and self._project.holding(f"@{name}.setter"):
                yield f"{ast.unparse(node)} may be given to a setter"

    def _changed_since(self, name: str, node: ast.expr, module: SourceFile) -> str:
        """Whether somebody who has the object may set it by a method, or by its entries."""
        receiver = node.value if isinstance(node, ast.Attribute) else node
        if not isinstance(receiver, ast.Name):
            return ""
        values = self._evaluator.aside(receiver, module)
        asked = Asked(name, 0, items=not any(isinstance(each, Instance) for each in values))
        return Watch(self._evaluator).variable(receiver, module, asked)

    def _before(self, node: ast.expr, module: SourceFile, spelled: str) -> set[ast.AST]:
        """The stores in the same function before a place, which ``stores`` follows."""
        scope = module.bindings.scope(module.statement(node))
        return {
            each
            for each in module.carrying(spelled.rpartition(".")[2])
            if isinstance(each, ast.Attribute)
            and isinstance(each.ctx, ast.Store)
            and module.bindings.scope(module.statement(each)) is scope
            and (each.end_lineno or 0) < node.lineno
            and ast.unparse(each) == spelled
            and isinstance(module.parents.get(each), ast.Assign | ast.AnnAssign)
        }

    def callers(self) -> Iterator[str]:
        """Functions whose parameters count: whether somebody else calls them."""
        looking = Callers(self._project, self._receivers)
        for function, (module, calls) in self._relied.called.items():
            why = looking.unknown(function, module, calls)
            if why:
                yield why
            for change in reflection.changes(self._project, self._home):
                if change.kind == "code" and may_call(change, function, module):
                    yield f"{change.shown} runs code that is made up"
