"""Methods and properties of texts, paths, open files, sequences and mappings.

Each is a function of the receiver and the arguments; the tables at the end say which name is
which. A method that is not listed yields an unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain import patterns, strings
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.mappings import entry
from torchload_lint.source.domain.patterns import GLOB_DEEP, HOLE, known
from torchload_lint.source.domain.replacing import replaced
from torchload_lint.source.domain.sequences import last
from torchload_lint.source.domain.values import (
    Constant,
    Handle,
    Record,
    Sequence,
    Text,
    Values,
    lift,
    union,
    unknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torchload_lint.source.domain.arguments import Arguments
    from torchload_lint.source.domain.values import Value

    TextMethod: TypeAlias = Callable[[Text, Arguments], Values]

_OF_ENVIRONMENT = late_pattern(r"\$(?:\w+|\{[^}]*\})")
_CUT_OPENLY = "where it is cut is not known"
_LAST_DOT = "a dot at the end, which Python 3.14 takes for a suffix"


def _same(text: Text, _: Arguments) -> Values:
    return (text,)


def _format(text: Text, given: Arguments) -> Values:
    return strings.fill(text, given.positional, given.named)


def _format_map(text: Text, given: Arguments) -> Values:
    """``text.format_map(mapping)``, for plain dictionaries."""
    return union(*(_filled(text, value) for value in given.at(0)))


def _filled(text: Text, value: Value) -> Values:
    if isinstance(value, Record) and value.kind == "dict" and not (value.others or value.perhaps):
        return strings.fill(text, [], dict(value.entries))
    return (strings.hole(text, "what is filled in is not known"),)


def _split(text: Text, given: Arguments, *, right: bool = False) -> Values:
    if given.is_open(0, "sep") or given.is_open(1, "maxsplit"):
        return unknown(_CUT_OPENLY)
    separator, at_most = given.literal(0, "sep"), given.number(1, -1, "maxsplit")
    return (strings.split(text, separator, at_most=at_most, right=right),)


def _right_split(text: Text, given: Arguments) -> Values:
    return _split(text, given, right=True)


def _partition(text: Text, given: Arguments) -> Values:
    if text.anchored:
        return unknown("it may be cut in the name of the project's folder")
    separator = given.literal(0)
    return _three(text, text.text.partition(separator)) if separator else unknown(_CUT_OPENLY)


def _right_partition(text: Text, given: Arguments) -> Values:
    text = strings.whole(text)
    separator = given.literal(0)
    if not separator:
        return unknown(_CUT_OPENLY)
    parts = text.text.rpartition(separator)
    if not parts[1] and not patterns.is_exact(text.text):
        return unknown("it may be cut in a part that is not known")
    return _three(text, parts)


def _three(text: Text, parts: tuple[str, str, str]) -> Values:
    pieces = (strings.settled(strings.changed(text, part)) for part in parts)
    return (Sequence(tuple((piece,) for piece in pieces), kind="split"),)


def _case(name: str) -> TextMethod:
    def change(text: Text, _: Arguments) -> Values:
        if text.anchored:
            return (strings.hole(text, "the project's folder is written otherwise"),)
        return (strings.changed(text, getattr(text.text, name)()),)

    return change


def _strip(side: str) -> TextMethod:
    def strip(text: Text, given: Arguments) -> Values:
        if given.is_open(0):
            return (strings.hole(text, _CUT_OPENLY),)
        return (strings.stripped(text, given.literal(0), side),)

    return strip


def _remove(side: str) -> TextMethod:
    def remove(text: Text, given: Arguments) -> Values:
        if given.is_open(0):
            return (strings.hole(text, _CUT_OPENLY),)
        if text.anchored and side == "removeprefix":
            return (strings.hole(text, "what the project's folder begins with is cut off"),)
        return (strings.changed(text, getattr(text.text, side)(given.literal(0) or "")),)

    return remove


def _join_parts(text: Text, given: Arguments) -> Values:
    found: list[Values] = []
    for parts in given.at(0):
        if isinstance(parts, Sequence) and not parts.others:
            found.append(strings.joined(text, parts.items))
        else:
            found.append(unknown("parts that are not all known are joined"))
    return union(*found)


def _zero_fill(text: Text, given: Arguments) -> Values:
    if text.why:
        return (text,)
    width = given.number(0, 0)
    if given.is_open(0) or width >= 10**strings.WIDEST_DIGITS:
        return (strings.hole(text, "a text longer than a path"),)
    return (strings.changed(text, text.text.zfill(width)),)


def join_paths(first: Values, rest: Iterable[Values], *, is_path: bool = False) -> Values:
    """``os.path.join(first, *rest)``; ``is_path``: ``path.joinpath(*rest)``."""
    built: Values = tuple(as_text(value) for value in first)
    for part in rest:
        built = union(
            strings.join(as_text(first), as_text(second), is_path=is_path)
            for first in strings.one_where_both_vary(built, part)
            for second in part
        )
    return built


def _joinpath(text: Text, given: Arguments) -> Values:
    return join_paths((text,), given.positional, is_path=True)


def _with_suffix(text: Text, given: Arguments) -> Values:
    if _has_odd_dots(text):
        return (strings.hole(text, _LAST_DOT),)
    if not patterns.base(text.text).strip("."):
        return (strings.hole(text, "a suffix of an empty name"),)
    root, _ = patterns.split_suffix(text.text)
    return union(strings.changed(text, root + as_text(suffix).text) for suffix in given.at(0))


def _with_name(text: Text, given: Arguments) -> Values:
    (folder,) = map(as_text, parent(text))
    return union(strings.join(folder, as_text(name), is_path=True) for name in given.at(0))


def _with_stem(text: Text, given: Arguments) -> Values:
    if _has_odd_dots(text):
        return (strings.hole(text, _LAST_DOT),)
    suffix = patterns.split_suffix(text.text)[1]
    (folder,) = map(as_text, parent(text))
    return union(
        strings.join(folder, strings.changed(as_text(stem), as_text(stem).text + suffix))
        for stem in given.at(0)
    )


def _relative_to(text: Text, _: Arguments) -> Values:
    return (strings.hole(text, "it is made relative"),)


def glob_path(text: Text, given: Arguments) -> Values:
    """``path.glob(pattern)``: a sequence of what matches."""
    found = union(strings.join(text, _globbed(as_text(pattern))) for pattern in given.at(0))
    return (Sequence(others=found),)


def _recursive_glob(text: Text, given: Arguments) -> Values:
    below = strings.join(text, Text(GLOB_DEEP))
    found = union(strings.join(below, _globbed(as_text(pattern))) for pattern in given.at(0))
    return (Sequence(others=found),)


def _globbed(text: Text, *, deep: bool = True) -> Text:
    return text.changed(text=patterns.globbed(text.text, deep=deep), is_path=False)


def glob_text(text: Text, *, deep: bool) -> Values:
    """``glob.glob(text, recursive=deep)``."""
    return (Sequence(others=(_globbed(text, deep=deep),), rung=text.rung),)


ANY_ENTRY = Text(HOLE, why=("any entry of a folder",))


def entries(text: Text, *, bare: bool) -> Values:
    """``os.listdir`` (``bare`` names) or ``path.iterdir()``."""
    name = ANY_ENTRY.changed(rung=text.rung)
    return (Sequence(others=(name if bare else strings.join(text, name),)),)


def _iterate_folder(text: Text, _: Arguments) -> Values:
    return entries(text, bare=False)


def opened(text: Text, _: Arguments) -> Values:
    """``open(text)``."""
    return (Handle(text, rung=text.rung),)


def parent(text: Text, _: Arguments | None = None) -> Values:
    """``os.path.dirname(text)``, ``path.parent``."""
    text = strings.whole(text)
    return (strings.settled(strings.changed(text, patterns.parent(text.text))),)


def base(text: Text, _: Arguments | None = None) -> Values:
    """``os.path.basename(text)``, ``path.name``."""
    bare = strings.whole(text).changed(is_path=False)
    return (strings.changed(bare, patterns.base(bare.text)),)


def absolute(text: Text, _: Arguments | None = None) -> Values:
    """``os.path.abspath(text)``, ``path.resolve()``."""
    text = strings.whole(text)
    return (strings.settled(strings.changed(text, patterns.absolute(text.text))),)


def normalised(text: Text, _: Arguments) -> Values:
    """``os.path.normpath(text)``."""
    if text.anchored or not patterns.is_exact(text.text):
        return (text,)
    return (strings.changed(text, patterns.normal(text.text) or "."),)


def expanded_home(text: Text, _: Arguments) -> Values:
    """``os.path.expanduser(text)``."""
    found = patterns.at_home(text.text)
    return (text if text.anchored or found == text.text else text.changed(text=found),)


def expanded(text: Text, _: Arguments) -> Values:
    """``os.path.expandvars(text)``: what variables hold is not known."""
    found = _OF_ENVIRONMENT.sub(patterns.HOLE, text.text)
    why = (*text.why, "the environment's variables") if found != text.text else text.why
    return (text.changed(text=found, why=why),)


def split_suffix(text: Text, _: Arguments) -> Values:
    """``os.path.splitext(text)``."""
    parts = patterns.split_suffix(text.text)
    return (Sequence(tuple((strings.changed(text, part),) for part in parts), kind="tuple"),)


def split_folder(text: Text, _: Arguments) -> Values:
    """``os.path.split(text)``."""
    return (Sequence((parent(text), base(text)), kind="tuple"),)


def _has_odd_dots(text: Text) -> bool:
    """Whether Python 3.14 reads the ending of a name anew: ``a.``, and ``..a``."""
    name = patterns.base(text.text)
    return text.text.endswith(".") or (name.startswith("..") and "." not in name.lstrip("."))


def _stem(text: Text) -> Values:
    if _has_odd_dots(text):
        return (strings.hole(text, _LAST_DOT),)
    bare = strings.whole(text)
    return (strings.changed(bare, patterns.split_suffix(patterns.base(bare.text))[0]),)


def _suffix(text: Text) -> Values:
    if _has_odd_dots(text):
        return (strings.hole(text, _LAST_DOT),)
    suffix = patterns.split_suffix(text.text)[1]
    if not suffix and HOLE in text.text:
        return (strings.hole(text, "a suffix that is not known"),)
    return (strings.changed(text.changed(anchored=False), suffix),)


def _parents(text: Text) -> Values:
    found: list[Values] = []
    current = strings.whole(text)
    for _ in range(6):
        current = strings.changed(current, patterns.parent(patterns.normal(current.text) or "."))
        found.append((strings.path(strings.settled(current)),))
    return (Sequence(tuple(found)),)


def _parent_path(text: Text) -> Values:
    return tuple(strings.path(as_text(folder)) for folder in parent(text))


def _parts(text: Text) -> Values:
    return (strings.split(text, "/"),)


TEXT_METHODS: dict[str, TextMethod] = {
    **dict.fromkeys(
        (
            *("as_posix", "encode", "decode"),
            *("__str__", "__fspath__", "readlink", "strip_tags", "copy"),
        ),
        _same,
    ),
    "expanduser": expanded_home,
    **dict.fromkeys(("resolve", "absolute"), absolute),
    "format": _format,
    "format_map": _format_map,
    "replace": replaced,
    "split": _split,
    "rsplit": _right_split,
    "partition": _partition,
    "rpartition": _right_partition,
    **{name: _case(name) for name in ("lower", "upper", "title", "capitalize", "casefold")},
    **{name: _strip(name) for name in ("strip", "lstrip", "rstrip")},
    **{name: _remove(name) for name in ("removeprefix", "removesuffix")},
    "join": _join_parts,
    "zfill": _zero_fill,
    "joinpath": _joinpath,
    "with_suffix": _with_suffix,
    "with_name": _with_name,
    "with_stem": _with_stem,
    "relative_to": _relative_to,
    "glob": glob_path,
    "rglob": _recursive_glob,
    "iterdir": _iterate_folder,
    "open": opened,
    "read_bytes": opened,
    "read_text": opened,
}


def _as_texts(values: Values) -> Values:
    """A part of a path that is a text, whose methods are those of texts."""
    return tuple(each.changed(is_path=False) for each in values if isinstance(each, Text))


TEXT_PROPERTIES: dict[str, Callable[[Text], Values]] = {
    "parent": _parent_path,
    "name": lambda path: _as_texts(base(path)),
    "stem": lambda path: _as_texts(_stem(path)),
    "suffix": lambda path: _as_texts(_suffix(path)),
    "parents": _parents,
    "parts": _parts,
    "path": lambda text: (text,),
}
"""Properties of paths, and ``.path`` of a folder's entry."""


_SPELLING = frozenset({"as_posix", "__str__", "__fspath__"})
"""Methods of paths that give a string, of which a slash at the end is a part."""


def of_text(text: Text, name: str, given: Arguments) -> Values:
    """``text.name(*given)``."""
    method = TEXT_METHODS.get(name)
    if method is None:
        return unknown(f"the result of .{name}() is not known")
    made = method(as_text(text), given)
    if not text.is_path:
        return made
    if name in _SPELLING:
        return tuple(
            each.changed(is_path=False) if isinstance(each, Text) else each for each in made
        )
    return tuple(strings.path(each) if isinstance(each, Text) else each for each in made)


def of_handle(handle: Handle, name: str) -> Values:
    """``handle.name()``."""
    if name in {"read", "getvalue", "getbuffer", "__enter__", "readall"}:
        return (handle,)
    if name == "open" and not handle.wrapped:  # fsspec's OpenFile; the wrapped may be an archive
        return (handle,)
    return unknown(f"the result of .{name}() is not known")


def of_sequence(sequence: Sequence, name: str, given: Arguments) -> Values:
    """``sequence.name(*given)``."""
    if name == "pop" and not given.positional:
        return last(sequence)
    if name in {"pop", "popleft", "get", "__next__"}:
        return lift(sequence.element(), sequence.rung)
    if name == "copy":
        return (sequence,)
    return unknown(f"the result of .{name}() is not known")


def of_record(record: Record, name: str, given: Arguments) -> Values:
    """``record.name(*given)``."""
    if name in {"get", "pop", "setdefault"}:
        stated = given.at(1)
        default, keys = stated or (Constant(None),), given.at(0)
        missing = any(isinstance(key, Text) and key.text in record.perhaps for key in keys)
        found = union(*(entry(record, key, default) for key in keys))
        return union(found, stated) if missing else found
    if name in {"copy", "to_dict", "to_container", "as_dict", "dict", "model_dump", "clone"}:
        return (record,)
    if name == "keys":
        return (Sequence(tuple((Text(known(key)),) for key in record.entries)),)
    if name == "values":
        return (Sequence(tuple(record.entries.values()), record.others, rung=record.rung),)
    if name == "items":
        pairs = tuple(
            (Sequence(((Text(known(key)),), lift(values, record.rung)), kind="tuple"),)
            for key, values in record.entries.items()
        )
        rest = Sequence((unknown("a key"), lift(record.others, record.rung)), kind="tuple")
        return (Sequence(pairs, (rest,) if record.others else ()),)
    return unknown(f"the result of .{name}() is not known")
