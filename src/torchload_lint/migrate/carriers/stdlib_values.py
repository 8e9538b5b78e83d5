"""Values of the standard library as plain data: paths as text, deques as lists.

How each is pickled was read in CPython 3.10 to 3.14 (``__reduce__`` and ``__getstate__``).
"""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import DictValue, PickledValue
from torchload_lint.checkpoint.pickles.places import key_text
from torchload_lint.late_patterns import late_pattern
from torchload_lint.migrate.carriers.pickled_instance import name_of_global

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.migrate.carriers.pickled_instance import Entries, PickledInstance
    from torchload_lint.migrate.conversion import Conversion

_RETURN_TYPES = """
    aminmax cummax cummin frexp geqrf histogram histogramdd kthvalue linalg_eig linalg_eigh
    linalg_qr linalg_slogdet linalg_svd lu_unpack max median min mode nanmedian qr slogdet sort
    svd topk triangular_solve
""".split()
"""Functions of torch that return a named sequence (``torch/return_types.py``)."""
_PATHS = "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath".split()


def _path(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    parts = [part for part in made.args if isinstance(part, str)]
    windows = "Windows" in made.name
    converter.changed(place, f"pathlib.{made.short}", "its text")
    return str((PureWindowsPath if windows else PurePosixPath)(*parts))


def _default_dict(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    factory = name_of_global(made.args[0]) if made.args else ""
    what = f"defaultdict({factory.removeprefix('builtins.')})"
    converter.changed(place, what, "a dict")
    if made.args and made.args[0] is not None and not factory:
        converter.leave_out(place, "what makes the missing entries", "functions are not data")
    given = _entries_of(converter, made, made.args[1:], place)
    return DictValue(entries=converter.entries([*given, *made.entries], place))


def _entries_of(
    converter: Conversion, made: PickledInstance, args: tuple[PickledValue, ...], place: str
) -> Entries:
    """The entries of a dict that a mapping is called with."""
    if len(args) == 1 and isinstance(args[0], DictValue):
        return args[0].entries
    if args:
        converter.leave_out(place, f"what {made.short} is made of", "the call is not made")
    return []


def _sequence(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """deque: items by APPENDS, or as the first argument; UserList: in its ``data``."""
    first = made.args[0] if made.args else None
    data = (made.attributes or {}).get("data")
    items = [*(first if isinstance(first, (list, tuple)) else ()), *made.items]
    items += data if isinstance(data, list) else []
    limit = made.args[1] if len(made.args) > 1 else None
    what = made.short + (f"(maxlen={key_text(limit)})" if isinstance(limit, int) else "")
    converter.changed(place, what, "a list")
    _say_others(converter, made, "data", place)
    if isinstance(limit, int) and limit >= 0:
        items = items[max(len(items) - limit, 0) :]
    return converter.items(items, place)


def _user_dict(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    data = (made.attributes or {}).get("data")
    converter.changed(place, made.name, "a dict")
    if isinstance(data, DictValue):
        entries = data.entries
    else:
        entries = [*_entries_of(converter, made, made.args, place), *made.entries]
    _say_others(converter, made, "data", place)
    return DictValue(entries=converter.entries(entries, place))


def _say_others(converter: Conversion, made: PickledInstance, carried: str, place: str) -> None:
    """Attributes beside the one that is carried."""
    others = [name for name in made.attributes or {} if name != carried]
    if others:
        what = f"attributes of {made.short} ({', '.join(others[:5])})"
        converter.leave_out(place, what, "there is no room for them")


_MOST_BITS = 10_000
"""Of an integer that is written in digits."""


def _as_text(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """Decimal, Fraction, addresses: made from their own text (or number)."""
    text = next((arg for arg in made.args if isinstance(arg, (str, int))), None)
    if text is None:
        return converter.leave_out(place, made.name, "it is not made from a text")
    converter.changed(place, made.name, "its text")
    if made.short == "Fraction" and isinstance(text, int):
        return "/".join(_digits(part) for part in made.args)
    if made.name.startswith("ipaddress.") and isinstance(text, int):
        return _address(made.short, text)
    return _digits(text)


def _digits(part: PickledValue) -> str:
    """A part of a number as text; Python writes no integer of thousands of digits."""
    is_long = isinstance(part, int) and part.bit_length() > _MOST_BITS
    return hex(part) if is_long and isinstance(part, int) else str(part)


def _address(kind: str, number: int) -> PickledValue:
    import ipaddress  # noqa: PLC0415 - seldom

    try:
        four = kind == "IPv4Address"
        return str(ipaddress.IPv4Address(number) if four else ipaddress.IPv6Address(number))
    except ValueError:
        return number


def _uuid(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    import uuid  # noqa: PLC0415 - seldom

    number = (made.attributes or {}).get("int")
    if not isinstance(number, int) or not 0 <= number < 1 << 128:
        return converter.leave_out(place, made.name, "it has no number")
    _say_others(converter, made, "int", place)
    converter.changed(place, "uuid.UUID", "its text")
    return str(uuid.UUID(int=number))


def _of_arguments(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """Of range and slice: start, stop and step."""
    converter.changed(place, made.short, "a tuple of start, stop and step")
    return tuple(converter.items(made.args, place))


def _first_text(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """A zone, a version: the text it is made from."""
    first = made.args[0] if made.args else None
    if not isinstance(first, (str, bytes)):
        return converter.leave_out(place, made.name, "it is not made from a text")
    converter.changed(place, made.name, "its text")
    return first


_FLAGS = {2: "i", 4: "L", 8: "m", 16: "s", 64: "x", 256: "a"}
"""What ``re`` calls its flags in a pattern (``re/_parser.py``)."""
_UNICODE = 32
"""What every pattern of text has."""
_WRITTEN_FLAGS = late_pattern(r"\(\?([aiLmsux]+)\)")


def _pattern(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """``_compile(pattern, flags)``: the flags stand before the text, as ``re`` reads them there."""
    text = made.args[0] if made.args else None
    if not isinstance(text, (str, bytes)):
        return converter.leave_out(place, made.name, "it is not made from a text")
    given = made.args[1] if len(made.args) > 1 else 0
    flags = given if isinstance(given, int) else 0
    unknown = flags & ~sum(_FLAGS) & ~_UNICODE
    if unknown or not isinstance(given, int):
        converter.leave_out(place, "flags of a compiled pattern", "they have no letters")
    if isinstance(text, bytes):
        plain: str | bytes = _with_flags(text.decode("latin-1"), flags).encode("latin-1")
    else:
        plain = _with_flags(text, flags)
    outcome = "its text" if plain == text else "its text and flags"
    converter.changed(place, "a compiled pattern", outcome)
    return plain


def _with_flags(text: str, flags: int) -> str:
    """A pattern's text with its flags before it, together with those that stand there already."""
    found = _WRITTEN_FLAGS.match(text)
    written, rest = (found[1], text[found.end() :]) if found else ("", text)
    missing = "".join(letter for flag, letter in _FLAGS.items() if flags & flag)
    missing = "".join(letter for letter in missing if letter not in written)
    return f"(?{written}{missing}){rest}" if missing else text


def _class_of(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """``type(None)``, ``type(...)`` and ``type(NotImplemented)`` stand for their classes."""
    only = made.args[0] if len(made.args) == 1 else ()
    name = "types.NoneType" if only is None else _CLASSES_OF.get(name_of_global(only))
    if name is None:
        return converter.leave_out(place, "a class", "the call that gives it is not made")
    converter.changed(place, f"the class or function {name}", "its name, as text")
    return name


_CLASSES_OF = {
    "builtins.Ellipsis": "types.EllipsisType",
    "builtins.NotImplemented": "types.NotImplementedType",
}


def _record(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """Named sequences of C: a tuple of items, and a dict of fields that have a name alone."""
    items = made.args[0] if made.args else ()
    plain = tuple(converter.items(items if isinstance(items, (list, tuple)) else (), place))
    others = made.args[1] if len(made.args) > 1 else None
    if not isinstance(others, DictValue) or not others.entries:
        converter.changed(place, made.name, "a tuple")
        return plain
    converter.changed(place, made.name, "a tuple, and a dict of its other fields")
    return (plain, converter.plain(others, place))


def _only_attribute(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """UserString and ChainMap: what they keep in one attribute."""
    name, words = ("data", "its text") if made.short == "UserString" else ("maps", "a list")
    if name not in (made.attributes or {}) or made.entries:
        return converter.leave_out(place, made.name, "the call that makes it is not made")
    converter.changed(place, made.name, words)
    _say_others(converter, made, name, place)
    return converter.plain((made.attributes or {})[name], place)


def _function(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """functools.partial and the like: functions, whatever they are given."""
    return converter.leave_out(place, made.name, "functions are not data")


def _plain_number(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """``int(…)``, ``str(…)``, ``bytes()`` as calls; none that would be more than a copy is made."""
    kind = _ATOMS[made.short]
    plain = converter.plain(made.args[0], place) if made.args else kind()
    if len(made.args) > 1 or type(plain) is not kind:
        return converter.leave_out(place, f"what {made.name} returns", "the call is not made")
    return plain


_ATOMS: dict[str, Callable[[], bool | float | str | bytes]] = {
    kind.__name__: kind for kind in (int, float, str, bytes, bool)
}

CARRIERS = {
    **{f"{module}.{name}": _path for module in ("pathlib", "pathlib._local") for name in _PATHS},
    "collections.defaultdict": _default_dict,
    "collections.deque": _sequence,
    "collections.UserList": _sequence,
    "collections.UserDict": _user_dict,
    "collections.UserString": _only_attribute,
    "collections.ChainMap": _only_attribute,
    "time.struct_time": _record,
    "os.stat_result": _record,
    **{f"torch.return_types.{name}": _record for name in _RETURN_TYPES},
    "decimal.Decimal": _as_text,
    "_decimal.Decimal": _as_text,
    "fractions.Fraction": _as_text,
    **{f"ipaddress.IPv{n}{kind}": _as_text for n in (4, 6) for kind in ("Address", "Network")},
    "uuid.UUID": _uuid,
    "builtins.range": _of_arguments,
    "builtins.slice": _of_arguments,
    "re._compile": _pattern,
    "builtins.type": _class_of,
    "zoneinfo.ZoneInfo._unpickle": _first_text,
    "torch.torch_version.TorchVersion": _first_text,
    "functools.partial": _function,
    **{f"operator.{name}": _function for name in ("itemgetter", "attrgetter", "methodcaller")},
    **{f"builtins.{name}": _plain_number for name in _ATOMS},
}
"""Class or function → how what it makes is carried."""

FILLED = frozenset({_default_dict, _sequence, _user_dict, _only_attribute})
"""Those that look at what is put into a value, item by item."""
