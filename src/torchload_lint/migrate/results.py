"""What a migration is asked for, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue


class MigrationError(Exception):
    """The checkpoint cannot be migrated at all; the message says why and what else to do."""


def changed_value(kind: object) -> MigrationError:
    """What says that a file changes what pickle never changes: an element of a tensor or list."""
    name = kind or "a value of unknown type"
    return MigrationError(f"it puts items into what is complete ({name}), as nothing saves it")


class TargetFormat(str, Enum):
    """What is written."""

    TORCH = "torch"
    """A zip archive as torch.save writes it."""
    SAFETENSORS = "safetensors"
    """For pure tensor content."""


class Arrays(str, Enum):
    """What becomes of numpy arrays."""

    TENSOR = "tensor"
    """A tensor of the same dtype, bit for bit."""
    LIST = "list"
    """Nested lists of Python numbers."""


@dataclass(frozen=True, slots=True)
class MigrationOptions:
    """How to migrate."""

    format: TargetFormat = TargetFormat.TORCH
    arrays: Arrays = Arrays.TENSOR
    scalars_as_tensors: bool = False
    """numpy scalars become tensors without dimensions instead of Python numbers."""
    only: tuple[str, ...] = ()
    """Keys that lead to the part of the object to be migrated; empty for the whole."""
    encoding: str = "utf-8"
    """How the strings of Python 2 pickles are read (torch.load's argument of that name)."""
    large: bool = False
    """Whether a file may be many times as large as the checkpoint."""
    replaces: bool = True
    """Whether a file that is there already may be replaced."""


NAME_AS_TEXT = "its name, as text"
"""What has become of a class or function."""
MODULE = "the module "
"""What the name of a model's class follows in a note."""
STATE_DICT = "its state dict"
"""What has become of a model, an optimizer or a scheduler."""
TENSOR = " tensor"
"""How the outcome of a numpy array ends that has become one."""
ATTRIBUTES = "a dict of its attributes"
"""What has become of an object."""


class NoteKind(str, Enum):
    """What happened at a place."""

    CHANGED = "changed"
    """Carried as another, plain type."""
    LEFT_OUT = "left out"
    """Not carried; the file does not say what it would be without running something."""
    CAUTION = "caution"
    """Carried, but ``state_dict()`` of the real object might say something else."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that is different after the migration."""

    kind: NoteKind
    place: str
    """``['hyper_parameters']['optimizer']``; empty for the object itself."""
    what: str
    """What is in the checkpoint there: a type, mostly."""
    outcome: str
    """What it became, or why it is left out."""


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """What a migration would do."""

    path: Path
    container: str
    """``zip``, ``legacy``, ``tar`` or ``pickle``."""
    before: PickledValue
    after: PickledValue
    notes: tuple[Note, ...] = ()
    storages: int = 0
    """How many storages (of a safetensors file: tensors) the new file has."""
    nbytes: int = 0
    """Their bytes."""

    def of_kind(self, kind: NoteKind) -> tuple[Note, ...]:
        """The notes of one kind."""
        return tuple(note for note in self.notes if note.kind is kind)


def classes_as_text(plan: MigrationPlan) -> list[str]:
    """The places of classes and functions that have become their names."""
    changed = plan.of_kind(NoteKind.CHANGED)
    return [note.place for note in changed if note.outcome == NAME_AS_TEXT]


def objects_as_dicts(plan: MigrationPlan) -> list[str]:
    """The places of objects that have become dicts of their attributes."""
    changed = plan.of_kind(NoteKind.CHANGED)
    return [note.place for note in changed if note.outcome.startswith(ATTRIBUTES)]


def arrays_as_tensors(plan: MigrationPlan) -> list[str]:
    """The places of numpy arrays that have become tensors."""
    changed = plan.of_kind(NoteKind.CHANGED)
    return [note.place for note in changed if note.outcome.endswith(TENSOR)]


def other_types(plan: MigrationPlan) -> list[Note]:
    """What has become something else than the three kinds above and a state dict."""
    told = (NAME_AS_TEXT, STATE_DICT)
    return [
        note
        for note in plan.of_kind(NoteKind.CHANGED)
        if note.outcome not in told and not note.outcome.startswith(ATTRIBUTES)
        if not note.outcome.endswith(TENSOR)
    ]


def state_dicts(plan: MigrationPlan) -> list[tuple[str, str]]:
    """The classes of what has become its state dict, a model or optimizer, each with its place."""
    changed = plan.of_kind(NoteKind.CHANGED)
    return [
        (note.what.removeprefix(MODULE), note.place)
        for note in changed
        if note.outcome == STATE_DICT
    ]


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """A migration that was done."""

    plan: MigrationPlan
    out: Path
    size: int
    """Bytes of the new file."""
