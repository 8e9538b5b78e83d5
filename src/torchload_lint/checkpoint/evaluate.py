"""One pass over a checkpoint: its pickles run abstractly, under torch's rules."""

from __future__ import annotations

import gc
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.containers.stored_integers import StoredIntegers
from torchload_lint.checkpoint.containers.zip_archive import ZipFaultError
from torchload_lint.checkpoint.enclosed.joblib_arrays import JoblibReadings, joblib_readings
from torchload_lint.checkpoint.enclosed.parts import Allowance
from torchload_lint.checkpoint.known.torch_versions import NEWEST
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS, LimitExceededError
from torchload_lint.checkpoint.pickles.last_object import keep_last, read_last
from torchload_lint.checkpoint.pickles.legacy import read_pickles
from torchload_lint.checkpoint.pickles.storages import StorageReader
from torchload_lint.checkpoint.pickles.unpickler import Unpickled, unpickle
from torchload_lint.checkpoint.report import Problem
from torchload_lint.checkpoint.restricted.weights_only import WeightsOnlyGuard
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.checkpoint.containers.container import Container
    from torchload_lint.checkpoint.containers.zip_archive import ZipArchive
    from torchload_lint.checkpoint.known.torch_versions import Target
    from torchload_lint.checkpoint.limits import Limits
    from torchload_lint.checkpoint.pickles.call_results import ClassLookup
    from torchload_lint.checkpoint.pickles.pickled_values import PickledValue
    from torchload_lint.checkpoint.pickles.substitute import Substitute


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """No passes of the cyclic collector, which take half of the time where millions are made."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_NOT_ASKED = Problem("not-asked", "torch's rules were not asked")
"""After a failure no rule is asked any more: with this one from the start, none is."""


class Question(NamedTuple):
    """Everything that an evaluation depends on besides the bytes."""

    target: Target = NEWEST
    lookup: ClassLookup | None = None
    limits: Limits = DEFAULT_LIMITS
    encoding: str = "utf-8"
    nesting: int = 3
    """How deep checkpoints inside checkpoints are followed."""
    rules: bool = True
    """Whether torch's rules are asked, too; the object is the same without them."""
    left: Allowance = Allowance()
    """How much is still read of the file's parts; each file has its own."""


@dataclass(slots=True)
class Evaluation:
    """The object of a checkpoint, and what torch's rules said on the way."""

    kind: str
    """The container, now that its pickles are known (``legacy`` or ``pickle``)."""
    guard: WeightsOnlyGuard
    streams: list[Unpickled] = field(default_factory=list)
    main: Unpickled | None = None
    """The stream that holds the object."""
    problem: Problem | None = None
    """What is wrong around the pickles."""
    end: int | None = None
    """Where what was read ends, in a file that is no archive and was read without a fault."""
    joblib: JoblibReadings = field(default_factory=JoblibReadings)
    """What joblib reads of it, where that is something else."""

    @property
    def value(self) -> PickledValue:
        """The object."""
        return self.main.value if self.main is not None else None

    @property
    def every_stream(self) -> list[Unpickled]:
        """All that any reader may run."""
        return [*self.streams, *self.joblib.streams]

    @property
    def fault(self) -> Problem | None:
        """Why the first broken stream could not be read to its end."""
        return next((stream.fault for stream in self.streams if stream.fault is not None), None)


def evaluate(
    source: ByteSource,
    container: Container,
    question: Question,
    substitutes: Mapping[str, Substitute] | None = None,
) -> Evaluation:
    """Run the pickles of a container that has some. Never raises."""

    def make_guard(storages: StorageReader) -> WeightsOnlyGuard:
        return WeightsOnlyGuard(
            storages, question.target, question.lookup, substitutes, question.encoding
        )

    archive = container.archive
    if archive is None:
        found = read_pickles(source, lambda: make_guard(StorageReader("legacy")), question.limits)
        kind = "legacy" if found.is_legacy else "pickle"
        main, problem = found.object_stream, found.problem
        result = Evaluation(kind, found.guard, found.streams, main, problem, found.end)
        if question.rules and substitutes is None and main is not None and not found.is_legacy:
            result.joblib = joblib_readings(
                source, main, lambda: make_guard(StorageReader("none")), question.limits
            )
            result.problem = advice.JOBLIB if result.joblib.is_whole else problem
        return result
    guard = make_guard(_storages(archive, question))
    if not question.rules:
        guard.failure = _NOT_ASKED
    result = Evaluation(container.kind, guard)
    try:
        data = archive.read("data.pkl")  # first: where it is read far away, the others come with it
    except ZipFaultError as error:
        result.problem = Problem(error.code, str(error), "get the file again")
        return result
    except LimitExceededError as error:
        result.problem = advice.too_large(error)
        _judge_start(archive, result, question)
        return result
    result.problem = _odd_record(archive)
    last = None if question.rules else read_last(data, question.limits)
    result.main = last or unpickle(data, guard, 0, question.limits)
    if question.rules and substitutes is None and _is_as_without(question.lookup, result.main):
        keep_last(data, question.limits, result.main)
    result.streams.append(result.main)
    return result


def _storages(archive: ZipArchive, question: Question) -> StorageReader:
    if not question.rules:
        return StorageReader("zip")
    integers = StoredIntegers(archive).read if question.limits.whole else None
    return StorageReader("zip", archive.record_size, integers)


def _judge_start(archive: ZipArchive, result: Evaluation, question: Question) -> None:
    """What the beginning of a pickle would call that is too large to be read to its end."""
    with suppress(ZipFaultError):
        data = archive.read_start("data.pkl", question.limits.first_window)
        start = unpickle(data, result.guard, 0, question.limits)
        if start.fault is None or start.fault.code != "hostile":
            start.fault = result.problem
        result.streams.append(start)


def _is_as_without(lookup: ClassLookup | None, found: Unpickled) -> bool:
    """Whether the project knows no class of an object, so that all have the names of the file."""
    names = {reference.name for reference in found.globals}
    return lookup is None or not any(map(lookup, names))


def _odd_record(archive: ZipArchive) -> Problem | None:
    """What is wrong with the small records, whose fault hides nothing of the pickle."""
    try:
        return _nonsense(archive)
    except ZipFaultError as error:
        return Problem(error.code, str(error), "get the file again")
    except LimitExceededError as error:
        return advice.too_large(error)


def _nonsense(archive: ZipArchive) -> Problem | None:
    """Small records that torch reads besides the pickle, and refuses where they say nonsense.

    Raises ZipFaultError or LimitExceededError.
    """
    contents = {
        name: archive.read(name) if archive.find(name) is not None else None
        for name in (".format_version", "byteorder", ".storage_alignment", _SERIALIZATION_ID)
    }
    if contents["byteorder"] not in {b"little", b"big", None}:
        return advice.damaged(f"the record byteorder says {contents['byteorder']!r:.40}")
    alignment = contents[".storage_alignment"]
    if alignment is not None and len(alignment) > _MOST_DIGITS:
        return advice.damaged("the record .storage_alignment is no number")
    try:
        int(b"0" if alignment is None else alignment)
        (contents[_SERIALIZATION_ID] or b"").decode("utf-8")
    except ValueError:
        return advice.damaged("a small record of the archive is malformed")
    return None


_MOST_DIGITS = 4300
"""Digits of a text that Python takes for a number (``sys.int_info``)."""

_SERIALIZATION_ID = ".data/serialization_id"
