"""ANSI colours and links, or none, and how severe a finding is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.reports.run_report import rule_url

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.reports.run_report import ReportOptions


class Palette(NamedTuple):
    """Colours texts where ``enabled``, hands them back as they are elsewhere."""

    enabled: bool
    links: bool = False
    """Whether the terminal shows links (the escape sequence OSC 8)."""

    def bold(self, text: str) -> str:
        """Bold."""
        return self._paint(text, "1")

    def red(self, text: str, *, bold: bool = False) -> str:
        """What is wrong."""
        return self._paint(text, "1;31" if bold else "31")

    def blue(self, text: str) -> str:
        """Frame and line numbers."""
        return self._paint(text, "1;94")

    def cyan(self, text: str) -> str:
        """What can be done."""
        return self._paint(text, "36")

    def green(self, text: str) -> str:
        """All is well."""
        return self._paint(text, "32")

    def yellow(self, text: str) -> str:
        """A warning."""
        return self._paint(text, "1;33")

    def linked(self, text: str, url: str) -> str:
        """A text that leads to an address when it is clicked."""
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if self.links else text

    def _paint(self, text: str, codes: str) -> str:
        return f"\x1b[{codes}m{text}\x1b[0m" if self.enabled and text else text


def palette_of(options: ReportOptions) -> Palette:
    """The colours and links that a report may have."""
    return Palette(options.color, options.links)


def colored_code(found: Diagnostic, palette: Palette) -> str:
    """The code of a finding in the colour of its severity, which is named unless it is an error;
    where the terminal has links, it leads to the rule's page.

    Errors are the usual case, and ``path:row:col: CODE message`` is what editors parse.
    """
    code = palette.linked(found.code, rule_url(found.name))
    if found.severity is Severity.ERROR:
        return palette.red(code, bold=True)
    text = f"{code} [{found.severity.value}]"
    return palette.yellow(text) if found.severity is Severity.WARNING else palette.blue(text)
