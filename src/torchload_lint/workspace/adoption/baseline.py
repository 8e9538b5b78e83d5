"""A baseline: the findings that a code base starts with, so that only new ones are reported.

The file says, for each path and rule, which lines had findings: a hash of the line's text, with
spaces at its ends left out, and how often. So findings stay known when their lines move, and a
line that is rewritten is looked at again. Row numbers are not kept, and merging two branches'
baselines is merging sorted JSON. The hash decides; the rule's name, the function and the line stand
beside it for people (``entry_words.py``), and version 1 of the file had none of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint.config import ConfigError
from torchload_lint.regular_files import read_regular_text, refuse_leading_out
from torchload_lint.source.text.notebooks.notebook import rows_of
from torchload_lint.workspace.adoption.entry_words import EntryWords, functions_of
from torchload_lint.workspace.on_disk.writing import write_atomically

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from torchload_lint.config import Settings
    from torchload_lint.diagnostic import Diagnostic, FileResult
    from torchload_lint.workspace.projects import Projects

VERSION = 2
_READ = (1, VERSION)
_HASH_LENGTH = 16

_Key = tuple[str, str, str]
"""Path, code, hash of the line."""
Judges = Callable[[str, str], bool]
"""Whether a run has looked at a file (by its name in the baseline) with a rule (by its code)."""


class NamesBeside:
    """What files are called in a baseline: their paths from the root of the project that it lies
    in. A part with a ``setup.py`` of its own is no other place: two of them may have files of one
    name. A file elsewhere is called by its own project.
    """

    def __init__(self, root: Path, projects: Projects) -> None:
        self._root = os.path.join(os.path.abspath(root), "")
        self._projects = projects

    @classmethod
    def of(cls, baseline: Path, projects: Projects) -> NamesBeside:
        """For the baseline at a path. Raises ConfigError."""
        return cls(projects.config_of(baseline.absolute().parent).root, projects)

    def __call__(self, file: Path) -> str:
        """The name of one file."""
        absolute = os.path.abspath(file)
        if absolute.startswith(self._root):
            return absolute[len(self._root) :].replace(os.sep, "/")
        return self._projects.project_of(file).name_of(file)

    def __reduce__(self) -> tuple[object, ...]:
        """Another process that is given the names makes its own projects."""
        return _names_elsewhere, (self._root, self._projects.settings)


def _names_elsewhere(root: str, settings: Settings) -> NamesBeside:
    from torchload_lint.workspace.projects import Projects  # noqa: PLC0415 - there alone

    return NamesBeside(Path(root), Projects(settings))


def refuse_outside(baseline: Path, root: Path) -> None:
    """Raises ConfigError for a baseline that leads out of its project (``../x``, a link): the
    configuration of a pull request writes nowhere else.
    """
    if not os.path.realpath(baseline).startswith(os.path.join(os.path.realpath(root), "")):
        raise ConfigError(
            f"baseline: {baseline} leads out of the project; --baseline names a file anywhere"
        )


@dataclass(frozen=True, slots=True)
class Baseline:
    """Known findings, counted."""

    known: Mapping[_Key, int]
    words: Mapping[_Key, EntryWords] = field(default_factory=dict, compare=False)
    """What is said of them, where something is."""

    @classmethod
    def of(cls, results: Iterable[FileResult], name_of: Callable[[Path], str]) -> Baseline:
        """All findings of a run. ``name_of`` gives a file's path from the project's root."""
        keys = (
            _key(name_of(result.path), found, rows)
            for result in results
            for found, rows in _with_rows(result)
        )
        return cls(Counter(keys))

    def described(self, results: Iterable[FileResult], name_of: Callable[[Path], str]) -> Baseline:
        """The same, with words of the run for each entry that it has found."""
        words: dict[_Key, EntryWords] = {}
        for result in results:
            function_of = functions_of(result) if result.diagnostics else None
            for found, rows in _with_rows(result):
                key = _key(name_of(result.path), found, rows)
                function = function_of(found) if function_of else ""
                before = words.get(key, EntryWords.of(found.name, "", _line(found, rows)))
                words[key] = before.and_in((function,) if function else ())
        return Baseline(self.known, {**self.words, **words})

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read a baseline file; a file that is not there yet is an empty one.

        Raises ConfigError where it cannot be read or is not a baseline.
        """
        try:
            return cls(*_known(json.loads(read_regular_text(path))))
        except FileNotFoundError:
            return cls({})
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from error
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{path}: is not a baseline: {error}") from error

    def write(self, path: Path) -> None:
        """Write the baseline as a whole. Raises OSError."""
        refuse_leading_out(path)
        write_atomically(path, self.as_json().encode())

    def as_json(self) -> str:
        """Sorted, one entry a line."""
        files: dict[str, dict[str, dict[str, str]]] = {}
        for key, count in sorted(self.known.items()):
            name, code, line = key
            entry = self.words[key].beside(count) if key in self.words else str(count)
            files.setdefault(name, {}).setdefault(code, {})[line] = entry
        findings = {
            name: _written({code: _written(lines, 4) for code, lines in codes.items()}, 3)
            for name, codes in files.items()
        }
        return _written({"version": str(VERSION), "findings": _written(findings, 2)}, 1) + "\n"

    def new(
        self, results: Iterable[FileResult], name_of: Callable[[Path], str]
    ) -> tuple[FileResult, ...]:
        """The results without the findings that are known. Of several equal lines, the first
        ones are taken for the known ones.
        """
        left = Counter(self.known)
        new = []
        for result in results:
            kept = []
            for found, rows in _with_rows(result):
                key = _key(name_of(result.path), found, rows)
                if left[key] > 0:
                    left[key] -= 1
                else:
                    kept.append(found)
            new.append(result._replace(diagnostics=tuple(kept)))
        return tuple(new)

    def updated(
        self, results: Collection[FileResult], judges: Judges, name_of: Callable[[Path], str]
    ) -> Baseline:
        """The baseline after a run: what it found, and of what was known before, what it did not
        judge, or found again and did not tell.
        """
        found = Counter(Baseline.of(results, name_of).known)
        untold = (one._replace(diagnostics=one.untold) for one in results)
        met = Counter(Baseline.of(untold, name_of).known)
        kept = {
            key: min(count, met[key]) if judges(*key[:2]) else count
            for key, count in self.known.items()
        }
        return Baseline(found | Counter(kept), self.words)

    def gone(
        self, results: Iterable[FileResult], judges: Judges, name_of: Callable[[Path], str]
    ) -> int:
        """How many known findings a run did not meet again, of those that it judged."""
        met = Counter(Baseline.of(results, name_of).known)
        known = {key: count for key, count in self.known.items() if judges(*key[:2])}
        return (Counter(known) - met).total()


def _with_rows(result: FileResult) -> list[tuple[Diagnostic, list[str]]]:
    """The findings in order of place, each with the lines that its rows count in."""
    ordered = sorted(result.diagnostics, key=lambda found: (found.cell or 0, found.span))
    rows = {cell: rows_of(result.text, cell) for cell in {found.cell for found in ordered}}
    return [(found, rows[found.cell]) for found in ordered]


def _line(found: Diagnostic, rows: list[str]) -> str:
    row = found.span.start.row
    return rows[row - 1].strip() if 1 <= row <= len(rows) else ""


def _key(name: str, found: Diagnostic, rows: list[str]) -> _Key:
    text = _line(found, rows)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return name, found.code, digest[:_HASH_LENGTH]


def _written(table: Mapping[str, str], depth: int) -> str:
    """A JSON object, a key a row; its values are JSON already."""
    rows = [f"{' ' * depth}{json.dumps(key)}: {value}" for key, value in table.items()]
    return "{\n" + ",\n".join(rows) + "\n" + " " * (depth - 1) + "}" if rows else "{}"


def _known(value: object) -> tuple[dict[_Key, int], dict[_Key, EntryWords]]:
    """The entries of a baseline's JSON, and what is said of them. Raises ValueError where it has
    another shape.
    """
    if not isinstance(value, dict) or value.get("version") not in _READ:
        raise ValueError(f'no "version": {VERSION}')
    known, words = {}, {}
    for name, codes in _table(value.get("findings")):
        for code, lines in _table(codes):
            for line, entry in _table(lines):
                key = name, code, line
                if isinstance(entry, dict):
                    words[key] = EntryWords.read(entry)
                known[key] = _count(entry, f"{name}: {code}")
    return known, words


def _count(entry: object, place: str) -> int:
    """How often a line has the finding: a number, or the one that stands beside the words."""
    count = entry.get("count") if isinstance(entry, dict) else entry
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"{place}: {count!r:.40} is not a count")
    return count


def _table(value: object) -> Iterable[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r:.40} is not an object")
    return value.items()
