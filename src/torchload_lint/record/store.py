"""``.torchload-lint/loads.json``: readable, sorted, made to be committed."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchload_lint.config import ConfigError
from torchload_lint.regular_files import read_regular_text
from torchload_lint.source.recorded import RecordedLoad

if TYPE_CHECKING:
    from collections.abc import Iterable

STORE = Path(".torchload-lint") / "loads.json"
VERSION = 1
_ENDING = ".tmp"
_OLD = 60 * 60
"""Seconds after which nobody writes a temporary file any more; to write one takes less than one."""


def read_store(root: Path) -> tuple[RecordedLoad, ...]:
    """What earlier runs have recorded; nothing where there is no file.

    Raises ConfigError where the file cannot be read or is something else.
    """
    path = root / STORE
    try:
        text = read_regular_text(path)
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})"
        ) from error
    import json  # noqa: PLC0415 - most projects have no recording

    try:
        return _entries(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not a recording: {error}") from error


def merge(old: Iterable[RecordedLoad], new: Iterable[RecordedLoad]) -> tuple[RecordedLoad, ...]:
    """Both, sorted; what was seen again, on whichever rows, replaces what was known of it."""
    new = tuple(new)
    again = {_identity(one) for one in new}
    kept = [one for one in old if _identity(one) not in again]
    known = {(_identity(one), one.row): one for one in (*kept, *new)}
    return tuple(sorted(known.values()))


def write_store(root: Path, loads: Iterable[RecordedLoad]) -> Path:
    """Write the file, and give its path. Raises OSError, also where a link would be followed."""
    path = root / STORE
    if path.parent.is_symlink():
        raise OSError(
            errno.ELOOP, "it is a link, and nothing is written through one", str(path.parent)
        )
    path.parent.mkdir(exist_ok=True)
    write_loads(path, loads)
    return path


def write_loads(path: Path, loads: Iterable[RecordedLoad]) -> None:
    """Write what was seen into a file, as a whole; a link there is replaced. Raises OSError."""
    import json  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    text = json.dumps({"version": VERSION, "loads": [one._asdict() for one in loads]}, indent=1)
    _remove_leftovers(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_ENDING)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _remove_leftovers(path: Path) -> None:
    """Take away what runs that were killed while they wrote this file have left beside it."""
    import time  # noqa: PLC0415 - only where something is written

    for one in path.parent.glob(f".{path.name}.*{_ENDING}"):
        with suppress(OSError):
            if one.lstat().st_mtime < time.time() - _OLD:
                one.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _identity(one: RecordedLoad) -> tuple[str, str, str]:
    return one.file, one.function, one.checkpoint


def _entries(data: Any) -> tuple[RecordedLoad, ...]:  # noqa: ANN401 - whatever the file holds
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise ValueError(f'no "version": {VERSION}')
    if not isinstance(data.get("loads"), list):
        raise ValueError('"loads" is missing, or no list')
    return tuple(_entry(number, item) for number, item in enumerate(data["loads"], start=1))


def _entry(number: int, item: Any) -> RecordedLoad:  # noqa: ANN401
    """Raises ValueError where a field is missing, or not what it has to be."""
    if not isinstance(item, dict) or not isinstance(item.get("safe_globals", []), list):
        raise ValueError(f"load {number}: no object with a list of safe_globals")
    given = {name: value for name, value in item.items() if name in RecordedLoad._fields}
    given["safe_globals"] = tuple(map(str, given.get("safe_globals", ())))
    for name in RecordedLoad._fields:
        wanted = {"row": int, "safe_globals": tuple}.get(name, str)
        is_wanted = name in given or name not in RecordedLoad._field_defaults
        if is_wanted and not isinstance(given.get(name), wanted):
            raise ValueError(f"load {number}: {name!r} is missing, or no {_KINDS[wanted]}")
    return RecordedLoad(**given)


_KINDS: dict[type, str] = {int: "number", str: "text", tuple: "list"}
