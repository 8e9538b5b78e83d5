"""Unpicklers that find classes by themselves, those of libraries, too.

Run by the user's interpreter. Audit hooks are told of what Python's own unpickler finds, and of
nothing that a class made from it finds in another way.
"""

from __future__ import annotations

import sys
from types import BuiltinMethodType, MethodType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FINDS = "find_class"
_FIND_OR_CALL = "GLOBAL STACK_GLOBAL INST EXT1 EXT2 EXT4 REDUCE OBJ NEWOBJ NEWOBJ_EX".split()
"""Opcodes by which a file names what it needs, and has it called."""
_BESIDE_THEM = ("get_extension", "_instantiate")
"""Methods of the unpickler written in Python that these opcodes come to."""


def watch_unpicklers(find: Callable[..., None]) -> None:
    """Have ``find`` told of what is found: the name that the file gives, and what that leads to.

    That goes for each class that is there, and each that is made from now on. ``pickle`` is the
    one that torch has imported.
    """
    modules: list[Any] = [sys.modules[name] for name in ("pickle", "_pickle")]
    in_python, in_c = modules[0]._Unpickler, modules[0].Unpickler  # noqa: SLF001
    known = [vars(one)[_FINDS] for one in (in_python, in_c)]
    is_pythons = _way_to_compare(modules[0])

    def watch(kind: Any) -> None:  # noqa: ANN401 - a class
        own = next(vars(one)[_FINDS] for one in kind.__mro__ if _FINDS in vars(one))
        if not any(own is one for one in known):
            kind.find_class = _watched(own, find)
            known.append(kind.find_class)

    def watch_one(unpickler: Any) -> None:  # noqa: ANN401 - any object
        """What one object has for itself, or its class by way of ``__getattribute__``."""
        is_seen = _is_one_of(known, unpickler.find_class, unpickler)
        if not is_seen or (isinstance(unpickler, in_python) and not is_pythons(unpickler)):
            kind = type(unpickler)
            find(f"what {kind.__module__}.{kind.__qualname__} finds in its own way")

    class Unpickler(in_c):  # type: ignore[misc,valid-type]
        def __init_subclass__(cls, **given: object) -> None:
            super().__init_subclass__(**given)
            watch(cls)

    Unpickler.load = _watching(in_c.load, watch_one)
    Unpickler.__module__, Unpickler.__qualname__ = in_c.__module__, in_c.__qualname__
    below = list(_below(in_c))
    for kind in [*_below(in_python), *below]:
        watch(kind)
    for kind in (in_python, *below):
        kind.load = _watching(kind.load, watch_one)
    in_python.__init_subclass__ = classmethod(lambda cls, **_given: watch(cls))
    for module in modules:
        module.Unpickler = Unpickler


def _way_to_compare(pickle: Any) -> Callable[[Any], bool]:  # noqa: ANN401 - a module
    """Whether an unpickler written in Python finds and calls as Python's own does, as it is now."""
    table = pickle._Unpickler.dispatch  # noqa: SLF001
    numbers = [getattr(pickle, name)[0] for name in _FIND_OR_CALL]
    known = {number: table[number] for number in numbers}
    beside = [(name, vars(pickle._Unpickler)[name]) for name in _BESIDE_THEM]  # noqa: SLF001

    def is_pythons(unpickler: Any) -> bool:  # noqa: ANN401 - any object
        of_it = unpickler.dispatch
        return (
            type(of_it) is dict
            and all(of_it.get(number) is one for number, one in known.items())
            and all(_is_one_of([one], getattr(unpickler, name), unpickler) for name, one in beside)
        )

    return is_pythons


def _is_one_of(known: list[Any], method: Any, owner: Any) -> bool:  # noqa: ANN401 - any object
    """Whether a method of an object is one of those functions, or of the unpickler written in C."""
    if getattr(method, "__self__", None) is not owner:
        return False
    if type(method) is MethodType:
        return any(method.__func__ is one for one in known)
    return type(method) is BuiltinMethodType and method.__name__ == _FINDS


def _watching(load: Any, watch: Callable[[Any], None]) -> Callable[[Any], Any]:  # noqa: ANN401
    def watched(self: object) -> Any:  # noqa: ANN401 - any object
        watch(self)
        return load(self)

    return watched


def _below(kind: Any) -> Iterator[Any]:  # noqa: ANN401 - a class
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def _watched(own: Any, find: Callable[..., None]) -> Callable[..., Any]:  # noqa: ANN401 - any way
    """A method that finds as ``own`` does, which a class has in whatever form."""

    def find_class(self: object, module: str, name: str) -> Any:  # noqa: ANN401 - any object
        bound = own.__get__(self, type(self)) if hasattr(type(own), "__get__") else own
        found = bound(module, name)
        place, qualified = (getattr(found, one, "") for one in ("__module__", "__qualname__"))
        find(f"{module}.{name}", f"{place}.{qualified}" if qualified else f"{module}.{name}")
        return found

    return find_class
