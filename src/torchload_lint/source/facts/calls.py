"""LoadCall and SaveCall: ``torch.load`` and ``torch.save``, however they are spelled."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    import ast

    from torchload_lint.diagnostic import Span
    from torchload_lint.source.facts.allowed.allowlists import Allowlist
    from torchload_lint.source.facts.library_load import LibraryLoad


STANDARD_PICKLES = frozenset(
    {"pickle", "_pickle", "cPickle", "six.moves.cPickle", "torch.serialization.pickle"}
)
"""What torch unpickles with where no ``pickle_module`` is given, under all of its names."""


class WeightsOnly(str, Enum):
    """What a call says about ``weights_only``."""

    ABSENT = "absent"
    """Not given; torch's default for the target version applies."""
    NONE = "none"
    """Given as None, which torch treats as absent."""
    TRUE = "true"
    FALSE = "false"
    UNDECIDED = "undecided"


class CallKind(str, Enum):
    """How the loader is used at this place."""

    CALL = "call"
    """``torch.load(...)``."""
    REFERENCE = "reference"
    """Handed on to be called by others: ``map(torch.load, paths)``."""
    PARTIAL = "partial"
    """``functools.partial(torch.load, ...)``."""


class Use(str, Enum):
    """What becomes of the loaded value, as far as the same function shows."""

    STATE_DICT = "state-dict"
    """The whole value goes into ``load_state_dict`` and nowhere else."""
    STATE_DICT_ITEM = "state-dict-item"
    """Only items of it go into ``load_state_dict``, or it is only indexed like a state dict."""
    OBJECT = "object"
    """It is used as an object: called, or methods of a module are used."""
    UNKNOWN = "unknown"


class LoadCall(NamedTuple):
    """One place where a checkpoint is loaded."""

    node: ast.Call
    """The load call itself; for a reference or a partial, the call it is an argument of."""
    loader: str
    """What is called, by its canonical name: ``torch.load``,
    ``torch.hub.load_state_dict_from_url``, …"""
    kind: CallKind
    span: Span
    """The span of the call (of the reference, for a reference)."""
    function: str
    """Qualified name of the enclosing function or class body; empty at module level."""
    statement: ast.stmt
    """The innermost statement that holds the call."""
    file: ast.expr | None
    """The expression for what is loaded (first argument or ``f=``), where there is one."""
    weights_only: WeightsOnly
    weights_only_node: ast.expr | None = None
    """The expression given, where it stands in this very call."""
    weights_only_because: str = ""
    """Evidence where the value is not literal: ``SAFE is False (line 3)``."""
    pickle_module: ast.expr | None = None
    """The ``pickle_module`` argument (third positional, or by keyword), unless it is None."""
    unpacks: bool = False
    """Whether ``*args`` or ``**kwargs`` of unknown content are passed, so that further keywords
    may arrive."""
    allowlists: tuple[Allowlist, ...] = ()
    """``safe_globals`` contexts around the call, outermost first."""
    use: Use = Use.UNKNOWN
    through: ast.Call | None = None
    """The ``partial(torch.load, ...)`` that is called here; what it gives counts as given."""
    passes_on: str = ""
    """The parameter of the enclosing function whose value becomes ``weights_only`` (a wrapper);
    ``**kwargs`` where it may arrive among a function's own keywords."""
    passes_on_default: WeightsOnly = WeightsOnly.ABSENT
    """What that parameter is where a caller says nothing."""
    certain: bool = True
    """False where something else may be called here too (a parameter that is ``torch.load`` by
    default, a name that some branch gives another meaning)."""
    mistake: str = ""
    """What is wrong with the arguments themselves: ``True`` or ``"rb"`` as map_location, more
    positional arguments than there are."""
    each: bool = False
    """Whether each item of ``file`` is loaded: ``map(torch.load, paths)``."""
    library: LibraryLoad | None = None
    """What is known of the library's function that is called; None for ``torch.load`` itself."""


class SaveCall(NamedTuple):
    """One ``torch.save(obj, f)``."""

    node: ast.Call
    span: Span
    function: str
    statement: ast.stmt
    obj: ast.expr | None
    file: ast.expr | None
    protocol: ast.expr | None = None
    """The ``pickle_protocol`` argument."""
    legacy: bool = False
    """Whether ``_use_new_zipfile_serialization=False`` is given."""
