"""The account of a run for a reviewer: what it says, and that nothing in it formats itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from torchload_lint.diagnostic import FileResult, LoadAccount
from torchload_lint.reports.review import as_markdown, review


def test_what_was_fixed_and_what_is_left(make):
    fixed = make(
        checkpoints=("a.pt",), grounds=("`myapp.Model` may be allowed: vetted",), notes=("a note",)
    )
    left = make("TLL502", message="b.pt: truncated")
    results = [FileResult(Path("z.py"), (left,)), FileResult(Path("a.py"), fixed=(fixed,))]
    assert review(results, LoadAccount(files=2)) == (
        "# What torchload-lint changed\n\n"
        "2 loads: 2 read from files.\n\n"
        "- fixed: 1 error\n"
        "- left: 1 warning\n\n"
        "## Fixed (lines as before the change)\n\n"
        "### a.py\n\n"
        "- **line 3** TLL101 weights-only-disabled: `weights_only=False` runs the file's code\n"
        "    - file: a.pt\n"
        "    - `myapp.Model` may be allowed: vetted\n"
        "    - a note\n\n"
        "## Left\n\n"
        "### z.py\n\n"
        "- **line 3** TLL502 unreadable-checkpoint: b.pt: truncated\n"
    )


def test_a_run_that_changes_nothing():
    assert "- fixed: nothing" in review([], LoadAccount())
    shown = review([], LoadAccount(), written=False)
    assert "would be fixed: nothing" in shown
    assert "change" not in shown
    about = ["3 known findings not shown: known.json names them"]
    assert f"- left: nothing\n- {about[0]}\n" in review([], LoadAccount(), about)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x>.pt", r"\<img src=x\>.pt"),
        ("[click](http://x)", r"\[click\](http://x)"),
        ("a`b", r"a\`b"),
        ("`code_1` and a_b", r"`code_1` and a_b"),
        ("__a__ _b", r"\_\_a\_\_ \_b"),
        ("a\n# b", r"a\\n\# b"),
        ("\x1b[2J", r"\\x1b\[2J"),
    ],
)
def test_what_strangers_wrote_formats_nothing(text, shown):
    assert as_markdown(text) == shown


def test_what_is_left_at_many_places_for_one_reason_is_told_once(make):
    note = "nothing says what it needs"
    results = [FileResult(Path(f"f{n}.py"), (make(notes=(note,)),)) for n in range(5)]
    results.append(FileResult(Path("g.py"), (make(notes=("another reason",)),)))
    told = review(results, LoadAccount())
    assert told.count(note) == 1
    assert "- **5 places, each** TLL101" in told
    assert "        - f4.py:3\n" in told
    assert "### g.py" in told
    assert "### f4.py" not in told
