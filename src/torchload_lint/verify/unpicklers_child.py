"""Unpicklers that find classes by themselves, those of libraries, too.

Run by the user's interpreter. Audit hooks are told of what Python's own unpickler finds, and of
nothing that a class made from it finds in another way.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FINDS = "find_class"


def watch_unpicklers(find: Callable[..., None]) -> None:
    """Have ``find`` told of what is found: the name that the file gives, and what that leads to.

    That goes for each class that is there, and each that is made from now on. ``pickle`` is the
    one that torch has imported.
    """
    modules: list[Any] = [sys.modules[name] for name in ("pickle", "_pickle")]
    in_python, in_c = modules[0]._Unpickler, modules[0].Unpickler  # noqa: SLF001
    known = [vars(one)[_FINDS] for one in (in_python, in_c)]

    def watch(kind: Any) -> None:  # noqa: ANN401 - a class
        own = next(vars(one)[_FINDS] for one in kind.__mro__ if _FINDS in vars(one))
        if not any(own is one for one in known):
            kind.find_class = _watched(own, find)
            known.append(kind.find_class)

    class Unpickler(in_c):  # type: ignore[misc,valid-type]
        def __init_subclass__(cls, **given: object) -> None:
            super().__init_subclass__(**given)
            watch(cls)

    for kind in [*_below(in_python), *_below(in_c)]:
        watch(kind)
    in_python.__init_subclass__ = classmethod(lambda cls, **_given: watch(cls))
    for module in modules:
        module.Unpickler = Unpickler


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
