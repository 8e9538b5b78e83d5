"""The words that every room shares about globals: what a pickle names, and where it is found.

Nothing here knows of source code or of checkpoints; both sides speak through these types.
"""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def is_dotted_name(text: str) -> bool:
    """Whether it is identifiers with dots between them; nothing else is ever written as code."""
    return all(part.isidentifier() and not iskeyword(part) for part in text.split("."))


class GlobalName(NamedTuple):
    """A global as a pickle names it: a module and a qualified name inside it."""

    module: str
    qualname: str

    @classmethod
    def parse(cls, dotted: str) -> GlobalName:
        """Split ``pkg.mod.Class`` at its last dot (a name without a dot has the module ``""``)."""
        module, _, qualname = dotted.rpartition(".")
        return cls(module, qualname)

    def __str__(self) -> str:
        return f"{self.module}.{self.qualname}" if self.module else self.qualname


class Spelling(NamedTuple):
    """How a program gets hold of an object: ``from {module} import {name}``, then ``template``.

    ``Spelling("torch.nn", "Linear")`` is ``torch.nn.Linear``;
    ``Spelling("numpy", "dtype", 'type({}("float64"))')`` is ``type(numpy.dtype("float64"))``.
    A builtin has the module ``builtins`` and is written without an import.
    """

    module: str
    name: str
    template: str = "{}"

    def expression(self, reference: str | None = None) -> str:
        """The expression with ``reference`` for the imported object (default: its dotted path)."""
        if reference is None:
            bare = self.module == "builtins"
            reference = self.name if bare else f"{self.module}.{self.name}"
        return self.template.replace("{}", reference)


class HeldCall(NamedTuple):
    """The arguments with which a file calls a function, as source text.

    With the template ``(PLACE, 'RED')`` and ``app.kinds.Color`` it is ``(app.kinds.Color, 'RED')``.
    """

    template: str
    """With the character ``PLACE`` where each of the objects stands."""
    objects: tuple[Spelling, ...] = ()
    leads_to: GlobalName | None = None
    """For ``getattr``: the name of what it finds."""

    def text(self, references: Sequence[str] | None = None) -> str:
        """The arguments as a tuple, with ``references`` for the objects (default: dotted paths)."""
        given = references or [one.expression() for one in self.objects]
        first, *rest = self.template.split(PLACE)
        return first + "".join(f"{one}{part}" for one, part in zip(given, rest, strict=True))


PLACE = "\0"
"""Where an object stands among the arguments of a ``HeldCall``; no source text has it."""


_ALWAYS_AT_LOAD = frozenset("__setstate__ __new__ __setattr__ __setitem__ append extend".split())
_AS_KEY = frozenset({"__hash__", "__eq__"})
CODE_AT_LOAD = _ALWAYS_AT_LOAD | _AS_KEY | {"__init__", "__post_init__", "__call__", "forward"}
"""What a load may call of an object or its class; of all but the first, where a file asks for it.
Source: ``Unpickler.load`` in ``torch/_weights_only_unpickler.py``, torch 2.13."""


class ClassFacts(NamedTuple):
    """What the source of a project, or of a library, says about a class or function that a
    checkpoint names.

    Read statically from the files, never by importing them. ``defined_as`` is the
    runtime ``__module__`` and ``__qualname__``; it differs from the name asked for where that
    was a re-export, ``__main__``, or a configured rename.
    """

    defined_as: GlobalName
    kind: str
    """``class``, ``function`` or ``value`` (an assignment)."""
    path: str
    """The file that defines it, relative to the project's root."""
    row: int
    bases: tuple[GlobalName, ...] = ()
    """Base classes, resolved through the file's imports as far as they can be."""
    foreign_bases: tuple[str, ...] = ()
    """Bases outside of the project, direct or not, under the names that they have there."""
    methods: frozenset[str] = frozenset()
    """Names of the functions defined in the class body."""
    may_set_state: bool = False
    """Whether the class body defines ``__setstate__``, or a decorator or metaclass may add one."""
    slots: tuple[str, ...] | None = None
    """``__slots__`` where it is a literal; None where the class has none."""
    runs: tuple[str, ...] = ()
    """Dangerous callables that ``__setstate__``, ``__reduce__``, ``__new__`` and their like, or the
    function's own body, call, directly or through the project's functions (``os.system``)."""
    unproven: str = ""
    """Why a class is not proven harmless, whatever a checkpoint does with it; empty where it is."""
    not_restorable: str = "it was not looked at"
    """Why restoring an object of the class takes more than its attributes; empty if not."""
    is_called: bool = False
    """Whether its objects can be called (``__call__``, an ``nn.Module``'s ``forward``)."""
    at_load: frozenset[str] = frozenset()
    """The methods of its own, or of a base in the project, that loading an object may call."""
    asks: frozenset[str] = frozenset()
    """For a proven class: the attributes that its code asks of objects of any class."""
    loose: frozenset[str] = frozenset()
    """For a proven class: its methods that the proof did not need to look at."""
    hands: frozenset[str] = frozenset()
    """For a proven class: the attributes of any object that its code calls with something."""
    of_objects: frozenset[str] = frozenset()
    """For a proven class: its methods that must not be given a class as ``self``."""
    leads: frozenset[tuple[str, str]] = frozenset()
    """For a proven class: its methods, and what of ``self`` each of them calls with something."""
    passes: frozenset[str] = frozenset()
    """For a proven class: the attributes of any object that its code makes a value of."""
    functions: frozenset[str] = frozenset()
    """For a proven class: the names under which its objects have functions."""
    computes: str = ""
    """For a proven class: where its code computes with what may be a tensor that is not checked."""
    import_runs: tuple[str, ...] = ()
    """Dangerous callables that importing its file calls (``subprocess.run``)."""
    values: frozenset[int | str] = frozenset()
    """For an enumeration: values with which a call surely finds a member."""
    read_from: str = ""
    """The installed distribution whose source says all this (``ultralytics 8.4.190``); empty for
    what is the project's own."""

    @property
    def hashes(self) -> bool:
        """Whether code of its own hashes or compares its objects."""
        return not _AS_KEY.isdisjoint(self.at_load)

    def runs_at_load(self, *, called: bool) -> str:
        """A method of its own that loading an object calls; ``called``: whether the file calls it
        or has an object of it as a key.
        """
        return min(self.at_load if called else self.at_load & _ALWAYS_AT_LOAD, default="")

    @property
    def is_enumeration(self) -> bool:
        """Whether its objects are members, which the whole program shares."""
        return not _ENUMERATIONS.isdisjoint(self.foreign_bases)


_ENUMERATIONS = frozenset(f"enum.{name}" for name in "Enum IntEnum StrEnum Flag IntFlag".split())


def all_called(names: Collection[str], leads: Collection[tuple[str, str]]) -> set[str]:
    """All methods that code calls with something, from those that it calls so at first: each leads
    to what it calls of ``self``.
    """
    found = set(names)
    while added := {name for method, name in leads if method in found} - found:
        found |= added
    return found
