"""The folders that a project's own packaging files name as those its packages lie in."""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING, Any

from torchload_lint.config import parse_toml
from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.project.files import ProjectFiles

_IN_SETUP_PY = late_pattern(
    r"""package_dir\s*=\s*(?:\{|dict\()\s*["']["']\s*:\s*["']([^"']+)["']"""
    r"""|find_(?:namespace_)?packages\(\s*(?:where\s*=\s*)?["']([^"']+)["']"""
)
_IN_SETUP_CFG = late_pattern(r"(?m)^package_dir\s*=\s*\n?\s*=\s*(\S+)|^where\s*=\s*(\S+)")


def declared_roots(files: ProjectFiles) -> tuple[str, ...]:
    """Folders from the project's root, with ``/``; the root itself is left out."""
    given = (*_in_pyproject(files), *_in_setup_files(files))
    roots = (normpath(root.replace("\\", "/")).strip("/") for root in given)
    return tuple(
        dict.fromkeys(root for root in roots if root not in {"", "."} and ".." not in root)
    )


def _in_setup_files(files: ProjectFiles) -> Iterator[str]:
    for name, pattern in (("setup.cfg", _IN_SETUP_CFG), ("setup.py", _IN_SETUP_PY)):
        text = (files.text(name) if files.exists(name) else None) or ""
        for match in pattern.finditer(text):
            yield match[1] or match[2]


def _in_pyproject(files: ProjectFiles) -> Iterator[str]:
    text = (files.text("pyproject.toml") if files.exists("pyproject.toml") else None) or ""
    try:
        tool = parse_toml(text).get("tool", {})
    except ValueError:  # whoever builds the project is told of it
        return
    setuptools, poetry = _table(tool, "setuptools"), _table(tool, "poetry")
    wheel = _table(tool, "hatch", "build", "targets", "wheel")
    yield from _texts([_table(setuptools, "package-dir").get("")])
    yield from _texts(_table(setuptools, "packages", "find").get("where"))
    yield from _texts([_table(one).get("from") for one in _list(poetry.get("packages"))])
    yield from (one.rpartition("/")[0] for one in _texts(wheel.get("packages")))
    yield from _texts([_table(tool, "pdm", "build").get("package-dir")])


def _table(value: Any, *keys: str) -> dict[str, Any]:  # noqa: ANN401 - whatever TOML holds
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> Iterator[str]:
    yield from (one for one in _list(value) if isinstance(one, str))
