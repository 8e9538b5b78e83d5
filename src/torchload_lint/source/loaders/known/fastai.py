"""fastai: learners that were exported whole, and a learner's weights."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_DTYPES = """
    Bool Int8 Byte UInt8 UByte Int16 Short UInt16 UShort Int32 Int UInt32 UInt Int64 Long UInt64
    ULong LongLong ULongLong Float16 Float32 Float64 LongDouble Complex64 Complex128 CLongDouble
    Object Bytes Str Void DateTime64 TimeDelta64 String
""".split()
_ALLOWED = (
    "fastcore.foundation.L", "numpy.dtype", "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar", *(f"numpy.dtypes.{name}DType" for name in _DTYPES),
)  # fmt: skip
_WHOLE = (
    Behaviour(Does.DEFAULT, "fastai 2.7.18, learner.py"),
    Behaviour(Does.FALSE, "fastai 2.8.0 and 2.8.12, learner.py (torch before 2.6: its default)",
              since="2.8"),
)  # fmt: skip
_STATE = (
    Behaviour(Does.DEFAULT, "fastai 2.7.18, learner.py", keyword="weights_only"),
    Behaviour(Does.TRUE, "fastai 2.8.0 and 2.8.12, learner.py (torch before 2.5: its default)",
              since="2.8", keyword="weights_only",
              allows=_ALLOWED),
)  # fmt: skip

LIBRARY = Library(
    roots=("fastai",),
    distributions=("fastai",),
    words=("load_learner", "load_model", ".load("),
    loaders=(
        Loader("load_learner", "fname", ("fname", "cpu", "pickle_module"), _WHOLE),
        Loader("load_model", "file",
               ("file", "model", "opt", "with_opt", "device", "strict"), _STATE, within="learner"),
        # The file is a name below the learner's own folder, which is not known.
        Loader("load", "", ("file", "device"), _STATE, of="Learner"),
    ),
)  # fmt: skip
