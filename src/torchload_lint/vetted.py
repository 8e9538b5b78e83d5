"""The vetted table: which names lead to which definitions, each of them enumerated.

The data beside this file is made by ``tools/vetted_definitions.py`` from the libraries themselves,
for each of their versions; a name that is not in it is not vetted, whatever it looks like.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_DATA = Path(__file__).with_name("vetted_definitions.txt")


NESTED = frozenset(
    """
    builtins.BlockingIOError builtins.ChildProcessError builtins.ConnectionError
    builtins.FileExistsError builtins.FileNotFoundError builtins.IOError
    builtins.InterruptedError builtins.IsADirectoryError builtins.NotADirectoryError
    builtins.OSError builtins.PermissionError builtins.ProcessLookupError builtins.TimeoutError
    builtins.EnvironmentError builtins.slice collections.defaultdict collections.deque
    numpy.object_ typing.DefaultDict typing.Deque
    """.split()
)
"""Classes whose objects Python gives up one inside of the other, without a limit of depth: a file
that puts a million into each other ends it. Found by calling each vetted name (CPython 3.11)."""

BELIEVED = frozenset(
    f"builtins.{one}"
    for one in ("UnicodeDecodeError", "UnicodeEncodeError", "UnicodeTranslateError")
)
"""Errors whose text Python reads at the positions that a file has set, without a look at their
bounds (CPython 3.11). torch makes that text while it loads, for what a file may not call."""

ENDING = frozenset({"builtins.SystemExit", "builtins.KeyboardInterrupt"})
"""What ends a program where it is raised, past ``except Exception``: a class may raise what it is
given by the file (``raise state["error"]``)."""

IMPORTING = frozenset({"builtins.ImportError", "builtins.ModuleNotFoundError"})
"""Errors whose ``name`` Python imports, to suggest another one, where it shows them (from 3.12 in
``traceback``, which logging uses, too, from 3.13 for an error that nobody catches): a class may
raise what it is given by the file."""

GENERATORS = frozenset(
    f"numpy.random.{one}"
    for one in """
    _pickle.__bit_generator_ctor _pickle.__randomstate_ctor _pickle.__generator_ctor
    _mt19937.MT19937 _philox.Philox mtrand.RandomState _generator.Generator
    _pcg64.PCG64 _pcg64.PCG64DXSM _sfc64.SFC64
    """.split()
)
"""What makes numpy's generators of random numbers: two of them draw from the position that a file
has set, without a look at their bounds, and Python ends (numpy 2.4, ``_mt19937.pyx``,
``_philox.pyx``); by its name a file may ask the functions for either. Two others end Python where
their ``state`` is read and nothing has been set up (``NEWOBJ``, ``_pcg64.pyx``)."""

NUMBERS = frozenset(
    f"numpy.{one}"
    for one in """
    bool bool_ bytes_ clongdouble complex128 complex64 float16 float32 float64 int16 int32 int64
    int8 longdouble ma.MaskedArray ma.core.MaskedArray matrix record uint16 uint32 uint64 uint8 void
    """.split()
)
"""Classes of numpy that read memory when they are called: at the address that an object of the file
names by its attribute ``__array_interface__`` (an OrderedDict will do, which torch always allows).
A number of numpy is made without them; a file has them as values (``{"dtype": np.float32}``). A
matrix, a masked array and an array of records take their class, which a file may then call."""

RETURNING_ANY = frozenset({"operator.itemgetter"})
"""What makes an object that gives back, when torch calls it, whatever the file has put into a
mapping: a class, too, of which torch then sets attributes for the file."""

REBUILDING = frozenset({"copyreg._reconstructor"})
"""Functions that call ``__new__`` and ``__init__`` of a base that the file names, with any
class and any state: the idiom ``if isinstance(value, cls): return value`` gives back a class then,
and ``__init__`` sets attributes of that."""

COMPARING = frozenset({"fractions.Fraction"})
"""Classes of Python that multiply what a file has put into their objects when these are compared
(``a < b``, ``max(a, b)``): a sparse tensor that nobody has checked, too."""

SETTING_CLASS = frozenset({"torch.ao.nn.sparse.quantized.utils.LinearBlockSparsePattern"})
"""Classes that set attributes of themselves when they are called, for the whole program; this one
takes a lock, too, for which other threads wait from then on."""

DATA_REFUSED = (
    NESTED
    | BELIEVED
    | ENDING
    | IMPORTING
    | GENERATORS
    | NUMBERS
    | RETURNING_ANY
    | REBUILDING
    | COMPARING
    | SETTING_CLASS
)
"""What is refused, and yet is data: a file that calls it does not run code of its own."""


def vetted_definitions(name: str) -> frozenset[str]:
    """The definitions (``module.qualname``) that a vetted name leads to; none where it is not."""
    return _table().get(name, frozenset())


def is_restored(name: str) -> bool:
    """Whether a vetted name is that of a class of torch whose objects can be called, and restored
    without: what a module gives back, and which code it calls, is what the file has put into it.
    """
    definitions = vetted_definitions(name)
    return bool(definitions) and definitions <= _restored()


def computes_when_called(name: str) -> bool:
    """Whether a vetted name is that of a class of torch which computes with what it is called
    with (``Categorical``): a file may give a sparse tensor that nobody has checked.
    """
    definitions = vetted_definitions(name)
    return bool(definitions) and definitions <= _computing()


@lru_cache(maxsize=1)
def _restored() -> frozenset[str]:
    return _marked(RESTORED)


@lru_cache(maxsize=1)
def _computing() -> frozenset[str]:
    return _marked(COMPUTING)


def _marked(mark: str) -> frozenset[str]:
    return frozenset(
        f"{module}.{name}"
        for module, _, names in (
            line.removeprefix(mark).partition(": ")
            for line in _DATA.read_text(encoding="ascii").splitlines()
            if line.startswith(mark)
        )
        for name in names.split()
    )


RESTORED = "restored "
"""Before a line of the data: classes whose objects are called, and may be restored."""

COMPUTING = "computing "
"""Before a line of the data: classes that compute when they are called, and may be restored."""


@lru_cache(maxsize=1)
def _table() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _DATA.read_text(encoding="ascii").splitlines():
        head, separator, names = line.partition(": ")
        if not separator or line.startswith(("#", "[", RESTORED, COMPUTING)):
            continue
        module, _, defined_in = head.partition(" = ")
        for entry in names.split():
            name, _, qualname = entry.partition("=")
            definition = f"{defined_in or module}.{qualname or name}"
            found.setdefault(f"{module}.{name}", set()).add(definition)
    return {name: frozenset(definitions) for name, definitions in found.items()}
