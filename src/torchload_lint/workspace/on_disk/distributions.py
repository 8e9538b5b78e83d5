"""The installed distributions: which files are theirs, and which of them need which others."""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.regular_files import read_regular
from torchload_lint.source.facts.library_load import Distribution

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_FOLDER = late_pattern(r"^(?P<name>.+)-(?P<version>\d[^-]*)(?:-py\d.*)?\.(?:dist|egg)-info$")
_SEPARATORS = late_pattern(r"[-_.]+")
_REQUIRES = late_pattern(r"^Requires-Dist:\s*([\w.-]+)", re.MULTILINE)
_LARGEST = 16 * 2**20
_MOST_DEPENDENTS = 64
"""How many distributions are looked at that need one, directly or not."""


class Distributions:
    """What the folders say that installers leave beside the packages."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """``folders``: where packages are imported from, first come first."""
        self._folders = folders
        self._records: dict[Path, str] = {}

    def version(self, name: str) -> str:
        """The installed version of a distribution; empty where it is not installed."""
        found = self._installed.get(normal_name(name))
        return found[0].version if found else ""

    def of_file(self, path: str) -> Distribution | None:
        """The distribution that has installed a file, named from the folder of packages."""
        root = path.partition("/")[0].removesuffix(".py")
        likely = sorted(self._installed, key=lambda name: (name != normal_name(root), name))
        for name in likely:
            found, folder = self._installed[name]
            if f"\n{path}," in self._record(folder):
                return found
        return None

    def dependents(self, name: str) -> list[str]:
        """The normal names of a distribution and of those that need it, nearest first."""
        found = [normal_name(name)]
        for one in found:
            needing = [other for other, needs in self._needs.items() if one in needs]
            found += [other for other in needing if other not in found]
            if len(found) > _MOST_DEPENDENTS:
                break
        return found

    def requires(self, name: str, wanted: str) -> bool | None:
        """Whether a distribution requires another one, itself or in what it requires; None where no
        distribution of that name is installed.
        """
        needs = self._needs.get(normal_name(name))
        if needs is None:
            return None
        return wanted in needs or any(wanted in self._needs.get(one, ()) for one in needs)

    def packages(self, name: str) -> frozenset[str]:
        """The names that a distribution's packages are imported by."""
        if name not in self._installed:
            return frozenset()
        record = self._record(self._installed[name][1])
        files = re.findall(r"^([A-Za-z_]\w*)(?:/__init__)?\.py,", record, re.MULTILINE)
        return frozenset(files) | {name.replace("-", "_")}

    @cached_property
    def _installed(self) -> dict[str, tuple[Distribution, Path]]:
        """Normal name → the distribution and its folder."""
        found: dict[str, tuple[Distribution, Path]] = {}
        for folder, name in self._names():
            match = _FOLDER.match(name)
            if match:
                one = Distribution(match["name"].replace("_", "-"), match["version"])
                found.setdefault(normal_name(match["name"]), (one, folder / name))
        return found

    def _names(self) -> Iterator[tuple[Path, str]]:
        for folder in self._folders:
            yield from ((folder, name) for name in sorted(os.listdir(folder)))

    @cached_property
    def _needs(self) -> dict[str, frozenset[str]]:
        """Normal name → what it requires, in extras too: what is installed of these is there for
        somebody.
        """
        return {
            name: frozenset(map(normal_name, _REQUIRES.findall(_head(folder))))
            for name, (_, folder) in self._installed.items()
        }

    def _record(self, folder: Path) -> str:
        """The files that a distribution has installed, one a line, with a comma behind each."""
        if folder not in self._records:
            self._records[folder] = "\n" + _text(folder / "RECORD")
        return self._records[folder]


def _head(folder: Path) -> str:
    """The fields of a distribution's metadata, without its description."""
    text = _text(folder / "METADATA") or _text(folder / "PKG-INFO")
    return text.partition("\n\n")[0]


def _text(path: Path) -> str:
    try:
        return read_regular(path, _LARGEST).decode("utf-8", errors="replace").replace("\r\n", "\n")
    except (OSError, ValueError):
        return ""


def normal_name(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return _SEPARATORS.sub("-", name).lower()
