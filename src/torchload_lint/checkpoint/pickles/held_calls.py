"""Calls that may be allowed for exactly the arguments that a file gives, and for no others.

``functools.partial`` calls what it is given, ``getattr`` reaches any attribute: nobody may allow
them as they are. Real files call them with few and fixed arguments (``partial(nn.GELU)``,
``getattr(Outer, "Inner")``), and an entry can hold them to these. Which arguments are harmless is
reviewed here, function by function; any other call, and any other function, gets no such entry.
So it is with ``operator.itemgetter``: torch calls what that gives for a file, which gets back any
object, a class too, for its attributes to be set (``_rebuild_from_type_v2``).

Read in CPython 3.10 to 3.14, and dill 0.4 (``_dill.py``, ``_load_type``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

from torchload_lint.checkpoint.known.known_globals import ENUMERATIONS, PATHS, spelling_of
from torchload_lint.checkpoint.known.torch_versions import ever_allowed
from torchload_lint.checkpoint.pickles.pickled_values import GlobalRef, ObjectValue, PickledValue
from torchload_lint.names import PLACE, GlobalName, HeldCall
from torchload_lint.vetted import vetted_definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torchload_lint.names import Spelling

_MOST_CALLS = 20
_MOST_TERMS = 1_000
"""Parts of the arguments of one call, each counted wherever it stands."""
_LONGEST = 200
"""Characters of a text among the arguments."""
_DEEPEST = 4
_LONGEST_NUMBER = 64
"""Bits of a number among the arguments."""

TYPES_BY_NAME = frozenset(
    "bool bytearray bytes complex dict float frozenset int list object range set str tuple"
    .split()
)  # fmt: skip
"""What ``dill._dill._load_type`` may be asked for: the types of Python that hold values.

Not ``slice``: a file that has the type puts any number in each other (``vetted.NESTED``)."""


class NamesInFile(Protocol):
    """What is known of the names in a file."""

    def runtime_name(self, name: GlobalName, /) -> GlobalName:
        """The name that the object itself carries."""

    def of(self, value: PickledValue) -> GlobalName | None:
        """Which object a value is, where that is known."""


def held_calls(
    name: str, calls: Iterable[ObjectValue], names: NamesInFile, *, finds_member: bool = False
) -> tuple[HeldCall, ...]:
    """The calls of a function in a file, each once; none where not all of them may be allowed.

    ``finds_member``: it is an enumeration, whose call with a value finds the member that has it.
    """
    accepts = _is_plain if finds_member else _ACCEPTS.get(name)
    found: dict[HeldCall, None] = {}
    for call in calls:
        args = call.args
        if accepts is None or not isinstance(args, tuple) or not accepts(args, call):
            return ()
        if name in PATHS:
            found[_TEXTS] = None
            continue
        writer = _Writer(names)
        text = ", ".join(writer.term(argument, 0) for argument in args)
        if writer.failed:
            return ()
        comma = "," if len(args) == 1 else ""
        leads_to = names.of(call) if name == "builtins.getattr" else None
        found[HeldCall(f"({text}{comma})", tuple(writer.spellings), leads_to)] = None
    return tuple(found) if len(found) <= _MOST_CALLS else ()


def can_be_held(name: str) -> bool:
    """Whether it is a function that an entry may hold to some arguments."""
    return name in _ACCEPTS


class _Writer:
    """Writes arguments as source text, with a place for each object that has to be imported."""

    def __init__(self, names: NamesInFile) -> None:
        self.spellings: list[Spelling] = []
        self.failed = False
        self._names = names
        self._terms = 0

    def term(self, value: PickledValue, depth: int) -> str:
        """One argument."""
        self._terms += 1
        if self.failed or depth > _DEEPEST or self._terms > _MOST_TERMS or not _is_term(value):
            self.failed = True
            return ""
        if isinstance(value, GlobalRef):
            self.spellings.append(spelling_of(self._names.runtime_name(value.name)))
            return PLACE
        if isinstance(value, tuple):
            inner = ", ".join(self.term(item, depth + 1) for item in value)
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if isinstance(value, ObjectValue):
            return self._made(value, depth)
        return repr(value)

    def _made(self, value: ObjectValue, depth: int) -> str:
        """``type(None)``, and ``List[int]`` inside of another form of typing."""
        args = value.args if isinstance(value.args, tuple) else ()
        if _is_none_type(value):
            return "type(None)"
        if _name(value.callee) == _GETITEM and _is_typing_form(args, value):
            return f"{self.term(args[0], depth + 1)}[{self.term(args[1], depth + 1)}]"
        self.failed = True
        return ""


def _is_term(value: PickledValue) -> bool:
    if isinstance(value, (str, bytes)):
        return len(value) <= _LONGEST
    if isinstance(value, int):
        return value.bit_length() <= _LONGEST_NUMBER
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (tuple, GlobalRef, ObjectValue))


def _name(value: PickledValue) -> str:
    return str(value.name) if isinstance(value, GlobalRef) else ""


def _is_none_type(value: ObjectValue) -> bool:
    return _name(value.callee) == "builtins.type" and value.args == (None,)


def _is_partial(args: tuple[PickledValue, ...], call: ObjectValue) -> bool:
    """Of one object that the file names, and that no state exchanges for another."""
    if len(args) != 1 or not isinstance(args[0], GlobalRef) or not _takes_keywords(_name(args[0])):
        return False
    return all(
        isinstance(state, tuple)
        and len(state) == 4  # noqa: PLR2004 - function, arguments, keywords, attributes
        and _name(state[0]) == _name(args[0])
        and state[3] is None
        for state in call.states
    )


def _takes_keywords(name: str) -> bool:
    """Whether it is as harmless with the keywords of a partial as it is without.

    What torch allows by itself is not: ``UntypedStorage(8, allocator=…)`` and ``Tensor(cdata=…)``
    use memory at an address of the file, ``Counter(a, **b)`` adds what both hold (torch 2.13).
    """
    vetted = vetted_definitions(name)
    is_by_torch = not ever_allowed().isdisjoint({name, *vetted})
    return not is_by_torch and all(one.startswith(_WITH_KEYWORDS) for one in vetted)


def _is_public_member(args: tuple[PickledValue, ...], _: ObjectValue) -> bool:
    """``getattr(Outer, "Inner")``; the policy judges what it leads to."""
    if len(args) != 2 or not isinstance(args[0], GlobalRef):  # noqa: PLR2004 - object, name
        return False
    name = args[1]
    return isinstance(name, str) and name.isidentifier() and not name.startswith("_")


def _is_typing_form(args: tuple[PickledValue, ...], _: ObjectValue) -> bool:
    """``Optional[int]``: a form of typing, of classes; a text would be compiled."""
    if len(args) != 2 or not _name(args[0]).startswith("typing."):  # noqa: PLR2004 - form, item
        return False
    items = args[1] if isinstance(args[1], tuple) else (args[1],)
    is_literal = _name(args[0]) == "typing.Literal"
    return all(is_literal or item is None or _is_form_or_class(item) for item in items)


def _is_form_or_class(value: PickledValue) -> bool:
    return isinstance(value, (GlobalRef, ObjectValue))


def _is_generic(args: tuple[PickledValue, ...], _: ObjectValue) -> bool:
    """``list[int]``."""
    if len(args) != 2 or not isinstance(args[1], tuple):  # noqa: PLR2004 - class, items
        return False
    return all(isinstance(one, GlobalRef) for one in (args[0], *args[1]))


def _is_plain(args: tuple[PickledValue, ...], call: ObjectValue) -> bool:
    """The value of a member: one, and plain. No program gives a member a state."""
    return len(args) == 1 and not call.states and _is_constant(args[0])


def _is_constant(value: PickledValue) -> bool:
    """A tuple that stands in others many times over is looked at once."""
    waiting, known = [value], set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            waiting.extend(() if id(one) in known else one)
            known.add(id(one))
        elif one is not None and not isinstance(one, (bool, int, float, str, bytes)):
            return False
    return True


def _is_pattern(args: tuple[PickledValue, ...], _: ObjectValue) -> bool:
    """A regular expression and its flags."""
    return (
        len(args) == 2  # noqa: PLR2004 - pattern, flags
        and isinstance(args[0], (str, bytes))
        and type(args[1]) is int
    )


def _are_texts(args: tuple[PickledValue, ...], call: ObjectValue) -> bool:
    """The parts of a path."""
    return all(isinstance(one, str) for one in args) and not call.states


def _are_numbers(args: tuple[PickledValue, ...], _: ObjectValue) -> bool:
    return all(isinstance(one, (int, float)) for one in args)


def type_by_name(call: ObjectValue) -> str:
    """Which type of Python ``dill._dill._load_type("set")`` gives; empty for any other call."""
    args = call.args
    one = args[0] if isinstance(args, tuple) and len(args) == 1 else None
    is_type = isinstance(one, str) and one in TYPES_BY_NAME
    return str(one) if is_type and _name(call.callee) == "dill._dill._load_type" else ""


def _is_empty_deque(args: tuple[PickledValue, ...], call: ObjectValue) -> bool:
    """``deque((), 10)``."""
    return args[:1] == ((),) and _is_constant(args) and not call.states


def _is_empty_defaultdict(args: tuple[PickledValue, ...], call: ObjectValue) -> bool:
    """``defaultdict(list)``: with what makes its values, and none of them."""
    is_named = all(one is None or isinstance(one, GlobalRef) for one in args)
    return len(args) == 1 and is_named and not call.states


def _is_rebuilt_object(args: tuple[PickledValue, ...], _: ObjectValue) -> bool:
    """``_reconstructor(Net, object, None)``, as the first two protocols write an object."""
    is_named = all(isinstance(one, GlobalRef) for one in args[:2])
    return len(args) == 3 and is_named and _name(args[1]) in _OBJECT and args[2] is None  # noqa: PLR2004


_OBJECT = frozenset({"__builtin__.object", "builtins.object"})
_GETITEM = "_operator.getitem"
_TEXTS = HeldCall(f"({PLACE}, ...)", (spelling_of(GlobalName("builtins", "str")),))
"""Any texts: what other files hold beside this one is another path."""
_WITH_KEYWORDS = ("builtins.", "torch.")
"""Where those vetted definitions are whose keywords were looked at, too."""
_ACCEPTS: dict[str, Callable[[tuple[PickledValue, ...], ObjectValue], bool]] = {
    "functools.partial": _is_partial,
    "builtins.getattr": _is_public_member,
    "builtins.type": lambda args, _: args == (None,),
    _GETITEM: _is_typing_form,
    "operator.getitem": _is_typing_form,
    "types.GenericAlias": _is_generic,
    "re._compile": _is_pattern,
    "logging.getLogger": lambda args, _: len(args) == 1 and isinstance(args[0], str),
    "itertools.count": _are_numbers,
    "builtins.slice": lambda args, _: _is_constant(args),
    "collections.deque": _is_empty_deque,
    "collections.defaultdict": _is_empty_defaultdict,
    "copy_reg._reconstructor": _is_rebuilt_object,
    "copyreg._reconstructor": _is_rebuilt_object,
    **dict.fromkeys(ENUMERATIONS, _is_plain),
    **dict.fromkeys(PATHS, _are_texts),
    "dill._dill._load_type": lambda _, call: bool(type_by_name(call)),
}
"""Function → whether a call with these arguments is harmless, if the objects among them are."""
