"""What code may use and still be harmless, whatever values a checkpoint hands it (data).

Read in CPython 3.10 to 3.13, numpy 2.4 and torch 2.13. The question for each name is: can it run
code, change or read what is not its own, or hand out something that can? What only computes, or
only calls what it is given, cannot: what a checkpoint can give is harmless itself.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from torchload_lint.vetted import vetted_definitions

_DATA = Path(__file__).with_name("harmless_functions.txt")

_NAMES = {
    "builtins": """
        ArithmeticError AssertionError AttributeError BaseException DeprecationWarning Ellipsis
        Exception FileNotFoundError FutureWarning ImportError IndexError KeyError LookupError
        ModuleNotFoundError NameError NotImplemented NotImplementedError OSError OverflowError
        RuntimeError RuntimeWarning StopIteration TypeError UserWarning ValueError Warning
        ZeroDivisionError abs all any ascii bin bool bytearray bytes callable chr classmethod
        complex dict divmod enumerate filter float format frozenset hasattr hash hex id int
        isinstance issubclass iter len list map max min next object oct ord pow print property
        range repr reversed round set slice sorted staticmethod str sum super tuple zip
        """,
    "abc": "ABC abstractmethod",
    "collections": "Counter OrderedDict UserDict UserList abc.Mapping abc.Sequence defaultdict "
    "deque abc.MutableMapping abc.Iterable abc.Callable abc.Hashable",
    "dataclasses": "InitVar MISSING dataclass field fields is_dataclass",
    "enum": "Enum Flag IntEnum IntFlag StrEnum auto unique",
    "functools": "cached_property lru_cache cache total_ordering wraps reduce partial",
    "itertools": "accumulate chain chain.from_iterable combinations cycle islice permutations "
    "product repeat starmap zip_longest pairwise",
    "logging": "DEBUG ERROR INFO WARNING getLogger debug error exception info warning",
    "numbers": "Integral Number Real",
    "numpy": "arange argmax argmin argsort array asarray ceil clip concatenate cos diff dot e "
    "empty "
    "exp expand_dims eye float16 float32 float64 floor full histogram inf int16 int32 int64 int8 "
    "isfinite isinf isnan linspace log log10 log2 logspace max maximum mean median min minimum nan "
    "ndarray newaxis ones ones_like outer pi power prod random.RandomState random.default_rng "
    "random.rand random.randint random.randn random.uniform repeat reshape round sin sort split "
    "sqrt stack std sum tanh tile transpose uint8 unique var vstack hstack where zeros zeros_like",
    "random": "Random choice randint random sample shuffle uniform gauss",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits punctuation",
    "time": "perf_counter time monotonic",
    "torch": "FloatTensor LongTensor Size Tensor autocast backends.mps.is_available bfloat16 bool "
    "contiguous_format channels_last cuda.is_available cuda.device_count device dtype enable_grad "
    "finfo float float16 float32 float64 Generator half iinfo inf inference_mode int int16 int32 "
    "int64 int8 is_tensor long nan no_grad pi preserve_format set_grad_enabled uint8 "
    "is_grad_enabled strided double get_default_dtype jit.export jit.ignore jit.unused "
    "jit.is_scripting jit.is_tracing complex64 complex128 __version__",
    "torch.nn": "Buffer Module Parameter UninitializedParameter",
    "torch.nn.modules.utils": "_pair _quadruple _single _triple",
    "torch.nn.utils": "clip_grad_norm_ parametrizations.weight_norm spectral_norm weight_norm "
    "parameters_to_vector remove_weight_norm",
    "torch.utils.checkpoint": "checkpoint",
    "torch.utils.data": "Dataset IterableDataset Sampler",
    "types": "NoneType",
    "typing": "Any Callable ClassVar Dict Final FrozenSet Generic Hashable Iterable Iterator List "
    "Literal Mapping NamedTuple NoReturn Optional Protocol Sequence Set TYPE_CHECKING Tuple Type "
    "TypeVar TypedDict Union cast final overload runtime_checkable",
    "typing_extensions": "Literal NamedTuple Protocol Self TypedDict override",
    "warnings": "warn",
}
"""Module → names in it, below its path. Names of types and of functions alike."""

_CONSTANTS = frozenset("e inf nan ndarray newaxis pi".split())

BASES = frozenset(
    """
    abc.ABC builtins.object builtins.Exception builtins.ValueError builtins.RuntimeError
    builtins.dict builtins.list builtins.tuple builtins.str builtins.int builtins.float
    builtins.set builtins.frozenset
    collections.OrderedDict collections.UserDict collections.UserList
    collections.namedtuple collections.defaultdict collections.deque collections.abc.Mapping
    collections.abc.MutableMapping collections.abc.Sequence collections.abc.Hashable
    enum.Enum enum.Flag enum.IntEnum enum.IntFlag enum.StrEnum
    torch.nn.Module torch.utils.data.Dataset torch.utils.data.IterableDataset
    torch.utils.data.dataset.Dataset argparse.Namespace types.SimpleNamespace
    typing.Generic typing.NamedTuple typing.Protocol typing.TypedDict typing_extensions.NamedTuple
    typing_extensions.TypedDict typing_extensions.Protocol
    """.split()
)
"""Base classes that add nothing harmful to what is written in the class itself."""

HELD_BY_FILES = frozenset(
    """
    collections.Counter collections.OrderedDict torch.Size torch.Tensor torch.TypedStorage
    torch.UntypedStorage torch._C.TensorBase torch._tensor.Tensor torch.nn.Parameter
    torch.nn.parameter.Parameter torch.storage.TypedStorage torch.storage.UntypedStorage
    """.split()
)
"""Classes of which every file may hold objects, and ask a class of the proof for what they do."""

MADE_ONCE = frozenset(
    """
    collections.namedtuple logging.getLogger typing.TypeVar torch.tensor numpy.array torch.device
    builtins.object torch.Size builtins.float builtins.int builtins.tuple builtins.frozenset
    math.sqrt math.log builtins.range pathlib.Path
    """.split()
)
"""What a module may call to make a value that stays as it is."""

_MAKES_DATA = MADE_ONCE | frozenset(
    """
    builtins.bool builtins.bytes builtins.len builtins.round builtins.str os.path.abspath
    os.path.join os.path.dirname time.time torch.zeros torch.ones torch.Generator argparse.Namespace
    argparse.ArgumentParser.parse_args
    """.split()
)

METACLASSES = frozenset({"abc.ABCMeta", "enum.EnumMeta", "enum.EnumType", "builtins.type"})

DECORATORS = frozenset(
    """
    abc.abstractmethod builtins.classmethod builtins.property builtins.staticmethod
    dataclasses.dataclass enum.unique functools.cached_property functools.total_ordering
    torch.enable_grad torch.inference_mode torch.jit.export
    torch.jit.ignore torch.jit.unused torch.no_grad typing.final typing.overload
    typing.runtime_checkable typing_extensions.override
    """.split()
)
"""Decorators that leave what a function or a class does as it is written."""

CONVERTING = frozenset(
    f"numpy.{name}" for name in _NAMES["numpy"].split() if name not in _CONSTANTS
)
"""Functions of numpy that make arrays of what they are given. An object says by an attribute of its
own (``__array_interface__``) at which address numpy reads, and a file gives objects attributes.
"""

MARKING = frozenset(
    """
    abc.abstractmethod dataclasses.dataclass functools.total_ordering functools.wraps
    torch.jit.export torch.jit.ignore torch.jit.unused typing.final typing.overload
    typing.runtime_checkable typing_extensions.override
    """.split()
)
"""Functions that set attributes of what they are given, or write code for it: fit to stand above a
definition, not to be called with a class of the file's choice."""

MODES = frozenset(
    """
    torch.autocast torch.enable_grad torch.inference_mode torch.no_grad torch.set_grad_enabled
    """.split()
)
"""What changes how the whole program computes: for a ``with`` or above a definition alone."""

SETTING_SELF = frozenset(
    """
    _infer_parameters _init_group _init_is_better _init_weight_qparams _initial_step
    _patch_step_function
    _set_anneal_func _update_lr freeze_bn_stats harden_mask mark_dirty mark_non_differentiable
    register_state_dict_post_hook save_for_backward save_for_forward set_allow_smaller_batches
    set_backoff_factor set_batch_first set_growth_factor set_growth_interval set_materialize_grads
    materialize set_weight set_weight_bias setstate soften_mask train update_bn_stats
    """.split()
)
"""Methods of torch, numpy and Python that set an attribute of ``self`` without asking it for
anything, or of their argument: called as ``x.train(y)`` where ``x`` is a class, they set it on
``y``, which may be a class (``x.materialize(y, size, device, dtype)``: ``torch.Tensor.data``)."""

MAKING_CLASSES = frozenset(
    """
    collections.namedtuple enum.Enum enum.Flag enum.IntEnum enum.IntFlag enum.StrEnum
    typing.NamedTuple typing.TypedDict typing_extensions.NamedTuple typing_extensions.TypedDict
    """.split()
)
"""What makes a class where it is called, with members of the file's choice; it may be derived from
and named."""

OF_NEW_MODULES = frozenset(
    f"torch.nn.utils.{name}"
    for name in "parametrizations.weight_norm remove_weight_norm spectral_norm weight_norm".split()
)
"""Functions that change the class of a module, or set attributes of what they are given by names
that they are given, unless the module is a new one."""

_LARGE = frozenset({"torch", "numpy"})


def is_imported_freely(name: str) -> bool:
    """Whether a function may import a module, or a name of one: it is there already, or does
    nothing but be imported; ``torch._inductor`` makes a folder, ``numpy.f2py`` prints.
    """
    package = name.partition(".")[0]
    if package not in _LARGE:
        return package in _packages()
    return name in _packages() or is_harmless(name)


@lru_cache(maxsize=1)
def _packages() -> frozenset[str]:
    """The modules of the table, and the packages around them."""
    found = {"math"}
    for name in _table():
        while "." in name:
            name = name.rpartition(".")[0]  # noqa: PLW2901 - from the inside out
            found.add(name)
    return frozenset(found)


SHARED_BY_CLASS = frozenset(
    """
    __annotations__ __dataclass_fields__ __members__ _field_defaults _hashable_values_ _inverted_
    _member_map_ _member_names_ _unhashable_values_ _unhashable_values_map_ _value2member_map_
    """.split()
)
"""Attributes that hold for all objects of a class, and that others act on. A member of an
enumeration, which a file may hold without its class, gives those of the enumeration."""

OPERATORS = "operators"
"""What stands for all operators, where a class is asked for a method of its own."""

OF_OPERATORS = frozenset(
    f"__{name}__"
    for name in (
        "eq ne lt le gt ge contains torch_function torch_dispatch array_function array_ufunc "
        "add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or "
        "radd rsub rmul rmatmul rtruediv rfloordiv rmod rdivmod rpow rlshift rrshift rand rxor ror"
    ).split()
)
"""Methods that are given the other operand."""

_ENDLESS = 99
OF_LIBRARIES = {"cache": 1} | dict.fromkeys(
    "_cache _constants _netmask_cache filters group handlers manager parser".split(), _ENDLESS
)
"""Attributes of what every file may hold, or of loggers, that give tables or a module, which belong
to the whole program, and how deep these are: torch keeps its layouts in ``_get_layout.cache``, and
from Python 3.13 on ``parser`` of a path is ``posixpath``, which has ``os``. (``group()`` of a path
looks at the disk: it may be the name of an object's own attribute alone.)"""

FORMATTING = frozenset({"format", "format_map"})
"""Methods of texts that look up what the text names."""

HARMFUL_ATTRIBUTES = frozenset(
    """
    _accessor _copy_from _copy_from_file _copy_from_symlink _delete _flavour _getitem _glob_selector
    _globber _scandir cffi func_dict func_globals pathmod
    _benchmark _bit_generator _cdata _data_ptr _dtensor__new__ _expired _fix_weakref _free_weak_ref
    _from_buffer _get_shared_fd _make_subclass _make_wrapper_subclass _new_shared _new_shared_cuda
    _new_shared_fd_cpu _new_shared_filename_cpu _new_using_fd_cpu _new_using_filename_cpu
    _new_with_file _new_with_weak_ptr _new_wrapped_storage _reduce_ex_internal _release_ipc_counter
    _release_ipc_counter_cuda _resize_with_addr_ _set_cdata _set_from_file _share_cuda_
    _share_fd_cpu_ _share_filename_cpu_ _share_memory_ _shared_decref _shared_incref
    _swap_data_ptr_ _typed_storage _use_count _view_func_unsafe _rev_view_func_unsafe _weak_ref
    addFilter addHandler callHandlers loggerDict mro removeFilter removeHandler setLevel
    setLogRecordFactory setLoggerClass set_default_validate_args
    _coalesced_ _indices ccol_indices col_indices crow_indices resize_as_sparse_ row_indices
    sparse_resize_ sparse_resize_and_clear_ _write_file copy_into move move_into read_bytes
    read_text share_memory_
    as_subclass chmod compile ctypes del_tensor del_tensors dump f_back f_builtins f_globals
    f_locals fdel fget from_buffer
    from_file fset gi_frame share_memory
    cr_frame ag_frame hardlink_to lchmod link_to mkdir open rename rmdir symlink_to tb_frame tofile
    touch unlink write_bytes write_text
    _legacy_seeding _register_hook_dict _resize_ generate_state prune
    exists expanduser glob is_block_device is_char_device is_dir is_fifo is_file is_junction
    is_mount is_socket is_symlink iterdir lstat owner readlink resolve rglob samefile stat walk
    _abc_caches_clear _abc_registry_clear _add_alias_ _add_value_alias_ _convert_ _create_
    """.split()
)
"""Attributes of the values that a checkpoint may hold without asking: what reaches the disk, an
address in memory, a logger, the interpreter, a module (``path._flavour.pathmod.os``), the globals
of a compiled function, the bases of a class, the functions of a property, which set attributes of
whatever they are given, or methods of numpy's generators that take any object for one. What only
looks at the disk counts, too: a path may name another machine.
(``replace``, of one argument, moves a file.)"""

SPECIAL_ATTRIBUTES = frozenset(
    """
    __annotations__ __call__ __class__ __contains__ __dict__ __doc__ __enter__ __eq__ __exit__
    __getattr__ __getitem__ __hash__ __init__ __iter__ __len__ __module__ __name__ __new__ __next__
    __qualname__ __setattr__ __setitem__ __setstate__ __dataclass_fields__ __repr__ __str__
    __post_init__ __delattr__ __version__ __members__ __getattribute__ __delitem__ __ne__ __lt__
    """.split()
)
"""Names with two underscores that lead to nothing outside of the object."""

ALWAYS_REACHED = frozenset(
    """
    _missing_ as_subclass append add buffers children close cpu cuda data detach device dim dtype
    extend extra_repr flush float forward get get_extra_state half items keys modules
    named_buffers named_children named_modules named_parameters numel parameters pop read
    readline requires_grad_ reset_parameters seek set_extra_state setdefault shape size tell to
    train type update values write zero_grad _apply _load_from_state_dict step _lazy_load_hook
    state_dict load_state_dict initialize_parameters eval clone copy tolist numpy split index
    """.split()
)
"""Methods that torch, numpy or Python may call on any object that they are given."""


@cache
def asked_by_libraries() -> frozenset[str]:
    """Names that vetted code asks of the objects that it is given, or of itself: ``nn.Softmax``
    calls ``softmax``, ``collections.Counter`` its own ``most_common`` (torch 2.13, numpy 2.4 and
    Python 3.11; listed by ``tools/asked_by_libraries.py``).
    """
    listed = Path(__file__).with_name("asked_by_libraries.txt").read_text(encoding="utf-8")
    return frozenset(listed.split())


_WHOLE = ("torch.nn.", "torch.optim.", "torch.distributions.")


def is_harmless(dotted: str) -> bool:
    """Whether a name outside of the project may be used in any way."""
    return dotted in _table() or bool(vetted_definitions(dotted))


def is_harmless_base(dotted: str) -> bool:
    """Whether a class outside of the project may be a base class."""
    return dotted in BASES or (dotted.startswith(_WHOLE) and bool(vetted_definitions(dotted)))


def makes_data(dotted: str) -> bool:
    """Whether what a call of it gives can do nothing by itself."""
    return dotted in _MAKES_DATA


@lru_cache(maxsize=1)
def functions_of_tensors() -> frozenset[str]:
    """Functions of torch that compute with tensors."""
    listed = frozenset(name for name in _listed() if name.startswith("torch."))
    return listed | {"torch.nn.utils.parameters_to_vector", "torch.nn.utils.clip_grad_norm_"}


@lru_cache(maxsize=1)
def _table() -> frozenset[str]:
    names = {f"{module}.{name}" for module, text in _NAMES.items() for name in text.split()}
    return frozenset(names) | _listed()


def _listed() -> frozenset[str]:
    names: set[str] = set()
    for line in _DATA.read_text(encoding="ascii").splitlines():
        module, separator, listed = line.partition(": ")
        if separator:
            names.update(f"{module}.{name}" for name in listed.split())
    return frozenset(names)
