"""An abstract unpickler: runs a pickle over shapes instead of objects, and calls nothing.

It understands every opcode of the protocols 0 to 5, because it has to know both what torch's
weights-only loader does and what an unsafe load would call. The loader's own rules are those of
a :class:`~torchload_lint.checkpoint.pickles.guard.Guard`, which is asked at each step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.advice import too_large
from torchload_lint.checkpoint.known.torch_versions import CHECKED_OPCODES
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS, LimitExceededError, Limits
from torchload_lint.checkpoint.opcodes import (
    Opcode,
    OpcodeArgument,
    PickleFaultError,
    read_steps,
)
from torchload_lint.checkpoint.pickles.new_by_partial import made_with_keywords
from torchload_lint.checkpoint.pickles.pickled_values import (
    KEYWORDS,
    DictValue,
    GlobalRef,
    ObjectValue,
    Opaque,
    PickledValue,
    SetValue,
)
from torchload_lint.checkpoint.pickles.protocol_zero import parse_int, quoted
from torchload_lint.checkpoint.report import Problem
from torchload_lint.names import GlobalName

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.guard import Guard


AfterBuild = Callable[[PickledValue, int], tuple[PickledValue, int]]
"""What a reader makes of an object once BUILD has given it its state, and where it reads on."""

FINDING = frozenset({"builtins.getattr", "logging.getLogger"})
"""Functions that give what the program has already, and make nothing."""


@dataclass(slots=True)
class Unpickled:
    """What one pickle stream holds."""

    value: PickledValue = None
    """The object; None where the stream ended badly."""
    end: int = 0
    """Where the next pickle starts."""
    protocol: int | None = None
    globals: list[GlobalRef] = field(default_factory=list)
    """Every GLOBAL, in the order of the stream."""
    calls: list[ObjectValue] = field(default_factory=list)
    """Every REDUCE and NEWOBJ, in the order of the stream."""
    changed: list[PickledValue] = field(default_factory=list)
    """What BUILD, SETITEM(S), APPEND(S) and ADDITEMS were done to, where the file did not make it
    but names it: a class, a module, a list of the interpreter. No pickler writes that."""
    computes_names: bool = False
    """Whether STACK_GLOBAL takes what a call gives, or an object, for a text; no pickler does."""
    fault: Problem | None = None
    """Why the stream could not be read to its end."""
    _by_name: dict[GlobalName, list[ObjectValue]] | None = field(default=None, repr=False)

    def calls_named(self, name: GlobalName) -> list[ObjectValue]:
        """The REDUCEs of a global, once the stream was read."""
        if self._by_name is None:  # a file may call a hundred thousand
            self._by_name = {}
            for call in self.calls:
                if call.how == "REDUCE" and isinstance(call.callee, GlobalRef):
                    self._by_name.setdefault(call.callee.name, []).append(call)
        return self._by_name.get(name, [])


def unpickle(
    data: bytes,
    guard: Guard,
    start: int = 0,
    limits: Limits = DEFAULT_LIMITS,
    after_build: AfterBuild | None = None,
) -> Unpickled:
    """Run one pickle stream. Never raises: what is wrong is in ``fault`` and in the guard."""
    machine = _Machine(guard)
    result = machine.result
    position = start
    try:
        jumps: list[int] = []
        for position, name, argument in read_steps(data, start, limits, jumps):
            guard.position = position
            if name in CHECKED_OPCODES:
                guard.meet(Opcode(position, name, argument))
            _HANDLERS[name](machine, argument)
            if after_build is not None and name == "BUILD":
                machine.stack[-1], behind = after_build(machine.stack[-1], position + 1)
                jumps += [behind] if behind > position + 1 else []
        result.end = position + 1
    except PickleFaultError as error:
        result.fault = Problem(error.code, str(error), where=f"byte {error.position}")
    except LimitExceededError as error:
        result.fault = too_large(error)._replace(where=f"byte {position}")
    except (IndexError, KeyError) as error:
        if not _was_raised_here(error):
            raise  # a fault of what judges the pickle, and not the pickle's
        message = "the pickle takes from an empty stack, or recalls what it never stored"
        result.fault = Problem("malformed", message, where=f"byte {position}")
    result.calls = [call for call in result.calls if id(call) not in machine.notation]
    return result


def _was_raised_here(error: Exception) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename == __file__


class _Machine:
    """The stack, the marks and the memo."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.stack: list[PickledValue] = []
        self.metastack: list[list[PickledValue]] = []
        self.memo: dict[int, PickledValue] = {}
        self.result = Unpickled()
        self.notation: set[int] = set()
        """The ids of calls that do no more than say how an object is made, which is noted."""

    def pop_mark(self) -> list[PickledValue]:
        items = self.stack
        self.stack = self.metastack.pop()
        return items

    def name_global(self, module: str, name: str, position: int) -> GlobalRef:
        reference = GlobalRef(self.guard.name_global(module, name, position), position)
        self.guard.check_global(reference, module)
        self.result.globals.append(reference)
        return reference

    def record(self, value: PickledValue) -> PickledValue:
        if isinstance(value, ObjectValue):
            self.result.calls.append(value)
        return value

    def changing(self, target: PickledValue) -> PickledValue:
        maker = target.callee if isinstance(target, ObjectValue) else None
        found = isinstance(maker, GlobalRef) and str(maker.name) in FINDING
        if (found or isinstance(target, GlobalRef)) and target not in self.result.changed:
            self.result.changed.append(target)
        return target


def _push_argument(machine: _Machine, argument: OpcodeArgument) -> None:
    machine.stack.append(argument)


def _constant(make: Callable[[], PickledValue]) -> Callable[[_Machine, OpcodeArgument], None]:
    def handler(machine: _Machine, _argument: OpcodeArgument) -> None:
        machine.stack.append(make())

    return handler


def _text_number(
    parse: Callable[[str], PickledValue],
) -> Callable[[_Machine, OpcodeArgument], None]:
    """INT, LONG and FLOAT of protocol 0."""

    def handler(machine: _Machine, argument: OpcodeArgument) -> None:
        try:
            machine.stack.append(parse(str(argument).strip()))
        except ValueError:
            position = machine.guard.position
            raise PickleFaultError(
                "malformed", "an INT, LONG or FLOAT is not a number", position
            ) from None

    return handler


def _byte_text(machine: _Machine, argument: OpcodeArgument) -> None:
    """Python 2 strings: text in the encoding that torch.load is given (``utf-8`` by default)."""
    position = machine.guard.position
    data = argument if isinstance(argument, bytes) else quoted(str(argument), position)
    machine.stack.append(machine.guard.decode(data, position))


def _proto(machine: _Machine, argument: OpcodeArgument) -> None:
    if isinstance(argument, int):
        machine.guard.protocol = argument
        if machine.result.protocol is None:
            machine.result.protocol = argument


def _mark(machine: _Machine, _argument: OpcodeArgument) -> None:
    machine.metastack.append(machine.stack)
    machine.stack = []


def _stop(machine: _Machine, _argument: OpcodeArgument) -> None:
    machine.result.value = machine.stack.pop()


def _pop(machine: _Machine, _argument: OpcodeArgument) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.pop_mark()


def _pop_mark(machine: _Machine, _argument: OpcodeArgument) -> None:
    machine.pop_mark()


def _dup(machine: _Machine, _argument: OpcodeArgument) -> None:
    machine.stack.append(machine.stack[-1])


def _put(machine: _Machine, argument: OpcodeArgument) -> None:
    machine.memo[_index(machine, argument)] = machine.stack[-1]


def _memoize(machine: _Machine, _argument: OpcodeArgument) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _get(machine: _Machine, argument: OpcodeArgument) -> None:
    machine.stack.append(machine.memo[_index(machine, argument)])


def _index(machine: _Machine, argument: OpcodeArgument) -> int:
    try:
        return int(argument)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise PickleFaultError(
            "malformed", "a memo index is not a number", machine.guard.position
        ) from None


def _last_as_tuple(count: int) -> Callable[[_Machine, OpcodeArgument], None]:
    def handler(machine: _Machine, _argument: OpcodeArgument) -> None:
        if len(machine.stack) < count:
            raise IndexError
        machine.stack[-count:] = [tuple(machine.stack[-count:])]

    return handler


def _collect(
    kind: Callable[[list[PickledValue]], PickledValue],
) -> Callable[[_Machine, OpcodeArgument], None]:
    def handler(machine: _Machine, _argument: OpcodeArgument) -> None:
        items = machine.pop_mark()
        machine.stack.append(kind(items))

    return handler


def _dict_of(items: list[PickledValue]) -> PickledValue:
    return DictValue(entries=list(zip(items[::2], items[1::2], strict=False)))


def _global(machine: _Machine, argument: OpcodeArgument) -> None:
    if isinstance(argument, tuple):
        module, name = argument
        machine.stack.append(machine.name_global(module, name, machine.guard.position))


def _stack_global(machine: _Machine, _argument: OpcodeArgument) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    if isinstance(name, str) and isinstance(module, str):
        machine.stack.append(machine.name_global(module, name, machine.guard.position))
    elif isinstance(name, _MAY_BE_TEXT) and isinstance(module, _MAY_BE_TEXT):
        machine.result.computes_names = True
        machine.stack.append(Opaque(None))
    else:
        raise PickleFaultError("malformed", "STACK_GLOBAL needs two texts", machine.guard.position)


_MAY_BE_TEXT = (str, ObjectValue, GlobalRef, Opaque)
"""What STACK_GLOBAL may find on the stack: a text, or what a run may make one of."""


def _reduce(machine: _Machine, _argument: OpcodeArgument) -> None:
    args = machine.stack.pop()
    callee = machine.stack[-1]
    value = machine.guard.reduce(callee, args)
    made = made_with_keywords(callee, args)
    if made is not None:
        value = _new_with(machine, made.cls, made.args, made.keywords)
        machine.notation.update(map(id, made.notation))
    machine.stack[-1] = machine.record(value)


def _newobj(machine: _Machine, _argument: OpcodeArgument) -> None:
    args, cls = machine.stack.pop(), machine.stack.pop()
    machine.stack.append(machine.record(machine.guard.newobj(cls, args)))


def _newobj_ex(machine: _Machine, _argument: OpcodeArgument) -> None:
    keywords, args, cls = machine.stack.pop(), machine.stack.pop(), machine.stack.pop()
    machine.stack.append(machine.record(_new_with(machine, cls, args, keywords)))


def _new_with(
    machine: _Machine, cls: PickledValue, args: PickledValue, keywords: PickledValue
) -> PickledValue:
    value = machine.guard.newobj(cls, args)
    if isinstance(value, ObjectValue):
        value.entries.append((KEYWORDS, keywords))
    return value


def _inst(machine: _Machine, argument: OpcodeArgument) -> None:
    args = tuple(machine.pop_mark())
    if isinstance(argument, tuple):
        module, name = argument
        reference = machine.name_global(module, name, machine.guard.position)
        machine.stack.append(machine.record(machine.guard.reduce(reference, args)))


def _obj(machine: _Machine, _argument: OpcodeArgument) -> None:
    items = machine.pop_mark()
    if not items:
        raise IndexError
    cls, *args = items
    machine.stack.append(machine.record(machine.guard.reduce(cls, tuple(args))))


def _build(machine: _Machine, _argument: OpcodeArgument) -> None:
    state = machine.stack.pop()
    machine.guard.build(machine.changing(machine.stack[-1]), state)


def _append(machine: _Machine, _argument: OpcodeArgument) -> None:
    item = machine.stack.pop()
    machine.guard.extend(machine.changing(machine.stack[-1]), [item])


def _appends(machine: _Machine, _argument: OpcodeArgument) -> None:
    items = machine.pop_mark()
    machine.guard.extend(machine.changing(machine.stack[-1]), items)


def _setitem(machine: _Machine, _argument: OpcodeArgument) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.guard.set_items(machine.changing(machine.stack[-1]), [(key, value)])


def _setitems(machine: _Machine, _argument: OpcodeArgument) -> None:
    items = machine.pop_mark()
    if len(items) % 2:
        raise IndexError
    target = machine.changing(machine.stack[-1])
    machine.guard.set_items(target, list(zip(items[::2], items[1::2], strict=True)))


def _additems(machine: _Machine, _argument: OpcodeArgument) -> None:
    items = machine.pop_mark()
    target = machine.changing(machine.stack[-1])
    if isinstance(target, (SetValue, ObjectValue)):
        target.items.extend(items)


def _persistent(machine: _Machine, argument: OpcodeArgument) -> None:
    pid = machine.stack.pop() if argument is None else argument
    machine.stack.append(machine.guard.persistent_load(pid))


def _bytearray(machine: _Machine, argument: OpcodeArgument) -> None:
    name = GlobalName("builtins", "bytearray")
    callee = GlobalRef(name, machine.guard.position)
    machine.stack.append(ObjectValue("REDUCE", callee, (argument,), name))


def _extension(machine: _Machine, argument: OpcodeArgument) -> None:
    """Whatever the program's extension registry holds under a number, which nothing here says."""
    reference = GlobalRef(GlobalName("copyreg", f"extension_{argument!r}"), machine.guard.position)
    machine.result.globals.append(reference)
    machine.stack.append(reference)


def _opaque(machine: _Machine, _argument: OpcodeArgument) -> None:
    """Out-of-band buffers: not known to the file."""
    machine.stack.append(Opaque(None))


def _ignore(_machine: _Machine, _argument: OpcodeArgument) -> None:
    pass


_HANDLERS: dict[str, Callable[[_Machine, OpcodeArgument], None]] = {
    **dict.fromkeys(
        "BININT BININT1 BININT2 LONG1 LONG4 BINFLOAT BINUNICODE SHORT_BINUNICODE BINUNICODE8 "
        "UNICODE BINBYTES SHORT_BINBYTES BINBYTES8".split(),
        _push_argument,
    ),
    "INT": _text_number(parse_int),
    "LONG": _text_number(lambda text: int(text.rstrip("L"), 0)),
    "FLOAT": _text_number(float),
    **dict.fromkeys("STRING BINSTRING SHORT_BINSTRING".split(), _byte_text),
    **dict.fromkeys("GET BINGET LONG_BINGET".split(), _get),
    **dict.fromkeys("PUT BINPUT LONG_BINPUT".split(), _put),
    **dict.fromkeys("PERSID BINPERSID".split(), _persistent),
    **dict.fromkeys("EXT1 EXT2 EXT4".split(), _extension),
    "NEXT_BUFFER": _opaque,
    **dict.fromkeys("FRAME READONLY_BUFFER".split(), _ignore),
    "NONE": _constant(lambda: None),
    "NEWTRUE": _constant(lambda: True),
    "NEWFALSE": _constant(lambda: False),
    "EMPTY_TUPLE": _constant(tuple),
    "EMPTY_LIST": _constant(list),
    "EMPTY_DICT": _constant(DictValue),
    "EMPTY_SET": _constant(SetValue),
    "TUPLE1": _last_as_tuple(1),
    "TUPLE2": _last_as_tuple(2),
    "TUPLE3": _last_as_tuple(3),
    "TUPLE": _collect(tuple),
    "LIST": _collect(list),
    "DICT": _collect(_dict_of),
    "FROZENSET": _collect(lambda items: SetValue("builtins.frozenset", items)),
    "BYTEARRAY8": _bytearray,
    "PROTO": _proto,
    "MARK": _mark,
    "STOP": _stop,
    "POP": _pop,
    "POP_MARK": _pop_mark,
    "DUP": _dup,
    "MEMOIZE": _memoize,
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "NEWOBJ": _newobj,
    "NEWOBJ_EX": _newobj_ex,
    "INST": _inst,
    "OBJ": _obj,
    "BUILD": _build,
    "APPEND": _append,
    "APPENDS": _appends,
    "SETITEM": _setitem,
    "SETITEMS": _setitems,
    "ADDITEMS": _additems,
}
