"""What a carrier may ask of the conversion that it is a part of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from torchload_lint.migrate.carriers.pickled_instance import PickledInstance

if TYPE_CHECKING:
    from torchload_lint.checkpoint.pickles.call_results import ClassLookup, NameResolver
    from torchload_lint.checkpoint.pickles.pickled_values import DictValue, PickledValue
    from torchload_lint.migrate.carriers.array_dtypes import KnownDTypes
    from torchload_lint.migrate.carriers.array_growth import ArrayGrowth
    from torchload_lint.migrate.carriers.pickled_instance import Entries
    from torchload_lint.migrate.files.storage_pool import StoragePool
    from torchload_lint.migrate.results import MigrationOptions, NoteKind


class Conversion(Protocol):
    """Makes values plain; a value that is met twice stays one value.

    A *place* is where in the object a value stands, as ``['model'].weight``.
    """

    names: NameResolver
    pool: StoragePool
    options: MigrationOptions
    lookup: ClassLookup | None
    state_dict_names: int
    """How many names the state dicts of its modules have, all together."""
    dtypes: KnownDTypes
    growth: ArrayGrowth
    """What arrays have become beyond their bytes, all together."""

    def note(self, kind: NoteKind, place: str, what: str, outcome: str) -> None:
        """Say what is different at a place."""

    def changed(self, place: str, what: str, outcome: str) -> None:
        """Say that a value is carried as another type."""

    def leave_out(self, place: str, what: str, why: str) -> PickledValue:
        """Say that a value is not carried, and give the mark for that."""

    def plain(self, value: PickledValue, place: str) -> PickledValue:
        """A value made plain, or LEFT_OUT."""

    def remember(self, value: PickledValue, result: PickledValue) -> PickledValue:
        """What a value has become, so that it becomes that again."""

    def items(
        self, items: list[PickledValue] | tuple[PickledValue, ...], place: str
    ) -> list[PickledValue]:
        """A sequence's items; None stands where one is left out, so that the others stay."""

    def entries(self, entries: Entries, place: str) -> Entries:
        """A mapping's entries; those that are left out are not there."""

    def attributes(
        self, value: dict[str, PickledValue], place: str, into: DictValue
    ) -> PickledValue:
        """An object's attributes as a dict."""


Carrier = Callable[[Conversion, PickledInstance, str], "PickledValue"]
"""Makes one kind of instance plain: what is known of it, and its place."""
