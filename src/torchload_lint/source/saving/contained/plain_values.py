"""By what functions and in which classes a saved value needs nothing to be allowed."""

from __future__ import annotations

PLAIN_RESULTS = frozenset(
    f"builtins.{name}" for name in ("len", "int", "float", "bool", "str", "id")
) | {"time.time", "time.perf_counter", "time.strftime", "os.getpid"}
CONSTANTS = frozenset(
    f"{library}.{name}"
    for library, names in (
        ("torch", "inf nan pi e newaxis"),
        ("numpy", "inf nan pi e euler_gamma newaxis little_endian"),
        ("numpy", "Inf Infinity infty NaN NAN NINF PINF NZERO PZERO"),
    )
    for name in names.split()
)
"""Numbers that have a name, those of numpy before 2.0, too, and None. They are Python's own."""
DTYPES = ("torch.float", "torch.int", "torch.bfloat", "torch.long")
"""How names of dtypes begin, which torch allows."""
LIKE_ARGUMENTS = frozenset(f"builtins.{name}" for name in ("sum", "round", "abs", "max", "min"))
"""Functions whose result is of the type of what they are given, a number of numpy, say."""
NO_LISTS = frozenset({"deque", "frozenset", "iterator", "range"})
TORCH_STATE = (".state_dict", ".get_rng_state", ".get_rng_state_all", ".named_parameters")
DICTS = frozenset(
    {"dict", "builtins.dict", "collections.OrderedDict", "part", "url", "builtins.vars"}
)
