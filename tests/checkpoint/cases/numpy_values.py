"""numpy arrays and scalars of every dtype, and numpy's random state."""

from __future__ import annotations

import importlib.util

from checkpoint.cases.registry import ALLOWLIST, save_all, saved

NEEDS = ("numpy",)

if importlib.util.find_spec("numpy"):
    import numpy as np

TRUE_NAMES = {"f8": "f8", "f4": "f4", "f2": "f2", "bool": "?", "m8_s": "m8[s]"}

MORE = {
    "i1": "i1", "i2": "i2", "i4": "i4", "i8": "i8", "u1": "u1", "u2": "u2", "u4": "u4",
    "u8": "u8", "c8": "c8", "c16": "c16", "longdouble": "g", "clongdouble": "G",
    "unicode": "U4", "bytes": "S4", "void": "V4", "M8_ns": "M8[ns]", "M8_D": "M8[D]",
    "m8_generic": "m8", "longlong": "q", "ulonglong": "Q", "intc": "i", "uintc": "I",
    "bigendian_i8": ">i8", "bigendian_f8": ">f8", "bigendian_u2": ">u2", "bigendian_c8": ">c8",
    "bigendian_unicode": ">U2", "bigendian_M8": ">M8[s]",
}  # fmt: skip

save_all(
    "numpy",
    {f"np_array_{name}": lambda code=code: np.zeros(3, code) for name, code in TRUE_NAMES.items()},
    ALLOWLIST,
    NEEDS,
)
save_all(
    "numpy",
    {f"np_array_{name}": lambda code=code: np.zeros(3, code) for name, code in MORE.items()},
    requires=NEEDS,
)
save_all(
    "numpy",
    {
        f"np_scalar_{name}": lambda code=code: np.zeros(1, code)[0]
        for name, code in (TRUE_NAMES | MORE).items()
    },
    requires=NEEDS,
)
save_all(
    "numpy",
    {
        "np_array_structured": lambda: np.zeros(2, [("a", "f4"), ("b", "i8")]),
        "np_array_bigendian": lambda: np.zeros(2, ">f4"),
        "np_array_fortran": lambda: np.asfortranarray(np.ones((2, 3))),
        "np_array_string_dtype": lambda: np.array(["a", "b"], dtype=np.dtypes.StringDType()),
        "np_dtype_value": lambda: [np.dtype("f4"), np.float32],
        "np_matrix_ma_rec": lambda: [
            np.ma.masked_array([1.0], [True]),
            np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
        ],
        "np_rng_state": np.random.get_state,
        "np_random_state_obj": lambda: np.random.RandomState(1),
        "np_generator_obj": lambda: np.random.default_rng(1),
        "np_ufunc": lambda: np.add,
        "np_function": lambda: np.mean,
    },
    ALLOWLIST,
    NEEDS,
)
save_all(
    "numpy",
    {
        "np_array_empty": lambda: np.zeros(0),
        "np_array_empty_2d": lambda: np.zeros((0, 3), "i4"),
        "np_array_0d": lambda: np.array(3.5),
        "np_array_object": lambda: np.array([1, "a", None], dtype=object),
        "np_array_object_of_arrays": lambda: np.array([np.ones(1), np.ones(2)], dtype=object),
        "np_array_object_empty": lambda: np.array([], dtype=object),
        "np_array_datetime": lambda: np.array(["2024-01-01"], dtype="M8[s]"),
        "np_array_nested_structured": lambda: np.zeros(1, [("a", [("x", "f8"), ("y", "i4")])]),
        "np_array_structured_aligned": lambda: np.zeros(
            1, np.dtype([("a", "i1"), ("b", "f8")], align=True)
        ),
        "np_array_structured_subarray": lambda: np.zeros(1, [("a", "f4", (2, 2))]),
        "np_array_structured_strings": lambda: np.zeros(1, [("n", "U3"), ("t", "M8[s]")]),
        "np_array_structured_titles": lambda: np.zeros(1, [(("title", "a"), "f4")]),
        "np_array_strided": lambda: np.ones((4, 4))[::2, ::2],
        "np_array_transposed": lambda: np.ones((2, 3)).T,
        "np_array_memmap_like": lambda: np.frombuffer(b"\x00" * 16),
        "np_array_string_dtype_na": lambda: np.array(
            ["a"], dtype=np.dtypes.StringDType(na_object=None)
        ),
        "np_arrays_shared_dtype": lambda: {"a": np.ones(1), "b": np.ones(2), "c": np.ones(3)},
        "np_arrays_many_dtypes": lambda: [np.ones(1), np.ones(1, "f4"), np.ones(1, "i8")],
        "np_matrix": lambda: np.asmatrix(np.ones((2, 2))),
        "np_masked_array": lambda: np.ma.masked_array([1, 2], [True, False]),
        "np_masked_constant": lambda: np.ma.masked,
        "np_recarray": lambda: np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]),
        "np_record_scalar": lambda: np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")])[0],
        "np_void_scalar": lambda: np.zeros(1, [("a", "f4")])[0],
        "np_chararray": lambda: np.char.array(["a", "b"]),
        "np_datetime_scalar": lambda: np.datetime64("2024-01-01"),
        "np_timedelta_scalar": lambda: np.timedelta64(3, "D"),
        "np_datetime_nat": lambda: np.datetime64("NaT"),
        "np_str_scalar": lambda: np.str_("abc"),
        "np_bytes_scalar": lambda: np.bytes_(b"abc"),
        "np_bool_scalar": lambda: np.bool_(True),
        "np_object_scalar_in_list": lambda: list(np.array([1.5, 2.5])),
        "np_dtype_structured": lambda: np.dtype([("a", "f4"), ("b", ">i8")]),
        "np_dtype_object": lambda: np.dtype(object),
        "np_dtype_datetime": lambda: np.dtype("M8[ms]"),
        "np_dtype_unicode": lambda: np.dtype("U7"),
        "np_dtype_with_metadata": lambda: np.dtype("f4", metadata={"a": 1}),
        "np_dtype_class": lambda: type(np.dtype("f8")),
        "np_scalar_types": lambda: [np.float64, np.int64, np.bool_, np.str_, np.ndarray],
        "np_generator_mt": lambda: np.random.Generator(np.random.MT19937(1)),
        "np_generator_philox": lambda: np.random.Generator(np.random.Philox(1)),
        "np_generator_sfc": lambda: np.random.Generator(np.random.SFC64(1)),
        "np_bit_generator": lambda: np.random.PCG64(1),
        "np_bit_generator_dxsm": lambda: np.random.PCG64DXSM(1),
        "np_seed_sequence": lambda: np.random.SeedSequence(5),
        "np_rng_state_dict": lambda: np.random.default_rng(1).bit_generator.state,
        "np_random_state_in_dict": lambda: {"rng": np.random.RandomState(1), "epoch": 2},
        "np_linalg_function": lambda: np.linalg.norm,
        "np_finfo": lambda: np.finfo("f4").max,
        "np_newaxis_and_pi": lambda: [np.newaxis, np.pi, np.inf],
        "np_poly1d": lambda: np.poly1d([1, 2]),
        "np_ndindex_class": lambda: np.ndindex,
        "np_vectorize": lambda: np.vectorize(abs),
        "np_in_checkpoint": lambda: {"model": {}, "mean": np.ones(2, "f4"), "best": np.float64(1)},
        "np_vocabulary": lambda: {"itos": np.array(["a", "bb"]), "stoi": {"a": 0}},
    },
    requires=NEEDS,
)

OLD_NAMES = {b"numpy._core": b"numpy.core"}
"""numpy 1 wrote ``numpy.core``; every other byte is the same."""


@saved("numpy", ALLOWLIST, edit=OLD_NAMES, requires=NEEDS)
def np1_scalar():
    return np.float64(1.5)


@saved("numpy", edit=OLD_NAMES, requires=NEEDS)
def np1_array():
    return np.ones(2, "f4")


@saved("numpy", edit=OLD_NAMES, requires=NEEDS)
def np1_array_and_scalars():
    return {"a": np.ones(2), "s": [np.float32(1), np.int64(2)], "d": np.dtype("i8")}


@saved("numpy", edit=OLD_NAMES, requires=NEEDS)
def np1_structured():
    return np.zeros(1, [("a", "f4"), ("b", "U3")])


@saved("numpy", edit={b"cnumpy._core.multiarray\nscalar\n": b"cnumpy.core.multiarray\nscalar\n"},
       requires=NEEDS)  # fmt: skip
def np_mixed_old_and_new_names():
    return [np.float64(1.5), np.ones(2)]


@saved("numpy", edit={b"cnumpy\ndtype\n": b"cnumpy.core.multiarray\ndtype\n"}, requires=NEEDS)
def np_dtype_by_its_old_path():
    return np.float64(1.5)
