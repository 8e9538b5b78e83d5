"""Requirements in TOML: pyproject.toml (PEP 621, groups, poetry, pdm, uv, flit, pixi), Pipfile."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from torchload_lint.config import parse_toml
from torchload_lint.late_patterns import late_pattern
from torchload_lint.requirements.statement import (
    Statement,
    alternatives,
    conda_specifiers,
    exact_or_pip,
    from_requirement,
    poetry_specifiers,
    version_in_address,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Specifiers = Callable[[str], str | None]

_SCRIPT = late_pattern(r"(?m)^# /// script\r?\n((?:^#(?: .*)?\r?\n)+?)^# ///\s*$")
_NAMES = ("torch", "pytorch", "pytorch-cpu", "pytorch-gpu")


class TomlFile:
    """A document, and the row in which one of its values is written."""

    def __init__(self, text: str) -> None:
        self.lines = text.splitlines()
        self.content: dict[str, Any] = _parsed(text)

    def at(self, *keys: str) -> Any:  # noqa: ANN401 - whatever the document holds
        """The value under keys; an empty table where there is none."""
        found: Any = self.content
        for key in keys:
            found = found.get(key, {}) if isinstance(found, dict) else {}
        return found

    def row_of(self, *words: str) -> int:
        """The first row that holds all the words; 0 if none does."""
        rows = enumerate(self.lines, 1)
        return next((row for row, line in rows if all(word in line for word in words)), 0)


@lru_cache(maxsize=4)
def _parsed(text: str) -> dict[str, Any]:
    """A document, which several questions are asked of one after another; empty for none."""
    try:
        return parse_toml(text) if text else {}
    except ValueError:
        return {}


def read_pyproject(text: str) -> list[Statement]:
    """Everything in pyproject.toml that says which torch is wanted."""
    document = TomlFile(text)
    found = [*_listed(document, document.at("project", "dependencies"), optional=False)]
    for table in (
        document.at("project", "optional-dependencies"),
        document.at("dependency-groups"),
        document.at("tool", "pdm", "dev-dependencies"),
    ):
        for requirements in _values(table):
            found += _listed(document, requirements, optional=True)
    found += _listed(document, document.at("tool", "uv", "dev-dependencies"), optional=True)
    flit = ("tool", "flit", "metadata")
    found += _listed(document, document.at(*flit, "requires"), optional=False)
    for requirements in _values(document.at(*flit, "requires-extra")):
        found += _listed(document, requirements, optional=True)
    for key in ("constraint-dependencies", "override-dependencies"):
        found += _listed(document, document.at("tool", "uv", key), optional=False)
    found += _poetry(document)
    found += _pixi(document, document.at("tool", "pixi"))
    found += _hatch(document)
    return found


def read_script(text: str) -> list[Statement]:
    """The dependencies that a script states in its own comments (``# /// script``)."""
    block = _SCRIPT.search(text)
    if block is None:
        return []
    lines = ["", *(line[2:] for line in block[1].splitlines())]
    above = text.count("\n", 0, block.start())
    document = TomlFile("\n".join(lines))
    found = _listed(document, document.at("dependencies"), optional=False)
    return [one._replace(row=one.row + above) for one in found]


def python_of(text: str) -> str:
    """The Pythons that pyproject.toml admits, as specifiers; empty where it says nothing."""
    document = TomlFile(text)
    for value, read in (
        (document.at("project", "requires-python"), exact_or_pip),
        (document.at("tool", "poetry", "dependencies", "python"), poetry_specifiers),
    ):
        if isinstance(value, str) and "|" not in value:
            return read(value) or ""
    return ""


def is_built(text: str) -> bool:
    """Whether pyproject.toml makes a package (an application is run where its files lie)."""
    document = TomlFile(text)
    virtual = (("uv", "package"), ("poetry", "package-mode"), ("pdm", "distribution"))
    if any(document.at("tool", *keys) is False for keys in virtual):
        return False
    return bool(document.at("build-system"))


def requirement_files_of(text: str) -> list[str]:
    """The requirements files that setuptools or a plugin of hatch reads the dependencies from."""
    document = TomlFile(text)
    dynamic = ("tool", "setuptools", "dynamic")
    extras = document.at(*dynamic, "optional-dependencies")
    hatch = ("tool", "hatch", "metadata", "hooks", "requirements_txt")
    named = [
        document.at(*dynamic, "dependencies", "file"),
        *(extra.get("file") for extra in _values(extras) if isinstance(extra, dict)),
        document.at(*hatch, "files"),
        *_values(document.at(*hatch, "optional-dependencies")),
    ]
    files = [one for each in named for one in (each if isinstance(each, list) else [each])]
    return [name for name in files if isinstance(name, str)]


def read_pipfile(text: str) -> list[Statement]:
    """Pipfile: the tables ``packages`` and ``dev-packages``."""
    document = TomlFile(text)
    found = list(_table(document, document.at("packages"), exact_or_pip, optional=False))
    return [*found, *_table(document, document.at("dev-packages"), exact_or_pip, optional=True)]


def read_pixi(text: str) -> list[Statement]:
    """pixi.toml: conda's and PyPI's dependencies, also those of features."""
    document = TomlFile(text)
    return list(_pixi(document, document.content))


def _poetry(document: TomlFile) -> Iterator[Statement]:
    poetry = document.at("tool", "poetry")
    if not isinstance(poetry, dict):
        return
    main = poetry.get("dependencies", {})
    yield from _table(document, main, poetry_specifiers, optional=False)
    groups = [poetry.get("dev-dependencies", {})]
    groups += [
        group.get("dependencies", {})
        for group in _values(poetry.get("group", {}))
        if isinstance(group, dict)
    ]
    for group in groups:
        yield from _table(document, group, poetry_specifiers, optional=True)


def _pixi(document: TomlFile, pixi: object) -> Iterator[Statement]:
    if not isinstance(pixi, dict):
        return
    parts = [(pixi, False)]
    for key in ("feature", "target"):
        parts += [(part, True) for part in _values(pixi.get(key, {})) if isinstance(part, dict)]
    for part, optional in parts:
        conda = part.get("dependencies", {})
        yield from _table(document, conda, conda_specifiers, optional=optional)
        pypi = part.get("pypi-dependencies", {})
        yield from _table(document, pypi, exact_or_pip, optional=optional)


def _hatch(document: TomlFile) -> Iterator[Statement]:
    for environment in _values(document.at("tool", "hatch", "envs")):
        if isinstance(environment, dict):
            for key in ("dependencies", "extra-dependencies"):
                yield from _listed(document, environment.get(key), optional=True)


def _values(table: object) -> list[Any]:
    return list(table.values()) if isinstance(table, dict) else []


def _listed(document: TomlFile, requirements: object, *, optional: bool) -> Iterator[Statement]:
    """A list of PEP 508 requirements."""
    for one in requirements if isinstance(requirements, list) else ():
        if isinstance(one, str):
            found = from_requirement(one, optional=optional)
            if found is not None:
                yield found._replace(row=document.row_of(one.strip()[:60]))


def _table(
    document: TomlFile, table: object, read: Specifiers, *, optional: bool
) -> Iterator[Statement]:
    """A table from names to versions."""
    for name in _NAMES:
        value = table.get(name) if isinstance(table, dict) else None
        if value is None:
            continue
        for one in value if isinstance(value, list) else [value]:
            yield from _entry(document, name, one, read, optional=optional)


def _entry(
    document: TomlFile, name: str, value: object, read: Specifiers, *, optional: bool
) -> Iterator[Statement]:
    """``torch = "^2.1"``, or a table with its version, address, markers."""
    details: dict[str, Any] = value if isinstance(value, dict) else {"version": value}
    optional = optional or details.get("optional") is True
    address = details.get("url") or details.get("path")
    written = details.get("version", "")
    if isinstance(address, str):
        found = version_in_address(address)
        written = found or ""
        specs: list[str | None] = [written]
    else:
        written = str(written)
        specs = [read(one) for one in alternatives(written)]
    row = document.row_of(name, written) or document.row_of(written)
    gap = " " if written[:1].isdigit() else ""
    for spec in specs:
        text = f"{name}{gap}{written}"
        yield Statement(text, spec, row, _marker(details), optional or len(specs) > 1)


def _marker(details: dict[str, Any]) -> str:
    """The conditions of an entry, as a PEP 508 marker."""
    parts = [details["markers"]] if isinstance(details.get("markers"), str) else []
    python = details.get("python")
    if isinstance(python, str) and "|" not in python:
        spec = poetry_specifiers(python) or ""
        for part in filter(None, spec.split(",")):
            operator = part.rstrip("0123456789.*")
            parts.append(f'python_version {operator} "{part[len(operator) :]}"')
    if isinstance(details.get("platform"), str):
        parts.append(f'sys_platform == "{details["platform"]}"')
    return " and ".join(f"({part})" if " or " in part else part for part in parts)
