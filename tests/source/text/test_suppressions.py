from __future__ import annotations

import pytest

from torchload_lint import suppressing
from torchload_lint.rules import RULES
from torchload_lint.source.text.text import rows
from torchload_lint.suppressing import Suppressions, unsuppressed

SILENCED = {
    # the text, and the rows of a TLL101 finding
    "noqa": ("x  # noqa\n", 1, 1),
    "without a space": ("x  #noqa\n", 1, 1),
    "upper case": ("x  # NOQA\n", 1, 1),
    "mixed case": ("x  # NoQA: tll101\n", 1, 1),
    "with the code": ("x  # noqa: TLL101\n", 1, 1),
    "without the blank": ("x  # noqa:TLL101\n", 1, 1),
    "a prefix": ("x  # noqa: TLL1\n", 1, 1),
    "the tool": ("x  # noqa: TLL\n", 1, 1),
    "among others": ("x  # noqa: E501,TLL101\n", 1, 1),
    "among others, blanks": ("x  # noqa: E501 TLL101\n", 1, 1),
    "behind a comment": ("x  # reason  # noqa: TLL101\n", 1, 1),
    "with a reason": ("x  # noqa: TLL101 - our own file\n", 1, 1),
    "no list of codes": ("x  # noqa: because\n", 1, 1),
    "on the first row": ("f(  # noqa\n  1,\n)\n", 1, 3),
    "on the last row": ("f(\n  1,\n)  # noqa\n", 1, 3),
    "at the end of the statement": ("f(\n  g(1),\n  2,\n)  # noqa: TLL101\n", 2, 2),
    "at its end, among others": ("f(\n  g(1),\n)  # noqa: E501, TLL1\n", 2, 2),
    "at its end, ours": ("f(\n  g(1),\n)  # torchload-lint: ignore[TLL101]\n", 2, 2),
    "at the end of a head": ("with f(\n  g(1),\n):  # noqa: TLL101\n  x\n", 2, 2),
    "ours": ("x  # torchload-lint: ignore[TLL101]\n", 1, 1),
    "ours, by name": ("x  # torchload-lint: ignore[weights-only-disabled]\n", 1, 1),
    "ours, all": ("x  # torchload-lint: ignore\n", 1, 1),
    "ours, on its own row": ("# torchload-lint: ignore[TLL101]\nf(\n  1,\n)\n", 2, 4),
    "ours, with blank lines": ("# torchload-lint: ignore[TLL101]\n\n# more\nx\n", 4, 4),
    "ours, indented": ("if a:\n    # torchload-lint: ignore[TLL101]\n    x\n", 3, 3),
    "the file": ("x\n# torchload-lint: file-ignore[TLL1]\n", 1, 1),
    "flake8's file": ("# flake8: noqa\nx\n", 2, 2),
    "flake8's file, a code": ("# flake8: noqa: TLL101\nx\n", 2, 2),
}


@pytest.mark.parametrize("case", SILENCED)
def test_silenced(case):
    text, first, last = SILENCED[case]
    assert Suppressions.of(text).match(first, last, "TLL101", "weights-only-disabled")


NOT_SILENCED = {
    "nothing": ("x\n", 1, 1),
    "another row": ("x  # noqa\ny\n", 2, 2),
    "a row in the middle": ("f(\n  1,  # noqa\n)\n", 1, 3),
    "at the end of the statement, of all tools": ("f(\n  g(1),\n)  # noqa\n", 2, 2),
    "at the end of the statement, another code": ("f(\n  g(1),\n)  # noqa: TLL102\n", 2, 2),
    "at the end of the statement, another tool": ("f(\n  g(1),\n)  # noqa: E501\n", 2, 2),
    "at the end of the statement before": ("f(\n  1,\n)  # noqa: TLL101\nx\n", 4, 4),
    "at the end of the statement below": ("x\nf(\n  1,\n)  # noqa: TLL101\n", 1, 1),
    "below a head": ("with f(\n  g(1),\n):\n  x  # noqa: TLL101\n", 2, 2),
    "within the statement": ("f(\n  g(1),\n  2,  # noqa: TLL101\n)\n", 2, 2),
    "where the statement has no end": ("f(\n  g(1),\n  2  # noqa: TLL101\n", 2, 2),
    "another code": ("x  # noqa: TLL102\n", 1, 1),
    "a longer code": ("x  # noqa: TLL1011\n", 1, 1),
    "in a string": ("x = '# noqa'\n", 1, 1),
    "in a docstring": ('"""\n# noqa\n"""\n', 1, 1),
    "another word": ("x  # noqab\n", 1, 1),
    "no comment": ("noqa\n", 1, 1),
    "ours, another code": ("x  # torchload-lint: ignore[TLL2]\n", 1, 1),
    "ours, two lines up": ("# torchload-lint: ignore[TLL101]\ny\nx\n", 3, 3),
    "the file, another code": ("# torchload-lint: file-ignore[TLL2]\nx\n", 2, 2),
    "flake8's file, another code": ("# flake8: noqa: E501\nx\n", 2, 2),
    "flake8's file, not alone": ("x  # flake8: noqa please\ny\n", 2, 2),
    "another tool": ("x  # type: ignore\n", 1, 1),
}


@pytest.mark.parametrize("case", NOT_SILENCED)
def test_not_silenced(case):
    text, first, last = NOT_SILENCED[case]
    assert Suppressions.of(text).match(first, last, "TLL101", "weights-only-disabled") is None


def test_unused_comments_are_reported():
    text = (
        "a  # noqa: TLL101\n"
        "b  # noqa: TLL102\n"
        "c  # noqa\n"
        "d  # noqa: E501\n"
        "e  # torchload-lint: ignore[TLL103]\n"
        "f  # noqa: E501, TLL1, TLL501\n"
        "g  # torchload-lint: ignore[missing-safe-globals, TLL2] - why\n"
        "h  # torchload-lint: ignore\n"
    )
    suppressions = Suppressions.of(text)
    assert suppressions.match(1, 1, "TLL101")
    assert suppressions.match(6, 6, "TLL101")
    assert suppressions.match(7, 7, "TLL103", "missing-safe-globals")
    assert [(comment.span.start.row, codes) for comment, codes in suppressions.unused()] == [
        (2, ("TLL102",)),
        (5, ("TLL103",)),
        (6, ("TLL501",)),
        (7, ("TLL2",)),
        (8, ()),
    ]
    kept = [comment.without(codes) for comment, codes in suppressions.unused()[2:4]]
    assert kept == [
        "# noqa: E501, TLL1",
        "# torchload-lint: ignore[missing-safe-globals]",
    ]


def test_the_place_of_a_comment():
    (comment,) = Suppressions.of("x = 'ü'  # noqa: TLL101 - why\n").comments
    assert (comment.span.start.column, comment.span.end.column) == (10, 24)
    assert comment.text == "# noqa: TLL101"


@pytest.mark.parametrize(
    "text", ["x = (  # noqa\n", "'''\n# noqa", "x  # noqa\n  y\n z\n", "\0# noqa"]
)
def test_broken_code_is_read_as_far_as_it_goes(text):
    assert isinstance(Suppressions.of(text).comments, tuple)


def test_a_carriage_return_ends_the_row_of_a_comment():
    text = "a = 1  # noqa: TLL101\rb = 2\r# torchload-lint: ignore[TLL102]\rc = 3\nd = 4\n"
    first, second = Suppressions.of(text).comments
    assert (first.rows, second.rows) == ((1, 1), (4, 4))


def test_the_first_of_several_comments_silences():
    text = (
        "# torchload-lint: ignore[TLL101]\n"
        "x = f(  # noqa: TLL1\n  1)\n"
        "# torchload-lint: file-ignore\n"
    )
    suppressions = Suppressions.of(text)
    first, second, third = suppressions.comments
    assert [suppressions.match(*rows, "TLL101") for rows in ((2, 2), (3, 3), (1, 4))] == [
        first,
        second,
        third,
    ]
    assert suppressions.match(2, 3, "TLL102") is first


def test_a_row_of_many_comments_is_read_once():
    text = "x = 1\n#" + "#noqa:" * 200_000 + "\n# " + "noqa: " * 200_000 + "\n"
    assert unsuppressed([], text, {"TLL801"}) == ([], [], [])


def test_rows_are_counted_once_for_all_comments(monkeypatch):
    counted = []
    monkeypatch.setattr(suppressing, "rows", lambda text: counted.append(text) or rows(text))
    text = "x = 1  # noqa: TLL101\n" * 20
    kept, _, _ = unsuppressed([], text, {rule.code for rule in RULES})
    assert (len(kept), len(counted)) == (20, 1)
