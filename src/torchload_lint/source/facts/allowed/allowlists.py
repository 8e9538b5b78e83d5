"""Which ``safe_globals`` are in force at a call."""

from __future__ import annotations

import ast
from enum import Enum
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.diagnostic import Span
    from torchload_lint.names import GlobalName


class EntryKind(str, Enum):
    """What an item of an allowlist is."""

    OBJECT = "object"
    """A class or function, by reference."""
    PAIR = "pair"
    """``(object, "name")``."""
    TYPE_OF_DTYPE = "type-of-dtype"
    """``type(np.dtype("float64"))``; its name is the DType class (numpy.dtypes.Float64DType)."""
    INVALID = "invalid"
    """A string, an instance, a tuple of the wrong shape: it breaks the load."""
    UNKNOWN = "unknown"
    """Something that cannot be read statically."""


class AllowlistKind(str, Enum):
    """How the allowlist comes into force."""

    BLOCK = "block"
    """``with safe_globals([...]):`` around the call."""
    DECORATOR = "decorator"
    STACK = "stack"
    """``stack.enter_context(safe_globals([...]))``."""
    PROCESS = "process"
    """``add_safe_globals([...])``."""


class AllowlistEntry(NamedTuple):
    """One item of an allowlist."""

    node: ast.expr
    span: Span
    kind: EntryKind
    obj: GlobalName | None
    """What the expression names, through the file's imports: ``torch.nn.Linear``. A class of the
    file itself has the file's own module name."""
    key: str | None = None
    """The second half of a pair."""
    why: str = ""
    """For an invalid entry: what is wrong with it."""
    calls: tuple[str, ...] | None = None
    """For an ``only_with`` entry: the arguments that it lets through, names by their whole path."""


def as_written(expression: str) -> str:
    """An expression in the one form that ``ast.unparse`` gives it, to be compared with others."""
    return ast.unparse(ast.parse(expression, mode="eval"))


class Allowlist(NamedTuple):
    """One ``safe_globals`` or ``add_safe_globals`` call."""

    node: ast.Call
    span: Span
    kind: AllowlistKind
    entries: tuple[AllowlistEntry, ...]
    complete: bool
    """Whether every item is known; False with ``*NAMES`` or a list that cannot be followed."""
    function: str = ""
    """Qualified name of the enclosing function; empty at module level."""
    display: ast.List | ast.Tuple | None = None
    """The list display that items can be added to, where the argument is one."""
    statement: ast.stmt | None = None
    """The ``with`` statement, or the statement that holds the call."""
