"""Rule and Context: what a rule is, and what it may ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from torchload_lint.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.checkpoint.torch_versions import Target
    from torchload_lint.config import Config
    from torchload_lint.diagnostic import Fix, Span
    from torchload_lint.fixes.repair import Repair
    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.module import Module
    from torchload_lint.source.project import ProjectIndex
    from torchload_lint.source.recorded import RecordedLoad
    from torchload_lint.source.values import PathPattern

Veto = Callable[["Situation", "Repair", "Context"], str]
"""A load, the fix that is meant for it, the context → why not; "" where nothing is against it."""

DOCS = "https://torchload-lint.readthedocs.io/rules/"


class Checkpoints(Protocol):
    """The checkpoint files within reach, and their reports. The workspace looks at the disk; a
    test has a dictionary.
    """

    def matching(self, pattern: PathPattern, near: str) -> Sequence[str]:
        """The files that a pattern names, as paths from the project's root, sorted; ``near`` is
        the source file that names them.
        """

    def keeps(self, pattern: PathPattern, near: str) -> bool:
        """Whether the folder that an exact path names holds other checkpoints, so that its own
        should be there too. A bare name names no folder, and is taken to be kept.
        """

    def any(self) -> bool:
        """Whether there is any checkpoint within reach, or any configured."""

    def inspect(
        self, path: str, lookup: Callable[[GlobalName], ClassFacts | None]
    ) -> CheckpointReport:
        """The report for one of those files."""


class Context(NamedTuple):
    """Everything outside the file that a rule may look at."""

    config: Config
    target: Target
    """The oldest torch that the code must run on, and the rest of the program's surroundings."""
    project: ProjectIndex
    checkpoints: Checkpoints
    recorded: tuple[RecordedLoad, ...] = ()
    """What recorded runs have seen of the project's loads."""
    infers: bool = False
    """Whether needs are inferred from the saving side where no file is there. Only unsafe fixes
    rest on that, and it costs most of the time that a run takes."""
    veto: Veto | None = None
    """Asked before a fix is offered: why it must not be applied, or "" (with ``--verify``)."""


class Rule(NamedTuple):
    """One rule: its names, its page, and the function that finds it.

    ``check_load`` is asked once for each load of a file; ``check_module`` once for the file, with
    the situations of all its loads. A rule with neither is reported by the workspace (a file that
    cannot be read).
    """

    code: str
    name: str
    severity: Severity
    doc: str
    """The page: the docstring of the rule's module."""
    check_load: Callable[[Situation, Context], Iterator[Diagnostic]] | None = None
    check_module: Callable[[Module, Sequence[Situation], Context], Iterator[Diagnostic]] | None = (
        None
    )

    @property
    def summary(self) -> str:
        """The first line of the page."""
        return self.doc.strip().partition("\n")[0].rstrip(".")

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"{DOCS}{self.name}/"


def finding(
    rule: Rule,
    span: Span,
    message: str,
    *,
    severity: Severity | None = None,
    fix: Fix | None = None,
    situation: Situation | None = None,
    notes: Sequence[str] = (),
) -> Diagnostic:
    """A diagnostic of ``rule``; checkpoints and globals are taken from the situation."""
    return Diagnostic(
        code=rule.code,
        name=rule.name,
        message=message,
        severity=severity or rule.severity,
        span=span,
        fix=fix,
        checkpoints=situation.checkpoints if situation else (),
        safe_globals=tuple(str(need.name) for need in situation.needs) if situation else (),
        notes=tuple(notes),
    )
