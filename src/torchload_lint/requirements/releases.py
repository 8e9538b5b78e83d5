"""From the files of a project to the releases of torch that it may run on.

What the project declares decides (its own metadata, ``requirements.txt``, a conda environment,
Pipfile). Where that names no version, what it was locked to, built on or tested with does: as the
oldest release, not as the only one, except for the lock file of an application. A folder that
states something of its own counts besides what stands above it, up to the next distribution: code
in it may be run either way.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.torch_range import LINES, RELEASES, Stated, TorchRange
from torchload_lint.checkpoint.known.torch_versions import NEWEST_LINE, TorchVersion
from torchload_lint.requirements import tables
from torchload_lint.requirements.root_files import RootFiles
from torchload_lint.requirements.statement import Statement, pip_specifiers
from torchload_lint.requirements.stating_files import (
    Installation,
    declared_in,
    is_distribution,
    python_in,
    said_elsewhere_in,
)
from torchload_lint.requirements.wheels import first_torch_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path


class Requirements:
    """What the files of a project say of torch, folder by folder."""

    def __init__(self, root: Path) -> None:
        """``root``: the project's. What stands above it counts as far as the repository goes."""
        above = (root, *root.parents)
        top = next((folder for folder in above if (folder / ".git").exists()), root)
        self._files = RootFiles(top)
        self._root = RootFiles.path("", root.relative_to(top).as_posix())
        self._ranges: dict[str, TorchRange] = {}
        self._of_files: dict[str, TorchRange] = {}
        self._declared: dict[str, list[Installation]] = {}
        self._said: dict[str, list[Installation]] = {}

    def range_in(self, folder: str = "") -> TorchRange:
        """The range for the files of a folder (from the project's root, with ``/``); the newest
        known torch where nothing is stated.
        """
        inside = RootFiles.path(self._root, folder)
        if inside.startswith(("/", "..")):  # the file lies outside of the repository
            inside = self._root
        if inside not in self._ranges:
            self._ranges[inside] = self._read(list(self._upwards(inside)))
        return self._ranges[inside]

    def range_of(self, path: str) -> TorchRange:
        """The range for one file: a script may state its own dependencies."""
        if path not in self._of_files:
            self._of_files[path] = self._of_file(path)
        return self._of_files[path]

    def _of_file(self, path: str) -> TorchRange:
        folder, _, name = path.rpartition("/")
        inside = RootFiles.path(self._root, folder)
        text = None if inside.startswith(("/", "..")) else self._files.text(inside, name)
        if text is None or "# /// script" not in text:
            return self.range_in(folder)
        script = Installation(RootFiles.path(inside, name), tuple(tables.read_script(text)))
        lines = _allowed([script])
        if not lines:
            return self.range_in(folder)
        return TorchRange(tuple(sorted(lines)), self._stated([script], min(lines)))

    def _upwards(self, folder: str) -> Iterator[str]:
        """A folder and those above it, up to a distribution or the top."""
        yield folder
        while folder and not is_distribution(self._files, folder):
            folder = folder.rpartition("/")[0]
            yield folder

    def _read(self, folders: Sequence[str]) -> TorchRange:
        declared = self._found(self._declared, declared_in, folders)
        places, lines = declared, _allowed(declared)
        if not lines:
            places = self._found(self._said, self._said_in, folders)
            lines = _allowed(places)
        newer = self._newer(declared, places)
        unread = self._unread([*declared, *places])
        if not lines:
            return TorchRange(unread=unread)
        oldest = min(lines)
        if newer:
            lines |= {line for line in LINES if line >= oldest}
        return TorchRange(
            tuple(sorted(lines)), self._stated(places, oldest), unread=unread, assumed=newer
        )

    def _newer(self, declared: Iterable[Installation], deciding: Iterable[Installation]) -> str:
        """Why releases that are newer than what is stated count as well; empty where none does."""
        open_ = next((place for place in declared if place.is_open), None)
        if open_ is not None:
            said = self._as_stated(open_.required[0], open_)
            return f"and newer ones, since {said.place} asks for any"
        bounding = (one for one in deciding if any(said.bounds for said in one.statements))
        why = next((one.no_ceiling for one in bounding if one.no_ceiling), "")
        return f"and newer ones, since {why}" if why else ""

    def _found(
        self,
        known: dict[str, list[Installation]],
        read: Callable[[RootFiles, str], Iterable[Installation]],
        folders: Sequence[str],
    ) -> list[Installation]:
        """What some folders say; each is read once, though many lie below it."""
        for one in folders:
            if one not in known:
                known[one] = list(map(_that_may_hold, read(self._files, one)))
        return list(chain.from_iterable(known[one] for one in folders))

    @staticmethod
    def _said_in(files: RootFiles, folder: str) -> list[Installation]:
        return _followed(list(said_elsewhere_in(files, folder)), python_in(files, folder))

    def _stated(self, places: Iterable[Installation], oldest: TorchVersion) -> tuple[Stated, ...]:
        """The requirements that decide: those that let in the oldest torch come first."""
        found: dict[Stated, bool] = {}
        for place in places:
            for one in place.statements:
                if one.bounds:
                    stated = self._as_stated(one, place)
                    found.setdefault(stated, oldest in _lines((one.spec or "",)))
        return tuple(sorted(found, key=lambda stated: not found[stated]))

    def _unread(self, places: Iterable[Installation]) -> tuple[Stated, ...]:
        found = (
            self._as_stated(one, place)
            for place in places
            for one in place.statements
            if one.spec is None
        )
        return tuple(dict.fromkeys(found))

    def _as_stated(self, one: Statement, place: Installation) -> Stated:
        text = " ".join(one.text.split())
        file = one.file or place.file
        return Stated(text, posixpath.relpath(file, self._root or "."), one.row)


def torch_of_project(root: Path) -> TorchRange:
    """The range for the files that lie in a project's root."""
    return Requirements(root).range_in()


def range_of(target: str) -> TorchRange:
    """A ``target-torch`` setting: a specifier, or one version, which means that and newer.

    Raises ValueError for what is neither.
    """
    text = target.strip()
    spec = pip_specifiers(f">={text}" if text[:1].isdigit() or text[:1] == "v" else text)
    if not spec:
        raise ValueError(f'{target!r} is neither a version such as "2.6" nor such as ">=2.1,<2.9"')
    lines = _lines((spec,)) or {NEWEST_LINE}
    if text[:1].isdigit():
        lines = {line for line in LINES if line >= TorchVersion.parse(text)} or lines
    stated = Stated(f"target-torch {text}", "")
    return TorchRange(tuple(sorted(lines)), (stated,), configured=True)


def _that_may_hold(place: Installation) -> Installation:
    """Without what no environment asks for (``torch; sys_platform == 'never'``)."""
    if not any(one.marker for one in place.statements):
        return place
    kept = tuple(one for one in place.statements if _may_hold(one, place.python))
    return place._replace(statements=kept)


def _allowed(places: Iterable[Installation]) -> set[TorchVersion]:
    """Every line that some way of installing lets in."""
    return set().union(*map(_let_in, places))


def _let_in(place: Installation) -> set[TorchVersion]:
    """Every line that one way of installing lets in."""
    required = [one for one in place.required if one.spec]
    if any(one.bounds for one in required):
        return _of_required(required, place.python)
    if place.is_open and required:
        return set()
    optional = (one.spec or "" for one in place.statements if one.optional and one.bounds)
    return set().union(*(_lines((spec,)) for spec in optional))


def _followed(places: list[Installation], python: str) -> list[Installation]:
    """Without images, lock files and the like that install a torch that is too old for the Pythons
    of the project, where others are left: nobody gets the project to run so any more.
    """
    first = first_torch_for(python) if python else None
    if first is None:
        return places
    kept = [one for one in places if not (found := _let_in(one)) or max(found) >= first]
    return kept if _allowed(kept) else places


def _of_required(required: list[Statement], python: str) -> set[TorchVersion]:
    """The union over all environments of what the requirements that hold there let in."""
    if not any(one.marker for one in required):
        return _together([one.spec or "" for one in required])
    from torchload_lint.requirements.markers import environments_of, holds  # noqa: PLC0415

    found: set[TorchVersion] = set()
    for environment in environments_of(python):
        specs = [one.spec or "" for one in required if holds(one.marker, environment)]
        if any(specs):
            found |= _together(specs)
    return found


def _together(specs: list[str]) -> set[TorchVersion]:
    """What all of them let in; where they contradict each other, what any of them does."""
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - takes time

    if len(specs) > 1 and not list(SpecifierSet(",".join(filter(None, specs))).filter(RELEASES)):
        return {line for spec in specs if spec for line in _lines((spec,))}
    return _lines(specs)


def _may_hold(statement: Statement, python: str) -> bool:
    if not statement.marker:
        return True
    from torchload_lint.requirements.markers import environments_of, holds  # noqa: PLC0415

    return any(holds(statement.marker, one) for one in environments_of(python))


def _lines(specs: Iterable[str]) -> set[TorchVersion]:
    """The release lines that all these specifiers let in.

    Where no known release does (``>=2.99``, a release of one's own), the lines that they name.
    """
    return set(_lines_of(",".join(filter(None, specs))))


@lru_cache
def _lines_of(spec: str) -> frozenset[TorchVersion]:
    """The same for one specifier, which many folders of a project share."""
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - takes time

    wanted = SpecifierSet(spec)
    found = {TorchVersion.parse(str(one)) for one in wanted.filter(RELEASES)}
    if found:
        return frozenset(found)
    named = {TorchVersion.parse(one.version) for one in wanted if one.operator in {"==", "==="}}
    return frozenset(named or {min(TorchVersion.parse(one.version) for one in wanted)})
