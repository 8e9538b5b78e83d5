"""From what a pickle describes to plain data that says the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.call_results import is_getattr
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    KeywordsKey,
    ObjectValue,
    Opaque,
    PickledValue,
    SetValue,
    StorageValue,
)
from torchload_lint.checkpoint.pickles.places import MAX_PLACE, key_text
from torchload_lint.migrate.carriers import (
    config_objects,
    modules,
    numpy_values,
    pickled_storages,
    stdlib_values,
    tensors,
    times,
    training,
)
from torchload_lint.migrate.carriers.array_dtypes import KnownDTypes
from torchload_lint.migrate.carriers.array_growth import ArrayGrowth
from torchload_lint.migrate.carriers.pickled_instance import Entries, PickledInstance, read_instance
from torchload_lint.migrate.carriers.tensors import LEFT_OUT
from torchload_lint.migrate.files.pickle_writer import LARGEST_INTEGER_BYTES
from torchload_lint.migrate.keys import Keys, apart, is_one
from torchload_lint.migrate.results import (
    ATTRIBUTES,
    NAME_AS_TEXT,
    MigrationOptions,
    Note,
    NoteKind,
    changed_value,
)

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.call_results import ClassLookup, NameResolver
    from torchload_lint.migrate.conversion import Carrier
    from torchload_lint.migrate.files.storage_pool import StoragePool

CARRIERS: dict[str, Carrier] = {
    **stdlib_values.CARRIERS,
    **times.CARRIERS,
    **numpy_values.CARRIERS,
    **config_objects.CARRIERS,
    **pickled_storages.CARRIERS,
    "torch.nn.parameter.Parameter": tensors.old_tensor,
    "torch.autograd.variable.Variable": tensors.old_tensor,
    "torch.Tensor": tensors.old_tensor,
    "torch.nested._internal.nested_tensor._rebuild_njt": tensors.jagged,
    "torch._utils._rebuild_nested_tensor": tensors.nested,
    "torch._utils._rebuild_sparse_csr_tensor": tensors.old_sparse,
    "torch.nn.parameter.UninitializedParameter": tensors.without_data,
    "torch.nn.parameter.UninitializedBuffer": tensors.without_data,
}
"""Class or function → how what it makes is carried."""

_ARGUMENTS = "__args__"
"""The key for what an object was made of, among its attributes."""


class Converter:
    """Makes values plain; a value that is met twice stays one value."""

    def __init__(
        self,
        names: NameResolver,
        pool: StoragePool,
        options: MigrationOptions,
        lookup: ClassLookup | None = None,
    ) -> None:
        self.names = names
        self.pool = pool
        self.options = options
        self._options_of_keys = replace(options, scalars_as_tensors=False)
        self._keys_differ = options.scalars_as_tensors
        self.lookup = lookup
        self.notes: dict[Note, None] = {}
        self._memo: dict[int, PickledValue] = {}
        self._kept: list[PickledValue] = []
        self._open: set[int] = set()
        self._elements: dict[int, PickledValue] = {}
        """What sets have become that are keys or elements."""
        self._lost: dict[int, Note] = {}
        """What was said first of values that are left out."""
        self._keys = Keys()
        self.state_dict_names = 0
        self.dtypes = KnownDTypes()
        self.growth = ArrayGrowth()

    # -- what carriers use ---------------------------------------------------------------------

    def note(self, kind: NoteKind, place: str, what: str, outcome: str) -> None:
        """Say what is different at a place."""
        self.notes[Note(kind, place, what, outcome)] = None

    def changed(self, place: str, what: str, outcome: str) -> None:
        """Say that a value is carried as another type."""
        self.note(NoteKind.CHANGED, place, what, outcome)

    def leave_out(self, place: str, what: str, why: str) -> PickledValue:
        """Say that a value is not carried, and give the mark for that."""
        self.note(NoteKind.LEFT_OUT, place, what, why)
        return LEFT_OUT

    def plain(self, value: PickledValue, place: str) -> PickledValue:
        """A value made plain, or LEFT_OUT."""
        if value is None or isinstance(value, (bool, float, str, bytes)):
            return value
        if isinstance(value, int):
            return self._integer(value, place)
        key = self._identity(value)
        if key in self._memo:
            self._say_again(key, place)
            return self._memo[key]
        if key in self._open:
            if not isinstance(value, tuple):
                return self.leave_out(place, "an object", "it contains itself")
            self.changed(place, "a tuple that contains itself", "an equal tuple in its place")
        self._open.add(key)
        before = len(self.notes)
        result = self._convert(value, place)
        self._open.discard(key)
        if result is LEFT_OUT and (new := len(self.notes) - before):
            self._lost[key] = next(islice(reversed(self.notes), new - 1, None))
        return self.remember(value, result)

    def _say_again(self, key: int, place: str) -> None:
        """What was left out is missing wherever it is met again."""
        if note := self._lost.get(key):
            self.note(note.kind, place, note.what, note.outcome)

    def remember(self, value: PickledValue, result: PickledValue) -> PickledValue:
        """What a value has become, so that it becomes that again."""
        self._memo[self._identity(value)] = result
        self._kept.append(value)
        return result

    def _identity(self, value: PickledValue) -> int:
        """Which value this is: as a key it becomes what it is there, in a memo of its own, where
        numpy's scalars become tensors elsewhere.
        """
        is_key = self.options is self._options_of_keys and self._keys_differ
        return -id(value) if is_key and not tensors.is_tensor(value) else id(value)

    def items(
        self, items: list[PickledValue] | tuple[PickledValue, ...], place: str
    ) -> list[PickledValue]:
        """A sequence's items; None stands where one is left out, so that the others stay."""
        plain = (self.plain(item, f"{place}[{index}]") for index, item in enumerate(items))
        return [None if item is LEFT_OUT else item for item in plain]

    def entries(self, entries: Entries, place: str) -> Entries:
        """A mapping's entries; those that are left out are not there.

        The last of two equal keys wins, at the place of the first, as in a dict.
        """
        plain: dict[int, tuple[PickledValue, PickledValue]] = {}
        steps = [_step(place, f"[{key_text(key)}]") for key, _ in entries]
        new_keys = self._hashables([key for key, _ in entries], [f"{one} (key)" for one in steps])
        for (_, item), step, new_key in zip(entries, steps, new_keys, strict=True):
            if new_key is LEFT_OUT or not self._keys.is_key(new_key):
                if new_key is not LEFT_OUT:
                    self.leave_out(step, "an entry", "its key is not a plain value, or too large")
                continue
            new_item = self.plain(item, step)
            if new_item is LEFT_OUT:
                continue
            number = self._keys.number(new_key)
            first = plain[number][0] if number in plain else new_key
            plain[number] = (first, new_item)
        return list(plain.values())

    def attributes(
        self, value: dict[str, PickledValue], place: str, into: DictValue
    ) -> PickledValue:
        """An object's attributes as a dict."""
        for name, item in value.items():
            plain = self.plain(item, _step(place, f".{name[:MAX_PLACE]}"))
            if plain is not LEFT_OUT:
                into.entries.append((name, plain))
        return into

    # -- dispatch ------------------------------------------------------------------------------

    def _integer(self, value: int, place: str) -> PickledValue:
        if value.bit_length() // 8 + 1 <= LARGEST_INTEGER_BYTES:
            return value
        self.changed(place, "an integer of more than 255 bytes", "its hexadecimal text")
        return hex(value)

    def _convert(self, value: PickledValue, place: str) -> PickledValue:
        if isinstance(value, list):
            return self._list(value, value, place)
        if isinstance(value, tuple):
            return tuple(self.items(value, place))
        if isinstance(value, DictValue):
            return self._dict(value, place)
        if isinstance(value, SetValue):
            return self._set(value, place)
        if isinstance(value, StorageValue):
            return self.pool.checked(value)
        if isinstance(value, GlobalRef):
            return self._global(value, place)
        if isinstance(value, ObjectValue):
            return self._instance(value, place)
        what = str(value.type_name) if isinstance(value, Opaque) and value.type_name else "a value"
        return self.leave_out(place, what, "the file does not say what it is")

    def _list(self, value: PickledValue, items: list[PickledValue], place: str) -> PickledValue:
        result: list[PickledValue] = []
        self.remember(value, result)
        result.extend(self.items(items, place))
        return result

    def _dict(self, value: DictValue, place: str) -> PickledValue:
        result = DictValue(value.kind)
        self.remember(value, result)
        result.entries.extend(self.entries(value.entries, place))
        has_room = value.kind == "collections.OrderedDict"
        for state in value.state:
            plain = self._state(state, place)
            if isinstance(plain, DictValue) and (has_room or not plain.entries):
                result.state += [plain] if plain.entries else []
            elif plain is not None:
                self.leave_out(place, "a state of a dict", "its own __setstate__ would take it")
        return result

    def _state(self, state: PickledValue, place: str) -> PickledValue:
        """What BUILD gives an OrderedDict: its attributes."""
        if isinstance(state, DictValue) and all(isinstance(key, str) for key, _ in state.entries):
            return self.attributes(dict(state.entries), place, DictValue())
        return self.plain(state, place)

    def _set(self, value: SetValue, place: str) -> PickledValue:
        items = self._hashables(value.items, [f"{place} (element)"] * len(value.items))
        kept = [item for item in items if item is not LEFT_OUT]
        if not all(map(self._keys.is_key, kept)):
            self.changed(place, value.kind, "a list, since not all its elements are hashable")
            return kept
        if value.kind != "builtins.set":
            self.changed(place, value.kind.removeprefix("builtins."), "a set")
        return SetValue("builtins.set", kept)

    def _hashables(self, values: list[PickledValue], places: list[str]) -> list[PickledValue]:
        """Keys, or elements of a set, made plain; those that would become equal are kept apart.

        ``Path("a")`` and ``"a"`` are two keys, and both would be the text. A numpy scalar becomes a
        number in any case: a tensor is found as a key only by who has it.
        """
        pairs = list(zip(values, places, strict=True))
        options, self.options = self.options, self._options_of_keys
        plain = [self._element(value, place) for value, place in pairs]
        self.options = options
        origins: dict[int, set[int]] = {}
        for value, new in zip(values, plain, strict=True):
            origins.setdefault(self._keys.number(new), set()).add(self._keys.number(value))
        taken = {new: 1 for new in plain if isinstance(new, str)}
        result: list[PickledValue] = []
        for (value, place), new in zip(pairs, plain, strict=True):
            number = self._keys.number(new)
            if new is LEFT_OUT or len(origins[number]) == 1 or number == self._keys.number(value):
                result.append(new)
                continue
            result.append(apart(value, new, taken))
            self.changed(place, "what would be equal to another", f"the text {result[-1]!r:.200}")
        return result

    def _element(self, value: PickledValue, place: str) -> PickledValue:
        """A key, or an element of a set: a frozenset there becomes a tuple, which is hashable."""
        if not isinstance(value, SetValue):
            return self.plain(value, place)
        known = self._elements.get(id(value))
        if known is None:
            self.changed(place, value.kind.removeprefix("builtins."), "a tuple")
            known = tuple(self._element(item, place) for item in value.items)
            known = tuple(item for item in known if item is not LEFT_OUT)
            self._elements[id(value)] = known
            self._kept.append(value)
        return known

    def _global(self, value: GlobalRef, place: str) -> PickledValue:
        if str(value.name) in tensors.ALLOWED:
            return value
        name = str(self.names.of(value) or value.name)
        self.changed(place, f"the class or function {name}", NAME_AS_TEXT)
        return name

    def _instance(self, value: ObjectValue, place: str) -> PickledValue:
        if is_getattr(value.callee):
            name = self.names.of(value)
            if name is None:
                return self.leave_out(place, "an attribute of an object", "getattr is not run")
            self.changed(place, f"the class or function {name}", NAME_AS_TEXT)
            return str(name)
        made = read_instance(value, self.names)
        called = str(self.names.of(value.callee))
        carrier = CARRIERS.get(called)
        known = called in tensors.ALLOWED or called in tensors.TYPED
        if carrier is None and value.how == "REDUCE" and known and not value.states:
            _refuse_items(value, called)
            made.name = called
            return tensors.carry(self, made, place)
        carrier = carrier or (CARRIERS.get(made.name) if made.by_class else None)
        if carrier is not None:
            if carrier not in stdlib_values.FILLED:
                _refuse_items(value, made.name)
            return carrier(self, made, place)
        return self._object(value, made, place)

    def _object(self, value: ObjectValue, made: PickledInstance, place: str) -> PickledValue:
        """An instance of a class that nothing is known of, or of a kind of class."""
        is_module = modules.registries(made) is not None
        if is_module or training.is_training_state(made):
            if made.items or made.entries:
                self.leave_out(
                    place, f"items of {made.name}", "its state dict has no room for them"
                )
            carrier = modules.state_dict if is_module else training.carry
            return carrier(self, made, place)
        if not made.name:
            return self.leave_out(place, "an object", "what makes it is not known")
        if self._is_mapping(value, made):
            return self._mapping(value, made, place)
        if made.items or self._derives(value, "builtins.list"):
            self._say_lost(made, made.attributes, place)
            self._say_unused(made, place)
            self.changed(place, made.name, "a list")
            return self._list(value, made.items, place)
        if not made.is_class and not made.by_new:
            return self.leave_out(place, f"what {made.name} returns", "the call is not made")
        if made.attributes is None:
            return self._with_own_state(made, place)
        if made.args and not made.attributes:
            return self._by_arguments(made, place)
        return self._with_attributes(value, made, made.attributes, place)

    def _with_own_state(self, made: PickledInstance, place: str) -> PickledValue:
        """What only the class's ``__setstate__`` understands, and what it is called with."""
        state = self.plain(made.states[-1], _step(place, "[1]") if made.given else place)
        if not made.given or state is LEFT_OUT:
            self.changed(place, made.name, "its state, as its own __setstate__ takes it")
            return state
        self.changed(place, made.name, "its arguments, and its state for its own __setstate__")
        return (tuple(self.items(made.given, _step(place, "[0]"))), state)

    def _with_attributes(
        self,
        value: ObjectValue,
        made: PickledInstance,
        attributes: dict[str, PickledValue],
        place: str,
    ) -> PickledValue:
        result = DictValue()
        self.remember(value, result)
        if not made.given or _ARGUMENTS in attributes:
            self._say_unused(made, place)
            self.changed(place, made.name, ATTRIBUTES)
            return self.attributes(attributes, place, result)
        self.changed(place, made.name, f"{ATTRIBUTES}, and of its arguments under {_ARGUMENTS!r}")
        self.attributes(attributes, place, result)
        arguments = self.items(made.given, _step(place, f"[{_ARGUMENTS!r}]"))
        result.entries.append((_ARGUMENTS, tuple(arguments)))
        return result

    def _mapping(self, value: ObjectValue, made: PickledInstance, place: str) -> PickledValue:
        self.changed(place, made.name, "a dict")
        result = DictValue()
        self.remember(value, result)
        if made.items:
            self.leave_out(place, f"items of {made.name}", "a dict has no room for them")
        if len(made.args) == 1 and isinstance(made.args[0], DictValue):  # as Counter has it
            made.entries, made.args = [*made.args[0].entries, *made.entries], ()
        self._say_unused(made, place)
        result.entries.extend(self.entries(made.entries, place))
        items = {key: item for key, item in made.entries if isinstance(key, str)}
        others = {
            name: item
            for name, item in (made.attributes or {}).items()
            if name not in items or not is_one(item, items[name])
        }
        if not made.entries and others:
            return self.attributes(others, place, result)
        self._say_lost(made, others, place)
        return result

    def _by_arguments(self, made: PickledInstance, place: str) -> PickledValue:
        """A named tuple, an enum member, a subclass of str or int, or the like."""
        single = len(made.args) == 1
        if single and (not isinstance(made.args[0], (list, tuple)) or not made.by_new):
            plain = self.plain(made.args[0], place)
            if plain is not LEFT_OUT:
                self.changed(place, made.name, "the value that it was made of")
            return plain
        args = made.args[0] if single else made.args
        self.changed(place, made.name, "a tuple" if made.by_new else "a tuple of its arguments")
        return tuple(self.items(args if isinstance(args, (list, tuple)) else (), place))

    def _say_lost(
        self, made: PickledInstance, attributes: dict[str, PickledValue] | None, place: str
    ) -> None:
        if attributes:
            names = ", ".join(sorted(attributes)[:6])
            self.leave_out(
                place, f"attributes of {made.name} ({names})", "there is no room for them"
            )

    def _say_unused(self, made: PickledInstance, place: str) -> None:
        if any(arg is not None and arg not in ((), []) for arg in made.given):
            self.leave_out(place, f"what {made.name} is made of", "there is no room for it")

    def _is_mapping(self, value: ObjectValue, made: PickledInstance) -> bool:
        """Whether an object is a dict by what it holds, by its bases, or (empty) by its name."""
        if made.entries or self._derives(value, "builtins.dict"):
            return True
        from torchload_lint.source.libraries import registry  # noqa: PLC0415 - few objects are empty

        return registry.is_called_like_a_mapping(made.short)

    def _derives(self, value: ObjectValue, base: str) -> bool:
        """Whether the project's source says that the class is a dict or list."""
        if self.lookup is None or value.type_name is None:
            return False
        facts = self.lookup(value.type_name)
        return facts is not None and base in map(str, facts.bases)


def _step(place: str, step: str) -> str:
    return place if len(place) > MAX_PLACE else place + step


def _refuse_items(value: ObjectValue, name: str) -> None:
    """Pickle fills lists and dicts. An item that is set in a tensor or array changes a number."""
    if value.items or not all(isinstance(key, KeywordsKey) for key, _ in value.entries):
        raise changed_value(name)
