"""By what functions and in which classes a saved value needs nothing to be allowed."""

from __future__ import annotations

PLAIN_RESULTS = frozenset(
    f"builtins.{name}" for name in ("len", "int", "float", "bool", "str", "id")
) | {"time.time", "time.perf_counter", "time.strftime", "os.getpid"}
LIKE_ARGUMENTS = frozenset(f"builtins.{name}" for name in ("sum", "round", "abs", "max", "min"))
"""Functions whose result is of the type of what they are given, a number of numpy, say."""
NO_LISTS = frozenset({"deque", "frozenset", "iterator", "range"})
TORCH_STATE = (".state_dict", ".get_rng_state", ".get_rng_state_all", ".named_parameters")
DICTS = frozenset(
    {"dict", "builtins.dict", "collections.OrderedDict", "part", "url", "builtins.vars"}
)
