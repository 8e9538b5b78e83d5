"""``safe_globals`` for a program that also runs on a torch which has none (before 2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.fixes.edits import Change, source_of
from torchload_lint.fixes.imports.imported import imported_names, top_level_imports
from torchload_lint.fixes.imports.naming import Unreachable
from torchload_lint.fixes.imports.scopes import is_visible, names_in_use
from torchload_lint.fixes.repair import Form
from torchload_lint.source.facts.shims import shim_of

if TYPE_CHECKING:
    from torchload_lint.fixes.imports.naming import Names
    from torchload_lint.fixes.repair import Repair

NAME = "safe_globals"
_ROWS = (
    "try:",
    "{unit}from torch.serialization import safe_globals",
    "except ImportError:  # torch < 2.5",
    "{unit}from contextlib import nullcontext as safe_globals",
)


def block_function(names: Names, repair: Repair) -> str:
    """What a block calls: ``safe_globals`` itself, the shim of this file, or the project's.

    Raises Unreachable.
    """
    if repair.form is not Form.WITH_SHIM:
        return names.safe_globals()
    known, last_row = shim_of(names.module)
    if known and is_visible(known, names.scopes) and (names.in_function or last_row < names.row):
        return known
    if repair.shim is not None:
        return names.reference(repair.shim)
    _refuse_clash(names)
    return NAME


def shim_changes(names: Names, repair: Repair, unit: str) -> list[Change]:
    """The rows that define it below the imports; none where there is such a name already."""
    wanted = repair.form is Form.WITH_SHIM and repair.shim is None
    if not wanted or shim_of(names.module)[0]:
        return []
    source = source_of(names.module.text)
    before = [one for one in top_level_imports(names.module) if one.lineno < names.import_limit]
    last = max(before, key=lambda one: one.end_lineno or 0)
    place = source.row_start((last.end_lineno or 0) + 1)
    rows = "".join(row.format(unit=unit) + source.newline for row in _ROWS)
    ends_row = source.text[:place].endswith(("\n", "\r"))
    blank_follows = not source.text[place:].split("\n", 1)[0].strip()
    below = "" if blank_follows else source.newline
    above = source.newline if ends_row else source.newline * 2
    return [Change(place, place, above + rows + below)]


def _refuse_clash(names: Names) -> None:
    if not any(found.loads.partition(".")[0] == "torch" for found in imported_names(names.module)):
        raise Unreachable("torch is not imported at the top of the file")
    holders = [one for one in top_level_imports(names.module) if one.lineno < names.import_limit]
    if not holders:
        raise Unreachable("there is no place for the import of safe_globals")
    if NAME in names_in_use(names.module.tree):
        raise Unreachable(f"{NAME} is in use in this file")
