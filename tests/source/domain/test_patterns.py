"""The algebra of paths that are known in part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torchload_lint.source.domain import patterns
from torchload_lint.source.domain.patterns import HOLE, PathPattern, Rung


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("a/b.pt", "a/b.pt", True),
        ("a/b.pt", "a/c.pt", False),
        ("*/b.pt", "a/b.pt", True),
        ("*/b.pt", "a/x/b.pt", True),
        ("a/*.pt", "*/b.pt", True),
        ("a/*.pt", "b/*.pt", False),
        ("a_*", "*_b", True),
        ("a?c", "abc", True),
        ("a?c", "abbc", False),
        ("v[12].pt", "v1.pt", True),
        ("v[12].pt", "v3.pt", False),
        ("net[[]1].pt", "net[[]1].pt", True),
        ("", "*", True),
        ("", "a", False),
    ],
)
def test_overlap(first, second, expected):
    assert patterns.overlap(first, second) is expected
    assert patterns.overlap(second, first) is expected


words = st.text("ab*", max_size=6)


@given(words, words, st.text("ab", max_size=8))
def test_what_both_match_they_overlap_in(first, second, path):
    if patterns.matches(first, path) and patterns.matches(second, path):
        assert patterns.overlap(first, second)


@given(st.text(max_size=20))
def test_a_known_text_is_shown_so_that_it_matches_itself(text):
    known = patterns.known(text)
    assert patterns.is_exact(known)
    assert patterns.matches(patterns.render(known), known)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("./a//b/../c.pt", "a/c.pt"),
        ("../a.pt", "../a.pt"),
        ("/a/../../b", "/b"),
        (f"{HOLE}/../b", f"{HOLE}/../b"),
        ("a\\b", "a/b"),
    ],
)
def test_normal(text, expected):
    assert patterns.normal(text) == expected


@pytest.mark.parametrize(
    ("text", "strong"),
    [
        ("*pth", False),
        ("runs/*ckpt", False),
        ("net*pth", True),
        ("*/best.pt", True),
        ("*/b*.pt", False),
        ("epoch-*.pt", True),
        ("*.pt", False),
        ("a/*/x", False),
    ],
)
def test_strong(text, strong):
    assert PathPattern(text, exact=False, rung=Rung.LITERAL).strong is strong
