"""The list of loads for spreadsheets and for pages."""

from __future__ import annotations

import csv

LOADS = "import torch\n\ntorch.load('a|b_c.pt')\ntorch.load('=1+1.pt')\n"


def test_csv_has_a_record_a_load_and_no_formulas(cli, write):
    write({"a.py": LOADS})
    done = cli("loads", "--output-format", "csv", ".")
    header, *rows = csv.reader(done.stdout.splitlines())
    assert header == ["load", "reads", "known from", "needs"]
    assert [row[:3] for row in rows] == [
        ["a.py:3", "a|b_c.pt", "literal"],
        ["a.py:4", "'=1+1.pt", "literal"],
    ]


def test_markdown_shows_what_strangers_wrote_as_it_is(cli, write):
    write({"a.py": LOADS})
    header, line, first, _ = cli("loads", "--output-format", "markdown", ".").stdout.splitlines()
    assert header == "| load | reads | known from | needs |"
    assert line == "| --- | --- | --- | --- |"
    assert first.startswith("| a.py:3 | a\\|b\\_c.pt | literal |")


def test_they_are_for_the_list_alone(cli, write):
    write({"a.py": LOADS})
    done = cli("loads", "--output-format", "csv", "--union", ".")
    assert done.exit_code == 2
    assert "is for the list of loads alone" in done.stderr
