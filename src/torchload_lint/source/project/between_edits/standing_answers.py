"""Answers about several files that stand while none of those changes that they rest on.

An editor asks again after every key that is pressed. What was read to find an answer is noted, so
that one about files which are as they were is not looked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torchload_lint.source.project.files import ProjectFiles

T = TypeVar("T")

_CHANGES_UNASKED = 8
"""An answer that nobody has asked for during so many changes is given up."""


class Rests:
    """What an answer rests on, as far as it is noted."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        """The files whose text was looked at."""
        self.words: set[str] = set()
        """The words by which files were searched for."""
        self.is_whole = True
        """Whether that is all: not where another answer was used of which nothing is noted."""

    def add(self, other: Rests) -> None:
        """Rest on what a part of the answer rests on, too."""
        self.paths |= other.paths
        self.words |= other.words
        self.is_whole &= other.is_whole


class _Answer(NamedTuple):
    value: object
    rests: Rests


class StandingAnswers:
    """What is remembered between two changes, and what is noted while it is found."""

    def __init__(self, files: ProjectFiles) -> None:
        self._files = files
        self._answers: dict[object, _Answer] = {}
        self._asked: dict[object, int] = {}
        """By answer, after which change somebody asked for it last."""
        self._changes = 0
        self._found: dict[str, Sequence[str]] = {}
        """By word, the files that hold it."""
        self._open: list[Rests] = []

    def remember(self, key: object, find: Callable[[], T]) -> T:
        """What ``find`` answers, found once; whatever it reads must be read through ``files`` or
        noted.
        """
        self._asked[key] = self._changes
        known = self._answers.get(key)
        if known is None:
            known = self._answers[key] = self._noted(find)
        if self._open:
            self._open[-1].add(known.rests)
        return cast("T", known.value)

    def _noted(self, find: Callable[[], object]) -> _Answer:
        rests = Rests()
        self._open.append(rests)
        try:
            return _Answer(find(), rests)
        finally:
            self._open.pop()
            if self._open:
                self._open[-1].add(rests)

    def note(self, path: str) -> None:
        """The text of a file is looked at."""
        if self._open:
            self._open[-1].paths.add(path)

    def note_unknown(self) -> None:
        """Something is used of which nobody knows what it rests on."""
        if self._open:
            self._open[-1].is_whole = False

    def holding(self, word: str) -> Sequence[str]:
        """The files that hold a word."""
        if word not in self._found:
            self._found[word] = tuple(self._files.holding(word))
        if self._open:
            self._open[-1].words.add(word)
        return self._found[word]

    def forget(self) -> None:
        """Let every answer be found anew."""
        self._answers.clear()

    def after(self, changed: Mapping[str, object]) -> StandingAnswers:
        """Those that stand after some files have changed."""
        new = StandingAnswers(self._files)
        new._changes = self._changes + 1
        moved = {
            word for word, found in self._found.items() if tuple(self._files.holding(word)) != found
        }
        for key, answer in self._answers.items():
            rests, asked = answer.rests, self._asked[key]
            if (
                rests.is_whole
                and rests.paths.isdisjoint(changed)
                and rests.words.isdisjoint(moved)
                and new._changes - asked <= _CHANGES_UNASKED
            ):
                new._answers[key] = answer
                new._asked[key] = asked
        words = {word for answer in new._answers.values() for word in answer.rests.words}
        new._found = {word: self._found[word] for word in words - moved}
        return new


class NotedFiles:
    """The files of a project, where it is noted what an answer has read of them.

    Nothing is noted of files besides Python's: where one of those changes, no answer stands.
    """

    def __init__(self, files: ProjectFiles, notes: StandingAnswers) -> None:
        self._notes = notes
        self.python_files = files.python_files
        self.left_out = files.left_out
        self.exists = files.exists
        self.configs_holding = files.configs_holding
        self.commands_holding = files.commands_holding
        self.settings_holding = files.settings_holding
        self._text = files.text

    def holding(self, word: str) -> Sequence[str]:
        """The Python files whose bytes hold ``word``."""
        return self._notes.holding(word)

    def text(self, path: str) -> str | None:
        """The text of a file."""
        self._notes.note(path)
        return self._text(path)
