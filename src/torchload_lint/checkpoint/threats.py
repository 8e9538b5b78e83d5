"""What would run if the file were loaded without weights-only: names, calls and their arguments."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.dangerous import (
    why_dangerous,
    why_gateway,
    why_inside,
    why_interpreter,
)
from torchload_lint.checkpoint.known.known_calls import NUMBERS_FOLLOW, is_building, why_unknown
from torchload_lint.checkpoint.pickles.call_results import is_getattr
from torchload_lint.checkpoint.pickles.held_calls import held_calls, type_by_name
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    KeywordsKey,
    ObjectValue,
    PickledValue,
)
from torchload_lint.checkpoint.pickles.shown_values import render_arguments, shortened
from torchload_lint.checkpoint.report import HOLDS_A_PROGRAM
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from torchload_lint.checkpoint.pickles.call_results import NameResolver
    from torchload_lint.checkpoint.pickles.unpickler import Unpickled
    from torchload_lint.names import GlobalName

_MAX_CALLS = 50


SOFT_PACKAGES = (
    "_thread", "ast", "asyncio", "cloudpickle", "concurrent", "dbm", "dill", "fileinput", "gc",
    "getpass", "glob", "http", "inspect", "joblib", "mmap", "multiprocessing", "netrc", "os.path",
    "posixpath", "ntpath", "sched", "selectors", "socket", "socketserver", "sqlite3", "ssl",
    "tempfile", "threading", "torch.testing", "urllib", "urllib2", "xmlrpc",
)  # fmt: skip
"""Packages whose objects do no harm unless the file calls them."""

BUILDERS = ("cloudpickle", "dill")
"""Packages that put functions together from code in the file, without running it yet."""

LOADERS = frozenset({"load", "loads"})

INERT = frozenset(
    """
    os.getcwd os.getpid os.sep os.linesep os.cpu_count os.fspath os.PathLike os._Environ
    posix.getcwd posix.getpid posix.fspath nt.getcwd nt.getpid os.path.join os.path.basename
    os.path.dirname sys.version sys.version_info sys.maxsize sys.byteorder sys.platform
    """.split()
)
"""Names in hard packages that do nothing unless they are called, and little then."""

DEFERRED = frozenset({"__setstate__", "__call__", "__reduce__", "__class__", "__del__", "__dict__"})
"""Attributes through which a later opcode calls what an earlier one has set."""

INDIRECT = {
    "torch._tensor._rebuild_from_type_v2": (0, 2),
    "torch._tensor._rebuild_from_type": (0, 2),
}
"""Callables that call one of their arguments: the index of the function and of its arguments."""


class Threat(NamedTuple):
    """One dangerous global, or attribute of one."""

    name: str
    call: str
    """``os.system('id')``, or empty where the file only names it."""
    why: str
    known: bool = True
    """Whether it is known to do harm, rather than not known to be harmless."""


def threat_in_words(threat: Threat) -> str:
    """What a file would do, as a sentence."""
    if not threat.call:
        return f"this file names {threat.name}, which {threat.why}"
    words = f"loaded unsafely, this file would call {threat.call}"
    return words if threat.known else f"{words}: unknown code, {threat.name} {threat.why}"


def way_out_of(threats: list[Threat]) -> str:
    """What is right for one's own file too: such libraries save programs, and say so."""
    built = [threat for threat in threats if not _is_namespace_of_code(threat)]
    if all(threat.name.startswith(_SAVE_CODE) for threat in built):
        anew = all(_is_below(threat.name, BUILDERS) for threat in built)
        way = "`torchload-lint migrate` carries its tensors and plain values over, and runs nothing"
        return f"{HOLDS_A_PROGRAM}{SAVED_ANEW * anew}{way}"
    if any(threat.known for threat in threats):
        return "do not load it; find out where it comes from, and delete it"
    if any(threat.name in NUMBERS_FOLLOW for threat in threats):
        return (
            "load it with joblib, and only if you know who wrote it; tensors belong in torch.save"
        )
    return (
        "do not load it unless you know what that code does; `torchload-lint migrate` carries its "
        "tensors and plain values over, and runs nothing"
    )


def _is_namespace_of_code(threat: Threat) -> bool:
    """Whether a threat is the names of a module, given to a function that is put together."""
    return threat.name.endswith(".__dict__") and _is_below(threat.call, BUILDERS)


SAVED_ANEW = (
    "where it is yours, save it anew without `pickle_module` (functions are then names, not code), "
    "and with names in the place of methods that its objects hold; "
)
_SAVE_CODE = ("torch.fx.", "dill.", "cloudpickle.", "torch.package.", "torch._dynamo.")


NESTED_LOADERS = frozenset({"torch.storage._load_from_bytes"})
"""How pickle (not torch.save) writes a tensor: as the bytes of a file inside the file."""


def find_threats(
    streams: Iterable[Unpickled],
    names: NameResolver,
    is_dangerous: Callable[[bytes], bool],
    is_own: Callable[[GlobalName], bool],
) -> list[Threat]:
    """The dangerous callables in the streams, calls first, each name once, and then what is
    called without being known to be harmless.

    ``is_dangerous`` judges a checkpoint that is inside the checkpoint; ``is_own`` says whether a
    name is the project's, which the policy judges by its source.
    """
    found: dict[str, Threat] = {}
    for stream in streams:
        for threat in _of_stream(stream, names, is_dangerous, is_own):
            if len(found) < _MAX_CALLS:
                found.setdefault(threat.name, threat)
    return sorted(found.values(), key=lambda threat: not threat.known)


def _of_stream(
    stream: Unpickled,
    names: NameResolver,
    is_dangerous: Callable[[bytes], bool],
    is_own: Callable[[GlobalName], bool],
) -> Iterator[Threat]:
    harmless: set[int] = set()
    for call in stream.calls:
        if _is_harmless_file(call, is_dangerous):
            harmless.add(id(call.callee))
            continue
        yield from _call_threats(call, names)
        unknown = _unknown_call(call, names, is_own)
        if unknown is not None:
            yield unknown
    if stream.computes_names:
        yield Threat("what another call gives", "", "nothing but a run can name")
    if stream.fault is not None and stream.fault.code == "hostile":
        yield Threat("what reaches over the end of a frame", "", "each reader reads differently")
    for target in stream.changed:
        yield Threat(shortened(target, 2), "", "it changes for the whole program")
    for reference in stream.globals:
        why = "" if id(reference) in harmless else _reference_threat(str(reference.name))
        if why:
            yield Threat(str(reference.name), "", why)
        elif str(reference.name) in NUMBERS_FOLLOW:  # however it is then made
            yield Threat(str(reference.name), "", why_unknown(reference.name), known=False)


def _unknown_call(
    call: ObjectValue, names: NameResolver, is_own: Callable[[GlobalName], bool]
) -> Threat | None:
    """A call of what is not known to be harmless: a function, or what another call gave."""
    for callee in everything_called(call, names):
        name = names.of(callee)
        if name is None:
            if not isinstance(callee, ObjectValue):
                continue
            shown, why = shortened(callee.callee, 1), "gives what is then called, whatever that is"
        elif is_own(name) or (isinstance(callee, GlobalRef) and is_own(callee.name)):
            continue
        else:
            shown, why = str(name), why_unknown(name)
        if why and not held_calls(shown, [call], names):
            text = f"{shortened(call.callee, 3)}{render_arguments(call.args)}"
            return Threat(shown, text, why, known=False)
    return None


def everything_called(call: ObjectValue, names: NameResolver) -> Iterator[PickledValue]:
    """What a call calls: its callee, the function that this calls, or that a partial holds.

    NEWOBJ runs no more than ``__new__``, which counts only where it makes classes or partials.
    """
    called = str(names.of(call.callee) or "")
    args = call.args if isinstance(call.args, tuple) else ()
    if call.how != "REDUCE":
        if (why_gateway(called) and (args or _keywords(call))) or called in NUMBERS_FOLLOW:
            yield call.callee
        return
    if str(names.of(_maker(call.callee)) or "") == "functools.partial":
        yield from _functions_of_partial(call.callee, names)
        return
    yield call.callee
    if called in INDIRECT and len(args) > INDIRECT[called][0]:
        yield args[INDIRECT[called][0]]
    elif called == "copyreg._reconstructor" and len(args) > _STATE and args[_STATE] is not None:
        yield args[_BASE]


def _keywords(call: ObjectValue) -> list[PickledValue]:
    """What NEWOBJ_EX gives a class by name."""
    given = [value for key, value in call.entries if isinstance(key, KeywordsKey)]
    return [item for one in given if isinstance(one, DictValue) for _, item in one.entries]


_BASE, _STATE = 1, 2
"""The arguments of ``copyreg._reconstructor``: with a state, it calls ``base.__init__``."""


def _maker(value: PickledValue) -> PickledValue:
    return value.callee if isinstance(value, ObjectValue) else None


def _functions_of_partial(partial: PickledValue, names: NameResolver) -> Iterator[PickledValue]:
    """What a partial may call; ``functools.partial(cls.__new__, cls)`` is how objects are saved."""
    if not isinstance(partial, ObjectValue):
        return
    functions = [partial.args[0]] if isinstance(partial.args, tuple) and partial.args else []
    functions += [state[0] for state in partial.states if isinstance(state, tuple) and state]
    for function in functions:
        name = names.of(function)
        if name is None or not name.qualname.endswith(".__new__"):
            yield function


def _is_harmless_file(call: ObjectValue, is_dangerous: Callable[[bytes], bool]) -> bool:
    """Whether a call reads a tensor from bytes in the file, and these do nothing else."""
    if not isinstance(call.callee, GlobalRef) or str(call.callee.name) not in NESTED_LOADERS:
        return False
    args = call.args if isinstance(call.args, tuple) else ()
    return len(args) == 1 and isinstance(args[0], bytes) and not is_dangerous(args[0])


@lru_cache(maxsize=4096)
def _reference_threat(name: str) -> str:
    """Why a global is a threat where the file only names it."""
    if name in INERT or _is_below(name, SOFT_PACKAGES):
        return ""
    return why_dangerous(name) or why_interpreter(name)


@lru_cache(maxsize=4096)
def _call_reason(name: str) -> str:
    """Why calling a global is a threat."""
    last = name.rpartition(".")[2]
    if name in NUMBERS_FOLLOW:
        return ""
    if _is_below(name, BUILDERS):
        return "runs code that the file holds" if last in LOADERS else ""
    if name.startswith("ast.") and last[:1].isupper():
        return ""  # a node of a syntax tree is plain data
    reached = "" if is_building(name) else why_inside(name)
    return why_dangerous(name) or why_interpreter(name) or reached


def _is_below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name.startswith(f"{package}.") for package in packages)


def _call_threats(call: ObjectValue, names: NameResolver) -> list[Threat]:
    threats = []
    direct = _threat_of(call.callee, call.args, names)
    if direct is not None:
        threats.append(direct)
        if isinstance(call.callee, ObjectValue) and not _is_below(direct.name, BUILDERS):
            threats.append(Threat("builtins.getattr", direct.call, direct.why))
    args = call.args if isinstance(call.args, tuple) else ()
    if is_getattr(call.callee) and len(args) > 1 and _is_inner(args[1]):
        text = f"getattr{render_arguments(args)}"
        threats.append(Threat("builtins.getattr", text, "reaches into the interpreter"))
    indirect = INDIRECT.get(str(names.of(call.callee)))
    if indirect is not None and len(args) > max(indirect):
        inner = _threat_of(args[indirect[0]], args[indirect[1]], names)
        threats += [inner] if inner is not None else []
    for value in (*args, *_keywords(call), *_deferred(call)):
        if isinstance(value, GlobalRef):
            passed = _passed_threat(str(value.name), call)
            threats += [passed] if passed is not None else []
    return threats


def _threat_of(callee: PickledValue, args: PickledValue, names: NameResolver) -> Threat | None:
    """The threat of calling a value."""
    name = names.of(callee)
    if name is None:
        return _of_built_function(callee, args, names)
    if isinstance(callee, ObjectValue) and type_by_name(callee):
        return None  # as the type itself, which is no threat
    written = str(callee.name) if isinstance(callee, GlobalRef) else str(name)
    why = _call_reason(written) or _call_reason(str(name))
    if not why and isinstance(callee, ObjectValue):
        why = _attribute_call(str(name))
    return Threat(written, f"{written}{render_arguments(args)}", why) if why else None


def _of_built_function(
    callee: PickledValue, args: PickledValue, names: NameResolver
) -> Threat | None:
    """A call of what another call has put together (a function from code in the file)."""
    if not isinstance(callee, ObjectValue) or not isinstance(callee.callee, GlobalRef):
        return None
    maker = str(callee.callee.name)
    if maker == "functools.partial":
        return _of_partial(callee, args, names)
    if maker == "builtins.getattr" or _is_below(maker, BUILDERS) or why_gateway(maker):
        text = f"{shortened(callee, 3)}{render_arguments(args)}"
        return Threat(maker, text, "calls a function that the file chooses")
    return None


def _of_partial(partial: ObjectValue, args: PickledValue, names: NameResolver) -> Threat | None:
    """A call of a partial calls its function; ``cls.__new__`` alone is how objects are saved."""
    threats = (_threat_of(one, args, names) for one in _functions_of_partial(partial, names))
    return next((threat for threat in threats if threat is not None), None)


def _passed_threat(name: str, call: ObjectValue) -> Threat | None:
    """A dangerous function as an argument of a call, which may call it."""
    if name.rpartition(".")[2][:1].isupper() and _is_below(name, SOFT_PACKAGES):
        return None
    why = _call_reason(name) if name not in INERT else ""
    return (
        Threat(name, f"{shortened(call.callee, 1)}{render_arguments(call.args)}", why)
        if why
        else None
    )


def _deferred(call: ObjectValue) -> list[PickledValue]:
    """What the state of an object sets as its special methods."""
    return [
        value
        for state in call.states
        if isinstance(state, DictValue)
        for key, value in state.entries
        if isinstance(key, str) and key in DEFERRED
    ]


def _is_inner(attribute: PickledValue) -> bool:
    """``__globals__``, ``__subclasses__`` and their kind; ``__new__`` is how objects are saved."""
    return isinstance(attribute, str) and attribute.startswith("__") and attribute != "__new__"


HARMLESS_METHODS = frozenset({"zoneinfo.ZoneInfo._unpickle"})


def _attribute_call(name: str) -> str:
    """A call of something that ``getattr`` found: harmless only where it looks like a class.

    Nested classes and their enum members are saved like that; functions and methods are not.
    """
    last = name.rpartition(".")[2]
    if name in HARMLESS_METHODS:
        return ""
    if last.startswith("__") or not last.lstrip("_")[:1].isupper():
        return "calls an attribute that it looks up by name"
    return ""
