"""What a pickle says, written down as it stands: nothing is called, nothing is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.known.known_globals import rename_python_2, runtime_name
from torchload_lint.checkpoint.known.torch_versions import NEWEST, features
from torchload_lint.checkpoint.pickles.call_results import (
    NameResolver,
    make_plain,
    result_type,
    runtime_namer,
)
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    ObjectValue,
    Opaque,
    PickledValue,
    SetValue,
    type_of,
)
from torchload_lint.checkpoint.restricted.class_knowledge import ClassKnowledge
from torchload_lint.migrate.files.dropped_calls import notes_on_dropped
from torchload_lint.migrate.results import MigrationError, Note, NoteKind, changed_value
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from torchload_lint.checkpoint.opcodes import Opcode
    from torchload_lint.checkpoint.pickles.call_results import ClassLookup
    from torchload_lint.checkpoint.pickles.pickled_values import GlobalRef, StorageValue
    from torchload_lint.checkpoint.pickles.storages import StorageReader
    from torchload_lint.checkpoint.pickles.unpickler import Unpickled
    from torchload_lint.checkpoint.report import Problem
    from torchload_lint.migrate.files.storage_bytes import Content


AS_BYTES = "bytes"
"""Instead of an encoding: strings of Python 2 stay bytes."""
NOT_READ = "torch.load of the file does not give them"
"""Why what stands beside the object is left out."""
_BYTE = range(256)
_RENAMED_PROTOCOL = 2
"""The protocol in whose pickles torch renames what Python 2 called otherwise."""
_WITHOUT_IT = (
    "migrate does not read it either: if you trust its origin, load it as the program does that "
    "wrote it, and save torch.save(model.state_dict(), path)"
)


@dataclass(slots=True)
class Checkpoint:
    """The object in a file, and its storages."""

    kind: str
    """``zip``, ``legacy``, ``tar`` or ``pickle``."""
    value: PickledValue
    names: NameResolver
    """Says which object a value is, by name."""
    storages: dict[str, Content] = field(default_factory=dict)
    """Storage key → its bytes."""
    byteorder: str = "little"
    """``little`` or ``big``."""
    notes: list[Note] = field(default_factory=list)
    """What of the file the object does not hold."""


def is_encoding(name: str) -> bool:
    """Whether strings can be read in an encoding of this name, or as bytes."""
    try:
        b"a".decode(name)
    except UnicodeError:  # of another length, such as utf-16
        return name != "undefined"
    except (LookupError, ValueError):
        return name == AS_BYTES
    return True


class PickleRecorder:
    """A guard that builds what a pickle describes and refuses nothing: nothing is going to be run.

    Names are those that the newest torch gives them.
    """

    def __init__(
        self, storages: StorageReader, lookup: ClassLookup | None = None, encoding: str = "utf-8"
    ) -> None:
        self.position = 0
        self.protocol: int | None = None
        self.storages = storages
        self.names = NameResolver(runtime_namer(NEWEST, runtime_name, lookup))
        self.lookup = lookup
        self.encoding = encoding
        self.damage: Problem | None = None
        """A storage that cannot be read."""
        self.notes: list[Note] = []
        """What of the file no value holds."""
        self._classes = ClassKnowledge(lookup, self.names)
        self._kinds_of_keys: dict[str, type] = {}
        """Storage key → the type of what the file names it by."""
        self._without_bytes: dict[str, bool] = {}
        """Storage key → whether the file says that it has no bytes."""
        self._features = features(NEWEST.torch)

    def meet(self, opcode: Opcode) -> None:
        """Every opcode will do."""
        self.position = opcode.position

    def decode(self, data: bytes, _position: int) -> PickledValue:
        """A Python 2 string in the encoding of the load; bytes where it cannot be decoded."""
        if self.encoding == AS_BYTES:
            return data
        try:
            return data.decode(self.encoding)
        except UnicodeError:
            what = f"a text of Python 2 that is not {self.encoding}"
            outcome = "bytes; --encoding names the one that it was written in, often latin1"
            self.notes.append(Note(NoteKind.CHANGED, "", what, outcome))
            return data

    def leave_out(self, what: str, why: str) -> None:
        """Say what of the file no value holds, and migrate leaves behind."""
        self.notes.append(Note(NoteKind.LEFT_OUT, "", what, why))

    def name_global(self, module: str, name: str, position: int) -> GlobalName:
        """The name after the renaming of Python 2's modules."""
        self.position = position
        exceptions = self._features.exceptions_renamed
        if self._features.renaming == "always" or self.protocol == _RENAMED_PROTOCOL:
            module, name = rename_python_2(module, name, exceptions=exceptions)
        return GlobalName(module, name)

    def check_global(self, reference: GlobalRef, written: str) -> None:
        """Every global will do: it stays a name."""

    def reduce(self, callee: PickledValue, args: PickledValue) -> PickledValue:
        """What the call would give, where that is plain; else the call itself, not made."""
        _refuse_other_arguments(args)
        name = self.names.of(callee)
        plain = make_plain(str(name), args) if name is not None else None
        if plain is not None:
            return plain
        if str(name) == "builtins.bytes" and args == ():
            return b""
        if str(name) == "builtins.bytearray":
            args = _as_they_are(args)
        return ObjectValue("REDUCE", callee, args, self._result(name, callee, args))

    def _result(
        self, name: GlobalName | None, callee: PickledValue, args: PickledValue
    ) -> GlobalName | None:
        return result_type(name, args, self.names, self._classes.facts(callee))

    def newobj(self, cls: PickledValue, args: PickledValue) -> PickledValue:
        """An instance, or an empty mapping."""
        _refuse_other_arguments(args)
        name = self.names.of(cls)
        empty = {"collections.OrderedDict", "collections.Counter", "builtins.dict"}
        if name is not None and str(name) in empty:
            return DictValue(str(name))
        return ObjectValue("NEWOBJ", cls, args, name)

    def build(self, target: PickledValue, state: PickledValue) -> None:
        """Remember the state."""
        if isinstance(target, ObjectValue):
            target.states.append(state)
        elif isinstance(target, DictValue):
            target.state.append(state)

    def extend(self, target: PickledValue, items: list[PickledValue]) -> None:
        """Remember the items."""
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, (ObjectValue, SetValue)):
            target.items.extend(items)
        else:
            raise changed_value(type_of(target))

    def set_items(
        self, target: PickledValue, entries: list[tuple[PickledValue, PickledValue]]
    ) -> None:
        """Remember the entries."""
        if not isinstance(target, (DictValue, ObjectValue)):
            raise changed_value(type_of(target))
        target.entries.extend(entries)

    def persistent_load(self, pid: PickledValue) -> PickledValue:
        """A storage; or, in files of old, a class together with its source."""
        if isinstance(pid, tuple) and len(pid) > 1 and pid[0] in ("module", b"module"):
            cls: PickledValue = pid[1]
            return cls
        value, problem = self.storages.load(pid)
        is_view = isinstance(pid, tuple) and len(pid) > 5 and pid[5] is not None  # noqa: PLR2004 - legacy has six fields
        if is_view and problem is None:
            problem = advice.not_carried("a storage is a view of another one, as in torch < 0.4")
        if value is not None and isinstance(pid, tuple):
            problem = problem or self._contradiction(pid, value)
        if problem is not None and self.damage is None:
            self.damage = problem
        return value if value is not None else Opaque(None)

    def _contradiction(
        self, pid: tuple[PickledValue, ...], storage: StorageValue
    ) -> Problem | None:
        """What the file says otherwise elsewhere of the same storage."""
        if self._kinds_of_keys.setdefault(storage.key, type(pid[2])) is not type(pid[2]):
            # torch reads its bytes twice
            return advice.not_carried("a storage is named by a text and by what is none")
        if self._without_bytes.setdefault(storage.key, _is_meta(pid[3])) != _is_meta(pid[3]):
            return advice.not_carried("a storage has its bytes in one place and none in another")
        return None


def _is_meta(location: PickledValue) -> bool:
    """Whether a storage has no bytes."""
    return location in {"meta", b"meta"} if isinstance(location, (str, bytes)) else False


def _refuse_other_arguments(args: PickledValue) -> None:
    """Torch's loader calls with whatever can be gone through, Python's with a tuple alone."""
    if not isinstance(args, tuple):
        raise MigrationError("it calls something with arguments that are no tuple")


def _as_they_are(args: PickledValue) -> PickledValue:
    """The bytes that a list stands for, which may be given more numbers when they are taken."""
    items = args[0] if isinstance(args, tuple) and len(args) == 1 else None
    if isinstance(items, list) and all(isinstance(one, int) and one in _BYTE for one in items):
        return (bytes(items),)
    return args


def checked(stream: Unpickled, recorder: PickleRecorder) -> PickledValue:
    """The object of a stream that was read to its end. Raises MigrationError."""
    problem = stream.fault or recorder.damage
    if problem is not None:
        raise refused(problem)
    recorder.notes += notes_on_dropped(stream.value, stream.calls, recorder.names)
    return stream.value


def refused(problem: Problem) -> MigrationError:
    """The error that says what is wrong with a file, and the way out."""
    # What it cannot do itself is no way out.
    way = _WITHOUT_IT if "torchload-lint migrate" in problem.advice else problem.advice
    return MigrationError(f"{problem.message}; {way}" if way else problem.message)
