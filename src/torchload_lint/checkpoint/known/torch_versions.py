"""What each torch allows by default and can do (data), and the target a question is asked for.

Read from ``torch/_weights_only_unpickler.py``, ``torch/serialization.py``, ``torch/_utils.py`` and
``torch/storage.py`` in the wheels of 1.13.0 to 2.15.0 (23 releases). ``RUN`` names those that were
also run on every checkpoint of the tests; what is said of the others was read.
"""

from __future__ import annotations

import re
from functools import lru_cache

from torchload_lint.checkpoint.opcodes import CODES
from torchload_lint.named_tuples import NamedTuple


class TorchVersion(NamedTuple):
    """A release as far as its behaviour depends on it: major and minor."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> TorchVersion:
        """``2.6``, ``2.6.0+cu124`` or ``2`` (which is 2.0). Raises ValueError for anything else."""
        match = re.match(r"\s*v?(\d{1,4})(?:\.(\d{1,4}))?", text)
        if match is None:
            raise ValueError(f"{text!r} is not a torch version; write for example 2.6")
        return cls(int(match[1]), int(match[2] or 0))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


def _versions(text: str) -> tuple[TorchVersion, ...]:
    return tuple(TorchVersion.parse(word) for word in text.split())


KNOWN_VERSIONS = _versions(
    "1.13 2.0 2.1 2.2 2.3 2.4 2.5 2.6 2.7 2.8 2.9 2.10 2.11 2.12 2.13 2.14 2.15"
)
"""Every release line whose behaviour is in this module, oldest first."""

NEWEST_LINE = KNOWN_VERSIONS[-1]
"""The newest release line of these tables; it was run (a test holds that)."""

RUN = _versions("2.4 2.5 2.6 2.7 2.8 2.9 2.10 2.11 2.12 2.13 2.14 2.15")
"""The release lines that were run, and not only read (``docs/torch-versions.md``)."""


def nearest_known(version: TorchVersion) -> TorchVersion:
    """The known release line that stands for a version: itself, or the closest one below it."""
    below = [known for known in KNOWN_VERSIONS if known <= version]
    return below[-1] if below else KNOWN_VERSIONS[0]


class Target(NamedTuple):
    """The program's surroundings at the time it loads."""

    torch: TorchVersion = NEWEST_LINE
    numpy: int | None = None
    """The major version of numpy, where it is known; otherwise 2 is assumed."""
    python: tuple[int, int] | None = None
    """The Python version, where it is known; it matters to pathlib, whose classes say
    ``pathlib._local`` on 3.13 alone."""
    windows: bool = False
    """Whether the program runs on Windows, where a PosixPath cannot be made, and vice versa."""

    @classmethod
    def of(cls, torch: str | TorchVersion, numpy: int | None = None) -> Target:
        """A target from a version as text. Raises ValueError where it is not one."""
        version = TorchVersion.parse(torch) if isinstance(torch, str) else torch
        return cls(torch=version, numpy=numpy)

    @property
    def known(self) -> TorchVersion:
        """The known release line whose behaviour is assumed."""
        return nearest_known(self.torch)


NEWEST = Target()
"""The newest torch that is known, numpy 2."""


class Features(NamedTuple):
    """What the weights-only loader of one release does."""

    safe_globals: bool
    """``add_safe_globals`` exists (2.4)."""
    context_manager: bool
    """``with safe_globals([...])`` (2.5)."""
    pairs: bool
    """``(object, "name")`` entries (2.6)."""
    default_is_true: bool
    """``weights_only`` is True where it is not given (2.6)."""
    blocked_modules: frozenset[str]
    """Modules whose globals are refused whatever is allowed (2.5); GLOBAL's module field alone
    is looked at."""
    renaming: str
    """When Python 2 names become Python 3 ones: ``never``, ``protocol 2`` (2.4) or ``always``."""
    exceptions_renamed: bool
    """``exceptions.X`` becomes ``builtins.X`` for every X (2.14 alone)."""
    key_is_qualname: bool
    """An entry's key ends in ``__qualname__`` (2.7); before, in ``__name__``."""
    strict_setitem: bool
    """SETITEM(S) only on exactly dict, OrderedDict, Counter (2.10)."""
    list_subclasses: bool
    """APPEND(S) on allowed list subclasses (2.14 alone)."""
    slots_state: bool
    """BUILD with a ``(dict, slots)`` state (2.6)."""
    default_types_build: bool
    """NEWOBJ and BUILD on types that are allowed by default (2.6)."""
    binfloat: bool
    """Python floats can be read at all (2.0)."""
    refuses_tar_and_torchscript: bool
    """2.6; before, TorchScript archives went to ``torch.jit.load``."""
    safetensors_paths: bool
    """A path that ends in ``.safetensors`` is read by safetensors (2.13)."""
    record_sizes: bool
    """A storage's record must have exactly the bytes its numel says (2.10)."""


@lru_cache(maxsize=32)
def features(version: TorchVersion) -> Features:
    """The behaviour of a release (of the closest known one below it)."""
    known = nearest_known(version)

    def since(minor: int) -> bool:
        return known >= TorchVersion(2, minor)

    return Features(
        safe_globals=since(4),
        context_manager=since(5),
        pairs=since(6),
        default_is_true=since(6),
        blocked_modules=frozenset({"sys", "os", "posix", "nt"}) if since(5) else frozenset(),
        renaming="always" if since(6) else "protocol 2" if since(4) else "never",
        exceptions_renamed=known == TorchVersion(2, 14),
        key_is_qualname=since(7),
        strict_setitem=since(10),
        list_subclasses=known == TorchVersion(2, 14),
        slots_state=since(6),
        default_types_build=since(6),
        binfloat=since(0),
        refuses_tar_and_torchscript=since(6),
        safetensors_paths=since(13),
        record_sizes=since(10),
    )


SUPPORTED_OPCODES = frozenset(
    """
    APPEND APPENDS BINFLOAT BINGET BININT BININT1 BININT2 BINPERSID BINPUT BINUNICODE BUILD
    EMPTY_DICT EMPTY_LIST EMPTY_SET EMPTY_TUPLE GLOBAL LONG1 LONG_BINGET LONG_BINPUT MARK NEWFALSE
    NEWOBJ NEWTRUE NONE PROTO REDUCE SETITEM SETITEMS SHORT_BINSTRING STOP TUPLE TUPLE1 TUPLE2
    TUPLE3
    """.split()
)
"""The opcodes that the weights-only unpickler has (BINFLOAT from 2.0 on)."""

CHECKED_OPCODES = frozenset(CODES) - SUPPORTED_OPCODES | {"BINFLOAT"}
"""The opcodes that some release or every release lacks."""

_SINCE_1_13 = """
collections: OrderedDict
torch: BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage ComplexFloatStorage
torch: DoubleStorage FloatStorage HalfStorage IntStorage LongStorage QInt32Storage QInt8Storage
torch: QUInt2x4Storage QUInt4x2Storage QUInt8Storage ShortStorage
torch: BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor
torch: LongTensor ShortTensor Size Tensor
torch: complex128 complex32 complex64 float16 float32 float64 int16 int32 int64 int8
torch.cuda: BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage
torch.cuda: ComplexFloatStorage DoubleStorage FloatStorage HalfStorage IntStorage LongStorage
torch.cuda: ShortStorage
torch.cuda: BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor
torch.cuda: IntTensor LongTensor ShortTensor
torch.cuda.sparse: BFloat16Tensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor
torch.cuda.sparse: IntTensor LongTensor ShortTensor
torch.sparse: BFloat16Tensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor
torch.sparse: LongTensor ShortTensor
torch._utils: _rebuild_meta_tensor_no_storage _rebuild_parameter _rebuild_sparse_csr_tensor
torch._utils: _rebuild_sparse_tensor _rebuild_tensor _rebuild_tensor_v2
torch.nn.parameter: Parameter
torch.serialization: _get_layout
torch.storage: TypedStorage UntypedStorage
"""

_CHANGES: tuple[tuple[str, str, str], ...] = (
    (
        "2.0",
        "torch._tensor: _rebuild_from_type_v2",
        "torch._utils: _rebuild_sparse_csr_tensor",
    ),
    (
        "2.2",
        "torch._utils: _rebuild_nested_tensor _rebuild_tensor_v3\ntorch: float8_e4m3fn float8_e5m2",
        "",
    ),
    ("2.3", "torch: float8_e4m3fnuz float8_e5m2fnuz", ""),
    (
        "2.4",
        """collections: Counter
        torch._utils: _rebuild_parameter_with_state _rebuild_qtensor _rebuild_wrapper_subclass
        torch: bfloat16 bits16 bits1x8 bits2x4 bits4x2 bits8 bool device per_channel_affine
        torch: per_channel_affine_float_qparams per_channel_symmetric per_tensor_affine
        torch: per_tensor_symmetric qint32 qint8 quint2x4 quint4x2 quint8 uint16 uint32 uint64
        torch: uint8""",
        "",
    ),
    (
        "2.5",
        """_codecs: encode
        builtins: bytearray
        torch._utils: _rebuild_device_tensor_from_numpy""",
        "",
    ),
    (
        "2.6",
        """builtins: complex set
        torch._utils: _rebuild_device_tensor_from_cpu_tensor""",
        "",
    ),
    (
        "2.7",
        """torch: float8_e8m0fnu int1 int2 int3 int4 int5 int6 int7
        torch: uint1 uint2 uint3 uint4 uint5 uint6 uint7""",
        "",
    ),
    ("2.8", "torch: float4_e2m1fn_x2", ""),
    ("2.14", "torch: bcomplex32", ""),
    ("2.15", "", "torch._utils: _rebuild_nested_tensor"),
)
"""Version, names that it adds, names that it removes (2.15 keeps bcomplex32 as far as is known)."""


def _names(text: str) -> set[str]:
    names, module = set(), ""
    for word in text.split():
        if word.endswith(":"):
            module = word[:-1]
        else:
            names.add(f"{module}.{word}")
    return names


@lru_cache(maxsize=32)
def default_allowed(version: TorchVersion) -> frozenset[str]:
    """The globals that a release allows by itself, as dotted names."""
    known = nearest_known(version)
    names = _names(_SINCE_1_13)
    for since, added, removed in _CHANGES:
        if known >= TorchVersion.parse(since):
            names = (names | _names(added)) - _names(removed)
    return frozenset(names)


HOLES = (
    ("CVE-2025-32434", TorchVersion(2, 6)),
    ("CVE-2026-24747", TorchVersion(2, 10)),
)
"""Ways past ``weights_only=True``, and the first release without each."""

DTYPES_SINCE = {
    "torch.float8_e8m0fnu": TorchVersion(2, 7),
    "torch.float4_e2m1fn_x2": TorchVersion(2, 8),
    "torch.bcomplex32": TorchVersion(2, 14),
}
"""dtype → the first release that has it at all."""


class Registration(NamedTuple):
    """Globals that torch itself allows, and the import that makes it do so."""

    module: str
    """The module to import; empty where ``import torch`` is enough."""
    names: frozenset[str]
    since: TorchVersion = TorchVersion(2, 6)
    until: TorchVersion = TorchVersion(9999, 0)
    """The first release without it."""


REGISTRATIONS = (
    Registration(
        "",
        frozenset(_names("torch.nested._internal.nested_tensor: NestedTensor _rebuild_njt")),
        until=TorchVersion(2, 15),
    ),
    Registration(
        "",
        frozenset({"torch.distributed._mesh_layout._MeshLayout"}),
        since=TorchVersion(2, 10),
    ),
    Registration(
        "",
        frozenset({"torch.distributed._mesh_layout._FlatLayout"}),
        since=TorchVersion(2, 13),
    ),
    Registration("torch._dynamo", frozenset({"torch._dynamo.decorators._DimRange"})),
    Registration(
        "torch.distributed.tensor",
        frozenset(
            _names(
                """torch.distributed.device_mesh: DeviceMesh
                torch.distributed.tensor: DTensor
                torch.distributed.tensor._dtensor_spec: DTensorSpec TensorMeta
                torch.distributed.tensor.placement_types: Partial Replicate Shard"""
            )
        ),
    ),
    Registration(
        "torch.distributed.tensor",
        frozenset({"torch.distributed.tensor._dtensor_spec.ShardOrderEntry"}),
        since=TorchVersion(2, 10),
    ),
    Registration(
        "torch.distributed.tensor",
        frozenset({"torch.distributed.tensor.placement_types._StridedShard"}),
        since=TorchVersion(2, 12),
    ),
    Registration(
        "",
        frozenset(
            _names(
                """builtins: ArithmeticError AssertionError AttributeError BaseException
                builtins: BaseExceptionGroup BlockingIOError BrokenPipeError BufferError
                builtins: BytesWarning ChildProcessError ConnectionAbortedError ConnectionError
                builtins: ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError
                builtins: EncodingWarning Exception ExceptionGroup FileExistsError
                builtins: FileNotFoundError FloatingPointError FutureWarning GeneratorExit
                builtins: ImportError ImportWarning IndentationError IndexError InterruptedError
                builtins: IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError
                builtins: ModuleNotFoundError NameError NotADirectoryError NotImplementedError
                builtins: OSError OverflowError PendingDeprecationWarning PermissionError
                builtins: ProcessLookupError RecursionError ReferenceError ResourceWarning
                builtins: RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError
                builtins: SyntaxWarning SystemError SystemExit TabError TimeoutError TypeError
                builtins: UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError
                builtins: UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning
                builtins: ZeroDivisionError
                traceback: FrameSummary StackSummary"""
            )
        ),
        since=TorchVersion(2, 14),
        until=TorchVersion(2, 15),
    ),
)
"""What ``get_safe_globals()`` holds after each import: run with torch 2.6.0, 2.9.1, 2.13.0 and
2.14.1, read in the wheels of 2.10.0, 2.11.0, 2.12.1 and 2.15.0 (device_mesh.py, tensor/__init__.py
and distributed_c10d.py of torch/distributed, torch/nested/__init__.py)."""


@lru_cache(maxsize=32)
def registered_by(version: TorchVersion) -> dict[str, str]:
    """Global → the import that registers it (empty: ``import torch`` does), for one release."""
    known = nearest_known(version)
    return {
        name: entry.module
        for entry in REGISTRATIONS
        if entry.since <= known < entry.until
        for name in entry.names
    }


@lru_cache(maxsize=1)
def ever_allowed() -> frozenset[str]:
    """The globals that some release allows by itself, or by an import: what builds no more than a
    value on one of them does on each.
    """
    return frozenset().union(
        *(default_allowed(line) | registered_by(line).keys() for line in KNOWN_VERSIONS)
    )
