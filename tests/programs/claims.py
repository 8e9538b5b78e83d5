"""What the tool says of a program, and what a safe fix makes of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from posixpath import dirname, normpath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from programs.world import FILES, PLAIN
from project_files import project
from torchload_lint.checkpoint import inspect_file
from torchload_lint.checkpoint.known.torch_range import TorchRange
from torchload_lint.checkpoint.known.torch_versions import NEWEST
from torchload_lint.config import Config
from torchload_lint.diagnostic import Applicability
from torchload_lint.fixes.apply import apply_edits
from torchload_lint.linter import lint
from torchload_lint.rules.context import Context
from torchload_lint.source.paths import resolve_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torchload_lint.checkpoint.known.torch_versions import TorchVersion
    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.source.paths import PathPattern


class Claim(NamedTuple):
    """What is said of one load."""

    exact: bool
    """Whether it is said to read these files and no others."""
    paths: frozenset[str]
    reasons: tuple[str, ...] = ()


class Checkpoints:
    """The files of ``world``, without a disk."""

    def matching(self, pattern: PathPattern, near: str) -> Sequence[str]:
        path = normpath(f"{dirname(near)}/{pattern.text}".lstrip("/"))
        return [path] if pattern.exact and path in FILES else []

    def others(self, pattern: PathPattern, near: str) -> Sequence[str]:
        del pattern, near
        return ()

    def keeps(self, pattern: PathPattern, near: str) -> bool:
        del pattern, near
        return True

    def any(self) -> bool:
        return True

    def inspect(
        self, path: str, lookup: Callable[[GlobalName], ClassFacts | None], torch: TorchVersion
    ) -> CheckpointReport:
        del lookup, torch
        return _report(plain=path in PLAIN)._replace(path=path)


@cache
def _report(*, plain: bool) -> CheckpointReport:
    """The report on a file that real torch wrote."""
    import argparse

    import torch

    held = torch.nn.Linear(1, 1).state_dict()
    with TemporaryDirectory() as folder:
        path = Path(folder, "file.pt")
        torch.save(held if plain else {"args": argparse.Namespace(x=1), **held}, path)
        return inspect_file(path, NEWEST, lambda _: None)


def claims(files: Mapping[str, str]) -> list[Claim]:
    """What is said of each load of a program."""
    index = project(files)
    found = []
    for path in sorted(files):
        module = index.module_at(path)
        for load in module.loads if module else ():
            resolution = resolve_path(load.file, module, index)
            paths = [normpath(pattern.text) for pattern in resolution.patterns]
            exact = resolution.complete and all(each.exact for each in resolution.patterns)
            found.append(Claim(exact, frozenset(paths), resolution.unknown))
    return found


def safely_fixed(files: Mapping[str, str]) -> dict[str, str]:
    """The program after ``--fix``."""
    index = project(files)
    context = Context(Config(), TorchRange(), NEWEST, index, Checkpoints())
    fixed = dict(files)
    for path, text in files.items():
        module = index.module_at(path)
        if module is None or "torch.load" not in text:
            continue
        found = [each.fix for each in lint(module, context) if each.fix is not None]
        safe = [each for each in found if each.applicability is Applicability.SAFE]
        fixed[path], _ = apply_edits(text, safe)
    return fixed
