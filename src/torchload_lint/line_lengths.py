"""How long the rows of a project may be, as what formats or checks it is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from torchload_lint.config import parse_toml
from torchload_lint.late_patterns import late_pattern
from torchload_lint.regular_files import read_regular_text

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TypeGuard

_RUFF = (".ruff.toml", "ruff.toml")
_FLAKE8 = (".flake8", "setup.cfg", "tox.ini")
_SAID = late_pattern(
    r"^\[(?:flake8|pycodestyle)\][^\[]*?^max[-_]line[-_]length\s*=\s*(\d+)", re.MULTILINE
)
_LEAST, _MOST = 40, 320
"""What is not in between is no wish for rows of that length (ruff has 320 as its most)."""


def stated_line_length(root: Path) -> int | None:
    """The least that the settings of ruff and of black in a folder say, else what flake8's do; None
    where none does. Where both stand, black formats, and ruff may allow more.
    """
    project = _toml(root / "pyproject.toml").get("tool")
    tools: dict[str, Any] = project if isinstance(project, dict) else {}
    ruff = [*(_toml(root / name).get("line-length") for name in _RUFF), _key(tools.get("ruff"))]
    both = (next(filter(_is_length, ruff), None), _key(tools.get("black")))
    formatted = [*filter(_is_length, both)]
    if formatted:
        return min(formatted)
    checked = (_SAID.search(_text(root / name)) for name in _FLAKE8)
    return next((int(one[1]) for one in checked if one and _is_length(int(one[1]))), None)


def _is_length(value: object) -> TypeGuard[int]:
    return type(value) is int and _LEAST <= value <= _MOST


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
