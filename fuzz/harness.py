"""What a harness is, and what it says of an input that does harm."""

from __future__ import annotations

import sys
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from fuzz.mutator import mutated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

FOLDER = Path(__file__).parent


class Harm(Enum):
    """The ways in which an input can do harm; the values are the columns of the table."""

    CRASH = "crashes"
    LOST = "runs lost"
    LIMIT = "limits passed"
    WRITE = "wrong writes"
    ALLOWED = "names wrongly allowed"


class HarmError(Exception):
    """An input has done harm."""

    def __init__(self, harm: Harm, message: str) -> None:
        super().__init__(message)
        self.harm = harm


class Harness(NamedTuple):
    """One class of input."""

    name: str
    attempt: Callable[[bytes], None]
    """Tries one input. Raises HarmError; any other exception is a crash."""
    words: tuple[bytes, ...] = ()
    """Pieces of such inputs, which the mutator puts in."""
    made: Callable[[Random], bytes] | None = None
    """Makes an input, where no mutation of a seed is wanted."""
    samples: str = ""
    """A pattern of files of the repository that are seeds as well."""
    weight: int = 1
    """How many inputs of a run are of this class, beside the others' weights."""

    @property
    def seeds(self) -> Sequence[bytes]:
        """The inputs to begin with: small files, kept beside the harnesses, and what was found."""
        samples = FOLDER.parent.glob(self.samples) if self.samples else ()
        return [path.read_bytes() for path in (*kept(self.name), *sorted(samples))]

    def maker(self) -> Callable[[Random], bytes]:
        """What makes an input out of randomness."""
        if self.made is not None:
            return self.made
        seeds = self.seeds
        return lambda random: mutated(random, seeds, self.words)


def kept(name: str) -> list[Path]:
    """The seeds of a harness, and the inputs that once did harm."""
    folders = (FOLDER / "seeds" / name, FOLDER / "found" / name)
    return sorted(path for folder in folders if folder.is_dir() for path in folder.iterdir())


def from_tests(name: str) -> Any:  # noqa: ANN401 - the tests have no types
    """A module of the tests, which know how to look at an answer from outside."""
    place = str(FOLDER.parent / "tests")
    if place not in sys.path:
        sys.path.append(place)
    return import_module(name)


def must(condition: object, harm: Harm, message: str) -> None:
    """Raise HarmError unless the condition holds."""
    if not condition:
        raise HarmError(harm, message)
