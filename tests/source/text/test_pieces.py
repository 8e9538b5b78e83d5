"""A long text that is parsed in pieces has the tree that Python's parser gives."""

from __future__ import annotations

import ast
import random

import pytest

from torchload_lint.source.text import pieces as pieces_module
from torchload_lint.source.text.parse import SyntaxProblem, parse, parse_piece
from torchload_lint.source.text.pieces import Pieces

PART = '''import os


@decorated(
    1,
)
def step_{n}(value):
    """Text
at the margin, and (
"""
    if value:
        return [value,
{n}]
    else:
        x = f"é{{value}}"; y = 2
    return x


if step_{n}:
    total = 1
else:
    total = 2
try:
    pass
except OSError:
    pass
'''
TEXT = "".join(PART.format(n=number) for number in range(12))
BITS = ('"""', "(", ")", "\\\n", "\n", "else:\n", "    x = 1\n", "@deco\n", "x = 1\n", "class A:\n",
        "finally:\n", "\f", "\t", " ", "{", "é", "\r\n", "\r", "x; y\n", "\\", "#", "")  # fmt: skip


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_module, "_SMALLEST", 300)
    monkeypatch.setattr(pieces_module, "_LARGEST", 4800)
    monkeypatch.setattr("torchload_lint.source.text.parse.LONG", 1000)


def _dump(tree: ast.Module) -> str:
    return ast.dump(tree, include_attributes=True)


def test_the_tree_is_that_of_the_whole() -> None:
    tree = Pieces().tree(TEXT, parse_piece)
    assert tree is not None
    assert _dump(tree) == _dump(ast.parse(TEXT))


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("seed", range(8))
def test_also_after_any_changes(seed: int, ends: str) -> None:
    chosen, text, found = random.Random(seed), TEXT.replace("\n", ends), 0
    known = Pieces()
    for _ in range(40):
        got = known.tree(text, parse_piece)
        expected = parse(text)
        if got is not None:
            assert isinstance(expected, ast.Module)
            assert _dump(got) == _dump(expected)
            found += 1
        else:
            text = TEXT.replace("\n", ends)
        start = chosen.randrange(len(text))
        text = text[:start] + chosen.choice(BITS) + text[start + chosen.choice((0, 0, 1, 5)) :]
    assert found


def test_what_did_not_change_is_not_parsed_again() -> None:
    parsed: list[int] = []

    def noted(text: str) -> ast.Module | None:
        parsed.append(len(text.lstrip("\n")))
        return parse_piece(text)

    known = Pieces()
    before = known.tree(TEXT, noted)
    assert before is not None
    parsed.clear()
    after = known.tree(TEXT.replace("step_6:", "not step_6:"), noted)
    assert after is not None
    assert sum(parsed) < len(TEXT) / 4
    assert before.body[0] is after.body[0]
    assert before.body[-1] is after.body[-1]


def test_what_moved_to_other_rows_is_told_where_it_stands_now() -> None:
    known = Pieces()
    known.tree(TEXT, parse_piece)
    moved = "\n\n" + TEXT
    tree = known.tree(moved, parse_piece)
    assert tree is not None
    assert _dump(tree) == _dump(ast.parse(moved))


@pytest.mark.parametrize(
    "spoil", ["(", '"""', "    indented\n", "else:\n    pass\n", "def f(:\n", "x =\n"]
)
def test_what_is_not_python_is_left_to_the_parser(spoil: str) -> None:
    known = Pieces()
    known.tree(TEXT, parse_piece)
    text = TEXT.replace("import os\n", spoil, 7)
    assert known.tree(text, parse_piece) is None
    assert isinstance(parse(text, "a.py"), SyntaxProblem)
    assert parse(text, "a.py") == parse(text)


def test_two_files_with_one_text_have_nodes_of_their_own() -> None:
    one, other, again = parse(TEXT, "a.py"), parse(TEXT, "b.py"), parse(TEXT, "a.py")
    assert isinstance(one, ast.Module)
    assert isinstance(other, ast.Module)
    assert isinstance(again, ast.Module)
    assert one.body[0] is again.body[0]
    assert one.body[0] is not other.body[0]
