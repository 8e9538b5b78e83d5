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
_NAMED = late_pattern(rf"""\bname["']?\s*:\s*["']?{VARIABLE}["']?\s*(?:[,}}\#].*)?$""", re.VERBOSE)
"""``- name: VARIABLE`` of Kubernetes, Compose and their like; the value stands behind it."""
_VALUE = late_pattern(r"""(?:^|[{,\s])["']?value["']?\s*:\s*["']?(?P<value>\w*)""")
_COMMENT = late_pattern(r"^\s*(?:#|;|//)")


def is_settings_file(name: str) -> bool:
    """Whether a file of this name (without its folder) may set environment variables."""
    return NAMES.fullmatch(name) is not None


def switches(text: str) -> Iterator[tuple[Span, str]]:
    """Each place that sets the variable to a true value, and that value."""
    from torchload_lint.diagnostic import Span  # noqa: PLC0415 - most files set nothing

    lines = list(rows(text)) if VARIABLE in text else []
    for row, line in enumerate(lines, start=1):
        if VARIABLE not in line or _COMMENT.match(line):
            continue
        if named := _NAMED.search(line):
            value = _value_beside(line[named.start() :], lines[row : row + 1])
            if value.lower() in TRUE_VALUES:
                yield Span.of(row, named.start() + 1, row, len(line) + 1), value
        for match in _SETTING.finditer(line):
            value = match["value"]
            if value.lower() in TRUE_VALUES:
                yield Span.of(row, match.start() + 1, row, match.end() + 1), value


def _value_beside(line: str, after: list[str]) -> str:
    """The value of a variable that is named in an item of a list, on its line or on the next."""
    found = next(filter(None, map(_VALUE.search, (line, *after))), None)
    return found["value"] if found else ""
