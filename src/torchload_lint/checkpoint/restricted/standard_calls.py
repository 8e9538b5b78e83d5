"""What a file needs allowed of the standard library and numpy: which arguments it takes.

An entry of the allowlist does not help a call that Python refuses. Only what cannot work is a
fault here: where an argument may be anything, or is of another class, the call is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.pickles.pickled_values import ObjectValue, unhashable
from torchload_lint.checkpoint.restricted.argument_kinds import PLAIN, is_pair, looped, value_kind
from torchload_lint.checkpoint.restricted.arrays.array_calls import ARRAY_CALLS, ARRAY_FUNCTIONS
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue
    from torchload_lint.checkpoint.report import Problem

_Check: TypeAlias = "Callable[[tuple[PickledValue, ...]], str]"
_DECIMAL = late_pattern(r"[-+]?(?:[\d_]+\.?[\d_]*|\.[\d_]+|inf(?:inity)?|s?nan\d*)(?:e[-+]?\d+)?")
_FRACTION = late_pattern(
    r"[-+]?(?:[\d_]+(?:/[\d_]+|\.?[\d_]*(?:e[-+]?\d+)?)|\.[\d_]+(?:e[-+]?\d+)?)"
)
_MOST_KEPT = 2**63
_MOST_DAYS = 999_999_999
_LONGEST_NUMBER = 1_000


def standard_call_problem(name: str, args: PickledValue) -> Problem | None:
    """Why Python refuses a call of a class; None where it may take it."""
    known = _CALLS.get(_known_as(name))
    if known is None or not isinstance(args, tuple):
        return None
    fewest, most, check = known
    if not fewest <= len(args) <= most:
        bound = fewest if len(args) < fewest else most
        return advice.hostile_arguments(
            name, f"it is given {len(args)} arguments and takes {bound}"
        )
    fault = check(args)
    return advice.hostile_arguments(name, fault) if fault else None


def is_modelled(name: str) -> bool:
    """Whether it is known which arguments a class takes."""
    return _known_as(name) in _CALLS


def _known_as(name: str) -> str:
    return name.replace("pathlib._local.", "pathlib.")


def standard_new_problem(name: str, args: PickledValue) -> Problem | None:
    """The same for ``cls.__new__(cls, *args)``, which for some classes takes anything."""
    if name in ARRAY_FUNCTIONS:
        return advice.hostile_arguments(name, "an object is made of it, and it is no class")
    return None if name in _NEW_TAKES_ALL else standard_call_problem(name, args)


_NEW_TAKES_ALL = frozenset("collections.deque collections.defaultdict argparse.Namespace".split())


def _is_none_of(value: PickledValue, kinds: str) -> bool:
    """Whether a value is surely of another kind; any object of a class may act as a number."""
    kind = value_kind(value)
    return kind in PLAIN and kind not in kinds.split()


def _all_of(words: str, kinds: str) -> _Check:
    def fault(args: tuple[PickledValue, ...]) -> str:
        return f"not all are {words}" if any(_is_none_of(one, kinds) for one in args) else ""

    return fault


def _range(args: tuple[PickledValue, ...]) -> str:
    if len(args) > 2 and type(args[2]) in {int, bool} and not args[2]:  # noqa: PLR2004 - the step
        return "its step is zero"
    return _all_of("integers", "int bool")(args)


def _elements(args: tuple[PickledValue, ...]) -> str:
    """What is looped over, and the elements of it."""
    if not args or not _is_none_of(args[0], "str bytes tuple list dict set bytearray"):
        return ""
    return "it is given what cannot be looped over"


def _frozenset(args: tuple[PickledValue, ...]) -> str:
    inside = args[0] if args and isinstance(args[0], (list, tuple)) else ()
    return _elements(args) or (
        "an element is a list, dict or set" if any(map(unhashable, inside)) else ""
    )


def _deque(args: tuple[PickledValue, ...]) -> str:
    length = args[1] if len(args) > 1 else None
    if _is_none_of(length, "int bool NoneType") or (
        isinstance(length, int) and not 0 <= length < _MOST_KEPT
    ):
        return "its length is none"
    return _elements(args)


def _factory(args: tuple[PickledValue, ...]) -> str:
    is_factory = not args or not _is_none_of(args[0], "NoneType")
    return _pairs(args[1:]) if is_factory else "its first argument is no function"


def _pairs(args: tuple[PickledValue, ...]) -> str:
    if not args or value_kind(args[0]) not in PLAIN - {"dict"}:
        return ""
    items = looped(args[0])
    return "" if items is not None and all(map(is_pair, items)) else "it is given no mapping"


def _timedelta(args: tuple[PickledValue, ...]) -> str:
    wrong = _all_of("numbers", "int bool float")(args)
    return wrong or ("" if _microseconds(args) is not None else "it is too long")


def _microseconds(args: tuple[PickledValue, ...]) -> float | None:
    """How long a ``timedelta`` of these arguments is; None where Python has none."""
    numbers = [one if isinstance(one, int | float) else 0 for one in args]
    if not all(abs(one) <= _MOST_OF_A_UNIT for one in numbers):  # NaN is not, either
        return None
    length = sum(one * size for one, size in zip(numbers, _IN_MICROSECONDS, strict=False))
    longest = _MOST_DAYS * _DAY
    return length if -longest <= length < longest + _DAY else None


_RANGES = (
    *(range(1, 10_000), range(1, 13), range(1, 32)),
    *(range(24), range(60), range(60), range(1_000_000)),
)
"""Year, month, day, hour, minute, second, microsecond."""


def _moment(size: int, first: int, fewest: int, last: int) -> _Check:
    """A date or a time: the bytes of its state and a time zone, or numbers."""
    ranges = _RANGES[first:last]
    sane, place = (_RANGES[1], 2) if first == 0 else (_RANGES[3], 0)
    number = 0x7F if last > _OF_A_DAY else 0xFF  # the highest bit says which of two equal times

    def fault(args: tuple[PickledValue, ...]) -> str:
        given = _state(args[0]) if args else None
        if isinstance(given, bytes):
            fits = len(given) == size and (given[place] & number) in sane and len(args) <= _STATE
            return "" if fits and not any(map(_is_plain, args[1:])) else "its bytes are no state"
        pairs = zip(args, ranges, strict=False)
        wrong = any(isinstance(one, int) and one not in of for one, of in pairs)
        if wrong or len(args) < fewest:
            return "its numbers are none of a date or time"
        return _all_of("integers", "int bool")(args[: len(ranges)])

    return fault


def _state(given: PickledValue) -> PickledValue:
    """The bytes of a state, also as Python 2 has written them: as a text."""
    try:
        return given.encode("latin-1") if isinstance(given, str) else given
    except UnicodeEncodeError:
        return given


_OF_A_DAY = 3
"""Year, month and day."""
_MOST_OF_A_UNIT = 10**20
"""More than the microseconds of the longest ``timedelta``."""
_STATE = 2
"""The bytes, and a time zone."""


def _is_plain(value: PickledValue) -> bool:
    return value_kind(value) in PLAIN - {"NoneType"}


def _fraction(args: tuple[PickledValue, ...]) -> str:
    first, below = args[0] if args else 0, args[1] if len(args) > 1 else None
    if isinstance(first, str) and below is None:
        text = first.strip()
        fits = len(text) <= _LONGEST_NUMBER and _FRACTION.fullmatch(text.lower())
        return "" if fits else "its text is no number"
    if below is None:
        return _all_of("numbers", "int bool float")((first,))
    if isinstance(below, int) and not below:
        return "its denominator is zero"
    return _all_of("whole numbers", "int bool")(args)


def _decimal(args: tuple[PickledValue, ...]) -> str:
    only = args[0] if args else "0"
    if any(map(_is_plain, args[1:])):
        return "its context is none"
    if isinstance(only, str):
        return "" if _DECIMAL.fullmatch(only.strip().lower()) else "its text is no number"
    if isinstance(only, (list, tuple)):
        return "" if _is_decimal_triple(only) else "it has no sign, digits and exponent"
    return _all_of("numbers", "int bool float")(args[:1])


def _is_decimal_triple(parts: list[PickledValue] | tuple[PickledValue, ...]) -> bool:
    if len(parts) != 3 or _is_none_of(parts[0], "int bool"):  # noqa: PLR2004 - sign, digits, exponent
        return False
    digits = parts[1] if isinstance(parts[1], (list, tuple)) else ()
    is_sign = not isinstance(parts[0], int) or parts[0] in {0, 1}
    are_digits = not any(_is_none_of(one, "int bool") for one in digits)
    are_digits = are_digits and all(one in range(10) for one in digits if isinstance(one, int))
    is_list = not _is_none_of(parts[1], "list tuple")
    is_exponent = not _is_none_of(parts[2], "int bool str")
    is_exponent = is_exponent and (not isinstance(parts[2], str) or parts[2] in {"F", "n", "N"})
    return is_sign and is_list and are_digits and is_exponent


def _timezone(args: tuple[PickledValue, ...]) -> str:
    is_none = value_kind(args[0]) in PLAIN or any(_is_none_of(one, "str") for one in args[1:])
    if is_none:
        return "its offset is no time, or its name no text"
    given = args[0].args if isinstance(args[0], ObjectValue) else ()
    offset = _microseconds(given if isinstance(given, tuple) else ())
    is_offset = offset is not None and abs(offset) < _DAY
    return "" if is_offset else "its offset is more than a day"


_DAY = 86_400_000_000
_IN_MICROSECONDS = (_DAY, 1_000_000, 1, 1_000, 60_000_000, 3_600_000_000, 7 * _DAY)
"""The arguments of a ``timedelta``: days, seconds, microseconds, which Python writes alone, and
milliseconds, minutes, hours, weeks.
"""


_PATH = (0, 10**6, _all_of("texts", "str"))
_CALLS: dict[str, tuple[int, int, _Check]] = {
    "builtins.slice": (1, 3, lambda _: ""),
    "builtins.range": (1, 3, _range),
    "builtins.frozenset": (0, 1, _frozenset),
    "collections.deque": (0, 2, _deque),
    "collections.defaultdict": (0, 2, _factory),
    "datetime.timedelta": (0, 7, _timedelta),
    "datetime.date": (1, 3, _moment(4, 0, 3, 3)),
    "datetime.datetime": (1, 9, _moment(10, 0, 3, 7)),
    "datetime.time": (0, 6, _moment(6, 3, 0, 7)),
    "datetime.timezone": (1, 2, _timezone),
    "fractions.Fraction": (0, 2, _fraction),
    "decimal.Decimal": (0, 2, _decimal),
    "argparse.Namespace": (0, 0, lambda _: ""),
    **ARRAY_CALLS,
    **dict.fromkeys(
        (f"pathlib.{kind}Path" for kind in ("", "Pure", "Posix", "PurePosix", "PureWindows")), _PATH
    ),
}
"""Class → fewest and most arguments, and what is wrong with them."""
