"""Which checkpoint of a folder belongs to which load: by name, by keys, by classes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.workspace.inspection import inspect_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.workspace.projects import Projects
    from torchload_lint.workspace.survey import SurveyedLoad

CERTAIN, LIKELY = 4, 2
_KEY = late_pattern(r"\['([^']+)'\]")
_ANY_OF_AN_ENDING = late_pattern(r"\*\.[A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Pair:
    """A checkpoint, the load that may read it, and why."""

    checkpoint: str
    load: SurveyedLoad
    score: int
    reasons: tuple[str, ...]

    @property
    def certainty(self) -> str:
        """In a word."""
        if self.score >= CERTAIN:
            return "sure"
        return "likely" if self.score >= LIKELY else "possible"


def pair(
    loads: Sequence[SurveyedLoad], folder: Path, projects: Projects
) -> tuple[list[Pair], list[str]]:
    """The best loads for each checkpoint under ``folder`` (several, where they are equally good),
    and the checkpoints that fit no load.

    The same name counts most, then a pattern, then keys of the file that the code asks for, then
    classes that the code names.
    """
    pairs: list[Pair] = []
    unpaired: list[str] = []
    for inspection in inspect_paths([folder], projects):
        path = inspection.path.relative_to(folder).as_posix()
        scored = [_scored(load, path, inspection.report) for load in loads]
        best = max((one.score for one in scored), default=0)
        pairs += [one for one in scored if one.score == best and best > 0]
        unpaired += [] if best else [path]
    return pairs, unpaired


def _scored(load: SurveyedLoad, path: str, report: CheckpointReport) -> Pair:
    reasons = [] if _ends_otherwise(load, path) else list(_reasons(load, path, report))
    return Pair(
        path, load, sum(weight for weight, _ in reasons), tuple(text for _, text in reasons)
    )


def _ends_otherwise(load: SurveyedLoad, path: str) -> bool:
    """Whether the code says how every file of the load ends (``*.mel``), and this one does not.

    The keys and classes of a file are looked for in the whole text of the load's file, where
    another load may be the one that asks for them.
    """
    names = [pattern.text.rpartition("/")[2] for pattern in load.situation.resolution.patterns]
    if not names or not all(map(_ANY_OF_AN_ENDING.fullmatch, names)):
        return False
    endings = {name[1:] for name in names}
    return PurePosixPath(path).suffix not in endings


def _reasons(load: SurveyedLoad, path: str, report: CheckpointReport) -> Iterator[tuple[int, str]]:
    name = path.rpartition("/")[2]
    for pattern in load.situation.resolution.patterns:
        wanted = pattern.text.rpartition("/")[2]
        if wanted == name:
            yield 4, f"the code names {wanted}"
            break
        if pattern.strong and fnmatchcase(name, wanted):
            yield 2, f"the code names {wanted}"
            break
    text = load.situation.module.text
    keys = sorted(
        {key for found in report.globals for place in found.where for key in _KEY.findall(place)}
    )
    asked = [key for key in keys if f'"{key}"' in text or f"'{key}'" in text]
    if asked:
        yield 1, f"the code asks for {', '.join(asked[:3])}"
    classes = sorted({need.name.qualname for need in report.safe_globals})
    named = [one for one in classes if re.search(rf"\b{re.escape(one)}\b", text)]
    if named:
        yield 1, f"the code names {', '.join(named[:3])}"
