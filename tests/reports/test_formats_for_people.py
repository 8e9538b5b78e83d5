from __future__ import annotations

import re
from pathlib import Path

import pytest

from torchload_lint.diagnostic import Applicability, FileResult, Fix, Severity, Span
from torchload_lint.reports import FORMATS, ReportOptions, render, shown_fixes, statistics, summary

FLAKE8_LINE = re.compile(
    r"(?P<path>.+?):(?P<row>\d+):(?P<col>\d+): (?P<code>[A-Z]+\d+) (?P<text>.+)"
)


ENABLED = "can be enabled with the `--unsafe-fixes` option"


def test_concise_is_flake8s_format_in_order_of_place(results, rules, options):
    lines = render("concise", results, rules, options).splitlines()
    found = [FLAKE8_LINE.fullmatch(line) for line in lines]
    assert [(m["row"], m["col"], m["code"]) for m in found if m] == [
        ("3", "21", "TLL101"),
        ("4", "9", "TLL502"),
        ("7", "1", "TLL401"),
    ]
    assert lines[0] == "src/ä b,c.py:3:21: TLL101 `weights_only=False` runs the file's code"


BY_REQUIREMENT = "setup.py:9 says torch>=1.8"


def by_one_requirement(make, count, **changes):
    spans = [Span.of(row, 5, row, 9) for row in range(1, count + 1)]
    found = [make(span=span, requirement=BY_REQUIREMENT, **changes) for span in spans]
    return FileResult(Path("a.py"), tuple(found))


def test_concise_gathers_what_one_requirement_brings_about(make, options):
    other = FileResult(Path("b.py"), (make(message="another", requirement=BY_REQUIREMENT), make()))
    lines = render("concise", [by_one_requirement(make, 11), other], (), options).splitlines()
    first, rest, *more = lines
    assert first == "a.py:1:5: TLL101 `weights_only=False` runs the file's code"
    assert rest.startswith(
        f"    the same at 10 other places, since {BY_REQUIREMENT}: a.py:2:5, a.py:3:5, "
    )
    assert rest.endswith("a.py:9:5 and 2 more (`-v` shows each)")
    assert [line.partition(" ")[0] for line in more] == ["b.py:3:21:", "b.py:3:21:"]


def test_concise_gathers_notes_that_say_the_same(make, options):
    spans = [Span.of(row, 5, row, 9) for row in range(1, 8)]
    notes = [make(span=span, severity=Severity.INFO, message="say so") for span in spans]
    errors = [make(span=span, code="TLL502", message="no file") for span in spans]
    lines = render(
        "concise", [FileResult(Path("a.py"), tuple(notes + errors))], (), options
    ).splitlines()
    assert lines[1].startswith("    the same at 6 other places: a.py:2:5, a.py:3:5, ")
    assert [line for line in lines if "TLL101 [info]" in line] == ["a.py:1:5: TLL101 [info] say so"]
    assert sum("TLL502" in line for line in lines) == len(spans)


def test_concise_gathers_copies_of_one_call(make, options):
    def told(rows):
        spans = [Span.of(row, 1, row, 9) for row in range(1, len(rows) + 1)]
        found = tuple(make(span=span) for span in spans)
        result = FileResult(Path("a.py"), found, text="\n".join(rows))
        return render("concise", [result], (), options).splitlines()

    first, rest = told([f"model = torch.load('{one}.pt')['model']" for one in range(5)])
    assert first.startswith("a.py:1:1: TLL101 ")
    assert rest.startswith("    the same at 4 other places: a.py:2:1, ")
    others = [f"model{one} = torch.load(path{one})" for one in range(5)]
    assert len(told(others)) == len(others)


def test_concise_keeps_the_order_of_few_findings(make, options):
    spans = [Span.of(row, 1, row, 9) for row in range(1, 7)]
    found = [
        make(span=span, message=f"message {row % 2}", requirement=BY_REQUIREMENT)
        for row, span in enumerate(spans)
    ]
    told = render("concise", [FileResult(Path("a.py"), tuple(found))], (), options)
    assert [line.split(":")[1] for line in told.splitlines()] == ["1", "2", "3", "4", "5", "6"]


def test_few_findings_and_verbose_reports_are_not_gathered(make, tmp_path):
    verbose = ReportOptions(root=tmp_path, notes=True)
    for count, options in ((4, ReportOptions(root=tmp_path)), (11, verbose)):
        told = render("concise", [by_one_requirement(make, count)], (), options)
        assert len(told.splitlines()) == count


def test_verbose_says_once_what_an_unsafe_fix_risks(make, tmp_path):
    fix = Fix(Applicability.UNSAFE, "Allow it", (), risk="a thread may load")
    verbose = ReportOptions(root=tmp_path, notes=True)
    for notes in ((), ("a thread may load",)):
        found = FileResult(Path("a.py"), (make(fix=fix, notes=notes),))
        assert render("concise", [found], (), verbose).count("a thread may load") == 1


@pytest.mark.parametrize("name", ["full", "grouped", "pylint", "json-lines", "github"])
def test_other_formats_have_each_finding(make, options, name):
    told = render(name, [by_one_requirement(make, 11)], (), options)
    assert told.count("`weights_only=False` runs the file's code") == 11


def test_pylint_names_the_row_only(results, rules, options):
    assert render("pylint", results, rules, options).splitlines()[1] == (
        "src/ä b,c.py:4: [TLL502] b.pt: 100% truncated"
    )


def test_grouped_names_the_file_once(results, rules, options):
    assert render("grouped", results, rules, options) == (
        "src/ä b,c.py:\n"
        "  3:21 TLL101 [*] `weights_only=False` runs the file's code\n"
        "  4:9  TLL502 [warning] b.pt: 100% truncated\n"
        "  7:1  TLL401 [info] a whole module is saved\n"
        "\n"
    )


def test_full_shows_source_carets_notes_and_the_fix(results, rules, options):
    block = render("full", results, rules, options).split("\n\n")[0]
    assert block.splitlines() == [
        "TLL101 [*] `weights_only=False` runs the file's code",
        " --> src/ä b,c.py:3:21",
        "  |",
        "1 | import torch",
        "2 |",
        '3 | näme = "𐐀"; model = torch.load("a.pt", weights_only=False)',
        "  |                     " + "^" * 38,
        "  |",
        "  = note: the file was saved by torch 1.13",
        "  = note: checkpoint a.pt",
        "  = help: Allow myapp.Model for this load (`--fix` does it)",
    ]


def test_full_marks_each_row_of_a_long_call(results, rules, options):
    block = render("full", results, rules, options).split("\n\n")[1]
    assert block.splitlines()[4:11] == [
        '3 | näme = "𐐀"; model = torch.load("a.pt", weights_only=False)',
        "4 | other = torch.load(",
        "  |         ^^^^^^^^^^^",
        '5 |     "b.pt",',
        "  |     ^^^^^^^",
        "6 | )",
        "  | ^",
    ]


def test_carets_stand_under_wide_letters_and_tabs(make, options):
    text = '\tx = "日本"; torch.load(p)\n'
    result = FileResult(Path("a.py"), (make(span=Span.of(1, 12, 1, 25)),), text)
    lines = render("full", [result], (), options).splitlines()
    # The tab is shown as four columns, each of the two letters takes two.
    assert lines[3] == '1 |     x = "日本"; torch.load(p)'
    assert lines[4] == "  | " + " " * (4 + 12) + "^" * 13


def test_a_span_of_many_rows_is_cut_in_the_middle(make, options):
    text = "torch.load(\n" + "    a,\n" * 40 + ")\n"
    result = FileResult(Path("a.py"), (make(span=Span.of(1, 1, 42, 2)),), text)
    told = render("full", [result], (), options)
    assert "\n...\n" in told
    assert len(told.splitlines()) < 40


@pytest.mark.parametrize("span", [(9, 1, 9, 5), (3, 500, 3, 510), (8, 1, 8, 1)])
def test_a_place_outside_the_text_is_told_without_source(make, options, results, span):
    result = FileResult(Path("a.py"), (make(span=Span.of(*span)),), results[1].text)
    assert f"a.py:{span[0]}:{span[1]}" in render("full", [result], (), options)


def test_colours_only_where_they_are_asked_for(results, rules, tmp_path):
    for name in FORMATS:
        assert "\x1b" not in render(name, results, rules, ReportOptions(root=tmp_path))
    colored = render("full", results, rules, ReportOptions(root=tmp_path, color=True))
    plain = render("full", results, rules, ReportOptions(root=tmp_path))
    assert "\x1b[1;31mTLL101\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_hostile_names_move_no_cursor_and_start_no_line(make, options):
    hostile = "global \x1b[2J\r\nevil.py:1:1: TLL999 forged \u202e\udcff"
    path = Path("a\nb\x1b.py")
    result = FileResult(path, (make(message=hostile, notes=(hostile,)),), "x\n" * 9)
    for name in FORMATS:
        told = render(name, [result], (), options)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", told), name
        told.encode()  # no lone surrogate is left
    assert len(render("concise", [result], (), options).splitlines()) == 1
    assert "a\\nb\\x1b.py:3:21: TLL101 global \\x1b[2J\\r\\n" in render("concise", [result])


def test_nothing_found(rules, options):
    for name in ("concise", "full", "grouped", "pylint", "azure", "github", "json-lines"):
        assert render(name, [FileResult(Path("a.py"))], rules, options) == ""
    assert render("json", [], rules, options) == "[]\n"
    assert summary([]) == "All checks passed!\n"
    assert statistics([]) == ""


def test_an_absolute_path_inside_the_root_is_told_relative(make, tmp_path):
    inside = FileResult(tmp_path / "pkg" / "a.py", (make(),), "x\n")
    outside = FileResult(Path("/elsewhere/a.py"), (make(),), "x\n")
    told = render("concise", [inside, outside], (), ReportOptions(root=tmp_path)).splitlines()
    assert [line.split(":")[0] for line in told] == ["/elsewhere/a.py", "pkg/a.py"]


def with_fix(make, applicability):
    return make(fix=Fix(applicability, "do it", ()))


@pytest.mark.parametrize(
    ("applicabilities", "unsafe", "expected"),
    [
        ("s", False, "[*] 1 fixable with the `--fix` option.\n"),
        (
            "su",
            False,
            f"[*] 1 fixable with the `--fix` option (1 hidden fix {ENABLED}).\n",
        ),
        ("su", True, "[*] 2 fixable with the `--fix` option.\n"),
        (
            "uu",
            False,
            f"No safe fixes available (2 hidden fixes {ENABLED}).\n",
        ),
        ("d", True, ""),
        ("", False, ""),
    ],
)
def test_the_summary_says_what_fix_would_do(make, applicabilities, unsafe, expected):
    kinds = {"s": Applicability.SAFE, "u": Applicability.UNSAFE, "d": Applicability.DISPLAY}
    found = (make(), *(with_fix(make, kinds[letter]) for letter in applicabilities))
    told = summary([FileResult(Path("a.py"), found)], ReportOptions(unsafe_fixes=unsafe))
    plural = "s" if len(found) > 1 else ""
    assert told == f"Found {len(found)} error{plural}.\n{expected}"


def test_the_summary_after_a_fix(make):
    result = FileResult(Path("a.py"), (make(),), fixed=(make(), make("TLL502")))
    assert summary([result], ReportOptions(show_fixes=True)) == (
        "Fixed 1 error, 1 warning:\n"
        "- a.py:\n"
        "    1 x TLL101 (weights-only-disabled)\n"
        "    1 x TLL502 (unreadable-checkpoint)\n"
        "\n"
        "Found 2 errors, 1 warning (2 fixed, 1 remaining).\n"
    )
    assert shown_fixes([FileResult(Path("a.py"), (make(),))]) == ""


def test_the_summary_counts_what_one_requirement_brings_about(make):
    many = by_one_requirement(make, 11)
    assert summary([many]) == f"Found 11 errors (all because {BY_REQUIREMENT}).\n"
    others = FileResult(Path("b.py"), (make(), make(requirement="b.txt:1 says torch>=1.13")))
    told = summary([many, others._replace(fixed=(make(),))])
    assert told == f"Found 14 errors (1 fixed, 13 remaining, 11 because {BY_REQUIREMENT}).\n"
    parts = [make(requirement=f"{name}.txt:1 says torch==1.4") for name in "abcde" * 2]
    told = summary([FileResult(Path("a.py"), tuple(parts))])
    assert told.endswith("c.txt:1 says torch==1.4, 4 because of 2 other requirements).\n")


def test_statistics_count_the_most_frequent_first(make):
    some = (make(), with_fix(make, Applicability.SAFE), make("TLL502"))
    found = [FileResult(Path("a.py"), some), FileResult(Path("b.py"), (make("TLL401"),))]
    assert statistics(found) == (
        "2\tTLL101\t[-] weights-only-disabled\n"
        "1\tTLL401\t[ ] whole-module-saved\n"
        "1\tTLL502\t[ ] unreadable-checkpoint\n"
    )
    assert '"fixable_count": 1' in statistics(found, as_json=True)


def test_an_unknown_format_is_an_error():
    with pytest.raises(KeyError):
        render("yaml", [])
