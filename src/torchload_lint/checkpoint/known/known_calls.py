"""Which functions a checkpoint may call without being suspected: those that build values (data).

Read in CPython 3.10 to 3.13, torch 2.13, numpy 2.4, pandas 2, scipy and scikit-learn. A function
that is not here may be harmless too; it is not known to be.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.dangerous import HARMLESS, why_dangerous, why_gateway
from torchload_lint.checkpoint.known.known_globals import (
    LOWERCASE_CLASSES,
    RETURNS,
    looks_like_class,
)
from torchload_lint.checkpoint.known.torch_versions import ever_allowed
from torchload_lint.vetted import vetted_definitions

if TYPE_CHECKING:
    from torchload_lint.names import GlobalName

BUILDING = frozenset(
    """
    builtins.frozenset builtins.iter builtins.reversed builtins.zip builtins.enumerate
    collections._tuplegetter copy._reconstructor copyreg._reconstructor datetime._parse_isoformat
    dill._dill._load_type dill._dill._create_array dill._dill._get_attr
    functools.partial functools._lru_cache_wrapper
    numpy.core.records.recarray numpy.core._internal._reconstruct
    numpy.ma.core._mareconstruct numpy._core.records.recarray numpy.random.__RandomState_ctor
    numpy.core.multiarray._frombuffer numpy._core.numeric._frombuffer numpy.core.numeric._frombuffer
    _operator.getitem http.HTTPStatus http.cookies.Morsel http.cookies.SimpleCookie
    logging.getLogger operator.getitem
    operator.itemgetter signal.Signals time.struct_time
    pandas._libs.internals._unpickle_block pandas._libs.tslibs.nattype._nat_unpickle
    pandas._libs.tslibs.timestamps._unpickle_timestamp
    pandas._libs.tslibs.timedeltas._timedelta_unpickle
    pandas.core.indexes.base._new_Index pandas.core.indexes.datetimes._new_DatetimeIndex
    pandas.core.indexes.period._new_PeriodIndex pandas.core.arrays.sparse.array._make_sparse
    pandas.core.internals.blocks.new_block
    torch.nn.backends.thnn._get_thnn_function_backend torch._jit_internal.boolean_dispatch
    torch.storage._load_from_bytes
    torch.distributed.tensor._api._rebuild_dtensor torch.nested._internal.nested_tensor._rebuild_njt
    types.MappingProxyType types.GenericAlias uuid.UUID zoneinfo.ZoneInfo._unpickle
    """.split()
)
"""Functions that other libraries save their values with, and small ones of Python."""

_BUILDING_NAMES = ("__pyx_unpickle_", "__reduce_cython__", "_rebuild_", "_unpickle_")
"""How the functions are called with which compiled classes and tensors are saved."""

_VALUES_OF_PYTHON = frozenset(
    """
    _io array builtins collections copyreg datetime decimal enum exceptions fractions functools
    ipaddress itertools numbers pathlib pathlib._local queue random re string types typing uuid
    weakref zoneinfo argparse dataclasses configparser html.parser operator email.message
    collections.abc contextvars abc calendar locale secrets statistics struct textwrap
    """.split()
)
"""Modules of the standard library whose classes are values."""


_OF_VALUES = ("torch.return_types.", "ast.")


def is_building(name: str) -> bool:
    """Whether calling this object is known to build a value, and nothing else."""
    if name in BUILDING or name in RETURNS:
        return True
    is_class = name in LOWERCASE_CLASSES and not (why_gateway(name) or why_dangerous(name))
    return is_class or bool(vetted_definitions(name)) or name in ever_allowed()


NUMBERS_FOLLOW = frozenset({"joblib.numpy_pickle.NumpyArrayWrapper"})
"""Objects behind whose state the bytes of an array follow, which only their own reader knows
(``NumpyUnpickler.load_build`` of joblib 1.5, ``numpy_pickle.py``)."""


def why_unknown(name: GlobalName) -> str:
    """Why a call of this object is not known to be harmless; empty where it is, or where it makes
    an object of a class of some library, which the policy judges.
    """
    dotted = str(name)
    if dotted in NUMBERS_FOLLOW:
        return "stands before the numbers of an array, and what stands behind them was not read"
    if is_building(dotted) or dotted in HARMLESS or dotted.startswith(_OF_VALUES):
        return ""
    last = name.qualname.rpartition(".")[2]
    if last.startswith(_BUILDING_NAMES) or last == "__new__":
        return ""
    top = name.module.partition(".")[0]
    if looks_like_class(name) and not why_gateway(dotted):
        is_python = top in sys.stdlib_module_names and name.module not in _VALUES_OF_PYTHON
        return "is not known to be harmless when it is called" if is_python else ""
    return "is not known to be harmless when it is called"
