"""In which environments a requirement's marker holds."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PYTHONS = tuple(f"3.{minor}" for minor in range(6, 16))
SYSTEMS = (
    ("linux", "Linux", "posix", "x86_64"),
    ("linux", "Linux", "posix", "aarch64"),
    ("darwin", "Darwin", "posix", "arm64"),
    ("darwin", "Darwin", "posix", "x86_64"),
    ("win32", "Windows", "nt", "AMD64"),
)


@lru_cache(maxsize=16)
def environments_of(python: str) -> Sequence[dict[str, str]]:
    """The variables of every environment that the project admits (``python``: specifiers)."""
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - takes time

    admitted = SpecifierSet(python)
    versions = [one for one in PYTHONS if admitted.contains(f"{one}.9")] or list(PYTHONS)
    return [
        {
            "python_version": version,
            "python_full_version": f"{version}.9",
            "implementation_version": f"{version}.9",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "sys_platform": system,
            "platform_system": name,
            "os_name": kind,
            "platform_machine": machine,
            "platform_release": "",
            "platform_version": "",
            "extra": "",
        }
        for version in versions
        for system, name, kind, machine in SYSTEMS
    ]


def holds(marker: str, environment: dict[str, str]) -> bool:
    """Whether a marker holds; one that cannot be understood is taken to hold."""
    if not marker:
        return True
    from packaging.markers import (  # noqa: PLC0415 - only for requirements with markers
        InvalidMarker,
        Marker,
        UndefinedComparison,
        UndefinedEnvironmentName,
    )

    try:
        return Marker(marker).evaluate(dict(environment))
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, ValueError):
        return True  # ValueError: a number that is too long for Python
