"""What is known about a checkpoint once it has been read, without having been run."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.names import GlobalName, HeldCall, Spelling


UNKNOWN_CODE = "unknown-code"
"""The code of a problem: a file calls what is not known to be harmless."""


class Verdict(str, Enum):
    """What ``torch.load(path, weights_only=True)`` would do with the file."""

    LOADS = "loads"
    NEEDS_SAFE_GLOBALS = "needs-safe-globals"
    NEEDS_STAND_IN = "needs-stand-in"
    CANNOT_LOAD = "cannot-load"
    DANGEROUS = "dangerous"
    UNREADABLE = "unreadable"


HOLDS_A_PROGRAM = "it holds a program, which only its own library runs: "
"""How the advice about a file begins that such a library wrote."""


class Problem(NamedTuple):
    """Something about the file that stands in the way, and the way out."""

    code: str
    """A stable word: ``missing``, ``truncated``, ``git-lfs-pointer``, ``opcode``, ``limit`` …"""
    message: str
    advice: str = ""
    where: str = ""
    """The place in the object, or the byte offset, where it was met."""
    traceback: str = ""
    """Where it is this tool that has failed: how; else empty."""

    @property
    def is_open(self) -> bool:
        """Whether it leaves open what else the allowlist must hold."""
        return self.code == "undecided"


class NeededGlobal(NamedTuple):
    """One entry that the allowlist must have."""

    name: GlobalName
    """The key: the name in the file, after torch's own renaming; or the type whose BUILD, NEWOBJ
    or REDUCE is checked (a numpy DType class, which no opcode names)."""
    spelling: Spelling
    """How a program writes the object."""
    pair: bool
    """Whether it must be written ``(object, "name")`` because the object's own
    ``__module__.__qualname__`` is another one."""
    where: tuple[str, ...] = ()
    """Places in the object, such as ``['hyper_parameters']['optimizer']``."""
    because: str = "GLOBAL"
    """The opcode whose check needs it: GLOBAL, BUILD, NEWOBJ or REDUCE."""
    called: bool = False
    """Whether the file calls it, or hands it to a function, rather than only builds from it."""
    calls: str = ""
    """The first call of it in the file, as text; empty where the file calls it nowhere."""
    held: tuple[HeldCall, ...] = ()
    """Where an entry can hold it to the arguments with which the file calls it: these."""
    import_only: str = ""
    """A module whose import registers this global, so that no entry is needed; else empty."""


class StandIn(NamedTuple):
    """A pair that makes a file load with another object in place of the real one."""

    name: GlobalName
    spelling: Spelling
    """The object to put in the pair (``dict``, ``collections.OrderedDict``, …)."""
    consequence: str
    """What the program gets instead, in one sentence."""


class FoundGlobal(NamedTuple):
    """A global that the file names, whether torch allows it or not."""

    name: GlobalName
    where: tuple[str, ...] = ()
    status: str = ""
    """``default`` (torch allows it), ``needed``, ``blocked`` (torch refuses it whatever is
    allowed), ``dangerous`` (it runs code), ``registered`` (an import allows it)."""
    calls: str = ""
    """Where the unsafe loader would call it: how, e.g. ``os.system('rm -rf /')``."""


class CheckpointReport(NamedTuple):
    """The whole answer for one file. Made for any bytes; reading never raises."""

    path: str
    container: str
    """``zip``, ``legacy``, ``tar``, ``torchscript``, ``safetensors``, ``dcp``, ``pickle``, …"""
    verdict: Verdict
    protocol: int | None = None
    torch_version: str | None = None
    """The torch that wrote the file, where the file says so."""
    safe_globals: tuple[NeededGlobal, ...] = ()
    globals: tuple[FoundGlobal, ...] = ()
    problems: tuple[Problem, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()
    imports: tuple[str, ...] = ()
    """Modules whose import alone lets the file load (``torch.distributed.tensor``)."""
    called: tuple[NeededGlobal, ...] = ()
    """Where no allowlist of the real objects loads the file: what an unsafe load would call, as far
    as only the project can say whether it does harm."""
    builds_types: bool = False
    """Whether it makes an object of a type that torch allows by default without calling it, or
    fills one that is no tensor and no OrderedDict, which releases before 2.6 refuse."""
    untried: tuple[str, ...] = ()
    """Calls and states, in words, of which nothing shows that the objects of the allowlist take
    them: where there are some, the allowlist is needed and perhaps not enough."""
    depth: str = "whole"
    """``shallow`` where what only proves damage was not read (a file that is far away)."""

    @property
    def runs_unknown_code(self) -> bool:
        """Whether a file is dangerous only because nothing shows that what it calls is harmless:
        none of it is known to do harm.
        """
        codes = {problem.code for problem in self.problems}
        return UNKNOWN_CODE in codes and "dangerous" not in codes

    @property
    def is_safetensors(self) -> bool:
        """Whether it is a sound safetensors file and nothing is wrong but that torch.load does not
        read it: it holds tensors alone.
        """
        codes = [problem.code for problem in self.problems]
        return self.container == "safetensors" and codes == ["safetensors"]
