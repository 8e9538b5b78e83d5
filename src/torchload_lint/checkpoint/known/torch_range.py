"""The releases of torch that a program may run on, as release lines: 2.6 stands for 2.6.x."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.torch_versions import (
    DTYPES_SINCE,
    NEWEST_LINE,
    TorchVersion,
    default_allowed,
    features,
    registered_by,
)
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RELEASES = tuple(
    """
    0.4.0 0.4.1 1.0.0 1.0.1 1.1.0 1.2.0 1.3.0 1.3.1 1.4.0 1.5.0 1.5.1 1.6.0 1.7.0 1.7.1 1.8.0 1.8.1
    1.9.0 1.9.1 1.10.0 1.10.1 1.10.2 1.11.0 1.12.0 1.12.1 1.13.0 1.13.1 2.0.0 2.0.1 2.1.0 2.1.1
    2.1.2 2.2.0 2.2.1 2.2.2 2.3.0 2.3.1 2.4.0 2.4.1 2.5.0 2.5.1 2.6.0 2.7.0 2.7.1 2.8.0 2.9.0 2.9.1
    2.10.0 2.11.0 2.12.0 2.12.1 2.13.0 2.14.0 2.14.1 2.15.0
    """.split()
)
"""The releases that a specifier is held against."""

LINES = tuple(dict.fromkeys(map(TorchVersion.parse, RELEASES)))
"""The release lines of torch, oldest first."""

_PLAIN = frozenset(
    """
    collections.OrderedDict torch._utils._rebuild_tensor torch._utils._rebuild_tensor_v2
    torch._utils._rebuild_parameter
    """.split()
)

_SHOWN = 2
"""How many requirements a sentence names."""


class Stated(NamedTuple):
    """A requirement that was read: what it says, and where."""

    requirement: str
    """Such as ``torch>=2.1``."""
    file: str
    """From the project's root; empty for what the configuration or the command line says."""
    row: int = 0

    def __str__(self) -> str:
        return f"{self.place} says {self.requirement}" if self.file else self.requirement

    @property
    def place(self) -> str:
        """``file:row``."""
        return f"{self.file}:{self.row}" if self.row else self.file


class TorchRange(NamedTuple):
    """The release lines that a program may run on, oldest first, and how that is known."""

    versions: tuple[TorchVersion, ...] = (NEWEST_LINE,)
    stated: tuple[Stated, ...] = ()
    """The requirements that decided; the one that lets in the oldest torch comes first."""
    configured: bool = False
    """Whether ``target-torch`` says so."""
    unread: tuple[Stated, ...] = ()
    """Requirements whose versions could not be understood."""
    assumed: str = ""
    """What counts besides what is stated, and why, in words; else empty."""

    @classmethod
    def since(cls, oldest: TorchVersion) -> TorchRange:
        """A release line and all that are newer."""
        return cls(tuple(line for line in LINES if line >= oldest) or (oldest,))

    @property
    def oldest(self) -> TorchVersion:
        """The oldest release line."""
        return self.versions[0]

    @property
    def newest(self) -> TorchVersion:
        """The newest release line."""
        return self.versions[-1]

    def where(self, holds: Callable[[TorchVersion], bool]) -> tuple[TorchVersion, ...]:
        """The release lines for which something holds."""
        return tuple(filter(holds, self.versions))

    @property
    def restricted_by_default(self) -> tuple[TorchVersion, ...]:
        """The lines on which a load that does not say ``weights_only`` is a restricted one."""
        return self.where(lambda line: features(line).default_is_true)

    @property
    def unsafe_by_default(self) -> tuple[TorchVersion, ...]:
        """The lines on which such a load runs whatever the file holds."""
        return self.where(lambda line: not features(line).default_is_true)

    def words(self, some: Iterable[TorchVersion]) -> str:
        """Some lines of the range, as a person says it: ``2.6 and newer``, ``before 2.6``."""
        chosen = sorted(some)
        if not chosen or len(chosen) == len(self.versions):
            return str(self)
        first, last = self.versions.index(chosen[0]), self.versions.index(chosen[-1])
        if last - first + 1 != len(chosen):
            return ", ".join(map(str, chosen))
        if last == len(self.versions) - 1:
            return f"{chosen[0]} and newer" if len(chosen) > 1 else str(chosen[0])
        return f"before {self.versions[last + 1]}" if first == 0 else f"{chosen[0]} to {chosen[-1]}"

    def __str__(self) -> str:
        if len(self.versions) == 1:
            return str(self.oldest)
        return f"{self.oldest} to {self.newest}"

    @property
    def origin(self) -> str:
        """How the range is known, in words."""
        if self.configured:
            return "configured"
        if not self.stated:
            return "the newest known; nothing states a version"
        shown = "; ".join(map(str, self.stated[:_SHOWN]))
        rest = len(self.stated) - _SHOWN
        shown = f"{shown}; and {rest} more" if rest > 0 else shown
        return f"{shown}; {self.assumed}" if self.assumed else shown


def behaviour(
    version: TorchVersion, names: frozenset[str], path: str, *, plain: bool = False
) -> tuple[object, ...]:
    """All that a release does with a file of this name which names these globals.

    Releases for which it is equal treat the file alike: one report answers for all of them.
    ``plain``: the newest release loads it, has nothing to say about it, and builds no types. Then
    what newer ones refuse is not in the file, nor, where it holds but tensors in dicts, what older
    ones cannot do.
    """
    can = features(version)
    if plain and all(map(_is_plain, names)):
        can = features(NEWEST_LINE)._replace(
            binfloat=can.binfloat, safetensors_paths=can.safetensors_paths
        )
    allowed = default_allowed(version)
    can = can._replace(
        safetensors_paths=can.safetensors_paths and path.endswith(".safetensors"),
        exceptions_renamed=can.exceptions_renamed
        and any(name.startswith("exceptions.") for name in names),
    )
    if names <= allowed:  # then no entry of an allowlist matters
        can = can._replace(key_is_qualname=True, list_subclasses=False)
    registered = registered_by(version)
    return (
        can,
        names & allowed,
        frozenset((name, registered[name]) for name in names if name in registered),
        frozenset(name for name in names if version < DTYPES_SINCE.get(name, version)),
    )


def _is_plain(name: str) -> bool:
    """Whether a global is of a tensor or of a dict of them: no release renames it, makes an object
    of it, or looks at how its items are stored.
    """
    return name in _PLAIN or (name.startswith("torch.") and name.endswith("Storage"))
