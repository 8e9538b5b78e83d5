"""The rules of torch's weights-only unpickler, asked at each step of an abstract one.

Source: ``torch/_weights_only_unpickler.py`` and ``torch/serialization.py`` of torch 2.13, with the
differences of the other releases from :mod:`torchload_lint.checkpoint.known.torch_versions`.

The guard assumes that everything may be allowed that the file names, and writes down what has to
be (``needs``). The first step that no allowlist helps is its ``failure``; later steps still build
values, so that the rest of the file can be shown, but no longer count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.known.known_globals import (
    PLAIN_CLASSES,
    rename_python_2,
    runtime_name,
)
from torchload_lint.checkpoint.known.torch_versions import (
    DTYPES_SINCE,
    KNOWN_VERSIONS,
    NEWEST,
    SUPPORTED_OPCODES,
    default_allowed,
    features,
    registered_by,
)
from torchload_lint.checkpoint.opcodes import CODES
from torchload_lint.checkpoint.pickles.call_results import (
    MAPPINGS,
    NameResolver,
    as_arguments,
    is_getattr,
    make_plain,
    result_type,
    runtime_namer,
)
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    Opaque,
    PickledValue,
    SetValue,
    type_of,
    unhashable,
)
from torchload_lint.checkpoint.pickles.states import has_slots
from torchload_lint.checkpoint.report import Problem
from torchload_lint.checkpoint.restricted.argument_kinds import (
    default_kind,
    looped,
    may_be_anything,
    value_kind,
)
from torchload_lint.checkpoint.restricted.arrays.array_guard import FIELDS_CHANGED, ArrayGuard
from torchload_lint.checkpoint.restricted.builds import (
    STATES_TAKEN,
    WITHOUT_DICT,
    is_default_state,
    is_no_state,
    is_tensor_state,
    updates_dict,
)
from torchload_lint.checkpoint.restricted.class_knowledge import ClassKnowledge
from torchload_lint.checkpoint.restricted.needs import RequiredEntry
from torchload_lint.checkpoint.restricted.signatures import NESTED_CALLS, call_problem, new_problem
from torchload_lint.checkpoint.restricted.standard_calls import (
    standard_call_problem,
    standard_new_problem,
)
from torchload_lint.checkpoint.restricted.unwritten_calls import uncallable_problem
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torchload_lint.checkpoint.known.torch_versions import Target
    from torchload_lint.checkpoint.opcodes import Opcode
    from torchload_lint.checkpoint.pickles.call_results import ClassLookup
    from torchload_lint.checkpoint.pickles.storages import StorageReader
    from torchload_lint.checkpoint.pickles.substitute import Substitute
    from torchload_lint.names import ClassFacts

_WITHOUT_DICT = frozenset(
    f"builtins.{name}"
    for name in "NoneType bool int float str bytes tuple list dict set frozenset complex".split()
)
"""Types whose instances take no attributes, so that a BUILD with a state must fail."""

_OTHER_PLATFORM = {
    False: frozenset({"pathlib.WindowsPath", "pathlib._local.WindowsPath"}),
    True: frozenset({"pathlib.PosixPath", "pathlib._local.PosixPath"}),
}
"""Paths that cannot be made, by whether the program runs on Windows."""

_LATEST = default_allowed(KNOWN_VERSIONS[-1])

PLACES_KEPT = 8
"""Values remembered for each need, to name their places."""


class WeightsOnlyGuard:
    """What the weights-only unpickler checks, and what the allowlist must hold for it to pass."""

    def __init__(
        self,
        storages: StorageReader,
        target: Target = NEWEST,
        lookup: ClassLookup | None = None,
        substitutes: Mapping[str, Substitute] | None = None,
        encoding: str = "utf-8",
    ) -> None:
        self.protocol: int | None = None
        self.failure: Problem | None = None
        self.culprit: PickledValue = None
        """The value that the failing step was done to."""
        self.needs: dict[str, RequiredEntry] = {}
        self.notes: list[Problem] = []
        self.builds_types = False
        self.position = 0
        self.storages = storages
        storages.checks_sizes = features(target.torch).record_sizes
        self._features = features(target.torch)
        self._default = default_allowed(target.torch)
        self._registered = registered_by(target.torch)
        self._target = target
        self._known = target.known
        self._substitutes = substitutes or {}
        self._encoding = encoding
        self._runtime = runtime_namer(target, runtime_name, lookup)
        self.names = NameResolver(self._runtime)
        self._classes = ClassKnowledge(lookup, self.names)
        self._arrays = ArrayGuard()
        self._allowed: set[str] = set()
        """Runtime names of what the needs bring in."""

    # -- the steps ---------------------------------------------------------------------------

    def meet(self, opcode: Opcode) -> None:
        """Refuse an opcode that this torch lacks (asked for those that some torch lacks)."""
        self.position = opcode.position
        if opcode.name in SUPPORTED_OPCODES:
            if opcode.name == "BINFLOAT" and not self._features.binfloat:
                self._fail(advice.BINFLOAT)
        elif self.failure is None:
            self._fail(advice.opcode(opcode.name, CODES[opcode.name], self.protocol))

    def decode(self, data: bytes, position: int) -> PickledValue:
        """A Python 2 string in the encoding of the load; bytes where it cannot be decoded."""
        if self._encoding == "bytes":
            return data
        try:
            return data.decode(self._encoding)
        except UnicodeDecodeError:
            self.position = position
            self._fail(advice.UNDECODABLE)
            return data

    def name_global(self, module: str, name: str, position: int) -> GlobalName:
        """The global's name after the renaming that this torch does."""
        self.position = position
        # Before 2.4 torch allows none of these under either name; people know the one of Python 3.
        renaming, protocol = self._features.renaming, self.protocol
        renames = renaming != "protocol 2" or protocol == 2  # noqa: PLR2004
        if renames:
            exceptions = self._features.exceptions_renamed
            module, name = rename_python_2(module, name, exceptions=exceptions)
        return GlobalName(module, name)

    def check_global(self, reference: GlobalRef, _written: str) -> None:
        """GLOBAL: blocked, allowed, or in need of being allowed."""
        if self.failure is not None:
            return
        dotted = self.names.dotted(reference.name)
        if reference.name.module in self._features.blocked_modules:
            self._fail(advice.blocked(dotted, reference.name.module), reference)
        elif self._known < DTYPES_SINCE.get(dotted, self._known):
            self._fail(advice.newer_torch(dotted, DTYPES_SINCE[dotted]), reference)
        elif not all(part.isidentifier() for part in dotted.split(".")):
            if dotted not in self._default:
                self._fail(advice.unimportable(dotted), reference)
        elif dotted not in self._default and self._registered.get(dotted) != "":
            self._need(reference.name, self._runtime(reference.name), "GLOBAL", reference)

    def reduce(self, callee: PickledValue, args: PickledValue) -> PickledValue:
        """REDUCE: call ``callee(*args)``."""
        args = _passed(args)
        self._arrays.met(args)
        name = self.names.of(callee)
        substitute = self._substitute_for(callee)
        if self.failure is None and substitute is None:
            self._check_reduce(callee, name, args)
        if substitute is not None:
            return substitute.make("REDUCE", callee, args)
        plain = make_plain(self.names.dotted(name), args) if name is not None else None
        if plain is not None:
            return plain
        kind = result_type(name, args, self.names, self._facts(callee))
        return self._arrays.made(ObjectValue("REDUCE", callee, args, kind))

    def newobj(self, cls: PickledValue, args: PickledValue) -> PickledValue:
        """NEWOBJ: ``cls.__new__(cls, *args)``."""
        args = _passed(args)
        self._arrays.met(args)
        name = self.names.of(cls)
        substitute = self._substitute_for(cls)
        if self.failure is None and substitute is None:
            self._check_newobj(cls, name, args)
        if substitute is not None:
            return substitute.make("NEWOBJ", cls, args)
        plain = (
            make_plain(self.names.dotted(name), ()) if self.names.dotted(name) in MAPPINGS else None
        )
        made = ObjectValue("NEWOBJ", cls, args, name)
        return plain if plain is not None else self._arrays.made(made)

    def build(self, target: PickledValue, state: PickledValue) -> None:
        """BUILD: give an object its state."""
        self._refuse(self._arrays.state_problem(target, type_of(target), state), target)
        if self.failure is None:
            self._check_build(target, state)
        if isinstance(target, ObjectValue):
            target.states.append(state)
        elif isinstance(target, DictValue):
            target.state.append(state)

    def extend(self, target: PickledValue, items: list[PickledValue]) -> None:
        """APPEND and APPENDS: only on exactly a list."""
        if isinstance(target, list):
            target.extend(items)
            return
        if self.failure is None and not (
            self._features.list_subclasses and self._classes.extends_list(target)
        ):
            self._fail(advice.append(self._type_words(target)), target)
        if isinstance(target, (ObjectValue, SetValue)):
            target.items.extend(items)

    def set_items(
        self, target: PickledValue, entries: list[tuple[PickledValue, PickledValue]]
    ) -> None:
        """SETITEM and SETITEMS: from 2.10 only on exactly a dict, OrderedDict or Counter."""
        if isinstance(target, DictValue):
            self._refuse(FIELDS_CHANGED if target.is_held else None, target)
            target.entries.extend(entries)
            if self.failure is None and any(unhashable(key) for key, _ in entries):
                self._fail(advice.UNHASHABLE_KEY, target)
            return
        if self.failure is None and not self._may_set(target, entries):
            self._fail(advice.set_item(self._type_words(target)), target)
        if isinstance(target, ObjectValue):
            target.entries.extend(entries)

    def persistent_load(self, pid: PickledValue) -> PickledValue:
        """BINPERSID: only storages."""
        value, problem = self.storages.load(pid)
        if problem is None and self.storages.is_unreadable(pid):
            problem = advice.UNTYPED
        if problem is not None:
            self._fail(problem)
        if value is None and isinstance(pid, tuple) and pid[:1] == ("module",):
            return pid[1] if len(pid) > 1 else Opaque(None)  # the class, for an unsafe load
        return value if value is not None else Opaque(None)

    # -- the checks --------------------------------------------------------------------------

    def _check_reduce(
        self, callee: PickledValue, name: GlobalName | None, args: PickledValue
    ) -> None:
        if name is None:
            self._fail(advice.uncallable(self._type_words(callee)), callee)
            return
        dotted = self.names.dotted(name)
        if isinstance(callee, GlobalRef):
            if dotted in self._default and default_kind(dotted) == "value":
                self._fail(uncallable_problem(dotted, callee, args), callee)
                return
            rebuilt = dotted in self._default or dotted in NESTED_CALLS
            problem = (call_problem if rebuilt else standard_call_problem)(dotted, args)
            if problem is not None:
                self._fail(problem, callee)
            elif dotted == "copyreg._reconstructor" and self._classes.is_mismatched(args):
                self._fail(advice.MISMATCH, callee)
            elif dotted in _OTHER_PLATFORM[self._target.windows]:
                self._fail(advice.other_platform(dotted), callee)
        else:
            self._need_value(name, "REDUCE", callee)
        if not isinstance(args, tuple) and not may_be_anything(args):
            self._fail(advice.ARGUMENTS, callee)

    def _check_newobj(self, cls: PickledValue, name: GlobalName | None, args: PickledValue) -> None:
        if name is None:
            self._fail(advice.uncallable(self._type_words(cls)), cls)
            return
        dotted = self.names.dotted(name)
        if dotted in self._default and isinstance(cls, GlobalRef):
            self.builds_types = True
            old = not self._features.default_types_build
            if default_kind(dotted) != "class" or (
                old and dotted != "torch.nn.parameter.Parameter"
            ):
                self._fail(uncallable_problem(dotted, cls, args), cls)
            problem = new_problem(dotted, args)
            if problem is not None:
                self._fail(problem, cls)
        elif not isinstance(cls, GlobalRef):
            self._need_value(name, "NEWOBJ", cls)
        else:
            problem = (new_problem if dotted in NESTED_CALLS else standard_new_problem)(
                dotted, args
            )
            if problem is not None:
                self._fail(problem, cls)
        if not isinstance(args, tuple) and not may_be_anything(args):
            self._fail(advice.ARGUMENTS, cls)

    def _may_set(
        self, target: PickledValue, entries: list[tuple[PickledValue, PickledValue]]
    ) -> bool:
        """Before 2.10, whatever takes ``target[key] = value`` would do."""
        if self._features.strict_setitem:
            return False
        if isinstance(target, list):
            size = len(target)
            return all(isinstance(key, int) and -size <= key < size for key, _ in entries)
        return isinstance(target, ObjectValue) and str(target.type_name) not in PLAIN_CLASSES

    def _check_build(self, target: PickledValue, state: PickledValue) -> None:
        kind = type_of(target)
        dotted = self.names.dotted(kind)
        made = value_kind(target)
        if made == "tensor":
            is_parameter = dotted == "torch.nn.parameter.Parameter"
            if not is_tensor_state(target, state, parameter=is_parameter):
                self._fail(advice.STATE_SHAPE, target)
            return
        if dotted == "collections.OrderedDict":
            if not updates_dict(state):
                self._fail(advice.STATE, target)
            return
        self.builds_types = True
        if kind is None:
            self._build_on_unknown(target)
            return
        self._need_value(kind, "BUILD", target)
        takes_nothing = dotted in _WITHOUT_DICT and not isinstance(target, ObjectValue)
        takes_nothing = takes_nothing or made in WITHOUT_DICT
        # Before 2.6 torch reaches for __dict__ before it looks at the state.
        if takes_nothing and not (is_no_state(state) and self._features.default_types_build):
            self._fail(advice.build_on_plain(dotted), target)
        elif not self._takes_state(target, dotted, state):
            self._fail(advice.STATE_SHAPE, target)
        elif (
            not self._features.slots_state
            and has_slots(state)
            and not self._classes.sets_state(target)
        ):
            self._fail(advice.SLOTS, target)

    def _takes_state(self, target: PickledValue, kind: str, state: PickledValue) -> bool:
        if kind in STATES_TAKEN:
            return STATES_TAKEN[kind](state)
        is_default = self._classes.has_default_setstate(target, kind)
        return not is_default or is_default_state(state)

    def _build_on_unknown(self, target: PickledValue) -> None:
        """What a function returns, or a class itself: the type that torch will see is not known."""
        if isinstance(target, ObjectValue):
            self.notes.append(advice.unknown_result(self._type_words(target)))
        else:
            self._fail(advice.BUILD_ON_GLOBAL, target)

    # -- helpers -----------------------------------------------------------------------------

    def _need(
        self, name: GlobalName, runtime: GlobalName, because: str, value: PickledValue
    ) -> None:
        need = self.needs.get(str(name))
        if need is None:
            need = self.needs[str(name)] = RequiredEntry(name, runtime, because)
            facts = self._facts(value)
            is_dtype = default_kind(str(runtime)) == "value" and str(runtime) in _LATEST
            need.is_value = is_dtype or (facts is not None and facts.kind == "value")
            need.is_nested = "." in runtime.qualname and not self._features.key_is_qualname
            self._allowed.add(str(runtime))
        elif because == "GLOBAL":
            need.runtime, need.because = runtime, because
            self._allowed.add(str(runtime))
        if len(need.values) < PLACES_KEPT:
            need.values.append(value)

    def _need_value(self, runtime: GlobalName, because: str, value: PickledValue) -> None:
        """NEWOBJ, REDUCE and BUILD look for the object itself, whatever its key is."""
        dotted = self.names.dotted(runtime)
        need = self.needs.get(dotted)
        if need is not None and need.because != "GLOBAL" and len(need.values) < PLACES_KEPT:
            need.values.append(value)
        if dotted in self._allowed or self._registered.get(dotted) == "":
            return
        types_count = because != "BUILD" or self._features.default_types_build
        if dotted in self._default and types_count:
            return
        self._need(runtime, runtime, because, value)

    def _fail(self, problem: Problem, culprit: PickledValue = None) -> None:
        if self.failure is None:
            where = problem.where or f"byte {self.position}"
            self.failure = Problem(problem.code, problem.message, problem.advice, where)
            self.culprit = culprit

    def _refuse(self, problem: Problem | None, culprit: PickledValue) -> None:
        """Fail by what would do harm, whatever else is wrong before it."""
        if problem is not None and (self.failure is None or self.failure.code != "hostile"):
            self.failure = None
            self._fail(problem, culprit)

    def _facts(self, value: PickledValue) -> ClassFacts | None:
        return self._classes.facts(value)

    def _substitute_for(self, value: PickledValue) -> Substitute | None:
        if not self._substitutes or not isinstance(value, GlobalRef):
            return None
        return self._substitutes.get(str(value.name))

    def _type_words(self, value: PickledValue) -> str:
        """A value's type in words, for a message."""
        kind = type_of(value)
        if kind is not None:
            return str(kind).removeprefix("builtins.")
        if isinstance(value, GlobalRef):
            return str(value.name)
        if isinstance(value, ObjectValue):
            called = self.names.of(value.callee)
            if is_getattr(value.callee) and self.names.of(value) is None:
                return "an attribute of an object"
            return f"what {called} returns" if called is not None else "the result of a call"
        return "a value of unknown type"


def _passed(args: PickledValue) -> PickledValue:
    """What ``*args`` passes, where that is known: as a tuple."""
    given = as_arguments(args)
    if isinstance(given, tuple):
        return given
    found = looped(given)
    return found if found is not None else given
