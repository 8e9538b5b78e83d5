"""Notes: findings that change nothing by themselves, and who wants to read them.

A report that says much of code that works is turned off as a whole. So notes are counted, and
shown to those who ask.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.late_patterns import late_pattern
from torchload_lint.rules.files import unused_suppression
from torchload_lint.rules.loads import indirect_unsafe_loader
from torchload_lint.rules.selection import named_codes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchload_lint.config import Config
    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.base import Rule

_TEST_FILE = late_pattern(r"(?:^|/)(?:tests/.*|conftest)\.py$")
_MAYBE_TEST_FILE = late_pattern(r"(?:^|/)(?:testing/.*|test/.*|test_[^/]*|[^/]*_test)\.py$")
_HOLDS_TESTS = late_pattern(
    r"^\s*(?:(?:async\s+)?def test_|(?:import|from)\s+(?:pytest|unittest)\b)", re.MULTILINE
)
IN_A_TEST = "a note, since this is a test: most load what they have saved themselves"


_ALWAYS = frozenset({unused_suppression.RULE.code, indirect_unsafe_loader.RULE.code})
"""What was written for this tool, and loads that are unsafe, if by a library's doing."""


class WantedNotes:
    """Whose notes are reported: those of a severity that is asked for, and of rules that are
    selected by their own code or name.
    """

    def __init__(self, config: Config, rules: Sequence[Rule]) -> None:
        """``rules``: all that there are."""
        self.by_default = not config.min_severity and config.error_on != Severity.INFO.value
        self._least = config.min_severity or config.error_on
        self._named = named_codes((*config.select, *config.extend_select), rules)

    def wants(self, one: Diagnostic) -> bool:
        """Whether a finding is to be reported."""
        if self.by_default:
            always = one.code in _ALWAYS and IN_A_TEST not in one.notes
            return one.severity is not Severity.INFO or one.code in self._named or always
        return one.severity.reaches(self._least)

    def leaves_out(self, one: Diagnostic) -> bool:
        """Whether it is more than a note, and not reported all the same."""
        return one.severity is not Severity.INFO and not self.wants(one)


def not_told(found: Iterable[Diagnostic], told: Sequence[Diagnostic], asked: WantedNotes) -> int:
    """How many notes are left out of which the reader might want to know."""
    if not asked.by_default:
        return 0
    spans = {one.span for one in told}
    return sum(one.span not in spans for one in found if not asked.wants(one))


def milder_in_tests(one: Diagnostic, path: str, text: str) -> Diagnostic:
    """The finding as a note where the file is one of tests."""
    if one.severity is Severity.INFO or not is_test_file(path, text):
        return one
    return one._replace(severity=Severity.INFO, notes=(IN_A_TEST, *one.notes))


def is_test_file(path: str, text: str) -> bool:
    """Whether a file holds tests, by its place, or by its name and what stands in it."""
    if _TEST_FILE.search(path):
        return True
    return bool(_MAYBE_TEST_FILE.search(path) and _HOLDS_TESTS.search(text))
