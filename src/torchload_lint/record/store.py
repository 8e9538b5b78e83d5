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
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
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
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _identity(one: RecordedLoad) -> tuple[str, str, str]:
    return one.file, one.function, one.checkpoint


def _entries(data: dict[str, Any]) -> tuple[RecordedLoad, ...]:
    if data.get("version") != VERSION:
        raise ValueError(f'no "version": {VERSION}')
    return tuple(map(_entry, data["loads"]))


def _entry(item: dict[str, Any]) -> RecordedLoad:
    given = {name: value for name, value in item.items() if name in RecordedLoad._fields}
    given["safe_globals"] = tuple(map(str, given.get("safe_globals", ())))
    return RecordedLoad(**given)
