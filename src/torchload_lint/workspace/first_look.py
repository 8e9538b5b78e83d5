"""The cheap question about one file, whether there is anything in it to check."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.loaders.prefilter import (
    imports_loading_package,
    may_hold_load,
    may_hold_load_in_cells,
    may_name_checkpoint,
)
from torchload_lint.source.text.embedded_python import may_embed_load
from torchload_lint.source.text.settings_files import VARIABLE, is_settings_file
from torchload_lint.workspace.on_disk.discover import SUFFIXES
from torchload_lint.workspace.on_disk.document import UnreadableError, read_bytes, why_no_source

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Diagnostic, FileResult
    from torchload_lint.workspace.projects import Project, Projects

NOTEBOOK = ".ipynb"
MOST_OF_FIRST_LINE = 256
"""Bytes in which the first line of a script names what runs it."""
LOOKED_AT_FOR_NULS = 8192


class Look(NamedTuple):
    """What a first look at a file found."""

    verdict: FileResult | bool
    """Whether it may hold a load; a result where that is all there is to report."""
    source: bytes | None = None
    """Its bytes, where it is Python, a notebook, or a script with Python in it."""


NOTHING = Look(verdict=False)


def first_look(path: str, projects: Projects) -> Look:
    """Read a file, and find out whether it has to be parsed. Raises ConfigError."""
    project = projects.project_of(path)
    try:
        data = read_bytes(path)
    except UnreadableError as error:
        return Look(unreadable_result(path, str(error), project))
    return look_at(data, path, project)


def look_at(data: bytes, path: str, project: Project) -> Look:
    """The same for bytes as if they lay at ``path``."""
    if is_of_another_language(path, data):
        if may_embed_load(data):
            return Look(verdict=True, source=data)
        return _at_settings(path, data, project) if VARIABLE.encode() in data else NOTHING
    if path.endswith(NOTEBOOK):
        return Look(may_hold_load_in_cells(data), data)
    if data.find(b"\0", 0, LOOKED_AT_FOR_NULS) >= 0:
        return Look(unreadable_result(path, why_no_source(data), project))
    return Look(may_hold_load(data) or may_enter_package(data, project), data)


def is_of_another_language(path: str, data: bytes) -> bool:
    """Whether a file is no Python itself and may hold some: by its name, or, where it has no
    ending, by what its first line says to be run by.
    """
    name = os.path.basename(path)
    if path.endswith(SUFFIXES) or "." in name or not data.startswith(b"#!"):
        return not path.endswith(SUFFIXES) and is_settings_file(name)
    first = data[:MOST_OF_FIRST_LINE].partition(b"\n")[0]
    return b"python" not in first and b"pypy" not in first


def may_enter_package(data: bytes, project: Project) -> bool:
    """Whether a file may load by an installed package that no table knows."""
    environment = project.environment
    if not environment.has_packages():
        return False
    return may_name_checkpoint(data) or imports_loading_package(data, environment)


def _at_settings(path: str, data: bytes, project: Project) -> Look:
    """The findings in a Dockerfile, shell script or the like."""
    from torchload_lint.diagnostic import FileResult  # noqa: PLC0415 - not without a finding

    text = data.decode("utf-8", "replace")
    found = switches_in(text, path, project)
    return Look(FileResult(Path(path), tuple(found), text)) if found else NOTHING


def switches_in(text: str, path: str, project: Project) -> list[Diagnostic]:
    """The findings about environment variables in what is not Python."""
    from torchload_lint.rules.surroundings.forced_unsafe_load import in_settings  # noqa: PLC0415

    name = project.name_of(path)
    found = [one for one in in_settings(text) if one.code in project.enabled]
    return [one for one in found if not project.is_ignored(one, name)]


def unreadable_result(path: str, reason: str, project: Project) -> FileResult:
    """The result for a file that cannot be read."""
    from torchload_lint.diagnostic import Diagnostic, FileResult, Span  # noqa: PLC0415
    from torchload_lint.rules.files.unreadable_source import RULE  # noqa: PLC0415

    span = Span.of(1, 1, 1, 1)
    found = Diagnostic(RULE.code, RULE.name, f"cannot be read: {reason}", RULE.severity, span)
    name = project.name_of(path)
    silent = RULE.code not in project.enabled or project.is_ignored(found, name)
    return FileResult(Path(path), () if silent else (found,))
