"""The security model: short where it is met first, whole and with headings where it is read."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST = 25
"""Lines between two headings, code, tables and lists left out."""
SHORT = 250
"""Words of the README's section."""


def section_of_readme():
    return README.partition("## Security model\n")[2].partition("\n## ")[0]


def sentences(text):
    """The longer sentences of a text, without its line breaks."""
    flat = " ".join(text.split())
    return {one for one in re.split(r"(?<=[.:;]) ", flat) if len(one) > 60}


def test_the_page_begins_with_ten_lines():
    first = PAGE.partition("\n## ")[0]
    assert re.findall(r"^(\d+)\. ", first, re.MULTILINE) == [str(n) for n in range(1, 11)]


def test_no_stretch_of_the_page_goes_on_without_a_heading():
    stretches = re.split(
        r"^#+ .*$", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL), flags=re.MULTILINE
    )
    prose = [
        [line for line in one.splitlines() if re.match(r"[^\s|\-\d]", line)] for one in stretches
    ]
    assert max(map(len, prose)) <= LONGEST


def test_the_readme_has_it_in_short_with_a_link():
    section = section_of_readme()
    assert len(section.split()) <= SHORT
    assert "(docs/security.md)" in section


def test_no_sentence_stands_in_both_and_could_drift():
    assert sentences(section_of_readme()) & sentences(PAGE.partition("\n## ")[2]) == set()


def test_both_say_the_same_of_links():
    for text in (section_of_readme(), PAGE):
        flat = " ".join(text.split())
        assert (
            "Links that lead out of the project, or of a folder that was named, are not followed"
            in flat
        )
    assert "be a link out of the project, or not a checkpoint at all" not in PAGE
