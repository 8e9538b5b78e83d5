"""YAML as plain data, as PyYAML's safe loader reads it, within limits."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from torchload_lint.source.text import yaml_text

DOCUMENTS = [
    "a: 1\nb: two\nc: 'x # y'\nd: \"q\"\n",
    "a:\n  b:\n    c: 1.5\n  d: true\ne: ~\n",
    "a:\n- x\n- y\nb: [1, two, 3.0]\n",
    "a:\n  - n: 1\n    m: 2\n  - n: 3\n",
    "# head\na: 1 # tail\n\nb: http://x.org/y#z\n",
    "path: /a/b-c_d.pt\nempty: {}\nlist: []\nkey-with.dots: v\n",
    "sizes: [1,]\nnested: {a: [1, {b: c}]}\n",
    "weights: &w ckpt.pt\nrun:\n  path: *w\n",
    "base: &b {x: 1, y: 2}\nown:\n  <<: *b\n  y: 3\nboth:\n  <<: [*b, {x: 5}]\n",
    "text: |\n  one\n  two\nfolded: >\n  three\n  four\n",
    "a: yes\nb: Off\nc: +12\nd: -1.5e+3\ne: 1_000\n",
]
BROKEN = ["a: [1\n", "a: b: c\n", "\ta: 1\n", "a: *nowhere\n"]
BOMBS = {
    "aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "brackets": "a: " + "[" * 100_000,
    "dashes": "- " * 100_000 + "x\n",
    "values": "[" + "1," * 200_000 + "]\n",
    "itself": "a: &a [*a]\n",
}


@pytest.mark.parametrize("text", DOCUMENTS)
def test_reads_what_yaml_reads(text):
    assert yaml_text.parse(text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_not_yaml_is_not_known(text):
    assert yaml_text.parse(text) is None


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_what_grows_is_not_read(text):
    assert yaml_text.parse(text) is None


def test_nothing_is_constructed():
    parsed = yaml_text.parse(
        "a: !tag x\nb: !!python/object/apply:os.system [ls]\nc: !new:app.Net\n  x: 1\nd: 1\n"
    )
    unread = [name for name, value in parsed.items() if isinstance(value, yaml_text.UnreadValue)]
    assert unread == ["a", "b", "c"]
    assert parsed["d"] == 1


def test_a_template_has_no_keys():
    assert yaml_text.parse("{{ cookiecutter.name }}: x\n") == {}


def test_what_has_to_be_given_is_not_known():
    assert isinstance(yaml_text.parse("path: ???\n")["path"], yaml_text.UnreadValue)


def test_references_stay_texts():
    assert yaml_text.parse("a: !ref <folder>/last.ckpt\n") == {"a": "<folder>/last.ckpt"}


@given(st.text("ab:-# []{}&*!|'\"\n\t01.?<>,", max_size=80))
def test_any_text_is_read(text):
    yaml_text.parse(text)
