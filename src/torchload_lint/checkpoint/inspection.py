"""From a path or bytes to the whole answer: the verdict, the allowlist, the problems."""

from __future__ import annotations

import os
import stat
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import advice
from torchload_lint.checkpoint.called import (
    called_classes,
    called_names,
    calls_of,
    hashed_by_own_code,
    kept_names,
    shown_calls,
)
from torchload_lint.checkpoint.containers.bytesource import ByteSource, FileSource, MemorySource
from torchload_lint.checkpoint.containers.container import Container, open_container
from torchload_lint.checkpoint.containers.formats import is_plain_text, is_tar
from torchload_lint.checkpoint.enclosed.finding import parts_of
from torchload_lint.checkpoint.enclosed.judged import with_parts
from torchload_lint.checkpoint.enclosed.left_over import behind, unread_records
from torchload_lint.checkpoint.enclosed.parts import Allowance, EnclosedPart, unread
from torchload_lint.checkpoint.enclosed.tar_pickles import OddTarError, read_tar_pickles, tar_guard
from torchload_lint.checkpoint.evaluate import (
    Evaluation,
    Question,
    evaluate,
    no_garbage_collection,
)
from torchload_lint.checkpoint.found_globals import found_globals, global_places, places_in_words
from torchload_lint.checkpoint.known.known_globals import spelling_of
from torchload_lint.checkpoint.known.torch_versions import (
    NEWEST,
    Target,
    features,
    registered_by,
)
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS, LimitExceededError
from torchload_lint.checkpoint.report import (
    UNKNOWN_CODE,
    CheckpointReport,
    NeededGlobal,
    Problem,
    StandIn,
    Verdict,
)
from torchload_lint.checkpoint.restricted.needs import minimal, too_old
from torchload_lint.checkpoint.restricted.untried.untried_calls import untried_steps
from torchload_lint.checkpoint.stand_ins import find_stand_ins
from torchload_lint.checkpoint.threats import Threat, find_threats, threat_in_words, way_out_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchload_lint.checkpoint.limits import Limits
    from torchload_lint.checkpoint.pickles.call_results import ClassLookup
    from torchload_lint.checkpoint.restricted.needs import RequiredEntry
    from torchload_lint.names import GlobalName, HeldCall

DAMAGE = frozenset("truncated malformed damaged limit internal not-a-checkpoint text".split())
"""Codes of problems that make a file unreadable, rather than sound but not loadable."""


def inspect_file(
    path: str | os.PathLike[str],
    target: Target = NEWEST,
    lookup: ClassLookup | None = None,
    limits: Limits = DEFAULT_LIMITS,
    encoding: str = "utf-8",
) -> CheckpointReport:
    """What ``torch.load(path, weights_only=True)`` would do with a file, and what it needs.

    Nothing is unpickled, and nothing but the pickle is read. Never raises: whatever the path
    leads to gives a report. ``encoding`` is the argument of that name of torch.load.
    """
    name = os.fspath(path)
    question = Question(target, lookup, limits, encoding)
    try:
        status = Path(name).stat()
        if stat.S_ISDIR(status.st_mode):
            return _inspect_folder(name, question)
        if not stat.S_ISREG(status.st_mode):
            return _unreadable(name, Problem("not-a-file", "this is not a regular file"))
        with Path(name).open("rb") as file:
            return _guarded(FileSource(file), name, question)
    except (OSError, ValueError) as error:
        return _unreadable(name, advice.no_access(error))


def inspect_bytes(
    data: bytes,
    name: str,
    target: Target = NEWEST,
    lookup: ClassLookup | None = None,
    limits: Limits = DEFAULT_LIMITS,
    encoding: str = "utf-8",
) -> CheckpointReport:
    """The same as :func:`inspect_file` for bytes in memory; ``name`` is only shown."""
    return _guarded(MemorySource(data), name, Question(target, lookup, limits, encoding))


def inspect_byte_source(
    source: ByteSource, name: str, target: Target = NEWEST,
    lookup: ClassLookup | None = None, limits: Limits = DEFAULT_LIMITS,
) -> CheckpointReport:  # fmt: skip
    """The same for any source of bytes, whose OSError becomes an unreadable report. With
    ``shallow(DEFAULT_LIMITS)`` a file takes few reads at any size; damaged tensors stay unseen.
    """
    report = _guarded(source, name, Question(target, lookup, limits))
    return report if limits.whole else report._replace(depth="shallow")


def _guarded(source: ByteSource, name: str, question: Question) -> CheckpointReport:
    """The last line of the promise that any bytes give a report."""
    try:
        with no_garbage_collection():
            return _inspect(source, name, question._replace(left=Allowance()))
    except OSError as error:
        return _unreadable(name, advice.no_access(error))
    except (MemoryError, RecursionError) as error:
        return _unreadable(name, _too_deep(error))
    except Exception as error:  # noqa: BLE001 - a hostile file must never stop the others
        return _unreadable(name, _failed(error))


def _failed(error: Exception) -> Problem:
    import traceback  # noqa: PLC0415 - 8 ms, where something is wrong with this tool

    message = f"torchload-lint failed on this file: {error!r:.200}"
    shown = "".join(traceback.format_exception(error))
    return Problem("internal", message, "please report this as a bug", traceback=shown)


def _too_deep(error: BaseException) -> Problem:
    return advice.too_large(LimitExceededError("memory", f"or too deep ({error!r:.80})"))


def _unreadable(name: str, problem: Problem, container: str = "") -> CheckpointReport:
    kind = container or problem.code
    return CheckpointReport(name, kind, Verdict.UNREADABLE, problems=(problem,))


def _inspect_folder(name: str, question: Question) -> CheckpointReport:
    """A distributed checkpoint is a folder; its ``.metadata`` is a plain pickle."""
    metadata = Path(name, ".metadata")
    if not metadata.is_file():
        problem = Problem(
            "directory", "this is a folder, not a file", "give the file inside it that is loaded"
        )
        return _unreadable(name, problem)
    inner = inspect_file(metadata, question.target, question.lookup, question.limits)
    problem = Problem(
        "dcp",
        "this is a distributed checkpoint (a folder), which torch.load does not read",
        "load it with torch.distributed.checkpoint.load, or turn it into one file with "
        "python -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER FILE",
    )
    dangerous = inner.verdict is Verdict.DANGEROUS
    return CheckpointReport(
        name,
        "dcp",
        Verdict.DANGEROUS if dangerous else Verdict.CANNOT_LOAD,
        inner.protocol,
        globals=inner.globals,
        problems=(*(inner.problems if dangerous else ()), problem),
    )


def _inspect(source: ByteSource, name: str, question: Question) -> CheckpointReport:
    container = open_container(source, Path(name).name, question.limits, question.target)
    report = _read(source, name, container, question)
    return (
        report
        if report.verdict is Verdict.DANGEROUS
        else _with_parts(report, source, container, question)
    )


def _with_parts(
    report: CheckpointReport, source: ByteSource, container: Container, question: Question
) -> CheckpointReport:
    """What torch.load does not read is judged, too: another loader may read it."""
    parts = parts_of(source, container.kind_of_parts, question.limits, question.left)
    return _judged_with(report, parts, question)


def _judged_with(
    report: CheckpointReport, parts: Iterable[EnclosedPart | Problem], question: Question
) -> CheckpointReport:
    nested = question._replace(nesting=question.nesting - 1)
    return with_parts(report, parts, question.left, lambda part: _judge_part(part, nested))


def _judge_part(part: EnclosedPart, question: Question) -> CheckpointReport:
    """What any loader would run of a part; otherwise why it was not read to its end, if so."""
    if question.nesting < 0:
        return _unreadable("", unread(part.where, "files lie in files in files"))
    limits = question.limits
    limits = limits._replace(opcodes=min(limits.opcodes, question.left.pickled()))
    question = question._replace(limits=limits)
    container = open_container(part.source, "", limits, question.target)
    found = _hidden_pickle(part.source, container, "", question)
    if found is not None:
        return found
    report = CheckpointReport("", container.kind, Verdict.UNREADABLE)
    return _with_parts(report, part.source, container, question)


def _read(
    source: ByteSource, name: str, container: Container, question: Question
) -> CheckpointReport:
    """What becomes of what torch.load reads."""
    if container.problem is not None:
        hidden = _hidden_pickle(source, container, name, question)
        if hidden is not None and hidden.verdict is Verdict.DANGEROUS:
            return hidden
        verdict = Verdict.CANNOT_LOAD if container.is_torch_file else Verdict.UNREADABLE
        return CheckpointReport(name, container.kind, verdict, problems=(container.problem,))
    if container.loads:
        return CheckpointReport(name, container.kind, Verdict.LOADS)
    result = evaluate(source, container, question)
    threats = _threats(result, question)
    if threats:
        return _dangerous(name, result, threats, question)
    obstacle = result.fault or result.guard.failure or result.problem
    if obstacle is not None:
        report = _blocked(name, source, container, result, question)
    else:
        report = _report(name, result, question)
    return _judged_with(report, _left_over(source, container, result, question), question)


def _left_over(
    source: ByteSource, container: Container, result: Evaluation, question: Question
) -> Iterable[EnclosedPart | Problem]:
    """What torch.load leaves unread in a file of its own."""
    if container.archive is not None:
        keys = result.guard.storages.storages
        return unread_records(container.archive, keys, question.limits, question.left)
    return behind(source, result.end, question.limits)


def _hidden_pickle(
    source: ByteSource, container: Container, name: str, question: Question
) -> CheckpointReport | None:
    """A pickle where torch reads none, or none of this name, and which an unsafe loader would run;
    or why it was not read to its end.

    ``GGUF`` and ``BZh`` are the start of a pickle, too, and of the name of a member of a tar file;
    what Python cannot read as a tar file, torch reads as a pickle. Under the name of another
    format, an older torch, or whoever renames the file, reads it as what it is.
    """
    if source.size == 0:
        return None
    if container.archive is None:
        container = open_container(source, "", question.limits, question.target)
    if container.archive is None and is_tar(source):
        found = _dangerous_tar(source, name, question)
        if found is not None:
            return found
    if container.kind == "torchscript":
        return None  # torch.jit.load reads its pickle, by rules of its own
    is_archive = container.archive is not None
    inside = container if is_archive else Container("legacy or pickle")
    result = evaluate(source, inside._replace(problem=None), question)
    question.left.pickled(result.guard.position)
    threats = _threats(result, question)
    if threats:
        return _dangerous(name, result, threats, question)
    too_large = result.fault is not None and result.fault.code == "limit"
    return _unreadable(name, result.fault) if too_large and result.fault else None


def _dangerous_tar(source: ByteSource, name: str, question: Question) -> CheckpointReport | None:
    """A tar file as torch < 0.2 wrote them, whose pickles call something."""
    result, odd = Evaluation("tar", guard := tar_guard()), ""
    try:
        read_tar_pickles(source, guard, question.limits, result.streams)
    except OddTarError as error:
        odd = f"nobody can tell what this tar file would call, loaded unsafely: {error}"
    threats = _threats(result, question)
    if odd and not threats:
        problem = Problem("dangerous", odd, "do not load it; find out where it comes from")
        return CheckpointReport(name, "tar", Verdict.DANGEROUS, problems=(problem,))
    return _dangerous(name, result, threats, question) if threats else None


def _threats(result: Evaluation, question: Question) -> list[Threat]:
    lookup = question.lookup

    @cache
    def is_own(name: GlobalName) -> bool:
        return lookup is not None and lookup(name) is not None

    found = find_threats(
        result.every_stream,
        result.guard.names,
        lambda data: _is_dangerous(data, question),
        is_own,
    )
    return [one for one in found if one.known or one.name not in result.joblib.understood]


def _is_dangerous(data: bytes, question: Question) -> bool:
    """Whether a checkpoint inside the checkpoint is (to a small depth; beyond it, it is)."""
    if question.nesting <= 0:
        return True
    inner = _inspect(MemorySource(data), "", question._replace(nesting=question.nesting - 1))
    return inner.verdict is Verdict.DANGEROUS


def _dangerous(
    name: str, result: Evaluation, threats: list[Threat], question: Question
) -> CheckpointReport:
    advised = way_out_of(threats)
    problems = [
        Problem("dangerous" if one.known else UNKNOWN_CODE, threat_in_words(one), advised)
        for one in threats
    ]
    return CheckpointReport(
        name,
        result.kind,
        Verdict.DANGEROUS,
        _protocol(result),
        globals=found_globals(result, question, global_places(result, question), threats),
        problems=tuple(problems),
    )


def _blocked(
    name: str,
    source: ByteSource,
    container: Container,
    result: Evaluation,
    question: Question,
) -> CheckpointReport:
    """A file that no allowlist of the real objects makes loadable."""
    failure = result.guard.failure
    rescuable = result.fault is None and failure is not None and failure.code != "hostile"
    if rescuable and features(question.target.torch).pairs:
        rescued = find_stand_ins(
            result, lambda given: evaluate(source, container, question, given), question.target
        )
        if rescued is not None:
            evaluation, stand_ins = rescued
            return _report(
                name, evaluation, question, stand_ins=stand_ins, obstacle=result.guard.failure
            )
    problem = _first_obstacle(result, source)
    verdict = Verdict.UNREADABLE if problem.code in DAMAGE else Verdict.CANNOT_LOAD
    if problem.code == "hostile":
        verdict = Verdict.DANGEROUS
    return CheckpointReport(
        name,
        result.kind,
        verdict,
        _protocol(result),
        globals=found_globals(result, question, global_places(result, question)),
        problems=(problem,),
        called=called_classes(result.every_stream, result.guard.names, result.joblib.understood),
    )


def _first_obstacle(result: Evaluation, source: ByteSource) -> Problem:
    """What torch stumbles over first, or what says more than that."""
    failure, fault = result.guard.failure, result.fault
    if fault is not None and fault.code == "limit":
        return fault
    if result.joblib.is_whole:
        return advice.JOBLIB
    if result.kind == "pickle" and fault is None:
        return advice.plain_pickle(result.problem)
    if fault is not None and fault.code == "malformed" and result.kind == "pickle":
        return advice.TEXT if is_plain_text(source) else advice.no_pickle(fault)
    problem = failure or fault or result.problem
    return problem if problem is not None else Problem("internal", "no obstacle was found")


def _report(
    name: str,
    result: Evaluation,
    question: Question,
    stand_ins: tuple[StandIn, ...] = (),
    obstacle: Problem | None = None,
) -> CheckpointReport:
    registered = registered_by(question.target.torch)
    replaced = {str(stand_in.name) for stand_in in stand_ins}
    needs = [need for need in minimal(result.guard.needs) if str(need.name) not in replaced]
    calls = shown_calls(result.streams, result.guard.names)
    kept = kept_names(result.value, question.limits.places) if needs else frozenset()
    hashed = hashed_by_own_code(needs, result.value, question) if needs else frozenset()
    called = called_names(result.streams) | kept | hashed
    places = global_places(result, question, *(value for need in needs for value in need.values))
    entries = tuple(
        NeededGlobal(
            name=need.name,
            spelling=spelling_of(need.runtime),
            pair=need.pair,
            where=places_in_words(need.values, places),
            because=need.because,
            called=str(need.name) in called,
            calls=calls.get(str(need.name), ""),
            held=() if str(need.name) in kept else _held(need, result, question),
            import_only=registered.get(str(need.name), ""),
        )
        for need in needs
    )
    problems = [obstacle] if obstacle is not None else []
    problems += [*result.guard.notes, *too_old(entries, question.target)]
    verdict = Verdict.NEEDS_SAFE_GLOBALS if entries else Verdict.LOADS
    if stand_ins:
        verdict = Verdict.NEEDS_STAND_IN
    if any(problem.code == "target" for problem in problems):
        verdict = Verdict.CANNOT_LOAD
    return CheckpointReport(
        name,
        result.kind,
        verdict,
        _protocol(result),
        safe_globals=entries,
        globals=found_globals(result, question, places),
        problems=tuple(dict.fromkeys(problems)),
        stand_ins=stand_ins,
        called=called_classes(result.streams, result.guard.names) if stand_ins else (),
        imports=tuple(dict.fromkeys(entry.import_only for entry in entries if entry.import_only)),
        builds_types=result.guard.builds_types,
        untried=_untried(result, frozenset(str(need.name) for need in needs), hashed, question),
    )


def _untried(
    result: Evaluation, names: frozenset[str], hashed: frozenset[str], question: Question
) -> tuple[str, ...]:
    calls = (call for stream in result.streams for call in stream.calls)
    return untried_steps(calls, names, hashed, question.lookup) if names else ()


def _held(need: RequiredEntry, result: Evaluation, question: Question) -> tuple[HeldCall, ...]:
    facts = question.lookup(need.name) if question.lookup is not None else None
    is_enumeration = facts is not None and facts.is_enumeration
    names = result.guard.names
    return calls_of(need.name, result.streams, names, finds_member=is_enumeration)


def _protocol(result: Evaluation) -> int | None:
    return result.main.protocol if result.main is not None else None
