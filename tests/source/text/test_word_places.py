"""Places of words: the same whether they are searched for or have been noted."""

from __future__ import annotations

import random
import re

from torchload_lint.source.text.text import line_starts
from torchload_lint.source.text.word_places import SEARCHES_BEFORE_PLACES, WordPlaces

WORDS = ("load", "loads", "reload", "load_", "é", "loadé", "_")
BETWEEN = (".", " ", "\n", "(", "@", "", "\n\n")


def test_places_are_those_of_a_regular_expression_before_and_after_they_are_noted() -> None:
    chosen = random.Random(3)
    for _ in range(60):
        text = "".join(chosen.choices(WORDS + BETWEEN, k=chosen.choice((0, 3, 60))))
        places = WordPlaces(text)
        ends = (*line_starts(text), len(text))
        for _ in range(2 * SEARCHES_BEFORE_PLACES):
            word = chosen.choice(WORDS)
            first, last = sorted(chosen.choices(ends, k=2))
            matches = re.finditer(rf"(?<!\w){word}(?!\w)", text)
            expected = [match.start() for match in matches if first <= match.start() < last]
            assert list(places.of([word], first, last)) == expected


def test_many_words_are_noted_at_once() -> None:
    places = WordPlaces("load(a)\nsave(b, load)\n")
    words = {*(f"w{number}" for number in range(100)), "load", "b"}
    assert sorted(places.of(words, 0, 22)) == [0, 13, 16]


def test_what_is_no_word_is_searched_for_as_it_stands() -> None:
    places = WordPlaces("a.b.c = 1\n" * 3)
    for _ in range(2 * SEARCHES_BEFORE_PLACES):
        assert list(places.of(["b.c"], 0, 30)) == [2, 12, 22]
