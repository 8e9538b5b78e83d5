"""What a rule is, and how it says what it has found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Diagnostic, Severity
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torchload_lint.diagnostic import Fix, Span
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Need, Situation
    from torchload_lint.source.facts.module import Module

DOCS = "https://torchload-lint.readthedocs.io/rules/"


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
    needs_checkpoints: bool = False
    """Whether it is about what checkpoints hold: it has nothing to say of a file by itself."""
    security_severity: str = ""
    """For a rule about running a file's code (CWE-502), a score like CVSS's. GitHub calls 7.0 to
    8.9 high, and makes a rule with a score a security alert; a load that only fails is not one."""
    precision: str = "very-high"
    """How often a finding is right: SARIF's ``very-high``, ``high``, ``medium`` or ``low``."""
    opt_in: bool = False
    """Whether it is only on where it is selected by name, code or ``ALL``."""
    note_only_alone: bool = False
    """Whether its informational findings are left out on a load of which another rule reports."""
    note_in_tests: bool = False
    """Whether it is a note in tests, which mostly load what they have saved themselves."""
    about_call: bool = False
    """Whether it gives way, at one load, to a rule about what comes of it."""
    about_outcome: bool = False
    """Whether it is about what comes of a load, and says what the call adds to that: it stands for
    the rules about the call, which say nothing beside it."""

    @property
    def summary(self) -> str:
        """The first line of the page."""
        return self.doc.strip().partition("\n")[0].rstrip(".")

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"{DOCS}{self.name}/"


def _ground(need: Need) -> str:
    verb = "may be allowed" if need.judgement.allowed else "is not allowed by itself"
    return f"`{need.name}` {verb}: {need.judgement.trust.value}, {need.judgement.reason}"


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
        grounds=tuple(map(_ground, situation.needs)) if situation else (),
        notes=tuple(notes),
    )
