"""The checkpoints that the oracle judges, by category: every module here registers its cases."""

from __future__ import annotations

from checkpoint.cases import (
    builtin_values,
    container_formats,
    malicious,
    modules,
    numpy_values,
    opcodes,
    plain,
    protocols,
    stdlib_values,
    tensor_subclasses,
    third_party,
    training,
    user_classes,
)
from checkpoint.cases.registry import (
    BOUND_TO_TORCH,
    CASES,
    POWERFUL,
    UNDECIDABLE,
    Case,
    Truth,
    write_case,
)

__all__ = [
    "BOUND_TO_TORCH",
    "CASES",
    "POWERFUL",
    "UNDECIDABLE",
    "Case",
    "Truth",
    "builtin_values",
    "container_formats",
    "malicious",
    "modules",
    "numpy_values",
    "opcodes",
    "plain",
    "protocols",
    "stdlib_values",
    "tensor_subclasses",
    "third_party",
    "training",
    "user_classes",
    "write_case",
]
