"""What a saved object holds: the globals that its pickle will name, inferred from the source."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torchload_lint.names import GlobalName
from torchload_lint.source.domain.conversions import why
from torchload_lint.source.domain.patterns import Rung
from torchload_lint.source.domain.values import (
    Class,
    Constant,
    Frame,
    Function,
    Handle,
    Instance,
    Made,
    ParsedOptions,
    Record,
    Sequence,
    Text,
)
from torchload_lint.source.evaluation.objects import instances
from torchload_lint.source.libraries import registry
from torchload_lint.source.project import classes
from torchload_lint.source.project.called_objects import GIVING_BACK
from torchload_lint.source.project.mentions import TooManyError
from torchload_lint.source.saving.contained import pickling, plain_values, torch_modules
from torchload_lint.source.saving.contained.additions import additions, keys, partials
from torchload_lint.source.saving.contained.puts import held_besides
from torchload_lint.source.saving.contained.state_dicts import doubt_about_state, what_it_adds
from torchload_lint.source.saving.contained.torch_results import PLAIN_METHODS, kind_of_result
from torchload_lint.source.state import unspelled
from torchload_lint.source.state.bound import BoundArguments, Layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.evaluation.engine import Engine
    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.saving.contained.additions import Addition

_DEEPEST = 8
_CALL_AND_ARGUMENTS = 2
"""What ``__reduce__`` yields at least: what is called, and with what."""


@dataclass(slots=True)
class Contents:
    """What is found in a saved object."""

    kinds: dict[str, None] = field(default_factory=dict)
    """What the object itself is: ``state dict``, ``module``, ``dict``, ``tensor`` …"""
    needs: dict[GlobalName, None] = field(default_factory=dict)
    """Globals that its pickle names and that torch does not allow by itself."""
    unknown: dict[str, None] = field(default_factory=dict)
    """Why parts of it are not known."""
    assumed: dict[str, None] = field(default_factory=dict)
    """What is taken for granted although it is only likely: a state dict holds tensors …"""


def spelled_in(engine: Engine, node: ast.expr, module: SourceFile) -> Contents:
    """What the expression alone shows; what is put in besides, and into states, costs a search."""
    contents = _visited(_Collector(engine, asks_states=False), node, module)
    contents.unknown.setdefault("more may be put into it")
    return contents


def _visited(collector: _Collector, node: ast.expr, module: SourceFile) -> Contents:
    values = collector.engine.top(node, module)
    for value in values:
        collector.contents.kinds.setdefault(collector.visit(value, _DEEPEST))
    if not values:
        collector.miss("nothing is known of it")
    return collector.contents


def of_expression(engine: Engine, node: ast.expr, module: SourceFile) -> Contents:
    """The contents of what ``torch.save`` is given."""
    collector = _Collector(engine)
    _visited(collector, node, module)
    try:
        _add_what_is_put_in(collector, node, module)
    except TooManyError:
        collector.miss("more may be put into it than can be looked into")
    for other_type in pickling.other_types(engine.relied, engine.project):
        collector.miss(other_type)
    if collector.contents.needs:  # not of a state dict alone, which stays what it is
        for changing in sorted(GIVING_BACK & engine.relied.strangers.keys()):
            collector.miss(f"{changing}() makes an object of another class")
    return collector.contents


def _add_what_is_put_in(collector: _Collector, node: ast.expr, module: SourceFile) -> None:
    engine = collector.engine
    if any(partials(node, module)):
        collector.miss("a functools.partial is saved")
    for key in keys(node, module):
        collector.add_key(engine.anywhere(key, module))
    for addition in additions(node, module, engine.project):
        collector.add(addition)


@dataclass(slots=True)
class _Collector:
    engine: Engine
    contents: Contents = field(default_factory=Contents)
    asks_states: bool = True
    seen: set[ast.AST] = field(default_factory=set)

    def visit(self, value: Value, depth: int) -> str:
        """Add what a value holds; answers what kind of thing it is."""
        if depth == 0:
            return self.miss("it is nested too deep")
        visit = _VISITS.get(type(value))
        return self.miss(why(value)) if visit is None else visit(self, value, depth)

    def add(self, addition: Addition) -> None:
        """What is put into the object, or into what it may hold, beside the expression itself."""
        added = _Collector(self.engine)
        values = self.engine.anywhere(addition.value, addition.home)
        added.visit_all(values, _DEEPEST)
        contents, known = added.contents, self.contents
        if addition.into_state:
            self._add_to_state(addition, added.contents, is_known=bool(values))
        elif not values or contents.unknown:
            self.miss(f"{addition.place} puts something into it")
        elif addition.is_certain:
            known.needs.update(contents.needs)
        elif not contents.needs.keys() <= known.needs.keys():
            self.miss(f"{addition.place} may put something into it")
        known.assumed.update(contents.assumed)

    def _add_to_state(self, addition: Addition, found: Contents, *, is_known: bool) -> None:
        """Numbers of numpy get into the states of optimizers and schedulers; of other things that
        is only possible.
        """
        if any(name.module.startswith("numpy") for name in found.needs):
            self.miss(f"{addition.place} puts a number of numpy into a state")
        elif found.unknown or not is_known or not found.needs.keys() <= self.contents.needs.keys():
            self.assume(f"{addition.place} may put something into a state")

    def add_key(self, values: Values) -> None:
        """What a key of a mapping needs; of most, it is only likely that they are texts."""
        found = _Collector(self.engine)
        found.visit_all(values, _DEEPEST)
        self.contents.needs.update(found.contents.needs)
        if found.contents.unknown or not values:
            self.assume("keys are texts and numbers")

    def is_new(self, node: ast.AST) -> bool:
        """Whether a class or method was not looked at before; from now on it was."""
        is_new = node not in self.seen
        self.seen.add(node)
        return is_new

    def visit_all(self, values: Values, depth: int) -> None:
        for value in values:
            self.visit(value, depth - 1)

    def need(self, name: GlobalName) -> None:
        self.contents.needs.setdefault(name)

    def miss(self, reason: str) -> str:
        self.contents.unknown.setdefault(reason)
        return "unknown"

    def assume(self, reason: str) -> None:
        self.contents.assumed.setdefault(reason)

    def text(self, value: Text, _: int) -> str:
        if value.is_path:
            self.need(GlobalName("pathlib", "PosixPath"))
        elif pickling.may_be_date(value):
            self.miss("a date of a configuration file")
        elif value.rung.height >= Rung.DEFAULT.height:
            self.assume("an option is a text")
        return "text"

    def plain(self, _: Value, __: int) -> str:
        return "plain value"

    def sequence(self, value: Sequence, depth: int) -> str:
        self.visit_all(value.element(), depth)
        if value.kind in plain_values.NO_LISTS or "." in value.kind:
            return self.miss(f"it is of the type {value.kind}")
        return value.kind if value.kind != "split" else "list"

    def record(self, value: Record, depth: int) -> str:
        for values in (*value.entries.values(), value.others):
            self.visit_all(values, depth)
        pickled = registry.pickled_as(value.kind)
        if pickled is not None:
            self.need(pickled)
        is_known = pickled is not None or value.kind in plain_values.DICTS
        if not is_known or registry.pickles_more(value.kind):
            self.miss(f"an object of {value.kind}")
        return "dict"

    def options(self, value: ParsedOptions, _: int) -> str:
        self.assume("options are texts and numbers")
        for name, is_path in registry.special_options()(self.engine, value):
            if is_path:
                self.need(GlobalName("pathlib", "PosixPath"))
            else:
                self.miss(f"the option {name} may be an object")
        if value.as_mapping:
            return "dict"
        self.need(GlobalName("argparse", "Namespace"))
        return "Namespace"

    def reference(self, value: Class | Function, _: int) -> str:
        name = getattr(value.node, "name", None)
        if name is None:
            return self.miss("a lambda cannot be saved")
        if isinstance(value, Function) and value.receiver is not None:
            return self.miss(f"a method of an object, {name}, is saved")
        dotted = value.module.bindings.qualname(value.node)
        self.need(pickling.global_of(dotted, value.module.name))
        return "class" if isinstance(value, Class) else "function"

    def instance(self, value: Instance, depth: int) -> str:
        node, module = value.of.node, value.of.module
        bases = classes.base_names(node, module, self.engine.project)
        is_module = any(base.startswith("torch.nn.") for base in bases) or any(
            registry.is_module(base) for base in bases
        )
        self._assume_fields(value, depth)
        if value.as_mapping:
            self._fields(value, bases, depth)
            return "dict"
        way = pickling.own_way(node, module, self.engine.project)
        if way.unknown:
            self.miss(way.unknown)
        if way.reduce is not None:
            self._reduced(value, *way.reduce, depth)
            return "object"
        self.need(pickling.global_of(module.bindings.qualname(node), module.name))
        for method, home in way.more:
            self._returned(value, method, home, depth)
        if not way.state_is_own:
            self._fields(value, bases, depth)
        return "module" if is_module else "object"

    def _assume_fields(self, value: Instance, depth: int) -> None:
        """Fields that no method sets, as those of dataclasses are, hold what they are given, and
        otherwise what nothing here shows.
        """
        levels = tuple(classes.ancestry(value.of.node, value.of.module, self.engine.project))
        unspelled_here = any(unspelled.sources(self.engine, level) for level, _ in levels)
        if unspelled_here or any(
            isinstance(each, ast.AnnAssign) for level, _ in levels for each in level.body
        ):
            self.assume(f"the fields of {value.of.node.name} are texts and numbers")
            if value.call is not None and isinstance(value.arguments, BoundArguments):
                keywords = (each.value for each in value.call.keywords)
                for given in (*value.call.args, *keywords):
                    self.visit_all(self.engine.values(given, value.arguments.frame), depth)

    def _fields(self, value: Instance, bases: frozenset[str], depth: int) -> None:
        """What the attributes of an object hold."""
        node, module = value.of.node, value.of.module
        if self.is_new(node):
            for level, home in classes.ancestry(node, module, self.engine.project):
                self._attributes(value, level, home, depth)
        for base in bases:
            if torch_modules.is_module_class(base) and base != "torch.nn.Module":
                self._torch_module(base)

    def _reduced(
        self, value: Instance, method: ast.FunctionDef, home: SourceFile, depth: int
    ) -> None:
        """``__reduce__``: the file names the function that is called, not the class."""
        if not self.is_new(method):
            return
        for returned, frame in _returns(value, method, home):
            parts = returned.elts if isinstance(returned, ast.Tuple) else []
            called = self._named(value, parts[0], frame) if parts else ()
            plain = all(isinstance(each, Class | Function) for each in called)
            if not called or not plain or len(parts) > _CALL_AND_ARGUMENTS:
                self.miss(f"{home.path}:{returned.lineno} says how {value.of.node.name} is pickled")
                continue
            for part in parts:
                self._part(value, part, frame, depth)

    def _named(self, value: Instance, node: ast.expr, frame: Frame) -> Values:
        return (
            (value.of,) if pickling.is_own_class(node, frame) else self.engine.values(node, frame)
        )

    def _returned(
        self, value: Instance, method: ast.FunctionDef, home: SourceFile, depth: int
    ) -> None:
        """What ``__getstate__`` and ``__getnewargs__`` yield."""
        if not self.is_new(method):
            return
        for returned, frame in _returns(value, method, home):
            self._part(value, returned, frame, depth)

    def _part(self, value: Instance, node: ast.expr, frame: Frame, depth: int) -> None:
        """A part of what a method of an object yields for its pickle."""
        if isinstance(node, ast.Tuple):
            for each in node.elts:
                self._part(value, each, frame, depth)
            return
        values = self._named(value, node, frame)
        if not values:
            self.miss(f"{frame.module.path}:{node.lineno} saves what is not known")
        self.visit_all(values, depth)

    def _attributes(self, of: Instance, node: ast.ClassDef, module: SourceFile, depth: int) -> None:
        for stores in instances.assigned(self.engine, node).values():
            for _, receiver, expression in stores:
                arguments = Layers(({receiver: (of,)}, of.arguments or {}))
                frame = Frame(module, arguments)
                self.visit_all(self.engine.values(expression, frame), depth)
        for own, expression in held_besides(node, module, self.engine.project):
            layers = ({own: (of,)} if own is not None else {}, of.arguments or {})
            values = self.engine.values(expression, Frame(module, Layers(layers)))
            self.visit_all(values, depth)
            if not values:
                self.miss(f"{module.path}:{expression.lineno} puts what is not known into it")

    def made(self, value: Made, depth: int) -> str:
        callee = value.callee
        if value.call is None and callee.startswith(("torch.", "numpy.")):
            return self._global(callee)
        if callee == "state_dict" or callee.endswith(plain_values.TORCH_STATE):
            self._state(value)
            return "state dict"
        if torch_modules.is_module_class(callee):
            self._torch_module(callee)
            self._arguments(value, depth)
            return "module"
        if callee in plain_values.PLAIN_RESULTS:
            return "plain value"
        if callee in plain_values.LIKE_ARGUMENTS:
            return self._like_arguments(value, depth)
        last = callee.rpartition(".")[2]
        if callee.startswith("numpy.") or (
            callee.startswith("torch.") and ".numpy" in callee and last not in PLAIN_METHODS
        ):
            return self._numpy(callee)
        if callee.startswith("torch.") and last.islower():
            return self._tensor(value)
        return self.miss(f"the result of {callee}() is not known")

    def _state(self, value: Made) -> None:
        if self.asks_states and value.callee.endswith("state_dict"):
            more = what_it_adds(self.engine, value)
            doubt = more or doubt_about_state(self.engine, value)
            if more:
                self.miss(more)
            elif doubt:
                self.assume(doubt)

    def _like_arguments(self, value: Made, depth: int) -> str:
        """What ``max``, ``round`` and the like yield: something like what they are given."""
        given = value.call.args if value.call is not None else []
        for argument in given:
            values = self.engine.anywhere(argument, value.module) if value.module else ()
            self.visit_all(values, depth)
            if not values:
                self.miss(f"what {value.callee}() is given")
        if not given:
            self.miss(f"what {value.callee}() is given")
        return "plain value"

    def _tensor(self, value: Made) -> str:
        kind = kind_of_result(value.callee, value.call)
        if not kind:
            return self.miss(f"the result of {value.callee}() is not known")
        if kind == "likely a tensor":
            self.assume(f"{value.callee}() yields a tensor")
            return "tensor"
        return kind

    def _global(self, dotted: str) -> str:
        """A class or function itself, or a dtype: torch's are named by where they really live."""
        if dotted in plain_values.CONSTANTS or dotted.startswith(plain_values.DTYPES):
            return "plain value"
        if dotted == "torch.__version__":
            self.need(GlobalName("torch.torch_version", "TorchVersion"))
            return "text"
        if torch_modules.is_module_class(dotted):
            self.need(torch_modules.home_of(dotted))
            return "class"
        if dotted.startswith("torch."):
            return self.miss(f"by which name {dotted} is saved")
        self.need(GlobalName.parse(dotted))
        return "function"

    def _torch_module(self, dotted: str) -> None:
        for name in torch_modules.needs(dotted):
            self.need(name)

    def _arguments(self, value: Made, depth: int) -> None:
        """The modules that a container is given."""
        if value.call is None or value.module is None:
            return
        for argument in value.call.args:
            inner = argument.value if isinstance(argument, ast.Starred) else argument
            for each in self.engine.anywhere(inner, value.module):
                if isinstance(each, Instance | Made | Sequence | Record):
                    self._module_argument(each, depth)
                elif isinstance(argument, ast.Starred):
                    self.miss(f"the modules in {value.callee}(*…)")

    def _module_argument(self, value: Value, depth: int) -> None:
        if isinstance(value, Made) and not torch_modules.is_module_class(value.callee):
            return
        self.visit(value, depth - 1)

    def _numpy(self, callee: str) -> str:
        self.need(GlobalName("numpy", "dtype"))
        if callee.startswith("numpy.random."):
            return self.miss(f"the type that {callee}() yields")
        self.need(GlobalName("numpy._core.multiarray", "_reconstruct"))
        self.need(GlobalName("numpy", "ndarray"))
        self.miss("the type of a numpy array's items")
        return "array"


def _returns(
    value: Instance, method: ast.FunctionDef, home: SourceFile
) -> Iterator[tuple[ast.expr, Frame]]:
    """What a method of an object returns, and where that is read."""
    receiver = next(iter((*method.args.posonlyargs, *method.args.args)), None)
    arguments = Layers(({receiver: (value,)} if receiver else {}, value.arguments or {}))
    frame = Frame(home, arguments)
    for node in ast.walk(method):
        if isinstance(node, ast.Return):
            yield node.value or ast.copy_location(ast.Constant(None), node), frame


_VISITS: dict[type[Value], Callable[[_Collector, Value, int], str]] = {
    Text: _Collector.text,  # type: ignore[dict-item]
    Constant: _Collector.plain,
    Handle: _Collector.plain,
    Sequence: _Collector.sequence,  # type: ignore[dict-item]
    Record: _Collector.record,  # type: ignore[dict-item]
    ParsedOptions: _Collector.options,  # type: ignore[dict-item]
    Class: _Collector.reference,  # type: ignore[dict-item]
    Function: _Collector.reference,  # type: ignore[dict-item]
    Instance: _Collector.instance,  # type: ignore[dict-item]
    Made: _Collector.made,  # type: ignore[dict-item]
}
