"""A migration in words: the tree before and after, and what is different, by place."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.tree import readable_bytes, render_tree
from torchload_lint.escaping import escaped, printable
from torchload_lint.migrate.results import NoteKind
from torchload_lint.plurals import number_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from torchload_lint.migrate.results import MigrationPlan, Note

WIDTH = 80
PLACES = 3
"""How many places of equal notes are listed before the rest is counted."""

_HEADINGS = {
    NoteKind.CHANGED: "Carried as plain data",
    NoteKind.CAUTION: "To look at",
    NoteKind.LEFT_OUT: "Left out",
}


def summary_text(plan: MigrationPlan, out: Path, size: int | None, *, trees: bool = False) -> str:
    """One migration for a person; ends in a newline. ``size`` is None where nothing is written."""
    done = "would become" if size is None else "is now"
    amount = f"{number_of(plan.storages, 'storage')} of {readable_bytes(plan.nbytes)}"
    head = f"{printable(str(plan.path))} ({plan.container}) {done} {printable(str(out))}"
    lines = [head, f"    {amount}" + (f"; {size:,} bytes in all" if size is not None else "")]
    if trees:
        lines += ["", "Before:", *_indented(render_tree(plan.before))]
        lines += ["", "After:", *_indented(render_tree(plan.after))]
    for kind, heading in _HEADINGS.items():
        groups = list(_grouped(plan.of_kind(kind)))
        if groups:
            lines += ["", f"{heading}:", *groups]
    if not plan.notes:
        lines += ["", "Everything is carried as it is."]
    return "\n".join(lines) + "\n"


def summary_of_many(plans: Sequence[MigrationPlan]) -> str:
    """What is different in several files, each difference once, with how many files have it."""
    lines: list[str] = []
    for kind, heading in _HEADINGS.items():
        files: dict[tuple[str, str], dict[Path, None]] = {}
        for plan in plans:
            for note in plan.of_kind(kind):
                files.setdefault((note.what, note.outcome), {})[plan.path] = None
        lines += ["", f"{heading}:"] if files else []
        for (what, outcome), paths in files.items():
            first = printable(str(next(iter(paths))))
            others = f" and {number_of(len(paths) - 1, 'other')}" if len(paths) > 1 else ""
            lines += [*_wrapped(f"{what}: {outcome}", "  - "), f"    in {first}{others}"]
    return "\n".join(lines) + "\n" if lines else ""


def summary_data(plan: MigrationPlan, out: Path, size: int | None) -> dict[str, object]:
    """One migration for a program."""
    return {
        "path": str(plan.path),
        "container": plan.container,
        "out": str(out),
        "size": size,
        "storages": plan.storages,
        "storage_bytes": plan.nbytes,
        "notes": [
            {"kind": n.kind.value, "place": n.place, "what": n.what, "outcome": n.outcome}
            for n in plan.notes
        ],
    }


def _grouped(notes: tuple[Note, ...]) -> Iterator[str]:
    """Notes that differ only in their place, as one."""
    groups: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        groups.setdefault((note.what, note.outcome), []).append(note.place)
    for (what, outcome), places in groups.items():
        yield from _wrapped(f"{what}: {outcome}", "  - ")
        shown = ", ".join(place.strip() or "the object itself" for place in places[:PLACES])
        more = f", and {len(places) - PLACES:,} more" if len(places) > PLACES else ""
        yield from _wrapped(f"at {shown}{more}", "    ")


def _wrapped(text: str, indent: str) -> list[str]:
    blank = " " * len(indent)
    rows = textwrap.wrap(escaped(text), WIDTH, initial_indent=indent, subsequent_indent=blank)
    return [printable(row) for row in rows]  # a row may begin with any word of the text


def _indented(lines: list[str]) -> list[str]:
    return [printable(f"  {line}") for line in lines]
