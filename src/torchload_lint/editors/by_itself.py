"""Linting one file by itself: no other file, no checkpoint, nothing on the disk is looked at."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.torch_versions import Target
from torchload_lint.config import Config, ConfigError
from torchload_lint.configuration_files import config_for
from torchload_lint.linter import lint
from torchload_lint.notes import WantedNotes
from torchload_lint.requirements.releases import Requirements, range_of
from torchload_lint.rules import RULES
from torchload_lint.rules.context import Context
from torchload_lint.rules.selection import default_codes
from torchload_lint.source.facts.module import read
from torchload_lint.source.project.files import NoFiles
from torchload_lint.source.project.index import ProjectIndex
from torchload_lint.source.text.parse import SyntaxProblem
from torchload_lint.suppressing import unsuppressed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from torchload_lint.checkpoint.known.torch_range import TorchRange
    from torchload_lint.checkpoint.known.torch_versions import TorchVersion
    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.source.paths import PathPattern
    from torchload_lint.workspace import Projects


LEFT_TO_FLAKE8 = ("select", "ignore", "extend_ignore", "per_file_ignores")
"""Settings of this tool for which flake8 has its own. ``extend-select`` is not among them: it turns
on rules that are off unless they are asked for, which flake8 cannot ask for."""


class NoCheckpoints:
    """No checkpoint is within reach."""

    def any(self) -> bool:
        """None."""
        return False

    def matching(self, pattern: PathPattern, near: str) -> Sequence[str]:
        """None."""
        del pattern, near
        return ()

    def others(self, pattern: PathPattern, near: str) -> Sequence[str]:
        """None."""
        del pattern, near
        return ()

    def keeps(self, pattern: PathPattern, near: str) -> bool:
        """None."""
        del pattern, near
        return False

    def inspect(
        self, path: str, lookup: Callable[[GlobalName], ClassFacts | None], torch: TorchVersion
    ) -> CheckpointReport:
        """Never asked, since nothing matches."""
        del lookup, torch
        raise LookupError(path)


class FileLinter:
    """A linter for files by themselves. Settings are those of the closest configuration file."""

    def __init__(self, target: str = "") -> None:
        """``target``: the oldest torch, where it is given."""
        self._given = target

    def lint(self, text: str, path: Path, *, noqa: bool = True) -> list[Diagnostic]:
        """The findings of one file; none where it cannot be parsed (flake8 says so itself).

        ``noqa``: whether comments may suppress them.
        """
        module = read(text, path.as_posix(), path.stem)
        if isinstance(module, SyntaxProblem):
            return []
        config = _config(path.parent)
        project = ProjectIndex(NoFiles(), config.src)
        torch = self._torch(config, path)
        context = Context(config, torch, Target(torch.oldest), project, NoCheckpoints())
        on = default_codes(RULES)
        enabled = {one.code for one in RULES if one.code in on and not one.needs_checkpoints}
        asked = WantedNotes(config, RULES)
        found = lint(module, context, enabled)
        told = unsuppressed(found, text, enabled)[0] if noqa else found
        return list(filter(asked.wants, told))

    def _torch(self, config: Config, path: Path) -> TorchRange:
        given = self._given or config.target_torch
        if given:
            return range_of(given)
        name = os.path.relpath(path, config.root).replace(os.sep, "/")
        return _requirements(config.root).range_of(name)


@lru_cache(maxsize=16)
def _requirements(root: Path) -> Requirements:
    return Requirements(root)


@lru_cache(maxsize=1024)
def _config(folder: Path) -> Config:
    """The configuration for a folder; the defaults where it is wrong (the command says what is)."""
    try:
        return config_for(folder.resolve())
    except ConfigError:
        return Config(root=folder)


def check_in_project(
    text: str, path: Path, target: str, *, noqa: bool = True
) -> Sequence[Diagnostic]:
    """The findings of one file with the whole project and its checkpoints at hand.

    Raises ConfigError.
    """
    from torchload_lint.workspace.findings import findings_in  # noqa: PLC0415 - only if asked for

    project = _projects(target).project_of(path)
    return findings_in(text, path, project, infers=False, noqa=noqa).diagnostics


@lru_cache(maxsize=1)
def _projects(target: str) -> Projects:
    """Projects in which every rule is on that is not opted into: flake8 selects and ignores."""
    from torchload_lint.workspace import Projects, Settings  # noqa: PLC0415

    overrides: dict[str, object] = dict.fromkeys(LEFT_TO_FLAKE8, ())
    return Projects(
        Settings(overrides={**overrides, **({"target_torch": target} if target else {})})
    )
