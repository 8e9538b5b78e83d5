"""How long the rows of a project may be, as what formats or checks it is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from torchload_lint.config import parse_toml
from torchload_lint.late_patterns import late_pattern
from torchload_lint.regular_files import read_regular_text

if TYPE_CHECKING:
    from pathlib import Path

_RUFF = (".ruff.toml", "ruff.toml")
_FLAKE8 = (".flake8", "setup.cfg", "tox.ini")
_SAID = late_pattern(
    r"^\[(?:flake8|pycodestyle)\][^\[]*?^max[-_]line[-_]length\s*=\s*(\d+)", re.MULTILINE
)
_LEAST, _MOST = 40, 320
"""What is not in between is no wish for rows of that length (ruff has 320 as its most)."""


def stated_line_length(root: Path) -> int | None:
    """What ruff's settings in a folder say, else black's, else flake8's; None where none does."""
    project = _toml(root / "pyproject.toml").get("tool")
    tools: dict[str, Any] = project if isinstance(project, dict) else {}
    said = [_toml(root / name).get("line-length") for name in _RUFF]
    said += [_key(tools.get(name)) for name in ("ruff", "black")]
    for name in _FLAKE8:
        found = _SAID.search(_text(root / name))
        said.append(int(found[1]) if found else None)
    return next((one for one in said if type(one) is int and _LEAST <= one <= _MOST), None)


def _key(table: object) -> object:
    return table.get("line-length") if isinstance(table, dict) else None


def _toml(path: Path) -> dict[str, Any]:
    text = _text(path)
    if "line-length" not in text:  # parsing takes ten times as long as reading
        return {}
    try:
        return parse_toml(text)
    except ValueError:
        return {}


def _text(path: Path) -> str:
    try:
        return read_regular_text(path)
    except (OSError, ValueError):
        return ""
