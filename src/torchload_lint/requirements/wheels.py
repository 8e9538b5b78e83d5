"""Which torch there is for a Python: pip finds none that is older than its first wheels."""

from __future__ import annotations

from functools import lru_cache

from torchload_lint.checkpoint.known.torch_versions import TorchVersion
from torchload_lint.requirements.markers import PYTHONS

_FIRST = {
    "3.8": "1.3",
    "3.9": "1.7",
    "3.10": "1.10",
    "3.11": "1.13",
    "3.12": "2.1",
    "3.13": "2.5",
    "3.14": "2.9",
}
"""The first release line of torch of which a release came after the Python itself (PEP 569, 596,
619, 664, 693, 719 and 745): no wheel is older. The first wheel may be of a later line.
"""


@lru_cache
def first_torch_for(python: str) -> TorchVersion | None:
    """The oldest torch for the Pythons that specifiers admit; None where that says nothing, since
    it admits an older Python than those known, or none.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - takes time

    try:
        admitted = SpecifierSet(python)
    except InvalidSpecifier:
        return None
    oldest = next((one for one in PYTHONS if admitted.contains(f"{one}.9")), "")
    return TorchVersion.parse(_FIRST[oldest]) if oldest in _FIRST else None
