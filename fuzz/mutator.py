"""Make bytes out of other bytes: small steps, all of them settled by one seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    Step = Callable[[Random, bytearray, Sequence[bytes]], None]

MOST_STEPS = 6
LONGEST = 2**16
"""Bytes of an input; what is larger costs time and finds nothing new."""


def mutated(random: Random, seeds: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """One of the seeds, changed by a few random steps. ``words`` are pieces that mean something to
    whoever reads such bytes.
    """
    data = bytearray(random.choice(seeds))
    pieces = words or [b"\0"]
    for _ in range(random.randint(1, MOST_STEPS)):
        random.choice(_STEPS)(random, data, pieces)
    if random.random() < 0.1:
        other = random.choice(seeds)
        data[_place(random, data) :] = other[_place(random, other) :]
    return bytes(data[:LONGEST])


def _place(random: Random, data: bytes | bytearray) -> int:
    return random.randint(0, len(data))


def _flip(random: Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _set(random: Random, data: bytearray, _: Sequence[bytes]) -> None:
    if data:
        data[random.randrange(len(data))] = random.choice((0, 1, 0x7F, 0x80, 0xFF, 0x28, 0x2E))


def _cut(random: Random, data: bytearray, _: Sequence[bytes]) -> None:
    start = _place(random, data)
    del data[start : start + random.randint(1, 16)]


def _repeat(random: Random, data: bytearray, _: Sequence[bytes]) -> None:
    start = _place(random, data)
    piece = data[start : start + random.randint(1, 32)]
    data[start:start] = piece * random.choice((1, 2, 3, 40))


def _move(random: Random, data: bytearray, _: Sequence[bytes]) -> None:
    start = _place(random, data)
    piece = data[start : start + random.randint(1, 32)]
    del data[start : start + len(piece)]
    place = _place(random, data)
    data[place:place] = piece


def _insert(random: Random, data: bytearray, words: Sequence[bytes]) -> None:
    place = _place(random, data)
    data[place:place] = random.choice(words)


def _replace(random: Random, data: bytearray, words: Sequence[bytes]) -> None:
    """One word that stands there by another."""
    old = random.choice(words)
    place = data.find(old, _place(random, data)) if old else -1
    if place >= 0:
        data[place : place + len(old)] = random.choice(words)


_STEPS: tuple[Step, ...] = (_flip, _set, _cut, _repeat, _move, _insert, _insert, _replace, _replace)
