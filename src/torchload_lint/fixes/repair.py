"""What is asked of a repair, and what came of it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Edit
    from torchload_lint.names import GlobalName, HeldCall, Spelling


class Allow(NamedTuple):
    """One entry to be written into an allowlist."""

    spelling: Spelling
    key: str | None = None
    """The name in the file, where a pair ``(object, "key")`` has to be written."""
    defined_in: str = ""
    """For a first-party object: the path of the file that defines it (relative to the project's
    root), so that no file imports itself."""
    installed: bool = False
    """Whether it is a class of an installed library, judged by its source there."""
    restore_only: bool = False
    """Whether the file may only restore objects of it, and not call it (``fixes/restoring.py``)."""
    calls: tuple[HeldCall, ...] = ()
    """The arguments to which the file is held, where it may not call it with others."""
    at_load: bool = False
    """Whether it is imported right before the load, as reading the file did so far: the program
    may get by without its module, or come to it later than the top of the file."""
    not_at_top: bool = False
    """Whether importing it at the top of the file may fail: it would close a circle of imports, or
    the file says further down where modules lie."""
    hidden: bool = False
    """Whether the attributes of its packages may not lead to the object's module: then it is
    imported from there by name."""
    rebound: bool = False
    """Whether other files may give a name that stands for it in the load's file another meaning:
    then it gets a name of its own there."""


class Form(str, Enum):
    """How a load is repaired, by the releases of torch that it must run on."""

    RESTRICTED = "restricted"
    """``weights_only=True`` is written; every torch has ``safe_globals`` (2.5)."""
    AS_IT_IS = "as-it-is"
    """``weights_only`` is left alone; every torch has ``safe_globals``."""
    WITH_SHIM = "with-shim"
    """``weights_only`` is left alone, and a torch without ``safe_globals`` gets a ``nullcontext``
    in its place."""


class Repair(NamedTuple):
    """What should hold of a load afterwards."""

    allow: tuple[Allow, ...] = ()
    """Entries that no allowlist in force has yet."""
    import_modules: tuple[str, ...] = ()
    """Modules whose import alone registers what is needed (``torch.distributed.tensor``)."""
    form: Form = Form.RESTRICTED
    shim: Allow | None = None
    """A ``safe_globals`` for every torch that the project has in another file."""
    line_length: int = 88
    """How long a row may be before an allowlist is split, as black does."""
    helper: str = ""
    """The module of the project that offers ``restore_only``, where an entry needs it."""
    guards_arrays: bool = False
    """Whether a new block is that module's, which holds a file to what numpy writes of arrays."""
    loading: frozenset[str] = frozenset()
    """Functions that the load's statement calls and that may load, or allow something, themselves
    (``.name``: a property, ``__name__``: a special method): they must not run inside of the new
    block, from which theirs would take what it allows."""
    registered: tuple[GlobalName, ...] = ()
    """Globals that ``add_safe_globals`` registers in other files of the project: leaving a block
    that names one of them would take it away."""

    @property
    def limits_calls(self) -> bool:
        """Whether an entry says what a file may do with it, which torch's own cannot."""
        return any(allow.restore_only or allow.calls for allow in self.allow)


class Repaired(NamedTuple):
    """The edits, and how the statement was changed.

    ``how`` is ``keyword``, ``wrap``, ``join`` (into the block just before), ``extend``, ``hoist``
    or ``function``.
    """

    edits: tuple[Edit, ...]
    how: str
    keeps_meaning: bool = True
    """False where the rewrite may change what happens (a display-only or unsafe fix)."""


class NotRepaired(NamedTuple):
    """The call is left alone, and why; ``advice`` says what a person would do."""

    reason: str
    advice: str = ""
