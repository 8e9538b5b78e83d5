"""The evaluator: what an expression can be, found out on demand and within a budget.

One ``Engine`` answers one question (one load). It follows names by flow, calls into functions
of the project with the arguments they are given, and parameters out to their callers. Whatever
cannot be followed is ``Unknown`` with its reason; nothing is ever run.
"""

from __future__ import annotations

import ast
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from torchload_lint.source.branches import configured, guards, skipped_turns
from torchload_lint.source.domain import conversions, strings
from torchload_lint.source.domain.patterns import MAX_PATTERNS, Rung
from torchload_lint.source.domain.relied import Relied
from torchload_lint.source.domain.values import (
    Class,
    Constant,
    Frame,
    Function,
    Instance,
    Record,
    Sequence,
    lift,
    union,
    unknown,
)
from torchload_lint.source.evaluation import displays, invoke, named, parameters
from torchload_lint.source.evaluation.fitting import fitting
from torchload_lint.source.evaluation.objects import attributes as attribute_lookup
from torchload_lint.source.evaluation.written_out import of_constant
from torchload_lint.source.libraries import registry
from torchload_lint.source.names import members
from torchload_lint.source.state import spreading, stores, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.branches.guards import Tests
    from torchload_lint.source.domain.values import ParsedOptions, Value, Values
    from torchload_lint.source.evaluator import Evaluator, Known
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import Found, ProjectIndex
    from torchload_lint.source.text.definitions import FunctionNode

_SHOWN = 60
MAX_STEPS = 2500
"""Expressions looked at for one load."""
_MOST_CONSTANTS = 25_000
"""The same where they are texts and numbers, which are cheap."""
_FEW_STEPS = 400
"""Expressions that a question may take to be asked again for each turn of a loop, and that a flag
is worth."""
_MOST_APART = 4
"""How many times as many may be looked at where callers are followed one by one; beyond that they
are followed together."""
MAX_NESTING = 48
"""Expressions that wait for one another."""


class Engine:
    """Answers what expressions can be; keeps count of the work and of what stays open."""

    is_traced = False
    """Whether somebody looks at the steps."""
    is_near = False
    """Whether only the file that is asked in is looked into."""

    def __init__(self, project: ProjectIndex, most_steps: int = MAX_STEPS) -> None:
        """``most_steps``: how many expressions the question is worth."""
        self.project = project
        self._most_steps = most_steps
        self.asked_in = ""
        self.open_ends: dict[str, None] = {}
        """Why there may be further possibilities, besides those that were found."""
        self.relied = Relied()
        """What must be as it looks for the answer to be all that there is."""
        self.flags_count = True
        """Whether flags are what the code says: not where it turns off what is asked about."""
        self.assumed: Tests = ()
        """What holds wherever the question has led, since another branch leads elsewhere."""
        self._cuts = 0
        """How often a circle was cut: what is found inside one holds there alone."""
        self._steps = 0
        self._all_steps = 0
        """Those of the questions before, too."""
        self._asked: dict[FunctionNode, set[ast.AST]] = {}
        """What callers were asked about, by function: where it is more, each one by itself."""
        self._homes: dict[FunctionNode, tuple[SourceFile, Class | None]] = {}
        """The files of those functions, and the class of the object, for methods."""
        self._apart = False
        self._choices: dict[ast.AST, tuple[Values, int]] = {}
        """Loops (and cases of tests): what one turn of them may be about, and how often asked."""
        self._turn: tuple[ast.AST, Value] | None = None
        """The turn of a loop that is looked at by itself."""
        self._active: set[object] = set()
        self._answers: dict[object, tuple[Values, Frame]] = {}

    def top(self, node: ast.expr, module: SourceFile) -> Values:
        """The values of an expression, whoever may have called the function it stands in.

        Where several parameters of one function come from its callers, each call is followed by
        itself, so that what one caller passes is never combined with what another does. So is
        each turn of a loop whose variables are used more than once.
        """
        self.asked_in = module.path
        self.assumed = configured.steady(node, module)
        self.flags_count = taken.flags_allow(Engine(self.project), node, Frame(module))
        try:
            values = self._in_all_turns(node, module)
        except RecursionError:  # an expression with a thousand dots
            return unknown("following it leads too deep")
        choices = [
            (asked, loop)
            for loop, (items, asked) in self._choices.items()
            if 1 < len(items) < MAX_PATTERNS
            and (asked > 1 or skipped_turns.may_skip(loop, node, module))
        ]
        if not choices or len(values) <= 1 or self._all_steps > _FEW_STEPS:
            return values
        _, loop = max(choices, key=lambda choice: choice[0])
        found: list[Values] = []
        for one in self._choices[loop][0]:
            self._turn = loop, one
            self._steps = 0
            self._answers.clear()
            if not skipped_turns.is_skipped(self.anywhere, loop, node, module):
                found.append(self._in_all_turns(node, module))
        self._turn = None
        return union(*map(_no_lists, found)) or values

    def turn(self, loop: ast.AST, items: Values) -> Values:
        """What a loop may be about in one turn: any of the items, or the one that is looked at."""
        if self._turn is not None and self._turn[0] is loop:
            return tuple(each for each in items if each == self._turn[1])
        known_items, asked = self._choices.get(loop, ((), 0))
        self._choices[loop] = union(known_items, items), asked + 1
        return items

    def _in_all_turns(self, node: ast.expr, module: SourceFile) -> Values:
        self._asked.clear()
        values = self.values(node, Frame(module))
        together = [function for function, asked in self._asked.items() if len(asked) > 1]
        if not together or self._apart:
            return values
        self._apart = True
        try:
            return self._one_caller_at_a_time(node, module, together[0]) or values
        finally:
            self._apart = False

    def anywhere(self, node: ast.expr, module: SourceFile) -> Values:
        """The values of a further expression that a question leads to."""
        return self.values(node, Frame(module))

    def _one_caller_at_a_time(
        self, node: ast.expr, module: SourceFile, function: FunctionNode
    ) -> Values:
        found: list[Values] = []
        for arguments in parameters.of_each_caller(self, function, *self._homes[function]):
            if self._all_steps > _MOST_APART * self._most_steps:
                return ()
            self._steps = 0
            found.append(self.values(node, Frame(module, arguments)))
        return union(*found)

    def values(self, node: ast.expr, frame: Frame) -> Values:
        """What an expression can be."""
        self._steps += 1
        self._all_steps += 1
        if self._steps > (_MOST_CONSTANTS if isinstance(node, ast.Constant) else self._most_steps):
            return unknown("following it takes too many steps")
        if isinstance(node, ast.Constant):
            return of_constant(node)
        key = (node, id(frame.arguments))
        if key in self._active:
            self._cuts += 1
            return unknown("it changes in a loop")
        exact_key = (*key, frame.calls, frame.callers, self.assumed)
        if exact_key in self._answers:
            return self._answers[exact_key][0]
        if len(self._active) > MAX_NESTING:
            return unknown("following it leads too deep")
        evaluate = _EXPRESSIONS.get(type(node))
        if evaluate is None:
            return unknown(f"{_describe(node)} is computed")
        self._active.add(key)
        cuts = self._cuts
        try:
            answer = evaluate(self, node, frame)
            if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
                answer = guards.allowed(node, answer, frame.module, self.assumed)
                answer = fitting(self, node, answer, frame.module)
        finally:
            self._active.discard(key)
        if cuts == self._cuts or not self._active:
            self._answers[exact_key] = answer, frame  # the frame keeps its id from being reused
        return answer

    @contextmanager
    def assuming(self, tests: Tests) -> Iterator[None]:
        """While some tests are taken to hold, wherever their expressions stand."""
        before = self.assumed
        self.assumed = before + tuple(test for test in tests if test not in before)
        try:
            yield
        finally:
            self.assumed = before

    def once(self, key: object) -> bool:
        """Whether a way is taken for the first time (to cut circles); ``done`` gives it back."""
        if key in self._active:
            self._cuts += 1
            return False
        self._active.add(key)
        return True

    def done(self, key: object) -> None:
        """Give a way back."""
        self._active.discard(key)

    def leave_open(self, why: str) -> None:
        """Note that there may be further possibilities."""
        self.open_ends.setdefault(why)

    def found(self, found: Found, frame: Frame) -> Values:
        """What a name of the project is when seen from another place."""
        if found.qualname:
            self._note_found(found)
        if isinstance(found.node, ast.ClassDef):
            return (Class(found.node, found.module),)
        if isinstance(found.node, ast.FunctionDef | ast.AsyncFunctionDef):
            holder = found.module.parents.get(found.node)
            if isinstance(holder, ast.ClassDef) and members.is_class_method(found.node):
                receiver = Instance(Class(holder, found.module))
                return (Function(found.node, found.module, receiver),)
            return (Function(found.node, found.module),)
        if isinstance(found.node, ast.Module):
            return (Record(spreading.ModuleNames(self, found.module, frame), kind="module"),)
        if found.value is None:
            return unknown(f"{found.qualname or found.module.name} has no value of its own")
        home = frame.within(found.module)
        values = self.values(found.value, home)
        if "." not in found.qualname:
            values = stores.with_stored(self, values, found.qualname, found.node, home)
        return lift(values, Rung.CONSTANT)

    def hop(self, call: ast.expr | None, path: str, what: str, values: Values = ()) -> None:
        """Note a way to another place: only who traces an answer keeps it."""

    def ask_callers(
        self, function: FunctionNode, asked: set[ast.AST], home: SourceFile, of: Class | None
    ) -> None:
        """Note what callers are asked about: parameters, and tests of them."""
        self._asked.setdefault(function, set()).update(asked)
        self._homes[function] = home, of

    def attribute(self, base: Value, name: str, frame: Frame) -> Values:
        """What an attribute of one possibility can be."""
        return attribute_lookup.of_value(self, base, name, frame)

    def option(self, options: ParsedOptions, name: str) -> Values:
        """The default of an option of a command line, as it is declared."""
        return registry.option()(self, options, name)

    def run(self, function: Function, call: ast.Call | None, frame: Frame) -> Values:
        """What a function of the project returns for these arguments."""
        return invoke.run(self, function, call, frame)

    def _note_found(self, found: Found) -> None:
        owner, _, name = found.qualname.rpartition(".")
        holder = found.module.parents.get(found.node)
        if owner and isinstance(holder, ast.ClassDef):
            self.relied.member(Class(holder, found.module), name, method=True)
        self.relied.module_names.setdefault(
            (found.module.path, found.qualname.partition(".")[0]), found.module
        )

    def aside(self, node: ast.expr, module: SourceFile) -> Values:
        """What an expression can be, found out by itself: nothing that this answer rests on."""
        return self.project.remember(
            ("definitions", "aside", node), lambda: Engine(self.project).anywhere(node, module)
        )

    def flag(self, node: ast.expr, module: SourceFile) -> Values:
        """The same of a flag, which no other flag decides; one that is far away is none."""

        def found() -> Values:
            engine = Engine(self.project, _FEW_STEPS)
            engine.flags_count = False
            return engine.anywhere(node, module)

        return self.project.remember(("definitions", "flag", node), found)

    def parameter(self, node: ast.arg, frame: Frame) -> Values:
        """What a parameter can be in this frame."""
        return parameters.values(self, node, frame)

    def library(self, name: str) -> Known | None:
        """What is known of the callable of that canonical name outside the project."""
        return registry.call(name)

    def dotted(self, name: str, frame: Frame) -> Values:
        """What a dotted name stands for in the project; empty for what is not ours."""
        definitions = self.project.definitions(name, frame.module.path)
        owner, _, word = name.rpartition(".")
        if not definitions and word in {"__file__", "__path__"}:
            path = self.project.layout.locate(owner, frame.module.path)
            value = named.set_by_import(word, path) if path else None
            return () if value is None else (value,)
        return union(*(self.found(found, frame) for found in definitions))


def _no_lists(values: Values) -> Values:
    """The values without lists of several things, which are not paths."""
    return tuple(
        value for value in values if not isinstance(value, Sequence) or len(value.items) == 1
    )


def _binary(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    assert isinstance(node, ast.BinOp)
    left = evaluator.values(node.left, frame)
    return strings.binary(node.op, left, evaluator.values(node.right, frame))


def _formatted_value(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    assert isinstance(node, ast.FormattedValue)
    return evaluator.values(node.value, frame)


def _conditional(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    assert isinstance(node, ast.IfExp)
    arms = [each for each in (node.body, node.orelse) if taken.is_possible(evaluator, each, frame)]
    found = [evaluator.values(each, frame) for each in arms or (node.body, node.orelse)]
    return union(strings.fewest_holes_first(chain(*found)))  # of many, the last are cut off


def _boolean(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    """``a or b``: every truthy ``a``, and ``b``."""
    assert isinstance(node, ast.BoolOp)
    *first, last = node.values
    if isinstance(node.op, ast.And):
        return _both(evaluator, first, last, frame)
    truthy = (
        value
        for operand in first
        for value in evaluator.values(operand, frame)
        if conversions.truths((value,)) != {False}
    )
    return union(truthy, evaluator.values(last, frame))


def _both(evaluator: Evaluator, first: list[ast.expr], last: ast.expr, frame: Frame) -> Values:
    """``a and b``: ``b``, or the falsy ``a``; an ``a`` that is not known may be None."""
    nothing: Values = ()
    for operand in first:
        found = evaluator.values(operand, frame)
        truths = conversions.truths(found)
        if truths == {False}:
            return union(nothing, found)
        if truths != {True}:
            nothing = (Constant(None),)
    return union(nothing, evaluator.values(last, frame))


def _walrus(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    assert isinstance(node, ast.NamedExpr)
    return evaluator.values(node.value, frame)


def _awaited(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    assert isinstance(node, ast.Await)
    return evaluator.values(node.value, frame)


def _lambda(_: Evaluator, node: ast.expr, frame: Frame) -> Values:
    assert isinstance(node, ast.Lambda)
    return (Function(node, frame.module),)


def _unary(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    assert isinstance(node, ast.UnaryOp)
    return union(
        *(
            (Constant(-value.value, rung=value.rung),)
            if isinstance(value, Constant)
            and isinstance(node.op, ast.USub)
            and value.value is not None
            else unknown("it is computed")
            for value in evaluator.values(node.operand, frame)
        )
    )


def _attribute(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    assert isinstance(node, ast.Attribute)
    return attribute_lookup.attribute(evaluator, node, frame)


def _subscript(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    assert isinstance(node, ast.Subscript)
    return attribute_lookup.subscript(evaluator, node, frame)


def _call(evaluator: Evaluator, node: ast.expr, frame: Frame) -> Values:
    assert isinstance(node, ast.Call)
    dotted = frame.module.bindings.qualified(node.func)
    known_call = registry.call(dotted) if dotted else None
    if known_call is not None:
        assert dotted
        evaluator.relied.strangers.setdefault(dotted)
        return known_call(evaluator, node, frame)
    return invoke.call(evaluator, node, dotted, frame)


def _describe(node: ast.expr) -> str:
    shown = ast.unparse(node)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 4]} ..."


_EXPRESSIONS: dict[type[ast.expr], Callable[[Evaluator, ast.expr, Frame], Values]] = {
    ast.Name: named.values,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Call: _call,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.IfExp: _conditional,
    ast.JoinedStr: displays.formatted_text,
    ast.FormattedValue: _formatted_value,
    ast.List: displays.display,
    ast.Tuple: displays.display,
    ast.Set: displays.display,
    ast.Dict: displays.dictionary,
    ast.ListComp: displays.comprehension,
    ast.SetComp: displays.comprehension,
    ast.GeneratorExp: displays.comprehension,
    ast.DictComp: displays.dictionary_comprehension,
    ast.NamedExpr: _walrus,
    ast.Await: _awaited,
    ast.Lambda: _lambda,
}
