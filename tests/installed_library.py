"""A library that is installed into a project's environment, for tests."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def install(
    project: Path,
    files: Mapping[str, str],
    name: str = "fakelib",
    version: str = "1.2.3",
    needs: tuple[str, ...] = (),
) -> Path:
    """Write a distribution into ``.venv`` of a project; the folder of packages."""
    environment = project / ".venv"
    packages = environment / "lib" / "python3.11" / "site-packages"
    folder = packages / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text("home = /usr/bin\n")
    for path, text in files.items():
        (packages / path).parent.mkdir(parents=True, exist_ok=True)
        (packages / path).write_text(dedent(text))
    (folder / "RECORD").write_text("".join(f"{path},sha256=x,1\n" for path in files))
    required = "".join(f"Requires-Dist: {one}\n" for one in needs)
    (folder / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n{required}\nA text.\n")
    return packages
