"""Patterns as in .gitignore: git itself says what they mean."""

from __future__ import annotations

import subprocess
from itertools import product

import pytest

from torchload_lint.path_globs import PathGlob, fits_path

NAMES = ("a", "b", "ab", "aab", "!a", "*", "a]", "a\\b")
PATHS = (*NAMES, *map("/".join, product(NAMES, repeat=2)), "a/b/ab", "b/a/b/a", "ab/a/a/b")
PATTERNS = r"""
a a/ /a a* *b a*b *a*b ? ?? [ab] [!a]b [^a]b \* \!a \\ a\\b a] a** a**b
a/b /a/b a/* */b **/b a/** **/a/b a/**/b **/**/b a/**/** **/a/** */*/* a/a /**/a ** /* ab/a*/**/b
[a-b]b [b-]* a/[!a] \[a [*]
""".split()


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_fits_what_it_fits_in_git(repository, pattern):
    """No path is there, so that git takes the last name of each for a file."""
    plain = pattern.rstrip("/")
    (repository / ".gitignore").write_text(f"{plain}\n")
    command = ["git", "-c", "core.excludesFile=", "check-ignore", "--no-index", "-z", "--stdin"]
    given = "\0".join(PATHS)
    asked = subprocess.run(
        command, cwd=repository, input=given, capture_output=True, text=True, check=False
    )
    glob = PathGlob(pattern)
    assert [path for path in PATHS if glob.match(path)] == asked.stdout.split("\0")[:-1]


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 30 + "b",
        "*a" * 12 + "/*b",
        "**/*a*a*a*a*a*b/" * 30,
        "**/" * 30 + "*b",
        "?*" * 30 + "!",
    ],
)
def test_no_pattern_goes_back(pattern):
    assert not PathGlob(pattern).match("/".join(["a" * 100] * 30))


@pytest.mark.parametrize("path", ["w/m.pt", "w/a/m.pt", "w/a/b/m.pt"])
def test_two_stars_are_any_number_of_folders_where_one_crosses_slashes(path):
    assert fits_path(path, "w/**/*.pt")
    assert fits_path(path, "w/*.pt")
    assert not fits_path(f"v/{path}", "w/**/*.pt")
