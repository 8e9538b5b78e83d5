"""The commands that a project installs, and the files that they start: ``console_scripts`` of
``setup.py`` and ``setup.cfg``, ``[project.scripts]`` of ``pyproject.toml``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torchload_lint.source.project.index import ProjectIndex

_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_SECTION = late_pattern(
    r"^\[(?:project|tool\.poetry)\.scripts\][^\n]*\n(.*?)(?=^\[|\Z)"
    r"|console_scripts[\"']?\s*[=:]\s*(.*?)(?=\]|^\[|^[\w-]+\s*=|\Z)",
    re.MULTILINE | re.DOTALL,
)
_SCRIPT = late_pattern(
    r"^[\s\"'\[]*([A-Za-z][\w.-]*)[\"']?\s*=\s*[\"']?([\w.]+)\s*:\s*[\w.]+", re.MULTILINE
)


def console_scripts(project: ProjectIndex) -> Mapping[str, str]:
    """The name of each command, and the module that it starts."""
    return project.remember("console scripts", lambda: dict(_declared(project)))


def commands_of(project: ProjectIndex, module: str) -> list[str]:
    """The commands that start a module."""
    return [name for name, started in console_scripts(project).items() if started == module]


def _declared(project: ProjectIndex) -> Iterator[tuple[str, str]]:
    for path in _FILES:
        text = (project.files.text(path) if project.files.exists(path) else None) or ""
        for section in _SECTION.finditer(text):
            listed = (section[1] or section[2] or "").replace(",", "\n")
            yield from ((match[1], match[2]) for match in _SCRIPT.finditer(listed))
