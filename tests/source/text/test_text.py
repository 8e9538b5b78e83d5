from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torchload_lint.diagnostic import Position
from torchload_lint.source.facts.module import Module, read
from torchload_lint.source.text.text import Lines, decode, line_starts

FILES = [
    b"",
    b"x = 1\n",
    b"x = 1\r\ny = 2\r\n",
    b"x = 1\ry = 2\r",
    b"\xef\xbb\xbfx = 1\n",
    "x = 'ü€😀'\n".encode(),
    "# -*- coding: latin-1 -*-\nx = 'ü'\n".encode("latin-1"),
    "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'\n".encode("cp1252"),
    "# coding: gbk\nx = '中'\n".encode("gbk"),
    b"\xef\xbb\xbf# coding: utf-8\nx = 1\n",
    b"# coding: latin-1\rx = '\xfc'\r",
    b"x = 1\n\x0c\ny = 2",
]


@pytest.mark.parametrize("data", FILES)
def test_decoding_goes_round(data):
    decoded = decode(data)
    assert decoded.encode(decoded.text) == data
    assert not decoded.text.startswith("\ufeff")


@pytest.mark.parametrize(
    "data", [b"x = '\xff'\n", b"# coding: nonsense\n", b"\xef\xbb\xbf# coding: latin-1\n"]
)
def test_what_cannot_be_decoded_says_so(data):
    with pytest.raises((SyntaxError, UnicodeDecodeError)):
        decode(data)


@given(st.text(alphabet="a\n\r\x0cü😀 "))
def test_rows_are_pythons_rows(text):
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert len(line_starts(text)) == len(rows)


@given(st.text(alphabet="aü😀\n\r"), st.data())
def test_positions_go_round(text, data):
    lines = Lines(text)
    offset = data.draw(st.integers(0, len(text)))
    position = lines.position(offset)
    assert lines.offset_of(position) == offset


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_spans_in_any_newlines(newline):
    code = "import torch\nx = 'ü'; y = torch.load(\n  'p',\n)\n".replace("\n", newline)
    module = _read(code)
    (load,) = module.loads
    assert load.span.start == Position(2, 14)
    assert load.span.end == Position(4, 2)
    assert module.source(load.node) == "torch.load(\n  'p',\n)".replace("\n", newline)


def test_form_feeds_and_tabs_are_one_column_each():
    module = _read("import torch\n\x0c\nif a:\n\ttorch.load(p)\n")
    (load,) = module.loads
    assert load.span.start == Position(4, 2)


def _read(code):
    module = read(code, "a.py")
    assert isinstance(module, Module)
    assert isinstance(module.tree, ast.Module)
    return module


@pytest.mark.parametrize(
    "data",
    [
        b"# coding: unicode_escape\nx = 1\n",
        b"# coding: raw_unicode_escape\nx = '\\u00e9'\n",
        b"# coding: utf-7\nx = '+AGE-'\n",
    ],
)
def test_text_that_an_encoding_writes_in_another_way_is_not_written(data):
    decoded = decode(data)
    assert not decoded.exact
    with pytest.raises(UnicodeEncodeError, match="not to be changed"):
        decoded.encode(decoded.text)
