"""How a case is declared: a function that returns an object to save, or the bytes of a file.

``@saved`` hands the returned object to ``torch.save``; ``@forged`` puts the returned pickle into
an otherwise valid zip; ``@written`` writes the returned bytes as they are.
"""

from __future__ import annotations

import enum
import importlib.util
import io
import pickle
import sys
import types
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from checkpoint.cases import forge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class Truth(enum.Enum):
    """What torch 2.13 was seen to do with a case, where that was recorded beforehand."""

    AS_IS = "as-is"
    ALLOWLIST = "allowlist"
    IMPOSSIBLE = "impossible"


AS_IS, ALLOWLIST, IMPOSSIBLE = Truth.AS_IS, Truth.ALLOWLIST, Truth.IMPOSSIBLE


@dataclass(frozen=True)
class Case:
    """One checkpoint: how it is made, and what is known about it before torch is asked."""

    name: str
    category: str
    make: Callable[[], bytes]
    suffix: str = ".pt"
    truth: Truth | None = None
    runs: tuple[str, ...] = ()
    """Callables that the unsafe loader would call; the report has to name them."""
    requires: tuple[str, ...] = ()
    fresh: bool = False
    """Whether torch has to be asked in a process that has imported nothing else."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages it needs and that are not installed here."""
        return tuple(name for name in self.requires if importlib.util.find_spec(name) is None)


CASES: dict[str, Case] = {}

POWERFUL = frozenset(
    """
    union_type cached_function py2_reduce module_fx_traced cloudpickle_lambda thread_lock_class
    tempfile_class os_getcwd_function op_global_blocked_unused op_global_sys op_global_os_path
    op_global_dotted_method reduce_result_called reduce_wrong_argument_count reduce_set_unhashable
    map_ operator_getters method_caller build_class build_default_class setitem_on_class
    reduce_dtype_called newobj_dtype reduce_device_by_truth reduce_codecs_bad_codec
    reduce_codecs_unencodable
    """.split()
)
"""Cases of the other categories that name what calls other things or reaches the system, that
call what another call gave, change what they did not make, or that no program writes.

To call them dangerous is a matter of policy, and no mistake.
"""

BOUND_TO_TORCH = frozenset({"nested_tensor_jagged", "dtensor_", "dtensor_replicated"})
"""Cases whose classes take their state from the same torch only."""

UNDECIDABLE = frozenset({"reduce_by_factory_with_state"})
"""Cases whose needs only a run shows: a project's function returns what the file then fills."""


def add(case: Case) -> None:
    """Register a case; a name is given once."""
    if case.name in CASES:
        raise ValueError(f"two cases are called {case.name}")
    CASES[case.name] = case


def write_case(case: Case, folder: Path) -> Path:
    """Write the file of a case into ``folder``. What torch warns about while saving is dropped."""
    path = folder / (case.name + case.suffix)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            path.write_bytes(case.make())
        finally:
            while PLANTED:
                sys.modules.pop(PLANTED.pop())
    return path


PLANTED: list[str] = []
"""Modules that stand in sys.modules only while a case is being written."""


def planted(dotted: str, *bases: type, **members: object) -> type:
    """A class that pickles under the name of one from a library that is not installed."""
    module, _, name = dotted.rpartition(".")
    if bases and issubclass(bases[0], enum.Enum):
        cls = enum.Enum(name, members, module=module)
    else:
        cls = type(name, bases, {"__module__": module, **members})
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        package = ".".join(parts[:end])
        if package not in sys.modules:
            sys.modules[package] = types.ModuleType(package)
            PLANTED.append(package)
    setattr(sys.modules[module], name, cls)
    return cls


def saved_bytes(value: Any, **options: Any) -> bytes:
    """What ``torch.save`` writes."""
    stream = io.BytesIO()
    torch.save(value, stream, **options)
    return stream.getvalue()


def saved(
    category: str,
    truth: Truth | None = None,
    *,
    name: str = "",
    options: Mapping[str, Any] | None = None,
    edit: Mapping[bytes, bytes] | None = None,
    requires: tuple[str, ...] = (),
    fresh: bool = False,
) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Save what the function returns; ``edit`` then replaces bytes in the pickle."""

    def decorate(function: Callable[[], Any]) -> Callable[[], Any]:
        def make() -> bytes:
            data = saved_bytes(function(), **(options or {}))
            return forge.edited(data, edit) if edit else data

        add(
            Case(
                name or function.__name__,
                category,
                make,
                truth=truth,
                requires=requires,
                fresh=fresh,
            )
        )
        return function

    return decorate


def save_all(
    category: str,
    values: Mapping[str, Callable[[], Any]],
    truth: Truth | None = None,
    requires: tuple[str, ...] = (),
) -> None:
    """Register a family: name → a function that returns the object."""
    for name, function in values.items():
        saved(category, truth, name=name, requires=requires)(function)


def forged(
    category: str, truth: Truth | None, pickles: Mapping[str, bytes], runs: tuple[str, ...] = ()
) -> None:
    """Register pickles that no pickler wrote, each inside a valid zip with one small storage."""
    for name, data in pickles.items():
        add(Case(name, category, lambda data=data: forge.archive(data), truth=truth, runs=runs))


def written(
    category: str,
    truth: Truth | None = None,
    *,
    suffix: str = ".pt",
    runs: tuple[str, ...] = (),
    requires: tuple[str, ...] = (),
) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """The function returns the whole file."""

    def decorate(function: Callable[[], bytes]) -> Callable[[], bytes]:
        add(
            Case(
                function.__name__,
                category,
                function,
                suffix=suffix,
                truth=truth,
                runs=runs,
                requires=requires,
            )
        )
        return function

    return decorate


def legacy_bytes(value: Any, protocol: int = pickle.DEFAULT_PROTOCOL) -> bytes:
    """The format that torch wrote before 1.6."""
    return saved_bytes(value, _use_new_zipfile_serialization=False, pickle_protocol=protocol)
