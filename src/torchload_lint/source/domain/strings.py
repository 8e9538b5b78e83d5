"""Operators and methods of texts and paths, over all possibilities."""

from __future__ import annotations

import ast
import operator
from functools import partial
from itertools import chain
from posixpath import commonprefix
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain import patterns
from torchload_lint.source.domain.conversions import (
    as_text,
    combine,
    is_number,
)
from torchload_lint.source.domain.enum_members import EnumMember
from torchload_lint.source.domain.patterns import HOLE, ROOT, highest, is_exact, known
from torchload_lint.source.domain.values import (
    NO_CAUSES,
    Cause,
    Constant,
    Record,
    Sequence,
    Text,
    Unknown,
    lift,
    union,
    unknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torchload_lint.source.domain.values import Value, Values

_SEVERAL = 2
_ANY_OF_THEM = "which of several parts of it go together"
_DIGITS = late_pattern(r"\d+")
WIDEST_DIGITS = 4
"""A text is not built to a width of more digits: systems take paths of some thousand letters."""
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_NOT_THERE_BY_DEFAULT = {Cause.NOT_THE_DEFAULT, Cause.NO_DEFAULT}
_LARGEST_NUMBER = 10**12
_LARGEST_EXPONENT = 64
_PERCENT = late_pattern(
    r"%(?:\((?P<key>\w+)\))?(?P<spec>[-+ #0]*(?:\*|\d+)?(?:\.\d+)?)(?P<type>[a-zA-Z%])"
)


def fewest_holes_first(values: Iterable[Value]) -> list[Value]:
    """The values, those first of which most is known; in their order, where it is as much."""
    return sorted(
        values, key=lambda value: value.text.count(HOLE) if isinstance(value, Text) else 0
    )


def binary(op: ast.operator, left: Values, right: Values) -> Values:
    """``left op right`` over all possibilities."""
    of_texts = any(isinstance(each, Text) for each in (*left, *right))
    if of_texts and isinstance(op, ast.Add | ast.Div):
        left = one_where_both_vary(left, right)
    return union(*(_binary(op, first, second) for first in left for second in right))


def _binary(op: ast.operator, first: Value, second: Value) -> Values:
    if isinstance(first, Constant) and isinstance(second, Constant):
        return _arithmetic(op, first, second)
    if isinstance(op, ast.Add):
        if isinstance(first, Sequence) and isinstance(second, Sequence):
            return (_chain(first, second),)
        if isinstance(first, Sequence) and isinstance(second, Unknown):
            return (Sequence(first.items, union(first.others, (second,)), kind=first.kind),)
        if isinstance(first, Text) or isinstance(second, Text):
            return (_concatenated(first, second),)
    if isinstance(op, ast.Div) and (isinstance(first, Text) or isinstance(second, Text)):
        found = join(as_text(first), as_text(second), is_path=True)
        is_folder = isinstance(second, Text) and not second.text
        return (found.changed(text=f"{found.text.rstrip('/')}/") if is_folder else found,)
    if isinstance(op, ast.Mod) and isinstance(first, Text):
        return percent(first, second)
    return unknown("it is computed")


def _chain(first: Sequence, second: Sequence) -> Sequence:
    if first.others:
        return Sequence(first.items, union(first.others, second.element()), kind=first.kind)
    return Sequence((*first.items, *second.items), second.others, kind=first.kind)


def _arithmetic(op: ast.operator, first: Constant, second: Constant) -> Values:
    compute = _ARITHMETIC.get(type(op))
    a, b = first.value, second.value
    if (
        compute is None
        or not isinstance(a, int | float)
        or not isinstance(b, int | float)
        or max(abs(a), abs(b)) > _LARGEST_NUMBER
        or (isinstance(op, ast.FloorDiv | ast.Mod) and not b)
        or (isinstance(op, ast.Pow) and not (0 <= b <= _LARGEST_EXPONENT and isinstance(a, int)))
    ):
        return unknown("it is computed")
    return (Constant(compute(a, b), rung=highest(first.rung, second.rung)),)


def _concatenated(first: Value, second: Value) -> Text:
    a, b = whole(as_text(first)), whole(as_text(second))
    return settled(combine(a, b, a.text + b.text).changed(is_path=False))


def concatenate(left: Values, right: Values) -> Values:
    """``left + right`` of texts, over all possibilities."""
    left = one_where_both_vary(left, right)
    return union(_concatenated(first, second) for first in left for second in right)


def one_where_both_vary(first: Values, second: Values) -> Values:
    """The possibilities of what is put before others: where there are several of both, nobody knows
    which go together, and they become one text with an unknown part.
    """
    if sum(not isinstance(each, Unknown) for each in second) < _SEVERAL:
        return first
    return one_of_them(first, _ANY_OF_THEM)


def one_of_them(values: Values, why: str) -> Values:
    """One text for several, of which it may be any: what they begin and end with alike."""
    varying = [as_text(value) for value in values if not isinstance(value, Unknown)]
    if len(varying) < _SEVERAL:
        return values
    texts = [text.text for text in varying]
    begin = commonprefix(texts)
    rest = [text[len(begin) :][::-1] for text in texts]
    one = Text(
        f"{begin}{HOLE}{commonprefix(rest)[::-1]}",
        why=tuple(dict.fromkeys((why, *chain.from_iterable(t.why for t in varying)))),
        is_path=all(text.is_path for text in varying),
        rung=highest(*(text.rung for text in varying)),
    )
    if any(text.anchored for text in varying):
        one = one.changed(text=one.text if begin else HOLE, anchored=bool(begin))
    return (one, *(value for value in values if isinstance(value, Unknown)))


def with_open_ends(values: Values) -> Values:
    """The values, one of which may be another with something appended. Where nobody knows whether
    it is (``if etag: name += "." + etag``), the two become one text with an unknown end.
    """
    begins = [each for each in values if isinstance(each, Text) and each.text and not each.why]
    found: list[Value] = []
    longer: set[Text] = set()
    for value in values:
        begin = next((each for each in begins if _continues(value, each)), None)
        if begin is None or not isinstance(value, Text):
            found.append(value)
        else:
            longer.add(begin)
            found.append(changed(value, begin.text + HOLE))
    return union(value for value in found if value not in longer)


def _continues(value: Value, begin: Text) -> bool:
    """Whether a text is a known one with something appended that may be there or not; what comes
    from an option that is not given by default is not there.
    """
    return (
        isinstance(value, Text)
        and value.text.startswith(begin.text)
        and HOLE in value.text[len(begin.text) :]
        and not value.causes & _NOT_THERE_BY_DEFAULT
    )


def join(first: Text, second: Text, *, is_path: bool = False) -> Text:
    """``os.path.join(first, second)``, or ``first / second`` of paths."""
    is_here = is_path and first.text in {"", "."} and not first.anchored
    joined = second.text if is_here else patterns.join(first.text, second.text)
    leaves = patterns.is_absolute(second.text)
    anchored = second.anchored or (first.anchored and not leaves)
    if second.anchored:
        joined = second.text
    made = combine(first, second, joined, anchored=anchored)
    if first.origin and not leaves and is_exact(second.text):
        made = made.changed(origin=f"{first.origin}/{second.text}")
    return path(made) if is_path else made


def whole(text: Text) -> Text:
    """The text with a mark for the project's folder, where it begins there."""
    if not text.anchored:
        return text
    inside = f"{ROOT}/{text.text}" if text.text not in {"", "."} else ROOT
    return text.changed(text=inside, anchored=False)


def settled(text: Text) -> Text:
    """The text without that mark; where it does not begin in that folder any more, or says its
    name, that is not known.
    """
    before, mark, inside = text.text.partition(ROOT)
    if not mark:
        return text
    if not before and ROOT not in inside and inside[:1] in {"", "/"}:
        return text.changed(text=inside.lstrip("/") or "./" * bool(inside), anchored=True)
    why = text.why or ("it holds the name of the project's folder",)
    return text.changed(text=text.text.replace(ROOT, HOLE), why=why)


def path(text: Text) -> Text:
    """``Path(text)``: no slashes at its end, no parts that are ``.``; the empty one is ``.``."""
    first, *rest = text.text.rstrip("/").split("/")
    plain = "/".join((first, *(part for part in rest if part != ".")))
    here = "" if text.anchored else "."
    return text.changed(text=plain or text.text[:1] or here, is_path=True)


def changed(text: Text, new: str) -> Text:
    """The text with another content; it is no longer anchored where it left its folder."""
    anchored = text.anchored and not patterns.is_absolute(new)
    reasons = text.why if HOLE in new else ()
    if HOLE in new and not reasons:
        reasons = ("it is cut out of an unknown text",)
    causes = text.causes if HOLE in new else NO_CAUSES
    return text.changed(text=new, anchored=anchored, why=reasons, causes=causes)


def hole(text: Text, why: str) -> Text:
    """A text of which nothing is known any more."""
    return text.changed(text=HOLE, anchored=False, why=text.why or (why,))


def _is_too_wide(specification: str) -> bool:
    """Whether a width or precision asks for more than any path holds."""
    return any(len(digits.lstrip("0")) > WIDEST_DIGITS for digits in _DIGITS.findall(specification))


def formatted(value: Value, specification: str | None, conversion: str | None = None) -> Value:
    """``format(value, specification)``, with ``repr(value)`` in its place where the ``conversion``
    is ``r``; a hole where the specification is computed.
    """
    if isinstance(value, EnumMember):
        value = value.written()
    if conversion in {"r", "a"}:
        value = _shown(value, repr if conversion == "r" else ascii)
    if is_number(value) and specification is not None:
        if _is_too_wide(specification):
            return hole(as_text(value), "a text longer than a path")
        try:
            return Text(known(format(value.value, specification)), rung=value.rung)
        except (ValueError, OverflowError, MemoryError):
            return hole(as_text(value), "a format that does not fit")
    if not specification:
        return as_text(value) if specification == "" else _of_some_width(as_text(value))
    return _laid_out(as_text(value), specification, format)


def _shown(value: Value, show: Callable[[object], str]) -> Value:
    """``repr(value)`` or ``ascii(value)``, of texts and numbers."""
    if is_number(value):
        return value
    if isinstance(value, Text) and is_exact(value.text) and not (value.anchored or value.is_path):
        return changed(value, known(show(value.text)))
    return hole(as_text(value), "how an object shows itself")


def _of_some_width(text: Text) -> Text:
    """A text with spaces before or behind it, as many as a computed width asks for."""
    return text if HOLE in text.text else hole(text, "a format that is computed")


def _laid_out(text: Text, specification: str, lay_out: Callable[[str, str], str]) -> Text:
    """A text at a width; what is unknown stays so, whatever its width."""
    text = whole(text)
    if not is_exact(text.text):
        return hole(text, "a format of an unknown text")
    if _is_too_wide(specification):
        return hole(text, "a text longer than a path")
    try:
        return settled(changed(text, known(lay_out(text.text, specification))))
    except (ValueError, TypeError):
        return hole(text, "a format that does not fit")


def percent(template: Text, given: Value) -> Values:
    """``template % given``."""
    template = whole(template)
    positional = iter(given.items) if isinstance(given, Sequence) else iter([(given,)])
    entries = given.entries if isinstance(given, Record) else {}
    built: Values = (changed(template, ""),)
    end = 0
    for match in _PERCENT.finditer(template.text):
        literal = template.text[end : match.start()] + "%" * (match["type"] == "%")
        built = concatenate(built, (changed(template, literal),))
        end = match.end()
        if match["type"] != "%":
            values = entries.get(match["key"], ()) if match["key"] else next(positional, ())
            values = lift(values, given.rung)
            specification = f"%{match['spec']}{match['type']}"
            built = concatenate(built, _fields(values, specification, percent_formatted))
    return concatenate(built, (changed(template, template.text[end:]),))


def _fields(
    values: Values, specification: str, format_one: Callable[[Value, str], Value]
) -> Values:
    """A field's text for each possibility; one hole where nothing was given."""
    if not values:
        return unknown("a field of a format that is given nothing")
    return tuple(format_one(value, specification) for value in values)


def percent_formatted(value: Value, specification: str) -> Value:
    """``specification % value``."""
    if isinstance(value, EnumMember):
        value = value.written()
    if specification == "%s" or (not is_number(value) and not isinstance(value, Text)):
        return as_text(value)
    if isinstance(value, Text):
        return _laid_out(value, specification, lambda text, form: form % text)
    if _is_too_wide(specification):
        return hole(as_text(value), "a text longer than a path")
    try:
        return Text(known(specification % value.value), rung=value.rung)
    except (ValueError, TypeError, OverflowError, MemoryError):
        return hole(as_text(value), "a format that does not fit")


def fill(template: Text, positional: list[Values], named: dict[str, Values]) -> Values:
    """``template.format(*positional, **named)``."""
    import string  # noqa: PLC0415 - few paths are formatted this way

    template = whole(template)
    try:
        pieces = list(string.Formatter().parse(template.text))
    except ValueError:
        return (hole(template, "a format that does not fit"),)
    built: Values = (changed(template, ""),)
    automatic = 0
    for literal, name, specification, conversion in pieces:
        built = concatenate(built, (changed(template, literal),))
        if name is None:
            continue
        key = name or str(automatic)
        automatic += not name
        if key.isdecimal():
            values = positional[int(key)] if int(key) < len(positional) else ()
        else:
            values = named.get(key, ())
        form = partial(formatted, conversion=conversion)
        built = concatenate(built, _fields(values, specification or "", form))
    return built


def split(text: Text, separator: str | None, *, at_most: int = -1, right: bool = False) -> Sequence:
    """``text.split(separator)``. Of a text that begins in the project's folder, what is counted
    from its end is known.
    """
    begins, text = text.anchored, whole(text)
    pieces = text.text.rsplit(separator, at_most) if right else text.text.split(separator, at_most)
    is_counted = not begins or (right and len(pieces) == at_most + 1)
    if not is_counted:
        pieces[0] = HOLE
    items = tuple((settled(changed(text, piece)),) for piece in pieces)
    kind = "list" if is_counted and is_exact(text.text.lstrip(ROOT)) else "split"
    return Sequence(items, kind=kind, rung=text.rung)


def stripped(text: Text, characters: str | None, side: str) -> Text:
    """``text.strip(characters)`` (``side``: ``strip``, ``lstrip`` or ``rstrip``)."""
    if text.anchored and side != "rstrip" and characters is not None:
        return hole(text, "what the project's folder begins with is cut off")
    return changed(text, getattr(text.text, side)(characters))


def sliced(text: Text, lower: int | None, upper: int | None) -> Text:
    """``text[lower:upper]``; a hole where an unknown part decides where the cut is."""
    text = whole(text)
    counted_from_left = [end for end in (lower, upper) if end is not None and end >= 0]
    counted_from_right = [end for end in (lower, upper) if end is not None and end < 0]
    left = text.text[: max(counted_from_left, default=0)]
    right = text.text[min(counted_from_right) :] if counted_from_right else ""
    if is_exact(left) and is_exact(right):
        return settled(changed(text, text.text[lower:upper]))
    return hole(text, "it is cut out of an unknown text")


def joined(separator: Text, parts: Iterable[Values]) -> Values:
    """``separator.join(parts)``."""
    built: Values = ()
    for number, part in enumerate(parts):
        built = concatenate(concatenate(built, (separator,)), part) if number else part
    return built or (Text("", rung=separator.rung),)
