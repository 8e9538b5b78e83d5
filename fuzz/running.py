"""Run a harness: many inputs in a child process, so that whatever one of them does is seen."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import mmap
import os
import resource
import signal
import struct
import sys
import time
import traceback
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from fuzz.harness import FOLDER, Harm, HarmError, Harness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType

MOST_SECONDS = 10
"""Processor time for one input."""
MOST_MEMORY = 1536 * 2**20
"""Bytes that a child may hold."""
_RECORD = struct.Struct("qq")
"""How many inputs are done, and whether the child has come to its end."""


class Outcome(NamedTuple):
    """What came of the inputs of one class."""

    name: str
    tried: int
    harms: Counter[Harm]

    @property
    def harmful(self) -> int:
        """How many did harm."""
        return sum(self.harms.values())

    @classmethod
    def sum(cls, outcomes: Iterable[Outcome]) -> Outcome:
        """All of them together."""
        outcomes = list(outcomes)
        harms = Counter({harm: sum(one.harms[harm] for one in outcomes) for harm in Harm})
        return cls("all", sum(one.tried for one in outcomes), harms)

    @staticmethod
    def head() -> str:
        """The head of the table."""
        names = " | ".join(harm.value for harm in Harm)
        return f"| input | tried | {names} |\n|---|--:|{'--:|' * len(Harm)}"

    def row(self) -> str:
        """Its row."""
        return f"| {self.name} | {self.tried:,} | {' | '.join(str(self.harms[harm]) for harm in Harm)} |"


class TookTooLongError(BaseException):
    """An input has used up its time; nothing in the tool catches this."""


def run(harness: Harness, inputs: int, seed: int, seconds: float) -> Outcome:
    """Try so many inputs, or for so many seconds (0: no matter how long)."""
    counter = mmap.mmap(-1, _RECORD.size)
    ends = time.monotonic() + seconds if seconds else float("inf")
    harms: Counter[Harm] = Counter()
    done = 0
    while done < inputs and time.monotonic() < ends:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _work(harness, range(done, inputs), seed, ends, counter, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            harms.update(Harm[name] for name in pipe.read().decode().split())
        _, status = os.waitpid(child, 0)
        done, ended = _RECORD.unpack(counter[:])
        if ended:
            break
        harms[Harm.CRASH] += 1
        _keep(harness, _input(harness, seed, done), f"the process ended with status {status}")
        done += 1
    return Outcome(harness.name, done, harms)


def _work(
    harness: Harness, numbers: range, seed: int, ends: float, counter: mmap.mmap, writing: int
) -> NoReturn:
    """What the child does: one input after the other, counted before it is begun."""
    atexit._clear()  # noqa: SLF001 - what ends the parent
    make = harness.maker()
    for number in numbers:
        counter[:] = _RECORD.pack(number, 0)
        if time.monotonic() > ends:
            break
        data = make(Random(f"{harness.name} {seed} {number}"))
        harm = _harm_of(harness, data)
        if harm is not None:
            os.write(writing, f"{harm.name} ".encode())
    else:
        number = numbers.stop
    counter[:] = _RECORD.pack(number, 1)
    atexit._run_exitfuncs()  # noqa: SLF001 - what the harnesses have made goes
    os._exit(0)


def _harm_of(harness: Harness, data: bytes) -> Harm | None:
    """What harm an input does, which is kept and said; None for almost all."""
    try:
        with _time_limit():
            harness.attempt(data)
    except HarmError as error:
        _keep(harness, data, f"{error.harm.value}: {error}")
        return error.harm
    except TookTooLongError:
        _keep(harness, data, f"took more than {MOST_SECONDS} s\n{traceback.format_exc()}")
        return Harm.LIMIT
    except Exception:  # whatever comes out is a crash
        _keep(harness, data, traceback.format_exc())
        return Harm.CRASH
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if held > MOST_MEMORY:
        _keep(harness, data, f"{held >> 20} MB are held")
        return Harm.LIMIT
    return None


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    """Inside, an input that uses more processor time than it may is stopped."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TookTooLongError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _input(harness: Harness, seed: int, number: int) -> bytes:
    return harness.maker()(Random(f"{harness.name} {seed} {number}"))


def _keep(harness: Harness, data: bytes, what: str) -> None:
    """Write an input that does harm beside the others, and say what it does."""
    folder = FOLDER / "found" / harness.name
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / hashlib.sha256(data).hexdigest()[:12]
    place.write_bytes(data)
    sys.stderr.write(f"{place}: {what}\n")


def guided(harness: Harness) -> NoReturn:
    """Let atheris make the inputs. Raises SystemExit where it is not installed."""
    try:
        import atheris  # noqa: PLC0415 - optional: it has wheels for few systems
    except ImportError:
        raise SystemExit("atheris is not installed; leave out --atheris") from None
    atheris.instrument_all()
    atheris.Setup([sys.argv[0], str(FOLDER / "seeds" / harness.name)], harness.attempt)
    atheris.Fuzz()
    raise SystemExit(0)
