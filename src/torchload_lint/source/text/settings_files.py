"""TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD in what is not Python: Dockerfiles, shell, YAML, INI, .env."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.text.text import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import Span

VARIABLE = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
TRUE_VALUES = frozenset({"1", "y", "yes", "true"})
"""What torch takes for set (torch 2.13 ``serialization.py``; from 2.13 on in any case)."""

NAMES = late_pattern(
    r"(?:.*\.)?Dockerfile(?:\..*)?|.*\.(?:sh|bash|zsh|dockerfile|ya?ml|env|ini|cfg|toml|mk|service|ps1|bat|cmd"
    r"|slurm|sbatch|pbs|lsf|job)"
    r"|\.env(?:\..*)?|Makefile|Containerfile|tox\.ini|justfile|launch\.json|devcontainer\.json",
    re.IGNORECASE,
)
"""File names in which environment variables are set."""

_SETTING = late_pattern(
    rf"""(?<![\w$\{{]){VARIABLE}["']?   # not a use, $VARIABLE
        (?:\s*[=:]\s*|\s+)              # VARIABLE=1, VARIABLE: 1, ENV VARIABLE 1
        ["']?(?P<value>\w*)""",
    re.VERBOSE,
)
_COMMENT = late_pattern(r"^\s*(?:#|;|//)")


def is_settings_file(name: str) -> bool:
    """Whether a file of this name (without its folder) may set environment variables."""
    return NAMES.fullmatch(name) is not None


def switches(text: str) -> Iterator[tuple[Span, str]]:
    """Each place that sets the variable to a true value, and that value."""
    from torchload_lint.diagnostic import Span  # noqa: PLC0415 - most files set nothing

    for row, line in enumerate(rows(text), start=1):
        if VARIABLE not in line or _COMMENT.match(line):
            continue
        for match in _SETTING.finditer(line):
            value = match["value"]
            if value.lower() in TRUE_VALUES:
                yield Span.of(row, match.start() + 1, row, match.end() + 1), value
