"""The baseline of a project and a run: which findings are known, which new, which no more."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from torchload_lint.escaping import printable
from torchload_lint.plurals import number_of
from torchload_lint.workspace.adoption.baseline import Baseline, NamesBeside, refuse_outside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from torchload_lint.diagnostic import Diagnostic, FileResult
    from torchload_lint.workspace.adoption.baseline import Judges
    from torchload_lint.workspace.projects import Projects

_CHANGE_NO_FINDING = frozenset({"baseline", "error_on", "output_format", "unsafe_fixes"})
"""The settings that a command line may give without asking for fewer findings, or others."""


class KnownFindings:
    """The findings that the baseline at a path names."""

    def __init__(self, path: Path, projects: Projects, within: Path | None = None) -> None:
        """``within``: the folder that the file may not lead out of, if there is one. Raises
        ConfigError where it does, cannot be read or is no baseline.
        """
        if within is not None:
            refuse_outside(path, within)
        self.path = path
        self._root = projects.config_of(path.absolute().parent).root
        self._name_of = NamesBeside.of(path, projects)
        self._projects = projects
        self._asks_for_all = projects.settings.overrides.keys() <= _CHANGE_NO_FINDING
        self._baseline = Baseline.read(path)

    def new(self, results: Iterable[FileResult]) -> tuple[FileResult, ...]:
        """The results without what is known."""
        left = self._baseline.new(results, self._name_of)
        return tuple(result for result in left if result.diagnostics or result.fixed)

    def tells_new(self) -> Callable[[FileResult], tuple[Diagnostic, ...]]:
        """What gives those findings of one file that are not known, the same objects; another
        process can be given it.
        """
        return partial(_new_in, self._baseline, self._name_of)

    def split(self, results: Sequence[FileResult]) -> tuple[tuple[FileResult, ...], int]:
        """The results without what is known, and how many findings are."""
        new = self.new(results)
        return new, _count(results) - _count(new)

    def updated(self, results: Sequence[FileResult], files: Iterable[Path]) -> tuple[Baseline, str]:
        """The baseline after a run over files, and what has changed in it, as a sentence. What is
        known of files and rules that the run did not judge stays.
        """
        judges = self._judges(files, results)
        updated = self._baseline.updated(results, judges, self._name_of)
        before, now = Counter(self._baseline.known), Counter(updated.known)
        unjudged = sum(count for key, count in before.items() if not judges(*key[:2]))
        changes = f"{(now - before).total()} new, {(before - now).total()} gone"
        changes += f", {unjudged} not looked at" if unjudged else ""
        updated = updated.described(results, self._name_of)
        return updated, f"{number_of(now.total(), 'known finding')} now ({changes})."

    def remarks(
        self,
        found: Sequence[FileResult],
        files: Iterable[Path],
        *,
        written: bool,
        fixes: bool = False,
    ) -> Iterator[str]:
        """What a reader of a report has to know. ``found``: everything that a run over ``files``
        found; ``written``: whether files were fixed; ``fixes``: whether fixes were applied, to
        files or to what is shown.
        """
        _, known = self.split(found)
        name = printable(os.path.relpath(self.path))
        if known:
            them = "it" if known == 1 else "them"
            which = f"{number_of(known, 'known finding')} not shown"
            which += f", nor fixed (--no-baseline fixes {them}, too)" if fixes else ""
            yield f"{which}: {name} names {them}"
        elif any(one.diagnostics for one in found) and not os.path.lexists(self.path):
            yield f"no baseline is at {name}: --update-baseline writes it"
        if not self._asks_for_all:
            return
        judges = self._judges(files, found)
        gone = self._baseline.gone(map(_before_fixes, found), judges, self._name_of)
        if gone:
            are, them = ("is", "it") if gone == 1 else ("are", "them")
            some = f"{number_of(gone, 'finding')} that {are} no more"
            yield f"{name} names {some}: --update-baseline takes {them} out"
        left = self._baseline.gone(map(_with_untold, found), judges, self._name_of)
        if written and left > gone:
            changed, them = left - gone, "it" if left - gone == 1 else "them"
            some = f"{number_of(changed, 'finding')} of {name} in lines that are changed now"
            yield f"{some}: --update-baseline takes {them} out"

    def _judges(self, paths: Iterable[Path], found: Iterable[FileResult]) -> Judges:
        """What a run judged: files that it could read, by the rules that are on for them; and
        files that are not there any more.
        """
        known = {name for name, _, _ in self._baseline.known}
        lost = {name for name in known if not os.path.lexists(self._root / name)}
        failed = {self._name_of(one.path) for one in found if _is_unread(one)}
        files = {self._name_of(file): file for file in paths} if known else {}
        projects = self._projects
        for_another_torch = "target_torch" in projects.settings.overrides

        def judges(name: str, code: str) -> bool:
            if name in lost:
                return True
            if for_another_torch or name in failed or name not in files:
                return False
            return code in projects.project_of(files[name]).enabled

        return judges


def _new_in(baseline: Baseline, name_of: NamesBeside, result: FileResult) -> tuple[Diagnostic, ...]:
    return baseline.new([result], name_of)[0].diagnostics


def _is_unread(result: FileResult) -> bool:
    """Whether a file could not be read or parsed, so that no other rule was asked."""
    from torchload_lint.rules.files import unparsable_source, unreadable_source  # noqa: PLC0415

    unread = unparsable_source.RULE.code, unreadable_source.RULE.code
    return any(one.code in unread for one in result.diagnostics)


def _with_untold(result: FileResult) -> FileResult:
    return result._replace(diagnostics=(*result.diagnostics, *result.untold))


def _before_fixes(result: FileResult) -> FileResult:
    """All that was in a file when the run began."""
    if not result.original:
        return _with_untold(result)
    return result._replace(diagnostics=result.originally, text=result.original)


def _count(results: Iterable[FileResult]) -> int:
    return sum(len(one.diagnostics) for one in results)
