"""Inputs that once did harm, the ones to begin with, and a few made at random, do none."""

from __future__ import annotations

from random import Random

import pytest

pytest.importorskip("pygls")

from fuzz.harness import Harm, HarmError, Harness, kept
from fuzz.harnesses import HARNESSES
from fuzz.mutator import mutated
from fuzz.running import run

KEPT = [(name, path) for name in HARNESSES for path in kept(name)]
FEW = {"server": 2, "settings": 30}


@pytest.mark.parametrize(("name", "path"), KEPT, ids=lambda one: getattr(one, "name", one))
def test_a_kept_input_does_no_harm(name, path):
    HARNESSES[name].attempt(path.read_bytes())


@pytest.mark.parametrize("name", HARNESSES)
def test_inputs_made_at_random_do_none(name):
    harness = HARNESSES[name]
    make = harness.maker()
    for number in range(FEW.get(name, 150)):
        harness.attempt(make(Random(f"tests {number}")))


def test_a_seed_settles_what_is_made():
    first, again = (
        [mutated(Random(number), [b"some bytes", b"others"], [b"x"]) for number in range(50)]
        for _ in range(2)
    )
    assert first == again
    assert len(set(first)) > 40


def harmful(data: bytes) -> None:
    if data == b"raise":
        raise KeyError(data)
    if data == b"wrong":
        raise HarmError(Harm.WRITE, "a wrong write")
    if data == b"die":
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)
    if data == b"hang":
        while True:
            pass


def test_every_harm_is_seen_and_the_rest_is_tried(tmp_path, monkeypatch):
    monkeypatch.setattr("fuzz.running.FOLDER", tmp_path)
    monkeypatch.setattr("fuzz.running.MOST_SECONDS", 0.2)
    given = [b"fine", b"raise", b"die", b"wrong", b"hang", b"fine"]
    by_state = {Random(f"made 5 {at}").getstate(): data for at, data in enumerate(given)}
    harness = Harness("made", harmful, made=lambda random: by_state[random.getstate()])
    outcome = run(harness, len(given), 5, 0)
    assert outcome.tried == 6
    assert outcome.harms == {Harm.CRASH: 2, Harm.WRITE: 1, Harm.LIMIT: 1}
    kept_inputs = {path.read_bytes() for path in (tmp_path / "found" / "made").iterdir()}
    assert kept_inputs == {b"raise", b"die", b"wrong", b"hang"}
