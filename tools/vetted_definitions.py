"""Lists the vetted definitions of the libraries that are installed here, one exact name each.

    python tools/vetted_definitions.py src/torchload_lint/vetted_definitions.txt

The sections of the file that belong to the installed versions are made anew, the others stay: run
it once for each version. A name is listed with the module and the qualified name of the object it
leads to, and only where no step but the first goes to a module.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import platform
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

REVIEWED = {
    "Python": """
        _io: BytesIO StringIO
        argparse: Namespace
        array: array _array_reconstructor
        builtins: bool bytearray bytes complex dict float frozenset int list object range set slice
        builtins: str tuple Ellipsis NotImplemented
        builtins: ArithmeticError AssertionError AttributeError BaseException BufferError EOFError
        builtins: Exception FileExistsError FileNotFoundError FloatingPointError ImportError
        builtins: IndexError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError
        builtins: NameError NotImplementedError OSError OverflowError PermissionError
        builtins: RecursionError RuntimeError StopIteration SystemExit TimeoutError TypeError
        builtins: UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError Warning
        builtins: ZeroDivisionError DeprecationWarning FutureWarning RuntimeWarning UserWarning
        collections: Counter OrderedDict UserDict UserList UserString defaultdict deque
        copyreg: _reconstructor
        datetime: date datetime time timedelta timezone
        decimal: Decimal
        fractions: Fraction
        http: HTTPStatus
        ipaddress: IPv4Address IPv4Interface IPv4Network IPv6Address IPv6Interface IPv6Network
        pathlib: Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath
        pathlib._local: Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath
        random: Random
        signal: Handlers Signals
        statistics: NormalDist
        string: Template
        time: struct_time
        types: SimpleNamespace
        typing: AbstractSet Any Callable ChainMap ClassVar Collection Container Counter
        typing: DefaultDict Deque Dict Final FrozenSet Generator Hashable ItemsView Iterable
        typing: Iterator KeysView List Literal Mapping MutableMapping MutableSequence MutableSet
        typing: NoReturn Optional OrderedDict Reversible Sequence Set Sized Tuple Type Union
        typing: ValuesView
        uuid: UUID SafeUUID
        zoneinfo: ZoneInfo
        """,
    "numpy": """
        numpy: dtype ndarray matrix recarray record bool bool_ int8 int16 int32 int64 uint8 uint16
        numpy: uint32 uint64 float16 float32 float64 longdouble complex64 complex128 clongdouble
        numpy: datetime64 timedelta64 bytes_ str_ void object_
        numpy.core.multiarray: _reconstruct scalar
        numpy._core.multiarray: _reconstruct scalar
        numpy.core.numeric: _frombuffer
        numpy._core.numeric: _frombuffer
        numpy._core._internal: _convert_to_stringdtype_kwargs
        numpy.rec: recarray
        numpy.ma: MaskedArray
        numpy.ma.core: MaskedArray _mareconstruct
        numpy.random._pickle: __randomstate_ctor __generator_ctor __bit_generator_ctor
        numpy.random.bit_generator: SeedSequence __pyx_unpickle_SeedSequence
        numpy.random._bounded_integers: SeedlessSequence
        numpy.random.mtrand: RandomState
        numpy.random._generator: Generator
        numpy.random._mt19937: MT19937
        numpy.random._pcg64: PCG64 PCG64DXSM
        numpy.random._philox: Philox
        numpy.random._sfc64: SFC64
        """,
    "torch": """
        torch: memory_format layout
        torch.nn.parameter: Parameter Buffer UninitializedParameter UninitializedBuffer
        torch.nn.utils.rnn: PackedSequence PackedSequence_
        torch.nn.modules.linear_cross_entropy_options: LinearCrossEntropyOptions
        torch.ao.nn.sparse.quantized.utils: LinearBlockSparsePattern
        torch.amp.grad_scaler: GradScaler OptState _refresh_per_optimizer_state
        torch.cuda.amp.grad_scaler: GradScaler
        torch.nn.parallel.data_parallel: DataParallel
        torch.torch_version: TorchVersion
        """,
}
"""Names that hold data and nothing else: their construction calls nothing that the file chooses.
Read in CPython 3.11, numpy 1.26 and 2.4, and torch 2.13."""

TENSOR_FUNCTIONS = """
    celu dropout elu gelu glu hardshrink hardsigmoid hardswish hardtanh leaky_relu leaky_relu_
    log_softmax logsigmoid log_sigmoid mish relu relu6 relu_ rrelu selu sigmoid silu softmax softmin
    softplus softshrink tanh threshold
    """.split()
"""Functions of one tensor that models keep as an attribute (``self.act = F.gelu``). Those that
compute with several (losses, ``linear``) read where the indices of a sparse one lead."""

CLASSES_OF = {
    "numpy": ("numpy.dtypes",),
    "torch": (
        "torch.nn.modules",
        "torch.nn.parameter",
        "torch.nn.utils",
        "torch.nn.quantized",
        "torch.nn.quantizable",
        "torch.nn.intrinsic",
        "torch.nn.qat",
        "torch.ao.nn",
        "torch.optim",
        "torch.distributions",
    ),
}
"""Packages whose own classes are vetted; of torch what can be restored alone (``leave_out``)."""

HANDS_OUT = {"torch": ("torch.nn", "torch.nn.parallel")}
"""Modules that offer some of these classes under a shorter name."""

Table = dict[str, dict[str, str]]
"""Module as it is named → name in it → the definition, ``module.qualname``."""


def main() -> None:
    path = Path(sys.argv[1])
    warnings.simplefilter("ignore")
    sections = read(path) if path.exists() else {}
    sections[f"Python {platform.python_version_tuple()[0]}.{sys.version_info[1]}"] = table("Python")
    for library in ("numpy", "torch"):
        try:
            version = importlib.import_module(library).__version__.partition("+")[0]
        except ImportError:
            continue
        found = table(library)
        marks = restored(found) if library == "torch" else ""
        if library == "torch":
            leave_out(found, marks)
        sections[f"{library} {version}"] = written(found) + marks
    path.write_text(
        HEAD + "".join(f"\n[{key}]\n{written(sections[key])}" for key in sorted(sections))
    )


HEAD = """# Made by tools/vetted_definitions.py; each line:
# module [= defining module]: names, each [name=]qualified name
# restored module: classes whose objects can be called, and restored by their attributes alone
# computing module: classes that compute when they are called, and restored by attributes alone
"""


def restored(found: Table) -> str:
    """The classes that compute when they are called, or whose objects can be called, and that the
    fix's own module restores without.
    """
    helper: dict[str, Any] = {"__name__": "restore_only"}
    text = Path(__file__).parents[1] / "src/torchload_lint/fixes/restore_only.txt"
    exec(compile(text.read_text(), "restore_only.py", "exec"), helper)  # our own file
    names: dict[str, set[str]] = {}
    for module in found:
        for cls in list(vars(importlib.import_module(module)).values()):
            if isinstance(cls, type) and definition(cls) in listed(found):
                with contextlib.suppress(TypeError, AttributeError, RuntimeError):
                    helper["restore_only"](cls)
                    mark = "computing" if computes(cls) else "restored" if is_called(cls) else ""
                    if mark:
                        key = f"{mark} {cls.__module__}"
                        names.setdefault(key, set()).add(cls.__qualname__)
    return "".join(f"{key}: {' '.join(sorted(names[key]))}\n" for key in sorted(names))


def leave_out(found: Table, marks: str) -> None:
    """Leave out classes of torch that nobody has reviewed, and that cannot be restored alone: a
    file would call them, and their objects.
    """
    known = {
        f"{head.partition(' ')[2]}.{name}"
        for head, _, names in (line.partition(": ") for line in marks.splitlines())
        for name in names.split()
    }
    known |= {one for names in reviewed("torch").values() for one in names.values()}
    for module, names in found.items():
        for name, defined in [*names.items()]:
            is_class = isinstance(getattr(importlib.import_module(module), name), type)
            if is_class and defined not in known:
                del names[name]


def computes(cls: type) -> bool:
    """Whether it computes with what it is called with, as distributions and schedulers do."""
    bases = (
        ("torch.distributions", "Distribution"),
        ("torch.optim", "Optimizer"),
        ("torch.optim.lr_scheduler", "LRScheduler"),
    )
    return any(issubclass(cls, getattr(importlib.import_module(at), key)) for at, key in bases)


def listed(found: Table) -> set[str]:
    """The definitions of a table."""
    return {one for names in found.values() for one in names.values()}


def is_called(cls: type) -> bool:
    """Whether its objects can be called, and are saved as their attributes: every module is, and so
    is one that is abstract, or that has no attributes yet (``prune.Identity``).
    """
    levels = [vars(one).keys() for one in cls.__mro__[:-1] if one.__name__ != "Module"]
    if not any("__call__" in vars(one) for one in cls.__mro__[:-1]):
        return False
    if all(map({"__getstate__", "__reduce__", "__reduce_ex__"}.isdisjoint, levels)):
        return True
    for arguments in ((), (2, 2), ("LSTM", 2, 2)):
        with contextlib.suppress(Exception):
            return isinstance(cls(*arguments).__reduce_ex__(2)[2], dict)
    empty = object.__new__(cls)
    vars(empty).update(vars(importlib.import_module("torch").nn.Module()))
    return isinstance(empty.__reduce_ex__(2)[2], dict)


def read(path: Path) -> dict[str, Table | str]:
    """The sections that are there, each as its text."""
    sections: dict[str, Table | str] = {}
    for part in path.read_text().split("\n[")[1:]:
        version, _, text = part.partition("]\n")
        sections[version] = text.rstrip("\n") + "\n"
    return sections


def reviewed(library: str) -> Table:
    """The names that are reviewed one by one, as far as this version has them."""
    found: Table = {}
    for line in REVIEWED[library].strip().splitlines():
        module, _, names = line.strip().partition(": ")
        for name in names.split():
            note(found, module, name)
    return found


def table(library: str) -> Table:
    """All vetted names that the installed version of a library has."""
    found = reviewed(library)
    if library == "torch":
        for module in ("torch.nn.functional", "torch._C._nn"):
            for name in TENSOR_FUNCTIONS:
                note(found, module, name)
    note_classes(found, [module for top in CLASSES_OF.get(library, ()) for module in below(top)])
    for module in HANDS_OUT.get(library, ()):
        for name, value in classes(importlib.import_module(module)):
            if definition(value) in {f"{home}.{key}" for home in found for key in found[home]}:
                note(found, module, name)
    return found


def note_classes(found: Table, modules: list[ModuleType]) -> None:
    """Add the classes that modules define, and then where else they hand them out."""
    own = set()
    for module in modules:
        for name, value in classes(module):
            if definition(value) == f"{module.__name__}.{name}":
                note(found, module.__name__, name)
                own.add(value)
    for module in modules:  # where older releases had them, what a package hands out, and aliases
        hands_out = hasattr(module, "__path__") or module.__name__ not in found
        for name, value in classes(module):
            if value in own and (hands_out or value.__module__ == module.__name__):
                note(found, module.__name__, name)


def classes(module: ModuleType) -> list[tuple[str, type]]:
    """The public classes among the names of a module."""
    items = vars(module).items()
    return [(key, value) for key, value in items if key[:1].isupper() and isinstance(value, type)]


def below(package: str) -> list[ModuleType]:
    """A package and all its modules that can be imported here."""
    top = importlib.import_module(package)
    names = (
        info.name for info in pkgutil.walk_packages(getattr(top, "__path__", ()), f"{package}.")
    )
    modules = [top]
    for name in names:
        with contextlib.suppress(ImportError):  # it needs what is not installed
            modules.append(importlib.import_module(name))
    return modules


def note(found: Table, module: str, name: str) -> None:
    """Add a name where this version has it."""
    try:
        value = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return
    if not isinstance(value, ModuleType):
        found.setdefault(module, {})[name] = definition(value)


def definition(value: object) -> str:
    """The module and the qualified name that an object carries, or else those of its type."""
    named = value if isinstance(getattr(value, "__qualname__", None), str) else type(value)
    return f"{named.__module__ or 'builtins'}.{named.__qualname__}"


def written(section: Table | str) -> str:
    """A section as text: one line for each pair of a module named and a module that defines."""
    if isinstance(section, str):
        return section
    lines: dict[str, list[str]] = {}
    for module, names in section.items():
        for name, defined in names.items():
            home = module if defined.startswith(f"{module}.") else defined.rpartition(".")[0]
            qualname = defined[len(home) + 1 :]
            head = module if home == module else f"{module} = {home}"
            lines.setdefault(head, []).append(name if qualname == name else f"{name}={qualname}")
    return "".join(f"{head}: {' '.join(sorted(names))}\n" for head, names in sorted(lines.items()))


if __name__ == "__main__":
    main()
