"""What is known of globals by name (data): their runtime names, spellings, and what they return.

Sources: torch 2.13, numpy 1.26 and 2.4, CPython 3.10 to 3.14 (each object's own ``__module__`` and
``__qualname__``), and ``torch/_utils.py`` for the renaming of Python 2 names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.public_names import public_module
from torchload_lint.names import GlobalName, Spelling

if TYPE_CHECKING:
    from torchload_lint.checkpoint.known.torch_versions import Target

RENAMED_MODULES = {
    "__builtin__": "builtins", "copy_reg": "copyreg", "Queue": "queue", "repr": "reprlib",
    "_abcoll": "collections.abc", "UserDict": "collections", "UserList": "collections",
    "UserString": "collections", "whichdb": "dbm", "StringIO": "io", "cStringIO": "io",
}  # fmt: skip
"""Python 2 module → Python 3 module, as the weights-only unpickler renames them."""

RENAMED_NAMES = {
    ("__builtin__", "xrange"): ("builtins", "range"),
    ("__builtin__", "reduce"): ("functools", "reduce"),
    ("__builtin__", "intern"): ("sys", "intern"),
    ("__builtin__", "unichr"): ("builtins", "chr"),
    ("__builtin__", "unicode"): ("builtins", "str"),
    ("__builtin__", "long"): ("builtins", "int"),
    ("__builtin__", "basestring"): ("builtins", "str"),
    ("itertools", "izip"): ("builtins", "zip"),
    ("itertools", "imap"): ("builtins", "map"),
    ("itertools", "ifilter"): ("builtins", "filter"),
    ("itertools", "ifilterfalse"): ("itertools", "filterfalse"),
    ("itertools", "izip_longest"): ("itertools", "zip_longest"),
    ("UserDict", "IterableUserDict"): ("collections", "UserDict"),
    ("UserDict", "UserDict"): ("collections", "UserDict"),
    ("UserList", "UserList"): ("collections", "UserList"),
    ("UserString", "UserString"): ("collections", "UserString"),
    ("exceptions", "StandardError"): ("builtins", "Exception"),
}
"""Python 2 name → Python 3 name, as the weights-only unpickler renames them."""

UNDONE_MODULES = {
    "exceptions": "builtins", "ConfigParser": "configparser", "commands": "subprocess",
    "SocketServer": "socketserver", "Tkinter": "tkinter", "_winreg": "winreg",
    "thread": "_thread", "dummy_thread": "_dummy_thread", "dbhash": "dbm.bsd",
    "dumbdbm": "dbm.dumb", "gdbm": "dbm.gnu", "anydbm": "dbm", "xmlrpclib": "xmlrpc.client",
    "SimpleXMLRPCServer": "xmlrpc.server", "httplib": "http.client",
    "htmlentitydefs": "html.entities", "HTMLParser": "html.parser", "Cookie": "http.cookies",
    "cookielib": "http.cookiejar", "BaseHTTPServer": "http.server", "urlparse": "urllib.parse",
    "robotparser": "urllib.robotparser", "urllib2": "urllib.request",
    "markupbase": "_markupbase", "test.test_support": "test.support",
}  # fmt: skip
"""Python 2 modules that protocol 2 writes and torch does not turn back: pairs are needed."""

ENUMERATIONS = frozenset(
    """
    http.HTTPStatus signal.Handlers signal.Signals torch.amp.grad_scaler.OptState uuid.SafeUUID
    """.split()
)
"""The vetted enumerations. Their members are the whole program's: a file may find them, not have
the class, which would let it change them."""

PATHS = frozenset(
    f"{module}.{kind}"
    for module in ("pathlib", "pathlib._local")
    for kind in "PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath".split()
)
"""Classes of paths, which Python saves as calls with texts. A state that a file sets in one is
added up where something asks for its text, as torch itself does for what a file may not call."""

MOVED_PREFIXES = (
    ("torch.nn.quantized.", "torch.ao.nn.quantized."),
    ("torch.nn.quantizable.", "torch.ao.nn.quantizable."),
    ("torch.nn.intrinsic.", "torch.ao.nn.intrinsic."),
    ("torch.nn.qat.", "torch.ao.nn.qat."),
    ("torch.quantization.", "torch.ao.quantization."),
    ("torch.distributed._tensor.placement_types.", "torch.distributed.tensor.placement_types."),
    ("torch.tensor.", "torch._tensor."),
    ("numpy.matrixlib.defmatrix.", "numpy."),
    ("os.path.", "posixpath."),
)
"""Start of the name in the file → start of the runtime name."""

MOVED_NAMES = {
    "torch.distributed._tensor.api.DTensor": "torch.distributed.tensor.DTensor",
    "torch.distributed.tensor._api.DTensor": "torch.distributed.tensor.DTensor",
    "torch._utils._rebuild_xla_tensor": "torch._utils._rebuild_device_tensor_from_numpy",
    "torch.nn.functional.gelu": "torch._C._nn.gelu",
    "torch.nn.functional.softplus": "torch._C._nn.softplus",
    "torch.Generator": "torch._C.Generator",
    "torch.nn.Parameter": "torch.nn.parameter.Parameter",
    "torch.autograd.Variable": "torch.autograd.variable.Variable",
    "torch.cuda.Stream": "torch.cuda.streams.Stream",
    "torch._C.Size": "torch.Size",
    "torch._C.device": "torch.device",
    "builtins.open": "io.open",
    "io.BytesIO": "_io.BytesIO",
    "io.StringIO": "_io.StringIO",
    "types.NoneType": "builtins.NoneType",
    "_functools.partial": "functools.partial",
    "functools.reduce": "_functools.reduce",
    "functools.cmp_to_key": "_functools.cmp_to_key",
    "operator.getitem": "_operator.getitem",
    "_operator.itemgetter": "operator.itemgetter",
    "_operator.attrgetter": "operator.attrgetter",
    "codecs.encode": "_codecs.encode",
}
"""Name in the file → runtime name, where it is another."""

NUMPY_2_NAMES = {
    "numpy.core.records.recarray": "numpy.rec.recarray",
    "numpy.recarray": "numpy.rec.recarray",
    "numpy.core.records.record": "numpy.record",
    "numpy.ma.core.MaskedArray": "numpy.ma.MaskedArray",
    "numpy.bool_": "numpy.bool",
    "numpy.core.numeric.dtype": "numpy.dtype",
    "numpy.core.multiarray.dtype": "numpy.dtype",
    "numpy.core.defchararray.chararray": "numpy.char.chararray",
    "numpy.chararray": "numpy.char.chararray",
    "numpy.core.multiarray.ndarray": "numpy.ndarray",
    "numpy.core.memmap.memmap": "numpy.memmap",
    "numpy.float_": "numpy.float64",
    "numpy.complex_": "numpy.complex128",
    "numpy.string_": "numpy.bytes_",
    "numpy.unicode_": "numpy.str_",
}
"""Name in a file of any numpy → runtime name on numpy 2 (there to numpy 1: the other way round)."""

_NUMPY_2_PREFIXES = (
    ("numpy.core.numerictypes.", "numpy."),
    ("numpy.core.fromnumeric.", "numpy."),
    ("numpy.core.umath.", "numpy."),
    ("numpy.core._multiarray_umath.", "numpy."),
    ("numpy.core.", "numpy._core."),
)

NUMPY_1_NAMES = {
    "numpy.rec.recarray": "numpy.recarray",
    "numpy.ma.MaskedArray": "numpy.ma.core.MaskedArray",
    "numpy.bool": "numpy.bool_",
    "numpy.char.chararray": "numpy.chararray",
}
"""Name in a file of numpy 2 → runtime name on numpy 1."""

SINGLETONS = frozenset(
    """
    builtins.Ellipsis builtins.NotImplemented numpy.random.mtrand._rand pandas.NA
    pandas._libs.missing.NA
    torch.contiguous_format torch.preserve_format torch.channels_last torch.channels_last_3d
    torch.strided torch.sparse_coo torch.sparse_csr torch.sparse_csc torch.sparse_bsr
    torch.sparse_bsc torch.jagged torch.legacy_contiguous_format
    """.split()
)
"""Objects without a ``__module__`` or ``__qualname__``: an entry must be a pair."""

PLAIN_CLASSES = frozenset({"argparse.Namespace", "types.SimpleNamespace"})
"""Classes that extend nothing but object and have no ``__setstate__``."""

RETURNS: dict[str, int | str] = {
    "torch._utils._rebuild_tensor": "torch.Tensor",
    "torch._utils._rebuild_tensor_v2": "torch.Tensor",
    "torch._utils._rebuild_tensor_v3": "torch.Tensor",
    "torch._utils._rebuild_qtensor": "torch.Tensor",
    "torch._utils._rebuild_sparse_tensor": "torch.Tensor",
    "torch._utils._rebuild_sparse_csr_tensor": "torch.Tensor",
    "torch._utils._rebuild_nested_tensor": "torch.Tensor",
    "torch._utils._rebuild_meta_tensor_no_storage": "torch.Tensor",
    "torch._utils._rebuild_device_tensor_from_numpy": "torch.Tensor",
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": "torch.Tensor",
    "torch._utils._rebuild_parameter": "torch.nn.parameter.Parameter",
    "torch._utils._rebuild_parameter_with_state": "torch.nn.parameter.Parameter",
    "torch._utils._rebuild_wrapper_subclass": 0,
    "torch._tensor._rebuild_from_type": 1,
    "torch._tensor._rebuild_from_type_v2": 1,
    "torch.serialization._get_layout": "torch.layout",
    "torch.nested._internal.nested_tensor._rebuild_njt": (
        "torch.nested._internal.nested_tensor.NestedTensor"
    ),
    "_codecs.encode": "builtins.bytes",
    "copyreg._reconstructor": 0,
    "copyreg.__newobj__": 0,
    "copyreg.__newobj_ex__": 0,
    "numpy._core.multiarray._reconstruct": 0,
    "numpy.core.multiarray._reconstruct": 0,
    "numpy.ma.core._mareconstruct": 0,
    "numpy.random._pickle.__randomstate_ctor": "numpy.random.mtrand.RandomState",
    "numpy.random.__RandomState_ctor": "numpy.random.mtrand.RandomState",
    "numpy.random._pickle.__generator_ctor": "numpy.random._generator.Generator",
    "re._compile": "re.Pattern",
    "zoneinfo.ZoneInfo._unpickle": "zoneinfo.ZoneInfo",
    "builtins.getattr": "",
}
"""Function → the type of its result: a name, or the index of the argument that is the type."""

BIT_GENERATORS = {
    "MT19937": "numpy.random._mt19937.MT19937",
    "PCG64": "numpy.random._pcg64.PCG64",
    "PCG64DXSM": "numpy.random._pcg64.PCG64DXSM",
    "Philox": "numpy.random._philox.Philox",
    "SFC64": "numpy.random._sfc64.SFC64",
}
"""What ``__bit_generator_ctor`` makes of a name (numpy < 2 pickles the name, later the class)."""

LOWERCASE_CLASSES = frozenset(
    """
    argparse.ArgumentParser array.array builtins.bool builtins.bytearray builtins.bytes
    builtins.complex builtins.dict builtins.enumerate builtins.filter builtins.float
    builtins.frozenset builtins.int builtins.list builtins.map builtins.object builtins.property
    builtins.range builtins.reversed builtins.set builtins.slice builtins.str builtins.super
    builtins.tuple builtins.type builtins.zip collections.defaultdict collections.deque
    datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone
    functools.partial itertools.chain itertools.count itertools.cycle itertools.islice
    itertools.product itertools.repeat numpy.matrix numpy.memmap numpy.ndarray numpy.rec.recarray
    numpy.recarray numpy.record numpy.poly1d numpy.dtype numpy.bool numpy.bool_ numpy.bytes_
    numpy.str_ numpy.void numpy.object_ numpy.int8 numpy.int16 numpy.int32 numpy.int64 numpy.uint8
    numpy.uint16 numpy.uint32 numpy.uint64 numpy.float16 numpy.float32 numpy.float64
    numpy.longdouble numpy.complex64 numpy.complex128 numpy.datetime64 numpy.timedelta64
    numpy.longlong numpy.ulonglong operator.attrgetter operator.itemgetter operator.methodcaller
    scipy.sparse._csr.csr_matrix scipy.sparse._csc.csc_matrix scipy.sparse._coo.coo_matrix
    scipy.sparse._csr.csr_array scipy.sparse._csc.csc_array scipy.sparse._coo.coo_array
    socket.socket threading.local torch.device torch.amp.autocast_mode.autocast torch.dtype
    uuid.SafeUUID
    """.split()
)
"""Classes whose names begin in lower case."""

_DTYPE_CLASSES = {
    "b1": ("Bool", "bool"), "?": ("Bool", "bool"),
    "i1": ("Int8", "int8"), "i2": ("Int16", "int16"), "i4": ("Int32", "int32"),
    "i8": ("Int64", "int64"), "u1": ("UInt8", "uint8"), "u2": ("UInt16", "uint16"),
    "u4": ("UInt32", "uint32"), "u8": ("UInt64", "uint64"),
    "f2": ("Float16", "float16"), "f4": ("Float32", "float32"), "f8": ("Float64", "float64"),
    "f16": ("LongDouble", "longdouble"), "f12": ("LongDouble", "longdouble"),
    "c8": ("Complex64", "complex64"), "c16": ("Complex128", "complex128"),
    "c32": ("CLongDouble", "clongdouble"), "c24": ("CLongDouble", "clongdouble"),
    "O": ("Object", "O"), "O8": ("Object", "O"), "O4": ("Object", "O"),
    "M8": ("DateTime64", "M8[s]"), "m8": ("TimeDelta64", "m8[s]"),
}  # fmt: skip
_SIZED_DTYPES = {
    "S": ("Bytes", "S1"),
    "U": ("Str", "U1"),
    "V": ("Void", "V1"),
    "a": ("Bytes", "S1"),
}
"""Kinds that are followed by any size."""


_DTYPE_TYPES = {
    "numpy.record": "V1", "numpy.void": "V1", "numpy.object_": "O", "builtins.object": "O",
    "builtins.float": "f8", "builtins.complex": "c16", "builtins.bool": "b1",
    "builtins.bytes": "S1", "builtins.str": "U1",
    "numpy.float16": "f2", "numpy.float32": "f4", "numpy.float64": "f8", "numpy.int8": "i1",
    "numpy.int16": "i2", "numpy.int32": "i4", "numpy.int64": "i8", "numpy.uint8": "u1",
    "numpy.uint16": "u2", "numpy.uint32": "u4", "numpy.uint64": "u8", "numpy.bool": "b1",
    "numpy.complex64": "c8", "numpy.complex128": "c16", "numpy.bytes_": "S1", "numpy.str_": "U1",
}  # fmt: skip


def dtype_class_of_type(name: str) -> GlobalName | None:
    """The class of ``numpy.dtype(type)``: a record array's dtype names ``numpy.record``."""
    code = _DTYPE_TYPES.get(name)
    return dtype_class(code) if code is not None else None


def dtype_class(code: str) -> GlobalName | None:
    """The class of ``numpy.dtype(code)``, such as ``numpy.dtypes.Float64DType`` for ``f8``."""
    bare = code.lstrip("<>=|")
    found = _DTYPE_CLASSES.get(bare)
    if found is None and bare[:1] in _SIZED_DTYPES and bare[1:].isdigit():
        found = _SIZED_DTYPES[bare[0]]
    return GlobalName("numpy.dtypes", f"{found[0]}DType") if found else None


_DTYPE_CODES = {
    f"{name}DType": code for name, code in (*_DTYPE_CLASSES.values(), *_SIZED_DTYPES.values())
}


def rename_python_2(module: str, name: str, *, exceptions: bool = False) -> tuple[str, str]:
    """What the weights-only unpickler makes of a GLOBAL's two fields."""
    if (module, name) in RENAMED_NAMES:
        return RENAMED_NAMES[module, name]
    if exceptions and module == "exceptions":
        return "builtins", name
    return RENAMED_MODULES.get(module, module), name


def runtime_name(name: GlobalName, target: Target) -> GlobalName:
    """The ``__module__`` and ``__qualname__`` that the object carries where it is loaded.

    Only what is known by name; a project's own classes are looked up by the caller.
    """
    dotted = str(name)
    if name.module in UNDONE_MODULES:
        return runtime_name(GlobalName(UNDONE_MODULES[name.module], name.qualname), target)
    if name.module in {"pathlib", "pathlib._local"}:
        module = "pathlib._local" if target.python == (3, 13) else "pathlib"
        return GlobalName(module, name.qualname)
    if dotted.startswith("numpy."):
        return _numpy_name(dotted, target.numpy or 2, name)
    if dotted in MOVED_NAMES:
        return GlobalName.parse(MOVED_NAMES[dotted])
    for old, new in MOVED_PREFIXES:
        if dotted.startswith(old):
            return GlobalName(new.rstrip(".") + name.module[len(old) - 1 :], name.qualname)
    return name


def _numpy_name(dotted: str, numpy: int, name: GlobalName) -> GlobalName:
    if numpy < 2:  # noqa: PLR2004 - numpy 2 moved numpy.core
        if dotted in NUMPY_1_NAMES:
            return GlobalName.parse(NUMPY_1_NAMES[dotted])
        if dotted.startswith("numpy._core."):
            return GlobalName.parse("numpy.core." + dotted.removeprefix("numpy._core."))
        return name
    if dotted in NUMPY_2_NAMES:
        return GlobalName.parse(NUMPY_2_NAMES[dotted])
    for old, new in _NUMPY_2_PREFIXES:
        if dotted.startswith(old):
            return GlobalName.parse(new + dotted.removeprefix(old))
    return GlobalName.parse(dotted.replace("numpy.matrixlib.defmatrix.", "numpy."))


ITERATORS = {
    "builtins.list": "builtins.list_iterator",
    "builtins.tuple": "builtins.tuple_iterator",
    "builtins.range": "builtins.range_iterator",
    "builtins.str": "builtins.str_iterator",
    "builtins.bytes": "builtins.bytes_iterator",
}
"""Type → the type of its iterator."""

SPELLINGS = {
    "builtins.list_iterator": Spelling("builtins", "iter", "type({}([]))"),
    "builtins.tuple_iterator": Spelling("builtins", "iter", "type({}(()))"),
    "builtins.range_iterator": Spelling("builtins", "iter", "type({}(range(0)))"),
    "builtins.str_iterator": Spelling("builtins", "iter", 'type({}(""))'),
    "builtins.bytes_iterator": Spelling("builtins", "iter", 'type({}(b""))'),
    "builtins.list_reverseiterator": Spelling("builtins", "reversed", "type({}([]))"),
    "builtins.NoneType": Spelling("types", "NoneType"),
    "builtins.function": Spelling("types", "FunctionType"),
    "builtins.builtin_function_or_method": Spelling("types", "BuiltinFunctionType"),
    "builtins.method": Spelling("types", "MethodType"),
    "builtins.module": Spelling("types", "ModuleType"),
    "builtins.mappingproxy": Spelling("types", "MappingProxyType"),
    "builtins.ellipsis": Spelling("builtins", "Ellipsis", "type({})"),
    "_operator.getitem": Spelling("operator", "getitem"),
    "_functools.reduce": Spelling("functools", "reduce"),
    "_functools.cmp_to_key": Spelling("functools", "cmp_to_key"),
}
"""Runtime names that nobody imports → how the object is written."""


def spelling_of(name: GlobalName) -> Spelling:
    """How people write the object that has this runtime name."""
    if str(name) in SPELLINGS:
        return SPELLINGS[str(name)]
    if name.module == "numpy.dtypes" and name.qualname in _DTYPE_CODES:
        return Spelling("numpy", "dtype", f'type({{}}("{_DTYPE_CODES[name.qualname]}"))')
    if name.module == "pathlib._local":
        return Spelling("pathlib", name.qualname)
    first, _, rest = name.qualname.partition(".")
    template = f"{{}}.{rest}" if rest else "{}"
    return Spelling(public_module(name.module, first), first, template)


def looks_like_class(name: GlobalName) -> bool:
    """Whether calling the object gives an instance of it: known, or said by its capital letter."""
    if str(name) in LOWERCASE_CLASSES:
        return True
    last = name.qualname.rpartition(".")[2].lstrip("_")
    return last[:1].isupper()
