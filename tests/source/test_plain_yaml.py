"""The small YAML reader, against PyYAML where that is installed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torchload_lint.source.text import plain_yaml

DOCUMENTS = [
    "a: 1\nb: two\nc: 'x # y'\nd: \"q\"\n",
    "a:\n  b:\n    c: 1.5\n  d: true\ne: ~\n",
    "a:\n- x\n- y\nb: [1, two, 3.0]\n",
    "a:\n  - n: 1\n    m: 2\n  - n: 3\n",
    "# head\na: 1 # tail\n\nb: http://x.org/y#z\n",
    "path: /a/b-c_d.pt\nempty: {}\nlist: []\nkey-with.dots: v\n",
]


@pytest.mark.parametrize("text", DOCUMENTS)
def test_reads_what_yaml_reads(text):
    yaml = pytest.importorskip("yaml")
    assert plain_yaml.parse(text) == yaml.safe_load(text)


def test_what_it_does_not_know_is_left_unread():
    parsed = plain_yaml.parse("a: !tag x\nb: |\n  text\n  key: no\nc: 1\n")
    assert isinstance(parsed["a"], plain_yaml.UnreadValue)
    assert parsed["c"] == 1


@given(st.text("ab:-# []{}&*!|'\"\n\t01.", max_size=80))
def test_any_text_is_read(text):
    plain_yaml.parse(text)


def test_a_comma_may_stand_behind_the_last_item():
    assert plain_yaml.parse("path: m.pt\nsizes: [1, 2,]\nnames: [a, b, ]\n") == {
        "path": "m.pt",
        "sizes": [1, 2],
        "names": ["a", "b"],
    }


@pytest.mark.parametrize("text", ["a: [,]\n", "a: [1,,2]\n", "a: [", "a: {x: 1,}\n"])
def test_what_is_not_understood_is_no_reason_to_fail(text):
    assert set(plain_yaml.parse(text)) == {"a"}
