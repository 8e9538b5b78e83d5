"""What became of which file in a run of many migrations, as JSON."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from torchload_lint.migrate.files.output import may_be_file, written_as_whole
from torchload_lint.migrate.results import MigrationError
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_VERSION = 1
"""Of the form of a manifest."""
_LARGEST_MANIFEST = 2**26


class ManifestRow(NamedTuple):
    """One migration that was done."""

    source: Path
    target: Path
    backup: Path | None
    summary: dict[str, object]


def write(path: Path, rows: Sequence[ManifestRow]) -> None:
    """Write the rows, with the digests of the files.

    Raises OSError, and MigrationError where it would take the place of one of these files.
    """
    files = []
    for row in rows:
        refuse_checkpoint(path, (row.source, row.target, row.backup))
        digests = {"sha256": _digest(row.backup or row.source), "out_sha256": _digest(row.target)}
        backup = str(row.backup) if row.backup else None
        files.append({**row.summary, **digests, "backup": backup})
    text = json.dumps({"version": _VERSION, "files": files}, indent=1) + "\n"
    with written_as_whole(path.resolve(), len(text), replaces=True) as temporary:
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(0o644)


def refuse_checkpoint(path: Path, files: Sequence[Path | None]) -> None:
    """Raises MigrationError where a manifest would take the place of one of these files."""
    if any(_is_one(path, other) for other in files):
        raise MigrationError(f"{path} is a checkpoint, and the manifest is not written there")


def may_be_manifest(path: Path) -> bool:
    """Whether a manifest may have this name unasked: nothing is there, or an older manifest."""
    if not may_be_file(path) or not path.exists():
        return may_be_file(path)
    try:
        with open_regular(path) as file:
            known = json.loads(file.read(_LARGEST_MANIFEST))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(known, dict) and known.get("version") == _VERSION and "files" in known


def _is_one(path: Path, other: Path | None) -> bool:
    """Also where a disk takes ``A.pt.bak`` for ``a.pt.bak``."""
    if other is None:
        return False
    with suppress(OSError):  # one of them is not there
        return path.samefile(other)
    return path.resolve() == other.resolve()


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
