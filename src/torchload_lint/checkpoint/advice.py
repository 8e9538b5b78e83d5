"""What stands in the way of a weights-only load, and the way out, in the words of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Problem
from torchload_lint.plurals import with_article

if TYPE_CHECKING:
    from torchload_lint.checkpoint.limits import LimitExceededError

_RESAVE = (
    "`torchload-lint migrate` carries its tensors and plain values over, and runs nothing; or let "
    "the program that made it save torch.save(model.state_dict(), path)"
)
_HOSTILE = (
    "no program saves this: do not load the file. It was made to fail, or for a program in which "
    "something else has taken the place of what it calls"
)
_DAMAGED = "get the file again; no torch can read this one"

UNDECODABLE = Problem(
    "encoding",
    "a Python 2 string in the file is not UTF-8",
    'pass encoding="latin1" (or "bytes") to torch.load, or save the file again with Python 3',
)
TEXT = Problem("text", "this is a text file, not a checkpoint", "get the right file")
JOBLIB = Problem(
    "joblib",
    "joblib wrote this: the numbers of its arrays stand between the opcodes of the pickle, where "
    "torch.load takes them for opcodes",
    "load it with joblib.load, which calls what the file names; tensors belong in torch.save",
)
UNTYPED = Problem(
    "legacy-untyped",
    "the file is in the format of torch < 1.6 and holds an untyped storage (what torch.save writes "
    "there for uint16, uint32, uint64 and the float8 dtypes), which torch.load cannot read",
    "rewrite it with `torchload-lint migrate`, which can; save without "
    "`_use_new_zipfile_serialization=False`",
)
UNHASHABLE_KEY = Problem(
    "malformed", "a key of a dict is a list, dict or set, which no dict can hold", _DAMAGED
)
ARGUMENTS = Problem("malformed", "the arguments of a call are not a tuple", _DAMAGED)
STATE = Problem(
    "build", "an OrderedDict is given a state that is not a dict, which torch cannot set", _RESAVE
)
SLOTS = Problem(
    "slots",
    "an object with __slots__ is in the file, whose state torch can set only from 2.6 on",
    "use torch 2.6 or newer, or save plain values instead of the object",
)
STATE_SHAPE = Problem(
    "build", "an object is given a state that it cannot take: no dict of attributes", _RESAVE
)
MISMATCH = Problem(
    "malformed", "an object is made from a base class that its class does not have", _DAMAGED
)
BUILD_ON_GLOBAL = Problem(
    "build",
    "the file changes attributes of a class or function that it names, instead of an object",
    "no allowlist should permit this; find out who made the file",
)
BINFLOAT = Problem(
    "opcode",
    "the pickle holds a Python float (BINFLOAT, operand 71), which torch before 2.0 does not load "
    "with weights_only=True, whatever is allowed",
    "use torch 2.0 or newer, or save the number as a tensor",
)


def too_large(error: LimitExceededError) -> Problem:
    """A file that is not read to its end: what it would call there, nobody has seen."""
    return Problem(
        "limit",
        f"it is too large to be judged: {error} (limit: {error.limit})",
        "load it with weights_only=True alone, and only if you know where it comes from",
    )


def opcode(name: str, code: int, protocol: int | None) -> Problem:
    """An instruction that the weights-only unpickler does not have."""
    written = f", written with pickle protocol {protocol}" if protocol not in {None, 2} else ""
    return Problem(
        "opcode",
        f"the pickle{written} uses {name} (torch: Unsupported operand {code}), which no allowlist "
        "makes loadable",
        _OPCODE_ADVICE.get(
            name,
            "save it with torch.save and its default protocol 2, or "
            "rewrite it with `torchload-lint migrate`, which runs nothing of it",
        ),
    )


_OPCODE_ADVICE = {
    "POP": "a tuple contains itself, or an object's __reduce__ gives six items: let the program "
    "that made it save it without",
    "POP_MARK": "a tuple contains itself: save it without that cycle",
    "LONG4": "an integer has more than 255 bytes: save it as text or as a tensor",
}


def blocked(name: str, module: str) -> Problem:
    """A global of a module that torch refuses whatever is allowed."""
    return Problem(
        "blocked",
        f"the file names {name}; torch refuses everything from the module {module}, whatever is "
        "allowed",
        "do not load this file; " + _RESAVE,
    )


def newer_torch(name: str, since: object) -> Problem:
    """A dtype that the target does not have."""
    return Problem(
        "newer-torch",
        f"the file holds {name}, which torch has since {since}",
        f"use torch {since} or newer, or save the tensor in another dtype",
    )


def unimportable(name: str) -> Problem:
    """A global whose name nobody can write."""
    return Problem(
        "unimportable",
        f"the file names {name!r:.80}, which cannot be the name of anything",
        _DAMAGED,
    )


def uncallable(what: str) -> Problem:
    """A call or instantiation of something that is not allowed by any entry."""
    return Problem(
        "reduce", f"the file calls {what}, which torch's weights-only loader refuses", _RESAVE
    )


def other_platform(name: str) -> Problem:
    """A path of the other kind of operating system."""
    return Problem(
        "platform",
        f"the file holds {with_article(name)}, which cannot be made on this kind of system",
        "use a stand-in (a pure path), or save str(path) instead",
    )


def arguments(name: str, why: str) -> Problem:
    """A call that must fail because of its arguments, or that torch is not known to take."""
    message = f"the call of {name} is none that torch is known to take: {why}"
    return Problem("malformed", message, "get the file again; torch.save writes no such call")


def hostile_arguments(name: str, why: str) -> Problem:
    """A call that must fail, with arguments that no program writes for it."""
    return Problem("hostile", f"no program saves this call of {name}: {why}", _HOSTILE)


def hostile_state(kind: str, why: str) -> Problem:
    """A state that contradicts itself, where what reads it believes it."""
    return Problem(
        "hostile", f"the file gives {kind} a state that no program saves: {why}", _HOSTILE
    )


def append(kind: str) -> Problem:
    """Items for something that is not exactly a list."""
    return Problem(
        "append",
        f"the file fills {with_article(kind)} item by item; torch's weights-only loader does that "
        "for list alone, not for subclasses",
        f"save list(...) instead of the {kind}, or use a stand-in",
    )


def set_item(kind: str) -> Problem:
    """Entries for something that is not exactly a dict, OrderedDict or Counter."""
    return Problem(
        "setitem",
        f"the file fills {with_article(kind)} entry by entry; since torch 2.10 the weights-only "
        "loader does that for dict, OrderedDict and Counter alone, not for subclasses",
        f"save dict(...) instead of the {kind}, or use a stand-in",
    )


def build_on_plain(kind: str) -> Problem:
    """A state for something that takes none."""
    return Problem(
        "build", f"the file sets attributes of {with_article(kind)}, which has none", _RESAVE
    )


def unknown_result(what: str) -> Problem:
    """The file does not say the type of an object."""
    return Problem(
        "undecided",
        f"the file sets the state of {what}; its class has to be allowed too, and the file does "
        "not say which it is",
        "run with --verify, or add the class that the function returns to the allowlist",
    )


def persistent(found: str) -> Problem:
    """A persistent id that is not a storage."""
    return Problem(
        "persistent-id",
        f"the file refers to {found} outside the pickle; torch's weights-only loader takes only "
        "storages (whole modules of torch < 1.6 are saved like this)",
        _RESAVE,
    )


def damaged(message: str) -> Problem:
    """A file that contradicts itself."""
    return Problem("damaged", message, _DAMAGED)


def not_carried(message: str) -> Problem:
    """What torch reads, and a migration does not."""
    return Problem("not-carried", message, "torch reads it: load it and save it again")


def plain_pickle(found: Problem | None) -> Problem:
    """A pickle that torch.save did not write."""
    detail = f" ({found.message})" if found is not None else ""
    return Problem(
        "plain-pickle",
        f"this is a plain pickle, which torch.save did not write{detail}; torch.load refuses it",
        "rewrite it with `torchload-lint migrate`, which runs nothing of it",
    )


def no_access(error: OSError | ValueError) -> Problem:
    """A file that cannot be opened or read."""
    if isinstance(error, FileNotFoundError):
        return Problem("missing", "there is no such file", "check the path, or fetch the file")
    if isinstance(error, PermissionError):
        return Problem("permission", "the file may not be read", "check its permissions")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Problem("unreadable", f"the file cannot be read: {reason}", "check the path")


def no_pickle(fault: Problem) -> Problem:
    """Bytes that are not a pickle at all."""
    return Problem(
        "not-a-checkpoint",
        f"this is not a checkpoint that torch can read: {fault.message}",
        "get the right file, or read it with the program that wrote it",
        fault.where,
    )


def older_torch(lines: str, why: str) -> Problem:
    """What keeps the older releases of a range from loading it."""
    return Problem(
        "older-torch",
        f"with weights_only=True it fails on torch {lines}: {why}",
        "raise the oldest torch to 2.6, or save the file again with plain values only",
    )


def no_allowlist(torch: object) -> Problem:
    """A target without add_safe_globals."""
    return Problem(
        "target",
        f"torch {torch} has no allowlist; it can load only plain tensors and containers safely",
        "use torch 2.6 or newer, or save the file again with plain values only",
    )


def no_pairs(torch: object) -> Problem:
    """A target without (object, name) entries."""
    return Problem(
        "target",
        f"a class was saved under another name than it has now; torch {torch} cannot map names",
        "use torch 2.6 or newer, which takes (object, name) pairs",
    )
