"""What a call that a pickle asks for would give, judged by names and arguments alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.known_globals import (
    BIT_GENERATORS,
    ITERATORS,
    RETURNS,
    dtype_class,
    dtype_class_of_type,
    looks_like_class,
)
from torchload_lint.checkpoint.pickles.held_calls import type_by_name
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
    SetValue,
    type_of,
)
from torchload_lint.names import ClassFacts, GlobalName

if TYPE_CHECKING:
    from torchload_lint.checkpoint.known.torch_versions import Target

ClassLookup = Callable[[GlobalName], "ClassFacts | None"]

MAPPINGS = frozenset({"builtins.dict", "collections.OrderedDict", "collections.Counter"})
"""The types that SETITEM(S) is allowed on."""

_MOST_ARGUMENTS = 1000
_DEEPEST_NESTING = 50
"""How many times ``getattr`` is followed: classes are not nested deeper."""

_PLAIN_LISTS = (list, tuple)
_SETS = frozenset({"builtins.set", "builtins.frozenset"})


class NameResolver:
    """Which object a value is, by its runtime name, where that is known."""

    def __init__(self, runtime_name: Callable[[GlobalName], GlobalName]) -> None:
        self.runtime_name = runtime_name
        self._dotted: dict[GlobalName, str] = {}

    def of(self, value: PickledValue) -> GlobalName | None:
        """The runtime name of a global, or of what ``getattr`` finds below one."""
        if isinstance(value, GlobalRef):
            return self.runtime_name(value.name)
        if not isinstance(value, ObjectValue):
            return None
        if type_by_name(value):
            return GlobalName("builtins", type_by_name(value))
        if not is_getattr(value.callee):
            return None
        parts: list[str] = []
        while isinstance(value, ObjectValue) and is_getattr(value.callee):
            args = value.args
            if len(parts) > _DEEPEST_NESTING:
                return None
            if not (isinstance(args, tuple) and len(args) in {2, 3} and isinstance(args[1], str)):
                return None
            parts.append(args[1])
            value = args[0]
        if not isinstance(value, GlobalRef):
            return None
        name = self.runtime_name(value.name)
        return GlobalName(name.module, ".".join([name.qualname, *reversed(parts)]))

    def dotted(self, name: GlobalName | None) -> str:
        """The name as one text (kept: large files ask for the same few names again and again)."""
        if name is None:
            return ""
        text = self._dotted.get(name)
        if text is None:
            text = self._dotted[name] = str(name)
        return text


def is_getattr(callee: PickledValue) -> bool:
    """Whether a value is the builtin getattr."""
    return isinstance(callee, GlobalRef) and callee.name == _GETATTR


_GETATTR = GlobalName("builtins", "getattr")


def as_arguments(args: PickledValue) -> PickledValue:
    """What ``*args`` passes: a tuple, where the value is anything that can be gone through.

    No callable takes more than a few; a hostile file may pass the same millions again and again.
    """
    if isinstance(args, (list, str, bytes)):
        return tuple(args[:_MOST_ARGUMENTS])
    if isinstance(args, DictValue):
        return tuple(key for key, _ in args.entries[:_MOST_ARGUMENTS])
    return tuple(args.items[:_MOST_ARGUMENTS]) if isinstance(args, SetValue) else args


def make_plain(name: str, args: PickledValue) -> PickledValue | None:
    """The value of a call that gives a plain container or bytes; None for any other."""
    given = args if isinstance(args, tuple) else ()
    first = given[0] if given else None
    if name in MAPPINGS and len(given) <= 1:
        return _mapping(name, first)
    if name in _SETS and len(given) <= 1 and isinstance(first, (type(None), list, tuple)):
        return SetValue(name, list(first or ()))
    if name == "builtins.list" and (
        not given or (len(given) == 1 and isinstance(first, _PLAIN_LISTS))
    ):
        return list(first or ())
    if name == "_codecs.encode":
        return _encoded(given)
    return None


def _mapping(kind: str, first: PickledValue) -> DictValue | None:
    """A dict of a kind; None where it is not known what will be in it."""
    if first is None:
        return DictValue(kind)
    if isinstance(first, DictValue):
        return DictValue(kind, list(first.entries))
    if kind == "collections.Counter":
        return _counted(first)
    if not isinstance(first, (list, tuple)):
        return None
    pairs = [pair for pair in first if isinstance(pair, (list, tuple)) and len(pair) == 2]  # noqa: PLR2004 - a pair
    if len(pairs) != len(first):
        return None
    return DictValue(kind, [(pair[0], pair[1]) for pair in pairs])


def _counted(items: PickledValue) -> DictValue | None:
    """``Counter("text")``, ``Counter([1, 1])``: how often each is there."""
    if not isinstance(items, (list, tuple, str, bytes)):
        return None
    counts: dict[PickledValue, int] = {}
    for item in items:
        if not isinstance(item, (int, float, str, bytes, type(None))):
            return None
        counts[item] = counts.get(item, 0) + 1
    return DictValue("collections.Counter", list(counts.items()))


def _encoded(args: tuple[PickledValue, ...]) -> bytes | None:
    """How bytes are written in protocol 2: ``_codecs.encode("…", "latin1")``."""
    if len(args) == 2 and isinstance(args[0], str) and args[1] in ("latin1", "latin-1"):  # noqa: PLR2004 - text, encoding
        try:
            return args[0].encode("latin-1")
        except UnicodeEncodeError:
            return None
    return None


def result_type(
    name: GlobalName | None, args: PickledValue, names: NameResolver, facts: ClassFacts | None
) -> GlobalName | None:
    """The runtime type of what calling ``name`` gives; None where it cannot be known."""
    if name is None:
        return None
    dotted = names.dotted(name)
    given = args if isinstance(args, tuple) else ()
    if dotted == "numpy.dtype":
        return _dtype(given, names)
    if dotted in {"builtins.iter", "builtins.reversed"}:
        return _iterator(dotted, given)
    if name.qualname == "__bit_generator_ctor":
        return _bit_generator(given, names)
    if name.qualname.startswith("__pyx_unpickle_"):
        return names.of(given[0]) if given else None
    known = RETURNS.get(dotted)
    if isinstance(known, int):
        return names.of(given[known]) if len(given) > known else None
    if known is not None:
        return GlobalName.parse(known) if known else None
    if facts is not None:
        return name if facts.kind == "class" else None
    return name if looks_like_class(name) else None


def _dtype(args: tuple[PickledValue, ...], names: NameResolver) -> GlobalName | None:
    first = args[0] if args else None
    if isinstance(first, str):
        return dtype_class(first)
    kind = names.of(first)
    return dtype_class_of_type(str(kind)) if kind is not None else None


def _iterator(function: str, args: tuple[PickledValue, ...]) -> GlobalName | None:
    kind = type_of(args[0]) if args else None
    if function == "builtins.reversed":
        is_list = str(kind) == "builtins.list"
        return GlobalName("builtins", "list_reverseiterator" if is_list else "reversed")
    found = ITERATORS.get(str(kind))
    return GlobalName.parse(found) if found is not None else None


def _bit_generator(args: tuple[PickledValue, ...], names: NameResolver) -> GlobalName | None:
    first = args[0] if args else "MT19937"
    if isinstance(first, str):
        found = BIT_GENERATORS.get(first)
        return GlobalName.parse(found) if found else None
    return names.of(first)


def runtime_namer(
    target: Target,
    known: Callable[[GlobalName, Target], GlobalName],
    lookup: ClassLookup | None,
) -> Callable[[GlobalName], GlobalName]:
    """Name in the file → runtime name: the project's own classes first, then what is known."""
    cache: dict[GlobalName, GlobalName] = {}

    def namer(name: GlobalName) -> GlobalName:
        found = cache.get(name)
        if found is None:
            facts = lookup(name) if lookup is not None else None
            found = facts.defined_as if facts is not None else known(name, target)
            cache[name] = found
        return found

    return namer
