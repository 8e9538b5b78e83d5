"""Add entries for unknown loads to the configuration, and keep everything that is there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from torchload_lint.config import SECTION, ConfigError, parse_toml
from torchload_lint.configuration_files import load_config
from torchload_lint.regular_files import refuse_leading_out
from torchload_lint.workspace.on_disk.writing import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from torchload_lint.workspace.survey import SurveyedLoad

MAX_CANDIDATES = 4


def add_loads(
    loads: Iterable[SurveyedLoad], paired: Mapping[str, Sequence[str]] | None = None
) -> Iterator[tuple[Path, int]]:
    """Write an entry for each unknown load into its project's configuration file; with the files
    of ``paired`` (by site), where these are given, and for the loads there alone.

    Yields each file and how many entries it got. An entry that is there is never touched. Raises
    ConfigError where a file cannot be written, or would not be read back.
    """
    by_file: dict[Path, dict[str, SurveyedLoad]] = {}
    for load in loads:
        file = load.project.config.file or load.project.config.root / "torchload-lint.toml"
        known = {entry.site for entry in load.project.config.loads}
        if not load.is_known and load.site not in known and (not paired or load.site in paired):
            by_file.setdefault(file, {}).setdefault(load.site, load)
    for file, entries in by_file.items():
        with_ends = file.read_bytes().decode("utf-8") if file.exists() else ""
        end = "\r\n" if "\r\n" in with_ends else "\n"
        old = with_ends.replace("\r\n", "\n")
        paths = {
            site: list((paired or {}).get(site, _candidates(entries[site]))) for site in entries
        }
        _write(file, with_ends, _with_loads(old, file, entries, paths).replace("\n", end))
        yield file, len(entries)


def _with_loads(
    old: str,
    file: Path,
    entries: Mapping[str, SurveyedLoad],
    paths: Mapping[str, list[str]],
) -> str:
    """The configuration with entries for loads, in whichever way its table of loads is written.

    Raises ConfigError where none of the ways leaves the file valid and everything in it as it was.
    """
    holder = ("tool", SECTION) if file.name == "pyproject.toml" else ()
    section = ".".join((*holder, "loads"))
    tables = {site: {"checkpoints": paths[site]} for site in entries}
    wanted = _parsed(old, file)
    _loads_in(wanted, holder).update(tables)
    tries = (
        with_entries(
            old, section, [_entry(site, load, tables[site]) for site, load in entries.items()]
        ),
        _in_inline_table(old, [_inline(*item) for item in tables.items()]),
        _as_tables(old, section, tables),
    )
    for text in tries:
        if _means(text, wanted):
            return text
    raise ConfigError(
        f"{file}: cannot add to `loads` as it is written there (an inline table?); write it as the "
        f"table [{section}]"
    )


def _means(text: str, wanted: dict[str, Any]) -> bool:
    try:
        return parse_toml(text) == wanted
    except ValueError:
        return False


def _parsed(text: str, file: Path) -> dict[str, Any]:
    try:
        return parse_toml(text)
    except ValueError as error:
        raise ConfigError(f"{file}: is not valid TOML: {error}") from error


def _loads_in(document: dict[str, Any], holder: tuple[str, ...]) -> dict[str, Any]:
    for key in holder:
        document = document.setdefault(key, {})
    loads = document.setdefault("loads", {})
    return loads if isinstance(loads, dict) else {}


def _in_inline_table(text: str, entries: list[str]) -> str:
    """With entries put into ``loads = { ... }``, wherever in the file that is written."""
    found = re.search(r"""(?<![\w"'-])(?:loads|"loads")\s*=\s*(\{)""", text)
    if found is None:
        return text
    start = found.start(1)
    for end in (match.end() for match in re.finditer(r"\}", text[start:])):
        inside = text[start + 1 : start + end - 1].strip()
        try:
            parse_toml(f"x = {text[start : start + end]}")
        except ValueError:
            continue  # the brace belongs to an entry, or to a text
        items = ", ".join([*([inside] if inside else []), *entries])
        return f"{text[:start]}{{ {items} }}{text[start + end :]}"
    return text


def _as_tables(text: str, section: str, tables: Mapping[str, dict[str, list[str]]]) -> str:
    """With a table of its own for each entry, where the others have one as well."""
    added = "".join(
        f"\n[{section}.{json.dumps(site)}]\ncheckpoints = {json.dumps(table['checkpoints'])}\n"
        for site, table in tables.items()
    )
    return text.rstrip("\n") + "\n" + added


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


def _entry(site: str, load: SurveyedLoad, table: dict[str, list[str]]) -> str:
    place = f"{load.situation.module.path}:{load.situation.load.span.start.row}"
    comment = f"  # {place}" if place.isprintable() else ""
    return f"{_inline(site, table)}{comment}"


def _inline(site: str, table: dict[str, list[str]]) -> str:
    return f"{json.dumps(site)} = {{ checkpoints = {json.dumps(table['checkpoints'])} }}"


def _candidates(load: SurveyedLoad) -> list[str]:
    patterns = load.situation.resolution.patterns[:MAX_CANDIDATES]
    return [pattern.text for pattern in patterns if pattern.strong]


def _write(file: Path, old: str, new: str) -> None:
    """Write the file as a whole; put the old text back where the new one is not understood."""
    try:
        refuse_leading_out(file)
        write_atomically(file, new.encode())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror or error}") from error
    try:
        load_config(file)
    except ConfigError:
        write_atomically(file, old.encode())
        raise
