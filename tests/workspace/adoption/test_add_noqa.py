from __future__ import annotations

import json

import pytest

from notebook_samples import notebook_text
from torchload_lint.diagnostic import Diagnostic, Severity, Span
from torchload_lint.workspace.adoption.add_noqa import add_noqa
from torchload_lint.workspace.on_disk.document import Document


def finding(row: int, end: int = 0, code: str = "TLL101", **more: int) -> Diagnostic:
    span = Span.of(row, 1, end or row, 5)
    return Diagnostic(code, "some-rule", "message", Severity.ERROR, span, **more)  # type: ignore[arg-type]


def document(text: str, *, is_notebook: bool = False) -> Document:
    return Document.of(text.encode(), is_notebook=is_notebook)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("load(p)\n", "load(p)  # noqa: TLL101\n"),
        ("load(p)", "load(p)  # noqa: TLL101"),
        ("load(p)   \r\n", "load(p)  # noqa: TLL101\r\n"),
        ("load(p)  # why\n", "load(p)  # why  # noqa: TLL101\n"),
        ("load(p)  # noqa: E501\n", "load(p)  # noqa: E501, TLL101\n"),
        ("load(p)  # noqa: E501 long\n", "load(p)  # noqa: E501, TLL101 long\n"),
        ("load(p)  #noqa:E501,W1\n", "load(p)  #noqa:E501,W1, TLL101\n"),
        ("load(p)  # noqa\n", "load(p)  # noqa\n"),
        ("load(p)  # NOQA: TLL1\n", "load(p)  # NOQA: TLL1\n"),
        ("é = '𐐀'; load(p)\n", "é = '𐐀'; load(p)  # noqa: TLL101\n"),
    ],
)
def test_one_comment_a_row(before, after):
    told = add_noqa(document(before), [finding(1)])
    assert told.document.raw == after
    assert (told.added, told.left) == (1, ())


def test_several_codes_share_a_comment():
    told = add_noqa(document("load(p)\n"), [finding(1, code="TLL501"), finding(1), finding(1)])
    assert told.document.raw == "load(p)  # noqa: TLL101, TLL501\n"


def test_the_reason_follows_the_codes():
    told = add_noqa(document("load(p)\n"), [finding(1)], "ours")
    assert told.document.raw == "load(p)  # noqa: TLL101 -- ours\n"


def test_a_call_over_several_rows_is_marked_on_its_first_one():
    told = add_noqa(document("load(\n    p,\n)\n"), [finding(1, 3)])
    assert told.document.raw == "load(  # noqa: TLL101\n    p,\n)\n"


@pytest.mark.parametrize(
    ("before", "end", "after"),
    [
        ('load("""\na""", p)\n', 2, 'load("""\na""", p)  # noqa: TLL101\n'),
        ("x = \\\n    load(p)\n", 2, "x = \\\n    load(p)  # noqa: TLL101\n"),
    ],
)
def test_where_the_first_row_cannot_hold_a_comment_the_last_one_does(before, end, after):
    assert add_noqa(document(before), [finding(1, end)]).document.raw == after


def test_what_no_row_can_hold_is_left():
    found = finding(1, 1)
    told = add_noqa(document('f("""\n""")\n'), [found])
    assert (told.added, told.left) == (0, (found,))
    assert told.document.raw == 'f("""\n""")\n'


def test_the_rows_own_wish_comes_first():
    told = add_noqa(document("a = 1\nload(p)\n"), [finding(2, noqa_row=1)])
    assert told.document.raw == "a = 1  # noqa: TLL101\nload(p)\n"


def test_notebook_cells_are_fixed_in_place():
    text = notebook_text(["import torch", ("markdown", "m"), "x = 1\nload(p)"])
    told = add_noqa(document(text, is_notebook=True), [finding(2, cell=3)])
    cells = json.loads(told.document.raw)["cells"]
    assert "".join(cells[2]["source"]) == "x = 1\nload(p)  # noqa: TLL101"
    assert told.document.raw.replace("  # noqa: TLL101", "") == text
