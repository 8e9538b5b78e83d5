"""Guard: what the abstract unpickler asks at each step of a pickle.

The unpickler knows the machine of pickle alone: its stack, its marks, its memo. What a step may do,
and which value it leaves, is for the guard to say: torch's rules in ``weights_only``, none at all
where a checkpoint is rewritten as plain data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torchload_lint.checkpoint.opcodes import Opcode
    from torchload_lint.checkpoint.pickles.pickled_values import GlobalRef, PickledValue
    from torchload_lint.checkpoint.pickles.storages import StorageReader
    from torchload_lint.names import GlobalName


class Guard(Protocol):
    """The steps of a pickle, in the terms of its opcodes."""

    position: int
    """Where the step that is being done starts, in bytes."""
    protocol: int | None
    """What the pickle's PROTO says."""
    storages: StorageReader
    """The storages that ``persistent_load`` makes; legacy files have several pickles, of which one
    may name any."""

    def meet(self, opcode: Opcode) -> None:
        """An opcode that some torch lacks; asked before it is run."""

    def decode(self, data: bytes, position: int) -> PickledValue:
        """The value of a Python 2 string."""

    def name_global(self, module: str, name: str, position: int) -> GlobalName:
        """The name of a global that is written as ``module`` and ``name``."""

    def check_global(self, reference: GlobalRef, written: str) -> None:
        """GLOBAL and its kin; ``written`` is the module as it stands in the file."""

    def reduce(self, callee: PickledValue, args: PickledValue) -> PickledValue:
        """REDUCE: the value of ``callee(*args)``."""

    def newobj(self, cls: PickledValue, args: PickledValue) -> PickledValue:
        """NEWOBJ: the value of ``cls.__new__(cls, *args)``."""

    def build(self, target: PickledValue, state: PickledValue) -> None:
        """BUILD: give an object its state."""

    def extend(self, target: PickledValue, items: list[PickledValue]) -> None:
        """APPEND and APPENDS."""

    def set_items(
        self, target: PickledValue, entries: list[tuple[PickledValue, PickledValue]]
    ) -> None:
        """SETITEM and SETITEMS."""

    def persistent_load(self, pid: PickledValue) -> PickledValue:
        """PERSID and BINPERSID: what lies outside the pickle."""
