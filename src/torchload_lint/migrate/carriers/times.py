"""Dates, times, durations and zones as text and numbers, with all that their objects say.

How each is pickled was read in CPython 3.10 to 3.14, pytz 2025 and dateutil 2.9 (``__reduce__``).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import ObjectValue, PickledValue
from torchload_lint.migrate.carriers.pickled_instance import read_instance

if TYPE_CHECKING:
    from torchload_lint.migrate.carriers.pickled_instance import PickledInstance
    from torchload_lint.migrate.conversion import Conversion

_KINDS: dict[str, type[dt.date | dt.time]] = {
    "date": dt.date, "time": dt.time, "datetime": dt.datetime,
}  # fmt: skip
_UTC = frozenset({"pytz._UTC", "pytz.UTC", "dateutil.tz.tz.tzutc", "dateutil.tz.tzutc"})
_PYTZ = {"pytz._p": (1, 1), "pytz.FixedOffset": (0, 60)}
"""Function → which of its arguments is the offset, and of how many seconds its unit is."""


def _moment(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    """date, time and datetime: packed bytes, and a time zone.

    The text is that of ISO 8601, with what that has no place for in brackets behind it (as RFC 9557
    has it): the name of a zone, and which of two equal times of the day is meant.
    """
    packed = made.args[0] if made.args else None
    if isinstance(packed, str):  # a pickle of Python 2
        packed = packed.encode("latin-1", "replace")
    zone, name = _zone(converter, made.args[1]) if len(made.args) > 1 else (None, "")
    kind = _KINDS[made.short]
    try:
        moment = kind(packed) if zone is None else kind(packed, zone)  # type: ignore[arg-type,call-arg]
        text = moment.isoformat()
    except (TypeError, ValueError):
        return converter.leave_out(place, made.name, "its bytes are not a time")
    if len(made.args) > 1 and made.args[1] is not None and zone is None and not name:
        converter.leave_out(place, f"the time zone of a {made.short}", "its kind is not known")
    if getattr(moment, "fold", 0):
        name = f"{name};fold=1" if name else "fold=1"
    converter.changed(place, made.name, "its ISO text" + (f" and {name!r}" if name else ""))
    return f"{text}[{name}]" if name else text


def _zone(converter: Conversion, value: PickledValue) -> tuple[dt.tzinfo | None, str]:
    """A fixed offset, and the name of a zone; neither where it is of a kind that is not known."""
    if not isinstance(value, ObjectValue):
        return None, ""
    made = read_instance(value, converter.names)
    if made.name in _UTC:
        return dt.timezone.utc, ""
    texts = [arg for arg in made.args if isinstance(arg, str)]
    if made.name in _PYTZ:
        return _fixed(_PYTZ[made.name], made.args), "".join(texts[:1])
    if made.name != "datetime.timezone":
        return None, texts[-1] if made.name.startswith("dateutil") and texts else "".join(texts[:1])
    offset = _delta(converter, made.args[0] if made.args else None)
    try:
        return (None if offset is None else dt.timezone(offset)), "".join(texts[:1])
    except ValueError:
        return None, ""


def _fixed(place_and_unit: tuple[int, int], args: tuple[PickledValue, ...]) -> dt.tzinfo | None:
    """The offset that an object of pytz has: such a zone is a pair of a name and an offset."""
    place, unit = place_and_unit
    number = args[place] if len(args) > place else None
    try:
        return dt.timezone(dt.timedelta(seconds=number * unit)) if isinstance(number, int) else None
    except (OverflowError, ValueError):
        return None


def _delta(converter: Conversion, value: PickledValue) -> dt.timedelta | None:
    made = read_instance(value, converter.names) if isinstance(value, ObjectValue) else None
    return _length(made) if made is not None and made.name == "datetime.timedelta" else None


def _length(made: PickledInstance) -> dt.timedelta | None:
    """What ``timedelta(days, seconds, microseconds)`` is; None where it is not one."""
    numbers = [number for number in made.args if isinstance(number, int)]
    if len(numbers) != len(made.args) or len(numbers) > 3:  # noqa: PLR2004 - the three
        return None
    try:
        return dt.timedelta(*numbers)
    except OverflowError:
        return None


def _duration(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    length = _length(made)
    if length is None:
        return converter.leave_out(place, made.name, "it is not a length of time")
    seconds = length.total_seconds()
    if _is_exact(seconds, length):
        converter.changed(place, made.name, "its seconds")
        return seconds
    converter.changed(place, made.name, "its days, seconds and microseconds")
    return (length.days, length.seconds, length.microseconds)


def _is_exact(seconds: float, length: dt.timedelta) -> bool:
    try:
        return dt.timedelta(seconds=seconds) == length
    except OverflowError:  # a microsecond below the longest, rounded up
        return False


def _timezone(converter: Conversion, made: PickledInstance, place: str) -> PickledValue:
    offset = _delta(converter, made.args[0] if made.args else None)
    if offset is None:
        return converter.leave_out(place, made.name, "it has no offset")
    name = made.args[1] if len(made.args) > 1 else None
    if isinstance(name, str):
        converter.changed(place, made.name, "its offset in seconds, and its name")
        return (offset.total_seconds(), name)
    converter.changed(place, made.name, "its offset in seconds")
    return offset.total_seconds()


CARRIERS = {
    "datetime.date": _moment,
    "datetime.time": _moment,
    "datetime.datetime": _moment,
    "datetime.timedelta": _duration,
    "datetime.timezone": _timezone,
}
"""Class → how what it makes is carried."""
