"""The callables that torch allows by default: what they are, and which arguments they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchload_lint.checkpoint.report import Problem
    from torchload_lint.checkpoint.values import Value

_FUNCTIONS = ("torch._utils.", "torch._tensor.", "torch.serialization.", "_codecs.")
_CLASSES = frozenset(
    """
    collections.OrderedDict collections.Counter torch.nn.parameter.Parameter torch.Size
    torch.Tensor torch.device builtins.bytearray builtins.set builtins.complex
    torch.storage.TypedStorage torch.storage.UntypedStorage
    """.split()
)


def default_kind(name: str) -> str:
    """``class``, ``function`` or ``value`` (a dtype, a quantization scheme, a storage type)."""
    if name in _CLASSES or name.endswith("Tensor"):
        return "class"
    return "function" if name.startswith(_FUNCTIONS) else "value"


def call_problem(_name: str, _args: Value) -> Problem | None:
    """Why calling a default-allowed global with these arguments must fail; None where it works."""
    return None
