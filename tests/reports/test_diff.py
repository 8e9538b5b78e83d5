from __future__ import annotations

import subprocess

import pytest

from torchload_lint.reports.diff import diff_to_see, unified_diff


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("x=1", "x=2"),
        ("x=1\n", "x=2"),
        ("x=1", "x=1\ny=2\n"),
        ("a\r\nb\r\n", "a\r\nB\r\n"),
        ("a\x0cb\u2028c\nend\n", "a\x0cb\u2028d\nend\n"),
        ("", "new\n"),
        ("é𐐀\n" * 20 + "load()\n" + "é\n" * 20, "é𐐀\n" * 20 + "load(x)\n" + "é\n" * 20),
    ],
)
def test_git_applies_the_patch(tmp_path, before, after):
    path = tmp_path / "src" / "a b.py"
    path.parent.mkdir()
    path.write_bytes(before.encode())
    patch = tmp_path / "change.patch"
    patch.write_bytes(unified_diff(before, after, "src/a b.py").encode())
    for options in (["--check"], []):
        command = ["git", "apply", "--whitespace=nowarn", *options, str(patch)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert path.read_bytes() == after.encode()


def test_nothing_changed_is_no_diff():
    assert unified_diff("a\n", "a\n", "a.py") == ""


def test_a_missing_last_newline_is_marked():
    assert unified_diff("x=1", "x=2", "a.py") == (
        "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n"
        "-x=1\n\\ No newline at end of file\n+x=2\n\\ No newline at end of file\n"
    )


def test_colours_leave_the_text_alone():
    diff = unified_diff("a\r\n", "b\r\n", "a.py")
    assert "\x1b[31m-a\x1b[0m\r\n" in diff_to_see(diff, color=True)
    assert "\x1b[32m+b\x1b[0m\r\n" in diff_to_see(diff, color=True)


def test_a_diff_in_a_terminal_sends_it_no_command():
    before = "# \x1b]0;title\x07\u202e\u200b\r moved\nx = 1\n"
    diff = unified_diff(before, before.replace("1", "2"), "a.py")
    assert "\x1b]0;" in diff, "a patch has the bytes of the file"
    seen = diff_to_see(diff, color=False)
    assert " # \\x1b]0;title\\x07\\u202e\\u200b\\r moved\n" in seen
    assert all(char.isprintable() or char == "\n" for char in seen)
