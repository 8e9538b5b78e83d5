"""Which checkpoint of a folder belongs to which load: by name, by keys, by classes.

A load is shown as the owner of a file where the code names the file, or where it is the only one
that its keys and classes speak for. Where several are as good, it is not known which one it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.pickles.pickled_values import DictValue
from torchload_lint.checkpoint.tree import value_of_file
from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.regular_files import LINK
from torchload_lint.source.facts.calls import Use
from torchload_lint.source.saving.pairs import asked_keys, may_lack, surely_asked
from torchload_lint.workspace.inspection import inspect_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from torchload_lint.workspace.inspection import Inspection
    from torchload_lint.workspace.projects import Projects
    from torchload_lint.workspace.survey import SurveyedLoad

CERTAIN, LIKELY = 4, 2
_ANY_OF_AN_ENDING = late_pattern(r"\*\.[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Pair:
    """A checkpoint, the load that may read it, and why."""

    checkpoint: str
    load: SurveyedLoad
    score: int
    reasons: tuple[str, ...]
    is_named: bool = False
    """Whether the code names the file, so that others may read it as well."""

    @property
    def certainty(self) -> str:
        """In a word."""
        if self.is_named and self.score >= CERTAIN:
            return "sure"
        return "likely" if self.score >= LIKELY else "possible"


class Unpaired(NamedTuple):
    """A checkpoint of which it is not known which load reads it."""

    checkpoint: str
    candidates: int
    """How many loads its keys or classes speak for alike."""


class _Contents(NamedTuple):
    """A checkpoint, as far as it tells who reads it."""

    path: str
    keys: frozenset[str] | None
    """The texts among the keys of its object; None where that is no dictionary."""
    is_read: bool
    classes: tuple[str, ...]


def pair(
    loads: Sequence[SurveyedLoad], folder: Path, projects: Projects
) -> tuple[list[Pair], list[Unpaired]]:
    """The loads that read each checkpoint under ``folder``, and the checkpoints of which that is
    not known.

    The same name counts most, then a pattern, then keys of the file that the load asks for, then
    classes that the code names.
    """
    pairs: list[Pair] = []
    unpaired: list[Unpaired] = []
    for inspection in inspect_paths([folder], projects):
        file = _contents(inspection, inspection.path.relative_to(folder).as_posix())
        scored = [_scored(load, file) for load in loads]
        best = max((one.score for one in scored), default=0)
        found = [one for one in scored if one.score == best and best > 0]
        if len(found) == 1 or any(one.is_named for one in found):
            pairs += found
        else:
            unpaired.append(Unpaired(file.path, len(found)))
    return pairs, unpaired


def _contents(inspection: Inspection, path: str) -> _Contents:
    report = inspection.report
    classes = tuple(sorted({need.name.qualname for need in report.safe_globals}))
    if report.container == LINK:
        return _Contents(path, None, is_read=False, classes=classes)
    try:
        value = value_of_file(inspection.path)
    except (OSError, ValueError, MemoryError, RecursionError):
        return _Contents(path, None, is_read=False, classes=classes)
    entries = value.entries if isinstance(value, DictValue) else None
    keys = None if entries is None else frozenset(key for key, _ in entries if isinstance(key, str))
    return _Contents(path, keys, is_read=True, classes=classes)


def _scored(load: SurveyedLoad, file: _Contents) -> Pair:
    named = _named(load, file.path)
    reasons = [] if named is None else [named]
    if named is None and _is_of_others(load, file):
        return Pair(file.path, load, 0, ())
    reasons += _by_content(load, file)
    reasons += _by_folder(load, file.path) if reasons else ()
    score, texts = sum(weight for weight, _ in reasons), tuple(text for _, text in reasons)
    return Pair(file.path, load, score, texts, is_named=named is not None)


def _is_of_others(load: SurveyedLoad, file: _Contents) -> bool:
    """Whether the code says of a load that it reads no such file."""
    situation = load.situation
    patterns = situation.resolution.patterns
    if situation.resolution.complete and patterns and all(one.strong for one in patterns):
        return True  # all that it reads is named, and this is not
    if _ends_otherwise([one.text for one in patterns], file.path):
        return True
    if not file.is_read:
        return False
    if file.keys is None:
        return bool(surely_asked(situation.load, situation.module))
    if situation.load.use is Use.OBJECT:
        return True
    lacking = surely_asked(situation.load, situation.module) - file.keys
    return any(not may_lack(key, situation.module) for key in lacking)


def _ends_otherwise(patterns: Sequence[str], path: str) -> bool:
    """Whether the code says how every file of a load ends (``*.mel``), and this one does not."""
    names = [pattern.rpartition("/")[2] for pattern in patterns]
    if not names or not all(map(_ANY_OF_AN_ENDING.fullmatch, names)):
        return False
    endings = {name[1:] for name in names}
    return PurePosixPath(path).suffix not in endings


def _named(load: SurveyedLoad, path: str) -> tuple[int, str] | None:
    """How the code names the file; the folder around it tells files of one name apart."""
    folder, _, name = path.rpartition("/")
    found = None
    for pattern in load.situation.resolution.patterns:
        around, _, wanted = pattern.text.rpartition("/")
        weight = 4 if wanted == name else 2 if pattern.strong and fnmatchcase(name, wanted) else 0
        if weight:
            weight += bool(folder) and folder.rpartition("/")[2] == around.rpartition("/")[2]
            found = max(found or (0, ""), (weight, f"the code names {wanted}"))
    return found


def _by_folder(load: SurveyedLoad, path: str) -> Iterator[tuple[int, str]]:
    """A folder of the file that is called like one of the code, or like the file of the code."""
    words = set(load.situation.module.path.removesuffix(".py").split("/"))
    shared = [one for one in path.split("/")[:-1] if one in words]
    if shared:
        yield 1, f"both are of {shared[-1]}"


def _by_content(load: SurveyedLoad, file: _Contents) -> Iterator[tuple[int, str]]:
    """What the load does with the value that only some files allow."""
    situation = load.situation
    asked = asked_keys(situation.load, situation.module)
    there = sorted(asked & (file.keys or frozenset()))
    if there:
        is_all = len(there) == len(asked) and len(there) > 1
        yield 2 if is_all else 1, f"the load asks for {', '.join(there[:3])}"
    text = situation.module.text
    named = [one for one in file.classes if re.search(rf"\b{re.escape(one)}\b", text)]
    if named:
        yield 1, f"the code names {', '.join(named[:3])}"
