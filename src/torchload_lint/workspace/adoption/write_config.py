"""Add entries for unknown loads to the configuration, and keep everything that is there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from torchload_lint.config import ConfigError, load_config
from torchload_lint.workspace.on_disk.document import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from torchload_lint.workspace.survey import SurveyedLoad

MAX_CANDIDATES = 4


def add_loads(loads: Iterable[SurveyedLoad]) -> Iterator[tuple[Path, int]]:
    """Write an entry for each unknown load into its project's configuration file.

    Yields each file and how many entries it got. An entry that is there is never touched. Raises
    ConfigError where a file cannot be written, or would not be read back.
    """
    by_file: dict[Path, dict[str, SurveyedLoad]] = {}
    for load in loads:
        file = load.project.config.file or load.project.config.root / "torchload-lint.toml"
        known = {entry.site for entry in load.project.config.loads}
        if not load.is_known and load.site not in known:
            by_file.setdefault(file, {}).setdefault(load.site, load)
    for file, entries in by_file.items():
        old = file.read_text(encoding="utf-8") if file.exists() else ""
        section = "tool.torchload-lint.loads" if file.name == "pyproject.toml" else "loads"
        _write(file, old, with_entries(old, section, [_entry(*item) for item in entries.items()]))
        yield file, len(entries)


def with_entries(text: str, section: str, entries: list[str]) -> str:
    """The TOML text with lines added to one of its tables, which is made where it is not there."""
    header = re.search(rf"^\[{re.escape(section)}\][^\n]*\n?", text, re.MULTILINE)
    added = "".join(f"{entry}\n" for entry in entries)
    if header is None:
        before = text.rstrip("\n") + "\n\n" if text else ""
        return f"{before}[{section}]\n{added}"
    start = header.end()
    following = re.search(r"^\[", text[start:], re.MULTILINE)
    end = start + following.start() if following else len(text)
    body = text[start:end]
    kept = body.rstrip("\n")
    space = body[len(kept) :] if following else "\n"
    return f"{text[:start]}{kept}{chr(10) if kept else ''}{added}{space[1:]}{text[end:]}"


def _entry(site: str, load: SurveyedLoad) -> str:
    patterns = load.situation.resolution.patterns[:MAX_CANDIDATES]
    candidates = [pattern.text for pattern in patterns if pattern.strong]
    comment = f"{load.situation.module.path}:{load.situation.load.span.start.row}"
    return f"{json.dumps(site)} = {{ checkpoints = {json.dumps(candidates)} }}  # {comment}"


def _write(file: Path, old: str, new: str) -> None:
    """Write the file as a whole; put the old text back where the new one is not understood."""
    try:
        file.touch()
        write_atomically(file, new.encode())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror or error}") from error
    try:
        load_config(file)
    except ConfigError:
        write_atomically(file, old.encode())
        raise
