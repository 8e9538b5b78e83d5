"""LibraryLoad: what a loader that is called does here, with the versions that are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.facts.loader import Does

if TYPE_CHECKING:
    from torchload_lint.source.facts.loader import Behaviour, Loader


ANY = "0"
"""The oldest version where only newer ones are excluded."""


class Versions(NamedTuple):
    """The versions of a distribution that a program may meet."""

    oldest: str = ""
    """Empty where nothing is said; then the newest is meant."""
    exact: bool = False
    """Whether it is this version and no newer one."""
    below: str = ""
    """The first version that is not meant any more; empty where there is no end."""
    origin: str = ""
    """Where that is read, in words."""


class Distribution(NamedTuple):
    """An installed distribution."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


RESTRICTED = frozenset({Does.DEFAULT, Does.TRUE})
"""What ends in a restricted load on torch 2.6 and newer."""


class LibraryLoad(NamedTuple):
    """What is known of the function that a load goes through."""

    loader: Loader
    behaviours: tuple[Behaviour, ...]
    """What it does in the versions that the program may meet."""
    versions: Versions
    distribution: str
    remote: bool = False
    """Whether the path is known to be an ``http`` address."""
    expands_home: bool = False
    """Whether ``~`` at the start of the path is the home folder for it."""
    because: str = ""
    """The call inside an installed package that was followed, where no table knows the loader."""

    @property
    def keyword(self) -> str:
        """The parameter for ``weights_only`` that every such version has; empty without one."""
        keywords = {one.keyword for one in self.behaviours}
        return next(iter(keywords)) if len(keywords) == 1 else ""

    @property
    def allows(self) -> frozenset[str]:
        """The globals that every such version allows by itself."""
        return frozenset.intersection(*(frozenset(one.allows) for one in self.behaviours))

    @property
    def does(self) -> frozenset[Does]:
        """What it may tell ``torch.load`` where the call says nothing."""
        return frozenset(
            (one.remote if self.remote else None) or one.does for one in self.behaviours
        )

    @property
    def unpickles_by_itself(self) -> bool:
        """Whether it asks no weights-only unpickler, whatever it is given."""
        return self.does == {Does.UNPICKLES}

    @property
    def written(self) -> str:
        """The keyword that a fix may write: one that is known to be there, or has to be."""
        needed = bool(self.does - RESTRICTED)
        return self.keyword if needed or self.versions.oldest else ""

    @property
    def way_out(self) -> str:
        """From which version on the load can be a restricted one, where not all that the program
        may meet let it be; else empty.
        """
        newest = self.loader.behaviours[-1]
        if self.keyword or not self.does - RESTRICTED:
            return ""
        since = f"from {self.distribution} {newest.since} on it"
        if newest.keyword:
            return f"{since} takes `{newest.keyword}`"
        return f"{since} is a restricted load" if newest.does is Does.TRUE else ""

    @property
    def assumed(self) -> str:
        """Which version was taken, and where that is known from."""
        if self.because:
            return self.because
        name, versions = self.distribution, self.versions
        source = "; ".join(one.source for one in self.behaviours)
        if not versions.oldest:
            return f"the newest known {name} is assumed; nothing says which is installed ({source})"
        if versions.oldest == ANY:
            limit = f" below {versions.below}" if versions.below else ""
            return f"any {name}{limit} counts ({versions.origin}); seen in {source}"
        newer = "" if versions.exact else " or newer"
        newer += f", below {versions.below}" if versions.below else ""
        return f"{name} {versions.oldest}{newer} counts ({versions.origin}); seen in {source}"


def behaviours_in(loader: Loader, versions: Versions) -> tuple[Behaviour, ...]:
    """What a loader does in some versions: the newest alone where nothing is known of them."""
    if not versions.oldest:
        return loader.behaviours[-1:]
    oldest = _numbers(versions.oldest)
    begun = [one for one in loader.behaviours if _numbers(one.since) <= oldest]
    first = begun[-1:] or list(loader.behaviours[:1])
    if versions.exact:
        return tuple(first)
    end = _numbers(versions.below)
    later = [one for one in loader.behaviours if _numbers(one.since) > oldest and one not in first]
    return (*first, *(one for one in later if not end or _numbers(one.since) < end))


def _numbers(version: str) -> tuple[int, ...]:
    """The release of a version: ``2.6.0rc1`` is (2, 6, 0)."""
    found: list[int] = []
    for part in version.split("+", maxsplit=1)[0].split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        found.append(int(digits))
        if digits != part:
            break
    while found and not found[-1]:
        found.pop()
    return tuple(found)
