"""Programs, projects and checkpoints as dictionaries, for the rules to look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from project_files import project
from torchload_lint.checkpoint.known.torch_range import TorchRange
from torchload_lint.checkpoint.known.torch_versions import Target, TorchVersion
from torchload_lint.checkpoint.report import (
    CheckpointReport,
    FoundGlobal,
    NeededGlobal,
    Problem,
    Verdict,
)
from torchload_lint.config import Config
from torchload_lint.names import GlobalName, Spelling
from torchload_lint.rules.assessing import assess
from torchload_lint.rules.context import Context
from torchload_lint.source.facts.module import Module
from torchload_lint.source.loaders.collect import every_load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.names import ClassFacts
    from torchload_lint.rules.base import Rule
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.domain.patterns import PathPattern

PROGRAM = "program.py"
DEFAULTS = Config()


@dataclass(frozen=True)
class MemoryCheckpoints:
    """Path → report."""

    reports: Mapping[str, CheckpointReport] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    """Files that any path means where the program runs in another folder."""

    def any(self) -> bool:
        return bool(self.reports)

    def matching(self, pattern: PathPattern, near: str) -> Sequence[str]:
        del near
        return sorted(path for path in self.reports if fnmatchcase(path, pattern.text))

    def others(self, pattern: PathPattern, near: str) -> Sequence[str]:
        del pattern, near
        return self.elsewhere

    def keeps(self, pattern: PathPattern, near: str) -> bool:
        del near
        folder = pattern.text.rpartition("/")[0]
        return not folder or any(path.startswith(f"{folder}/") for path in self.reports)

    def inspect(
        self, path: str, lookup: Callable[[GlobalName], ClassFacts | None], torch: TorchVersion
    ) -> CheckpointReport:
        del lookup, torch
        return self.reports[path]._replace(path=path)


def plain() -> CheckpointReport:
    """A file of tensors."""
    return CheckpointReport("", "zip", Verdict.LOADS)


def needing(*names: str) -> CheckpointReport:
    """A file that loads once these globals are allowed."""
    needed = tuple(_needed(name) for name in names)
    return CheckpointReport("", "zip", Verdict.NEEDS_SAFE_GLOBALS, safe_globals=needed)


def moved(name: str, module: str, qualname: str) -> CheckpointReport:
    """A file that names an object otherwise than the object does itself, so that a pair is due."""
    needed = NeededGlobal(GlobalName.parse(name), Spelling(module, qualname), pair=True)
    return CheckpointReport("", "zip", Verdict.NEEDS_SAFE_GLOBALS, safe_globals=(needed,))


def dangerous(call: str) -> CheckpointReport:
    """A file that would run ``call``."""
    found = FoundGlobal(GlobalName("os", "system"), status="dangerous", calls=call)
    return CheckpointReport("", "zip", Verdict.DANGEROUS, globals=(found,))


def failing(verdict: Verdict, code: str, message: str, advice: str = "") -> CheckpointReport:
    """A file that cannot be loaded, or not even be read."""
    return CheckpointReport("", "zip", verdict, problems=(Problem(code, message, advice),))


def _needed(name: str) -> NeededGlobal:
    parsed = GlobalName.parse(name)
    return NeededGlobal(parsed, Spelling(parsed.module, parsed.qualname), pair=False)


@dataclass(frozen=True)
class World:
    """What a rule may ask besides the program itself."""

    files: Mapping[str, str] = field(default_factory=dict)
    checkpoints: Mapping[str, CheckpointReport] = field(default_factory=dict)
    torch: str = "2.6"
    """The oldest release line that the program may run on."""
    config: Config = DEFAULTS
    infers: bool = False
    elsewhere: tuple[str, ...] = ()
    """Files that its paths mean where it runs in another folder."""
    recorded: tuple[Any, ...] = ()

    def read(self, code: str) -> tuple[Module, list[Situation], Context]:
        """A program of this world, its loads, and the context of its rules."""
        index = project({**self.files, PROGRAM: code})
        torch = TorchRange.since(TorchVersion.parse(self.torch))
        context = Context(
            self.config,
            torch,
            Target(torch.oldest),
            index,
            MemoryCheckpoints(self.checkpoints, self.elsewhere),
            self.recorded,
            infers=self.infers,
        )
        module = index.read(dedent(code), PROGRAM)
        assert isinstance(module, Module)
        situations = [assess(load, module, context) for load in every_load(module, index)]
        return module, situations, context

    def situation(self, code: str) -> Situation:
        """The only load of a program."""
        _, situations, _ = self.read(code)
        (situation,) = situations
        return situation

    def findings(self, rule: Rule, code: str) -> list[Diagnostic]:
        """What one rule says of a program."""
        module, situations, context = self.read(code)
        found: list[Diagnostic] = []
        if rule.check_load:
            found += [one for each in situations for one in rule.check_load(each, context)]
        if rule.check_module:
            found += rule.check_module(module, situations, context)
        return found
